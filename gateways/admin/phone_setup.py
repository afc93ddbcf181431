"""Setting up a phone: its secret URL and keys, shown once, and where each app wants them."""

import json
from dataclasses import dataclass

from django.conf import settings

from gateways.models import Phone
from gateways.pay.qr import Qr, qr_of
from ledger.admin.showing import Fact, Facts
from ledger.ports import new_token

# The columns, with the words on the screen. Each app can show one of them.
KEYS = {
    "header_key": "Header key",
    "smsgate_key": "SMSGate signing key",
    "httpsms_key": "httpSMS signing key",
    "smsforwarder_secret": "SmsForwarder secret",
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
    facts = [Fact("Upload URL", url, help="Secret, like a password.", copy=True)] if url else []
    facts += [Fact(KEYS[column], key, copy=True) for column, key in keys.items()]
    return Facts("Enter these into the forwarder app", facts)


def codes(url: str, keys: dict[str, str]) -> list[tuple[str, Qr]]:
    """What is long to type, to be scanned with the phone's camera."""
    shown = [("Upload URL", url)] if url else []
    shown += [(KEYS[column], key) for column, key in keys.items() if column == "header_key"]
    return [(label, qr_of(text)) for label, text in shown]


def setups(header_key: str = "") -> tuple[Setup, ...]:
    """Each app's way, with the key filled in where it is shown anyway."""
    return (
        Setup(
            "SMS to URL forwarder (Incoming SMS to URL)",
            (
                "Add a forwarding rule: sender VF-Cash (or * for all), and the Upload URL.",
                "Headers: add the one below, with the Header key.",
                "Leave the body as it is. Chunked mode may stay on.",
            ),
            (
                Fact(
                    "Headers", json.dumps({"x-api-key": header_key or "the Header key"}), copy=True
                ),
            ),
        ),
        Setup(
            "SMSGate (SMS Gateway for Android)",
            (
                "Settings > Webhooks > Signing key: enter the SMSGate signing key.",
                "Register a webhook for the event sms:received with the Upload URL; a second one for "
                "system:ping makes it tell that it is alive.",
            ),
        ),
        Setup(
            "httpSMS",
            (
                "Settings > Webhooks: add the Upload URL as callback, the httpSMS signing key, and "
                "the event message.phone.received.",
                "It tries twice only. Where the network is unsteady, take another app for money.",
                "Encrypted messages: enter the passphrase on this phone's page here.",
            ),
        ),
        Setup(
            "Tahweel Listener",
            (
                "Server: the Upload URL. API token: the Header key.",
                "It sends a sign of life each minute by itself.",
            ),
        ),
        Setup(
            "SmsForwarder",
            (
                "Add a sender of the kind Webhook: POST to the Upload URL, and the SmsForwarder "
                "secret.",
                "Headers: x-api-key with the Header key.",
                "Set the body to the one below: its own rendering cannot be read.",
            ),
            (Fact("Body", SMSFORWARDER_BODY, copy=True),),
        ),
        Setup(
            "On every phone",
            (
                "Battery optimisation off for the app, on the vendor's list of apps that never sleep.",
                "No SIM PIN and no screen lock: before the first unlock no SMS reaches an app.",
                "A charger, Wi-Fi and mobile data.",
                "Then send yourself one pound, and look here whether the phone was seen.",
            ),
        ),
    )
