"""What becomes of claim and receipt when a person decides about their order."""

from datetime import datetime

from gateways.models import Claim, Order, Receipt
from gateways.receipts import joining, wanting
from gateways.receipts.reasons import taken_back
from gateways.wallet.matching import because


def take_receipt(order: Order, *, actor: str, reason: str, now: datetime) -> str:
    """Give the receipt that the order's held claim wants to it; why not, where it cannot be had. The
    caller holds the locks of bill and order."""
    held = Claim.objects.select_for_update().filter(wanting.WANTING, order=order)
    claim = held.order_by("pk").first()
    if claim is None:
        return ""
    receipt = Receipt.objects.select_for_update(of=("self",)).get(parts=claim)
    if why := wanting.why_lost(receipt):
        return why
    claim.receipt = receipt
    claim.save(update_fields=["receipt"])
    receipt.status = Receipt.Status.MATCHED
    receipt.why = [because("matched_by_person", actor=actor, text=reason)]
    receipt.save(update_fields=["status", "why"])
    wanting.note_money(order, receipt)
    order.provider_reference = joining.reference_of(receipt)
    wanting.tell_later(receipt.pk, now)
    return ""


def approved(order: Order) -> None:
    """The order was booked: its receipt is used up."""
    for claim in order.claims.filter(status=Claim.Status.HELD).select_related("receipt"):
        claim.status, claim.payment = Claim.Status.MATCHED, order.payment
        claim.save(update_fields=["status", "payment"])
        if claim.receipt:
            claim.receipt.left_units = 0
            claim.receipt.save(update_fields=["left_units"])


def refused(order: Order) -> None:
    """Nothing was booked: the receipt is free again, for a person to see to."""
    for claim in order.claims.filter(status=Claim.Status.HELD).select_related("receipt"):
        if claim.receipt:
            claim.receipt.status = Receipt.Status.REVIEW
            claim.receipt.why = [because("claim_refused"), *taken_back(claim.receipt.why)]
            claim.receipt.save(update_fields=["status", "why"])
        elif claim.booked_from_id is not None:
            wanting.forget_money(order)
        claim.status, claim.receipt, claim.booked_from = Claim.Status.FAILED, None, None
        claim.save(update_fields=["status", "receipt", "booked_from"])
        # The reference is the receipt's, which another order may be booked under now.
        order.provider_reference = ""
        order.save()
