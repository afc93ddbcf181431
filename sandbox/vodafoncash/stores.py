"""The account's stores and the transfers its phone saw: rows, and how control calls show them."""

import secrets
import sqlite3
from decimal import ROUND_HALF_UP, Decimal

from sandbox.sending import acceptable_url
from sandbox.web import Fields, Refused

CENT = Decimal("0.01")
# The three that the module's page knows; the last is "currency".
CURRENCIES = ("USD", "USDT", "عملة")
CALLBACKS = ("once", "twice", "lost", "wrong_key")
STATES = ("pending", "held", "approved", "completed")
MOST = 2**31


def save_store(db: sqlite3.Connection, fields: Fields) -> dict[str, object]:
    """Make a store, or change the one with this id; answers it."""
    fields.only(
        "id", "rate", "currency", "anti_spam", "callback_url", "key", "callback", "shape",
        "enabled", "tells_id",
    )  # fmt: skip
    number = fields.whole("id", 0, MOST)
    old = dict(find_store(db, number) or {})
    rate = fields.amount("rate", str(old.get("rate", "50.00")))
    if not rate:
        raise Refused("rate must be more than nothing: EGP for one unit of the currency")
    if not acceptable_url(fields.text("callback_url")):
        raise Refused("callback_url must be an absolute URL")
    shape = fields.choice("shape", ("1", "2"), str(old.get("shape", "1")))
    new: dict[str, object] = {
        "id": number or None,
        "rate": fields.text("rate", str(old.get("rate", "50.00"))),
        "currency": fields.choice("currency", CURRENCIES, str(old.get("currency", "USD"))),
        "anti_spam": fields.flag("anti_spam", bool(old.get("anti_spam", False))),
        "callback_url": fields.text("callback_url", str(old.get("callback_url", ""))),
        "key": fields.text("key", str(old.get("key") or secrets.token_urlsafe(24))),
        "callback": fields.choice("callback", CALLBACKS, str(old.get("callback", "once"))),
        "shape": 2 if shape == "2" else 1,
        "enabled": fields.flag("enabled", bool(old.get("enabled", True))),
        "tells_id": fields.flag("tells_id", bool(old.get("tells_id", False))),
    }
    cursor = db.execute(
        "INSERT OR REPLACE INTO vf_stores (id, rate, currency, anti_spam, callback_url, key,"
        " callback, shape, enabled, tells_id) VALUES (:id, :rate, :currency, :anti_spam,"
        " :callback_url, :key, :callback, :shape, :enabled, :tells_id)",
        new,
    )
    return new | {"id": number or int(cursor.lastrowid or 0)}


def find_store(db: sqlite3.Connection, number: int) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM vf_stores WHERE id = ?", (number,)
    ).fetchone()
    return row


def all_stores(db: sqlite3.Connection) -> list[dict[str, object]]:
    flags = ("anti_spam", "enabled", "tells_id")
    rows = db.execute("SELECT * FROM vf_stores ORDER BY id").fetchall()
    return [dict(row) | {name: bool(row[name]) for name in flags} for row in rows]


def add_transfer(db: sqlite3.Connection, fields: Fields) -> int:
    """Money that the account's phone saw arrive; nobody has claimed it."""
    fields.only("phone", "amount", "trans_id")
    amount = fields.amount("amount", "")
    if not amount or not fields.text("phone"):
        raise Refused("phone and amount are needed")
    fresh = f"0{secrets.randbelow(10**11):011}"
    try:
        cursor = db.execute(
            "INSERT INTO vf_transfers (trans_id, phone, amount, state, store_id, user_name)"
            " VALUES (?, ?, ?, 'pending', 0, '')",
            (fields.text("trans_id") or fresh, fields.text("phone"), str(amount)),
        )
    except sqlite3.IntegrityError:
        raise Refused("this trans_id is taken", 409) from None
    return int(cursor.lastrowid or 0)


def transfer(db: sqlite3.Connection, key: str) -> sqlite3.Row:
    """By its number here or its trans_id."""
    number = key if key.isascii() and key.isdigit() and len(key) < 11 else "0"
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM vf_transfers WHERE trans_id = ? OR id = ?", (key, number)
    ).fetchone()
    if row is None:
        raise Refused("no such transfer", 404)
    return row


def move(
    db: sqlite3.Connection, row: sqlite3.Row, state: str, store_id: int, user_name: str
) -> sqlite3.Row:
    """Into one of STATES, on behalf of a store's customer; answers the row as it is then."""
    db.execute(
        "UPDATE vf_transfers SET state = ?, store_id = ?, user_name = ? WHERE id = ?",
        (state, store_id, user_name, row["id"]),
    )
    return transfer(db, row["trans_id"])


def converted(amount: str, rate: str) -> str:
    """EGP in the store's currency. How the live service rounds is not known."""
    return format((Decimal(amount) / Decimal(rate)).quantize(CENT, ROUND_HALF_UP), "f")


def shown(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, object]:
    """A transfer as control calls answer it, with the callbacks about it."""
    sendings = db.execute(
        "SELECT m.id, m.url, m.method, m.forge, s.sent_at, s.answer_status, s.answer_body"
        " FROM vf_messages m LEFT JOIN vf_sendings s ON m.id = s.message_id"
        " WHERE m.transfer_id = ? ORDER BY m.id, s.id",
        (row["id"],),
    )
    return {**dict(row), "callbacks": [dict(each) for each in sendings]}


def newest_first(db: sqlite3.Connection) -> list[dict[str, object]]:
    rows = db.execute("SELECT * FROM vf_transfers ORDER BY id DESC").fetchall()
    return [shown(db, row) for row in rows]
