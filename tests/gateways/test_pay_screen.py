"""The view model of the pay page: each state decided in one function, each amount exact."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import segno
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.models import Claim, Order
from gateways.orders.judging import GRACE
from gateways.orders.rules import Rules
from gateways.pay.qr import QUIET_MODULES, qr_of
from gateways.pay.screen import ASKS, FREE, OVER, Sum, screen_of, state_of
from gateways.pay.transfers import Typed, Visit
from gateways.pay.words import WORDS, State, source_words
from gateways.receipts.joining import ANTI_SPAM
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


def transfer(asked: str = "1425.00", currency: str = "EUR", **fields: Any) -> Order:
    """1425 pounds for 28.50 EUR, or what the story says."""
    values = {"payable_units": units(asked, "EGP"), "pay_to": "01000000101", "rate": "50.00"}
    return order("EGP", **{**values, "currency": currency, "provider_reference": "", **fields})


def claims(*statuses: str) -> tuple[Claim, ...]:
    phones = ("01012345678", "01012345699", "")
    return tuple(Claim(status=each, phone=phones[at]) for at, each in enumerate(statuses))


CAME = {"received_units": 142500, "first_seen": NOW}


@pytest.mark.parametrize(
    ("fields", "statuses", "at", "state"),
    [
        ({}, (), NOW, State.WAITING),
        ({}, ("failed", "expired"), NOW, State.WAITING),
        ({}, ("open",), NOW, State.LOOKING),
        ({}, ("failed", "open"), NOW, State.LOOKING),
        ({}, ("open",), END + GRACE, State.LOOKING),
        ({}, ("open",), END + GRACE * 1.01, State.EXPIRED),
        ({}, (), END + timedelta(seconds=1), State.EXPIRED),
        ({"status": "expired"}, ("expired",), END + GRACE * 2, State.EXPIRED),
        ({"status": "expired"}, ("open",), NOW, State.EXPIRED),
        ({}, ("held",), NOW, State.HELD),
        ({}, ("open", "held"), NOW, State.HELD),
        ({"status": "pending"}, ("open",), NOW, State.ON_ITS_WAY),
        ({"status": "pending"}, ("open",), END + timedelta(hours=2), State.ON_ITS_WAY),
        (PAID_BILL, ("open",), NOW, State.SETTLED),
        ({**CAME, "status": "review", "attention": "two fit"}, ("held",), NOW, State.REVIEW),
        ({**CAME, "status": "review", "attention": f"{ANTI_SPAM} x"}, ("held",), NOW, State.HELD),
        (
            {**CAME, "status": "review", "first_seen": END + GRACE * 2},
            ("held",),
            END + GRACE * 2,
            State.LATE,
        ),
        ({**CAME, **paid(2850)}, ("matched",), NOW, State.PAID),
        ({**CAME, "status": "failed", "closed": END}, ("held",), END, State.FAILED),
        ({"pay_to": "", "open_error": "no wallet"}, (), NOW, State.NOT_OPENED),
    ],
    ids=lambda value: value if isinstance(value, State) else "",
)
def test_state_of_a_transfer(
    fields: dict[str, Any], statuses: tuple[str, ...], at: datetime, state: State
) -> None:
    assert state_of(transfer(**fields), Rules(coins=("EGP",)), at, claims(*statuses)) is state


@pytest.mark.parametrize(
    ("asked", "currency", "number", "rate", "note"),
    [
        ("1425.00", "EUR", "1425", "1 EUR = 50.00 EGP", "Rounded up to whole pounds."),
        ("1425.07", "EUR", "1425.07", "1 EUR = 50.00 EGP", "Rounded up to whole pounds, with pia"),
        ("1425.50", "EUR", "1425.50", "1 EUR = 50.00 EGP", "Rounded up to whole pounds, with pia"),
        ("28.50", "EGP", "28.50", "", "Send the piastres as well"),
        ("28.61", "EGP", "28.61", "", "The piastres on top mark your transfer"),
    ],
)
def test_pounds_are_explained(asked: str, currency: str, number: str, rate: str, note: str) -> None:
    with translation.override("en"):
        screen = screen_of(transfer(asked, currency), Rules(coins=("EGP",)), NOW)
        assert screen.pay and screen.transfer
        assert (screen.pay.amount.number, screen.pay.qr, screen.rate) == (number, None, rate)
        assert str(screen.transfer.note).startswith(note)


def test_whole_pounds_of_an_invoice_in_pounds_need_no_words() -> None:
    screen = screen_of(transfer("28.00", "EGP", due_units=2800), Rules(coins=("EGP",)), NOW)
    assert screen.transfer and screen.transfer.note == ""


@pytest.mark.parametrize(
    ("visit", "at", "shown"),
    [
        (Visit(), NOW, (State.WAITING, True, False, False, ())),
        (Visit(claims("open")), NOW, (State.LOOKING, False, True, False, ("78",))),
        (Visit(claims("open", "open")), NOW, (State.LOOKING, False, True, False, ("78", "99"))),
        (
            Visit(claims("open"), is_changing=True),
            NOW,
            (State.WAITING, True, False, True, ("78",)),
        ),
        (Visit(is_changing=True), NOW, (State.WAITING, True, False, False, ())),
        (Visit(), END + GRACE, (State.EXPIRED, True, False, False, ())),
        (Visit(), END + GRACE * 1.01, (State.EXPIRED, False, False, False, ())),
    ],
    ids=["first", "looking", "two numbers", "changing", "nothing to change", "just over", "over"],
)
def test_form_is_there_while_it_can_be_used(
    visit: Visit, at: datetime, shown: tuple[State, bool, bool, bool, tuple[str, ...]]
) -> None:
    screen = screen_of(transfer(), Rules(coins=("EGP",)), at, visit)
    told = screen.transfer
    assert told
    assert (screen.state, told.is_asking, told.may_change, told.may_keep, told.endings) == shown
    # A page that reloads would lose what is being typed.
    assert bool(screen.reload_seconds) != told.is_asking
    assert told.typed == Typed()


def test_platform_is_asked_again_by_the_payer_and_by_number_only() -> None:
    visit = Visit(claims("open"), is_upstream=True)
    screen = screen_of(transfer(), Rules(coins=("EGP",)), NOW, visit)
    assert screen.transfer and screen.transfer.may_look_again
    assert not screen.transfer.takes_reference
    assert "look again" in str(screen.text)


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
