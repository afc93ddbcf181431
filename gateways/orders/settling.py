"""The step from an order to the ledger: what is booked for it, and under which reference."""

from datetime import datetime

from gateways.accounts import Account
from gateways.models import Claim, Order
from ledger.models import Bill, Payment
from ledger.money import Money
from ledger.settlement import record_payment


def settle(
    account: Account,
    order: Order,
    bill: Bill,
    credit: Money,
    now: datetime,
    *,
    detail: str,
    booked_by: str = "",
    counts: Money | None = None,
    payer: str = "",
) -> None:
    """Book the order's payment. Raises SettlementError; nothing is written then.

    counts  the coins that the credit stands for, where we quoted.
    payer   the wallet that paid; where it is left out, that of the order's matched claim.
    """
    order.payment = record_payment(
        bill_id=bill.pk,
        gateway_id=order.gateway_id,
        method=account.method,
        reference=account.provider.transaction_id(order.reference, order.provider_reference),
        credit=credit,
        received=_received(order),
        detail=detail,
        now=now,
        booked_by=booked_by,
        payer=payer or _payer(order),
    ).payment
    if counts is not None:
        order.counted_units = counts.units


def settle_more(
    account: Account, order: Order, bill: Bill, credit: Money, now: datetime, *, detail: str
) -> Payment:
    """Book what came for an order that is paid already, under a reference of its own."""
    first = account.provider.transaction_id(order.reference, order.provider_reference)
    before = Payment.objects.filter(gateway_id=order.gateway_id, reference__startswith=f"{first}-")
    surplus = order.confirmed - Money(order.counted_units or 0, order.pay_currency)
    payment = record_payment(
        bill_id=bill.pk,
        gateway_id=order.gateway_id,
        method=account.method,
        reference=f"{first}-{before.count() + 2}",
        credit=credit,
        received=surplus,
        detail=detail,
        now=now,
    ).payment
    order.counted_units = order.confirmed_units
    return payment


def _payer(order: Order) -> str:
    claim = (
        Claim.objects.select_related("receipt").filter(order=order, receipt__isnull=False).first()
    )
    if claim is None or claim.receipt is None:
        return ""
    return claim.receipt.payer_phone or claim.phone


def _received(order: Order) -> Money | None:
    return order.confirmed if order.pay_currency else order.received
