"""What a person may do with a delivery, through the same gate as the machine."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ledger import tasks
from ledger.models import Attempt, Bill, Biller, Delivery, Payment
from ledger.outbox.writing import move
from ledger.settlement import WITHDRAWN, audit, paid_on, status_for

Status = Delivery.Status

BY_HAND = "by_hand"


@transaction.atomic
def retry(delivery_id: int, *, actor: str, now: datetime, reason: str = "") -> str:
    """Try again now, through the same gate. Safe to press twice; answers with one sentence."""
    # Biller first, then delivery: the order in which claims lock.
    Biller.objects.select_for_update(of=("self",), no_key=True).get(delivery=delivery_id)
    delivery = (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("payment", "biller__merchant")
        .get(pk=delivery_id)
    )
    reference = delivery.payment.reference
    if delivery.status == Status.DELIVERED:
        said = _("{reference} is delivered already; nothing was changed.")
        return said.format(reference=reference)
    if delivery.code == WITHDRAWN:
        return _taken_back(reference)
    if delivery.lease_until and delivery.lease_until >= now:
        said = _("{reference} is being worked on right now; nothing was changed.")
        return said.format(reference=reference)
    open_send = delivery.attempts.filter(outcome=Attempt.Outcome.OPEN).exists()
    move(
        delivery,
        Status.UNKNOWN if open_send else Status.READY,
        not_before=now,
        tries=0,
        first_failed=None,
    )
    Biller.objects.filter(pk=delivery.biller_id).update(open_until=None)
    audit(
        merchant=delivery.biller.merchant,
        actor=actor,
        verb="retry delivery",
        target="ledger.delivery",
        target_id=delivery.pk,
        now=now,
        reason=reason,
        detail=f"was {delivery.status}: {delivery.last_message}"[:1000],
    )
    transaction.on_commit(tasks.wake_outbox)
    if delivery.biller.is_website:
        said = _("The website will be told of {reference} again.")
    elif open_send:
        said = _(
            "{reference} will be looked up in WHMCS as soon as WHMCS can no longer be at work on the "
            "last call, and sent only if it is not there."
        )
    else:
        said = _("{reference} will be looked up in WHMCS now, and sent only if it is not there.")
    return said.format(reference=reference)


def _taken_back(reference: str) -> str:
    said = _("{reference} was taken back; its money is booked anew from its receipt.")
    return said.format(reference=reference)


def was_told(payment: Payment) -> bool:
    """Whether the biller has heard of a booking, or may have: also from whoever settled it by hand."""
    sent = Q(attempts__kind=Attempt.Kind.SEND) | Q(status=Status.DELIVERED) | Q(code=BY_HAND)
    return Delivery.objects.filter(sent, payment=payment).exists()


@transaction.atomic
def withdraw(payment: Payment, *, actor: str, reason: str, now: datetime) -> bool:
    """Take back a booking of which the biller cannot have heard; False where it may have."""
    deliveries = list(
        Delivery.objects.select_for_update(of=("self",))
        .select_related("biller__merchant")
        .filter(payment=payment)
        .order_by("pk")
    )
    if was_told(payment):
        return False
    if any(each.lease_until and each.lease_until >= now for each in deliveries):
        return False
    for delivery in deliveries:
        move(
            delivery,
            Status.REFUSED,
            code=WITHDRAWN,
            last_message=f"taken back by {actor}: {reason}",
            way_out="",
            check_at=None,
        )
        audit(
            merchant=delivery.biller.merchant,
            actor=actor,
            verb="withdraw booking",
            target="ledger.delivery",
            target_id=delivery.pk,
            now=now,
            reason=reason,
        )
    bill = Bill.objects.select_for_update().get(pk=payment.bill_id)
    bill.status = status_for(due=bill.due, paid=paid_on(bill))
    bill.save(update_fields=["status"])
    return True


@transaction.atomic
def settle_by_hand(delivery_id: int, *, actor: str, reason: str, now: datetime) -> str:
    """A person has seen to it outside (refunded, or booked it another way): WHMCS is not told."""
    delivery = (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("payment", "biller__merchant")
        .get(pk=delivery_id)
    )
    reference = delivery.payment.reference
    if delivery.code == WITHDRAWN:
        # Under another code its payment would count on the bill again.
        return _taken_back(reference)
    if delivery.status not in (Status.PARKED, Status.REFUSED):
        # The word alone, without what a label says after its colon.
        status = delivery.get_status_display().partition(":")[0]
        said = _("{reference} is {status}: only what is parked is settled by hand.")
        return said.format(reference=reference, status=status)
    move(
        delivery,
        Status.REFUSED,
        code=BY_HAND,
        last_message=f"settled by hand by {actor}: {reason}",
        way_out="",
        check_at=None,
    )
    audit(
        merchant=delivery.biller.merchant,
        actor=actor,
        verb="settle delivery by hand",
        target="ledger.delivery",
        target_id=delivery.pk,
        now=now,
        reason=reason,
        detail=f"was {delivery.status}: {delivery.last_message}"[:1000],
    )
    if delivery.biller.is_website:
        said = _(
            "{reference} is off the list; the website is not told unless somebody presses Retry."
        )
    else:
        said = _(
            "{reference} is off the list; WHMCS is not told of it unless somebody presses Retry."
        )
    return said.format(reference=reference)
