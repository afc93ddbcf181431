"""One receipt and one claim become one payment, or wait for a person. Locks: bill, order, claim,
receipt."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, count

from django.db import transaction
from django.db.models import Q

from gateways.accounts import Account
from gateways.models import EGP, Claim, Order, OrderEvent, Receipt, VodafoneCashGateway
from gateways.orders.settling import settle
from gateways.orders.states import change, flag
from gateways.receipts import wanting
from gateways.receipts.expecting import came_of, expect_unique, expected_for
from gateways.receipts.quoting import worth
from gateways.receipts.reasons import english
from gateways.wallet.matching import (
    Ambiguous,
    Came,
    Match,
    Reason,
    because,
    match,
)
from ledger.models import Bill, Payment
from ledger.money import Money
from ledger.ports import Clock
from ledger.settlement import SettlementError

Status = Receipt.Status
Source = OrderEvent.Source

ANTI_SPAM = wanting.ANTI_SPAM
GRACE = timedelta(minutes=10)
# An expired claim is still shown beside a receipt that comes later.
REMEMBERED = timedelta(days=7)


def find_claim(account: Account, receipt_id: int, *, clock: Clock) -> bool:
    """Match a new receipt to the one claim it fits, or put it before a person. True where matched."""
    receipt = Receipt.objects.get(pk=receipt_id)
    if receipt.status != Status.NEW:
        return False
    came = came_of(receipt)
    expect_unique(account.gateway_id, came, clock())
    verdict = match(came, expected_for(account.gateway_id, came))
    if isinstance(verdict, Match):
        if join(account, verdict.id, receipt_id, by=verdict.by, now=clock()) is not None:
            return True
        # Another one was quicker to get that claim.
        return find_claim(account, receipt_id, clock=clock)
    if isinstance(verdict, Ambiguous) or verdict.near:
        review(receipt_id, *verdict.why)
    elif late := _expired_claim(account.gateway_id, came, clock()):
        payer = late.phone or late.name or late.reference
        review(receipt_id, because("claim_expired", amount=late.amount, payer=payer))
    elif _paid_just_now(account.gateway_id, came, clock()):
        review(receipt_id, because("paid_just_now"))
    return False


def _paid_just_now(gateway_id: int, came: Came, now: datetime) -> bool:
    """An order of this payer and amount is paid, and its time is not over yet."""
    if not came.phone:
        return False
    return Claim.objects.filter(
        gateway_id=gateway_id,
        status=Claim.Status.MATCHED,
        phone=came.phone,
        amount_units=came.amount.units,
        order__bill__kind=Bill.Kind.INVOICE,
        expires__gt=now,
    ).exists()


def _expired_claim(gateway_id: int, came: Came, now: datetime) -> Claim | None:
    same = Q(reference=came.reference) & ~Q(reference="")
    if came.phone:
        same |= Q(phone=came.phone, amount_units=came.amount.units)
    claims = Claim.objects.filter(
        same,
        gateway_id=gateway_id,
        status=Claim.Status.EXPIRED,
        created__gte=now - REMEMBERED,
    )
    return claims.order_by("-created").first()


def tell_of_others(gateway_id: int, claim: Claim) -> None:
    """Money of this payer that his claim does not fit goes before a person, not into a drawer."""
    if not claim.phone:
        return
    waiting = Receipt.objects.filter(
        gateway_id=gateway_id, status=Status.NEW, payer_phone=claim.phone
    )
    claimed = Claim.objects.filter(
        gateway_id=gateway_id, phone=claim.phone, status=Claim.Status.OPEN
    ).exclude(pk=claim.pk)
    if claimed.exists():
        return
    for receipt in waiting:
        review(receipt.pk, because("claims_other", amount=claim.amount))


def review(receipt_id: int, *why: Reason) -> None:
    Receipt.objects.filter(pk=receipt_id, status=Status.NEW).update(
        status=Status.REVIEW, why=list(why)
    )


@dataclass(frozen=True, slots=True)
class Joined:
    """How it ended: "matched" where it is booked, "hold" or "review" where a person must decide."""

    code: str
    order: Order


def join(
    account: Account,
    claim_id: int,
    receipt_id: int,
    *,
    by: str,
    now: datetime,
) -> Joined | None:
    """Give the receipt to the claim, if both are still free; None where they are not. What cannot be
    booked goes before a person, and keeps nothing back that came with it."""
    try:
        return _join(account, claim_id, receipt_id, by, now)
    except SettlementError as error:
        review(receipt_id, because("not_booked", text=error))
        return None


@transaction.atomic
def _join(
    account: Account, claim_id: int, receipt_id: int, by: str, now: datetime
) -> Joined | None:
    found = Claim.objects.select_related("order").get(pk=claim_id)
    if found.order is None:
        raise ValueError(f"claim {claim_id} has no order")
    bill = Bill.objects.select_for_update().get(pk=found.order.bill_id)
    orders = Order.objects.select_for_update(of=("self",)).select_related("merchant__biller")
    order = orders.get(pk=found.order.pk)
    claims = Claim.objects.select_for_update(of=("self",)).select_related("gateway")
    claim = claims.get(pk=claim_id)
    receipt = Receipt.objects.select_for_update().get(pk=receipt_id)
    if claim.status != Claim.Status.OPEN or receipt.status != Status.NEW:
        return None
    if order.status not in Order.OPEN:
        # One order takes one receipt; what comes besides is nobody's to swallow.
        receipt.status = Status.REVIEW
        receipt.why = [because("order_closed", order=order.reference, status=order.status)]
        receipt.save()
        return None
    wanting.note_money(order, receipt)
    if claim.hold:
        wanting.want(claim, order, receipt, now, by=by)
        return Joined("hold", order)
    wanting.tell_later(receipt_id, now)
    claim.receipt = claim.booked_from = receipt
    claim.status = Claim.Status.MATCHED
    receipt.status, receipt.why = Status.MATCHED, [because("matched_by", by=by)]
    order.provider_reference = reference_of(receipt)
    hold = hold_reason(claim, receipt, now)
    late = _why_late(order, receipt)
    if hold or late:
        claim.status = Claim.Status.HELD
        _save(claim, receipt)
        attention = hold or late
        flag(order, attention)
        text = f"{receipt} matched by {by}; {attention}"
        change(order, "review", now, Source.CALLBACK, text=text)
        return Joined("hold" if hold else "review", order)
    credit = credit_for(claim.gateway, order, receipt.amount)
    pay(account, order, bill, receipt, claim, credit, now, detail=f"matched by {by}")
    change(order, "paid", now, Source.CALLBACK, text=f"{receipt} matched by {by}: {credit} booked")
    return Joined("matched", order)


def pay(
    account: Account,
    order: Order,
    bill: Bill,
    receipt: Receipt,
    claim: Claim,
    credit: Money,
    now: datetime,
    *,
    detail: str,
    booked_by: str = "",
) -> None:
    """Book it. The caller holds the locks and moves the order."""
    settle(
        account,
        order,
        bill,
        credit,
        now,
        detail=f"{detail}; {receipt.amount} from {receipt.payer_phone or receipt.payer_name}",
        booked_by=booked_by,
        counts=order.confirmed,
        payer=receipt.payer_phone or claim.phone,
    )
    order.attention = ""
    claim.payment = order.payment
    receipt.left_units = 0
    _save(claim, receipt)


def _save(claim: Claim, receipt: Receipt) -> None:
    claim.save()
    receipt.save()


def credit_for(gateway: VodafoneCashGateway, order: Order, received: Money) -> Money:
    """What received pounds are worth on the order's bill: all of the due where all was sent, and the
    surplus of rounding up besides."""
    value = worth_by_order(gateway, order, received)
    return max(value, order.due) if received >= order.asked else value


def worth_by_order(gateway: VodafoneCashGateway, order: Order, received: Money) -> Money:
    """By the rate that was locked for the order."""
    if order.currency == EGP:
        return received
    locked = VodafoneCashGateway(rate=order.rate, store_currency=gateway.store_currency)
    return order.merchant.biller.keeps(worth(locked, received, order.currency))


def _why_late(order: Order, receipt: Receipt) -> str:
    came = receipt.happened_at or receipt.sent_at or receipt.received_at
    if order.valid_until is None or came <= order.valid_until + GRACE:
        return ""
    return (
        f"{receipt.amount} came after the time for it had run out. Approve what it is worth today, or "
        "refuse and send it back."
    )


def reference_of(receipt: Receipt) -> str:
    """The wallet's own reference, else a mark of the SMS. One order's only, by a constraint."""
    base = receipt.transaction_id or receipt.fingerprint[:16]
    for free in chain([base], (f"{base}-{number}" for number in count(2))):
        booked = Payment.objects.filter(gateway_id=receipt.gateway_id, reference=f"VFC-{free}")
        # Of another wallet's, which waits for a person.
        held = Order.objects.filter(gateway_id=receipt.gateway_id, provider_reference=free)
        if not (booked.exists() or held.exists()):
            break
    return free


def hold_reason(claim: Claim, receipt: Receipt, now: datetime) -> str:
    """Why anti-spam keeps this claim for a person; "" where it does not.

    The phone is the one that paid, whatever the payer typed.
    """
    store = claim.gateway
    phone = receipt.payer_phone or claim.phone
    others = Claim.objects.filter(gateway_id=store.pk).exclude(pk=claim.pk)
    if store.hold_first:
        before = others.filter(client=claim.client, payment__isnull=False)
        by_phone = Q(receipt__payer_phone=phone) | Q(phone=phone)
        if not phone or not before.filter(by_phone).exists():
            return (
                f"{ANTI_SPAM} the first payment of {phone or claim.name} for client {claim.client}. "
                "Approve it, or refuse it."
            )
    if store.hold_above_units is not None and claim.amount_units > store.hold_above_units:
        limit = Money(store.hold_above_units, EGP)
        return f"{ANTI_SPAM} {claim.amount} is above {limit}. Approve it, or refuse it."
    if store.hold_after_failures:
        same = Q(pk=None)
        if phone:
            same |= Q(phone=phone)
        if claim.client:
            same |= Q(client=claim.client)
        # Who shows no key names whom he likes, and is held himself.
        failed = others.filter(
            same,
            hold="",
            status__in=(Claim.Status.FAILED, Claim.Status.EXPIRED, Claim.Status.OPEN),
            created__gte=now - timedelta(hours=24),
        ).count()
        if failed >= store.hold_after_failures:
            return (
                f"{ANTI_SPAM} {failed} claims of this phone or client found nothing within a day. "
                "Approve it, or refuse it."
            )
    return ""


def reversed_by_wallet(gateway_id: int, reference: str, *, now: datetime) -> Reason | None:
    """The wallet took a transfer back: nothing is undone by itself, but a person must know. Why the
    wallet's message itself goes before him, where no receipt or order can."""
    receipts = Receipt.objects.filter(gateway_id=gateway_id, transaction_id=reference)
    receipt = receipts.exclude(status=Status.UNREAD).first()
    if receipt is None:
        return because("took_back_unknown", reference=reference)
    gone = because("wallet_took_back", reference=reference)
    if _note_reversal(receipt.pk, gone) == Status.DISMISSED:
        return because("took_back_dismissed", reference=reference)
    # Whoever was matching it has held its row: only now is it known for which orders.
    _flag_orders_of(receipt, english([gone]), now)
    return None


@transaction.atomic
def _note_reversal(receipt_id: int, gone: Reason) -> str:
    """Its status then. A receipt that is dismissed was seen to, perhaps by hand in WHMCS: it stays
    away, and says so if it is put back; one that is matched, if that is undone."""
    receipt = Receipt.objects.select_for_update().get(pk=receipt_id)
    if receipt.status not in (Status.MATCHED, Status.DISMISSED):
        receipt.status, receipt.why = Status.REVIEW, [gone]
    elif list(gone) not in receipt.why:
        receipt.why = [*receipt.why, gone]
    receipt.save(update_fields=["status", "why"])
    return receipt.status


@transaction.atomic
def _flag_orders_of(receipt: Receipt, text: str, now: datetime) -> None:
    # Whoever only wants it is told by the sweep that it is gone.
    claims = Claim.objects.filter(Q(receipt=receipt) | Q(booked_from=receipt))
    ids = claims.exclude(wanting.WANTING).exclude(order=None).values_list("order_id", flat=True)
    for order in Order.objects.select_for_update().filter(pk__in=list(ids)).order_by("pk"):
        if flag(order, text):
            change(order, order.status, now, Source.CALLBACK, text=text)
