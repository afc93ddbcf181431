"""Rows as the matcher takes them: what came, and every open claim that it might be for."""

from datetime import datetime, timedelta

from django.db import transaction

from gateways.models import EGP, Claim, Order, Receipt, VodafoneCashGateway
from gateways.wallet.matching import Came, Expected, plain_reference
from ledger.models import Bill
from ledger.money import Money
from ledger.ports import unix_seconds

# A popular price has thousands of open claims: whole rows of claim and order would take most of the
# time.
_TOLD = (
    "pk", "amount_units", "phone", "name", "reference", "order__created", "expires",
)  # fmt: skip


def came_of(receipt: Receipt) -> Came:
    return Came(
        amount=receipt.amount,
        phone=receipt.payer_phone,
        name=receipt.payer_name,
        reference=plain_reference(receipt.transaction_id),
        moment=unix_seconds(receipt.happened_at or receipt.sent_at or receipt.received_at),
    )


def expected_of(claim: Claim, store: VodafoneCashGateway) -> Expected:
    """Money for an order may have been sent as soon as it was shown; money that is claimed without
    one, as long ago as the store still takes it."""
    if claim.order is not None:
        opened = claim.order.created
    else:
        opened = claim.created - timedelta(hours=store.receipt_age_hours)
    told = (claim.amount_units, claim.phone, claim.name, claim.reference)
    return _expected(claim.pk, *told, opened, claim.expires, by_amount=store.unique_amounts)


def expect_unique(gateway_id: int, came: Came, now: datetime) -> None:
    """Where amounts tell payers apart, an order expects its own amount though nobody claimed it."""
    if came.amount.units % 100 == 0:
        return
    store = VodafoneCashGateway.objects.get(pk=gateway_id)
    if not store.unique_amounts:
        return
    silent = Order.objects.filter(
        gateway_id=gateway_id,
        bill__kind=Bill.Kind.INVOICE,
        status=Order.Status.NEW,
        payable_units=came.amount.units,
        claims__isnull=True,
    )
    with transaction.atomic():
        held = silent.select_for_update(of=("self",)).select_related("bill").order_by("pk")
        Claim.objects.bulk_create(
            Claim(
                merchant_id=order.merchant_id,
                gateway=store,
                order=order,
                source=Claim.Source.PAGE,
                amount_units=came.amount.units,
                client=order.bill.client,
                created=now,
                expires=order.valid_until or now,
            )
            for order in held
        )


def expected_for(gateway_id: int, came: Came) -> list[Expected]:
    """Every open claim that a receipt might be for: a tie that was left out would be booked wrongly.
    One query for each sign, because one for all of them would read the whole table."""
    stores = VodafoneCashGateway.objects.filter(pk=gateway_id)
    unique_amounts = stores.values_list("unique_amounts", flat=True).get()
    # A claim of a top-up is only being looked for at this moment, by whoever made it.
    live = Claim.objects.filter(
        order__bill__kind=Bill.Kind.INVOICE, gateway_id=gateway_id, status=Claim.Status.OPEN
    ).values_list(*_TOLD)
    same = live.filter(amount_units=came.amount.units)
    queries = [live.filter(phone=came.phone) if came.phone else same.exclude(name="")]
    if unique_amounts and came.amount.units % 100:
        queries.append(same)
    if came.reference:
        queries.append(live.filter(reference=came.reference).exclude(reference=""))
    found = {told[0]: told for query in queries for told in query}
    return [_expected(*told, by_amount=unique_amounts) for told in found.values()]


def _expected(
    number: int,
    units: int,
    phone: str,
    name: str,
    reference: str,
    opened: datetime,
    expires: datetime,
    *,
    by_amount: bool,
) -> Expected:
    return Expected(
        id=number,
        amount=Money(units, EGP),
        phone=phone,
        name=name,
        reference=reference,
        opened=unix_seconds(opened),
        expires=unix_seconds(expires),
        by_amount=by_amount,
    )
