"""Fixed rates: what a merchant may type, and what he is told where it cannot be read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.oracles import fixed
from gateways.oracles.base import NoPrice
from tests.gateways.oracles.answers import NOW


@pytest.mark.parametrize(
    "line",
    [
        "XMR EUR 150.25", "XMR/EUR 150.25", "XMR EUR = 150.25", "XMR/EUR=150.25", "xmr eur 150.25",
        "  XMR\tEUR   150.25  ", "XMR / EUR = 150.25", "XMR EUR 150.25 # by the board",
        "XMR EUR 150.250",
    ],
)  # fmt: skip
def test_a_line_may_be_written_in_several_ways(line: str) -> None:
    rates = fixed.read(f"# our rates\n\n{line}\r\n   \n")

    assert {pair: rate.text for pair, rate in rates.items()} == {("XMR", "EUR"): "150.25"}


def test_each_pair_has_its_line() -> None:
    told = "XMR EUR 150.25\nXMR USD 160\nUSD_BANK EUR 0.92\nUSDT EUR 0.93\nBTC JPY 9000000"

    assert sorted(fixed.read(told)) == [
        ("BTC", "JPY"), ("USDT", "EUR"), ("USD_BANK", "EUR"), ("XMR", "EUR"), ("XMR", "USD"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("XMR", "write it like XMR EUR 150.25"),
        ("XMR EUR", "write it like XMR EUR 150.25"),
        ("XMREUR 150.25", "write it like XMR EUR 150.25"),
        ("XMR EUR 150.25 EUR", "write it like XMR EUR 150.25"),
        ("XMR EUR 1 500.25", "write it like XMR EUR 150.25"),
        ("XMR EUR == 150.25", "write it like XMR EUR 150.25"),
        ("DOGE EUR 150.25", "DOGE is not one of the coins XMR, USD_BANK, USDT, BTC"),
        ("EUR XMR 0.006", "EUR is not one of the coins"),
        ("XMR E 150.25", "'E' is not a currency code"),
        ("XMR 123 150.25", "'123' is not a currency code"),
        ("XMR XMR 1", "XMR is always worth one XMR"),
        ("XMR EUR 150,25", "'150,25' is not a price"),
        ("XMR EUR 1,500.25", "with a point and without thousands separators"),
        ("XMR EUR 0", "more than nothing"),
        ("XMR EUR -1", "is not a price"),
        ("XMR EUR 1e3", "is not a price"),
        ("XMR EUR NaN", "is not a price"),
        ("XMR EUR €150", "is not a price"),
        ("XMR EUR \u0661\u0665\u0660", "is not a price"),
        ("XMR USD 151", "XMR in USD has a rate already"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_with_its_number(line: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"^Line 3: ") as told:
        fixed.read(f"# rates\nXMR/USD 160\n{line}\nBTC EUR 1")

    assert words in str(told.value)
    assert str(told.value).endswith(".")


def test_a_novel_is_not_read() -> None:
    with pytest.raises(ValueError, match="more than 200 lines"):
        fixed.read("\n" * 1000)


def test_a_fixed_rate_is_never_stale() -> None:
    told = fixed.price("XMR EUR 150.25", "XMR", "EUR", NOW)

    assert (str(told.rate), told.as_of, told.source) == ("1 XMR = 150.25 EUR", NOW, "fixed rate")


@pytest.mark.parametrize(
    ("text", "coin", "currency", "code", "words"),
    [
        ("", "XMR", "EUR", "not_set", "Enter them in the gateway's settings."),
        (" \n", "XMR", "EUR", "not_set", "No fixed rates are set."),
        ("XMR EUR 150.25", "BTC", "EUR", "missing", "Add a line such as BTC EUR 150.25"),
        ("XMR EUR 150.25", "XMR", "USD", "missing", "no fixed rate for XMR in USD"),
        ("XMR EUR x", "XMR", "EUR", "garbage", "Line 1: "),
    ],
)
def test_without_a_rate_the_merchant_hears_what_to_add(
    text: str, coin: str, currency: str, code: str, words: str
) -> None:
    with pytest.raises(NoPrice) as told:
        fixed.price(text, coin, currency, NOW)

    assert told.value.code == code
    assert words in told.value.message


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("XMREURBTC 0159.,/=#\n\t-é\u0661"), max_size=60) | st.text()
)
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        rates = fixed.read(text)
    except ValueError as error:
        assert str(error).startswith(("Line ", "There are more"))
    else:
        assert all(rate.value > 0 for rate in rates.values())
