"""Asking the provider when no message came, and closing what ran out of time."""

import logging
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.db.models import Q

from gateways import accounts
from gateways.models import Order, OrderEvent
from gateways.orders.applying import apply
from gateways.orders.asking import Unheard, informed, is_over
from gateways.orders.judging import LATE_WINDOW
from gateways.orders.states import change, flag, tell
from gateways.orders.telling import Applied
from gateways.providers.base import Notice, Unavailable
from ledger.cipher import SealBroken
from ledger.ports import Clock, jittered, unix_seconds
from ledger.settlement import SettlementError

log = logging.getLogger(__name__)

Status, Source = Order.Status, OrderEvent.Source

BUDGET = timedelta(seconds=45)
SOONEST, LATEST = timedelta(minutes=3), timedelta(minutes=30)
# An order nobody paid is closed this long after its time at the provider, or after it was opened
# where the provider named none. A payment that comes later still finds it.
GRACE, LIFETIME = timedelta(hours=1), timedelta(hours=48)
# Closed orders are asked about for late money until then.
WATCHED = timedelta(hours=96)
# Chains have been reorganised by 18 blocks, half an hour; a day leaves room.
# (Monero, September 2025: https://github.com/monero-project/monero/issues/10064)
AFTER_SETTLING = timedelta(hours=24)
# While a payer looks at the page the relay is asked this often.
LOOK_AGAIN = timedelta(seconds=8)


def poll(*, clock: Clock, budget: timedelta = BUDGET) -> int:
    """Ask about every order whose time has come; how many were asked about."""
    started, asked = clock(), 0
    while clock() - started < budget:
        now = clock()
        order = Order.objects.filter(poll_at__lte=now).order_by("poll_at").first()
        if order is None:
            break
        # The next time is written first: a worker that dies here costs one interval.
        # The last look, too, is only over once it was looked.
        next_at = _next_poll(order, now)
        if not Order.objects.filter(pk=order.pk, poll_at=order.poll_at).update(
            poll_at=next_at or now + SOONEST
        ):
            continue
        asked += 1
        try:
            ask(order, source=Source.POLL, clock=clock)
            close_if_over(order.pk, clock())
            purge_if_due(order.pk, clock)
            if next_at is None:
                end_watch(order.pk, clock())
        except OperationalError:
            raise
        except Exception:
            # One bad order must not keep the others from being asked about.
            log.exception("order %s could not be asked about", order.pk)
    return asked


def ask(order: Order, *, source: str, clock: Clock, actor: str = "") -> Applied:
    """Fetch one order from its provider and believe the answer. Never raises for the outside's sake."""
    begun = clock()
    try:
        account = accounts.load(order.gateway)
        notice = _fetched(account, order)
        if notice is None:
            return Applied(order, "the provider does not know this order (yet)")
        if not _is_about(notice, order):
            named = notice.order_reference or notice.provider_reference
            return Applied(order, f"the provider answered with order {named!r}", True)
        known = informed(account, notice, clock)
    except (Unavailable, SealBroken) as error:
        return Applied(order, f"the provider could not be asked: {error}")
    if isinstance(known, Unheard):
        return Applied(order, known.text)
    try:
        return apply(
            account,
            known.notice,
            source=source,
            now=clock(),
            actor=actor,
            today=known.today,
            as_of=begun,
        )
    except SettlementError as error:
        log.exception("order %s: %s", order.pk, error)
        with transaction.atomic():
            held = Order.objects.select_for_update().get(pk=order.pk)
            if flag(held, str(error)):
                held.save(update_fields=["attention", "flagged"])
                tell(held, clock(), source, text=str(error), actor=actor)
        return Applied(order, str(error), True)


def _fetched(account: accounts.Account, order: Order) -> Notice | None:
    """By the provider's id where a message has named it, else by ours: an id from a signed form is
    a number that the provider's own API does not know."""
    if order.pay_currency:
        if not order.provider_reference:
            return None
        return account.provider.fetch(order.provider_reference, account.credentials)
    ids = [order.provider_reference] if order.provider_status and order.provider_reference else []
    for reference in (*ids, order.reference):
        if notice := account.provider.fetch(reference, account.credentials):
            return notice
    return None


def _is_about(notice: Notice, order: Order) -> bool:
    if notice.order_reference:
        return notice.order_reference == order.reference
    return notice.provider_reference == order.provider_reference


def _next_poll(order: Order, now: datetime) -> datetime | None:
    age = now - order.created
    if now > _watched_until(order):
        return None
    return now + jittered(min(max(age / 4, SOONEST), LATEST))


def _watched_until(order: Order) -> datetime:
    if order.status == Status.PAID:
        return (order.closed or order.created) + AFTER_SETTLING
    if order.pay_currency and order.valid_until:
        return order.valid_until + WATCHED
    return order.created + WATCHED


def look_now(order: Order, now: datetime) -> bool:
    """A payer is looking at the page: ask about the order soon, unless that was done just now.
    True where a worker should be woken."""
    due = Order.objects.filter(pk=order.pk, status__in=(*Order.OPEN, Status.EXPIRED))
    rested = Q(looked_at__isnull=True) | Q(looked_at__lt=now - LOOK_AGAIN)
    return bool(due.filter(rested).update(looked_at=now, poll_at=now))


def ask_soon(gateway_id: int, provider_reference: str, now: datetime) -> None:
    """Somebody said something true about an order, but too late to be believed: ask."""
    orders = Order.objects.filter(gateway_id=gateway_id, provider_reference=provider_reference)
    orders.exclude(pay_currency="").update(poll_at=now)


def purge_if_due(order_id: int, clock: Clock) -> None:
    """Withdraw an offer that nobody paid, once even late money would no longer be booked by itself:
    until then the relay must go on looking at its address."""
    order = Order.objects.select_related("gateway").get(pk=order_id)
    if not _is_to_purge(order, clock()):
        return
    try:
        account = accounts.load(order.gateway)
        gone = account.provider.purge(
            order.reference,
            order.provider_reference,
            account.credentials,
            unix_seconds(clock()),
        )
    except (Unavailable, SealBroken):
        return
    with transaction.atomic():
        held = Order.objects.select_for_update().get(pk=order_id)
        if not gone:
            # It has seen money that its list did not hold when we asked; the next look tells.
            return
        held.purged_at, held.poll_at = clock(), None
        held.save(update_fields=["purged_at", "poll_at"])
        tell(held, clock(), Source.CLOCK, text="purged at the relay")


def _is_to_purge(order: Order, now: datetime) -> bool:
    if not (order.pay_currency and order.provider_reference) or order.purged_at:
        return False
    unpaid = order.status in (Status.EXPIRED, Status.FAILED) and not order.received_units
    over = order.valid_until is not None and now > order.valid_until + LATE_WINDOW
    return unpaid and over and _heard_since_the_end(order)


def _heard_since_the_end(order: Order) -> bool:
    """Whether the relay has answered at all once nobody could pay in time any more."""
    ends = order.valid_until or order.created
    return order.heard_at is not None and order.heard_at > ends


@transaction.atomic
def end_watch(order_id: int, now: datetime) -> None:
    """After the last look nobody asks, so what is open of an offer is for a person."""
    order = Order.objects.select_for_update().get(pk=order_id)
    if now <= _watched_until(order):
        # It was settled by that look, and is watched on for what disappears.
        return
    order.poll_at = None
    order.save(update_fields=["poll_at"])
    shown = bool(order.pay_currency and order.provider_reference)
    if not shown or order.purged_at is not None:
        return
    if order.status not in (*Order.OPEN, Status.EXPIRED, Status.FAILED):
        return
    seen = order.seen.units > (order.counted_units or 0)
    if seen:
        attention = (
            f"{order.seen} was seen for this offer and never became final. Nobody asks about it any "
            "more: look it up at the relay, then fetch it here, or settle it with the payer."
        )
    elif order.received_units:
        return
    elif _heard_since_the_end(order):
        attention = (
            "Nobody paid this offer, but the relay would not withdraw it, as if it had seen money. "
            "Look it up there."
        )
    else:
        attention = (
            "The relay gave no usable answer about this offer since it ended, so it is not known "
            "whether money came for it. Nobody asks any more: look it up at the relay."
        )
    if flag(order, attention):
        change(order, order.status, now, Source.CLOCK, text="no longer asked about: flagged")


@transaction.atomic
def close_if_over(order_id: int, now: datetime) -> None:
    """Close an order that nobody paid in time (its invoice stays payable), and flag one whose money
    was seen but never became final."""
    order = Order.objects.select_for_update().get(pk=order_id)
    if order.pay_currency:
        over = is_over(order, now)
    else:
        over = now > (order.valid_until + GRACE if order.valid_until else order.created + LIFETIME)
    if order.status == Status.NEW and over:
        change(order, Status.EXPIRED, now, Source.CLOCK, text="nobody paid it in time")
    elif order.status == Status.PENDING and now > _watched_until(order) and not order.attention:
        # From here on nobody asks any more, so a person must.
        attention = (
            f"Money was seen for this order, but after {WATCHED.days} days the provider has still not "
            "called it final. Look the order up at the provider, then fetch it here or cancel it."
        )
        if flag(order, attention):
            change(order, order.status, now, Source.CLOCK, text="pending for too long: flagged")
