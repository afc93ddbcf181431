"""A person books a receipt as a client's credit: money that plugins and websites claim has no order."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from gateways import accounts
from gateways.models import Claim, Order, Receipt
from gateways.orders.deciding import NotNow
from gateways.receipts import deciding, noting, topping_up
from ledger.billing.base import BillerError
from ledger.bills import credit_currency

# As long as the longest name that a website gives its customer.
CLIENT_CAP = 64


def likely_client(receipt: Receipt) -> str:
    """The client of the latest claim that told this payer and amount and found nothing; else ""."""
    if not receipt.payer_phone:
        return ""
    told = Claim.objects.filter(
        gateway_id=receipt.gateway_id,
        phone=receipt.payer_phone,
        amount_units=receipt.amount_units or 0,
        order=None,
    )
    return told.order_by("-pk").values_list("client", flat=True).first() or ""


def credit(receipt_id: int, client: str, *, actor: str, reason: str, now: datetime) -> str:
    """Book all of it as the client's credit, at the store's rate."""
    receipts = Receipt.objects.select_related("gateway__merchant__biller")
    receipt = receipts.get(pk=receipt_id)
    store, biller = receipt.gateway, receipt.merchant.biller
    if not biller.is_website and not (client.isascii() and client.isdecimal()):
        raise NotNow(_("Give the number of the client in WHMCS, such as 42."))
    try:
        kept = credit_currency(biller, client)
    except BillerError as error:
        raise NotNow(str(error)) from error
    if kept not in ("", store.store_currency):
        said = _("The credit of client {client} is in {currency}, and the store counts in {store}.")
        raise NotNow(said.format(client=client, currency=kept, store=store.store_currency))
    if not topping_up.value_of(store, receipt).units:
        said = _("{amount} is worth nothing in {currency}.")
        raise NotNow(said.format(amount=receipt.amount, currency=store.store_currency))
    with transaction.atomic():
        order = _order_for(receipt, client, now)
        said, booked = deciding.book_parts(
            receipt_id, [(order.pk, receipt.amount)], actor, reason, now
        )
    noting.offer_freed(accounts.load(store), booked.wallet, lambda: now)
    return said


def _order_for(receipt: Receipt, client: str, now: datetime) -> Order:
    claim = Claim.objects.create(
        merchant_id=receipt.merchant_id,
        gateway=receipt.gateway,
        source=Claim.Source.STAFF,
        phone=receipt.payer_phone,
        amount_units=receipt.amount_units or 0,
        client=client,
        created=now,
        expires=now,
    )
    return topping_up.top_up(receipt.gateway, claim, receipt, now)
