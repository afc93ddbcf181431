"""What a message does to an order that we quoted ourselves: coins are judged by the merchant's rules."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from gateways.accounts import Account
from gateways.models import Order
from gateways.orders.asking import Today
from gateways.orders.judging import GRACE, Coins, judge, judge_settled
from gateways.orders.settling import settle, settle_more
from gateways.orders.states import EDGES, flag, tell
from gateways.orders.telling import Applied, Teller
from gateways.providers.base import Notice, Transfer
from ledger.models import Bill
from ledger.money import Money
from ledger.ports import unix_seconds

log = logging.getLogger(__name__)

Status = Order.Status


def take(
    account: Account,
    order: Order,
    bill: Bill,
    notice: Notice,
    say: Teller,
    today: Today,
    as_of: datetime,
) -> Applied:
    """Judge the coins and do what the verdict says. Bill and order are locked.

    as_of  when the message was true: a list that was asked for before newer news is dropped.
    """
    if notice.detail:
        log.info("order %s: %s", order.pk, notice.detail)
        tell(order, say.now, say.source, text=notice.detail, callback=say.callback)
    if problem := contradiction(order, bill, notice):
        return _flagged(order, say, f"not believed: {problem}", problem, shout=True)
    if notice.transfers is not None and order.heard_at and as_of < order.heard_at:
        return Applied(order, "overtaken by newer news: nothing changed")
    taking = _Taking(account, order, bill, notice, say, _before(order))
    order.heard_at = as_of
    _note(order, notice)
    if notice.status == "unknown":
        unknown = (
            f"The relay says {notice.provider_status!r}, which this version does not know. Look the "
            "offer up there; nothing was changed here."
        )
        return _flagged(
            order, say, f"unknown state {notice.provider_status}", unknown, review=False
        )
    if notice.advice and order.flagged != notice.advice:
        return _flagged(order, say, notice.advice, notice.advice)
    coins = _coins(order, notice, today)
    if order.status == Status.PAID:
        return taking.after(coins)
    if order.status in (Status.REFUNDED, Status.TEST):
        return taking.closed(coins)
    if notice.status == Status.REFUNDED:
        order.attention, order.counted_units = "", order.received_units
        return say("the relay returned the money", to=Status.REFUNDED)
    if notice.status == Status.FAILED and order.status in Order.OPEN and not coins.seen.units:
        return say("withdrawn at the relay", to=Status.FAILED)
    return taking.judged(coins)


def contradiction(order: Order, bill: Bill, notice: Notice) -> str:
    """Why a message is no news of this offer, with what to do; "" where all of it fits."""
    if notice.invoice not in ("", bill.reference):
        return (
            f"A message for offer {order.provider_reference} names invoice {notice.invoice}, but the "
            f"offer is for {bill.english}. Compare both with the relay before anything is booked."
        )
    coin = notice.received
    if coin and coin.units and coin.currency != order.pay_currency:
        return (
            f"Wrong currency: {coin} came for an offer of {order.asked}. Find out at the relay what "
            "was paid, then approve what it is worth, or refuse and refund the payer."
        )
    return ""


@dataclass(frozen=True, slots=True)
class _Before:
    """What was known before this message."""

    seen: Money
    confirmed: Money
    state: tuple[object, ...]


def _before(order: Order) -> _Before:
    return _Before(order.seen, order.confirmed, _state(order))


def _state(order: Order) -> tuple[object, ...]:
    return (order.received_units, order.confirmed_units, order.status, order.attention)


def _own(order: Order, notice: Notice) -> list[Transfer]:
    transfers = notice.transfers or ()
    return [each for each in transfers if each.amount.currency == order.pay_currency]


def _counts(order: Order, transfer: Transfer) -> bool:
    if transfer.counts is not None:
        return transfer.counts
    return transfer.confirmations >= (order.confirmations_required or 0)


def _note(order: Order, notice: Notice) -> None:
    order.provider_status = notice.provider_status[:40]
    if notice.transfers is None:
        # It tells a sum, not what made it up: it can only add to what a list has told.
        seen = notice.received.units if notice.received else 0
        confirmed = notice.confirmed.units if notice.confirmed else 0
        if order.status == Status.PAID and seen <= (order.counted_units or 0):
            return
        order.received_units = max(order.received_units or 0, seen)
        order.confirmed_units = max(order.confirmed_units or 0, confirmed)
        return
    order.confirmations_required = notice.confirmations_required or order.confirmations_required
    own = _own(order, notice)
    order.received_units = sum(each.amount.units for each in own)
    if notice.confirmed and notice.confirmed.currency == order.pay_currency:
        order.confirmed_units = notice.confirmed.units
    else:
        order.confirmed_units = sum(each.amount.units for each in own if _counts(order, each))
    order.confirmations = min((each.confirmations for each in own), default=None)
    if own:
        first = min(each.seen_at for each in own)
        order.first_seen = datetime.fromtimestamp(first, UTC)


def _coins(order: Order, notice: Notice, today: Today) -> Coins:
    ends = order.valid_until or order.created
    on_time, last_seen = order.confirmed, None
    if own := _own(order, notice):
        deadline = unix_seconds(ends + GRACE)
        early = [each for each in own if each.seen_at <= deadline and _counts(order, each)]
        late = [each for each in own if each.seen_at > deadline and _counts(order, each)]
        # Where the list and the sum differ, the smaller part is called on time.
        rest = order.confirmed.units - sum(each.amount.units for each in late)
        units = min(sum(each.amount.units for each in early), max(rest, 0))
        on_time = Money(units, order.pay_currency)
        last_seen = datetime.fromtimestamp(max(each.seen_at for each in own), UTC)
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


def _flagged(
    order: Order,
    say: Teller,
    text: str,
    attention: str,
    *,
    review: bool = True,
    shout: bool = False,
) -> Applied:
    """A person must look, once for each thing: what was dealt with does not come back."""
    if not flag(order, attention):
        order.save()
        return Applied(order, text)
    to = Status.REVIEW if review and Status.REVIEW in EDGES[order.status] else None
    return say(text, to=to, shout=shout)


@dataclass(frozen=True, slots=True)
class _Taking:
    account: Account
    order: Order
    bill: Bill
    notice: Notice
    say: Teller
    before: _Before

    @property
    def counted(self) -> Money:
        return Money(self.order.counted_units or 0, self.order.pay_currency)

    def judged(self, coins: Coins) -> Applied:
        order = self.order
        # Coins that a person has refused stay refused; only what came besides is news.
        coins = coins.beyond(self.counted)
        verdict = judge(coins, self.account.rules, self.say.now)
        if order.status == Status.REVIEW:
            return self._in_review(coins, verdict.attention, verdict.text)
        if verdict.credit is not None and Status.PAID in EDGES[order.status]:
            detail = f"{_detail(order)}; {verdict.text}"
            counts = self.counted + (verdict.counts or coins.confirmed)
            settle(
                self.account, order, self.bill, verdict.credit, self.say.now, detail=detail,
                counts=counts,
            )  # fmt: skip
            order.attention = order.flagged = verdict.attention
            return self.say(verdict.text, to=Status.PAID)
        if verdict.status == order.status or verdict.status not in EDGES[order.status]:
            return self._nothing_new(verdict.text)
        if verdict.status == Status.REVIEW:
            order.attention = order.flagged = verdict.attention
        return self.say(verdict.text, to=verdict.status)

    def _in_review(self, coins: Coins, attention: str, text: str) -> Applied:
        """A person has it in hand; only the figures follow what comes and goes."""
        order = self.order
        moved = (self.before.seen, self.before.confirmed) != (order.seen, order.confirmed)
        if moved:
            order.attention = attention or (
                f"It changed meanwhile: {coins.seen} of {coins.asked} is known now and "
                f"{coins.confirmed} of it counts, worth {coins.worth}. Wait, approve what is there, "
                "or refuse."
            )
        return self._nothing_new(text)

    def after(self, coins: Coins) -> Applied:
        order, say = self.order, self.say
        booked = order.payment.credit if order.payment else order.due
        if self.notice.status == Status.REFUNDED:
            attention = (
                f"{booked} is booked for this order, and now the relay says that it returned the "
                "money. If it did, book the refund in WHMCS (WHMCS has no call for it)."
            )
            return _flagged(order, say, "returned by the relay after it was paid", attention)
        if self.notice.transfers is None and coins.seen < self.counted:
            return self._nothing_new("an older sum: nothing changed")
        after = judge_settled(
            coins, self.counted, booked, self.before.seen, self.account.rules, say.now
        )
        if after.extra is not None:
            settle_more(self.account, order, self.bill, after.extra, say.now, detail=_detail(order))
            return say(after.text)
        if after.attention:
            gone = coins.seen < self.counted
            return _flagged(order, say, after.text, after.attention, shout=gone)
        return self._nothing_new(after.text)

    def closed(self, coins: Coins) -> Applied:
        news = coins.beyond(self.counted)
        text = f"{self.notice.provider_status} after {self.order.status}"
        if not news.seen.units:
            return self._nothing_new(text)
        attention = (
            f"{news.seen} came for an order that is {self.order.status}. Nothing was booked. Refund "
            "it at the relay, or add it to the client's credit in WHMCS."
        )
        return _flagged(self.order, self.say, text, attention)

    def _nothing_new(self, text: str) -> Applied:
        """Tell it if the figures moved; else keep the story short, because this is asked often."""
        if self.before.state != _state(self.order):
            return self.say(text)
        self.order.save()
        return Applied(self.order, text)


def _detail(order: Order) -> str:
    return (
        f"offer {order.provider_reference}: asked {order.asked} at {order.rate} "
        f"{order.currency} each ({order.rate_source}), got {order.confirmed}"
    )
