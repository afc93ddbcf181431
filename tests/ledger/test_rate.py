"""Rates: prices in, whole units of money out, and nobody loses by the rounding."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.money import MOST_DIGITS, Money, MoneyError, digits_of
from ledger.rate import SHOWN_DIGITS, Rate

COINS = st.sampled_from(["XMR", "BTC", "USDT", "USD_BANK"])
INVOICES = st.sampled_from(["EUR", "JPY", "KWD", "EGP"])
modest = settings(max_examples=200, deadline=None)


@st.composite
def prices(draw: st.DrawFn) -> str:
    """Text of a price between a billionth and a hundred billion."""
    whole = draw(st.integers(0, 10 ** draw(st.integers(0, 11))))
    decimals = draw(st.text("0123456789", min_size=0, max_size=18))
    text = f"{whole}.{decimals}" if decimals else str(whole)
    return text if Decimal(text) >= Decimal("1e-9") else f"{whole}.000000001"


@st.composite
def rates(draw: st.DrawFn) -> Rate:
    """Parsed, or crossed as those by way of Monero are."""
    coin, invoice = draw(COINS), draw(INVOICES)
    rate = Rate.parse(draw(prices()), base=coin, quote=invoice)
    if draw(st.booleans()):
        other = Rate.parse(draw(prices()), base=coin, quote="LTC")
        rate = rate.cross(other)
    return rate


def eur(text: str, coin: str = "XMR") -> Rate:
    return Rate.parse(text, base=coin, quote="EUR")


# --- reading ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("157.31", Fraction(15731, 100)),
        ("1", Fraction(1)),
        ("0.00262", Fraction(262, 100_000)),
        ("114.000", Fraction(114)),
        ("0.000000000000000001", Fraction(1, 10**18)),
        ("9" * 18, Fraction(10**18 - 1)),
    ],
)
def test_a_price_is_read_exactly(text: str, value: Fraction) -> None:
    assert eur(text) == Rate(value, "XMR", "EUR")


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "0", "0.0", "-1", "+1", "1.", ".5", "01", "1,5", "1 000", "1e2", "1E-2", "0x1",
        "1_0", "NaN", "Infinity", "157.31\n", " 1", "1 ", "\u0661", "\uff11", "1/2", "1.5.0",
        "1" * 19, "0." + "1" * 19, "1\x00",
    ],
)  # fmt: skip
def test_anything_else_is_no_price(text: str) -> None:
    with pytest.raises(MoneyError):
        eur(text)


@pytest.mark.parametrize("value", [1, 1.5, None, True, b"1.5", Decimal("1.5"), Fraction(3, 2)])
def test_only_text_is_parsed(value: Any) -> None:
    with pytest.raises(MoneyError):
        eur(value)


@pytest.mark.parametrize("value", [1, 1.5, "1.5", Fraction(0), Fraction(-1, 2), True, None])
def test_a_rate_is_a_positive_fraction(value: Any) -> None:
    with pytest.raises(MoneyError):
        Rate(value, "XMR", "EUR")


@pytest.mark.parametrize(("base", "quote"), [("xmr", "EUR"), ("XMR", ""), ("XMR", "€")])
def test_both_currencies_are_codes(base: str, quote: str) -> None:
    with pytest.raises(MoneyError):
        Rate.parse("1", base=base, quote=quote)


@modest
@given(st.text(max_size=45))
def test_whatever_text_comes_it_is_an_exact_price_or_a_money_error(text: str) -> None:
    try:
        rate = eur(text)
    except MoneyError:
        return
    assert text.isascii()
    assert rate.value == Fraction(text)


# --- coins for money, money for coins -----------------------------------------------------------
@pytest.mark.parametrize(
    ("rate", "price", "coins"),
    [
        (eur("114"), "28.50", "0.250000000000 XMR"),
        (eur("3"), "1.00", "0.333333333334 XMR"),
        (eur("55419.847", "BTC"), "100.00", "0.00180441 BTC"),
        (eur("0.92", "USDT"), "10.00", "10.869566 USDT"),
        (eur("0.92", "USD_BANK"), "10.00", "10.87 USD_BANK"),
        (eur("99999999999", "BTC"), "0.01", "0.00000001 BTC"),
        (Rate.parse("22834.5", base="XMR", quote="JPY"), "1", "0.000043793383 XMR"),
    ],
)
def test_coins_are_rounded_up_at_their_last_digit(rate: Rate, price: str, coins: str) -> None:
    assert str(rate.coins_for(Money.parse(price, rate.quote))) == coins


def test_worth_is_rounded_down() -> None:
    assert eur("3").worth_of(Money.parse("0.333333333333", "XMR")) == Money.parse("0.99", "EUR")
    assert eur("114").worth_of(Money.parse("0.25", "XMR")) == Money.parse("28.50", "EUR")


@modest
@given(rates(), st.integers(1, 10**7))
def test_what_is_asked_is_worth_the_price_and_one_unit_less_is_not(rate: Rate, units: int) -> None:
    """The merchant never loses by the rounding, and the payer pays not one unit too much."""
    price = Money(units, rate.quote)
    try:
        coins = rate.coins_for(price)
        worth = rate.worth_of(coins)
    except MoneyError:
        return  # beyond eighteen digits, which has its own test
    assert coins.units >= 1
    assert worth >= price
    assert rate.worth_of(Money(coins.units - 1, coins.currency)) < price
    # What is too much is worth less than one unit of the coin, so where that is no more than
    # one unit of the invoice's currency, the worth is the very price.
    unit = rate.value * 10 ** digits_of(rate.quote) / 10 ** digits_of(rate.base)
    assert worth.units - price.units < max(unit, 1)


@modest
@given(rates(), st.integers(0, 10**15))
def test_both_roundings_are_by_less_than_one_unit(rate: Rate, units: int) -> None:
    scale = Fraction(10 ** digits_of(rate.base), 10 ** digits_of(rate.quote))
    try:
        coins = rate.coins_for(Money(units, rate.quote)).units
        worth = rate.worth_of(Money(units, rate.base)).units
    except MoneyError:
        return
    assert coins - 1 < units * scale / rate.value <= coins
    assert worth <= units * rate.value / scale < worth + 1


@modest
@given(rates(), st.integers(0, 10**15))
def test_paying_back_what_coins_are_worth_never_takes_more_coins(rate: Rate, units: int) -> None:
    coins = Money(units, rate.base)
    try:
        worth = rate.worth_of(coins)
    except MoneyError:
        return
    assert rate.coins_for(worth) <= coins


def test_nothing_costs_nothing() -> None:
    assert eur("114").coins_for(Money(0, "EUR")) == Money(0, "XMR")
    assert eur("114").worth_of(Money(0, "XMR")) == Money(0, "EUR")


def test_more_than_the_ledger_keeps_is_refused() -> None:
    with pytest.raises(MoneyError, match="larger than this ledger keeps"):
        eur("0.000000001").coins_for(Money.parse("1000000.00", "EUR"))
    with pytest.raises(MoneyError, match="larger than this ledger keeps"):
        eur("9" * 18).worth_of(Money(10**MOST_DIGITS - 1, "XMR"))


@pytest.mark.parametrize("money", [Money(1, "USD"), Money(1, "XMR"), Money(-1, "EUR")])
def test_a_rate_applies_to_its_own_currency_and_to_no_debt(money: Money) -> None:
    with pytest.raises(MoneyError):
        eur("114").coins_for(money)


@pytest.mark.parametrize("money", [Money(1, "EUR"), Money(1, "BTC"), Money(-1, "XMR")])
def test_worth_is_asked_of_the_coin_itself(money: Money) -> None:
    with pytest.raises(MoneyError):
        eur("114").worth_of(money)


# --- two rates ----------------------------------------------------------------------------------
def test_rates_cross_over_what_they_share() -> None:
    crossed = eur("145.20").cross(Rate.parse("0.00262", base="XMR", quote="BTC"))

    assert (crossed.base, crossed.quote, crossed.text) == ("BTC", "EUR", "55419.847")
    assert crossed.value == Fraction("145.20") / Fraction("0.00262")


def test_rates_of_different_coins_do_not_cross() -> None:
    with pytest.raises(MoneyError):
        eur("145.20").cross(Rate.parse("55000", base="BTC", quote="USD"))


@pytest.mark.parametrize(
    ("other", "apart"),
    [
        ("100", 0),
        ("103", 300),
        ("97", 300),
        ("103.000000000000000001", 301),
        ("96.999999999999999999", 301),
        ("100.000000000000000001", 1),
        ("200", 10_000),
        ("0.01", 9999),
    ],
)
def test_the_distance_is_a_share_of_the_first_rounded_up(other: str, apart: int) -> None:
    assert eur("100").apart_bp(eur(other)) == apart


@modest
@given(prices(), prices(), st.integers(0, 10_000))
def test_the_rounded_distance_is_within_a_limit_exactly_where_the_true_one_is(
    first: str, second: str, limit: int
) -> None:
    one, other = eur(first), eur(second)
    exact = abs(other.value - one.value) / one.value

    assert (one.apart_bp(other) <= limit) == (exact <= Fraction(limit, 10_000))


@pytest.mark.parametrize("other", [eur("100", "BTC"), Rate.parse("100", base="XMR", quote="USD")])
def test_only_prices_of_the_same_thing_compare(other: Rate) -> None:
    with pytest.raises(MoneyError):
        eur("100").apart_bp(other)


# --- text ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("price", "quote", "text"),
    [
        ("114", "EUR", "114.00"),
        ("157.31", "EUR", "157.31"),
        ("145.2", "EUR", "145.20"),
        ("22834.5", "JPY", "22834.5"),
        ("22834", "JPY", "22834"),
        ("0.00262", "BTC", "0.00262"),
        ("0.1", "EUR", "0.10"),
        ("55419.847328244", "EUR", "55419.847"),
        ("1234567890.99", "EUR", "1234567891.00"),
        ("0.000123456785", "BTC", "0.00012345679"),
        ("0.000000000000000001", "BTC", "0.000000000000000001"),
        ("0.999999999", "EUR", "1.00"),
        ("9999999.95", "EUR", "10000000.00"),
    ],
)
def test_people_see_eight_digits_that_matter(price: str, quote: str, text: str) -> None:
    rate = Rate.parse(price, base="XMR", quote=quote)

    assert rate.text == text
    assert str(rate) == f"1 XMR = {text} {quote}"


@modest
@given(rates())
def test_the_text_is_a_plain_number_off_by_half_a_shown_digit_at_most(rate: Rate) -> None:
    read = Rate.parse(rate.text, base=rate.base, quote=rate.quote) if len(rate.text) < 19 else None
    shown = Fraction(rate.text)

    assert read is None or read.value == shown
    assert abs(shown - rate.value) <= rate.value / (2 * 10 ** (SHOWN_DIGITS - 1))
    assert len(rate.text) <= 80


@modest
@given(rates())
def test_a_rate_survives_its_exact_text(rate: Rate) -> None:
    assert Rate.read(rate.exact, base=rate.base, quote=rate.quote) == rate
    assert len(rate.exact) <= 111


def test_the_longest_exact_text_is_read_again() -> None:
    big, small = "9" * 18 + "." + "9" * 18, "1." + "0" * 17 + "1"
    rate = eur(big).cross(Rate.parse(small, base="XMR", quote="BTC"))

    assert Rate.read(rate.exact, base="BTC", quote="EUR") == rate
    assert len(rate.exact) <= 111


@pytest.mark.parametrize("text", ["", "1", "1.5", "0/1", "1/0", "-1/2", "1/2/3", " 1/2", "1/2\n"])
def test_only_exact_text_is_read_back(text: str) -> None:
    with pytest.raises(MoneyError):
        Rate.read(text, base="XMR", quote="EUR")
