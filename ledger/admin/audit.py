"""What people did: who, when, what and why."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from ledger.admin.records import Record
from ledger.admin.showing import Fact, Facts, Page, moment
from ledger.admin.tenant import MerchantFilter
from ledger.models import AuditEvent


class AuditEventAdmin(Record):
    list_display = ("when", "actor", "verb", "about", "reason", "detail", "merchant")
    list_filter = (MerchantFilter,)
    list_select_related = ("merchant",)
    find_from_home = False
    search_fields = ("target_id", "actor")
    search_help_text = "A user's name, or the number of a row"
    linked_lookups = ("target__exact", "target_id__exact")
    fields = ("merchant", "actor", "verb", "target", "target_id", "reason", "detail", "at")

    @admin.display(description="When")
    def when(self, event: AuditEvent) -> str:
        return moment(event.at, event.merchant.time_zone if event.merchant else "UTC")

    @admin.display(description="What")
    def about(self, event: AuditEvent) -> str:
        return f"{event.target.rpartition('.')[2]} {event.target_id}"

    def page(self, request: HttpRequest, row: Any) -> Page:
        return Page(
            f"{row.actor} did “{row.verb}” to {self.about(row)} at {self.when(row)}.",
            facts=[
                Facts(
                    "What happened",
                    [Fact("Reason", row.reason), Fact("Detail", row.detail)],
                )
            ],
        )


admin.site.register(AuditEvent, AuditEventAdmin)
