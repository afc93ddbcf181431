"""The settings of a merchant's SpectroCoin account, and what to copy into SpectroCoin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.admin.accounts import AccountAdmin, AccountForm, webhook_url
from gateways.models import DEFAULT_RECEIVE_CURRENCIES, SpectroCoinGateway
from gateways.providers.base import OpenRefused
from gateways.providers.spectrocoin import (
    key_fingerprint,
    public_half,
    read_private_key,
    read_public_keys,
)
from gateways.providers.spectrocoin.asking import BASE_URL, base_url
from ledger.admin.secrets_form import SecretField, SecretText
from ledger.admin.showing import (
    GOOD,
    QUIET,
    Fact,
    Facts,
    Page,
    done_by_people,
    moment,
)
from ledger.admin.tenant import MerchantFilter
from ledger.cipher import SealBroken
from ledger.money import MoneyError, digits_of

Api = SpectroCoinGateway.Api
_NEEDED = {
    Api.CURRENT: _("Needed for the current API."),
    Api.LEGACY: _("Needed for the legacy API."),
}


class SpectroCoinForm(AccountForm):
    vendor_merchant_id = forms.CharField(label=_("Merchant ID"), max_length=64, required=False)
    new_private_key = SecretField(
        "private_key",
        label=_("Private merchant key"),
        max_length=16_384,
        strip=False,
        widget=SecretText(),
        help_text=_("Paste all of it, from -----BEGIN to -----END. RSA, 2048 bits or more."),
    )
    new_client_secret = SecretField("client_secret", label=_("Client secret"))
    receive_currency = forms.CharField(
        label=_("Receive currency"),
        max_length=12,
        required=False,
        help_text=_("What SpectroCoin credits you in. Leave empty to use each invoice's own."),
    )
    accepted_currencies = forms.CharField(
        label=_("Accepted currencies"),
        max_length=200,
        initial=DEFAULT_RECEIVE_CURRENCIES,
        widget=forms.TextInput(attrs={"class": "vTextField", "dir": "ltr"}),
        help_text=_("Invoice currencies that may be paid here, separated by commas."),
    )
    callback_public_key = forms.CharField(
        label=_("SpectroCoin's public key"),
        max_length=16_384,
        required=False,
        widget=forms.Textarea(
            attrs={"rows": 6, "class": "key", "spellcheck": "false", "dir": "ltr"}
        ),
        help_text=_("Signs the callbacks. Leave empty to fetch it from SpectroCoin."),
    )
    base_url = forms.CharField(
        label=_("SpectroCoin's address"),
        max_length=300,
        initial=BASE_URL,
        widget=forms.URLInput(attrs={"class": "vURLField", "dir": "ltr"}),
        help_text=format_lazy(
            _("{address} unless SpectroCoin tells you another."), address=BASE_URL
        ),
    )

    class Meta:
        labels = {
            "merchant": _("Merchant"),
            "name": _("Name"),
            "enabled": _("Enabled"),
            # Who may only look is told these by the columns' names.
            "receive_currency": _("Receive currency"),
            "accepted_currencies": _("Accepted currencies"),
            "callback_public_key": _("Callback public key"),
            "base_url": _("Base url"),
        }

    def clean_new_private_key(self) -> str:
        pasted: str = self.cleaned_data["new_private_key"].strip()
        if pasted:
            try:
                read_private_key(pasted)
            except ValueError as error:
                raise ValidationError(str(error)) from None
        return pasted

    def clean_callback_public_key(self) -> str:
        pasted: str = self.cleaned_data["callback_public_key"].strip()
        if pasted:
            try:
                read_public_keys(pasted)
            except ValueError as error:
                raise ValidationError(str(error)) from None
        return pasted

    def clean_receive_currency(self) -> str:
        return _currency(self.cleaned_data["receive_currency"])

    def clean_accepted_currencies(self) -> str:
        parts = self.cleaned_data["accepted_currencies"].replace(";", ",").split(",")
        codes = [_currency(part) for part in parts if part.strip()]
        if not codes:
            raise ValidationError(gettext("Name at least one currency."))
        return ",".join(dict.fromkeys(codes))

    def clean_base_url(self) -> str:
        url: str = self.cleaned_data["base_url"].strip()
        try:
            return base_url({"base_url": url})
        except OpenRefused:
            raise ValidationError(
                gettext(
                    "Use https:// and a plain address, such as {example}. Only this very machine may "
                    "be named with http://."
                ).format(example=BASE_URL)
            ) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        api = cleaned.get("api_generation")
        if api == Api.LEGACY:
            self._need(Api.LEGACY, "vendor_merchant_id", cleaned.get("vendor_merchant_id"))
            self._need(Api.LEGACY, "new_private_key", self.will_hold("private_key"))
        elif api == Api.CURRENT:
            self._need(Api.CURRENT, "client_id", cleaned.get("client_id"))
            self._need(Api.CURRENT, "new_client_secret", self.will_hold("client_secret"))
        receive = cleaned.get("receive_currency")
        accepted = str(cleaned.get("accepted_currencies", ""))
        if receive and accepted and receive not in accepted.split(","):
            refusal = gettext(
                "{currency} is not among the accepted currencies, so no invoice could be paid."
            )
            self.add_error("receive_currency", refusal.format(currency=receive))
        return cleaned

    def _need(self, api: Api, name: str, held: object) -> None:
        if not held and not self.has_error(name):
            self.add_error(name, _NEEDED[api])


def _currency(text: str) -> str:
    code = text.strip().upper()
    if not code:
        return ""
    try:
        digits_of(code)
    except MoneyError as error:
        raise ValidationError(str(error)) from None
    return code


class SpectroCoinAdmin(AccountAdmin):
    form = SpectroCoinForm
    list_display = ("called", "state", "merchant", "api_generation", "currencies")
    list_filter = (MerchantFilter, "enabled", "api_generation")
    # Another address has other keys: what was fetched from the old one verifies nothing.
    also_reset = {"base_url": {"fetched_public_key": "", "fetched_at": None, "key_asked_at": None}}
    fieldsets = (
        (None, {"fields": ("merchant", "name", "enabled", "api_generation")}),
        (_("Project"), {"fields": ("vendor_merchant_id", "project_id")}),
        (
            _("Current API"),
            {
                "fields": ("client_id", "new_client_secret"),
                "description": _("Also lets the console ask SpectroCoin about an order."),
            },
        ),
        (_("Legacy API"), {"fields": ("new_private_key",)}),
        (_("Currencies"), {"fields": ("receive_currency", "accepted_currencies")}),
        (_("Callbacks"), {"fields": ("callback_public_key",)}),
        (_("Advanced"), {"fields": ("base_url",), "classes": ("collapse",)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look sees no empty inputs of secrets; their hints stand above."""
        if obj is None or self.has_change_permission(request, obj):
            return self.fieldsets
        boxes = []
        for title, box in self.fieldsets:
            names = [name for name in box["fields"] if not str(name).startswith("new_")]
            if names:
                boxes.append((title, {**box, "fields": names}))
        return boxes

    @admin.display(description=_("Name"), ordering="name")
    def called(self, account: SpectroCoinGateway) -> str:
        return account.name

    @admin.display(description=_("Accepted currencies"), ordering="accepted_currencies")
    def currencies(self, account: SpectroCoinGateway) -> str:
        return account.accepted_currencies.replace(",", gettext(", "))

    def page(self, request: HttpRequest, row: Any) -> Page:
        place = row.merchant.time_zone
        if row.enabled:
            takes = row.receive_currency or row.accepted_currencies.replace(",", gettext(", "))
            sentence = gettext("{merchant} is paid here, for invoices in {currencies}.").format(
                merchant=row.merchant, currencies=takes
            )
            tone = GOOD
        else:
            sentence = gettext("Off: no new orders are opened; payments still arrive.")
            tone = QUIET
        facts = [
            Facts(
                gettext("Copy into SpectroCoin"),
                [
                    Fact(
                        gettext("Callback URL"),
                        webhook_url(row),
                        help=gettext("Unguessable: keep it between SpectroCoin and you."),
                        copy=True,
                    ),
                    *_public_half(row),
                ],
            ),
            Facts(gettext("Keys in use"), _keys(row, place)),
        ]
        return Page(sentence, tone, facts=facts, steps=done_by_people(row, place))


def _public_half(account: SpectroCoinGateway) -> list[Fact]:
    try:
        private = account.reveal("private_key")
        if not private:
            return []
        pem = public_half(private)
    except (SealBroken, ValueError):
        broken = gettext("The private merchant key cannot be opened: enter it again.")
        return [Fact(gettext("Public key"), broken)]
    note = gettext(
        "The public half of your private merchant key; paste it into the project's settings."
    )
    return [Fact(gettext("Public key"), pem, help=note, copy=True, lines=True)]


def _keys(account: SpectroCoinGateway, place: str) -> list[Fact]:
    label = gettext("SpectroCoin's key")
    facts = [
        Fact(gettext("Private merchant key"), account.hint("private_key")),
        Fact(gettext("Client secret"), account.hint("client_secret")),
    ]
    kept = account.callback_public_key or account.fetched_public_key
    if not kept:
        return [*facts, Fact(label, gettext("not fetched yet; fetched when it is needed"))]
    how = gettext("entered here")
    if not account.callback_public_key:
        how = gettext("fetched {moment}").format(moment=moment(account.fetched_at, place))
    try:
        prints = [key_fingerprint(key) for key in read_public_keys(kept)]
    except ValueError as error:
        return [*facts, Fact(label, str(error))]
    facts += [Fact(label, f"SHA-256 {each}", help=how, copy=True) for each in prints]
    return facts


admin.site.register(SpectroCoinGateway, SpectroCoinAdmin)
