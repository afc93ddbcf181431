"""What a person may do with a receipt. Each answers with one sentence and leaves an audit event."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from gateways import accounts
from gateways.accounts import Account
from gateways.models import Claim, Order, OrderEvent, Receipt
from gateways.orders.deciding import NotNow
from gateways.orders.states import EDGES, change, unpay
from gateways.receipts import balances, joining, noting, wanting
from gateways.receipts.reasons import taken_back
from gateways.wallet.matching import because
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
    claims = Claim.objects.filter(gateway_id=receipt.gateway_id)
    named = Q(reference=receipt.transaction_id) & ~Q(reference="")
    if receipt.payer_phone:
        named |= Q(phone=receipt.payer_phone)
    payable = orders.filter(status__in=[status for status in EDGES if "paid" in EDGES[status]])
    found: dict[int, tuple[Order, str]] = {}
    wanted = Claim.objects.filter(wanting.WANTING, booked_from=receipt).values("order")
    for order in payable.filter(pk__in=wanted).order_by("pk")[:SHOWN]:
        found[order.pk] = (order, _("a claim without the store's key is held for it"))
    claimed = payable.filter(pk__in=claims.filter(named).values("order"))
    for order in claimed.order_by("-created")[:SHOWN]:
        found.setdefault(order.pk, (order, _why(order, receipt)))
    same = payable.filter(payable_units=receipt.amount_units, status__in=Order.OPEN)
    for order in same.order_by("-created")[:SHOWN]:
        found.setdefault(order.pk, (order, _("the same amount is asked for")))
    return list(found.values())[:SHOWN]


def _why(order: Order, receipt: Receipt) -> str:
    if order.asked == receipt.amount:
        return _("the payer claimed to have paid it, and the amount is the same")
    if order.asked > receipt.amount:
        return _(
            "the payer claimed to have paid it, but {amount} less came than was asked for"
        ).format(amount=order.asked - receipt.amount)
    return _("the payer claimed to have paid it, but {amount} more came than was asked for").format(
        amount=receipt.amount - order.asked
    )


def match(receipt_id: int, order_id: int, *, actor: str, reason: str, now: datetime) -> str:
    """Book all of a receipt on one order: what it is worth, whatever was asked for."""
    amount = Receipt.objects.get(pk=receipt_id).amount
    return split(receipt_id, [(order_id, amount)], actor=actor, reason=reason, now=now)


def split(
    receipt_id: int,
    parts: Sequence[tuple[int, Money]],
    *,
    actor: str,
    reason: str,
    now: datetime,
) -> str:
    """Book the parts of a receipt on several orders; together they are the whole of it."""
    said, receipt = book_parts(receipt_id, parts, actor, reason, now)
    # Its balance counts now, and others may follow from it.
    noting.offer_freed(accounts.load(receipt.gateway), receipt.wallet, lambda: now)
    return said


@transaction.atomic
def book_parts(
    receipt_id: int, parts: Sequence[tuple[int, Money]], actor: str, reason: str, now: datetime
) -> tuple[str, Receipt]:
    """As `split`; the caller offers what its balance frees, once nothing is locked any more."""
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
            _("This receipt is {status}; only waiting ones are matched.").format(
                status=receipt.get_status_display()
            )
        )
    total = sum(part.units for _, part in parts)
    if total != receipt.amount_units or any(part.units <= 0 for _, part in parts):
        raise NotNow(
            _("The parts must be above zero and together {amount}.").format(amount=receipt.amount)
        )
    if len(orders) < len(ids):
        raise NotNow(_("Each part needs an order of its own."))
    for number, (order_id, part) in enumerate(parts):
        order = orders[order_id]
        if order.gateway_id != receipt.gateway_id:
            raise NotNow(_("{order} is not this store's.").format(order=order.reference))
        if "paid" not in EDGES[order.status]:
            raise NotNow(
                _("{order} is {status} and takes no money.").format(
                    order=order.reference, status=order.get_status_display()
                )
            )
        if order.claims.filter(status=Claim.Status.HELD, receipt__isnull=False).exists():
            raise NotNow(
                _("{order} holds another receipt: approve or refuse it first.").format(
                    order=order.reference
                )
            )
        _book(receipt, order, part, actor, reason, now, is_first=number == 0)
    receipt.status = Status.MATCHED
    receipt.why = [because("matched_by_person", actor=actor, text=reason)]
    receipt.left_units = 0
    receipt.save()
    wanting.tell_later(receipt.pk, now)
    balances.vouched(receipt)
    named = ", ".join(orders[order_id].reference for order_id in ids)
    _audit(receipt, actor, "match receipt", now, reason, f"{receipt.amount} to {named}")
    said = _("{amount} is booked for {orders}; WHMCS is told now.")
    return said.format(amount=receipt.amount, orders=named), receipt


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
        status=Claim.Status.EXPIRED, receipt=None, booked_from=None
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
        raise NotNow(
            _("{amount} is worth nothing in {currency}.").format(
                amount=part, currency=order.currency
            )
        )
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
        raise NotNow(_("Only a match is taken back; this receipt is not matched."))
    for order in locked:
        if order.payment is None or not withdraw(
            order.payment, actor=actor, reason=reason, now=now
        ):
            raise NotNow(
                _(
                    "WHMCS was told of {order} already, or may have been. Book the refund there "
                    "instead."
                ).format(order=order.reference)
            )
        order.claims.filter(status=Claim.Status.MATCHED).update(
            status=Claim.Status.FAILED, receipt=None, booked_from=None, payment=None
        )
        unpay(order, now, actor=actor, text=f"match taken back: {reason}")
    receipt.status, receipt.left_units = Status.REVIEW, receipt.amount_units or 0
    undone = because("match_undone", actor=actor, text=reason)
    receipt.why = [undone, *taken_back(receipt.why)]
    receipt.save()
    _audit(receipt, actor, "undo match", now, reason, "")
    said = _("{amount} waits again; nothing of it is told to WHMCS.")
    return said.format(amount=receipt.amount)


@transaction.atomic
def dismiss(receipt_id: int, *, actor: str, reason: str, now: datetime) -> str:
    """No payment of a customer, or seen to outside."""
    receipt = Receipt.objects.select_for_update(of=("self",)).select_related("merchant").get(
        pk=receipt_id
    )  # fmt: skip
    if receipt.status in (Status.MATCHED, Status.DISMISSED):
        said = _("This receipt is {status}.")
        raise NotNow(said.format(status=receipt.get_status_display()))
    was, receipt.status = receipt.status, Status.DISMISSED
    receipt.why = [because("dismissed", actor=actor, text=reason), *receipt.why]
    receipt.save()
    wanting.tell_later(receipt.pk, now)
    _audit(receipt, actor, "dismiss receipt", now, reason, f"was {was}")
    return _("The receipt is off the list; its money was booked nowhere.")


@transaction.atomic
def restore(receipt_id: int, *, actor: str, reason: str, now: datetime) -> str:
    """Take a dismissal back. What was read waits for a person: never for its claim by itself."""
    receipt = Receipt.objects.select_for_update(of=("self",)).select_related("merchant").get(
        pk=receipt_id
    )  # fmt: skip
    if receipt.status != Status.DISMISSED:
        said = _("Only a dismissed receipt is put back; this one is {status}.")
        raise NotNow(said.format(status=receipt.get_status_display()))
    receipt.status = Status.UNREAD if receipt.amount_units is None else Status.REVIEW
    before = [each for each in receipt.why if each[0] not in ("dismissed", "restored")]
    receipt.why = [because("restored", actor=actor, text=reason), *before]
    receipt.save()
    _audit(receipt, actor, "restore receipt", now, reason, f"is {receipt.status}")
    if receipt.status == Status.UNREAD:
        return _("The message is back on the list of those that could not be read.")
    return _("{amount} is back on the list, and waits for you.").format(amount=receipt.amount)


def read_again(receipt_id: int, *, actor: str, clock: Clock) -> str:
    """Read a stored SMS with today's templates, and match it if it is a receipt now."""
    receipt = Receipt.objects.select_related("gateway", "merchant").get(pk=receipt_id)
    if receipt.status != Status.UNREAD:
        raise NotNow(_("Only what could not be read is read again."))
    account = accounts.load(receipt.gateway)
    try:
        said = _reread(account, receipt_id, actor, clock)
    except IntegrityError:
        raise NotNow(_("The same message is kept already, and reads. Dismiss this copy.")) from None
    if said == noting.UNREAD:
        return _("It still cannot be read; nothing was changed.")
    matched = said == noting.WAITING and joining.find_claim(account, receipt.pk, clock=clock)
    receipt.refresh_from_db()
    noting.offer_freed(account, receipt.wallet, clock)
    if matched:
        return _("It reads now, and was matched.")
    if said == noting.REVIEW:
        return _("It reads now, and waits for you.")
    return _("It reads now, and waits for its claim.")


@transaction.atomic
def _reread(account: Account, receipt_id: int, actor: str, clock: Clock) -> str:
    receipt = Receipt.objects.select_for_update(of=("self",)).select_related(
        "merchant", "phone__gateway", "callback"
    ).get(pk=receipt_id)  # fmt: skip
    if receipt.status != Status.UNREAD:
        raise NotNow(_("Only what could not be read is read again."))
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
