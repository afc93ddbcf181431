"""The settings of a merchant's SpectroCoin account, and what to copy into SpectroCoin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

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
_NEEDED = "Needed for the {} API."


class SpectroCoinForm(AccountForm):
    vendor_merchant_id = forms.CharField(label="Merchant ID", max_length=64, required=False)
    new_private_key = SecretField(
        "private_key",
        label="Private merchant key",
        max_length=16_384,
        strip=False,
        widget=SecretText(),
        help_text="Paste all of it, from -----BEGIN to -----END. RSA, 2048 bits or more.",
    )
    new_client_secret = SecretField("client_secret", label="Client secret")
    receive_currency = forms.CharField(
        max_length=12,
        required=False,
        help_text="What SpectroCoin credits you in. Leave empty to use each invoice's own.",
    )
    accepted_currencies = forms.CharField(
        max_length=200,
        initial=DEFAULT_RECEIVE_CURRENCIES,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="Invoice currencies that may be paid here, separated by commas.",
    )
    callback_public_key = forms.CharField(
        label="SpectroCoin's public key",
        max_length=16_384,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "key", "spellcheck": "false"}),
        help_text="Signs the callbacks. Leave empty to fetch it from SpectroCoin.",
    )
    base_url = forms.CharField(
        label="SpectroCoin's address",
        max_length=300,
        initial=BASE_URL,
        widget=forms.URLInput(attrs={"class": "vURLField"}),
        help_text=f"{BASE_URL} unless SpectroCoin tells you another.",
    )

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
            raise ValidationError("Name at least one currency.")
        return ",".join(dict.fromkeys(codes))

    def clean_base_url(self) -> str:
        url: str = self.cleaned_data["base_url"].strip()
        try:
            return base_url({"base_url": url})
        except OpenRefused:
            raise ValidationError(
                f"Use https:// and a plain address, such as {BASE_URL}. Only this very machine "
                "may be named with http://."
            ) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        api = cleaned.get("api_generation")
        if api == Api.LEGACY:
            self._need(api, "vendor_merchant_id", cleaned.get("vendor_merchant_id"))
            self._need(api, "new_private_key", self.will_hold("private_key"))
        elif api == Api.CURRENT:
            self._need(api, "client_id", cleaned.get("client_id"))
            self._need(api, "new_client_secret", self.will_hold("client_secret"))
        receive = cleaned.get("receive_currency")
        accepted = str(cleaned.get("accepted_currencies", ""))
        if receive and accepted and receive not in accepted.split(","):
            self.add_error(
                "receive_currency",
                f"{receive} is not among the accepted currencies, so no invoice could be paid.",
            )
        return cleaned

    def _need(self, api: str, name: str, held: object) -> None:
        if not held and not self.has_error(name):
            self.add_error(name, _NEEDED.format(api))


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
    list_display = ("name", "state", "merchant", "api_generation", "accepted_currencies")
    list_filter = (MerchantFilter, "enabled", "api_generation")
    # Another address has other keys: what was fetched from the old one verifies nothing.
    also_reset = {"base_url": {"fetched_public_key": "", "fetched_at": None, "key_asked_at": None}}
    fieldsets = (
        (None, {"fields": ("merchant", "name", "enabled", "api_generation")}),
        ("Project", {"fields": ("vendor_merchant_id", "project_id")}),
        (
            "Current API",
            {
                "fields": ("client_id", "new_client_secret"),
                "description": "Also lets the console ask SpectroCoin about an order.",
            },
        ),
        ("Legacy API", {"fields": ("new_private_key",)}),
        ("Currencies", {"fields": ("receive_currency", "accepted_currencies")}),
        ("Callbacks", {"fields": ("callback_public_key",)}),
        ("Advanced", {"fields": ("base_url",), "classes": ("collapse",)}),
    )

    def page(self, request: HttpRequest, row: Any) -> Page:
        place = row.merchant.time_zone
        if row.enabled:
            takes = row.receive_currency or row.accepted_currencies.replace(",", ", ")
            sentence, tone = f"{row.merchant} is paid here, for invoices in {takes}.", GOOD
        else:
            sentence, tone = "Off: no new orders are opened; payments still arrive.", QUIET
        facts = [
            Facts(
                "Copy into SpectroCoin",
                [
                    Fact(
                        "Callback URL",
                        webhook_url(row),
                        help="Unguessable: keep it between SpectroCoin and you.",
                        copy=True,
                    ),
                    *_public_half(row),
                ],
            ),
            Facts("Keys in use", _keys(row, place)),
        ]
        return Page(sentence, tone, facts=facts, steps=done_by_people(row, place))


def _public_half(account: SpectroCoinGateway) -> list[Fact]:
    try:
        private = account.reveal("private_key")
        if not private:
            return []
        pem = public_half(private)
    except (SealBroken, ValueError):
        return [Fact("Public key", "The private merchant key cannot be opened: enter it again.")]
    note = "The public half of your private merchant key; paste it into the project's settings."
    return [Fact("Public key", pem, help=note, copy=True, lines=True)]


def _keys(account: SpectroCoinGateway, place: str) -> list[Fact]:
    facts = [
        Fact("Private merchant key", account.hint("private_key")),
        Fact("Client secret", account.hint("client_secret")),
    ]
    kept = account.callback_public_key or account.fetched_public_key
    if not kept:
        return [*facts, Fact("SpectroCoin's key", "not fetched yet; fetched when it is needed")]
    how = "entered here"
    if not account.callback_public_key:
        how = f"fetched {moment(account.fetched_at, place)}"
    try:
        prints = [key_fingerprint(key) for key in read_public_keys(kept)]
    except ValueError as error:
        return [*facts, Fact("SpectroCoin's key", str(error))]
    facts += [Fact("SpectroCoin's key", f"SHA-256 {each}", help=how, copy=True) for each in prints]
    return facts


admin.site.register(SpectroCoinGateway, SpectroCoinAdmin)
