"""What the phone does: gets an SMS, keeps the wallets' balances, goes offline, is alive."""

import json
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sandbox.sending import MOST_PARALLEL, MOST_TIMES
from sandbox.storage import Settings, write_named
from sandbox.wallet import apps, settings, texts, uploads
from sandbox.wallet.apps import Sms
from sandbox.web import Fields, Refused, World
from sandbox.whmcs.accounts import money

CAIRO = ZoneInfo("Africa/Cairo")
STRANGER = "+201000000999"
MEMBERS = (
    "text", "template", "amount", "phone", "name", "reference", "balance", "sender", "digits",
    "times", "parallel", "sent_at", "spoof", "twice_through",
)  # fmt: skip
ORDERS = ("fifo", "random")
MOST_PENDING = 10**6

Row = dict[str, object]


@dataclass(frozen=True)
class _Came:
    """One SMS as it was composed, and what it did to a balance."""

    sms: Sms
    template: str
    values: dict[str, str]
    balances: Settings


def send(world: World, fields: Fields) -> Row:
    """One SMS arrives. Online it is forwarded at once, with retries; else it waits."""
    fields.only(*MEMBERS)
    times = max(1, fields.whole("times", 1, MOST_TIMES))
    parallel = fields.whole("parallel", 0, MOST_PARALLEL)
    with world.storage.change() as db:
        phone = settings.read(db)
        through = [settings.text(phone, "app")]
        if fields.text("twice_through"):
            through += [fields.choice("twice_through", settings.APPS, "")]
        came = _composed(phone, fields)
        write_named(db, "settings", settings.PARTY, came.balances)
        message_id = _store(db, came)
        # So many at once are copies of one upload; so many in a row are uploads of their own,
        # each of which must get through.
        rows = [
            uploads.add(db, message_id, app, apps.body(app, came.sms, phone), second=bool(place))
            for place, app in enumerate(through)
            for _ in range(1 if parallel else times)
        ]
    answers: list[Row] = []
    if phone["online"]:
        answers = uploads.carry(world, rows, batched=False, parallel=parallel)
    with world.storage.change() as db:
        return {"message": _shown(db, message_id), "answers": answers}


def online(world: World, fields: Fields) -> Row:
    """Off: what comes waits. On: what waits is sent, in order or in any order."""
    fields.only("online", "order")
    on, order = fields.flag("online", True), fields.choice("order", ORDERS, ORDERS[0])
    with world.storage.change() as db:
        write_named(db, "settings", settings.PARTY, {"online": on})
        rows = uploads.waiting(db) if on else []
    if order == "random":
        secrets.SystemRandom().shuffle(rows)
    answers = uploads.carry(world, rows, batched=True)
    with world.storage.change() as db:
        return {"online": on, "waiting": len(uploads.waiting(db)), "answers": answers}


def heartbeat(world: World, fields: Fields) -> Row:
    """A sign of life of an app that gives any."""
    fields.only("app", "battery", "network", "app_version", "pending")
    with world.storage.change() as db:
        phone = settings.read(db)
        app = fields.choice("app", settings.APPS, settings.text(phone, "app"))
        if app not in ("tahweel", "smsgate"):
            raise Refused(f"{app} sends no heartbeat; tahweel and smsgate do")
        last = db.execute("SELECT max(received_ms) AS last FROM wa_messages").fetchone()["last"]
        told: Settings = {
            "battery": fields.whole("battery", settings.whole(phone, "battery"), 100),
            "network": fields.text("network") or "wifi",
            "app_version": fields.text("app_version") or "1.0.0",
            "pending": fields.whole("pending", len(uploads.waiting(db)), MOST_PENDING),
            "last_sms_ms": last,
        }
        write_named(db, "settings", settings.PARTY, {"battery": told["battery"]})
    if not phone["online"]:
        raise Refused("the phone is offline")
    return {"answers": uploads.beat(world, app, apps.heartbeat(app, phone, told))}


def messages(db: sqlite3.Connection) -> list[Row]:
    """Every SMS, newest first, with its uploads and their tries."""
    rows = db.execute("SELECT id FROM wa_messages ORDER BY id DESC").fetchall()
    return [_shown(db, row["id"]) for row in rows]


def _composed(phone: Settings, fields: Fields) -> _Came:
    sent_ms = settings.now_ms(phone)
    received_ms = sent_ms
    if fields.text("sent_at"):
        sent_ms = fields.whole("sent_at", 0, 2**40) * 1000
    template_name, spoof = fields.text("template"), fields.flag("spoof", False)
    stranger = STRANGER if spoof else ""
    if fields.text("text"):
        if template_name:
            raise Refused("either text or template")
        sender = fields.text("sender") or stranger or texts.VODAFONE
        return _Came(Sms(sender, fields.text("text"), sent_ms, received_ms), "", {}, {})

    name = fields.choice("template", tuple(texts.TEMPLATES), "vodafone_cash_ar")
    template = texts.TEMPLATES[name]
    amount = fields.amount("amount", "100") or Decimal(100)
    before = Decimal(settings.text(phone, template.wallet)) if template.wallet else Decimal(0)
    moved = amount if template.moves > 0 else -(amount + template.fee) * -template.moves
    if before + moved < 0 and not spoof:
        raise Refused("the wallet does not hold so much")
    # A forger prints the balance that would follow, if he knows it, and no wallet gains by that.
    balance = fields.amount("balance")
    balance = max(before + moved, Decimal(0)) if balance is None else balance
    told = texts.Told(
        amount=amount,
        phone=fields.text("phone") or "01000000707",
        name=fields.text("name", "Salma N Sample"),
        reference=fields.text("reference") or texts.new_reference(template),
        own=settings.text(phone, "number"),
        balance=balance,
        at=datetime.fromtimestamp(sent_ms // 1000, UTC).astimezone(CAIRO),
    )
    text = template.write(told)
    if fields.choice("digits", ("western", "arabic"), "western") == "arabic":
        text = text.translate(texts.DIGITS)
    values = {
        "amount": money(amount),
        "phone": told.phone,
        "name": told.name,
        "reference": told.reference,
        "balance": money(balance) if template.wallet else "",
    }
    real = template.wallet and not spoof
    balances: Settings = {template.wallet: money(before + moved)} if real else {}
    sender = fields.text("sender") or stranger or template.sender
    return _Came(Sms(sender, text, sent_ms, received_ms), name, values, balances)


def _store(db: sqlite3.Connection, came: _Came) -> int:
    cursor = db.execute(
        "INSERT INTO wa_messages (sender, text, sent_ms, received_ms, template, vals)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            came.sms.sender, came.sms.text, came.sms.sent_ms, came.sms.received_ms, came.template,
            json.dumps(came.values),
        ),
    )  # fmt: skip
    return int(cursor.lastrowid or 0)


def _shown(db: sqlite3.Connection, message_id: int) -> Row:
    row = db.execute("SELECT * FROM wa_messages WHERE id = ?", (message_id,)).fetchone()
    return {
        "id": row["id"],
        "sender": row["sender"],
        "text": row["text"],
        "sent_ms": row["sent_ms"],
        "received_ms": row["received_ms"],
        "template": row["template"],
        **json.loads(row["vals"]),
        "uploads": uploads.of_message(db, message_id),
    }
