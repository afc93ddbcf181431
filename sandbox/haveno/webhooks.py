"""The webhook of a settled offer: six signed members, genuine or forged, and its record.

The members and the signature are those of the published plan; the headers are a second lock that
the merchant may add: https://github.com/standard-webhooks/standard-webhooks
"""

import base64
import json
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from sandbox.haveno import settings, signing
from sandbox.sending import Answer, Message
from sandbox.storage import Settings
from sandbox.web import Refused

# One member says something else. Signed before that, unless the relay itself is to be the liar.
ALTERED = ("amount", "currency", "offer", "invoice")
# Signed by the relay's key over exactly what is sent, and still not what was agreed.
GENUINE = ("extra_member", "hex_signature", "nested", "float_amount", "stale", "future", "millis")
BROKEN = ("signature", "key", "missing_signature", "duplicate_member", "hmac", "no_hmac")
FORGERIES = (*ALTERED, *GENUINE, *BROKEN)
TEN_MINUTES = 600


@dataclass(frozen=True)
class Told:
    """What a webhook says. `other_offer` is an offer the forger has heard of."""

    invoice_id: str
    amount: str
    currency: str
    offer_id: str
    other_offer: str


def build(told: Told, relay: Settings, forge: str, signed: bool) -> Message:
    """The bytes and headers. `signed`: the altered member is signed too."""
    at = settings.now(relay) + {"stale": -TEN_MINUTES, "future": TEN_MINUTES}.get(forge, 0)
    members: dict[str, object] = {
        "invoice_id": told.invoice_id,
        "amount": told.amount,
        "currency": told.currency,
        "offer_id": told.offer_id,
        "timestamp": at * 1000 if forge == "millis" else at,
    }
    if forge == "extra_member":
        members["relay_version"] = "1.4.0"
    if forge == "nested":
        members["transfers"] = [{"amount": told.amount, "currency": told.currency}]
    change = _altered(told).get(forge, {})
    if signed:
        members |= change
    seed = signing.stranger() if forge == "key" else settings.signing_seed(relay)
    body = _float_body(members, seed) if forge == "float_amount" else _body(members, seed, forge)
    if change and not signed:
        body = json.dumps({**json.loads(body), **change}).encode()

    headers = _headers(told, relay, forge, at, body)
    url = settings.text(relay, "webhook_url")
    return Message("POST", url, "application/json", body, headers)


def keep(
    db: sqlite3.Connection, offer: sqlite3.Row, amount: str, forge: str, message: Message
) -> int:
    """Store the bytes; answers the message's number."""
    cursor = db.execute(
        "INSERT INTO hv_messages (offer_number, url, headers, body, amount, forge)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            offer["number"], message.url, json.dumps(message.headers), message.body, amount, forge,
        ),
    )  # fmt: skip
    return int(cursor.lastrowid or 0)


def last(db: sqlite3.Connection, offer: sqlite3.Row) -> tuple[int, Message]:
    """The newest message about an offer, sent or lost."""
    row = db.execute(
        "SELECT * FROM hv_messages WHERE offer_number = ? ORDER BY id DESC LIMIT 1",
        (offer["number"],),
    ).fetchone()
    if row is None:
        raise Refused("this offer has no webhook yet")
    headers = tuple((name, value) for name, value in json.loads(row["headers"]))
    return row["id"], Message("POST", row["url"], "application/json", row["body"], headers)


def note(db: sqlite3.Connection, message_id: int, answers: Iterable[Answer]) -> None:
    rows = [(message_id, a.sent_at, a.status, a.body) for a in answers]
    db.executemany(
        "INSERT INTO hv_sendings (message_id, sent_at, answer_status, answer_body)"
        " VALUES (?, ?, ?, ?)",
        rows,
    )


def _altered(told: Told) -> dict[str, dict[str, object]]:
    return {
        "amount": {"amount": f"1{told.amount}"},
        "currency": {"currency": "BTC" if told.currency == "XMR" else "XMR"},
        "offer": {"offer_id": told.other_offer},
        "invoice": {"invoice_id": "WHMCS-INV-999999"},
    }


def _body(members: dict[str, object], seed: str, forge: str) -> bytes:
    whole = signing.with_signature(members, seed)
    signature = str(whole["signature"])
    if forge == "signature":
        whole["signature"] = ("B" if signature[0] == "A" else "A") + signature[1:]
    if forge == "hex_signature":
        whole["signature"] = base64.b64decode(signature).hex()
    if forge == "missing_signature":
        del whole["signature"]
    # As other languages write it: blanks and the order of the plan, not the canonical form.
    text = json.dumps(whole)
    if forge == "duplicate_member":
        # Readers that keep the last one see what was signed, others a larger amount.
        text = '{"amount": ' + json.dumps(f"1{members['amount']}") + ", " + text[1:]
    return text.encode()


def _float_body(members: dict[str, object], seed: str) -> bytes:
    """The amount as a JSON number, signed in the spelling that RFC 8785 gives it."""
    number = format(Decimal(str(float(str(members["amount"])))).normalize(), "f")
    place, named = "\x00", {**members, "amount": "\x00"}
    canonical = signing.canonical(named).replace(signing.canonical(place), number)
    signature = signing.sign(canonical.encode(), seed)
    text = json.dumps({**named, "signature": signature})
    return text.replace(json.dumps(place), number).encode()


def _headers(
    told: Told, relay: Settings, forge: str, at: int, body: bytes
) -> tuple[tuple[str, str], ...]:
    secret = settings.text(relay, "webhook_secret")
    if forge == "no_hmac" or not (secret or forge == "hmac"):
        return ()
    key = secrets.token_bytes(32) if forge == "hmac" else signing.webhook_key(secret)
    # One event is one amount of one offer, however often it is told.
    name = f"msg_{told.offer_id}_{told.amount.replace('.', '-')}"
    return signing.webhook_headers(key, name, at, body)
