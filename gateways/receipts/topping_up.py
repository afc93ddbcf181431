"""Money that no order had asked for becomes its client's credit."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from gateways.models import EGP, Claim, Order, Receipt, VodafoneCashGateway
from gateways.orders.links import new_pay_token, token_digest
from gateways.orders.states import tell
from gateways.receipts import joining
from gateways.receipts.quoting import worth
from gateways.wallet.matching import because
from ledger.billing.base import BillerError
from ledger.bills import credit_currency
from ledger.models import Bill
from ledger.money import Money
from ledger.ports import new_suffix, new_token

log = logging.getLogger(__name__)

# A payer who comes without an order has sent the money already; the SMS may take a moment.
PATIENCE = timedelta(minutes=10)


def keeps_currency(gateway: VodafoneCashGateway, known: Claim, receipt: Receipt) -> bool:
    """Whether the client's credit is in the store's currency: nothing that is booked as credit says
    which one it is in."""
    try:
        currency = credit_currency(gateway.merchant.biller, known.client)
    except BillerError as error:
        log.warning("claim %s: the client's currency is not known: %s", known.pk, error)
        return False
    if currency in ("", gateway.store_currency):
        return True
    if known.hold:
        # Nobody who shows no key puts another's money aside by naming a client.
        return False
    kept = {"currency": currency, "store": gateway.store_currency}
    joining.review(receipt.pk, because("other_currency", client=known.client, **kept))
    return False


def value_of(gateway: VodafoneCashGateway, receipt: Receipt) -> Money:
    """What the biller can keep of it; perhaps nothing."""
    value = worth(gateway, receipt.amount, gateway.store_currency)
    return gateway.merchant.biller.keeps(value)


@transaction.atomic
def top_up(gateway: VodafoneCashGateway, known: Claim, receipt: Receipt, now: datetime) -> Order:
    """A bill and an order for money that nobody had asked for: it becomes the client's credit."""
    merchant = gateway.merchant
    value = value_of(gateway, receipt)
    bill = Bill(
        merchant=merchant,
        biller=merchant.biller,
        kind=Bill.Kind.CREDIT,
        reference=f"claim-{known.pk}",
        client=known.client,
        currency=value.currency,
        due_units=value.units,
        created=now,
    )
    # Whoever asks the same at the same moment makes the same bill.
    Bill.objects.bulk_create([bill], ignore_conflicts=True)
    bill = Bill.objects.select_for_update().get(
        biller=merchant.biller, kind=Bill.Kind.CREDIT, reference=bill.reference
    )
    held = Claim.objects.select_related("order").get(pk=known.pk)
    if held.order is not None:
        return held.order
    nonce = new_token()
    order = Order.objects.create(
        merchant=merchant,
        gateway=gateway,
        bill=bill,
        reference=f"{bill.reference}-{new_suffix()}",
        due_units=value.units,
        currency=value.currency,
        pay_currency=EGP,
        received_currency=EGP,
        payable_units=known.amount_units,
        rate=gateway.rate,
        rate_source="store rate",
        valid_until=now + PATIENCE,
        token_nonce=nonce,
        token_digest=token_digest(new_pay_token(nonce)),
        created=now,
    )
    tell(order, now, joining.Source.PAYER, after=order.status, text=f"claimed by {known}")
    Claim.objects.filter(pk=known.pk).update(order=order)
    return order
