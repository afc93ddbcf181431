"""The view model of the pay page: each state decided in one function, each amount exact."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import segno
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.models import Order
from gateways.orders.judging import GRACE
from gateways.orders.rules import Rules
from gateways.pay.qr import QUIET_MODULES, qr_of
from gateways.pay.screen import ASKS, FREE, OVER, Sum, screen_of, state_of
from gateways.pay.words import WORDS, State, source_words
from ledger.models import Bill, Merchant, Payment
from ledger.money import Money
from tests.environment import ROOT
from tests.gateways.coin_rows import BANK_ACCOUNT, ERC20_ADDRESS, TRC20_ADDRESS, XMR_ADDRESS, units

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
END = NOW + timedelta(minutes=30)
QUARTER = units("0.25")
RULES = Rules(coins=("XMR", "BTC"), confirmations=10)


def order(coin: str = "XMR", **fields: Any) -> Order:
    """A quarter of a coin for 28.50 EUR, valid for half an hour; no row."""
    values: dict[str, Any] = {
        "merchant": Merchant(name="Northwind"),
        "bill": Bill(reference="1043", due_units=2850, currency="EUR", status="open"),
        "due_units": 2850,
        "currency": "EUR",
        "pay_currency": coin,
        "payable_units": QUARTER,
        "rate": "114.00",
        "rate_source": "relay",
        "pay_to": XMR_ADDRESS,
        "provider_reference": "HAV-OFF-XYZ123",
        "confirmations_required": 10,
        "valid_until": END,
        "created": NOW - timedelta(minutes=30),
    }
    return Order(**{**values, **fields})


def came(units: int, **fields: Any) -> dict[str, Any]:
    return {"received_units": units, "first_seen": NOW - timedelta(minutes=5), **fields}


def paid(credit: int) -> dict[str, Any]:
    return {"status": "paid", "payment": Payment(credit_units=credit, currency="EUR")}


PAID_BILL = {"bill": Bill(reference="1", due_units=2850, currency="EUR", status="paid")}
UNOPENED = {"pay_to": "", "provider_reference": ""}
CANCELLED = {"status": "failed", "closed": NOW - timedelta(minutes=2)}
TOLERANT = Rules(tolerance_bp=100)
BY_HAND = Rules(auto_confirm=False)


@pytest.mark.parametrize(
    ("fields", "at", "rules", "state"),
    [
        # --- before any money
        ({}, NOW, RULES, State.WAITING),
        ({}, END, RULES, State.WAITING),
        ({}, END + timedelta(seconds=1), RULES, State.EXPIRED),
        ({"status": "expired"}, END + timedelta(hours=1), RULES, State.EXPIRED),
        ({"status": "expired"}, NOW, RULES, State.EXPIRED),
        ({**UNOPENED, "opening_until": END}, NOW, RULES, State.PREPARING),
        ({**UNOPENED, "opening_until": NOW}, NOW, RULES, State.NOT_OPENED),
        ({**UNOPENED, "open_error": "away"}, NOW, RULES, State.NOT_OPENED),
        ({**UNOPENED, "status": "failed", "opening_until": END}, NOW, RULES, State.NOT_OPENED),
        ({**UNOPENED, "status": "expired"}, NOW, RULES, State.NOT_OPENED),
        (PAID_BILL, NOW, RULES, State.SETTLED),
        ({**PAID_BILL, "status": "expired"}, NOW, RULES, State.SETTLED),
        ({**PAID_BILL, **UNOPENED}, NOW, RULES, State.SETTLED),
        # --- money on its way
        (came(QUARTER), NOW, RULES, State.SEEN),
        (came(QUARTER, confirmations=0), NOW, RULES, State.SEEN),
        ({**came(QUARTER), **PAID_BILL}, NOW, RULES, State.SEEN),
        (came(QUARTER, status="pending", confirmations=1), NOW, RULES, State.CONFIRMING),
        (came(QUARTER * 2, confirmations=9), NOW, RULES, State.CONFIRMING),
        (came(QUARTER, confirmations=3), END + timedelta(hours=1), RULES, State.CONFIRMING),
        (came(QUARTER - 1), NOW, RULES, State.PARTIAL),
        (came(1, confirmations=10), END, RULES, State.PARTIAL),
        (came(1), END + timedelta(seconds=1), RULES, State.SHORT),
        (came(QUARTER * 99 // 100), NOW, TOLERANT, State.SEEN),
        (came(QUARTER * 99 // 100 - 1), NOW, TOLERANT, State.PARTIAL),
        # --- a payment that a reorganisation took away again
        ({"status": "pending", "received_units": 0}, NOW, RULES, State.WAITING),
        ({"status": "pending", "received_units": 0}, END + GRACE, RULES, State.EXPIRED),
        # --- too late
        (came(QUARTER, first_seen=END + GRACE), END + GRACE, RULES, State.SEEN),
        (came(QUARTER, first_seen=END + GRACE * 1.01), END + GRACE, RULES, State.LATE),
        (came(1, status="expired"), END + GRACE, RULES, State.LATE),
        ({**came(QUARTER, first_seen=END + GRACE * 2), "status": "review"}, END, RULES, State.LATE),
        # --- for a person to decide
        (came(QUARTER - 1, status="review"), NOW, RULES, State.REVIEW),
        (came(QUARTER, status="review", confirmed_units=QUARTER), NOW, RULES, State.REVIEW),
        (came(QUARTER, status="review", confirmed_units=QUARTER), NOW, BY_HAND, State.HELD),
        (came(QUARTER, status="review", confirmed_units=0), NOW, BY_HAND, State.REVIEW),
        # --- ends
        (paid(2850), NOW, RULES, State.PAID),
        (paid(3000), NOW, RULES, State.PAID),
        (paid(2849), NOW, RULES, State.PART_PAID),
        ({**paid(2849), **PAID_BILL}, NOW, RULES, State.PAID),
        ({"status": "refunded"}, NOW, RULES, State.REFUNDED),
        ({"status": "test"}, NOW, RULES, State.FAILED),
        (CANCELLED, NOW, RULES, State.FAILED),
        ({**CANCELLED, **came(QUARTER)}, NOW, RULES, State.FAILED),
        ({**CANCELLED, **came(QUARTER, first_seen=NOW)}, NOW, RULES, State.LATE),
    ],
    ids=lambda value: value if isinstance(value, State) else "",
)
def test_state(fields: dict[str, Any], at: datetime, rules: Rules, state: State) -> None:
    assert state_of(order(**fields), rules, at) is state


def test_every_state_has_words_and_an_icon_that_exists() -> None:
    drawn = set(re.findall(r'name == "(\w+)"', (ROOT / "templates/pay/icon.html").read_text()))
    assert WORDS.keys() == set(State)
    assert {words.icon for words in WORDS.values()} <= drawn
    with translation.override("en"):
        assert len({str(words.title) for words in WORDS.values()}) == len(State)


def test_only_states_without_money_ask_offer_or_end() -> None:
    assert {State.WAITING, State.PARTIAL} == ASKS
    assert FREE.isdisjoint({State.PARTIAL, State.SEEN, State.CONFIRMING, *OVER})


# --- amounts ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("amount", "currency", "number"),
    [
        ("0.250000000000", "XMR", "0.25"),
        ("0.140263157895", "XMR", "0.140263157895"),
        ("1000.000000000000", "XMR", "1000"),
        ("10", "BTC", "10"),
        ("0.00000001", "BTC", "0.00000001"),
        ("1234567.100000", "USDT", "1234567.1"),
        ("28.50", "USD_BANK", "28.50"),
        ("1000.00", "USD_BANK", "1000.00"),
    ],
)
def test_amount_is_what_a_payer_would_type(amount: str, currency: str, number: str) -> None:
    money = Money.parse(amount, currency)
    assert Sum.of(money).number == number
    assert Money.parse(number, currency) == money


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 10**18 - 1), st.sampled_from(["XMR", "BTC", "USDT", "USD_BANK"]))
def test_no_amount_is_rounded_or_dressed_up(amount: int, currency: str) -> None:
    number = Sum.of(Money(amount, currency)).number
    assert re.fullmatch(r"[0-9]+(\.[0-9]+)?", number)
    assert Money.parse(number, currency).units == amount


# --- what the payer is told to do -------------------------------------------------------------------
def test_part_that_is_missing_is_asked_for_at_the_same_address() -> None:
    screen = screen_of(order(**came(units("0.1"))), RULES, NOW)
    assert screen.pay and screen.received
    assert (screen.pay.amount.number, screen.received.number) == ("0.15", "0.1")
    assert screen.pay.address == XMR_ADDRESS
    assert "tx_amount=0.15&" in screen.pay.uri
    assert screen.choices == ()


def test_wallet_link_names_merchant_and_invoice_but_keeps_the_code_readable() -> None:
    long = order(merchant=Merchant(name="متجر " * 16))
    long.bill.number = "2026-0043"
    pay = screen_of(long, RULES, NOW).pay
    assert pay and pay.qr
    assert "tx_description=Invoice%202026-0043" in pay.uri
    # Version 16: what phones read from a screen without trouble.
    assert pay.qr.size <= 81 + 2 * QUIET_MODULES


@pytest.mark.parametrize(
    ("coin", "address", "begins", "has_code", "network"),
    [
        ("USDT", ERC20_ADDRESS, "ethereum:", True, "On Ethereum (ERC-20) only"),
        ("USDT", TRC20_ADDRESS, "", True, "On Tron (TRC-20) only"),
        ("USD_BANK", BANK_ACCOUNT, "", False, ""),
        ("XMR", "an address of another age", "", True, ""),
    ],
)
def test_where_no_link_exists_the_address_is_still_there(
    coin: str, address: str, begins: str, has_code: bool, network: str
) -> None:
    pay = screen_of(order(coin, pay_to=address, payable_units=1725), RULES, NOW).pay
    assert pay
    assert (pay.address, bool(pay.qr), str(pay.network)) == (address, has_code, network)
    assert pay.uri.startswith(begins) and bool(pay.uri) == bool(begins)


@pytest.mark.parametrize(
    ("fields", "coins", "offered", "may_renew"),
    [
        ({}, ("XMR", "BTC"), ["XMR", "BTC"], False),
        ({}, ("XMR",), [], False),
        ({}, ("BTC",), ["BTC"], False),
        ({"status": "expired"}, ("XMR",), [], True),
        ({"status": "expired"}, ("BTC",), ["BTC"], False),
        ({"status": "expired"}, (), [], False),
        (came(1), ("XMR", "BTC"), [], False),
        (came(1, status="expired"), ("XMR", "BTC"), [], False),
        (paid(2850), ("XMR", "BTC"), [], False),
    ],
)
def test_choice_is_offered_while_nothing_came(
    fields: dict[str, Any], coins: tuple[str, ...], offered: list[str], may_renew: bool
) -> None:
    screen = screen_of(order(**fields), Rules(coins=coins), NOW)
    assert [choice.code for choice in screen.choices] == offered
    assert screen.may_renew == may_renew


def test_late_part_says_what_is_still_due_on_the_invoice() -> None:
    screen = screen_of(order(**paid(2000)), RULES, NOW)
    assert screen.still_due == Money(850, "EUR")
    assert screen_of(order(**paid(2850)), RULES, NOW).still_due is None


def test_confirmations_never_run_past_their_number() -> None:
    screen = screen_of(order(**came(QUARTER, confirmations=14)), RULES, NOW)
    assert (screen.confirmations, screen.required) == (10, 10)


@pytest.mark.parametrize(
    ("source", "words", "is_checked"),
    [
        ("relay", "The merchant's payment relay", False),
        ("web, agreed with relay", "A public price service", True),
        ("fixed rate", "The merchant's fixed rate", False),
        ("something newer", "something newer", False),
    ],
)
def test_source_of_the_price_is_said_in_words(source: str, words: str, is_checked: bool) -> None:
    with translation.override("en"):
        said, checked = source_words(source)
        assert (str(said), checked) == (words, is_checked)


# --- the code ---------------------------------------------------------------------------------------
def test_path_of_the_code_draws_its_modules_inside_a_quiet_zone() -> None:
    text = f"monero:{XMR_ADDRESS}?tx_amount=0.25"
    drawn, qr = _drawn(qr_of(text).path), qr_of(text)
    rows = segno.make_qr(text, error="l").matrix
    dark = {
        (x + QUIET_MODULES, y + QUIET_MODULES)
        for y, row in enumerate(rows)
        for x, module in enumerate(row)
        if module
    }
    assert drawn == dark
    assert qr.size == len(rows) + 2 * QUIET_MODULES


def _drawn(path: str) -> set[tuple[int, int]]:
    start = re.match(r"M(\d+) (\d+)\.5", path)
    assert start
    x, y, drawn = int(start[1]), int(start[2]), set()
    for right, down, length in re.findall(r"m(-?\d+) (\d+)h(\d+)", path):
        x, y = x + int(right), y + int(down)
        drawn |= {(x + step, y) for step in range(int(length))}
        x += int(length)
    return drawn
