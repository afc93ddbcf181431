"""Money as whole smallest units, and the only place where text becomes units."""

import re
from dataclasses import dataclass

# Digits after the point where they are not two (fiat) or eight (coins). ISO 4217 for fiat;
# Monero has 12. USDT and USDC are issued with six on the networks that merchants use.
DIGITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("USDC USDT".split(), 6),
    "XMR": 12,
    # US dollars by bank transfer, as HavenoPay names them.
    "USD_BANK": 2,
}
# ISO 4217, the active national currencies with two digits.
FIAT = frozenset(
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD"
    " CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ"
    " GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL"
    " MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR"
    " PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT"
    " TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW".split()
)
COIN_DIGITS = 8
FIAT_DIGITS = 2
# BigInteger columns hold 63 bits; eighteen digits always fit.
MOST_DIGITS = 18

_CODE = re.compile(r"[A-Z][A-Z0-9_-]{1,11}")
_AMOUNT = re.compile(r"(0|[1-9][0-9]*)(?:\.([0-9]+))?")


class MoneyError(ValueError):
    """The text is no amount of this currency; the message says why."""


def digits_of(currency: str) -> int:
    """How many digits follow the point; MoneyError where the code is none."""
    if not _CODE.fullmatch(currency):
        raise MoneyError(f"{currency[:20]!r} is not a currency code such as EUR or BTC")
    if currency in DIGITS:
        return DIGITS[currency]
    return FIAT_DIGITS if currency in FIAT else COIN_DIGITS


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in whole smallest units (cents, piastres, satoshi, piconero) of one currency."""

    units: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.units) is not int:
            raise MoneyError(f"units are a whole number, not {type(self.units).__name__}")
        digits_of(self.currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """Read machine text: ASCII digits, an optional fraction no longer than the currency's.

        Trailing zeros beyond the currency's digits carry no value and are accepted ("15.990"
        EUR is 15.99). Raises MoneyError for signs, exponents, spaces, other digits, NaN and
        fractions that would need rounding. Never rounds.
        """
        digits = digits_of(currency)
        match = _AMOUNT.fullmatch(text) if isinstance(text, str) and len(text) <= 40 else None
        if match is None:
            raise MoneyError(f"{str(text)[:40]!r} is not an amount: write it like 12.50")
        whole, fraction = match.group(1), (match.group(2) or "").rstrip("0")
        if len(fraction) > digits:
            raise MoneyError(f"{text} has more than {digits} decimals, too many for {currency}")
        if len(whole) + digits > MOST_DIGITS:
            raise MoneyError(f"{text} {currency} is larger than this ledger keeps")
        return cls(int(whole + fraction.ljust(digits, "0")), currency)

    @classmethod
    def nearest(cls, text: str, currency: str) -> "Money":
        """Read what another system computed with decimals of its own: to the nearest unit, half a
        unit up. Raises MoneyError as `parse` does."""
        whole, point, fraction = text.partition(".")
        digits = digits_of(currency)
        kept, rest = fraction[:digits], fraction[digits:]
        if not (rest.isascii() and rest.isdecimal()):
            return cls.parse(text, currency)
        down = cls.parse(f"{whole}{point * bool(kept)}{kept}", currency)
        return cls(down.units + (rest[0] >= "5"), currency)

    def to_decimals(self, most: int) -> "Money":
        """Rounded down to at most so many decimals."""
        step = 10 ** max(0, digits_of(self.currency) - most)
        return Money(self.units // step * step, self.currency)

    @property
    def amount(self) -> str:
        """The bare number as plain text with all of the currency's digits: 12.50, 0.00035512."""
        digits = digits_of(self.currency)
        sign, text = ("-" if self.units < 0 else ""), str(abs(self.units)).rjust(digits + 1, "0")
        return sign + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise MoneyError(f"{self} and {other} are of different currencies")
        return other.units

    def __add__(self, other: "Money") -> "Money":
        return Money(self.units + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.units - self._same(other), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.units < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.units <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.units > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.units >= self._same(other)

    def share(self, part: "Money", whole: "Money") -> "Money":
        """This amount times part / whole, rounded down; what `part` buys when `whole` buys all."""
        if whole.units <= 0:
            raise MoneyError(f"cannot take a share of {whole}")
        return Money(self.units * whole._same(part) // whole.units, self.currency)
