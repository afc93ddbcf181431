"""The news to the merchant's API URL: a GET in one of the two documented shapes, and its record.

Shape 1 is the plugin contract, shape 2 the generic example; how often the live service tries again
is not documented, and this one does not.
"""

import sqlite3
import threading
from urllib.parse import urlencode

from sandbox.sending import MOST_PARALLEL, MOST_TIMES, Answer, Message, send
from sandbox.vodafoncash import stores
from sandbox.web import Fields, Refused, World

FORGERIES = ("key", "no_key", "amount", "user", "trans_id", "post", "action")
STRANGER_KEY = "not-the-key-of-this-store"

Row = dict[str, object]


def tell(world: World, transfer_id: int) -> None:
    """After a completion: on its own, as the live service's queue does it.

    Called inside the state change; the thread waits for its end.
    """
    threading.Thread(target=_tell, args=(world, transfer_id), daemon=True).start()


def tell_now(world: World, key: str, fields: Fields) -> Row:
    """A callback on demand, true or not; answers the transfer and the receiver's answers."""
    fields.only("shape", "forge", "times", "parallel", "lost")
    shape = fields.choice("shape", ("", "1", "2"), "")
    forge = fields.choice("forge", ("", *FORGERIES), "")
    times = fields.whole("times", 1, MOST_TIMES)
    parallel = fields.whole("parallel", 0, MOST_PARALLEL)
    lost = fields.flag("lost", False)
    with world.storage.change() as db:
        row = stores.transfer(db, key)
        message_id, message = _kept(db, row, shape, forge)
    answers = [] if lost else _send(world, message_id, message, times, parallel)
    with world.storage.change() as db:
        return {"transfer": stores.shown(db, stores.transfer(db, key)), "answers": answers}


def resend(world: World, key: str, fields: Fields) -> Row:
    """The last callback again, to the very same URL."""
    fields.only("times", "parallel")
    times = fields.whole("times", 1, MOST_TIMES)
    parallel = fields.whole("parallel", 0, MOST_PARALLEL)
    with world.storage.change() as db:
        row = stores.transfer(db, key)
        last = db.execute(
            "SELECT * FROM vf_messages WHERE transfer_id = ? ORDER BY id DESC LIMIT 1", (row["id"],)
        ).fetchone()
        if last is None:
            raise Refused("this transfer has no callback yet")
    message = Message(last["method"], last["url"], "", b"")
    answers = _send(world, last["id"], message, times, parallel)
    with world.storage.change() as db:
        return {"transfer": stores.shown(db, stores.transfer(db, key)), "answers": answers}


def _tell(world: World, transfer_id: int) -> None:
    try:
        with world.storage.change() as db:
            row = stores.transfer(db, str(transfer_id))
            store = stores.find_store(db, row["store_id"])
            if store is None or not store["callback_url"]:
                return
            forge = "key" if store["callback"] == "wrong_key" else ""
            message_id, message = _kept(db, row, "", forge)
        times = {"twice": 2, "lost": 0}.get(store["callback"], 1)
        _send(world, message_id, message, times, 0)
    except (sqlite3.ProgrammingError, Refused):
        # The sandbox was stopped or reset meanwhile; then there is nobody to tell about it.
        return


def _kept(db: sqlite3.Connection, row: sqlite3.Row, shape: str, forge: str) -> tuple[int, Message]:
    """The message, stored before it leaves."""
    store = stores.find_store(db, row["store_id"])
    if store is None:
        store = db.execute("SELECT * FROM vf_stores ORDER BY id LIMIT 1").fetchone()
    if store is None or not store["callback_url"]:
        raise Refused("there is no store with a callback_url")
    members = _members(row, store, (shape or str(store["shape"])) == "2")
    if forge == "amount":
        members["amount"] = f"1{members['amount']}"
    elif forge in ("user", "trans_id", "action"):
        name, value = {
            "user": ("user_name" if "user_name" in members else "username", "999999"),
            "trans_id": (
                "transaction_id" if "user_name" in members else "trans_id",
                "099999999999",
            ),
            "action": ("action", "removePayment"),
        }[forge]
        members[name] = value
    elif forge == "key":
        members["key"] = STRANGER_KEY
    elif forge == "no_key":
        members.pop("key", None)
    joint = "&" if "?" in store["callback_url"] else "?"
    url = f"{store['callback_url']}{joint}{urlencode(members)}"
    method = "POST" if forge == "post" else "GET"
    cursor = db.execute(
        "INSERT INTO vf_messages (transfer_id, url, method, forge) VALUES (?, ?, ?, ?)",
        (row["id"], url, method, forge),
    )
    return int(cursor.lastrowid or 0), Message(method, url, "", b"")


def _members(row: sqlite3.Row, store: sqlite3.Row, generic: bool) -> dict[str, str]:
    if generic:
        return {
            "transaction_id": row["trans_id"],
            "phone": row["phone"],
            "amount": row["amount"],
            "currency": "EGP",
            "store_id": str(store["id"]),
            "user_name": row["user_name"],
            "status": "completed",
        }
    return {
        "key": store["key"],
        "action": "addPayment",
        "username": row["user_name"],
        "amount": stores.converted(row["amount"], store["rate"]),
        "from": row["phone"],
        "trans_id": row["trans_id"],
    }


def _send(world: World, message_id: int, message: Message, times: int, parallel: int) -> list[Row]:
    answers: list[Answer] = send(message, times, parallel, "vodafoncash.com")
    with world.storage.change() as db:
        db.executemany(
            "INSERT INTO vf_sendings (message_id, sent_at, answer_status, answer_body)"
            " VALUES (?, ?, ?, ?)",
            [(message_id, a.sent_at, a.status, a.body) for a in answers],
        )
    return [{"status": a.status, "body": a.body} for a in answers]
