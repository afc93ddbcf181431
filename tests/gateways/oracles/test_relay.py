"""The relay's prices: everything by way of Monero, text only, and a moment with them."""

import json
from fractions import Fraction
from typing import Any

import pytest
import responses
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.oracles import relay
from gateways.oracles.asking import Oracles
from gateways.oracles.base import COINS, NoPrice, Price
from ledger.http import Answer
from tests.gateways.oracles.answers import (
    NOW,
    RELAY,
    UNPRICED,
    Seconds,
    oracles,
    relay_body,
    relay_says,
)


def price(web: responses.RequestsMock, body: str, coin: str, currency: str) -> Price:
    relay_says(web, body)
    return relay.price(oracles(), RELAY, coin, currency)


def refusal(web: responses.RequestsMock, body: str, coin: str, currency: str) -> NoPrice:
    with pytest.raises(NoPrice) as told:
        price(web, body, coin, currency)
    return told.value


@pytest.mark.parametrize(
    ("coin", "currency", "value"),
    [
        ("XMR", "EUR", Fraction("145.20")),
        ("BTC", "EUR", Fraction("145.20") / Fraction("0.00262")),
        ("USDT", "EUR", Fraction("145.20") / Fraction("157.40")),
        ("USD_BANK", "EUR", Fraction("145.20") / Fraction("157.31")),
        ("XMR", "USD", Fraction("157.31")),
        ("USDT", "USD", Fraction("157.31") / Fraction("157.40")),
        ("BTC", "XMR", 1 / Fraction("0.00262")),
        ("XMR", "BTC", Fraction("0.00262")),
    ],
)
def test_each_coin_is_priced_in_the_invoice_currency(
    web: responses.RequestsMock, coin: str, currency: str, value: Fraction
) -> None:
    told = price(web, relay_body(), coin, currency)

    assert (told.rate.base, told.rate.quote, told.rate.value) == (coin, currency, value)
    assert (told.as_of, told.source) == (NOW - 60, "relay")


def test_one_answer_serves_all_currencies(web: responses.RequestsMock) -> None:
    relay_says(web, relay_body())
    kept = oracles()

    for coin in COINS:
        for currency in ("EUR", "USD", "BTC"):
            relay.price(kept, f"{RELAY}/", coin, currency)

    assert len(web.calls) == 1


@pytest.mark.parametrize(
    ("coin", "currency", "missing"),
    [("XMR", "EGP", "EGP"), ("BTC", "EUR", "BTC"), ("USD_BANK", "EUR", "USD")],
)
def test_a_currency_that_the_relay_does_not_price_is_named(
    web: responses.RequestsMock, coin: str, currency: str, missing: str
) -> None:
    told = refusal(web, relay_body({"EUR": "145.20"}), coin, currency)

    assert told.code == "missing"
    assert told.message.startswith(f"The relay has no price for {missing}. Choose another")


@pytest.mark.parametrize("value", [*UNPRICED, 145, 145.2, 0, -1, "1.5e2", "145.", "1." + "1" * 19])
@pytest.mark.parametrize(("coin", "currency"), [("XMR", "EUR"), ("BTC", "EUR")])
def test_a_price_is_positive_text(
    web: responses.RequestsMock, value: Any, coin: str, currency: str
) -> None:
    prices = {"EUR": "145.20", "BTC": "0.00262"} | {currency if coin == "XMR" else coin: value}

    assert refusal(web, relay_body(prices), coin, currency).code == "garbage"


def test_a_bad_price_of_another_currency_does_no_harm(web: responses.RequestsMock) -> None:
    told = price(web, relay_body({"EUR": "145.20", "DOGE": 1, "XMR": "2"}), "XMR", "EUR")

    assert told.rate.text == "145.20"


@pytest.mark.parametrize("prices", [[], "EUR", 1, True, [["EUR", "145.20"]]])
def test_prices_are_an_object(web: responses.RequestsMock, prices: Any) -> None:
    assert refusal(web, relay_body(prices), "XMR", "EUR").code == "garbage"


def test_an_answer_without_prices_is_not_believed(web: responses.RequestsMock) -> None:
    body = json.dumps({"code": "node_down", "message": "The node is behind."})

    assert refusal(web, body, "XMR", "EUR").code == "garbage"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-09-21T13:46:40Z", 1789998400),
        ("2026-09-21T13:46:40.999999Z", 1789998400),
        ("2028-02-29T00:00:00Z", 1835395200),
    ],
)
def test_the_moment_may_be_text_in_utc(
    web: responses.RequestsMock, text: str, seconds: int
) -> None:
    assert price(web, relay_body(as_of=text), "XMR", "EUR").as_of == seconds


@pytest.mark.parametrize(
    "as_of",
    [
        None, True, False, 0, -1, 1790000000.5, 1790000000000, "1790000000", "", {}, [],
        "2026-09-21", "2026-09-21T13:46:40", "2026-09-21T13:46:40+00:00", "2026-09-21 13:46:40Z",
        "2026-02-30T00:00:00Z", "2026-09-21T25:00:00Z", "2026-09-21T13:46:60Z",
        "0000-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2026-09-21T13:46:40z",
        "\u0662026-09-21T13:46:40Z",
    ],
)  # fmt: skip
def test_prices_of_no_known_moment_are_not_believed(
    web: responses.RequestsMock, as_of: Any
) -> None:
    assert refusal(web, relay_body(as_of=as_of), "XMR", "EUR").code == "garbage"


def test_the_relay_must_be_known() -> None:
    with pytest.raises(NoPrice) as told:
        relay.price(oracles(), "", "XMR", "EUR")
    assert told.value.code == "not_set"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(prices=JSON | st.fixed_dictionaries({"EUR": JSON, "BTC": JSON}), as_of=JSON)
def test_no_answer_breaks_the_reader(prices: Any, as_of: Any) -> None:
    body = json.dumps({"prices": prices, "as_of": as_of}).encode()
    kept = Oracles(Seconds(), lambda *_, **__: Answer(200, body))

    for coin in COINS:
        try:
            told = relay.price(kept, RELAY, coin, "EUR")
        except NoPrice:
            continue
        assert told.rate.value > 0
