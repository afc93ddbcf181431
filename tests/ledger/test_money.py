"""Money: text in, whole units inside, the same text out."""

import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import DIGITS, FIAT, MOST_DIGITS, Money, MoneyError, digits_of

CURRENCIES = st.sampled_from(["EUR", "EGP", "NGN", "JPY", "KWD", "BTC", "USDT", "XMR", "USD_BANK"])


@st.composite
def amounts(draw: st.DrawFn) -> Money:
    return Money(draw(st.integers(0, 10**MOST_DIGITS - 1)), draw(CURRENCIES))


@pytest.mark.parametrize(
    ("text", "currency", "units"),
    [
        ("0", "EUR", 0),
        ("0.00", "EUR", 0),
        ("15.99", "EUR", 1599),
        ("15.9", "EUR", 1590),
        ("15", "EUR", 1500),
        ("15.990", "EUR", 1599),
        ("1500", "JPY", 1500),
        ("1500.00", "JPY", 1500),
        ("1.234", "KWD", 1234),
        ("100.50", "NGN", 10050),
        ("0.00035512", "BTC", 35512),
        ("0.000001", "USDT", 1),
        ("1234.123456789012", "XMR", 1234123456789012),
        ("9" * 16 + ".99", "EUR", 10**18 - 1),
    ],
)
def test_text_becomes_whole_units(text: str, currency: str, units: int) -> None:
    assert Money.parse(text, currency) == Money(units, currency)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "1 ", " 1", "1\n", "+1", "-1", "-0.00", "1.", ".5", "01", "00.50", "1,50",
        "1,234.50", "1.5.0", "1e2", "1E2", "0x10", "1_000", "NaN", "nan", "Infinity", "inf",
        "\u0661\u0662", "\uff11", "1\u066b5", "\u00bd", "\u00b2", "$1", "1 EUR", "1\x00",
        "0.001", "15.991", "1" * 17, "0" * 41, "0." + "0" * 60,
    ],
)  # fmt: skip
def test_anything_else_is_an_error_and_never_a_rounding(text: str) -> None:
    with pytest.raises(MoneyError):
        Money.parse(text, "EUR")


@pytest.mark.parametrize("value", [1, 1.5, None, b"1.50", Decimal("1.50"), True])
def test_only_text_is_parsed(value: Any) -> None:
    with pytest.raises(MoneyError):
        Money.parse(value, "EUR")


@pytest.mark.parametrize("code", ["", "E", "eur", "Eur", " EUR", "EUR\n", "€", "1EUR", "A" * 13])
def test_a_currency_is_a_code_in_capitals(code: str) -> None:
    with pytest.raises(MoneyError):
        Money(1, code)


@pytest.mark.parametrize("units", [1.0, "1", Decimal(1), True, None])
def test_units_are_whole_numbers(units: Any) -> None:
    with pytest.raises(MoneyError):
        Money(units, "EUR")


def test_no_currency_is_listed_with_two_different_digits() -> None:
    assert not FIAT & DIGITS.keys()
    assert [digits_of(code) for code in ("EUR", "JPY", "TND", "XMR", "LTC")] == [2, 0, 3, 12, 8]
    assert digits_of("USD_BANK") == digits_of("USD")


@given(amounts())
def test_an_amount_survives_its_own_text(money: Money) -> None:
    assert Money.parse(money.amount, money.currency) == money


@given(amounts())
def test_the_text_is_the_exact_value(money: Money) -> None:
    assert Decimal(money.amount).scaleb(digits_of(money.currency)) == money.units
    assert str(money) == f"{money.amount} {money.currency}"


@given(st.text(max_size=45), CURRENCIES)
def test_whatever_text_comes_it_is_an_exact_amount_or_a_money_error(
    text: str, currency: str
) -> None:
    try:
        money = Money.parse(text, currency)
    except MoneyError:
        return
    assert text.isascii()
    assert Decimal(money.amount) == Decimal(text)


@given(st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=14), CURRENCIES)
def test_a_fraction_that_does_not_fit_is_refused_rather_than_cut(
    value: Decimal, currency: str
) -> None:
    text = format(value, "f")
    fits = value == value.quantize(Decimal(1).scaleb(-digits_of(currency)))
    too_large = len(str(int(value))) + digits_of(currency) > MOST_DIGITS
    if fits and not too_large:
        assert Decimal(Money.parse(text, currency).amount) == value
    else:
        with pytest.raises(MoneyError):
            Money.parse(text, currency)


@pytest.mark.parametrize(
    ("text", "currency", "units"),
    [
        ("10.004", "USD", 1000),
        ("10.005", "USD", 1001),
        ("10.0049999999", "USD", 1000),
        ("10.00400160064", "KWD", 10004),
        ("7", "USD", 700),
        ("7.5", "JPY", 8),
        ("7.4", "JPY", 7),
        ("0.999999999", "USDT", 1_000_000),
    ],
)
def test_what_another_system_computed_is_read_to_the_nearest_unit(
    text: str, currency: str, units: int
) -> None:
    assert Money.nearest(text, currency) == Money(units, currency)


@pytest.mark.parametrize("text", ["", ".", "1.", "1.2x4", "1,5", "-1.234", "1e5", "1.23٤", "nan"])
def test_the_nearest_unit_of_no_amount_is_an_error(text: str) -> None:
    with pytest.raises(MoneyError):
        Money.nearest(text, "USD")


@given(st.integers(0, 10**12), st.sampled_from(["USD", "KWD", "JPY", "XMR"]), st.integers(0, 12))
def test_rounding_down_takes_less_than_one_step(units: int, currency: str, decimals: int) -> None:
    money = Money(units, currency)
    kept = money.to_decimals(decimals)
    assert kept <= money
    assert Money.parse(kept.amount, currency) == kept
    _whole, _, fraction = kept.amount.partition(".")
    assert not fraction[decimals:].strip("0")
    assert kept.to_decimals(decimals) == kept


@given(amounts(), st.data())
def test_sums_and_comparisons_are_those_of_the_units(money: Money, data: st.DataObject) -> None:
    other = Money(data.draw(st.integers(0, 10**18)), money.currency)

    assert (money + other) - other == money
    assert (money - other).units == money.units - other.units
    assert (money < other, money <= other) == (
        money.units < other.units,
        money.units <= other.units,
    )
    assert (money > other, money >= other) == (
        money.units > other.units,
        money.units >= other.units,
    )


def test_a_debt_is_written_with_its_sign() -> None:
    assert (Money(1, "EUR") - Money(106, "EUR")).amount == "-1.05"
    assert (Money(0, "JPY") - Money(7, "JPY")).amount == "-7"


@pytest.mark.parametrize(
    "operation", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"]
)
def test_currencies_do_not_mix(operation: str) -> None:
    with pytest.raises(MoneyError):
        getattr(Money(1, "EUR"), operation)(Money(1, "USD"))
    assert Money(1, "EUR") != Money(1, "USD")


@given(
    st.integers(0, 10**12), st.integers(0, 10**15), st.integers(1, 10**15)
)  # fmt: skip
def test_a_share_is_rounded_down_by_less_than_one_unit(units: int, part: int, whole: int) -> None:
    share = Money(units, "EUR").share(Money(part, "BTC"), Money(whole, "BTC"))

    exact = Fraction(units * part, whole)
    assert exact - 1 < share.units <= exact


@given(amounts(), st.integers(1, 10**18))
def test_the_whole_buys_exactly_the_whole(money: Money, whole: int) -> None:
    assert money.share(Money(whole, "BTC"), Money(whole, "BTC")) == money


@pytest.mark.parametrize("whole", [0, -1])
def test_no_share_of_nothing(whole: int) -> None:
    with pytest.raises(MoneyError):
        Money(100, "EUR").share(Money(1, "BTC"), Money(whole, "BTC"))


def test_a_share_in_two_currencies_is_refused() -> None:
    with pytest.raises(MoneyError):
        Money(100, "EUR").share(Money(1, "BTC"), Money(1, "XMR"))


def test_money_can_be_a_key_and_travel_between_processes() -> None:
    assert {Money(1, "EUR"): 1}[pickle.loads(pickle.dumps(Money(1, "EUR")))] == 1  # noqa: S301
