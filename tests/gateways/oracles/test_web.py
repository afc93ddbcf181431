"""CoinGecko's simple/price: numbers of every spelling, and none that is none."""

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import responses
from hypothesis import given, settings
from hypothesis import strategies as st
from responses import matchers

from gateways.oracles import web as web_source
from gateways.oracles.asking import Number, Oracles
from gateways.oracles.base import COINS, NoPrice, Price
from gateways.oracles.web import plain_number
from ledger.http import Answer
from tests.gateways.oracles.answers import NOW, UNPRICED, WEB, Seconds, oracles, web_body, web_says


def price(web: responses.RequestsMock, body: str, coin: str, currency: str = "EUR") -> Price:
    web_says(web, body)
    return web_source.price(oracles(), WEB, coin, currency)


def refusal(web: responses.RequestsMock, body: str, coin: str, currency: str = "EUR") -> NoPrice:
    with pytest.raises(NoPrice) as told:
        price(web, body, coin, currency)
    return told.value


@pytest.mark.parametrize(
    ("coin", "currency", "value", "as_of"),
    [
        ("XMR", "EUR", Fraction("145.2"), NOW - 60),
        ("BTC", "EUR", Fraction("55419.84"), NOW - 50),
        ("USDT", "EUR", Fraction("0.922491"), NOW - 40),
        ("USD_BANK", "EUR", Fraction("145.2") / Fraction("157.31"), NOW - 60),
        ("XMR", "USD", Fraction("157.31"), NOW - 60),
        ("USDT", "USD", Fraction("0.9994"), NOW - 40),
        ("USD_BANK", "USD", Fraction(1), NOW - 60),
    ],
)
def test_each_coin_is_priced_in_the_invoice_currency(
    web: responses.RequestsMock, coin: str, currency: str, value: Fraction, as_of: int
) -> None:
    told = price(web, web_body(), coin, currency)

    assert (told.rate.base, told.rate.quote, told.rate.value) == (coin, currency, value)
    assert (told.as_of, told.source) == (as_of, "web")


@pytest.mark.parametrize(
    ("url", "currency", "query"),
    [
        (WEB, "EUR", {"vs_currencies": "eur,usd"}),
        (WEB, "USD", {"vs_currencies": "usd"}),
        (
            f"{WEB}?x_cg_demo_api_key=k",
            "EUR",
            {"vs_currencies": "eur,usd", "x_cg_demo_api_key": "k"},
        ),
    ],
)
def test_all_coins_are_asked_for_at_once(
    web: responses.RequestsMock, url: str, currency: str, query: dict[str, str]
) -> None:
    ids = {"ids": "monero,bitcoin,tether", "include_last_updated_at": "true", "precision": "full"}
    web.get(WEB, body=web_body(), match=[matchers.query_param_matcher(ids | query)])
    kept = oracles()

    for coin in COINS:
        web_source.price(kept, url, coin, currency)

    assert len(web.calls) == 1


@pytest.mark.parametrize("changed", [{"monero": {}}, {"monero": {"eur": None}}, {"monero": None}])
def test_a_price_that_is_not_there_is_named(
    web: responses.RequestsMock, changed: dict[str, Any]
) -> None:
    told = refusal(web, web_body(**changed), "XMR")

    assert told.code == "missing"
    assert told.message.startswith("The price service has no price for XMR in EUR. Choose another")


def test_a_currency_or_coin_that_the_service_does_not_know_is_named(
    web: responses.RequestsMock,
) -> None:
    assert "USDT in EGP" in refusal(web, web_body(), "USDT", "EGP").message
    assert refusal(web, web_body(), "LTC").code == "missing"
    without_dollars = web_body(monero={"eur": 145.2, "last_updated_at": NOW})
    assert "XMR in USD" in refusal(web, without_dollars, "USD_BANK").message


@pytest.mark.parametrize(
    "value", [v for v in UNPRICED if v is not None] + [0, -1, 0.0, -145.2, "145.2"]
)
def test_a_price_is_a_positive_number(web: responses.RequestsMock, value: Any) -> None:
    body = web_body(monero={"eur": value, "usd": 1, "last_updated_at": NOW})

    assert refusal(web, body, "XMR").code == "garbage"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400", "1e19", "1e-10", "0e5", "0.0"])
def test_a_number_that_no_price_can_be_is_refused(web: responses.RequestsMock, number: str) -> None:
    body = f'{{"monero": {{"eur": {number}, "last_updated_at": {NOW}}}}}'

    assert refusal(web, body, "XMR").code == "garbage"


@pytest.mark.parametrize("listed", [1, True, "145.2", [], [145.2]])
def test_a_coin_holds_an_object(web: responses.RequestsMock, listed: Any) -> None:
    assert refusal(web, web_body(monero=listed), "XMR").code == "garbage"


@pytest.mark.parametrize("moment", [None, True, "1790000000", 1790000000.5, 0, -1, 1790000000000])
def test_a_price_of_no_known_moment_is_not_believed(
    web: responses.RequestsMock, moment: Any
) -> None:
    body = web_body(monero={"eur": 145.2, "last_updated_at": moment})

    assert refusal(web, body, "XMR").code == "garbage"


def test_the_address_must_be_known() -> None:
    with pytest.raises(NoPrice) as told:
        web_source.price(oracles(), "", "XMR", "EUR")
    assert told.value.code == "not_set"


# --- numbers ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("number", "plain"),
    [
        ("145.20", "145.20"),
        ("1.5e-7", "0.00000015"),
        ("1E+2", "100"),
        ("1.52e2", "152"),
        ("1.5234e2", "152.34"),
        ("15e-1", "1.5"),
        ("0.5e1", "5"),
        ("100e-2", "1.00"),
        ("1e-9", "0.000000001"),
        ("0.12345678901234567899", "0.123456789012345678"),
        ("0.0024653001234567890123", "0.002465300123456789"),
    ],
)
def test_exponents_are_written_out(number: str, plain: str) -> None:
    assert plain_number(Number(number)) == plain


def test_a_whole_number_stays() -> None:
    assert plain_number(145) == "145"


@settings(max_examples=200, deadline=None)
@given(st.floats(min_value=1e-9, max_value=1e15, exclude_min=True))
def test_every_json_float_is_read_without_loss_but_beyond_the_eighteenth_decimal(
    number: float,
) -> None:
    written = json.dumps(number)
    exact, read = Decimal(written), Decimal(plain_number(Number(written)))

    assert 0 <= exact - read < Decimal("1e-18")
    assert "e" not in plain_number(Number(written)).lower()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
LISTED = JSON | st.fixed_dictionaries({"eur": JSON, "usd": JSON, "last_updated_at": JSON})


@settings(max_examples=100, deadline=None)
@given(st.fixed_dictionaries({"monero": LISTED, "bitcoin": LISTED, "tether": LISTED}))
def test_no_answer_breaks_the_reader(members: Any) -> None:
    body = json.dumps(members).encode()
    kept = Oracles(Seconds(), lambda *_, **__: Answer(200, body))

    for coin in COINS:
        try:
            told = web_source.price(kept, WEB, coin, "EUR")
        except NoPrice:
            continue
        assert told.rate.value > 0
