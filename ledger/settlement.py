"""The only place where money is booked: Payment, the bill's state and what WHMCS must hear."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from ledger import tasks
from ledger.models import AuditEvent, Bill, Delivery, Merchant, Payment
from ledger.money import Money


class SettlementError(Exception):
    """Nothing was written; the message says what differs."""


class CurrencyMismatch(SettlementError):
    """The credit is not in the bill's currency."""


class ReferenceReused(SettlementError):
    """The same reference came with another amount or bill: somebody must look."""


@dataclass(frozen=True, slots=True)
class Receipted:
    """The booked payment; `repeated` is True where it had been booked before."""

    payment: Payment
    repeated: bool


@transaction.atomic
def record_payment(
    *,
    bill_id: int,
    gateway_id: int,
    method: str,
    reference: str,
    credit: Money,
    received: Money | None,
    detail: str,
    now: datetime,
    booked_by: str = "",
    payer: str = "",
) -> Receipted:
    """Book one receipt of money against one bill, once, and owe the news to the biller.

    method     the biller's name of the payment method (WHMCS: the module, "spectrocoin").
    reference  the transaction id it is booked under; unique within the gateway.
    credit     whole units of the bill's currency; already converted. Booked is what of it the biller
               can keep, rounded down.
    received   what the payer sent, in the payer's coin, where known.
    payer      the wallet it came from; "" where that is unknown.
    Repeats    the same gateway, reference, bill and credit returns the first Payment, unchanged.
    Raises     CurrencyMismatch, ReferenceReused (same reference, other content). Neither writes.
    Source     WHMCS has no idempotency keys and does not refuse a repeated AddInvoicePayment, so
               "once" is decided here: https://developers.whmcs.com/api-reference/addinvoicepayment/
    """
    locked = Bill.objects.select_for_update(of=("self",))
    bill = locked.select_related("biller").get(pk=bill_id)
    if credit.currency != bill.currency:
        raise CurrencyMismatch(
            f"{bill.english} is in {bill.currency}, the payment in {credit.currency}"
        )
    # Less than it can keep is nothing it could be told of; then the booking is refused, and seen.
    told, kept = credit, bill.biller.keeps(credit)
    credit = kept if kept.units else credit
    payment, created = Payment.objects.get_or_create(
        gateway_id=gateway_id,
        reference=reference,
        defaults={
            "merchant_id": bill.merchant_id,
            "bill": bill,
            "method": method,
            "credit_units": credit.units,
            "currency": credit.currency,
            "received_units": received.units if received else None,
            "received_currency": received.currency if received else "",
            "detail": detail,
            "payer": payer or None,
            "booked_by": booked_by,
            "created": now,
        },
    )
    if not created:
        # What the biller keeps may have been more when it was booked.
        if payment.bill_id != bill.pk or payment.credit not in (told, credit):
            raise ReferenceReused(
                f"{reference} is booked as {payment.credit} on {payment.bill.english}; "
                f"now it came as {credit} on {bill.english}"
            )
        return Receipted(payment, repeated=True)
    bill.status = status_for(due=bill.due, paid=paid_on(bill))
    bill.save(update_fields=["status"])
    # A website keeps no log of ours.
    noted = () if bill.biller.is_website else (Delivery.Kind.NOTE,)
    Delivery.objects.bulk_create(
        Delivery(
            merchant_id=bill.merchant_id,
            biller_id=bill.biller_id,
            payment=payment,
            bill=bill,
            kind=kind,
            not_before=now,
            created=now,
        )
        for kind in (Delivery.Kind.BOOKING, *noted)
    )
    transaction.on_commit(tasks.wake_outbox)
    return Receipted(payment, repeated=False)


# The code of a delivery whose booking a person took back before the biller was told.
WITHDRAWN = "withdrawn"


def paid_on(bill: Bill) -> Money:
    """The sum of what is booked on the bill and was not taken back."""
    standing = Payment.objects.filter(bill=bill).exclude(deliveries__code=WITHDRAWN)
    units = sum(standing.values_list("credit_units", flat=True))
    return Money(units, bill.currency)


def owed_to_biller(bill: Bill) -> Money:
    """What is booked here and not yet known to have reached the biller.

    A refused booking is one that a person settled by hand, perhaps by paying it back: nobody is
    going to tell the biller, and the invoice may be paid anew.
    """
    settled = (Delivery.Status.DELIVERED, Delivery.Status.REFUSED)
    units = sum(
        Delivery.objects.filter(bill=bill, kind=Delivery.Kind.BOOKING)
        .exclude(status__in=settled)
        .values_list("payment__credit_units", flat=True)
    )
    return Money(units, bill.currency)


def status_for(*, due: Money, paid: Money) -> Bill.Status:
    if paid > due:
        return Bill.Status.OVERPAID
    if paid == due:
        return Bill.Status.PAID
    return Bill.Status.PART_PAID if paid.units else Bill.Status.OPEN


def audit(
    *,
    merchant: Merchant | None,
    actor: str,
    verb: str,
    target: str,
    target_id: int,
    now: datetime,
    reason: str = "",
    detail: str = "",
) -> AuditEvent:
    """Write down what a person did."""
    return AuditEvent.objects.create(
        merchant=merchant,
        actor=actor,
        verb=verb,
        target=target,
        target_id=target_id,
        at=now,
        reason=reason,
        detail=detail,
    )
