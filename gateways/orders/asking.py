"""What must be asked outside before a message can be applied; no rows are locked meanwhile."""

from dataclasses import dataclass, replace
from datetime import datetime

from gateways.accounts import Account
from gateways.models import Order
from gateways.orders import pricing
from gateways.orders.judging import GRACE
from gateways.providers.base import Notice
from ledger.ports import Clock
from ledger.rate import Rate


@dataclass(frozen=True, slots=True)
class Today:
    """The rate of this moment for one order, or why there is none."""

    rate: Rate | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Informed:
    """A notice that may be believed, with what it takes to judge it, and when it was true."""

    notice: Notice
    as_of: datetime
    today: Today = Today()


@dataclass(frozen=True, slots=True)
class Unheard:
    """The provider was asked and knows nothing of it. `shout` where it had said otherwise, signed."""

    text: str
    shout: bool = False


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


def informed(account: Account, notice: Notice, clock: Clock) -> Informed | Unheard:
    """The notice itself if it was signed, else what the provider says when asked.

    A message about coins tells a sum, as it was when it was signed: not when they came, nor whether
    the chain has forgotten them since. So the provider is asked for the list, and once the offer has
    ended for today's rate with it. Raises Unavailable.
    """
    now = clock()
    if notice.doorbell:
        asked = account.provider.fetch(notice.order_reference, account.credentials)
        if asked is None:
            return Unheard(f"the provider does not know an order {notice.order_reference}")
        return Informed(asked, now)
    order = find(account.gateway_id, notice)
    if order is None or not order.pay_currency:
        return Informed(notice, now)
    if notice.transfers is None and not _differs(notice, order):
        asked = account.provider.fetch(order.provider_reference, account.credentials)
        if asked is None:
            denied = f"the relay does not know the offer {order.provider_reference} when asked"
            return Unheard(denied, shout=True)
        notice = replace(asked, detail=notice.detail or asked.detail)
    return Informed(notice, now, _today(account, order, notice, now))


def is_over(order: Order, now: datetime) -> bool:
    """Whether the offer's time is up, with grace."""
    return order.valid_until is not None and now > order.valid_until + GRACE


def _differs(notice: Notice, order: Order) -> bool:
    """It contradicts what we hold; asking would hide that."""
    coin = notice.received.currency if notice.received else order.pay_currency
    return coin != order.pay_currency or notice.invoice not in ("", order.bill.reference)


def _today(account: Account, order: Order, notice: Notice, now: datetime) -> Today:
    came = notice.confirmed is not None and notice.confirmed.units > 0
    if account.rules.late != "lower" or not came or not is_over(order, now):
        return Today()
    try:
        return Today(pricing.rate_now(account, order.pay_currency, order.currency, now))
    except pricing.Unquotable as refusal:
        return Today(why_not=refusal.message)
