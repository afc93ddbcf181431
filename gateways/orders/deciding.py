"""What a person may do with an order. Each answers with one sentence and leaves an audit event."""

from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from gateways import accounts
from gateways.models import Order, OrderEvent
from gateways.orders.polling import ask
from gateways.orders.settling import settle
from gateways.orders.states import EDGES, change
from gateways.receipts import outcome
from ledger.models import Bill
from ledger.money import Money
from ledger.ports import Clock
from ledger.settlement import SettlementError, audit

Status, Source = Order.Status, OrderEvent.Source


class NotNow(Exception):
    """The order is not in a state for this; the message says why. Nothing was changed."""


def fetch(order_id: int, *, actor: str, clock: Clock) -> str:
    """Ask the provider what is true of this order, now."""
    order = Order.objects.select_related("gateway", "merchant").get(pk=order_id)
    # It writes the story, which is English whoever asks.
    with translation.override("en"):
        applied = ask(order, source=Source.STAFF, clock=clock, actor=actor)
    _audit(order, actor, "fetch order", clock(), detail=applied.text)
    return f"{order.reference}: {applied.text}."


@transaction.atomic
def cancel(order_id: int, *, actor: str, reason: str, now: datetime) -> str:
    """Stop offering an order. Money that comes for it all the same is still booked."""
    order = _locked(order_id)
    if order.status not in Order.OPEN:
        raise _not_while(_("{order} is {status}; only open orders can be cancelled."), order)
    order.poll_at = order.poll_at or now
    change(order, Status.FAILED, now, Source.STAFF, actor=actor, text=f"cancelled: {reason}")
    _audit(order, actor, "cancel order", now, reason=reason)
    return _(
        "{order} is cancelled here. The provider's page may still take money; if it does, the "
        "payment is booked as usual."
    ).format(order=order.reference)


@transaction.atomic
def approve(order_id: int, *, credit: Money, actor: str, reason: str, now: datetime) -> str:
    """Book an order in review with the amount that a person decided on."""
    order = _locked(order_id)
    if order.status != Status.REVIEW:
        raise _not_while(_("{order} is {status}; only orders in review are approved."), order)
    if credit.currency != order.currency or credit.units <= 0:
        said = _("Give an amount above zero in {currency}.")
        raise NotNow(said.format(currency=order.currency))
    if why := outcome.take_receipt(order, actor=actor, reason=reason, now=now):
        raise NotNow(f"{order.reference}: {why}")
    if order.pay_currency and not order.provider_reference:
        said = _("No money belongs to {order}: match a receipt to it instead.")
        raise NotNow(said.format(order=order.reference))
    bill = Bill.objects.select_for_update().get(pk=order.bill_id)
    try:
        settle(
            accounts.load(order.gateway),
            order,
            bill,
            credit,
            now,
            detail=f"approved by {actor}: {reason}",
            booked_by=actor,
            counts=_coins_for(order, credit),
        )
    except SettlementError as error:
        raise NotNow(str(error)) from error
    if order.payment:
        # The biller may keep less of it.
        credit = order.payment.credit
    order.attention = ""
    text = f"approved: {credit} booked; {reason}"
    change(order, Status.PAID, now, Source.STAFF, actor=actor, text=text)
    outcome.approved(order)
    _audit(order, actor, "approve order", now, reason=reason, detail=str(credit))
    if bill.biller.is_website:
        said = _("{amount} is booked for {bill}; the website is told now.")
    else:
        said = _("{amount} is booked for {bill}; WHMCS is told now.")
    return said.format(amount=credit, bill=bill)


@transaction.atomic
def refuse(order_id: int, *, actor: str, reason: str, now: datetime) -> str:
    """Close an order in review without booking anything."""
    order = _locked(order_id)
    if order.status != Status.REVIEW:
        raise _not_while(_("{order} is {status}; only orders in review are refused."), order)
    order.attention = ""
    if order.pay_currency:
        # These coins are dealt with; only what comes besides is judged again.
        order.counted_units = order.received_units
    change(order, Status.FAILED, now, Source.STAFF, actor=actor, text=f"refused: {reason}")
    outcome.refused(order)
    _audit(order, actor, "refuse order", now, reason=reason)
    said = _("{order} is closed and nothing was booked. Refund the payer at the provider.")
    return said.format(order=order.reference)


@transaction.atomic
def settle_attention(order_id: int, *, actor: str, reason: str, now: datetime) -> str:
    """Somebody has dealt with what the order was flagged for."""
    order = _locked(order_id)
    if order.status == Status.REVIEW:
        said = _("{order} is in review: approve or refuse it.")
        raise NotNow(said.format(order=order.reference))
    if not order.attention:
        said = _("{order} is not flagged; nothing was changed.")
        return said.format(order=order.reference)
    was, order.attention = order.attention, ""
    if order.pay_currency and order.status == Status.PAID:
        # A surplus that somebody dealt with is not booked when the rules change.
        order.counted_units = max(order.counted_units or 0, order.confirmed_units or 0)
    change(order, order.status, now, Source.STAFF, actor=actor, text=f"dealt with: {reason}")
    _audit(order, actor, "clear flag", now, reason=reason, detail=was)
    return _("{order} is off the list.").format(order=order.reference)


def _not_while(said: str, order: Order) -> NotNow:
    return NotNow(said.format(order=order.reference, status=order.get_status_display()))


def _coins_for(order: Order, credit: Money) -> Money | None:
    """The coins that an approved credit stands for: all that is confirmed, and of what is still on
    its way as much as the credit is worth by the offer's rate."""
    if not order.pay_currency:
        return None
    worth = -(-order.asked.units * credit.units // order.due_units)
    units = max(order.confirmed.units, min(order.seen.units, worth))
    return Money(units, order.pay_currency)


def may_decide(order: Order) -> bool:
    return order.status == Status.REVIEW and Status.PAID in EDGES[order.status]


def _locked(order_id: int) -> Order:
    """Bill first, then order: the order in which everybody locks."""
    bill_id = Order.objects.values_list("bill_id", flat=True).get(pk=order_id)
    Bill.objects.select_for_update().get(pk=bill_id)
    return (
        Order.objects.select_for_update(of=("self",))
        .select_related("bill", "gateway", "merchant")
        .get(pk=order_id)
    )


def _audit(
    order: Order, actor: str, verb: str, now: datetime, *, reason: str = "", detail: str = ""
) -> None:
    audit(
        merchant=order.merchant,
        actor=actor,
        verb=verb,
        target="gateways.order",
        target_id=order.pk,
        now=now,
        reason=reason,
        detail=detail,
    )
