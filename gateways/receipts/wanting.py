"""Held claims that want a receipt without having it.

Who shows no key may name anybody's phone, and keeps nobody's money from its payer by it: the claim
remembers the receipt in `booked_from`, and the receipt stays free for a claim that shows more, until
a person approves one of those that want it.
"""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import translation
from django.utils.translation import gettext as _

from gateways.models import Claim, Order, OrderEvent, Receipt
from gateways.orders.states import change, flag
from ledger.models import Bill

Status, Source = Receipt.Status, OrderEvent.Source

ANTI_SPAM = "Anti-spam:"
LOST = f"{ANTI_SPAM} its transfer"
WANTING = Q(status=Claim.Status.HELD, receipt=None, payment=None) & Q(
    order__isnull=False, booked_from__isnull=False
)


def is_wanted() -> Exists:
    """Of a receipt in a query."""
    return Exists(Claim.objects.filter(WANTING, booked_from=OuterRef("pk")))


def want(claim: Claim, order: Order, receipt: Receipt, now: datetime, *, by: str) -> None:
    """Put it before a person; the receipt stays as it is. The caller holds the locks."""
    claim.status, claim.booked_from = Claim.Status.HELD, receipt
    claim.save(update_fields=["status", "booked_from"])
    flag(order, claim.hold)
    text = f"{receipt} fits by {by}, and stays free until this is approved; {claim.hold}"
    change(order, Order.Status.REVIEW, now, Source.CALLBACK, text=text)


def why_lost(receipt: Receipt) -> str:
    """Why a wanted receipt cannot be had, as the end of a sentence; "" where it is free."""
    if receipt.status == Status.NEW:
        return ""
    if receipt.status == Status.DISMISSED:
        return _("its transfer was dismissed meanwhile. Refuse this claim.")
    if receipt.status != Status.MATCHED:
        said = _(
            "its transfer waits for a person itself. {why} Match it under Receipts, or refuse this "
            "claim."
        )
        return said.format(why=receipt.reason)
    winners = Claim.objects.filter(Q(receipt=receipt) | Q(booked_from=receipt)).exclude(WANTING)
    orders = Order.objects.filter(claims__in=winners).order_by("pk").distinct()
    named = ", ".join(orders.values_list("reference", flat=True))
    said = _("its transfer was used for {orders} meanwhile. Refuse this claim.")
    return said.format(orders=named)


def tell_later(receipt_id: int, now: datetime) -> None:
    """Tell the losers once the receipt is given away for good; the sweep finds who was missed."""
    transaction.on_commit(partial(tell_losers, now, receipt_id), robust=True)


def tell_losers(now: datetime, receipt_id: int | None = None) -> int:
    """Orders whose receipt went to somebody else say so to the person who looks at them."""
    lost = Claim.objects.filter(WANTING, order__status=Order.Status.REVIEW)
    lost = lost.exclude(booked_from__status=Status.NEW).exclude(order__attention__startswith=LOST)
    if receipt_id is not None:
        lost = lost.filter(booked_from=receipt_id)
    ids = list(lost.order_by("pk").values_list("pk", flat=True))
    return sum(_tell(claim_id, now) for claim_id in ids)


@transaction.atomic
def _tell(claim_id: int, now: datetime) -> bool:
    found = Claim.objects.select_related("order").get(pk=claim_id)
    if found.order is None:
        return False
    Bill.objects.select_for_update().get(pk=found.order.bill_id)
    order = Order.objects.select_for_update().get(pk=found.order.pk)
    claim = Claim.objects.filter(WANTING, pk=claim_id).select_related("booked_from").first()
    with translation.override("en"):
        why = why_lost(claim.booked_from) if claim and claim.booked_from else ""
    if not why or order.status != Order.Status.REVIEW:
        return False
    forget_money(order)
    attention = f"{ANTI_SPAM} {why}"
    flag(order, attention)
    change(order, order.status, now, Source.CLOCK, text=attention)
    return True


def note_money(order: Order, receipt: Receipt) -> None:
    """What came for it. The caller saves."""
    order.provider_status = "RECEIVED"
    order.received_units = order.confirmed_units = receipt.amount_units
    order.first_seen = receipt.happened_at or receipt.received_at


def forget_money(order: Order) -> None:
    """What it wanted was never its own. The caller saves."""
    order.received_units = order.confirmed_units = order.counted_units = None
    order.first_seen = None
