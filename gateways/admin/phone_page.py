"""What stands above a phone's settings: how it is, what lies on it, and what it must show."""

from django.utils.html import format_html
from django.utils.translation import gettext as _

from gateways.admin.phone_setup import KEYS
from gateways.admin.wallet_names import is_silent, wallet_name
from gateways.models import Phone, Receipt
from ledger import ports
from ledger.admin.showing import (
    BAD,
    GOOD,
    QUIET,
    WARN,
    Fact,
    Facts,
    listing,
    moment,
    visible,
)


def wallets_on(phone: Phone) -> list[Facts]:
    """A box, where there are any."""
    wallets = [
        Fact(
            wallet_name(each),
            _("in use") if each.active else _("off"),
            help=each.sim.upper(),
        )
        for each in phone.wallets.order_by("pk")
    ]
    return [Facts(_("Wallets on it"), wallets)] if wallets else []


def keys_of(phone: Phone) -> Facts:
    """What each of them ends in, no more."""
    keys = [
        Fact(
            _("Upload URL"),
            _("ends in …{tail}").format(tail=phone.token[-4:]),
            help=_("It was shown once. Lost? Press “New URL”."),
        ),
        *(Fact(label, phone.hint(column)) for column, label in KEYS.items()),
        Fact(_("httpSMS passphrase"), phone.hint("httpsms_passphrase")),
    ]
    return Facts(_("What it must show"), keys)


def link_to_receipts(phone: Phone) -> str:
    return format_html('<a href="{}">{}</a>', listing(Receipt, phone=phone.pk), _("See them"))


def is_off(phone: Phone) -> str:
    told = _("{name} is off: nothing that it sends is believed.")
    return told.format(name=visible(phone.name))


def state_of(phone: Phone, place: str) -> tuple[str, str, str]:
    """How it is in one sentence, its tone, and what to do."""
    now = ports.system_now()
    name = visible(phone.name)
    if not phone.active:
        return is_off(phone), QUIET, ""
    if phone.last_seen is None:
        tone = BAD if is_silent(phone, now) else WARN
        return (
            _("{name} was never seen.").format(name=name),
            tone,
            _("Enter its URL and keys into the forwarder app, and send a test SMS."),
        )
    seen = moment(phone.last_seen, place)
    if is_silent(phone, now):
        return (
            _("{name} is silent since {moment}.").format(name=name, moment=seen),
            BAD,
            _("Look at the phone: power, network, battery saving, and the forwarder app."),
        )
    if phone.warning:
        told = _("{name} is alive, with a warning: {warning}")
        return told.format(name=name, warning=visible(phone.warning)), WARN, ""
    told = _("{name} is alive; last seen {moment}.")
    return told.format(name=name, moment=seen), GOOD, ""
