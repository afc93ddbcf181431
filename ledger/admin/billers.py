"""Billers: a merchant's WHMCS or website, its credential, and whether it answers."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from ledger import breaker, ports
from ledger.admin.acts import Act, Doing
from ledger.admin.biller_form import NAMES, BillerForm
from ledger.admin.keeping import SettingsAdmin
from ledger.admin.showing import (
    BAD,
    GOOD,
    QUIET,
    WARN,
    Chip,
    Fact,
    Facts,
    Page,
    done_by_people,
    moment,
)
from ledger.admin.tenant import MerchantFilter
from ledger.billing.whmcs.faults import fault_of
from ledger.bills import connect
from ledger.models import Biller, Delivery, Merchant
from ledger.settlement import audit


def trouble_of(biller: Biller) -> tuple[str, str]:
    """What WHMCS last answered and the way out of it; two empty texts where it answers well."""
    if not biller.last_error:
        return "", ""
    told = (
        Delivery.objects.filter(biller=biller, last_message=biller.last_error)
        .exclude(way_out="")
        .order_by("-pk")
        .values_list("way_out", flat=True)
        .first()
    )
    fault = fault_of(biller.last_error, "the action that failed")
    known = fault.way_out if fault.code in ("ip", "auth", "permission") else ""
    return biller.last_error, known or told or (
        gettext(
            "Press “Test connection” on the biller's page: it names what is wrong and how to mend it."
        )
    )


def _is_signed(biller: Biller) -> bool:
    return biller.is_website and biller.identifier.startswith("signed:")


def _signing_secret_missing(biller: Biller) -> str:
    if _is_signed(biller) and not biller.access_key:
        return gettext("Press “New signing secret” and give it to your website.")
    return ""


def is_resting(biller: Biller) -> bool:
    """Whether the breaker holds calls back now."""
    return bool(biller.open_until and biller.open_until > ports.system_now())


UNTRIED = _(
    "The settings are whole. More cannot be tried without telling the website of a payment: the first "
    "one shows under Deliveries how it answered."
)


_OF_WHMCS = {
    "failed": _("The last call to WHMCS failed: {problem}"),
    "not_yet": _("WHMCS cannot be told yet."),
    "answered": _("WHMCS answered well at {moment}."),
    "uncalled": _("WHMCS has not been called yet. Test the connection."),
}
_OF_WEBSITE = {
    "failed": _("The last call to the website failed: {problem}"),
    "not_yet": _("The website cannot be told yet."),
    "answered": _("The website answered well at {moment}."),
    "uncalled": _("The website has not been called yet. Test the connection."),
}


class BillerAdmin(SettingsAdmin):
    form = BillerForm
    list_display = ("merchant", "shop", "url", "state", "seen")
    list_filter = (MerchantFilter, "paused")
    list_select_related = ("merchant",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Of a new one all boxes; of one that is there those of its kind."""
        first = ["merchant", "url"] if obj else ["merchant", "kind", "url"]
        told = ["longest_run_seconds", "paused"]
        boxes: list[Any] = [(None, {"fields": first})]
        if obj is None or not obj.is_website:
            told = ["when_paid", "top_up_mode", *told]
            access = ["new_access_key", "clear_access_key"]
            boxes += [
                ("WHMCS", {"fields": ["identifier", "new_secret"]}),
                (_("Access key"), {"fields": access, "classes": ("collapse",)}),
            ]
        if obj is None or obj.is_website:
            boxes.append((_("Website"), {"fields": ["shape", "store", "new_key"]}))
        boxes.append((_("How it is told"), {"fields": told}))
        if obj is None or self.has_change_permission(request, obj):
            return boxes
        # Who may only look finds in the facts above what only a form can take.
        columns = {column.name for column in Biller._meta.get_fields()}
        kept = [
            (title, {**box, "fields": [name for name in box["fields"] if name in columns]})
            for title, box in boxes
        ]
        return [box for box in kept if box[1]["fields"]]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.remote_field.model is Merchant:
            field.queryset = field.queryset.filter(biller__isnull=True)
        return field

    @admin.display(description=_("Kind"), ordering="kind")
    def shop(self, biller: Biller) -> str:
        return biller.get_kind_display()

    @admin.display(description=_("State"))
    def state(self, biller: Biller) -> Chip:
        if biller.paused:
            return Chip(gettext("paused"), QUIET)
        if is_resting(biller):
            return Chip(gettext("resting after failures"), BAD)
        if biller.last_error:
            return Chip(gettext("last call failed"), WARN)
        return (
            Chip(gettext("answers"), GOOD)
            if biller.last_ok
            else Chip(gettext("not called yet"), QUIET)
        )

    @admin.display(description=_("Last good call"))
    def seen(self, biller: Biller) -> str:
        return moment(biller.last_ok, biller.merchant.time_zone) or gettext("never")

    def page(self, request: HttpRequest, row: Any) -> Page:
        message, way_out = trouble_of(row)
        says = _OF_WEBSITE if row.is_website else _OF_WHMCS
        place = row.merchant.time_zone
        if message:
            sentence, tone = says["failed"], BAD
        elif needed := _signing_secret_missing(row):
            sentence, tone, way_out = says["not_yet"], BAD, needed
        elif row.last_ok:
            sentence, tone = says["answered"], GOOD
        else:
            sentence, tone = says["uncalled"], QUIET
        facts = [
            Fact(gettext("Last good call"), moment(row.last_ok, place) or gettext("never")),
            Fact(gettext("Failed calls in a row"), row.failures),
        ]
        if is_resting(row):
            facts.append(Fact(gettext("Next call not before"), moment(row.open_until, place)))
        if not self.has_change_permission(request, row):
            secret = gettext("Key") if row.is_website else gettext("API secret")
            facts.append(Fact(secret, row.hint("secret")))
            if row.is_website:
                shape, _colon, store = row.identifier.partition(":")
                facts.append(Fact(gettext("Shape"), NAMES.get(shape, shape)))
                facts.append(Fact(gettext("Store ID"), store))
            else:
                facts.append(Fact(gettext("API access key"), row.hint("access_key")))
        if row.is_website:
            facts.append(Fact(gettext("Signing secret"), row.hint("access_key")))
        return Page(
            str(sentence).format(problem=message, moment=moment(row.last_ok, place)),
            tone,
            way_out,
            facts=[Facts(gettext("Connection"), facts)],
            steps=done_by_people(row, place),
        )

    def test(self, doing: Doing) -> HttpResponse:
        biller = doing.row
        methods = biller.merchant.gateways.filter(enabled=True).values_list("method", flat=True)
        try:
            lines = connect(biller).check(sorted(set(methods)))
            problem = ""
        except ValueError as error:  # an address that was stored some other way than by this form
            lines, problem = [], str(error)
        except self.service_errors as error:
            lines, problem = [], str(error)
        silent = biller.is_website and not problem
        good = silent or (bool(lines) and all(line.ok for line in lines))
        if good and not silent:
            breaker.answered(biller, ports.database_now())
        context = {
            **self.admin_site.each_context(doing.request),
            "title": gettext("Connection test: {biller}").format(biller=biller),
            "opts": self.opts,
            "original": biller,
            "lines": lines,
            "problem": problem,
            "good": good,
            "all_good": UNTRIED if silent else "",
            "failed": sum(not line.ok for line in lines),
            "again": self.get_acts()[0],
            "back": self._address(biller),
        }
        return TemplateResponse(doing.request, "admin/connection.html", context)

    def new_secret(self, doing: Doing) -> HttpResponse:
        """The answer to the POST itself, so that the secret is kept in no message or cookie."""
        biller, secret = doing.row, ports.new_webhook_secret()
        biller.seal("access_key", secret)
        biller.save(update_fields=["access_key"])
        audit(
            merchant=biller.merchant,
            actor=doing.actor,
            verb="new signing secret",
            target="ledger.biller",
            target_id=biller.pk,
            now=ports.database_now(),
        )
        with override("en"):  # what is written down is English
            self.log_change(doing.request, biller, "New signing secret")
        context = {
            **self.admin_site.each_context(doing.request),
            "title": gettext("Signing secret of {biller}").format(biller=biller),
            "opts": self.opts,
            "original": biller,
            "facts": Facts(
                gettext("Copy it now"), [Fact(gettext("Signing secret"), secret, copy=True)]
            ),
            "back": self._address(biller),
        }
        return TemplateResponse(doing.request, "admin/secret_once.html", context)

    def get_acts(self) -> tuple[Act, ...]:
        return (
            Act(
                "test",
                gettext("Test connection"),
                "ledger.change_biller",
                self.test,
                gettext("Tries each thing that is needed, and changes nothing there."),
            ),
            Act(
                "new-secret",
                gettext("New signing secret"),
                "ledger.change_biller",
                self.new_secret,
                gettext(
                    "Makes a new one and shows it once. Your website must know it to believe the "
                    "signed POST."
                ),
                confirm=True,
                why_not=lambda row: "" if _is_signed(row) else gettext("Only for the signed POST."),
                grave=True,
            ),
        )


admin.site.register(Biller, BillerAdmin)
