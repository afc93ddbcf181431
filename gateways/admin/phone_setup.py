"""Setting up a phone: its secret URL and keys, shown once, and where each app wants them."""

import json
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gateways.models import Phone
from gateways.pay.qr import Qr, qr_of
from ledger.admin.showing import Fact, Facts
from ledger.ports import new_token

# The columns, with the words on the screen. Each app can show one of them.
KEYS = {
    "header_key": gettext_lazy("Header key"),
    "smsgate_key": gettext_lazy("SMSGate signing key"),
    "httpsms_key": gettext_lazy("httpSMS signing key"),
    "smsforwarder_secret": gettext_lazy("SmsForwarder secret"),
}
SMSFORWARDER_BODY = (
    '{"from":"[from]","text":"[org_content]","timestamp":"[timestamp]","sign":"[sign]",'
    '"sim":"[card_slot]"}'
)


@dataclass(frozen=True, slots=True)
class Setup:
    """One forwarder app: what to enter where, in order."""

    app: str
    steps: tuple[str, ...]
    to_copy: tuple[Fact, ...] = ()


def upload_url(phone: Phone) -> str:
    return f"{settings.GATEBOOK_URL}/webhooks/{phone.token}/"


def take_new_keys(phone: Phone) -> dict[str, str]:
    """Set a fresh key for each way of proof; the caller saves, and shows them this once."""
    keys = {column: new_token() for column in KEYS}
    for column, key in keys.items():
        phone.seal(column, key)
    return keys


def to_enter(url: str, keys: dict[str, str]) -> Facts:
    facts = []
    if url:
        secret = _("Secret, like a password.")
        facts.append(Fact(_("Upload URL"), url, help=secret, copy=True))
    facts += [Fact(str(KEYS[column]), key, copy=True) for column, key in keys.items()]
    return Facts(_("Enter these into the forwarder app"), facts)


def codes(url: str, keys: dict[str, str]) -> list[tuple[str, Qr]]:
    """What is long to type, to be scanned with the phone's camera."""
    shown = [(_("Upload URL"), url)] if url else []
    shown += [(str(KEYS[column]), key) for column, key in keys.items() if column == "header_key"]
    return [(label, qr_of(text)) for label, text in shown]


def setups(header_key: str = "") -> tuple[Setup, ...]:
    """Each app's way, with the key filled in where it is shown anyway."""
    return (
        Setup(
            "SMS to URL forwarder (Incoming SMS to URL)",
            (
                _("Add a forwarding rule: sender VF-Cash (or * for all), and the Upload URL."),
                _("Headers: add the one below, with the Header key."),
                _("Leave the body as it is. Chunked mode may stay on."),
            ),
            (
                Fact(
                    _("Headers"),
                    json.dumps(
                        {"x-api-key": header_key or _("the Header key")}, ensure_ascii=False
                    ),
                    copy=True,
                ),
            ),
        ),
        Setup(
            "SMSGate (SMS Gateway for Android)",
            (
                _("Settings > Webhooks > Signing key: enter the SMSGate signing key."),
                _(
                    "Register a webhook for the event sms:received with the Upload URL; a second one "
                    "for system:ping makes it tell that it is alive."
                ),
            ),
        ),
        Setup(
            _("httpSMS, through its own server"),
            (
                _(
                    "Settings > Webhooks: add the Upload URL as callback, the httpSMS signing key, and "
                    "the event message.phone.received."
                ),
                _(
                    "It tries twice only. Where the network is unsteady, take another app for money."
                ),
                _("Encrypted messages: enter the passphrase on this phone's page here."),
            ),
        ),
        Setup(
            _("httpSMS, the app straight to the console"),
            (
                _("Server URL: the Upload URL. API key: the Header key."),
                _by_its_key(),
                _("Encrypted messages: enter the passphrase on this phone's page here."),
            ),
        ),
        Setup(
            "Tahweel Listener",
            (
                _("Server: the Upload URL. API token: the Header key."),
                _by_its_key(),
                _("It sends a sign of life each minute by itself."),
            ),
        ),
        Setup(
            "SmsForwarder",
            (
                _(
                    "Add a sender of the kind Webhook: POST to the Upload URL, and the SmsForwarder "
                    "secret."
                ),
                _("Headers: x-api-key with the Header key."),
                _("Set the body to the one below: its own rendering cannot be read."),
            ),
            (Fact(_("Body"), SMSFORWARDER_BODY, copy=True),),
        ),
        Setup(
            _("On every phone"),
            (
                _(
                    "Battery optimisation off for the app, on the vendor's list of apps that never "
                    "sleep."
                ),
                _("No SIM PIN and no screen lock: before the first unlock no SMS reaches an app."),
                _("A charger, Wi-Fi and mobile data."),
                _("Then send yourself one pound, and look here whether the phone was seen."),
            ),
        ),
    )


def _by_its_key() -> str:
    return _(
        "Some versions keep only the host of the server's address. Those are known by the Header key "
        "alone, so enter it exactly."
    )
