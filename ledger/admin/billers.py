"""Billers: a merchant's WHMCS, its credential, and whether it answers."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from ledger import breaker, ports
from ledger.admin.acts import Act, Doing
from ledger.admin.keeping import SettingsAdmin
from ledger.admin.secrets_form import SecretField, SecretsForm
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
from ledger.billing.whmcs import clean_root
from ledger.billing.whmcs.faults import fault_of
from ledger.bills import connect
from ledger.models import Biller, Delivery, Merchant


class BillerForm(SecretsForm):
    url = forms.CharField(
        label="WHMCS URL",
        max_length=300,
        widget=forms.URLInput(attrs={"class": "vURLField"}),
        help_text="The root of WHMCS, such as https://billing.example.com",
    )
    new_secret = SecretField(
        "secret", label="API secret", help_text="Shown by WHMCS when the credential was generated."
    )
    new_access_key = SecretField(
        "access_key",
        label="API access key",
        clearable=True,
        help_text="Only where WHMCS's configuration.php sets $api_access_key.",
    )
    clear_access_key = forms.BooleanField(label="Remove the access key", required=False)

    def clean_url(self) -> str:
        try:
            return clean_root(self.cleaned_data["url"])
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.has_error("new_secret") and not self.will_hold("secret"):
            self.add_error("new_secret", "Enter the secret of the API credential.")
        return cleaned


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
        "Press “Test connection” on the biller's page: it names what is wrong and how to mend it."
    )


def is_resting(biller: Biller) -> bool:
    """Whether the breaker holds calls back now."""
    return bool(biller.open_until and biller.open_until > ports.system_now())


class BillerAdmin(SettingsAdmin):
    form = BillerForm
    list_display = ("merchant", "url", "state", "seen")
    list_filter = (MerchantFilter, "paused")
    list_select_related = ("merchant",)
    fieldsets = (
        (None, {"fields": ("merchant", "url", "identifier", "new_secret")}),
        (
            "Access key",
            {"fields": ("new_access_key", "clear_access_key"), "classes": ("collapse",)},
        ),
        (
            "How it is told",
            {"fields": ("when_paid", "top_up_mode", "longest_run_seconds", "paused")},
        ),
    )

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.remote_field.model is Merchant:
            field.queryset = field.queryset.filter(biller__isnull=True)
        return field

    @admin.display(description="State")
    def state(self, biller: Biller) -> Chip:
        if biller.paused:
            return Chip("paused", QUIET)
        if is_resting(biller):
            return Chip("resting after failures", BAD)
        if biller.last_error:
            return Chip("last call failed", WARN)
        return Chip("answers", GOOD) if biller.last_ok else Chip("not called yet", QUIET)

    @admin.display(description="Last good call")
    def seen(self, biller: Biller) -> str:
        return moment(biller.last_ok, biller.merchant.time_zone) or "never"

    def page(self, request: HttpRequest, row: Any) -> Page:
        message, way_out = trouble_of(row)
        place = row.merchant.time_zone
        if message:
            sentence, tone = f"The last call to WHMCS failed: {message}", BAD
        elif row.last_ok:
            sentence, tone = f"WHMCS answered well at {moment(row.last_ok, place)}.", GOOD
        else:
            sentence, tone = "WHMCS has not been called yet. Test the connection.", QUIET
        facts = [
            Fact("Last good call", moment(row.last_ok, place) or "never"),
            Fact("Failed calls in a row", row.failures),
        ]
        if is_resting(row):
            facts.append(Fact("Next call not before", moment(row.open_until, place)))
        if not self.has_change_permission(request, row):
            facts.append(Fact("API secret", row.hint("secret")))
            facts.append(Fact("API access key", row.hint("access_key")))
        return Page(
            sentence,
            tone,
            way_out,
            facts=[Facts("Connection", facts)],
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
        good = bool(lines) and all(line.ok for line in lines)
        if good:
            breaker.answered(biller, ports.database_now())
        context = {
            **self.admin_site.each_context(doing.request),
            "title": f"Connection test: {biller}",
            "opts": self.opts,
            "original": biller,
            "lines": lines,
            "problem": problem,
            "good": good,
            "failed": sum(not line.ok for line in lines),
            "again": self.get_acts()[0],
            "back": self._address(biller),
        }
        return TemplateResponse(doing.request, "admin/connection.html", context)

    def get_acts(self) -> tuple[Act, ...]:
        return (
            Act(
                "test",
                "Test connection",
                "ledger.change_biller",
                self.test,
                "Asks WHMCS each thing that is needed, and changes nothing there.",
            ),
        )


admin.site.register(Biller, BillerAdmin)
