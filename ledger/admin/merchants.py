"""Merchants: who they are, who may see their rows, and what their WHMCS module needs to know."""

import secrets
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ledger.admin.acts import Act, Doing
from ledger.admin.keeping import SettingsAdmin
from ledger.admin.secrets_form import ModelForm
from ledger.admin.showing import BAD, GOOD, QUIET, Chip, Fact, Facts, Page, done_by_people
from ledger.models import Merchant
from ledger.ports import database_now
from ledger.settlement import audit


@lru_cache(maxsize=1)
def _time_zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


class MerchantForm(ModelForm):
    time_zone = forms.ChoiceField(
        choices=_time_zones,
        initial="UTC",
        label=_("Time zone"),
        help_text=_("For the dates told to WHMCS and those shown here."),
    )

    class Meta:
        labels = {"name": _("Name"), "active": _("Active"), "members": _("Members")}


def new_signing_secret(merchant: Merchant) -> str:
    """Set a fresh one; the caller saves, and shows it this once."""
    secret = secrets.token_urlsafe(32)
    merchant.seal("signing_secret", secret)
    return secret


def module_values(merchant: Merchant, secret: str = "") -> Facts:
    """The three settings of the WHMCS module, in its own words."""
    hint = merchant.hint("signing_secret")
    return Facts(
        gettext("WHMCS module"),
        [
            Fact(gettext("Console URL"), settings.GATEBOOK_URL, copy=True),
            Fact(gettext("Merchant token"), merchant.token, copy=True),
            Fact(gettext("Signing secret"), secret, copy=True)
            if secret
            else Fact(
                gettext("Signing secret"),
                hint,
                help=gettext("It was shown once. Lost? Press “New signing secret” above."),
            ),
        ],
        help=gettext(
            "Copy these three into WHMCS: System Settings > Payment Gateways, into each of our modules "
            "there (HavenoPay, SpectroCoin, VodafoneCash)."
        ),
    )


def is_website(merchant: Merchant) -> bool:
    return hasattr(merchant, "biller") and merchant.biller.is_website


def missing_of(merchant: Merchant) -> list[str]:
    """What is still needed before anybody can pay."""
    missing = []
    if not hasattr(merchant, "biller"):
        missing.append(gettext("a biller (its WHMCS or website)"))
    if not merchant.gateways.filter(enabled=True).exists():
        missing.append(gettext("an enabled payment account"))
    if not merchant.signing_secret and not is_website(merchant):
        missing.append(gettext("a signing secret"))
    return missing


class MerchantAdmin(SettingsAdmin):
    """A merchant is made by superusers; its members see it and nobody else's."""

    tenant = "pk"
    form = MerchantForm
    list_display = ("called", "state", "dates_in", "public_token")
    list_filter = ("active",)
    search_fields = ("name", "token")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["widget"] = forms.CheckboxSelectMultiple(attrs={"class": "choices"})
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = ["name", "time_zone", "active"]
        # A list of users would tell one merchant's staff of another's.
        if request.user.is_superuser:
            names.append("members")
        return [(None, {"fields": names})]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and bool(request.user.is_superuser)

    @admin.display(description=_("Name"), ordering="name")
    def called(self, merchant: Merchant) -> str:
        return merchant.name

    @admin.display(description=_("Time zone"), ordering="time_zone")
    def dates_in(self, merchant: Merchant) -> str:
        return merchant.time_zone

    @admin.display(description=_("Token"), ordering="token")
    def public_token(self, merchant: Merchant) -> str:
        return merchant.token

    @admin.display(description=_("State"), ordering="active")
    def state(self, merchant: Merchant) -> Chip:
        if merchant.active:
            return Chip(gettext("active"), GOOD)
        return Chip(gettext("off"), QUIET)

    def page(self, request: HttpRequest, row: Any) -> Page:
        missing = missing_of(row)
        if not row.active:
            sentence, tone = gettext("{merchant} is off: its pay buttons lead nowhere."), QUIET
        elif missing:
            sentence, tone = gettext("{merchant} cannot take payments yet."), BAD
        else:
            sentence, tone = gettext("{merchant} can take payments."), GOOD
        needed = gettext("Still needed: {things}.").format(things=gettext(", ").join(missing))
        return Page(
            sentence.format(merchant=row.name),
            tone,
            way_out=needed if missing else "",
            # A website has none of our modules: its plugin is set up on the store's page.
            facts=[] if is_website(row) else [module_values(row)],
            steps=done_by_people(row, row.time_zone),
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.shown_once = new_signing_secret(obj)
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._shown_once(request, obj, obj.shown_once)

    def _shown_once(self, request: HttpRequest, merchant: Merchant, secret: str) -> HttpResponse:
        """The answer to the POST itself, so that the secret is kept in no message or cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Signing secret of {owner}").format(owner=merchant),
            "opts": self.opts,
            "original": merchant,
            "facts": module_values(merchant, secret),
            "back": self._address(merchant),
        }
        return TemplateResponse(request, "admin/secret_once.html", context)

    def renew(self, doing: Doing) -> HttpResponse:
        merchant = doing.row
        secret = new_signing_secret(merchant)
        merchant.save(update_fields=["signing_secret"])
        audit(
            merchant=merchant,
            actor=doing.actor,
            verb="new signing secret",
            target="ledger.merchant",
            target_id=merchant.pk,
            now=database_now(),
        )
        self.log_change(doing.request, merchant, "New signing secret")
        return self._shown_once(doing.request, merchant, secret)

    def get_acts(self) -> tuple[Act, ...]:
        return (
            Act(
                "new-secret",
                _("New signing secret"),
                "ledger.change_merchant",
                self.renew,
                _(
                    "The pay buttons in this merchant's WHMCS stop working until you enter the new "
                    "secret there. It is shown once."
                ),
                confirm=True,
                why_not=lambda row: (
                    gettext("Only for a WHMCS: this merchant's biller is a website.")
                    if is_website(row)
                    else ""
                ),
                grave=True,
            ),
        )


admin.site.register(Merchant, MerchantAdmin)
