"""What one currency costs in another: exact inside, whole units of money outside."""

import re
from dataclasses import dataclass
from fractions import Fraction

from ledger.money import MOST_DIGITS, Money, MoneyError, digits_of

SHOWN_DIGITS = 8

_PRICE = re.compile(r"(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,18}))?")
_EXACT = re.compile(r"([1-9][0-9]{0,59})/([1-9][0-9]{0,59})")


@dataclass(frozen=True, slots=True)
class Rate:
    """How much of `quote` one whole `base` costs: 157.31 EUR for 1 XMR. More than nothing."""

    value: Fraction
    base: str
    quote: str

    def __post_init__(self) -> None:
        if type(self.value) is not Fraction:
            raise MoneyError(f"a rate is a fraction, not {type(self.value).__name__}")
        digits_of(self.base), digits_of(self.quote)
        if self.value <= 0:
            raise MoneyError(f"a rate of {self.base} in {self.quote} must be more than nothing")

    @classmethod
    def parse(cls, text: str, *, base: str, quote: str) -> "Rate":
        """Read a price: ASCII digits, at most 18, then an optional fraction of at most 18.

        Raises MoneyError for nothing, signs, exponents, blanks, other digits and NaN. Never rounds.
        """
        match = _PRICE.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise MoneyError(f"{str(text)[:40]!r} is not a price: write it like 157.31")
        whole, decimals = match[1], match[2] or ""
        return cls(Fraction(int(whole + decimals), 10 ** len(decimals)), base, quote)

    @classmethod
    def read(cls, exact: str, *, base: str, quote: str) -> "Rate":
        """The rate behind its own `exact` text. Raises MoneyError."""
        match = _EXACT.fullmatch(exact) if isinstance(exact, str) else None
        if match is None:
            raise MoneyError(f"{str(exact)[:40]!r} is not a stored rate")
        return cls(Fraction(int(match[1]), int(match[2])), base, quote)

    @classmethod
    def even(cls, base: str, quote: str) -> "Rate":
        """One for one, as within one currency."""
        return cls(Fraction(1), base, quote)

    def turned(self) -> "Rate":
        """EGP for one USD, turned, is USD for one EGP."""
        return Rate(1 / self.value, self.quote, self.base)

    @property
    def exact(self) -> str:
        """The rate without loss, for storing: 15731/100. At most 111 characters for a price that
        was parsed or crossed once."""
        return f"{self.value.numerator}/{self.value.denominator}"

    @property
    def text(self) -> str:
        """For people: all whole digits, together at most 8 that matter, half a digit rounded up.

        No exponent; at least the decimals of the quote's money, up to two: 114.00, 0.00262.
        """
        whole = self.value.numerator // self.value.denominator
        decimals = max(0, SHOWN_DIGITS - len(str(whole)))
        if not whole:
            first = 1
            while self.value * 10**first < 1:
                first += 1
            decimals = first + SHOWN_DIGITS - 1
        units = (2 * self.value * 10**decimals + 1) // 2
        digits = str(units).rjust(decimals + 1, "0")
        point = len(digits) - decimals
        least = min(2, digits_of(self.quote))
        fraction = digits[point:].rstrip("0").ljust(least, "0")
        return f"{digits[:point]}.{fraction}" if fraction else digits[:point]

    def __str__(self) -> str:
        return f"1 {self.base} = {self.text} {self.quote}"

    def coins_for(self, price: Money) -> Money:
        """The fewest units of `base` that are worth the price, so rounded up.

        `worth_of` these is the price or more, and of one unit less it is less.
        """
        _need(price, self.quote)
        exact = price.units * self._unit_of_quote() / self.value
        return _kept(-(-exact // 1), self.base)

    def worth_of(self, coins: Money) -> Money:
        """What the coins buy in `quote`, rounded down."""
        _need(coins, self.base)
        return _kept(coins.units * self.value / self._unit_of_quote() // 1, self.quote)

    def _unit_of_quote(self) -> Fraction:
        """One smallest unit of `quote`, in smallest units of `base`, where a whole costs a whole."""
        return Fraction(10 ** digits_of(self.base), 10 ** digits_of(self.quote))

    def cross(self, other: "Rate") -> "Rate":
        """XMR in EUR, crossed with XMR in BTC, is BTC in EUR."""
        if other.base != self.base:
            raise MoneyError(f"{self} and {other} have no currency to cross")
        return Rate(self.value / other.value, other.quote, self.quote)

    def apart_bp(self, other: "Rate") -> int:
        """How far the other is from this one, in hundredths of a percent of this one, rounded up.

        So it is within a whole limit exactly where the true difference is.
        """
        if (other.base, other.quote) != (self.base, self.quote):
            raise MoneyError(f"{self} and {other} do not compare")
        return -(-abs(other.value - self.value) * 10_000 // self.value)


def _need(money: Money, currency: str) -> None:
    if money.currency != currency or money.units < 0:
        raise MoneyError(f"{money} is no amount of {currency} that a rate applies to")


def _kept(units: int, currency: str) -> Money:
    if units >= 10**MOST_DIGITS:
        raise MoneyError(f"{Money(units, currency)} is larger than this ledger keeps")
    return Money(units, currency)
