"""A relay that is slow, down, or lies; and prices, true, old or strange."""

import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import requests
from nacl.exceptions import BadSignatureError

from sandbox.spectrocoin.market import EUROS
from tests.sandbox.relay import Merchant, verify
from tests.sandbox.stand_in import StandIn


@pytest.fixture
def merchant(sandbox: StandIn) -> Merchant:
    return Merchant(sandbox)


def calls(merchant: Merchant) -> list[Any]:
    recorded: list[Any] = merchant.sandbox.control("/haveno/_sandbox/calls")["calls"]
    return recorded


def offers(merchant: Merchant) -> int:
    return len(merchant.sandbox.control("/haveno/_sandbox/offers")["offers"])


@pytest.mark.parametrize(
    ("kind", "status", "acted"),
    [
        ("500", 500, 0), ("503", 503, 0), ("429", 429, 0), ("401", 401, 0), ("403", 403, 0),
        ("504_after", 504, 1), ("html", 200, 0), ("empty", 200, 0), ("redirect", 302, 0),
    ],
)  # fmt: skip
def test_relay_in_trouble(merchant: Merchant, kind: str, status: int, acted: int) -> None:
    merchant.sandbox.fault("haveno", kind, "offers")

    answer = merchant.post(merchant.offer())

    assert answer.status_code == status
    assert offers(merchant) == acted
    if kind.isdigit():
        assert set(answer.json()) == {"code", "message"}
        assert ("Retry-After" in answer.headers) == (kind in ("503", "429"))
    assert calls(merchant)[-1]["fault"] == kind
    assert merchant.post(merchant.offer()).status_code == (200 if acted else 201)


@pytest.mark.parametrize(("kind", "acted"), [("refuse", 0), ("lost_answer", 1), ("truncated", 1)])
def test_broken_connection_and_the_same_order_again(
    merchant: Merchant, kind: str, acted: int
) -> None:
    merchant.sandbox.fault("haveno", kind, "offers")

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        merchant.post(merchant.offer())

    assert offers(merchant) == acted
    assert merchant.post(merchant.offer()).status_code == (200 if acted else 201)
    assert offers(merchant) == 1


def test_slow_relay_acts_at_once_or_late(merchant: Merchant) -> None:
    for kind in ("slow_after", "delay"):
        merchant.sandbox.fault("haveno", kind, "offers", seconds=0.3)
        started = time.monotonic()
        merchant.post(merchant.offer())
        assert time.monotonic() - started >= 0.3


def test_fault_hits_the_named_call_only(merchant: Merchant) -> None:
    url, offer_id = merchant.sandbox.url, merchant.open()
    reached: dict[str, Callable[[], requests.Response]] = {
        "offer": lambda: requests.get(f"{url}/haveno/v1/offers/{offer_id}", timeout=10),
        "prices": lambda: requests.get(f"{url}/haveno/v1/prices", timeout=10),
        "web_prices": lambda: requests.get(
            f"{url}/haveno/simple/price?ids=monero&vs_currencies=eur", timeout=10
        ),
        "cancel": lambda: merchant.cancel(offer_id),
    }
    for name, call in reached.items():
        merchant.sandbox.fault("haveno", "503", name)
        for other in [n for n in reached if n not in (name, "cancel")]:
            assert reached[other]().status_code == 200
        assert call().status_code == 503
        assert call().status_code == 200
    assert {"offers", *reached} == {call["action"] for call in calls(merchant)}


@pytest.mark.parametrize("kind", ["wrong_signature", "unsigned"])
def test_answer_that_no_relay_key_signed(merchant: Merchant, kind: str) -> None:
    offer_id = merchant.open()
    asks: dict[str, Callable[[], requests.Response]] = {
        "offers": lambda: merchant.post(merchant.offer()),
        "offer": lambda: requests.get(
            f"{merchant.sandbox.url}/haveno/v1/offers/{offer_id}", timeout=10
        ),
        "cancel": lambda: merchant.cancel(offer_id),
    }
    for on, ask in asks.items():
        merchant.sandbox.fault("haveno", kind, on)
        told = ask().json()
        if kind == "unsigned":
            assert "signature" not in told
        else:
            with pytest.raises(BadSignatureError):
                verify(told, merchant.relay_key)


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("wrong_amount", {"amount"}),
        ("wrong_currency", {"currency"}),
        ("wrong_invoice", {"invoice_id"}),
        ("wrong_offer", {"offer_id"}),
        ("other_address_in_uri", {"uri"}),
    ],
)
def test_lie_that_the_relay_itself_signed(merchant: Merchant, kind: str, changed: set[str]) -> None:
    truth = merchant.post(merchant.offer()).json()
    merchant.sandbox.fault("haveno", kind, "offers")

    told = merchant.post(merchant.offer()).json()

    verify(told, merchant.relay_key)
    assert {n for n in told if told[n] != truth[n]} == changed | {"signature"}
    if kind == "other_address_in_uri":
        assert told["uri"].startswith("monero:8")
        assert truth["pay_to"] not in told["uri"]
    assert merchant.post(merchant.offer()).json() == truth


def test_relay_may_lie_about_what_came_in(merchant: Merchant) -> None:
    offer_id = merchant.open()
    merchant.sandbox.fault("haveno", "wrong_amount", "offer")
    assert merchant.look(offer_id)["received"] == "10.000000000000"
    merchant.sandbox.fault("haveno", "wrong_offer", "offer")
    assert merchant.look(offer_id)["offer_id"] != offer_id


def test_errors_are_not_lied_about(merchant: Merchant) -> None:
    merchant.sandbox.fault("haveno", "wrong_signature", "offer")
    answer = requests.get(f"{merchant.sandbox.url}/haveno/v1/offers/none", timeout=10)
    assert (answer.status_code, set(answer.json())) == (404, {"code", "message"})


def relay_prices(sandbox: StandIn) -> Any:
    answer = requests.get(f"{sandbox.url}/haveno/v1/prices", timeout=10)
    assert answer.status_code == 200
    return answer.json()


def web_prices(sandbox: StandIn, **query: str) -> Any:
    asked = {"ids": "monero,bitcoin,tether", "vs_currencies": "eur,usd",
             "include_last_updated_at": "true", **query}  # fmt: skip
    answer = requests.get(f"{sandbox.url}/haveno/simple/price", params=asked, timeout=10)
    return json.loads(answer.text, parse_float=Decimal)


def test_relay_prices_are_texts_per_xmr_and_agree_with_the_other_markets(sandbox: StandIn) -> None:
    told = relay_prices(sandbox)

    prices = told["prices"]
    assert (prices["EUR"], prices["USD"]) == ("150.00", "166.67")
    assert (prices["BTC"], prices["USDT"]) == ("0.00333333", "166.66666667")
    assert abs(told["as_of"] - time.time()) < 60
    assert (type(told["as_of"]), type(told["source"])) == (int, str)
    for currency, price in prices.items():
        exact = EUROS["XMR"] / EUROS[currency]
        assert abs(Decimal(price) / exact - 1) < Decimal("0.0001"), currency


def test_web_prices_are_numbers_in_the_documented_shape(sandbox: StandIn) -> None:
    told = web_prices(sandbox)

    at = told["monero"].pop("last_updated_at")
    assert (type(at), abs(at - time.time()) < 60) == (int, True)
    assert told["monero"] == {"eur": Decimal("150.00"), "usd": Decimal("166.67")}
    assert told["bitcoin"]["usd"] == 50000
    assert (told["tether"]["eur"], told["tether"]["usd"]) == (Decimal("0.9"), 1)
    assert list(web_prices(sandbox, ids="monero,dogcoin")) == ["monero"]
    assert web_prices(sandbox, ids="monero", vs_currencies="xxx", include_last_updated_at="") == {
        "monero": {}
    }
    assert web_prices(sandbox, ids="") == {"error": "Missing parameter ids"}


def test_prices_and_their_age_can_be_set_apart(merchant: Merchant) -> None:
    sandbox = merchant.sandbox
    merchant.set(prices={"EUR": "145.20", "USD": None}, price_age_seconds=600)
    merchant.set(web_prices={"monero": {"eur": "99.5", "usd": None}}, web_price_age_seconds=7200)

    relay, web = relay_prices(sandbox), web_prices(sandbox)

    assert (relay["prices"]["EUR"], "USD" in relay["prices"]) == ("145.20", False)
    assert relay["prices"]["BTC"] == "0.00333333"
    assert abs(relay["as_of"] + 600 - time.time()) < 60
    assert web["monero"]["eur"] == Decimal("99.5")
    assert "usd" not in web["monero"]
    assert abs(web["monero"]["last_updated_at"] + 7200 - time.time()) < 60
    assert web["bitcoin"]["eur"] == 45000


def test_web_source_in_trouble_answers_in_its_own_shape(sandbox: StandIn) -> None:
    sandbox.fault("haveno", "429", "web_prices")
    assert web_prices(sandbox)["status"]["error_code"] == 429
