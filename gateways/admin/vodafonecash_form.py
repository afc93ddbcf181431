"""The store settings of VodafoneCash, in the words of the published page, and the store's wallets."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.admin.accounts import AccountForm
from gateways.admin.inputs import EgpField, plain_address
from gateways.admin.wallet_names import KINDS
from gateways.models import EGP, Phone, VodafoneCashGateway, Wallet
from gateways.wallet.phones import local_phone
from ledger.admin.merchants import is_website
from ledger.admin.secrets_form import ModelForm, SecretField
from ledger.money import DIGITS, FIAT, MoneyError
from ledger.rate import Rate

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Mode = VodafoneCashGateway.Mode
# Banks are paid to an account, of which messages tell the last digits.
MOBILE_KINDS = frozenset({"vodafone_cash", "e_money", "orange_cash", "we_pay"})
_MINUTES = _("Enter a whole number from {least} to {most} minutes.")


def _whole(
    label: "StrOrPromise", least: int, most: int, refusal: "StrOrPromise", **kwargs: Any
) -> Any:
    """A whole number between two ends that the refusal names."""
    told = format_lazy(refusal, least=least, most=most)
    messages = dict.fromkeys(("invalid", "min_value", "max_value"), told)
    return forms.IntegerField(
        label=label, min_value=least, max_value=most, error_messages=messages, **kwargs
    )


class VodafoneCashForm(AccountForm):
    system_url = forms.CharField(
        label=_("VodafoneCash System URL"),
        max_length=300,
        widget=forms.URLInput(attrs={"class": "vURLField"}),
        help_text=_(
            "Where your account is, for “my account at vodafoncash.com”. With your own phones "
            "nothing is asked there."
        ),
    )
    store_id = forms.CharField(
        label=_("Store ID at vodafoncash.com"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("Only for “my account at vodafoncash.com”: the number of your store there."),
    )
    new_store_key = SecretField(
        "store_key",
        label=_("Store key"),
        max_length=200,
        help_text=_(
            "The API Token of your store: plugins show it to us. "
            "Press “New store key” for a fresh one, or enter the one of vodafoncash.com."
        ),
    )
    store_currency = forms.CharField(
        label=_("Currency"),
        max_length=12,
        help_text=_("Invoices in this currency, or in EGP, may be paid here. Such as USD or USDT."),
    )
    rate = forms.CharField(
        label=_("Rate"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "class": "amount"}
        ),
        help_text=_(
            "Egyptian pounds for one unit of the currency, such as 50.00. Payers are asked for "
            "whole pounds, rounded up; the rate is locked while an offer holds."
        ),
    )
    offer_timeout_minutes = _whole(
        _("Offer Expiry Time"),
        5,
        24 * 60,
        _MINUTES,
        help_text=_("Minutes for which a payer's amount and rate hold."),
    )
    unique_amounts = forms.BooleanField(
        required=False,
        label=_("Unique amounts"),
        help_text=_(
            "Ask each payer for some piastres more, 0.01 to 0.99 EGP, so that the amount alone "
            "tells who paid. For Orange Cash and banks, whose messages hide the payer's phone."
        ),
    )
    hold_first = forms.BooleanField(
        required=False,
        label=_("Hold first payments"),
        help_text=_("The first payment of a wallet phone for a client waits for approval."),
    )
    hold_above_units = EgpField(
        required=False,
        label=_("Hold above"),
        help_text=_("EGP. Larger payments wait for approval. Empty: none do."),
    )
    hold_after_failures = _whole(
        _("Hold after failed claims"),
        0,
        100,
        _("Enter a whole number from {least} to {most} claims."),
        help_text=_(
            "So many claims of one phone or client that found nothing within a day. 0: never."
        ),
    )
    receipt_age_hours = _whole(
        _("Oldest message"),
        1,
        24 * 30,
        _("Enter a whole number from {least} to {most} hours."),
        help_text=_(
            "Hours. Older messages wait for a person, so that an inbox that is imported again "
            "pays nothing twice."
        ),
    )
    legacy_open = forms.BooleanField(
        required=False,
        label=_("Legacy open mode"),
        help_text=_(
            "Lets plugins claim without the store key, as they do at vodafoncash.com. Anybody "
            "who knows the store number and a payer's phone and amount can then try to take the credit. "
            "Claims are limited by address, phone and store, and first payments always wait for "
            "approval. Leave it off unless a plugin of yours cannot send the key."
        ),
    )
    silent_minutes = _whole(
        _("Alert when a phone is silent for"),
        5,
        24 * 60,
        _MINUTES,
        help_text=_(
            "Minutes without a sign of life until the home page says so. A dead phone looks "
            "just like customers who did not pay."
        ),
    )

    class Meta:
        labels = {
            "merchant": _("Merchant"),
            "name": _("Name"),
            "enabled": _("Enable VodafoneCash"),
            "mode": _("Payments are read by"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.declared_fields:
            if self.instance._state.adding and hasattr(self.instance, name):
                self.initial.setdefault(name, getattr(self.instance, name))
        if self.instance.pk and is_website(self.instance.merchant):
            self._speak_of_a_website()
        field = self.fields.get("hold_above_units")
        # So that the story of a change tells the old value as people write it, too.
        if isinstance(field, EgpField):
            self.initial["hold_above_units"] = field.to_python(self.initial.get("hold_above_units"))

    def _speak_of_a_website(self) -> None:
        told = {
            "store_currency": gettext(
                "In which your website keeps its balances, such as USD or USDT."
            ),
            "rate": gettext(
                "Egyptian pounds for one unit of the currency, such as 50.00. Plugins ask for it here, "
                "and what comes is converted at it."
            ),
        }
        for name in told.keys() & self.fields.keys():
            self.fields[name].help_text = told[name]

    def clean_system_url(self) -> str:
        return plain_address(self.cleaned_data["system_url"], "https://vodafoncash.com")

    def clean_store_id(self) -> str:
        number: str = self.cleaned_data["store_id"].strip()
        if number and not (number.isascii() and number.isdecimal()):
            raise ValidationError(gettext("The Store ID is a number, such as 2."))
        return number

    def clean_store_currency(self) -> str:
        code: str = self.cleaned_data["store_currency"].strip().upper()
        if code not in FIAT and code not in DIGITS:
            raise ValidationError(
                gettext("{code} is no currency that is known here, such as USD or USDT.").format(
                    code=code
                )
            )
        return code

    def clean_rate(self) -> str:
        text: str = self.cleaned_data["rate"].strip()
        try:
            Rate.parse(text, base="USD", quote=EGP)
        except MoneyError:
            raise ValidationError(
                gettext("Write the rate as a number above zero, such as 50.00: EGP for one unit.")
            ) from None
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        rate = str(cleaned.get("rate") or "")
        in_pounds = rate and cleaned.get("store_currency") == EGP
        if in_pounds and Rate.parse(rate, base=EGP, quote="USD").value != 1:
            self.add_error(
                "rate", gettext("One pound costs one pound: enter 1, or another currency.")
            )
        if cleaned.get("mode") == Mode.UPSTREAM:
            if not cleaned.get("store_id"):
                self._need(
                    "store_id", gettext("Enter the Store ID of your account at vodafoncash.com.")
                )
            if not self.will_hold("store_key"):
                self._need(
                    "new_store_key",
                    gettext(
                        "Enter the API Token of your store there: their callback is known by it."
                    ),
                )
        return cleaned

    def _need(self, name: str, refusal: str) -> None:
        if not self.has_error(name):
            self.add_error(name, refusal)


class WalletForm(ModelForm):
    """One row of the store's wallets."""

    kind = forms.ChoiceField(label=_("Kind"), choices=tuple(KINDS.items()), initial="vodafone_cash")
    number = forms.CharField(
        label=_("Number"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off", "size": 16}),
    )
    phone = forms.ModelChoiceField(
        Phone.objects.none(),
        required=False,
        label=_("Phone"),
        empty_label=_("not on a phone yet"),
    )
    sim = forms.ChoiceField(
        choices=(("", _("either")), ("sim1", "SIM 1"), ("sim2", "SIM 2")),
        required=False,
        label="SIM",
    )

    class Meta:
        model = Wallet
        fields = ("kind", "number", "phone", "sim", "active")
        labels = {"active": _("Active")}

    def __init__(self, *args: Any, phones: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("phone")
        if isinstance(field, forms.ModelChoiceField) and phones is not None:
            field.queryset = phones

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kind, number = cleaned.get("kind"), str(cleaned.get("number", "")).strip()
        if not kind or not number:
            return cleaned
        if kind in MOBILE_KINDS:
            read = local_phone(number)
            if read is None:
                self.add_error(
                    "number",
                    gettext("Write the wallet's number with its 11 digits, such as 01012345678."),
                )
                return cleaned
            number = read
        cleaned["number"] = number
        return cleaned
