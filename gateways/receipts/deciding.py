"""What a person may do with a receipt. Each answers with one sentence and leaves an audit event."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from gateways import accounts
from gateways.accounts import Account
from gateways.models import EGP, Claim, Order, OrderEvent, Receipt
from gateways.orders.deciding import NotNow
from gateways.orders.states import EDGES, change, unpay
from gateways.receipts import joining, noting
from ledger.models import Bill
from ledger.money import Money
from ledger.outbox.deciding import withdraw
from ledger.ports import Clock
from ledger.settlement import SettlementError, audit

Status, Source = Receipt.Status, OrderEvent.Source

WAITING = (Status.NEW, Status.REVIEW)
SHOWN = 10


def candidates_for(receipt: Receipt) -> list[tuple[Order, str]]:
    """The orders that it might be for, likeliest first, each with the reason."""
    orders = Order.objects.select_related("bill", "merchant").filter(gateway_id=receipt.gateway_id)
    claimed = Q(claims__phone=receipt.payer_phone) if receipt.payer_phone else Q(pk=None)
    if receipt.transaction_id:
        claimed |= Q(claims__reference=receipt.transaction_id)
    payable = orders.filter(status__in=[status for status in EDGES if "paid" in EDGES[status]])
    found: dict[int, tuple[Order, str]] = {}
    for order in payable.filter(claimed).distinct().order_by("-created")[:SHOWN]:
        found[order.pk] = (order, _why(order, receipt, "the payer claimed to have paid it"))
    same = payable.filter(payable_units=receipt.amount_units, status__in=Order.OPEN)
    for order in same.order_by("-created")[:SHOWN]:
        found.setdefault(order.pk, (order, "the same amount is asked for"))
    return list(found.values())[:SHOWN]


def _why(order: Order, receipt: Receipt, reason: str) -> str:
    if order.asked == receipt.amount:
        return f"{reason}, and the amount is the same"
    if order.asked > receipt.amount:
        return f"{reason}, but {order.asked - receipt.amount} less came than was asked for"
    return f"{reason}, but {receipt.amount - order.asked} more came than was asked for"


def match(receipt_id: int, order_id: int, *, actor: str, reason: str, now: datetime) -> str:
    """Book all of a receipt on one order: what it is worth, whatever was asked for."""
    amount = Receipt.objects.get(pk=receipt_id).amount
    return split(receipt_id, [(order_id, amount)], actor=actor, reason=reason, now=now)


@transaction.atomic
def split(
    receipt_id: int,
    parts: Sequence[tuple[int, Money]],
    *,
    actor: str,
    reason: str,
    now: datetime,
) -> str:
    """Book the parts of a receipt on several orders; together they are the whole of it."""
    ids = [order_id for order_id, _ in parts]
    bills = Order.objects.filter(pk__in=ids).values_list("bill_id", flat=True)
    # Everybody locks bills first, then orders, then receipts, each by their ids.
    list(Bill.objects.select_for_update().filter(pk__in=list(bills)).order_by("pk"))
    orders = {
        order.pk: order
        for order in Order.objects.select_for_update(of=("self",))
        .select_related("bill", "gateway")
        .filter(pk__in=ids)
        .order_by("pk")
    }
    receipt = Receipt.objects.select_for_update(of=("self",)).select_related("merchant").get(
        pk=receipt_id
    )  # fmt: skip
    if receipt.status not in WAITING:
        raise NotNow(
            f"This receipt is {receipt.get_status_display()}; only waiting ones are matched."
        )
    total = sum(part.units for _, part in parts)
    if total != receipt.amount_units or any(part.units <= 0 for _, part in parts):
        raise NotNow(f"The parts must be above zero and together {receipt.amount}.")
    if len(orders) < len(ids):
        raise NotNow("Each part needs an order of its own.")
    for number, (order_id, part) in enumerate(parts):
        order = orders[order_id]
        if order.gateway_id != receipt.gateway_id:
            raise NotNow(f"{order.reference} is not this store's.")
        if "paid" not in EDGES[order.status]:
            raise NotNow(f"{order.reference} is {order.status} and takes no money.")
        if order.claims.filter(status=Claim.Status.HELD, receipt__isnull=False).exists():
            raise NotNow(f"{order.reference} holds another receipt: approve or refuse it first.")
        _book(receipt, order, part, actor, reason, now, is_first=number == 0)
    receipt.status, receipt.reason = Status.MATCHED, f"matched by {actor}: {reason}"
    receipt.left_units = 0
    receipt.save()
    if receipt.wallet and receipt.balance_units is not None:
        # Whoever matches it has looked at the wallet: the chain goes on from here.
        balance = Money(receipt.balance_units, EGP)
        noting.set_balance(receipt.wallet, balance, receipt.sent_at or receipt.received_at)
    named = ", ".join(orders[order_id].reference for order_id in ids)
    _audit(receipt, actor, "match receipt", now, reason, f"{receipt.amount} to {named}")
    return f"{receipt.amount} is booked for {named}; WHMCS is told now."


def _book(
    receipt: Receipt,
    order: Order,
    part: Money,
    actor: str,
    reason: str,
    now: datetime,
    *,
    is_first: bool,
) -> None:
    order.provider_reference = joining.reference_of(receipt)
    order.provider_status = "RECEIVED"
    order.received_units = order.confirmed_units = part.units
    # Whoever claimed this order before is answered by what happens to it now.
    order.claims.filter(status__in=(Claim.Status.OPEN, Claim.Status.HELD)).update(
        status=Claim.Status.EXPIRED, receipt=None
    )
    store = receipt.gateway
    claim = Claim.objects.create(
        merchant_id=receipt.merchant_id,
        gateway=store,
        order=order,
        receipt=receipt if is_first else None,
        booked_from=receipt,
        status=Claim.Status.MATCHED,
        source=Claim.Source.STAFF,
        phone=receipt.payer_phone,
        amount_units=part.units,
        client=order.bill.client,
        created=now,
        expires=now,
    )
    credit = joining.credit_for(store, order, part)
    if credit.units <= 0:
        raise NotNow(f"{part} is worth nothing in {order.currency}.")
    try:
        joining.pay(
            accounts.load(order.gateway),
            order,
            order.bill,
            receipt,
            claim,
            credit,
            now,
            detail=f"matched by {actor}: {reason}",
            booked_by=actor,
        )
    except SettlementError as error:
        raise NotNow(str(error)) from error
    text = f"{part} of {receipt} matched by hand: {credit} booked; {reason}"
    change(order, Order.Status.PAID, now, Source.STAFF, actor=actor, text=text)


@transaction.atomic
def undo(receipt_id: int, *, actor: str, reason: str, now: datetime) -> str:
    """Take a match back, as long as WHMCS was not told of it."""
    receipt = Receipt.objects.select_related("merchant").get(pk=receipt_id)
    booked = Claim.objects.filter(booked_from=receipt, payment__isnull=False)
    orders = Order.objects.filter(pk__in=list(booked.values_list("order_id", flat=True)))
    bills = orders.values_list("bill_id", flat=True)
    list(Bill.objects.select_for_update().filter(pk__in=list(bills)).order_by("pk"))
    locked = list(orders.select_for_update(of=("self",)).select_related("payment").order_by("pk"))
    receipt = Receipt.objects.select_for_update(of=("self",)).select_related("merchant").get(
        pk=receipt_id
    )  # fmt: skip
    if receipt.status != Status.MATCHED or not locked:
        raise NotNow("Only a match is taken back; this receipt is not matched.")
    for order in locked:
        if order.payment is None or not withdraw(
            order.payment, actor=actor, reason=reason, now=now
        ):
            raise NotNow(
                f"WHMCS was told of {order.reference} already, or may have been. Book the refund "
                "there instead."
            )
        order.claims.filter(status=Claim.Status.MATCHED).update(
            status=Claim.Status.FAILED, receipt=None, booked_from=None, payment=None
        )
        unpay(order, now, actor=actor, text=f"match taken back: {reason}")
    receipt.status, receipt.left_units = Status.REVIEW, receipt.amount_units or 0
    receipt.reason = f"Its match was taken back by {actor}: {reason}"
    receipt.save()
    _audit(receipt, actor, "undo match", now, reason, "")
    return f"{receipt.amount} waits again; nothing of it is told to WHMCS."


@transaction.atomic
def dismiss(receipt_id: int, *, actor: str, reason: str, now: datetime) -> str:
    """No payment of a customer, or seen to outside."""
    receipt = Receipt.objects.select_for_update(of=("self",)).select_related("merchant").get(
        pk=receipt_id
    )  # fmt: skip
    if receipt.status in (Status.MATCHED, Status.DISMISSED):
        raise NotNow(f"This receipt is {receipt.get_status_display()}.")
    was, receipt.status = receipt.status, Status.DISMISSED
    receipt.reason = f"dismissed by {actor}: {reason}"
    receipt.save()
    _audit(receipt, actor, "dismiss receipt", now, reason, f"was {was}")
    return "The receipt is off the list; its money was booked nowhere."


def read_again(receipt_id: int, *, actor: str, clock: Clock) -> str:
    """Read a stored SMS with today's templates, and match it if it is a receipt now."""
    receipt = Receipt.objects.select_related("gateway", "merchant").get(pk=receipt_id)
    if receipt.status != Status.UNREAD:
        raise NotNow("Only what could not be read is read again.")
    account = accounts.load(receipt.gateway)
    try:
        said = _reread(account, receipt_id, actor, clock)
    except IntegrityError:
        raise NotNow("The same message is kept already, and reads. Dismiss this copy.") from None
    if said == noting.WAITING and joining.find_claim(account, receipt.pk, clock=clock):
        return "It reads now, and was matched."
    return {
        noting.WAITING: "It reads now, and waits for its claim.",
        noting.REVIEW: "It reads now, and waits for you.",
    }.get(said, "It still cannot be read; nothing was changed.")


@transaction.atomic
def _reread(account: Account, receipt_id: int, actor: str, clock: Clock) -> str:
    receipt = Receipt.objects.select_for_update(of=("self",)).select_related(
        "merchant", "phone__gateway", "callback"
    ).get(pk=receipt_id)  # fmt: skip
    if receipt.status != Status.UNREAD:
        raise NotNow("Only what could not be read is read again.")
    said = noting.reread(account, receipt, clock())
    _audit(receipt, actor, "read receipt again", clock(), "", said)
    return said


def _audit(
    receipt: Receipt, actor: str, verb: str, now: datetime, reason: str, detail: str
) -> None:
    audit(
        merchant=receipt.merchant,
        actor=actor,
        verb=verb,
        target="gateways.receipt",
        target_id=receipt.pk,
        now=now,
        reason=reason,
        detail=detail,
    )
