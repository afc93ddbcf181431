"""A price service in the shape of CoinGecko's simple/price.

`{"monero": {"eur": 145.2, "usd": 157.31, "last_updated_at": 1790000000}, "bitcoin": ...}`: the
price of one coin in each currency asked for, null or absent where it has none. Source:
https://docs.coingecko.com/reference/simple-price
"""

import re

from gateways.oracles.asking import Number, Oracles, Site, garbage
from gateways.oracles.base import NoPrice, Price, is_moment
from ledger.money import MoneyError
from ledger.rate import Rate

SITE = Site(
    "The price service",
    "Try again in a minute; if it stays so, check its address in the gateway's settings or choose "
    "another price source.",
)
IDS = {"XMR": "monero", "BTC": "bitcoin", "USDT": "tether"}
MOST_DECIMALS = 18
# A smaller price could lose digits that matter when it is cut to eighteen decimals.
LEAST_POINT = -9

_NUMBER = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,60}))?(?:[eE]([+-]?[0-9]{1,2}))?")


def price(oracles: Oracles, web_url: str, coin: str, currency: str) -> Price:
    """Raises NoPrice. Dollars by bank transfer are priced by way of Monero."""
    if not web_url:
        raise NoPrice(
            "not_set", "The price service has no address. Enter it in the gateway's settings."
        )
    wanted = dict.fromkeys((currency.lower(), "usd"))
    query = (
        f"ids={','.join(IDS.values())}&vs_currencies={','.join(wanted)}"
        "&include_last_updated_at=true&precision=full"
    )
    # Some ask for a key, which is part of the address then.
    url = f"{web_url}{'&' if '?' in web_url else '?'}{query}"
    coins = oracles.ask(url, SITE)
    if coin == "USD_BANK":
        rate, as_of = _price_of(coins, "XMR", currency)
        dollars, _ = _price_of(coins, "XMR", "USD")
        rate = rate.cross(Rate(dollars.value, "XMR", coin))
    else:
        rate, as_of = _price_of(coins, coin, currency)
    return Price(rate, as_of, "web")


def _price_of(coins: dict[str, object], coin: str, currency: str) -> tuple[Rate, int]:
    listed = coins.get(IDS.get(coin, ""))
    if listed is not None and not isinstance(listed, dict):
        raise garbage(SITE, f"what it says of {coin} is no list of prices")
    value = (listed or {}).get(currency.lower())
    if listed is None or value is None:
        raise NoPrice(
            "missing",
            f"The price service has no price for {coin} in {currency}. Choose another price source "
            "in the gateway's settings.",
        )
    try:
        rate = Rate.parse(plain_number(value), base=coin, quote=currency)
    except (MoneyError, ValueError):
        raise garbage(
            SITE, f"its price for {coin} in {currency} is not a positive number"
        ) from None
    as_of = listed.get("last_updated_at")
    if not is_moment(as_of):
        raise garbage(SITE, "it does not say of which moment its prices are")
    return rate, as_of


def plain_number(value: object) -> str:
    """A JSON number without exponent: 1.5E-7 is 0.00000015.

    Works on text, so no digit is lost but those beyond the eighteenth decimal, which are cut.
    Raises ValueError for anything that is no plain number, and for prices below 0.000000001.
    """
    is_number = isinstance(value, Number | int) and not isinstance(value, bool)
    text = str(value) if is_number else ""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is not a number")
    whole, fraction, exponent = match[1], match[2] or "", match[3]
    digits, point = whole + fraction, len(whole) + int(exponent or "0")
    zeros = len(digits) - len(digits.lstrip("0"))
    if point - zeros <= LEAST_POINT or zeros == len(digits):
        raise ValueError(f"{text[:40]!r} is too small a price")
    if point < 1:
        digits, point = "0" * (1 - point) + digits, 1
    digits = digits.ljust(point, "0")
    decimals = digits[point:][:MOST_DECIMALS]
    return (digits[:point].lstrip("0") or "0") + (f".{decimals}" if decimals else "")
