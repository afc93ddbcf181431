"""What can happen to an offer: the payer's wallet, the chain, and the webhooks that follow."""

import json
import sqlite3
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from sandbox.haveno import market, offers, settings, webhooks
from sandbox.sending import MOST_PARALLEL, MOST_TIMES, Answer, Message, send
from sandbox.storage import Settings, write_named
from sandbox.web import Fields, Refused, World

PAYMENTS = ("exact", "partial", "rest", "over", "twice", "dust", "other_currency")
ACTIONS = (*PAYMENTS, "webhook", "refund")
LATE_SECONDS = 3600
MOST_BLOCKS = 10_000
MEMBERS = (
    "action", "amount", "currency", "late", "seen_at", "locked", "mine", "lost", "forge", "signed",
    "times", "parallel",
)  # fmt: skip

Row = dict[str, object]
# The offer afterwards, and what the receiver answered each time.
Acted = tuple[Row, list[Row]]


@dataclass(frozen=True)
class Plan:
    """A stored message and how often to send it; `times` 0 and `parallel` 0 means not at all."""

    offer_id: str
    message_id: int
    message: Message
    times: int
    parallel: int


def act(world: World, key: str, fields: Fields) -> Acted:
    """One action of the list; answers the offer and the receiver's answers."""
    fields.only(*MEMBERS)
    action = fields.choice("action", ACTIONS, "")
    lost = fields.flag("lost", False)
    with world.storage.change() as db:
        offer, relay = found(db, key), settings.read(db)
        blocks = fields.whole("mine", 0, MOST_BLOCKS)
        plans: list[Plan] = []
        if action == "webhook":
            plans = [_told_now(db, offer, relay, fields)]
        elif action == "refund":
            db.execute("UPDATE hv_offers SET refunded = 1 WHERE number = ?", (offer["number"],))
        else:
            _pay(db, offer, relay, action, fields)
            if relay["auto_mine"]:
                blocks = max(blocks, offer["confirmations_required"])
        if blocks:
            plans += _mine(db, blocks, lost)
    answers = _carry_out(world, plans)
    with world.storage.change() as db:
        shown = offers.in_control(db, found(db, key), settings.now(settings.read(db)))
    return shown, [answer for offer_id, answer in answers if offer_id == offer["offer_id"]]


def resend(world: World, key: str, fields: Fields) -> Acted:
    """The last webhook's exact bytes and headers again: a replay, not a relay's retry."""
    fields.only("times", "parallel")
    times, parallel = _repeats(fields)
    with world.storage.change() as db:
        offer = found(db, key)
        message_id, message = webhooks.last(db, offer)
    plan = Plan(offer["offer_id"], message_id, message, times, parallel)
    answers = _carry_out(world, [plan])
    with world.storage.change() as db:
        shown = offers.in_control(db, found(db, key), settings.now(settings.read(db)))
    return shown, [answer for _, answer in answers]


def mine(world: World, fields: Fields) -> Row:
    """Every transfer gets so many confirmations more, and what has settled by that is told."""
    fields.only("blocks", "lost")
    blocks = fields.whole("blocks", 1, MOST_BLOCKS)
    lost = fields.flag("lost", False)
    with world.storage.change() as db:
        plans = _mine(db, blocks, lost)
        height = settings.read(db)["height"]
    answers = _carry_out(world, plans)
    return {
        "height": height,
        "settled": [plan.offer_id for plan in plans],
        "answers": [{"offer_id": offer_id, **answer} for offer_id, answer in answers],
    }


def reorg(world: World, fields: Fields) -> Row:
    """An offer's last transfers vanish, however deep they lay. Nobody is told; who asks, learns."""
    fields.only("offer", "transfers", "all")
    count = fields.whole("transfers", 1, 1000)
    everything = fields.flag("all", False)
    with world.storage.change() as db:
        offer = found(db, fields.text("offer"))
        rows = offers.transfers(db, offer)
        gone = rows if everything else rows[len(rows) - min(count, len(rows)) :]
        db.executemany("DELETE FROM hv_transfers WHERE id = ?", [(row["id"],) for row in gone])
        left = offers.sums(offer, offers.transfers(db, offer)).confirmed
        # The same money may come again; then that is news.
        announced = min(left, Decimal(offer["announced"]))
        _announce(db, offer, announced)
        return offers.in_control(db, offer, settings.now(settings.read(db)))


def _pay(
    db: sqlite3.Connection, offer: sqlite3.Row, relay: Settings, action: str, fields: Fields
) -> None:
    currency = offer["currency"]
    if action == "other_currency":
        currency = fields.choice("currency", tuple(market.DIGITS), _other(currency))
        if currency == offer["currency"]:
            raise Refused("currency must be another one than the offer's")
    amount = fields.amount("amount")
    if amount is None:
        amount = _amount(db, offer, action)
    amount = amount.quantize(offers.one_unit(currency), ROUND_DOWN)
    if amount <= 0:
        raise Refused("there is nothing to pay")
    seen_at = settings.now(relay)
    if fields.flag("late", False):
        seen_at = offer["expires_at"] + LATE_SECONDS
    seen_at = fields.whole("seen_at", seen_at, 2**40)
    for _ in range(2 if action == "twice" else 1):
        offers.add_transfer(db, offer, amount, currency, seen_at, fields.flag("locked", False))


def _amount(db: sqlite3.Connection, offer: sqlite3.Row, action: str) -> Decimal:
    """What the action pays, when the call does not say it exactly."""
    asked = Decimal(offer["amount"])
    if action == "rest":
        return asked - offers.sums(offer, offers.transfers(db, offer)).received
    if action == "dust":
        return offers.one_unit(offer["currency"])
    return asked * {"partial": Decimal("0.4"), "over": Decimal("1.25")}.get(action, Decimal(1))


def _other(currency: str) -> str:
    return "BTC" if currency == "XMR" else "XMR"


def _mine(db: sqlite3.Connection, blocks: int, lost: bool) -> list[Plan]:
    """Deepen everything; answers the webhooks now due, not yet sent."""
    relay = settings.read(db)
    height = settings.whole(relay, "height") + blocks
    write_named(db, "settings", settings.PARTY, {"height": height})
    db.execute("UPDATE hv_transfers SET confirmations = confirmations + ?", (blocks,))
    plans = []
    paid_offers = db.execute(
        "SELECT * FROM hv_offers WHERE number IN (SELECT offer_number FROM hv_transfers)"
        " ORDER BY number"
    ).fetchall()
    for offer in paid_offers:
        confirmed = offers.sums(offer, offers.transfers(db, offer)).confirmed
        if confirmed < Decimal(offer["amount"]) or confirmed <= Decimal(offer["announced"]):
            continue
        _announce(db, offer, confirmed)
        amount = offers.spelled(confirmed, offer["currency"])
        message = webhooks.build(_told(db, offer, amount), relay, "", False)
        message_id = webhooks.keep(db, offer, amount, "", message)
        plans.append(Plan(offer["offer_id"], message_id, message, 0 if lost else 1, 0))
    return plans


def _told_now(db: sqlite3.Connection, offer: sqlite3.Row, relay: Settings, fields: Fields) -> Plan:
    """A webhook at once, true or not: the confirmed sum or, without one, the whole amount."""
    forge = fields.choice("forge", ("", *webhooks.FORGERIES), "")
    signed = fields.flag("signed", False)
    if signed and forge not in webhooks.ALTERED:
        raise Refused(f"signed needs forge to be one of: {', '.join(webhooks.ALTERED)}")
    amount = fields.amount("amount")
    if amount is None:
        confirmed = offers.sums(offer, offers.transfers(db, offer)).confirmed
        amount = confirmed or Decimal(offer["amount"])
    spelled = offers.spelled(amount, offer["currency"])
    message = webhooks.build(_told(db, offer, spelled), relay, forge, signed)
    message_id = webhooks.keep(db, offer, spelled, forge, message)
    times, parallel = (0, 0) if fields.flag("lost", False) else _repeats(fields)
    return Plan(offer["offer_id"], message_id, message, times, parallel)


def _told(db: sqlite3.Connection, offer: sqlite3.Row, amount: str) -> webhooks.Told:
    other = db.execute(
        "SELECT offer_id FROM hv_offers WHERE number != ? ORDER BY number DESC LIMIT 1",
        (offer["number"],),
    ).fetchone()
    return webhooks.Told(
        invoice_id=json.loads(offer["document"])["invoice_id"],
        amount=amount,
        currency=offer["currency"],
        offer_id=offer["offer_id"],
        other_offer=other["offer_id"] if other else "HAV-OFF-SOMEBODYS",
    )


def _announce(db: sqlite3.Connection, offer: sqlite3.Row, confirmed: Decimal) -> None:
    db.execute(
        "UPDATE hv_offers SET announced = ? WHERE number = ?", (str(confirmed), offer["number"])
    )


def _carry_out(world: World, plans: list[Plan]) -> list[tuple[str, Row]]:
    """Send outside any state change; answers what the receiver said, by offer."""
    said: list[tuple[str, Row]] = []
    for plan in plans:
        answers: list[Answer] = []
        if plan.message.url and (plan.times or plan.parallel):
            answers = send(plan.message, plan.times, plan.parallel, "Haveno-relay")
        with world.storage.change() as db:
            webhooks.note(db, plan.message_id, answers)
        said += [(plan.offer_id, {"status": a.status, "body": a.body}) for a in answers]
    return said


def _repeats(fields: Fields) -> tuple[int, int]:
    return fields.whole("times", 1, MOST_TIMES), fields.whole("parallel", 0, MOST_PARALLEL)


def found(db: sqlite3.Connection, key: str) -> sqlite3.Row:
    try:
        return offers.find(db, key)
    except KeyError:
        raise Refused("no such offer", 404) from None
