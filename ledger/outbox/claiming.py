"""Which delivery may be worked now, and by one worker at a time."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from ledger import breaker
from ledger.models import Bill, Biller, Delivery

Status, Kind = Delivery.Status, Delivery.Kind

# A whole delivery: look 30 s, read the invoice 2 x 30 s, send 60 s, and some slack.
LEASE = timedelta(seconds=180)
LEASES_PER_BILLER = 2


def leased(now: datetime) -> "QuerySet[Delivery]":
    """What workers hold right now."""
    return Delivery.objects.filter(status__in=Delivery.OWED, lease_until__gte=now)


def due(now: datetime) -> Any:
    """Deliveries that may be worked now, oldest first. A log line waits for its booking.

    A biller with all its leases out is passed over, or its queue would keep every other waiting.
    """
    held = leased(now).values("biller").annotate(leases=Count("pk"))
    full = held.filter(leases__gte=LEASES_PER_BILLER).values("biller")
    booked = Delivery.objects.filter(
        payment=OuterRef("payment"), kind=Kind.BOOKING, status=Status.DELIVERED
    )
    return (
        Delivery.objects.filter(
            Q(lease_until__isnull=True) | Q(lease_until__lt=now),
            Q(biller__open_until__isnull=True) | Q(biller__open_until__lte=now),
            Q(kind=Kind.BOOKING) | Exists(booked),
            status__in=Delivery.OWED,
            not_before__lte=now,
            biller__paused=False,
        )
        .exclude(biller__in=full)
        .order_by("not_before", "pk")
        .values_list("pk", flat=True)
    )


def claim(now: datetime) -> Delivery | None:
    """Take one due delivery: lease it and raise its epoch. None where nothing can be taken."""
    for pk in due(now)[:50]:
        if delivery := _claim_one(pk, now):
            return delivery
    return None


@transaction.atomic
def _claim_one(pk: int, now: datetime) -> Delivery | None:
    """The bill's lock keeps two deliveries of one invoice from reading and sending in between; the
    biller's lets workers that ask at once see each other's leases."""
    seen = Delivery.objects.only("bill_id", "biller_id", "epoch").get(pk=pk)
    skip = connection.features.has_select_for_update_skip_locked
    if not Bill.objects.select_for_update(skip_locked=skip).filter(pk=seen.bill_id).exists():
        return None
    biller = Biller.objects.select_for_update(no_key=True).get(pk=seen.biller_id)
    if biller.open_until and biller.open_until > now:
        return None
    if leased(now).filter(bill_id=seen.bill_id).exists():
        return None
    if leased(now).filter(biller_id=seen.biller_id).count() >= LEASES_PER_BILLER:
        return None
    taken = Delivery.objects.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=now),
        pk=pk,
        epoch=seen.epoch,
        status__in=Delivery.OWED,
        not_before__lte=now,
    ).update(lease_until=now + LEASE, epoch=F("epoch") + 1)
    if taken != 1:
        return None
    # A biller that keeps failing is probed by one delivery at a time.
    Biller.objects.filter(pk=seen.biller_id, failures__gte=breaker.AFTER).update(
        open_until=now + LEASE
    )
    return Delivery.objects.select_related("bill", "payment", "biller__merchant").get(pk=pk)
