"""What people did: who, when, what and why."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ledger.admin.records import Record
from ledger.admin.showing import Fact, Facts, Page, isolated, moment
from ledger.admin.tenant import MerchantFilter
from ledger.admin.verbs import told
from ledger.models import AuditEvent


class AuditEventAdmin(Record):
    list_display = ("when", "who", "did", "about", "why", "details", "merchant")
    list_filter = (MerchantFilter,)
    list_select_related = ("merchant",)
    find_from_home = False
    search_fields = ("target_id", "actor")
    search_help_text = _("A user's name, or the number of a row")
    linked_lookups = ("target__exact", "target_id__exact")
    fields = ("merchant", "actor", "verb", "target", "target_id", "reason", "detail", "at")

    @admin.display(description=_("When"))
    def when(self, event: AuditEvent) -> str:
        return moment(event.at, event.merchant.time_zone if event.merchant else "UTC")

    @admin.display(description=_("Actor"))
    def who(self, event: AuditEvent) -> str:
        return isolated(event.actor)

    @admin.display(description=_("Verb"))
    def did(self, event: AuditEvent) -> str:
        return told(event.verb)

    @admin.display(description=_("What"))
    def about(self, event: AuditEvent) -> str:
        try:
            kind = str(apps.get_model(event.target)._meta.verbose_name)
        except (LookupError, ValueError):
            kind = event.target
        return f"{kind} {event.target_id}"

    @admin.display(description=_("Reason"))
    def why(self, event: AuditEvent) -> str:
        return isolated(event.reason)

    @admin.display(description=_("Detail"))
    def details(self, event: AuditEvent) -> str:
        return isolated(event.detail)

    def named(self, row: Any) -> str:
        return f"{told(row.verb)}: {self.about(row)}"

    def page(self, request: HttpRequest, row: Any) -> Page:
        sentence = gettext("{actor} did “{verb}” to {row} at {time}.").format(
            actor=row.actor, verb=told(row.verb), row=self.about(row), time=self.when(row)
        )
        facts = [Fact(_("Reason"), row.reason), Fact(_("Detail"), row.detail)]
        return Page(sentence, facts=[Facts(gettext("What happened"), facts)])


admin.site.register(AuditEvent, AuditEventAdmin)
