"""Stored messages of a store: what its phones forwarded, and what vodafoncash.com reports."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from django.db import transaction
from django.db.models import QuerySet

from gateways import accounts
from gateways.accounts import Account
from gateways.models import EGP, Callback, Claim, Order, OrderEvent
from gateways.orders.settling import settle
from gateways.orders.states import EDGES, change, flag
from gateways.providers.base import Inbound
from gateways.providers.vodafonecash import PlatformPayment, VodafoneCash
from gateways.receipts import joining, noting
from gateways.receipts.quoting import store_rate
from gateways.wallet.phones import local_phone
from ledger.models import Bill
from ledger.money import Money
from ledger.ports import Clock

Source = OrderEvent.Source

# What a phone proved when it uploaded is not proved again: its one-time codes are masked since.
PROOFS = ("header_key", "smsgate_key", "httpsms_key", "smsforwarder_secret")
# The platform reports a payment soon after it was claimed.
CLAIMED_WITHIN = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became of a stored message. `shout` where a person must look at the message itself."""

    text: str
    order: Order | None = None
    shout: bool = False


def take(callback: Callback, inbound: Inbound, clock: Clock) -> Arrived:
    """Work one stored message of a store. Raises Rejected, SealBroken."""
    if callback.phone is None:
        account = accounts.load(callback.gateway)
        payment = _provider(account).platform_paid(inbound)
        return _platform_paid(account, payment, callback, clock)
    account = accounts.of_phone(callback.phone)
    unproved = {**account.credentials, **dict.fromkeys(PROOFS, "")}
    upload = _provider(account).uploaded(inbound, unproved)
    verdicts = noting.note(account, callback.phone, callback, upload, clock)
    counted = Counter(verdicts)
    text = ", ".join(f"{count} {word}" for word, count in counted.items())
    return Arrived(text or upload.ignored or "no message in it")


def _provider(account: Account) -> VodafoneCash:
    return cast(VodafoneCash, account.provider)


@transaction.atomic
def _platform_paid(
    account: Account, payment: PlatformPayment, callback: Callback, clock: Clock
) -> Arrived:
    """Book what the platform reports on the order that claimed it, once."""
    now = clock()
    claims = Claim.objects.select_related("order", "gateway").filter(
        gateway_id=account.gateway_id,
        phone=local_phone(payment.phone) or payment.phone,
        client=payment.user_name,
        order__isnull=False,
        created__gte=now - CLAIMED_WITHIN,
    )
    known = claims.filter(upstream_id=payment.trans_id).first()
    found = known or _claim_of_amount(claims.filter(payment__isnull=True, upstream_id=""), payment)
    if found is None or found.order is None:
        return Arrived(
            f"no claim fits the payment {payment.trans_id} of {payment.amount} by {payment.phone} "
            f"for {payment.user_name}: find out whose it is, and book it by hand",
            shout=True,
        )
    bill = Bill.objects.select_for_update().get(pk=found.order.bill_id)
    order = Order.objects.select_for_update().get(pk=found.order.pk)
    claim = Claim.objects.select_for_update(of=("self",)).select_related("gateway").get(pk=found.pk)
    credit = _credit(claim, order, payment)
    if claim.upstream_id or claim.payment_id is not None:
        held = order.payment.credit if order.payment else None
        same = claim.upstream_id == payment.trans_id and held in (None, credit)
        text = "known already: nothing changed"
        if not same:
            text = (
                f"{payment.trans_id} reports {credit}, but {claim.upstream_id} is known for this claim "
                f"({held or 'not booked yet'}): compare both with vodafoncash.com"
            )
        return Arrived(text, order, shout=not same)
    claim.upstream_id = order.provider_reference = payment.trans_id
    order.provider_status = "PAID"
    order.received_units = order.confirmed_units = claim.amount_units
    attention = ""
    if credit < order.due:
        attention = (
            f"vodafoncash.com reports {credit} for an order of {order.due}. Approve {credit}, or refuse "
            "and settle it with the payer."
        )
    elif "paid" not in EDGES[order.status]:
        attention = f"vodafoncash.com reports {credit} for an order that is {order.status}."
    if attention:
        claim.status = Claim.Status.HELD
        claim.save()
        flag(order, attention)
        to = "review" if "review" in EDGES[order.status] else order.status
        change(order, to, now, Source.CALLBACK, text=attention, callback=callback)
        return Arrived(attention, order)
    detail = f"reported by vodafoncash.com: {claim.amount} from {claim.phone}"
    settle(
        account, order, bill, credit, now, detail=detail, counts=order.confirmed, payer=claim.phone
    )
    order.attention = ""
    claim.status, claim.payment = Claim.Status.MATCHED, order.payment
    claim.save()
    text = f"{detail}: {credit} booked"
    change(order, "paid", now, Source.CALLBACK, text=text, callback=callback)
    return Arrived(text, order)


def _claim_of_amount(claims: QuerySet[Claim], payment: PlatformPayment) -> Claim | None:
    """The one whose order asks for what was paid; the only one there is, whatever it asks for."""
    waiting = list(claims.order_by("-created"))
    fitting = [
        claim
        for claim in waiting
        if claim.order
        and claim.order.due
        <= _credit(claim, claim.order, payment)
        <= joining.credit_for(claim.gateway, claim.order, claim.amount)
    ]
    if len(fitting) == 1:
        return fitting[0]
    return waiting[0] if len(waiting) == 1 else None


def _credit(claim: Claim, order: Order, payment: PlatformPayment) -> Money:
    """What the platform reports, in the bill's currency: one shape tells pounds, the other the
    store's currency, with decimals that are not documented. Raises MoneyError."""
    store = claim.gateway
    if payment.currency == EGP:
        return joining.credit_for(store, order, Money.parse(payment.amount, EGP))
    if order.currency == EGP:
        reported = Money.nearest(payment.amount, store.store_currency)
        return store_rate(store, store.store_currency).turned().worth_of(reported)
    return order.merchant.biller.keeps(Money.nearest(payment.amount, order.currency))
