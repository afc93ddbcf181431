"""Egyptian pounds for what a bill wants, at the store's own rate."""

from gateways.models import EGP, VodafoneCashGateway
from gateways.oracles.quoting import Quote
from ledger.money import Money
from ledger.rate import Rate

POUND = 100
# Where amounts tell payers apart, each gets a number of piastres of its own.
PIASTRES = 99


def store_rate(gateway: VodafoneCashGateway, currency: str) -> Rate:
    """What one pound is worth in the currency. Raises MoneyError for a rate that is none."""
    if currency == EGP:
        return Rate.even(EGP, EGP)
    return Rate.parse(gateway.rate, base=currency, quote=EGP).turned()


def pounds_for(gateway: VodafoneCashGateway, due: Money) -> Money:
    """What the payer is asked for: rounded up to whole pounds, but exact where the bill is in pounds."""
    if due.currency == EGP:
        return due
    exact = store_rate(gateway, due.currency).coins_for(due)
    return Money(-(-exact.units // POUND) * POUND, EGP)


def quote(
    gateway: VodafoneCashGateway, due: Money, now: int, taken: frozenset[int | None]
) -> Quote:
    """The quote of one order.

    taken  amounts of open orders, in piastres; where amounts tell payers apart a free one is used.
    """
    pay = pounds_for(gateway, due)
    if gateway.unique_amounts:
        free = (pay.units + extra for extra in range(1, PIASTRES + 1))
        units = next((units for units in free if units not in taken), pay.units)
        pay = Money(units, EGP)
    rate = Rate.even(due.currency, EGP)
    if due.currency != EGP:
        rate = Rate.parse(gateway.rate, base=due.currency, quote=EGP)
    return Quote(pay=pay, rate=rate, source="store rate", priced_at=now)


def worth(gateway: VodafoneCashGateway, received: Money, currency: str) -> Money:
    """What received pounds are worth on a bill, rounded down."""
    if currency == EGP:
        return received
    return store_rate(gateway, currency).worth_of(received)
