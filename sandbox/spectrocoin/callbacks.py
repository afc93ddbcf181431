"""Callbacks: the signed form and the JSON doorbell, genuine or forged, and their record."""

import json
import sqlite3
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote, urlencode

from sandbox.sending import Answer, Message
from sandbox.spectrocoin import settings, signing, statuses
from sandbox.storage import Settings
from sandbox.web import Refused

FORM_FORGERIES = (
    "signature", "amount", "status", "key", "merchant", "get", "duplicate_field", "missing_field",
    "empty_sign",
)  # fmt: skip
# The doorbell carries no signature and no facts, so there is nothing else to forge in it.
JSON_FORGERIES = ("amount", "status", "merchant", "get", "duplicate_field", "missing_field")


@dataclass(frozen=True)
class Told:
    """What a callback says about an order. `before` is the status SpectroCoin holds on to."""

    order_id: str
    merchant_order_id: str
    number: int
    description: str
    pay_currency: str
    pay_amount: str
    receive_currency: str
    receive_amount: str
    received_amount: str
    status: str
    before: str


def form(told: Told, project: Settings, url: str, forge: str) -> Message:
    """Eleven signed fields, then `sign`; beside them the two unsigned UUIDs.

    The ids in the signed part are the numeric ones even for projects with UUIDs (history of the
    vendor's WHMCS and Magento 2 plugins, 2022-07 to 2023-03).
    """
    signed = [
        ("merchantId", settings.text(project, "numeric_merchant_id")),
        ("apiId", settings.text(project, "numeric_api_id")),
        ("orderId", told.merchant_order_id),
        ("payCurrency", told.pay_currency),
        ("payAmount", told.pay_amount),
        ("receiveCurrency", told.receive_currency),
        ("receiveAmount", told.receive_amount),
        ("receivedAmount", told.received_amount),
        ("description", told.description),
        ("orderRequestId", str(told.number)),
        ("status", statuses.on_form(told.status)),
    ]
    unsigned = [
        ("userId", settings.text(project, "merchant_id")),
        ("merchantApiId", settings.text(project, "project_id")),
    ]
    key = settings.text(project, "provider_private_key")
    if forge == "merchant":
        # A genuine callback of somebody else's project, delivered here.
        signed[0:2] = [("merchantId", "999999"), ("apiId", "999998")]
        unsigned = [("userId", str(uuid.uuid4())), ("merchantApiId", str(uuid.uuid4()))]
    if forge == "missing_field":
        # The vendor's documentation has samples that sign ten fields, without receivedAmount.
        signed = [pair for pair in signed if pair[0] != "receivedAmount"]
    if forge == "key":
        key = _stranger()
    sign = signing.sign(signing.signed_text(signed), key)

    if forge == "signature":
        sign = ("B" if sign[0] == "A" else "A") + sign[1:]
    if forge == "empty_sign":
        sign = ""
    if forge == "amount":
        signed = _replaced(signed, "receiveAmount", f"1{told.receive_amount}")
    if forge == "status":
        # Signed for the status the order has (or another one), then altered on the way.
        other = told.before if told.before != told.status else "NEW"
        if other == told.status:
            other = "EXPIRED"
        truth = _replaced(signed, "status", statuses.on_form(other))
        sign = signing.sign(signing.signed_text(truth), key)
    pairs = [*unsigned, *signed, ("sign", sign)]
    if forge == "duplicate_field":
        pairs.insert(0, ("receiveAmount", f"1{told.receive_amount}"))
    # Blanks travel as %20 while the signature is over `+`, as in the vendor's sample callback:
    # whoever verifies the raw bytes fails.
    text = urlencode(pairs, quote_via=quote)
    return _posted(url, "application/x-www-form-urlencoded", text, forge)


def doorbell(told: Told, project: Settings, url: str, forge: str) -> Message:
    """Only says "look": the order's id and the project's, unsigned."""
    members = [("id", told.order_id), ("merchantApiId", settings.text(project, "project_id"))]
    if forge == "merchant":
        members[1] = ("merchantApiId", str(uuid.uuid4()))
    if forge == "missing_field":
        del members[1]
    if forge in ("amount", "status"):
        # Claims that nobody may believe: the order itself says otherwise.
        members += [("status", told.status), ("receiveAmount", f"1{told.receive_amount}")]
    if forge == "duplicate_field":
        members.insert(0, ("id", str(uuid.uuid4())))
    if forge == "get":
        return _posted(url, "", urlencode(members), forge)
    text = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in members)
    return _posted(url, "application/json", "{" + text + "}", forge)


def check_forgery(kind: str, forge: str) -> None:
    allowed = FORM_FORGERIES if kind == "form" else JSON_FORGERIES
    if forge and forge not in allowed:
        raise Refused(f"forge for {kind} callbacks must be one of: {', '.join(allowed)}")


def keep(
    db: sqlite3.Connection, order: int, kind: str, status: str, forge: str, message: Message
) -> int:
    """Store the bytes; answers the message's number."""
    cursor = db.execute(
        "INSERT INTO sc_messages"
        " (order_number, kind, method, url, content_type, body, status, forge)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order, kind, message.method, message.url, message.content_type, message.body, status,
            forge,
        ),
    )  # fmt: skip
    return int(cursor.lastrowid or 0)


def last(db: sqlite3.Connection, order: int) -> tuple[int, Message]:
    """The newest message of an order, sent or lost."""
    row = db.execute(
        "SELECT * FROM sc_messages WHERE order_number = ? ORDER BY id DESC LIMIT 1", (order,)
    ).fetchone()
    if row is None:
        raise Refused("this order has no callback yet")
    return row["id"], Message(row["method"], row["url"], row["content_type"], row["body"])


def note(db: sqlite3.Connection, message_id: int, answers: Iterable[Answer]) -> None:
    rows = [(message_id, a.sent_at, a.status, a.body) for a in answers]
    db.executemany(
        "INSERT INTO sc_sendings (message_id, sent_at, answer_status, answer_body)"
        " VALUES (?, ?, ?, ?)",
        rows,
    )


def _posted(url: str, content_type: str, text: str, forge: str) -> Message:
    if forge == "get":
        joint = "&" if "?" in url else "?"
        return Message("GET", f"{url}{joint}{text}", "", b"")
    return Message("POST", url, content_type, text.encode())


def _replaced(pairs: list[tuple[str, str]], name: str, value: str) -> list[tuple[str, str]]:
    return [(n, value if n == name else v) for n, v in pairs]


@cache
def _stranger() -> str:
    """A key that is not SpectroCoin's."""
    return signing.new_private_key()
