"""What every price source gives: the price of one coin in the invoice's currency, or why not."""

from dataclasses import dataclass
from typing import TypeGuard

from ledger.rate import Rate

COINS = ("XMR", "USD_BANK", "USDT", "BTC")
# Seconds until the year 5138; the same moment in milliseconds is beyond it.
LATEST_SECONDS = 10**11


class NoPrice(Exception):
    """The source has no price to give.

    code     stable, for search: not_set, bad_url, unreachable, no_answer, http_status, garbage,
             missing
    message  what is wrong and what the merchant can do, in the merchant's words
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Price:
    """`as_of` is when the source says it was true, Unix seconds; `source` names it to people."""

    rate: Rate
    as_of: int
    source: str


def market_code(coin: str) -> str:
    """How price lists call it: dollars by bank transfer are dollars."""
    return "USD" if coin == "USD_BANK" else coin


def own_price(coin: str, currency: str, now: int) -> Price | None:
    """The price of a coin that is the invoice's own currency: one, and no source is needed."""
    if market_code(coin) != market_code(currency):
        return None
    return Price(Rate.parse("1", base=coin, quote=currency), now, "same currency")


def is_moment(value: object) -> TypeGuard[int]:
    """Whole Unix seconds, not milliseconds; true is no number."""
    return isinstance(value, int) and value is not True and 0 < value < LATEST_SECONDS
