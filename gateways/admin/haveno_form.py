"""The settings of a HavenoPay account: the published plan's table first, in its words."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.admin.accounts import AccountForm
from gateways.admin.inputs import ChosenField, Percent, PercentField, plain_address
from gateways.models import HavenoGateway
from gateways.oracles import fixed
from gateways.providers.haveno import CURRENCIES, check_merchant_id, read_public_keys

Source = HavenoGateway.Source

COINS = {
    "XMR": _("Monero (XMR)"),
    "USD_BANK": _("US dollars by bank transfer (USD_BANK)"),
    "USDT": _("Tether (USDT)"),
    "BTC": _("Bitcoin (BTC)"),
}
MOST_TOLERANCE = Percent(1000)
MOST_DEVIATION = Percent(5000)
PRICE_EXAMPLE = "https://api.coingecko.com/api/v3/simple/price"


MINUTES = _("Enter a whole number from {least} to {most} minutes.")


def _whole(label: Any, most: int, refusal: Any, *, least: int = 1, **kwargs: Any) -> Any:
    """A whole number between two ends that the refusal names."""
    refusal = format_lazy(refusal, least=least, most=most)
    messages = dict.fromkeys(("invalid", "min_value", "max_value"), refusal)
    return forms.IntegerField(
        label=label, min_value=least, max_value=most, error_messages=messages, **kwargs
    )


class HavenoForm(AccountForm):
    accepted_currencies = ChosenField(
        label=_("Accepted Currencies"),
        choices=[(code, COINS[code]) for code in CURRENCIES],
        error_messages={"required": _("Choose at least one currency: payers need one to pay in.")},
        help_text=_("What payers may choose from. The relay must take it too."),
    )
    offer_timeout_minutes = _whole(
        _("Offer Expiry Time"),
        24 * 60,
        MINUTES,
        least=5,
        help_text=_(
            "Minutes until an unpaid offer is purged. Its rate is locked that long. A Monero block "
            "takes about two minutes: below 20, ordinary payments will often come late."
        ),
    )
    node_address = forms.CharField(
        label=_("Merchant ID"),
        max_length=120,
        widget=forms.TextInput(attrs={"class": "vTextField", "spellcheck": "false", "dir": "ltr"}),
        help_text=_(
            "Your Haveno node's address: 56 characters, .onion, and the port after a colon."
        ),
    )
    relay_keys = forms.CharField(
        label=_("Public Key"),
        max_length=16_384,
        widget=forms.Textarea(
            attrs={"rows": 4, "class": "key", "spellcheck": "false", "dir": "ltr"}
        ),
        help_text=_(
            "The relay's Ed25519 public key, as it shows it: hex, base64 or PEM. Everything from the "
            "relay must be signed with it. Two keys, one after the other, while the relay changes "
            "its key."
        ),
    )
    receive_account = forms.CharField(
        label=_("Receive account"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField", "spellcheck": "false", "dir": "ltr"}),
        help_text=_(
            "Where the relay settles to, as it is called there. Empty: the relay's own choice."
        ),
    )
    auto_confirm = forms.BooleanField(
        label=_("Auto confirm"),
        required=False,
        help_text=_(
            "Book a payment as soon as it is confirmed. Off: each waits for a person to approve it."
        ),
    )
    relay_url = forms.CharField(
        label=_("Relay URL"),
        max_length=300,
        widget=forms.URLInput(attrs={"class": "vURLField", "dir": "ltr"}),
        help_text=_("Where the relay answers, without /v1, such as https://relay.example.com"),
    )
    confirmations = _whole(
        _("Confirmations"),
        10_000,
        _("Enter a whole number from {least} to {most} confirmations."),
        help_text=_(
            "How deep a payment must be before it counts. In Monero: 1 (2 minutes) for small digital "
            "goods, 10 (20 minutes) as a rule, 30 or more for large sums. Other currencies count in "
            "their own way: one Bitcoin block takes 10 minutes, and for a bank transfer the relay "
            "says when the money is there."
        ),
    )
    tolerance_bp = PercentField(
        label=_("Underpayment tolerance"),
        least=0,
        most=MOST_TOLERANCE,
        refusal=format_lazy(
            _("At most {most}: more than that is an unpaid bill."), most=MOST_TOLERANCE
        ),
        help_text=_(
            "Percent that may be missing; the bill is then paid in full all the same. 0: every unit "
            "must come."
        ),
    )
    price_source = forms.ChoiceField(
        label=_("Price from"),
        choices=Source.choices,
        help_text=_(
            "A quote is rounded up, locked until the offer ends, and kept with its source."
        ),
    )
    price_checks = ChosenField(
        label=_("Checked against"),
        choices=Source.choices,
        required=False,
        help_text=_(
            "Other sources that must agree, or nothing is quoted. None: the price is taken as it "
            "comes."
        ),
    )
    fixed_rates = forms.CharField(
        label=_("Fixed rates"),
        required=False,
        max_length=16_384,
        widget=forms.Textarea(
            attrs={"rows": 4, "class": "key", "spellcheck": "false", "dir": "ltr"}
        ),
        help_text=_("One on each line: coin, invoice currency, price of one coin. XMR EUR 150.25"),
    )
    price_url = forms.CharField(
        label=_("Price service"),
        max_length=300,
        required=False,
        widget=forms.URLInput(attrs={"class": "vURLField", "dir": "ltr"}),
        help_text=format_lazy(_("Any service that answers like {address}"), address=PRICE_EXAMPLE),
    )
    deviation_bp = PercentField(
        label=_("Largest deviation"),
        least=1,
        most=MOST_DEVIATION,
        refusal=format_lazy(_("More than 0 and at most {most}."), most=MOST_DEVIATION),
        help_text=_(
            "Percent that two sources may be apart. Beyond it nothing is quoted, and you are told on "
            "the home page."
        ),
    )
    price_age_minutes = _whole(
        _("Oldest price"),
        24 * 60,
        MINUTES,
        help_text=_("Minutes. With an older price nothing is quoted."),
    )

    class Meta:
        labels = {
            "merchant": _("Merchant"),
            "name": _("Name"),
            "enabled": _("Enable HavenoPay"),
            # Who may only look is told these by the columns' names.
            "accepted_currencies": _("Accepted currencies"),
            "receive_account": _("Receive account"),
            "auto_confirm": _("Auto confirm"),
            "confirmations": _("Confirmations"),
            "fixed_rates": _("Fixed rates"),
        }
        help_texts = {
            "webhook_secret_now": _(
                "A second lock on webhooks, besides the relay's signature. It is made, shown once "
                "and removed with the buttons above, after the first save."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.declared_fields.items():
            if self.instance._state.adding:
                self.initial.setdefault(name, getattr(self.instance, name))
            # So that the story of a change tells the old value as people write it, too.
            if isinstance(field, PercentField) and name in self.initial:
                self.initial[name] = Percent(self.initial[name])

    def clean_node_address(self) -> str:
        try:
            return check_merchant_id(self.cleaned_data["node_address"])
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def clean_relay_keys(self) -> str:
        try:
            keys = read_public_keys(self.cleaned_data["relay_keys"])
        except ValueError as error:
            raise ValidationError(str(error)) from None
        if {self.instance.merchant_public_key, self.instance.previous_public_key} & set(keys):
            raise ValidationError(
                gettext(
                    "This is your own merchant key, which belongs into the relay. Paste the Public "
                    "Key that the relay shows."
                )
            )
        return "\n".join(keys)

    def clean_relay_url(self) -> str:
        return plain_address(self.cleaned_data["relay_url"], "https://relay.example.com")

    def clean_fixed_rates(self) -> str:
        text: str = self.cleaned_data["fixed_rates"].strip().replace("\r\n", "\n")
        try:
            fixed.read(text)
        except ValueError as error:
            raise ValidationError(str(error)) from None
        return text

    def clean_price_url(self) -> str:
        url: str = self.cleaned_data["price_url"].strip()
        if url:
            # Unlike the relay's, this address may carry a key of the service behind a "?".
            plain_address(url.partition("?")[0], PRICE_EXAMPLE)
        return url

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        primary = cleaned.get("price_source", "")
        checks = str(cleaned.get("price_checks", "")).split(",")
        if primary and primary in checks:
            refusal = gettext(
                "The price comes from {source} already. Choose other sources to check it, or none."
            )
            self.add_error("price_checks", refusal.format(source=Source(primary).label))
        used = {primary, *checks}
        if Source.FIXED in used and not cleaned.get("fixed_rates"):
            self._need(
                "fixed_rates",
                gettext("Enter your rates: fixed rates are among the sources above."),
            )
        if Source.WEB in used and not cleaned.get("price_url"):
            self._need(
                "price_url",
                gettext("Enter its address: a price service is among the sources above."),
            )
        return cleaned

    def _need(self, name: str, refusal: str) -> None:
        if not self.has_error(name):
            self.add_error(name, refusal)
