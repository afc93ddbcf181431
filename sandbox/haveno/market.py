"""Demo prices: those of SpectroCoin's stand-in, turned round, unless a control call changed them."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from sandbox.spectrocoin.market import EUROS

# Decimals of one whole coin's amounts.
DIGITS = {"XMR": 12, "BTC": 8, "USDT": 6, "USD_BANK": 2}
# The other source's names of coins: https://docs.coingecko.com/reference/simple-price
IDS = {
    "monero": "XMR",
    "bitcoin": "BTC",
    "tether": "USDT",
    "ethereum": "ETH",
    "litecoin": "LTC",
    "usd-coin": "USDC",
}
CENT = Decimal("0.01")
EIGHT_PLACES = Decimal("0.00000001")
# By coin, then by currency; None takes a price away.
Changed = Mapping[str, str | None]


def relay_prices(changed: Changed) -> dict[str, str]:
    """Units of each currency for one XMR, as text."""
    prices: dict[str, str | None] = {c: _price("XMR", c) for c in EUROS if c != "XMR"}
    prices |= changed
    return {currency: price for currency, price in prices.items() if price is not None}


def web_price(coin: str, currency: str, changed: Mapping[str, Changed]) -> Decimal | None:
    """Units of `currency` ("eur") for one coin ("monero"); None where the source has none."""
    told = changed.get(coin, {})
    if currency in told:
        text = told[currency]
        return Decimal(text) if text is not None else None
    if coin not in IDS or currency.upper() not in EUROS:
        return None
    return Decimal(_price(IDS[coin], currency.upper()))


def _price(coin: str, currency: str) -> str:
    exact = EUROS[coin] / EUROS[currency]
    # Two decimals lose nothing that matters where a coin costs hundreds; for cents and for
    # prices in other coins they would.
    places = CENT if exact >= 10 and currency not in ("BTC", "USDT", "USDC") else EIGHT_PLACES
    return format(exact.quantize(places, ROUND_HALF_UP), "f")
