"""The relay's prices: GET {relay}/v1/prices, units of each currency for 1 XMR, as text.

`{"prices": {"EUR": "145.20", "USD": "157.31", "BTC": "0.00262"}, "as_of": 1790000000,
"source": "..."}`; as_of may be RFC 3339 text in UTC as well. The other coins are priced by way
of Monero.
"""

import re
from calendar import timegm
from datetime import datetime

from gateways.oracles.asking import Number, Oracles, Site, garbage
from gateways.oracles.base import NoPrice, Price, is_moment, market_code
from ledger.money import MoneyError
from ledger.rate import Rate

PATH = "/v1/prices"
SITE = Site("The relay", "See that it runs, and check the relay URL in the gateway's settings.")

_RFC_3339 = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?Z")


def price(oracles: Oracles, relay_url: str, coin: str, currency: str) -> Price:
    """Raises NoPrice."""
    if not relay_url:
        raise NoPrice("not_set", "The relay URL is missing. Enter it in the gateway's settings.")
    members = oracles.ask(f"{relay_url.rstrip('/')}{PATH}", SITE)
    prices = members.get("prices")
    if not isinstance(prices, dict):
        raise garbage(SITE, "its answer holds no prices")
    rate = _of_monero(prices, currency).cross(_of_monero(prices, coin))
    return Price(rate, _moment(members.get("as_of")), "relay")


def _of_monero(prices: dict[str, object], currency: str) -> Rate:
    """1 XMR in the currency, which keeps the name that we know it by."""
    listed = market_code(currency)
    if listed == "XMR":
        return Rate.parse("1", base="XMR", quote=currency)
    if listed not in prices:
        raise NoPrice(
            "missing",
            f"The relay has no price for {listed}. Choose another price source in the gateway's "
            f"settings, or do without {currency}.",
        )
    text = prices[listed]
    try:
        # A JSON number may have lost digits on its way.
        if isinstance(text, str) and not isinstance(text, Number):
            return Rate.parse(text, base="XMR", quote=currency)
    except MoneyError:
        pass
    raise garbage(SITE, f"its price for {listed} is not a positive amount as text")


def _moment(value: object) -> int:
    if isinstance(value, str) and (match := _RFC_3339.fullmatch(value)):
        try:
            value = timegm(datetime.fromisoformat(match[1]).timetuple())
        except ValueError:
            value = None
    if is_moment(value):
        return value
    raise garbage(SITE, "it does not say of which moment its prices are")
