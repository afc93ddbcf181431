"""Rates that the merchant has fixed, one on each line: `XMR EUR 150.25`."""

import re

from gateways.oracles.base import COINS, NoPrice, Price
from ledger.money import MoneyError, digits_of
from ledger.rate import Rate

MOST_LINES = 200

_LINE = re.compile(r"([A-Z0-9_-]+)(?: | ?/ ?)([A-Z0-9_-]+)(?: | ?= ?)([^ =]+)")


def read(text: str) -> dict[tuple[str, str], Rate]:
    """The rates by coin and currency.

    Also read: `XMR/EUR = 150.25`, small letters, blank lines, and all that follows a `#`.
    Raises ValueError, one sentence for people that names the line.
    """
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        raise ValueError(f"There are more than {MOST_LINES} lines: keep one for each pair.")
    rates: dict[tuple[str, str], Rate] = {}
    for number, line in enumerate(lines, start=1):
        said = " ".join(line.partition("#")[0].split()).upper()
        if not said:
            continue
        try:
            rate = _read_line(said)
            if (rate.base, rate.quote) in rates:
                raise ValueError(
                    f"{rate.base} in {rate.quote} has a rate already: keep one of them."
                )
        except ValueError as error:
            raise ValueError(f"Line {number}: {error}") from None
        rates[rate.base, rate.quote] = rate
    return rates


def _read_line(line: str) -> Rate:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(
            "write it like XMR EUR 150.25 (coin, invoice currency, price of one coin)."
        )
    coin, currency, price = match.groups()
    if coin not in COINS:
        raise ValueError(f"{coin[:20]} is not one of the coins {', '.join(COINS)}.")
    try:
        digits_of(currency)
    except MoneyError as error:
        raise ValueError(f"{error}.") from None
    if coin == currency:
        raise ValueError(f"{coin} is always worth one {coin}: remove the line.")
    try:
        return Rate.parse(price, base=coin, quote=currency)
    except MoneyError:
        raise ValueError(
            f"{price[:40]!r} is not a price: write it like 150.25, more than nothing, with a point "
            "and without thousands separators."
        ) from None


def price(text: str, coin: str, currency: str, now: int) -> Price:
    """The fixed rate, which is never stale. Raises NoPrice."""
    if not text.strip():
        raise NoPrice("not_set", "No fixed rates are set. Enter them in the gateway's settings.")
    try:
        rate = read(text).get((coin, currency))
    except ValueError as error:
        raise NoPrice(
            "garbage", f"The fixed rates in the gateway's settings cannot be read. {error}"
        ) from None
    if rate is None:
        raise NoPrice(
            "missing",
            f"There is no fixed rate for {coin} in {currency}. Add a line such as "
            f"{coin} {currency} 150.25 to the gateway's settings, with your price.",
        )
    return Price(rate, now, "fixed rate")
