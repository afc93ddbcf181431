"""Orders and pre-orders: making them, choosing the coin, and the forms in which they are shown."""

import json
import sqlite3
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sandbox.spectrocoin import market, statuses
from sandbox.spectrocoin.signing import canonical_amount

# "15 minutes" on the vendor's page about order statuses; it starts with the order, not before.
LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True)
class Wanted:
    """What a merchant asks for through either API. Empty `order_id`: the server's number."""

    api: str
    order_id: str
    description: str
    pay_currency: str
    pay_amount: Decimal
    receive_currency: str
    receive_amount: Decimal
    callback_url: str
    success_url: str
    failure_url: str


def known_id(db: sqlite3.Connection, order_id: str) -> bool:
    """Whether this project has used the merchant's order id before."""
    row = db.execute("SELECT 1 FROM sc_orders WHERE merchant_order_id = ?", (order_id,)).fetchone()
    return row is not None


def create(db: sqlite3.Connection, wanted: Wanted) -> sqlite3.Row:
    """Store a pre-order. The caller has checked it."""
    pre_order_id = str(uuid.uuid4())
    db.execute(
        "INSERT INTO sc_orders (pre_order_id, order_id, merchant_order_id, api, description,"
        " pay_currency, pay_amount, receive_currency, receive_amount, received_amount, status,"
        " callback_url, success_url, failure_url, created_at, valid_until, lies)"
        " VALUES (?, NULL, ?, ?, ?, ?, ?, ?, ?, '0', 'NEW', ?, ?, ?, ?, '', '{}')",
        (
            pre_order_id, wanted.order_id or pre_order_id, wanted.api, wanted.description,
            wanted.pay_currency, str(wanted.pay_amount), wanted.receive_currency,
            str(wanted.receive_amount), wanted.callback_url, wanted.success_url,
            wanted.failure_url, datetime.now(UTC).isoformat(),
        ),
    )  # fmt: skip
    if not wanted.order_id:
        db.execute(
            "UPDATE sc_orders SET merchant_order_id = number WHERE pre_order_id = ?",
            (pre_order_id,),
        )
    return find(db, pre_order_id)


def choose_coin(db: sqlite3.Connection, order: sqlite3.Row, coin: str) -> sqlite3.Row:
    """The payer picked a coin: the pre-order becomes an order. One that is an order stays it."""
    if order["order_id"]:
        return order
    pay = Decimal(order["pay_amount"])
    receive = Decimal(order["receive_amount"])
    if receive:
        pay = market.coins_for(receive, order["receive_currency"], coin)
    else:
        coin = order["pay_currency"]
        receive = market.worth_of(pay, coin, order["receive_currency"])
    now = datetime.now(UTC)
    db.execute(
        "UPDATE sc_orders SET order_id = ?, pay_currency = ?, pay_amount = ?, receive_amount = ?,"
        " created_at = ?, valid_until = ? WHERE number = ?",
        (
            str(uuid.uuid4()), coin, str(pay), str(receive), now.isoformat(),
            (now + LIFETIME).isoformat(), order["number"],
        ),
    )  # fmt: skip
    return find(db, order["pre_order_id"])


def find(db: sqlite3.Connection, key: str) -> sqlite3.Row:
    """By any of its ids. KeyError when there is none."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM sc_orders WHERE pre_order_id = ? OR order_id = ? OR merchant_order_id = ?",
        (key, key, key),
    ).fetchone()
    if row is None:
        raise KeyError(key)
    return row


def newest_first(db: sqlite3.Connection) -> list[sqlite3.Row]:
    return db.execute("SELECT * FROM sc_orders ORDER BY number DESC").fetchall()


def payment_page(origin: str, order: sqlite3.Row) -> str:
    return f"{origin}/spectrocoin/en/payment/preorder/{order['pre_order_id']}"


def in_api(order: sqlite3.Row) -> dict[str, object]:
    """The order as API B's fetch answers it, with the lies told about it, if any."""
    coin = order["pay_currency"]
    view: dict[str, object] = {
        "id": order["order_id"],
        "orderId": order["merchant_order_id"],
        "merchantPreOrderId": order["pre_order_id"],
        "status": statuses.in_json(order["status"]),
        "description": order["description"],
        "payCurrencyCode": coin,
        "payNetworkCode": market.NETWORKS.get(coin, coin),
        "payAmount": canonical_amount(Decimal(order["pay_amount"])),
        "receivedAmount": canonical_amount(Decimal(order["received_amount"])),
        "receiveCurrencyCode": order["receive_currency"],
        "receiveAmount": canonical_amount(Decimal(order["receive_amount"])),
        "depositAddress": market.deposit_address(coin),
        "memo": None,
        "validUntil": order["valid_until"].replace("+00:00", "Z"),
        "createdAt": order["created_at"].replace("+00:00", "Z"),
    }
    view.update(json.loads(order["lies"]))
    return view


def in_control(db: sqlite3.Connection, order: sqlite3.Row) -> dict[str, object]:
    """The order as the control calls answer it: the truth, and beside it the lies told."""
    sendings = db.execute(
        "SELECT s.sent_at, m.kind, m.status, m.forge, s.answer_status, s.answer_body"
        " FROM sc_sendings s JOIN sc_messages m ON m.id = s.message_id"
        " WHERE m.order_number = ? ORDER BY s.id",
        (order["number"],),
    )
    return {
        "id": order["order_id"],
        "preOrderId": order["pre_order_id"],
        "orderId": order["merchant_order_id"],
        "orderRequestId": order["number"],
        "api": order["api"],
        "status": order["status"],
        "description": order["description"],
        "payCurrencyCode": order["pay_currency"],
        "payAmount": canonical_amount(Decimal(order["pay_amount"])),
        "receiveCurrencyCode": order["receive_currency"],
        "receiveAmount": canonical_amount(Decimal(order["receive_amount"])),
        "receivedAmount": canonical_amount(Decimal(order["received_amount"])),
        "callbackUrl": order["callback_url"],
        "successUrl": order["success_url"],
        "failureUrl": order["failure_url"],
        "lies": json.loads(order["lies"]),
        "callbacks": [dict(row) for row in sendings],
    }


def milliseconds(moment: str) -> int:
    """API A counts validUntil in milliseconds since 1970."""
    return int(datetime.fromisoformat(moment).timestamp()) * 1000
