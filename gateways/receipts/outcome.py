"""What becomes of claim and receipt when a person decides about their order."""

from gateways.models import Claim, Order, Receipt


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
            claim.receipt.reason = (
                "Its claim was refused: match it to another order, or send it back and dismiss it."
            )
            claim.receipt.save(update_fields=["status", "reason"])
        claim.status, claim.receipt = Claim.Status.FAILED, None
        claim.save(update_fields=["status", "receipt"])
        # The reference is the receipt's, which another order may be booked under now.
        order.provider_reference = ""
        order.save(update_fields=["provider_reference"])
