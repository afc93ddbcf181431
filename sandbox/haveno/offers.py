"""Offers and the transfers towards them: rows, arithmetic, states, and how they are shown."""

import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sandbox.haveno import addresses, market
from sandbox.storage import Settings

# Letters and digits that nobody confuses on a screen.
NAME_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True)
class Sums:
    """What has come in the offer's own currency.

    received   all of it.
    confirmed  of transfers that each have enough confirmations. Not the sum of all as soon as one
               has enough: a payer could send dust, wait, and then send the rest unconfirmed.
    on_time    seen before the offer ended.
    lowest     the confirmations of the youngest transfer; 0 without any.
    """

    received: Decimal
    confirmed: Decimal
    on_time: Decimal
    lowest: int


def new_name() -> str:
    return "HAV-OFF-" + "".join(secrets.choice(NAME_LETTERS) for _ in range(10))


def create(db: sqlite3.Connection, offer: Mapping[str, object], relay: Settings) -> sqlite3.Row:
    """Store a checked offer and give it an address of its own."""
    offer_id = new_name()
    currency, amount = str(offer["currency"]), str(offer["amount"])
    address = addresses.fresh(currency, offer_id, str(relay["tether_network"]))
    db.execute(
        "INSERT INTO hv_offers (offer_id, order_ref, document, currency, amount, pay_to, uri,"
        " network, confirmations_required, expires_at, refunded, announced)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '0')",
        (
            offer_id, offer["order_ref"], json.dumps(offer), currency, amount, address,
            addresses.payment_link(currency, address, amount), offer["network"],
            relay["confirmations"] or offer["confirmations"], offer["expires_at"],
        ),
    )  # fmt: skip
    return find(db, offer_id)


def find(db: sqlite3.Connection, key: str) -> sqlite3.Row:
    """By either id. KeyError when there is none."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM hv_offers WHERE offer_id = ? OR order_ref = ?", (key, key)
    ).fetchone()
    if row is None:
        raise KeyError(key)
    return row


def newest_first(db: sqlite3.Connection) -> list[sqlite3.Row]:
    return db.execute("SELECT * FROM hv_offers ORDER BY number DESC").fetchall()


def transfers(db: sqlite3.Connection, offer: sqlite3.Row) -> list[sqlite3.Row]:
    return db.execute(
        "SELECT * FROM hv_transfers WHERE offer_number = ? ORDER BY id", (offer["number"],)
    ).fetchall()


def add_transfer(
    db: sqlite3.Connection,
    offer: sqlite3.Row,
    amount: Decimal,
    currency: str,
    seen_at: int,
    locked: bool,
) -> None:
    """Money in the air: seen, not confirmed."""
    db.execute(
        "INSERT INTO hv_transfers"
        " (offer_number, txid, amount, currency, confirmations, seen_at, locked)"
        " VALUES (?, ?, ?, ?, 0, ?, ?)",
        (
            offer["number"], addresses.transaction_id(currency), spelled(amount, currency),
            currency, seen_at, locked,
        ),
    )  # fmt: skip


def spelled(amount: Decimal, currency: str) -> str:
    """With all digits of the coin."""
    return format(amount.quantize(one_unit(currency)), "f")


def one_unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-market.DIGITS[currency])


def sums(offer: sqlite3.Row, rows: list[sqlite3.Row]) -> Sums:
    own = [row for row in rows if row["currency"] == offer["currency"]]
    needed = offer["confirmations_required"]
    end = offer["expires_at"] if offer["cancelled_at"] is None else offer["cancelled_at"]

    def total(chosen: list[sqlite3.Row]) -> Decimal:
        return sum((Decimal(row["amount"]) for row in chosen), Decimal(0))

    return Sums(
        received=total(own),
        # Locked coins cannot be spent yet, however deep they lie.
        confirmed=total([r for r in own if r["confirmations"] >= needed and not r["locked"]]),
        on_time=total([row for row in own if row["seen_at"] <= end]),
        lowest=min((row["confirmations"] for row in own), default=0),
    )


def state(offer: sqlite3.Row, told: Sums, now: int) -> str:
    """One word. First what became of it, then how far the money is, then what it comes to."""
    amount = Decimal(offer["amount"])
    if offer["refunded"]:
        return "refunded"
    if not told.received:
        if offer["cancelled_at"] is not None:
            return "cancelled"
        return "expired" if now > offer["expires_at"] else "open"
    if told.on_time < min(amount, told.received):
        return "late"
    if told.confirmed >= amount:
        return "over" if told.confirmed > amount else "settled"
    if told.lowest < offer["confirmations_required"]:
        return "confirming" if told.lowest else "seen"
    return "partial"


def quoted(offer: sqlite3.Row) -> dict[str, object]:
    """What the merchant is answered when an offer is opened, not yet signed."""
    return {
        "offer_id": offer["offer_id"],
        "order_ref": offer["order_ref"],
        "invoice_id": json.loads(offer["document"])["invoice_id"],
        "currency": offer["currency"],
        "amount": offer["amount"],
        "pay_to": offer["pay_to"],
        "uri": offer["uri"],
        "network": offer["network"],
        "expires_at": offer["expires_at"],
        "confirmations_required": offer["confirmations_required"],
    }


def standing(db: sqlite3.Connection, offer: sqlite3.Row, now: int) -> dict[str, object]:
    """What the merchant is answered when he asks, not yet signed."""
    rows = transfers(db, offer)
    told = sums(offer, rows)
    return {
        "offer_id": offer["offer_id"],
        "state": state(offer, told, now),
        "received": spelled(told.received, offer["currency"]),
        "confirmations": told.lowest,
        "confirmations_required": offer["confirmations_required"],
        "transfers": [
            {
                "txid": row["txid"],
                "amount": row["amount"],
                "currency": row["currency"],
                "confirmations": row["confirmations"],
                "seen_at": row["seen_at"],
                "locked": bool(row["locked"]),
            }
            for row in rows
        ],
    }


def in_control(db: sqlite3.Connection, offer: sqlite3.Row, now: int) -> dict[str, object]:
    """The offer as the control calls answer it: both of the above and what was sent about it."""
    sendings = db.execute(
        "SELECT s.sent_at, m.amount, m.forge, s.answer_status, s.answer_body"
        " FROM hv_sendings s JOIN hv_messages m ON m.id = s.message_id"
        " WHERE m.offer_number = ? ORDER BY s.id",
        (offer["number"],),
    )
    told = sums(offer, transfers(db, offer))
    return {
        **quoted(offer),
        **standing(db, offer, now),
        "confirmed": spelled(told.confirmed, offer["currency"]),
        "document": json.loads(offer["document"]),
        "webhooks": [dict(row) for row in sendings],
    }
