"""What can happen to an order: each checkout button and each `act` call comes here."""

import json
import sqlite3
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from sandbox.sending import MOST_PARALLEL, MOST_TIMES, Answer, Message, send
from sandbox.spectrocoin import callbacks, market, orders, settings, statuses
from sandbox.spectrocoin.signing import EIGHT_PLACES, canonical_amount
from sandbox.storage import Settings
from sandbox.web import Fields, Refused, World

KEEP = None
# The status an action leads to, and the share of the pay amount that has come in by then.
ACTIONS: dict[str, tuple[str, Decimal | None]] = {
    "pay": ("PAID", Decimal(1)),
    "pending": ("PENDING", Decimal(1)),
    "partial": ("PARTIAL_PAYMENT", Decimal("0.5")),
    "underpaid": ("UNDERPAID", Decimal("0.9")),
    "over": ("PAID", Decimal("1.25")),
    "twice": ("PAID", Decimal(2)),
    "late": ("LATE_CRYPTO_PAYMENT", Decimal(1)),
    "late_pending": ("PENDING_LATE_CRYPTO_PAYMENT", Decimal(1)),
    "expire": ("EXPIRED", KEEP),
    "fail": ("FAILED", KEEP),
    "cancel": ("CANCELLED", KEEP),
    "reject": ("REJECTED", KEEP),
    "refund": ("REFUNDED", KEEP),
    "test": ("TEST", Decimal(1)),
    "test_paid": ("TEST_PAID", Decimal(1)),
}
# A project in test mode ends in test statuses, as the newest vendor plugins list them.
IN_TEST_MODE = {"PAID": "TEST_PAID", "EXPIRED": "TEST_EXPIRED"}
MEMBERS = (
    "action", "status", "received", "receive_currency", "receive_amount", "pay_currency", "coin",
    "kind", "callback", "forge", "times", "parallel",
)  # fmt: skip

# The order afterwards, and what the receiver answered each time.
Acted = tuple[dict[str, object], list[dict[str, object]]]


@dataclass(frozen=True)
class Plan:
    """A stored message and how often to send it; `times` 0 and `parallel` 0 means not at all."""

    pre_order_id: str
    message_id: int
    message: Message
    times: int
    parallel: int


def act(world: World, key: str, fields: Fields) -> Acted:
    """Change the order, send its callback; answers the order and the receiver's answers."""
    fields.only(*MEMBERS)
    with world.storage.change() as db:
        plan = _plan(db, _found(db, key), fields)
    return _carry_out(world, plan)


def resend(world: World, key: str, fields: Fields) -> Acted:
    """Send the last callback's exact bytes again."""
    fields.only("times", "parallel")
    with world.storage.change() as db:
        order = _found(db, key)
        message_id, message = callbacks.last(db, order["number"])
    times, parallel = _repeats(fields)
    plan = Plan(order["pre_order_id"], message_id, message, times, parallel)
    return _carry_out(world, plan)


def _carry_out(world: World, plan: Plan) -> Acted:
    answers: list[Answer] = []
    if plan.message.url and (plan.times or plan.parallel):
        answers = send(plan.message, plan.times, plan.parallel, "SpectroCoin")
    with world.storage.change() as db:
        callbacks.note(db, plan.message_id, answers)
        order = orders.in_control(db, _found(db, plan.pre_order_id))
    return order, [{"status": a.status, "body": a.body} for a in answers]


def _plan(db: sqlite3.Connection, order: sqlite3.Row, fields: Fields) -> Plan:
    project = settings.read(db)
    kind = fields.choice("kind", ("form", "json"), settings.text(project, "callback_kind"))
    forge = fields.text("forge")
    callbacks.check_forgery(kind, forge)
    asked = order["pay_currency"] if order["pay_currency"] in market.COINS else "BTC"
    coin = fields.choice("coin", market.COINS, asked)
    before = order["status"]
    order = orders.choose_coin(db, order, coin)

    status, received = _outcome(order, project, fields)
    lies = _lies(fields)
    if not forge:
        db.execute(
            "UPDATE sc_orders SET status = ?, received_amount = ?, lies = ? WHERE number = ?",
            (status, received, json.dumps(lies), order["number"]),
        )
    told = callbacks.Told(
        order_id=order["order_id"],
        merchant_order_id=order["merchant_order_id"],
        number=order["number"],
        description=order["description"],
        pay_currency=lies.get("payCurrencyCode", order["pay_currency"]),
        pay_amount=canonical_amount(Decimal(order["pay_amount"])),
        receive_currency=lies.get("receiveCurrencyCode", order["receive_currency"]),
        receive_amount=lies.get(
            "receiveAmount", canonical_amount(Decimal(order["receive_amount"]))
        ),
        received_amount=canonical_amount(Decimal(received)),
        status=status,
        before=before,
    )
    build = callbacks.form if kind == "form" else callbacks.doorbell
    message = build(told, project, order["callback_url"], forge)
    message_id = callbacks.keep(db, order["number"], kind, status, forge, message)
    times, parallel = _repeats(fields) if fields.flag("callback", True) else (0, 0)
    return Plan(order["pre_order_id"], message_id, message, times, parallel)


def _outcome(order: sqlite3.Row, project: Settings, fields: Fields) -> tuple[str, str]:
    """The status to reach and the coins received by then."""
    action = fields.choice("action", (*ACTIONS, "status"), "")
    if action == "status":
        status = statuses.stored(fields.text("status"))
        if not status:
            raise Refused("action status needs a status")
        share = next((share for word, share in ACTIONS.values() if word == status), KEEP)
    else:
        status, share = ACTIONS[action]
        if project["test_mode"]:
            status = IN_TEST_MODE.get(status, status)
    received = fields.amount("received")
    if received is None and share is not KEEP:
        exact = Decimal(order["pay_amount"]) * share
        received = exact.quantize(EIGHT_PLACES, ROUND_HALF_UP)
    return status, order["received_amount"] if received is None else str(received)


def _lies(fields: Fields) -> dict[str, str]:
    """What this callback, and every fetch until the next action, wrongly says."""
    lies: dict[str, str] = {}
    if fields.text("receive_currency"):
        lies["receiveCurrencyCode"] = fields.text("receive_currency")
    if fields.text("pay_currency"):
        lies["payCurrencyCode"] = fields.text("pay_currency")
    amount = fields.amount("receive_amount")
    if amount is not None:
        lies["receiveAmount"] = canonical_amount(amount)
    return lies


def _repeats(fields: Fields) -> tuple[int, int]:
    return fields.whole("times", 1, MOST_TIMES), fields.whole("parallel", 0, MOST_PARALLEL)


def _found(db: sqlite3.Connection, key: str) -> sqlite3.Row:
    try:
        return orders.find(db, key)
    except KeyError:
        raise Refused("no such order", 404) from None
