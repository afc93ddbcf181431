"""A quote from one price source, checked against others: rather none than a bad one."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateways.oracles import fixed, relay, web
from gateways.oracles.asking import Oracles
from gateways.oracles.base import NoPrice, Price, own_price
from ledger.money import Money, MoneyError
from ledger.rate import Rate

__all__ = ["Oracles", "PriceSettings", "Quote", "Unquotable", "price_now", "quote"]

NAMES = {"relay": "the relay", "fixed": "the fixed rate", "web": "the price service"}
MOST_AHEAD_SECONDS = 300


@dataclass(frozen=True, slots=True)
class PriceSettings:
    """Where prices come from.

    primary, checks  of "relay", "fixed" and "web".
    fixed_rates      the merchant's lines, as gateways.oracles.fixed reads them.
    deviation_bp     how far a check may be from the primary: hundredths of a percent of that.
    max_age_seconds  of a price that counts. An answer is kept for a minute, so allow some more.
    """

    primary: str
    checks: tuple[str, ...] = ()
    relay_url: str = ""
    fixed_rates: str = ""
    web_url: str = ""
    deviation_bp: int = 300
    max_age_seconds: int = 600


class Unquotable(Exception):
    """No price can be trusted now.

    code     no_price, stale, deviates, unchecked, settings or out_of_range
    message  what happened and what the merchant can do
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Quote:
    """`pay` buys what is due. priced_at is the moment of the price, Unix seconds."""

    pay: Money
    rate: Rate
    source: str
    priced_at: int


def quote(due: Money, coin: str, settings: PriceSettings, now: int, oracles: Oracles) -> Quote:
    """The fewest coins that are worth what is due. Raises Unquotable."""
    if due.units <= 0:
        raise Unquotable("out_of_range", f"Nothing is due ({due}), so there is nothing to quote.")
    price = price_now(coin, due.currency, settings, now, oracles)
    try:
        pay = price.rate.coins_for(due)
    except MoneyError as error:
        raise Unquotable(
            "out_of_range",
            f"{due} cannot be quoted in {coin}: {error}. Look whether the invoice and the price "
            f"({price.rate}, {price.source}) are right.",
        ) from None
    return Quote(pay, price.rate, price.source, price.as_of)


def price_now(
    coin: str, currency: str, settings: PriceSettings, now: int, oracles: Oracles
) -> Price:
    """The primary's price, where it is fresh and the checks agree; `source` names all of these.

    Raises Unquotable.
    """
    if (own := own_price(coin, currency, now)) is not None:
        return own
    checks = tuple(dict.fromkeys(settings.checks))
    unknown = {settings.primary, *checks} - NAMES.keys()
    if unknown or settings.primary in checks:
        raise Unquotable(
            "settings",
            "The price sources in the gateway's settings do not fit: choose one to price from, and "
            "only others to check it.",
        )
    try:
        price = _ask(settings.primary, coin, currency, settings, now, oracles)
    except NoPrice as error:
        raise Unquotable("no_price", error.message) from None
    if trouble := _staleness(settings.primary, price, settings, now):
        raise Unquotable("stale", trouble)
    agreed, silent = [], []
    for name in checks:
        try:
            other = _ask(name, coin, currency, settings, now, oracles)
        except NoPrice as error:
            silent.append(error.message)
            continue
        if trouble := _staleness(name, other, settings, now):
            silent.append(trouble)
            continue
        _compare(settings, price, name, other)
        agreed.append(other.source)
    if silent and not agreed:
        raise Unquotable(
            "unchecked",
            f"{_at_start(NAMES[settings.primary])} says {price.rate}, but nothing could check "
            f"it. {' '.join(silent)}",
        )
    return Price(price.rate, price.as_of, _sources(price.source, agreed))


def _ask(
    name: str, coin: str, currency: str, settings: PriceSettings, now: int, oracles: Oracles
) -> Price:
    if name == "relay":
        return relay.price(oracles, settings.relay_url, coin, currency)
    if name == "web":
        return web.price(oracles, settings.web_url, coin, currency)
    return fixed.price(settings.fixed_rates, coin, currency, now)


def _staleness(name: str, price: Price, settings: PriceSettings, now: int) -> str:
    """Why the price is of no use now, or ""."""
    age, who = now - price.as_of, NAMES[name]
    if age < -MOST_AHEAD_SECONDS:
        return (
            f"The price from {who} lies {-age} seconds in the future. Compare its clock with the "
            "clock of this server."
        )
    if age > settings.max_age_seconds:
        return (
            f"The price from {who} is {age} seconds old; {settings.max_age_seconds} are allowed. "
            "Wait until it has a new one, choose another price source, or allow older prices in the "
            "gateway's settings."
        )
    return ""


def _compare(settings: PriceSettings, price: Price, name: str, other: Price) -> None:
    apart_bp = price.rate.apart_bp(other.rate)
    if apart_bp > settings.deviation_bp:
        raise Unquotable(
            "deviates",
            f"{_at_start(NAMES[settings.primary])} says {price.rate}, but {NAMES[name]} says "
            f"{other.rate}: {_percent(apart_bp)} apart, and {_percent(settings.deviation_bp)} is "
            "allowed. Find out which of them is wrong and correct it; where both are right, allow "
            "a larger deviation in the gateway's settings.",
        )


def _percent(basis_points: int) -> str:
    return f"{basis_points // 100}.{basis_points % 100:02d} %"


def _at_start(words: str) -> str:
    return words[0].upper() + words[1:]


def _sources(primary: str, agreed: Sequence[str]) -> str:
    return f"{primary}, agreed with {' and '.join(agreed)}" if agreed else primary
