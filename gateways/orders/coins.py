"""What a message does to an order that we quoted ourselves: coins are judged by the merchant's rules."""

from datetime import UTC, datetime

from gateways.accounts import Account
from gateways.models import Order
from gateways.orders.asking import Today
from gateways.orders.judging import GRACE, Coins, Verdict, judge, judge_settled
from gateways.orders.settling import settle, settle_more
from gateways.orders.states import EDGES
from gateways.orders.telling import Applied, Teller
from gateways.providers.base import Notice
from ledger.models import Bill
from ledger.money import Money
from ledger.ports import unix_seconds

Status = Order.Status


def take(
    account: Account, order: Order, bill: Bill, notice: Notice, say: Teller, today: Today
) -> Applied:
    """Judge the coins and do what the verdict says. Bill and order are locked."""
    if problem := contradiction(order, bill, notice):
        order.attention = problem
        to = Status.REVIEW if Status.REVIEW in EDGES[order.status] else None
        return say(f"not believed: {problem}", to=to, shout=True)
    before = _facts(order)
    _note(order, notice)
    coins = _coins(order, notice, today)
    if notice.status == "unknown":
        order.attention = (
            f"The relay says {notice.provider_status!r}, which this version does not know. Look the "
            "offer up there; nothing was changed here."
        )
        return say(f"unknown state {notice.provider_status}: kept, nothing changed")
    if notice.advice and not order.events.filter(text=notice.advice).exists():
        order.attention = notice.advice
        to = Status.REVIEW if Status.REVIEW in EDGES[order.status] else None
        return say(notice.advice, to=to)
    if order.status == Status.PAID:
        return _after(account, order, bill, coins, notice, say, before)
    if order.status in (Status.REFUNDED, Status.TEST):
        return _nothing_new(order, say, f"{notice.provider_status} after {order.status}")
    if notice.status == Status.REFUNDED:
        order.attention = ""
        return say("the relay returned the money", to=Status.REFUNDED)
    if notice.status == Status.FAILED and order.status in Order.OPEN and not coins.seen.units:
        return say("withdrawn at the relay", to=Status.FAILED)
    return _carry_out(account, order, bill, coins, say, before)


def contradiction(order: Order, bill: Bill, notice: Notice) -> str:
    """Why a message is no news of this offer, with what to do; "" where all of it fits."""
    if notice.invoice not in ("", bill.reference):
        return (
            f"A message for offer {order.provider_reference} names invoice {notice.invoice}, but the "
            f"offer is for {bill}. Compare both with the relay before anything is booked."
        )
    coin = notice.received
    if coin and coin.units and coin.currency != order.pay_currency:
        return (
            f"Wrong currency: {coin} came for an offer of {order.asked}. Find out at the relay what "
            "was paid, then approve what it is worth, or refuse and refund the payer."
        )
    return ""


def _facts(order: Order) -> tuple[object, ...]:
    return (order.received_units, order.confirmed_units, order.status, order.attention)


def _note(order: Order, notice: Notice) -> None:
    order.provider_status = notice.provider_status[:40]
    seen = notice.received.units if notice.received else 0
    confirmed = notice.confirmed.units if notice.confirmed else 0
    if notice.transfers is None:
        # It tells a sum, not what made it up: it can only add to what a list has told.
        order.received_units = max(order.received_units or 0, seen)
        order.confirmed_units = max(order.confirmed_units or 0, confirmed)
        return
    order.received_units, order.confirmed_units = seen, confirmed
    order.confirmations = notice.confirmations if notice.transfers else None
    order.confirmations_required = notice.confirmations_required or order.confirmations_required
    if notice.transfers:
        first = min(transfer.seen_at for transfer in notice.transfers)
        order.first_seen = datetime.fromtimestamp(first, UTC)


def _coins(order: Order, notice: Notice, today: Today) -> Coins:
    ends = order.valid_until or order.created
    on_time, last_seen = order.confirmed, None
    if notice.transfers:
        deadline, needed = unix_seconds(ends + GRACE), order.confirmations_required or 0
        units = sum(
            each.amount.units
            for each in notice.transfers
            if each.seen_at <= deadline and each.confirmations >= needed
        )
        # The sum leaves out locked money, which a transfer does not tell.
        on_time = Money(min(units, order.confirmed.units), order.pay_currency)
        last = max(transfer.seen_at for transfer in notice.transfers)
        last_seen = datetime.fromtimestamp(last, UTC)
    return Coins(
        due=order.due,
        asked=order.asked,
        ends=ends,
        seen=order.seen,
        confirmed=order.confirmed,
        on_time=on_time,
        last_seen=last_seen,
        rate_now=today.rate,
        no_rate=today.why_not or "nobody asked for it",
    )


def _carry_out(
    account: Account,
    order: Order,
    bill: Bill,
    coins: Coins,
    say: Teller,
    before: tuple[object, ...],
) -> Applied:
    verdict = judge(coins, account.rules, say.now)
    if order.status == Status.REVIEW:
        # A person has it in hand; only the figures follow what comes.
        order.attention = verdict.attention or order.attention
        if verdict.credit is not None:
            order.attention = (
                f"{order.confirmed} is here now, worth {verdict.credit}. Approve it, or refuse."
            )
        return _nothing_new(order, say, verdict.text, before)
    if verdict.credit is not None and Status.PAID in EDGES[order.status]:
        detail = f"{_detail(order)}; {verdict.text}"
        settle(account, order, bill, verdict.credit, say.now, detail=detail)
        order.attention = verdict.attention
        return say(verdict.text, to=Status.PAID)
    to = _reachable(order, verdict)
    if to == Status.REVIEW:
        order.attention = verdict.attention
    if to is None:
        return _nothing_new(order, say, verdict.text, before)
    return say(verdict.text, to=to)


def _reachable(order: Order, verdict: Verdict) -> str | None:
    """Where the verdict leads, if there is an edge; late coins of a closed order wait there."""
    if verdict.status in (None, order.status) or verdict.status not in EDGES[order.status]:
        return None
    return verdict.status


def _after(
    account: Account,
    order: Order,
    bill: Bill,
    coins: Coins,
    notice: Notice,
    say: Teller,
    before: tuple[object, ...],
) -> Applied:
    counted = Money(order.counted_units or 0, order.pay_currency)
    booked = order.payment.credit if order.payment else order.due
    told = notice.transfers is not None
    after = judge_settled(coins, counted, booked, account.rules, told=told)
    if after.extra is not None:
        settle_more(account, order, bill, after.extra, say.now, detail=_detail(order))
        return say(after.text)
    if after.attention and before[:2] != _facts(order)[:2]:
        # Once for each change: what a person has dealt with does not come back with every look.
        order.attention = after.attention
        return say(after.text, shout=told and coins.seen < counted)
    return _nothing_new(order, say, after.text, before)


def _nothing_new(
    order: Order, say: Teller, text: str, before: tuple[object, ...] | None = None
) -> Applied:
    """Tell it if the figures moved; else keep the story short, because this is asked often."""
    if before is not None and before != _facts(order):
        return say(text)
    order.save()
    return Applied(order, text)


def _detail(order: Order) -> str:
    return (
        f"offer {order.provider_reference}: asked {order.asked} at {order.rate} "
        f"{order.currency} each ({order.rate_source}), got {order.confirmed}"
    )
