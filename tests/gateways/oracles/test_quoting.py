"""Quotes: a fresh price that the checks agree with, or none and the reason."""

from typing import Any

import pytest
import responses
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.oracles.quoting import Oracles, PriceSettings, Quote, Unquotable, price_now, quote
from ledger.http import Answer
from ledger.money import Money
from tests.gateways.oracles.answers import (
    NOW,
    Scripted,
    Seconds,
    oracles,
    price_settings,
    relay_body,
    relay_says,
    web_body,
    web_says,
)

NEIGHBOURS = st.integers(10_000, 10**9).flatmap(
    lambda units: st.tuples(st.just(units), st.integers(units * 9 // 10, units * 11 // 10))
)


def quoted(due: str, coin: str, wanted: PriceSettings) -> Quote:
    amount, currency = due.split()
    return quote(Money.parse(amount, currency), coin, wanted, NOW, oracles())


def refusal(wanted: PriceSettings, coin: str = "XMR", due: str = "28.50 EUR") -> Unquotable:
    with pytest.raises(Unquotable) as told:
        quoted(due, coin, wanted)
    return told.value


def monero_at(eur: Any, *, age: int = 60) -> str:
    return web_body(monero={"eur": eur, "usd": 157.31, "last_updated_at": NOW - age})


# --- the happy way ------------------------------------------------------------------------------
def test_a_quote_fixes_coins_rate_source_and_moment(web: responses.RequestsMock) -> None:
    relay_says(web, relay_body({"EUR": "114.00"}))

    made = quoted("28.50 EUR", "XMR", price_settings())

    assert str(made.pay) == "0.250000000000 XMR"
    assert (made.rate.text, made.source, made.priced_at) == ("114.00", "relay", NOW - 60)


@pytest.mark.parametrize(
    ("coin", "pay"),
    [
        ("XMR", "0.068870523416 XMR"),
        ("BTC", "0.00018045 BTC"),
        ("USDT", "10.840221 USDT"),
        ("USD_BANK", "10.84 USD_BANK"),
    ],
)
def test_every_coin_is_rounded_up_at_its_own_digits(
    web: responses.RequestsMock, coin: str, pay: str
) -> None:
    relay_says(web, relay_body())

    assert str(quoted("10.00 EUR", coin, price_settings()).pay) == pay


def test_the_smallest_bill_costs_at_least_one_unit(web: responses.RequestsMock) -> None:
    relay_says(web, relay_body({"EUR": "999999999999999999"}))

    assert quoted("0.01 EUR", "XMR", price_settings()).pay == Money(1, "XMR")


def test_a_check_that_agrees_is_named(web: responses.RequestsMock) -> None:
    relay_says(web, relay_body())
    web_says(web, web_body())

    made = quoted("28.50 EUR", "XMR", price_settings("relay", "web"))

    assert made.source == "relay, agreed with web"


def test_all_checks_that_agree_are_named(web: responses.RequestsMock) -> None:
    relay_says(web, relay_body())
    web_says(web, web_body())
    wanted = price_settings("web", "relay", "fixed", fixed_rates="XMR EUR 146")

    made = quoted("28.50 EUR", "XMR", wanted)

    assert made.source == "web, agreed with relay and fixed rate"
    assert made.rate.text == "145.20"


def test_a_late_payment_is_priced_by_the_same_rules(web: responses.RequestsMock) -> None:
    relay_says(web, relay_body())
    web_says(web, monero_at(160))
    kept, wanted = oracles(), price_settings("relay", "web")

    assert price_now("BTC", "EUR", wanted, NOW, kept).source == "relay, agreed with web"
    with pytest.raises(Unquotable) as told:
        price_now("XMR", "EUR", wanted, NOW, kept)
    assert told.value.code == "deviates"


@pytest.mark.parametrize(
    ("due", "coin", "pay"),
    [
        ("28.50 USD", "USD_BANK", "28.50 USD_BANK"),
        ("28.50 USD_BANK", "USD_BANK", "28.50 USD_BANK"),
        ("0.25 XMR", "XMR", "0.250000000000 XMR"),
        ("0.00000001 BTC", "BTC", "0.00000001 BTC"),
    ],
)
def test_the_invoices_own_currency_needs_no_source(due: str, coin: str, pay: str) -> None:
    made = quoted(due, coin, price_settings("relay", "web", relay_url="", web_url=""))

    assert (str(made.pay), made.source, made.priced_at) == (pay, "same currency", NOW)
    assert made.rate.value == 1


# --- stale --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("as_of", "fresh"), [(600, True), (601, False), (-300, True), (-301, False)]
)
@pytest.mark.parametrize("primary", ["relay", "web"])
def test_an_old_or_future_price_is_not_used(
    web: responses.RequestsMock, primary: str, as_of: int, fresh: bool
) -> None:
    if primary == "relay":
        relay_says(web, relay_body(as_of=NOW - as_of))
    else:
        web_says(web, monero_at(145.2, age=as_of))
    if fresh:
        assert quoted("28.50 EUR", "XMR", price_settings(primary)).priced_at == NOW - as_of
        return

    told = refusal(price_settings(primary))

    assert told.code == "stale"
    said = "601 seconds old; 600 are allowed" if as_of > 0 else "301 seconds in the future"
    assert said in told.message


def test_a_fixed_rate_needs_no_age() -> None:
    wanted = price_settings("fixed", fixed_rates="XMR EUR 114", max_age_seconds=0)

    assert str(quoted("28.50 EUR", "XMR", wanted).pay) == "0.250000000000 XMR"


# --- checks -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("other", "agrees"),
    [
        ("149.556", True), ("149.556000000001", False), ("140.844", True), ("140.8439999", False),
        ("290.40", False), ("14.52", False),
    ],
)  # fmt: skip
def test_the_check_may_be_three_percent_away_and_not_a_hair_more(
    web: responses.RequestsMock, other: str, agrees: bool
) -> None:
    relay_says(web, relay_body())
    wanted = price_settings("relay", "fixed", fixed_rates=f"XMR EUR {other}", deviation_bp=300)
    if agrees:
        assert quoted("1.00 EUR", "XMR", wanted).source == "relay, agreed with fixed rate"
    else:
        assert refusal(wanted).code == "deviates"


def test_two_prices_that_differ_are_both_named(web: responses.RequestsMock) -> None:
    relay_says(web, relay_body())
    web_says(web, monero_at(160.01))

    told = refusal(price_settings("relay", "web"))

    assert told.code == "deviates"
    assert told.message.startswith(
        "The relay says 1 XMR = 145.20 EUR, but the price service says 1 XMR = 160.01 EUR: "
        "10.20 % apart, and 3.00 % is allowed. Find out which of them is wrong"
    )


def test_one_check_that_differs_is_enough(web: responses.RequestsMock) -> None:
    relay_says(web, relay_body())
    web_says(web, web_body())
    wanted = price_settings("relay", "web", "fixed", fixed_rates="XMR EUR 1")

    assert refusal(wanted).code == "deviates"


def test_one_check_that_agrees_is_enough_where_another_is_silent(
    web: responses.RequestsMock,
) -> None:
    relay_says(web, relay_body())
    web_says(web, "", 503)
    wanted = price_settings("relay", "web", "fixed", fixed_rates="XMR EUR 145")

    assert quoted("1.00 EUR", "XMR", wanted).source == "relay, agreed with fixed rate"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("", 500, "The price service answered HTTP 500"),
        (monero_at(145.2, age=601), 200, "The price from the price service is 601 seconds old"),
        (monero_at(290, age=601), 200, "601 seconds old"),
        (monero_at(145.2, age=-301), 200, "301 seconds in the future"),
        ("{}", 200, "The price service has no price for XMR in EUR"),
    ],
)
def test_a_price_that_nothing_could_check_is_not_used(
    web: responses.RequestsMock, body: str, status: int, words: str
) -> None:
    relay_says(web, relay_body())
    web_says(web, body, status)
    wanted = price_settings("relay", "web", "fixed", fixed_rates="BTC EUR 1")

    told = refusal(wanted)

    assert told.code == "unchecked"
    assert told.message.startswith(
        "The relay says 1 XMR = 145.20 EUR, but nothing could check it. "
    )
    assert words in told.message
    assert "no fixed rate for XMR in EUR" in told.message


# --- no price at all ----------------------------------------------------------------------------
def test_a_silent_primary_is_not_replaced_by_a_check(web: responses.RequestsMock) -> None:
    relay_says(web, "", 503)

    told = refusal(price_settings("relay", "fixed", fixed_rates="XMR EUR 145"))

    assert told.code == "no_price"
    assert told.message.startswith("The relay answered HTTP 503. See that it runs")


@pytest.mark.parametrize(
    ("primary", "checks"),
    [
        ("", ()),
        ("bank", ()),
        ("relay", ("bank",)),
        ("relay", ("relay",)),
        ("web", ("fixed", "web")),
    ],
)
def test_sources_that_do_not_fit_are_refused_before_anything_is_asked(
    primary: str, checks: tuple[str, ...]
) -> None:
    assert refusal(price_settings(primary, *checks)).code == "settings"


@pytest.mark.parametrize("due", [Money(0, "EUR"), Money(-1, "EUR"), Money(0, "XMR")])
def test_nothing_due_is_not_quoted(due: Money) -> None:
    with pytest.raises(Unquotable) as told:
        quote(due, "XMR", price_settings(), NOW, oracles())
    assert told.value.code == "out_of_range"


def test_more_coins_than_the_ledger_keeps_are_not_quoted() -> None:
    wanted = price_settings("fixed", fixed_rates="XMR EUR 0.00000001")

    told = refusal(wanted, due="1000.00 EUR")

    assert told.code == "out_of_range"
    assert "larger than this ledger keeps" in told.message


@settings(max_examples=150, deadline=None)
@given(
    due=st.integers(1, 10**9),
    prices=st.tuples(st.integers(1, 10**9), st.integers(1, 10**9)) | NEIGHBOURS,
    limit=st.integers(0, 10_000),
)
def test_a_quote_is_worth_the_bill_and_as_near_to_the_check_as_allowed(
    due: int, prices: tuple[int, int], limit: int
) -> None:
    """Prices in thousandths of a euro for 1 XMR: the relay's, then the fixed one."""
    mine, other = (f"{units // 1000}.{units % 1000:03d}" for units in prices)
    http = Scripted(Answer(200, relay_body({"EUR": mine}).encode()))
    wanted = price_settings("relay", "fixed", fixed_rates=f"XMR EUR {other}", deviation_bp=limit)
    bill = Money(due, "EUR")
    near = abs(prices[1] - prices[0]) * 10_000 <= limit * prices[0]
    try:
        made = quote(bill, "XMR", wanted, NOW, Oracles(Seconds(), http))
    except Unquotable as error:
        assert error.code == ("out_of_range" if near else "deviates")
        return
    assert near
    assert made.rate.worth_of(made.pay) >= bill
    assert made.rate.worth_of(Money(made.pay.units - 1, "XMR")) < bill
