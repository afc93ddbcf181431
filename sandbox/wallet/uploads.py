"""The apps' queues: what was made of an SMS, and every try to bring it to the console."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.sending import Answer, Message, send
from sandbox.storage import Settings
from sandbox.wallet import apps, settings
from sandbox.web import World

# Tahweel's own limit.
MOST_IN_A_BATCH = 50
AGENT = "Wallet-phone"

Row = dict[str, object]


@dataclass(frozen=True)
class Parcel:
    """What travels in one request: one upload, or a batch of Tahweel's."""

    app: str
    second: bool
    uploads: tuple[sqlite3.Row, ...]


def add(db: sqlite3.Connection, message_id: int, app: str, body: bytes, *, second: bool) -> int:
    """Queue an upload; answers its number."""
    cursor = db.execute(
        "INSERT INTO wa_uploads (message_id, app, second, body, delivered) VALUES (?, ?, ?, ?, 0)",
        (message_id, app, second, body),
    )
    return int(cursor.lastrowid or 0)


def waiting(db: sqlite3.Connection) -> list[int]:
    """Oldest first, whether it was never tried or every try failed."""
    rows = db.execute("SELECT id FROM wa_uploads WHERE delivered = 0 ORDER BY id")
    return [row["id"] for row in rows]


def of_message(db: sqlite3.Connection, message_id: int) -> list[Row]:
    rows = db.execute("SELECT * FROM wa_uploads WHERE message_id = ? ORDER BY id", (message_id,))
    return [
        {
            "app": row["app"],
            "delivered": bool(row["delivered"]),
            "tries": [
                dict(each)
                for each in db.execute(
                    "SELECT sent_at, answer_status, answer_body FROM wa_tries"
                    " WHERE upload_id = ? ORDER BY id",
                    (row["id"],),
                )
            ],
        }
        for row in rows.fetchall()
    ]


def carry(world: World, numbers: list[int], *, batched: bool, parallel: int = 0) -> list[Row]:
    """Send these in this order, each until it is taken or its tries have run out."""
    with world.storage.change() as db:
        phone = settings.read(db)
        found = [db.execute("SELECT * FROM wa_uploads WHERE id = ?", (n,)) for n in numbers]
        rows = [row for cursor in found for row in cursor.fetchall()]
    answers: list[Row] = []
    for parcel in _parcels(rows, batched):
        answers += _deliver(world, phone, parcel, parallel)
    return answers


def beat(world: World, app: str, raw: bytes) -> list[Row]:
    """One heartbeat; nobody repeats it, the next minute has another."""
    with world.storage.change() as db:
        phone = settings.read(db)
    named = "tahweel_heartbeat" if app == "tahweel" else app
    url = settings.text(phone, "upload_url")
    if not url:
        return []
    message = apps.message(named, raw, url, phone)
    return [_said(app, answer) for answer in send(message, 1, 0, AGENT)]


def _parcels(rows: list[sqlite3.Row], batched: bool) -> list[Parcel]:
    """One each; Tahweel's go in batches after a time offline, and no message twice in one."""
    parcels: list[Parcel] = []
    for row in rows:
        last = parcels[-1] if parcels else None
        if (
            batched
            and last is not None
            and row["app"] == last.app == "tahweel"
            and bool(row["second"]) == last.second
            and len(last.uploads) < MOST_IN_A_BATCH
            and row["body"] not in {each["body"] for each in last.uploads}
        ):
            parcels[-1] = Parcel(last.app, last.second, (*last.uploads, row))
        else:
            parcels.append(Parcel(row["app"], bool(row["second"]), (row,)))
    return parcels


def _deliver(world: World, phone: Settings, parcel: Parcel, parallel: int) -> list[Row]:
    url = settings.text(phone, "upload_url")
    if parcel.second:
        url = settings.text(phone, "second_upload_url") or url
    if not url:
        return []
    said: list[Row] = []
    left = list(parcel.uploads)
    for number in range(settings.whole(phone, "tries")):
        if number:
            world.pause(float(settings.text(phone, "retry_seconds")))
        message = _message(parcel.app, left, url, phone)
        # Only the first try is a crowd; what is left of it is the app's everyday retry.
        answers = send(message, 1, 0 if number else parallel, AGENT)
        taken = {row["id"] for row in left for a in answers if _took(parcel.app, row, a)}
        with world.storage.change() as db:
            _note(db, left, answers, taken)
        said += [_said(parcel.app, answer) for answer in answers]
        left = [row for row in left if row["id"] not in taken]
        if not left or world.stopping.is_set():
            break
    return said


def _message(app: str, rows: Sequence[sqlite3.Row], url: str, phone: Settings) -> Message:
    bodies = [row["body"] for row in rows]
    raw = apps.batch(bodies, phone) if app == "tahweel" else bodies[0]
    return apps.message(app, raw, url, phone)


def _took(app: str, row: sqlite3.Row, answer: Answer) -> bool:
    """Any 2xx; Tahweel keeps what the answer does not name as accepted."""
    if answer.status is None or not 200 <= answer.status < 300:
        return False
    if app != "tahweel":
        return True
    try:
        accepted = json.loads(answer.body)["accepted"]
        return json.loads(row["body"])["fingerprint"] in accepted
    except (ValueError, TypeError, KeyError):
        return False


def _note(
    db: sqlite3.Connection, rows: list[sqlite3.Row], answers: list[Answer], taken: set[int]
) -> None:
    db.executemany(
        "INSERT INTO wa_tries (upload_id, sent_at, answer_status, answer_body) VALUES (?, ?, ?, ?)",
        [(row["id"], a.sent_at, a.status, a.body) for row in rows for a in answers],
    )
    db.executemany("UPDATE wa_uploads SET delivered = 1 WHERE id = ?", [(n,) for n in taken])


def _said(app: str, answer: Answer) -> Row:
    return {"app": app, "status": answer.status, "body": answer.body}
