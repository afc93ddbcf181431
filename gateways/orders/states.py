"""The edges an order may move along, and the one place that moves it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateways.models import Order, OrderEvent

Status = Order.Status

# A late message never un-pays an order; what is closed may still turn out to be paid.
EDGES: Mapping[str, frozenset[str]] = {
    Status.NEW: frozenset(
        {
            Status.PENDING,
            Status.PAID,
            Status.FAILED,
            Status.EXPIRED,
            Status.TEST,
            Status.REVIEW,
            Status.REFUNDED,
        }
    ),
    Status.PENDING: frozenset(
        {
            Status.PAID,
            Status.FAILED,
            Status.EXPIRED,
            Status.TEST,
            Status.REVIEW,
            Status.REFUNDED,
        }
    ),
    Status.FAILED: frozenset({Status.PAID, Status.REVIEW, Status.REFUNDED}),
    Status.EXPIRED: frozenset({Status.PAID, Status.REVIEW, Status.REFUNDED, Status.FAILED}),
    Status.REVIEW: frozenset({Status.PAID, Status.REFUNDED, Status.FAILED}),
    Status.PAID: frozenset(),
    Status.TEST: frozenset(),
    Status.REFUNDED: frozenset(),
}
CLOSED = frozenset(Status) - {Status.NEW, Status.PENDING, Status.REVIEW}


def change(order: Order, to: str, now: datetime, source: str, **event: Any) -> None:
    """Move the order (or leave it where it is) and write its event."""
    before = order.status
    if to != before:
        if to not in EDGES[before]:
            raise ValueError(f"order {order.pk} does not go from {before} to {to}")
        order.status = to
        order.closed = now if to in CLOSED else None
        if to == Status.PAID and order.pay_currency:
            # Coins can still go away in a reorganisation of their chain, so they are watched on.
            order.poll_at = order.poll_at or now
        elif to in (Status.PAID, Status.TEST, Status.REFUNDED):
            order.poll_at = None
    order.save()
    tell(order, now, source, before=before, after=order.status, **event)


def unpay(order: Order, now: datetime, *, actor: str, text: str) -> None:
    """A person takes back a booking that nobody was told of: the order is closed, and its bill open
    to whoever pays it."""
    before, order.status = order.status, Status.EXPIRED
    order.payment, order.closed, order.attention = None, now, ""
    order.provider_reference = ""
    order.save()
    source = OrderEvent.Source.STAFF
    tell(order, now, source, before=before, after=order.status, actor=actor, text=text)


def flag(order: Order, attention: str) -> bool:
    """Put an order before a person, unless it was for exactly this reason the last time: what was
    dealt with does not come back with every look. True where it is new."""
    if order.flagged == attention:
        return False
    order.attention = order.flagged = attention
    return True


def tell(order: Order, now: datetime, source: str, **event: Any) -> None:
    """Write one line of the order's story."""
    OrderEvent.objects.create(order=order, at=now, source=source, **event)
