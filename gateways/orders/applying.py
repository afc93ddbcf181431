"""What a provider's message does to an order, and the settling of a paid one."""

from datetime import datetime

from django.db import transaction

from gateways.accounts import Account
from gateways.models import Callback, Gateway, Order
from gateways.orders.asking import Today, find
from gateways.orders.coins import take
from gateways.orders.settling import settle
from gateways.orders.states import EDGES
from gateways.orders.telling import Applied, Teller
from gateways.providers.base import Notice
from ledger.models import Bill
from ledger.money import Money

Status = Order.Status


@transaction.atomic
def apply(
    account: Account,
    notice: Notice,
    *,
    source: str,
    now: datetime,
    callback: Callback | None = None,
    actor: str = "",
    today: Today | None = None,
    as_of: datetime | None = None,
) -> Applied:
    """Let one believed notice change its order, and settle it if it is paid.

    The order is found only by a reference that we stored. Locks: bill, then order.
    today  the rate of this moment, for money that came late; as_of when the notice was true.
    Raises SettlementError; nothing is written then.
    """
    found = find(account.gateway_id, notice)
    if found is None:
        named = notice.order_reference or notice.provider_reference
        return Applied(None, f"no order of ours has the reference {named!r}", True)
    bill = Bill.objects.select_for_update().get(pk=found.bill_id)
    order = Order.objects.select_for_update().get(pk=found.pk)
    say = Teller(order, notice, source, now, callback, actor)
    if order.pay_currency:
        return take(account, order, bill, notice, say, today or Today(), as_of or now)
    news = _note_facts(order, notice)
    if notice.status == "unknown":
        order.attention = (
            f"The provider sent the status {notice.provider_status!r}, which this version does not "
            "know. Look the order up at the provider; nothing was changed here."
        )
        return say(f"unknown status {notice.provider_status}: kept, nothing changed")
    if order.status == Status.PAID:
        return _after_paid(order, notice, say, news)
    if notice.status == Status.PAID:
        return _paid(account, order, bill, notice, say)
    if notice.status == order.status or notice.status == Status.NEW:
        order.attention = notice.advice or order.attention
        return say(f"{notice.provider_status}: nothing new")
    if notice.status not in EDGES[order.status]:
        return say(f"{notice.provider_status} after {order.status}: nothing changed")
    order.attention = notice.advice
    return say(notice.detail or notice.provider_status, to=notice.status)


def _note_facts(order: Order, notice: Notice) -> bool:
    """Keep what the provider says; whether any of it is new."""
    before = (order.provider_status, order.received_units, order.payable_units)
    order.provider_status = notice.provider_status[:40]
    if notice.provider_reference:
        order.provider_reference = notice.provider_reference[:128]
    coin = notice.received or notice.payable
    if coin:
        order.received_currency = coin.currency
        order.received_units = notice.received.units if notice.received else None
        payable = notice.payable
        same = payable is not None and payable.currency == coin.currency
        order.payable_units = payable.units if payable and same else None
    return before != (order.provider_status, order.received_units, order.payable_units)


def _paid(account: Account, order: Order, bill: Bill, notice: Notice, say: Teller) -> Applied:
    problem = doubt(order, notice)
    if Status.PAID not in EDGES[order.status]:
        order.attention = (
            f"The provider says PAID, but this order is {order.status}. Nothing was booked. "
            "Compare it with the provider's own records."
        )
        return say(f"PAID after {order.status}: nothing changed", shout=True)
    if problem:
        order.attention = problem
        to = Status.REVIEW if Status.REVIEW in EDGES[order.status] else None
        return say(f"{notice.provider_status}, but not settled: {problem}", to=to)
    if not _is_account(account, notice.account):
        order.attention = (
            f"The message names account {notice.account}, which is not this gateway's. Compare the "
            "order with the provider's own records before anything is booked."
        )
        to = Status.REVIEW if Status.REVIEW in EDGES[order.status] else None
        return say("paid in the name of another account: not settled", to=to, shout=True)
    before = order.status
    settle(account, order, bill, order.due, say.now, detail=_detail(order))
    late = f" after {before}" if before in (Status.EXPIRED, Status.FAILED) else ""
    order.attention = _surplus(order)
    return say(f"paid{late}: {order.due} booked", to=Status.PAID)


def _is_account(account: Account, named: str) -> bool:
    """Pin the account of the first settled order; later ones must name the same."""
    if not named:
        return True
    gateways = Gateway.objects.filter(pk=account.gateway_id)
    if gateways.filter(provider_account="").update(provider_account=named):
        return True
    return gateways.filter(provider_account=named).exists()


def _after_paid(order: Order, notice: Notice, say: Teller, news: bool) -> Applied:
    booked = order.payment.credit if order.payment else order.due
    by_hand = order.payment.booked_by if order.payment else ""
    if notice.status == Status.PAID:
        differs = (
            f"{booked} is booked for this order, and now the provider says PAID with "
            f"{notice.asked or 'no amount'}. Compare both; nothing was changed here."
        )
        if doubt(order, notice) or not (by_hand or notice.asked == booked):
            order.attention = differs
            return say("PAID again with another amount: nothing changed", shout=True)
        if news:
            # Once: what a person has dealt with does not come back with every repeat.
            order.attention = _surplus(order) if notice.asked == booked else differs
        return say("paid already: nothing changed")
    if notice.status in (Status.REFUNDED, Status.REVIEW):
        order.attention = (
            f"{booked} is booked for this order, and now the provider says {notice.provider_status}."
            " If the payer got the money back, book the refund in WHMCS (WHMCS has no call for it)."
        )
    return say(f"{notice.provider_status} after paid: nothing changed")


def doubt(order: Order, notice: Notice) -> str:
    """Why a PAID notice is not settled by itself, with what to do; "" where all of it fits."""
    asked, due = notice.asked, order.due
    if asked is None:
        return "The provider says paid but names no amount. Fetch the order from the provider."
    if asked.currency != due.currency:
        return (
            f"Wrong currency: {asked} was paid for an order of {due}. Find out why the project "
            "receives another currency, then approve what it is worth, or refuse."
        )
    if asked.units != due.units:
        return (
            f"The provider credits {asked} for an order of {due}. Approve the amount you really "
            "received, or refuse and refund the payer."
        )
    payable, received = notice.payable, notice.received
    if (payable is None) != (received is None):
        return ""
    if payable and received:
        if payable.currency != received.currency:
            return f"Asked for {payable.currency}, got {received.currency}. Look it up at the provider."
        if received < payable:
            worth = due.share(received, payable) if payable.units > 0 else Money(0, due.currency)
            return (
                f"Underpaid: {received} of {payable} came, worth {worth} of {due}. Approve {worth}, "
                "or the full amount if you accept the loss, or refuse and refund the payer."
            )
    return ""


def _surplus(order: Order) -> str:
    received, payable = order.received, order.payable
    if received and payable and received > payable:
        return (
            f"Overpaid by {received - payable}. {order.due} is booked. Refund the rest at the "
            "provider, or add it to the client's credit in WHMCS."
        )
    return ""


def _detail(order: Order) -> str:
    received, payable = order.received, order.payable
    parts = [f"provider order {order.provider_reference}" if order.provider_reference else ""]
    if received and payable:
        parts.append(f"asked {payable}, payment currency {received.currency}")
    return "; ".join(filter(None, parts))
