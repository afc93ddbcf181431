"""Asking the provider when no message came, and closing what ran out of time."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from gateways import accounts
from gateways.models import Order, OrderEvent
from gateways.orders.applying import Applied, apply
from gateways.orders.states import change, tell
from gateways.providers.base import Notice, Unavailable
from ledger.cipher import SealBroken
from ledger.ports import Clock, jittered
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


def poll(*, clock: Clock, budget: timedelta = BUDGET) -> int:
    """Ask about every order whose time has come; how many were asked about."""
    started, asked = clock(), 0
    while clock() - started < budget:
        now = clock()
        order = Order.objects.filter(poll_at__lte=now).order_by("poll_at").first()
        if order is None:
            break
        # The next time is written first: a worker that dies here costs one interval.
        if not Order.objects.filter(pk=order.pk, poll_at=order.poll_at).update(
            poll_at=_next_poll(order, now)
        ):
            continue
        ask(order, source=Source.POLL, clock=clock)
        close_if_over(order.pk, clock())
        asked += 1
    return asked


def ask(order: Order, *, source: str, clock: Clock, actor: str = "") -> Applied:
    """Fetch one order from its provider and believe the answer. Never raises for the outside's sake."""
    try:
        account = accounts.load(order.gateway)
        notice = _fetched(account, order)
    except (Unavailable, SealBroken) as error:
        return Applied(order, f"the provider could not be asked: {error}")
    if notice is None:
        return Applied(order, "the provider does not know this order (yet)")
    if notice.order_reference != order.reference:
        return Applied(order, f"the provider answered with order {notice.order_reference!r}", True)
    try:
        return apply(account, notice, source=source, now=clock(), actor=actor)
    except SettlementError as error:
        log.exception("order %s: %s", order.pk, error)
        with transaction.atomic():
            held = Order.objects.select_for_update().get(pk=order.pk)
            held.attention = str(error)
            held.save(update_fields=["attention"])
            tell(held, clock(), source, text=str(error), actor=actor)
        return Applied(order, str(error), True)


def _fetched(account: accounts.Account, order: Order) -> Notice | None:
    """By the provider's id where a message has named it, else by ours: an id from a signed form is
    a number that the provider's own API does not know."""
    ids = [order.provider_reference] if order.provider_status and order.provider_reference else []
    for reference in (*ids, order.reference):
        if notice := account.provider.fetch(reference, account.credentials):
            return notice
    return None


def _next_poll(order: Order, now: datetime) -> datetime | None:
    age = now - order.created
    if age > WATCHED:
        return None
    return now + jittered(min(max(age / 4, SOONEST), LATEST))


@transaction.atomic
def close_if_over(order_id: int, now: datetime) -> None:
    """Close an order that nobody paid in time (its invoice stays payable), and flag one whose money
    was seen but never became final."""
    order = Order.objects.select_for_update().get(pk=order_id)
    over = order.valid_until + GRACE if order.valid_until else order.created + LIFETIME
    if order.status == Status.NEW and now > over:
        change(order, Status.EXPIRED, now, Source.CLOCK, text="nobody paid it in time")
    elif order.status == Status.PENDING and now - order.created > WATCHED and not order.attention:
        # From here on nobody asks any more, so a person must.
        order.attention = (
            f"Money was seen for this order, but after {WATCHED.days} days the provider has still not "
            "called it final. Look the order up at the provider, then fetch it here or cancel it."
        )
        change(order, order.status, now, Source.CLOCK, text="pending for too long: flagged")
