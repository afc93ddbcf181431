"""What must be asked outside before a message can be applied; no rows are locked meanwhile."""

from dataclasses import dataclass
from datetime import datetime

from gateways.accounts import Account
from gateways.models import Order
from gateways.orders import pricing
from gateways.orders.judging import GRACE
from gateways.providers.base import Notice
from ledger.rate import Rate


@dataclass(frozen=True, slots=True)
class Today:
    """The rate of this moment for one order, or why there is none."""

    rate: Rate | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Informed:
    """A notice that may be believed, with what it takes to judge it."""

    notice: Notice
    today: Today = Today()


def find(gateway_id: int, notice: Notice) -> Order | None:
    """The order of a notice, by what we stored: our own reference, else the provider's id."""
    orders = Order.objects.filter(gateway_id=gateway_id)
    if notice.order_reference:
        return orders.filter(reference=notice.order_reference).first()
    if notice.provider_reference:
        # The constraint order_offer_once makes it one order's.
        quoted = orders.exclude(pay_currency="")
        return quoted.filter(provider_reference=notice.provider_reference).first()
    return None


def informed(account: Account, notice: Notice, now: datetime) -> Informed | str:
    """The notice itself if it was signed, else what the provider says when asked; a sentence where
    the provider knows nothing.

    A message about coins says how many came but not when. Once the offer has ended that decides
    what they are worth, so the provider is asked, and today's rate with it. Raises Unavailable.
    """
    if notice.doorbell:
        asked = account.provider.fetch(notice.order_reference, account.credentials)
        if asked is None:
            return f"the provider does not know an order {notice.order_reference}"
        return Informed(asked)
    order = find(account.gateway_id, notice)
    if order is None or not order.pay_currency or not is_over(order, now):
        return Informed(notice)
    if notice.transfers is None and not _differs(notice, order):
        asked = account.provider.fetch(order.provider_reference, account.credentials)
        if asked is None:
            return f"the provider does not know the offer {order.provider_reference}"
        notice = asked
    return Informed(notice, _today(account, order, notice, now))


def is_over(order: Order, now: datetime) -> bool:
    """Whether the offer's time is up, with grace."""
    return order.valid_until is not None and now > order.valid_until + GRACE


def _differs(notice: Notice, order: Order) -> bool:
    """It contradicts what we hold; asking would hide that."""
    coin = notice.received.currency if notice.received else order.pay_currency
    return coin != order.pay_currency or notice.invoice not in ("", order.bill.reference)


def _today(account: Account, order: Order, notice: Notice, now: datetime) -> Today:
    came = notice.confirmed is not None and notice.confirmed.units > 0
    if account.rules.late != "lower" or order.status == Order.Status.PAID or not came:
        return Today()
    try:
        return Today(pricing.rate_now(account, order.pay_currency, order.currency, now))
    except pricing.Unquotable as refusal:
        return Today(why_not=refusal.message)
