"""Orders that we quoted: every message about coins to every status, and what a person decided since."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import responses

from gateways import accounts, inbox
from gateways.models import HavenoGateway, Order
from gateways.orders import deciding, polling, pricing
from gateways.orders.applying import apply
from gateways.orders.asking import Informed, Today, informed
from gateways.orders.opening import Wanted, open_order
from gateways.orders.telling import Applied
from gateways.providers.base import Instructions, Notice, Transfer, Unavailable
from gateways.providers.haveno import Haveno
from ledger.models import Bill, Payment
from ledger.money import Money
from ledger.ports import unix_seconds
from ledger.rate import Rate
from tests.conftest import SetClock
from tests.gateways.coin_rows import ASKED, XMR_ADDRESS, FakeRelay, a_coin_order, a_haveno_gateway
from tests.gateways.providers.haveno_messages import CREDENTIALS, OFFER_ID, RELAY, signed
from tests.gateways.rows import FakeProvider, a_callback, an_account
from tests.ledger.rows import a_bill

pytestmark = pytest.mark.django_db

Status = Order.Status
# What a_coin_order asks for, in piconero, and what that is worth.
ALL, DUE = Money.parse(ASKED["XMR"], "XMR").units, 1599
HALF = ALL // 2
AN_HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
RATE = Rate.parse("120", base="XMR", quote="EUR")


@pytest.fixture(autouse=True)
def relay(monkeypatch: pytest.MonkeyPatch) -> FakeRelay:
    fake = FakeRelay()
    monkeypatch.setitem(accounts._providers, "haveno", fake)
    monkeypatch.setattr("ledger.ports.random.uniform", lambda low, high: 1)
    return fake


def rule(order: Order, **changes: Any) -> None:
    HavenoGateway.objects.filter(pk=order.gateway_id).update(**changes)


def listed(order: Order, *units: int, deep: bool = True, state: str = "", **more: Any) -> Notice:
    """The relay's list: so many transfers, all of them deep enough unless the story says otherwise.

    seen_at is the moment of the order's opening, in time.
    """
    seen_at = more.pop("seen_at", order.created)
    depth, total = (12 if deep else 3), Money(sum(units), "XMR")
    transfers = tuple(
        Transfer(f"{number:064x}", Money(each, "XMR"), depth, unix_seconds(seen_at))
        for number, each in enumerate(units, start=1)
    )
    words = {"settled": "paid", "open": "new", "refunded": "refunded", "cancelled": "failed"}
    state = state or ("settled" if units else "open")
    values: dict[str, Any] = {
        "order_reference": "",
        "status": words.get(state, "unknown"),
        "provider_status": state.upper(),
        "received": total if units else None,
        "confirmed": (total if deep else Money(0, "XMR")) if units else None,
        "provider_reference": order.provider_reference,
        "transfers": transfers,
        "confirmations": depth if units else 0,
        "confirmations_required": 10,
    }
    return Notice(**{**values, **more})


def second_seen(notice: Notice, moment: datetime) -> Notice:
    """The second transfer of the list came at that moment."""
    first, second = notice.transfers or ()
    return replace(notice, transfers=(first, replace(second, seen_at=unix_seconds(moment))))


def ends(order: Order) -> datetime:
    assert order.valid_until is not None
    return order.valid_until


def webhook(order: Order, units: int = ALL, **more: Any) -> Notice:
    """The published six members: a sum and the bill, and no list."""
    notice = listed(order, units, invoice=order.bill.reference, **more)
    return replace(notice, transfers=None, confirmations=None, confirmations_required=None)


def hear(
    order: Order, notice: Notice, now: Any = None, rate: Rate | None = RATE, source: str = "poll"
) -> Applied:
    account = an_account(order.gateway)
    now = now or order.created + 21 * MINUTE
    applied = apply(account, notice, source=source, now=now, today=Today(rate, "" if rate else "x"))
    order.refresh_from_db()
    return applied


def look(order: Order, relay: FakeProvider, notice: Any, clock: SetClock) -> Order:
    """The poller comes by, and the relay says so."""
    Order.objects.filter(pk=order.pk).update(poll_at=clock())
    relay.fetches.append(notice)
    polling.poll(clock=clock)
    relay.fetches.clear()
    order.refresh_from_db()
    return order


def booked(order: Order) -> list[int]:
    """What is booked on the bill, in cents, in the order of booking."""
    payments = Payment.objects.filter(bill=order.bill).order_by("pk")
    return list(payments.values_list("credit_units", flat=True))


def decide(act: str, order: Order, clock: SetClock, **more: Any) -> None:
    getattr(deciding, act)(order.pk, actor="ann", reason="looked", now=clock(), **more)
    order.refresh_from_db()


# --- the table ----------------------------------------------------------------------------------
IN_TIME, LATE = timedelta(minutes=21), timedelta(minutes=80)
SAID: dict[str, Callable[[Order], Notice]] = {
    "nothing": lambda o: listed(o),
    "seen": lambda o: listed(o, ALL, deep=False),
    "part": lambda o: listed(o, HALF),
    "all": lambda o: listed(o, ALL),
    "late": lambda o: listed(o, ALL, seen_at=ends(o) + AN_HOUR),
    "returned": lambda o: listed(o, ALL, state="refunded"),
    "withdrawn": lambda o: listed(o, state="cancelled"),
}
# What an order of the status on the left becomes. In time, and then an hour after the offer ended.
BECOMES = """
in time  nothing  seen     part     all      returned withdrawn
new      new      pending  pending  paid     refunded failed
pending  pending  pending  pending  paid     refunded failed
failed   failed   failed   failed   paid     refunded failed
expired  expired  expired  expired  paid     refunded expired
review   review   review   review   review   refunded review
refunded refunded refunded refunded refunded refunded refunded
late     nothing  seen     part     all      late     returned withdrawn
new      expired  pending  review   paid     paid     refunded failed
pending  expired  pending  review   paid     paid     refunded failed
failed   failed   failed   review   paid     paid     refunded failed
expired  expired  expired  review   paid     paid     refunded expired
review   review   review   review   review   review   refunded review
refunded refunded refunded refunded refunded refunded refunded refunded
"""


def table() -> Iterator[tuple[str, str, str, str]]:
    when, columns = "", [""]
    for line in BECOMES.strip().splitlines():
        head, *cells = line.replace("in time", "in-time").split()
        if head in ("in-time", "late"):
            when, columns = head, cells
            continue
        for said, after in zip(columns, cells, strict=True):
            yield when, head, said, after


@pytest.mark.parametrize(("when", "before", "said", "after"), list(table()))
def test_every_message_to_every_status(when: str, before: str, said: str, after: str) -> None:
    order = a_coin_order(status=before, closed=None)
    notice = SAID[said](order)
    hear(order, notice, order.created + (IN_TIME if when == "in-time" else LATE))

    assert order.status == after
    assert booked(order) == ([DUE] if after == "paid" else [])
    if after == "review" != before:
        assert order.attention


# --- refusing is final for the coins that were refused --------------------------------------------
@pytest.mark.parametrize(
    ("rules", "came"),
    [
        ({"auto_confirm": False}, [ALL]),
        ({}, [HALF]),
        ({"late": "review"}, [ALL]),
    ],
)
def test_refused_coins_do_not_come_back_for_review(
    relay: FakeRelay, clock: SetClock, rules: dict[str, Any], came: list[int]
) -> None:
    order = a_coin_order(ends_in=-60)
    rule(order, **rules)
    seen_at = ends(order) + 30 * MINUTE if "late" in rules else order.created
    notice = listed(order, *came, seen_at=seen_at)
    assert look(order, relay, notice, clock).status == Status.REVIEW
    decide("refuse", order, clock)

    clock.forward(minutes=10)
    look(order, relay, notice, clock)
    assert (order.status, order.attention) == (Status.FAILED, "")


def test_refused_coins_are_not_booked_by_themselves_later(
    relay: FakeRelay, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No rate when they came late, so a person refused them and paid them back; then there is one."""
    order = a_coin_order(ends_in=-60)
    rule(order, fixed_rates="")
    notice = listed(order, ALL, seen_at=ends(order) + 30 * MINUTE)
    assert look(order, relay, notice, clock).status == Status.REVIEW
    decide("refuse", order, clock)

    rule(order, fixed_rates="XMR EUR 114.00")
    clock.forward(minutes=10)
    look(order, relay, notice, clock)
    assert booked(order) == []


def test_new_coins_for_a_refused_order_are_judged(relay: FakeRelay, clock: SetClock) -> None:
    order = a_coin_order()
    rule(order, auto_confirm=False)
    look(order, relay, listed(order, ALL), clock)
    decide("refuse", order, clock)
    look(order, relay, listed(order, ALL, ALL), clock)
    assert order.status == Status.REVIEW


# --- approving stands for coins -------------------------------------------------------------------
def test_coins_approved_before_they_were_confirmed_are_not_booked_again(
    relay: FakeRelay, clock: SetClock
) -> None:
    """Half came in time, the rest a little late: a person saw it coming and approved all of it."""
    order = a_coin_order(ends_in=-60)
    assert look(order, relay, listed(order, HALF), clock).status == Status.REVIEW
    rest = listed(order, HALF, ALL - HALF, deep=False, confirmed=Money(HALF, "XMR"))
    look(order, relay, rest, clock)
    decide("approve", order, clock, credit=order.due)
    assert booked(order) == [DUE]

    look(order, relay, listed(order, HALF, ALL - HALF), clock)
    assert booked(order) == [DUE]


def test_coins_that_vanish_while_they_wait_for_approval_are_told(
    relay: FakeRelay, clock: SetClock
) -> None:
    order = a_coin_order()
    rule(order, auto_confirm=False)
    look(order, relay, listed(order, ALL), clock)
    assert "is confirmed" in order.attention

    look(order, relay, listed(order), clock)
    assert "is confirmed" not in order.attention
    assert order.attention


def test_an_order_approved_after_the_watch_is_watched_for_what_disappears(
    relay: FakeRelay, clock: SetClock
) -> None:
    order = a_coin_order(ends_in=-6000, status=Status.REVIEW, poll_at=None, confirmed_units=ALL)
    decide("approve", order, clock, credit=order.due)
    assert order.poll_at is not None


# --- paid, and then -------------------------------------------------------------------------------
def settled(relay: FakeRelay, clock: SetClock, *units: int, **fields: Any) -> Order:
    order = a_coin_order(**fields)
    look(order, relay, listed(order, *(units or (ALL,))), clock)
    assert order.status == Status.PAID
    return order


def test_money_returned_by_the_relay_after_settling_is_for_a_person(
    relay: FakeRelay, clock: SetClock
) -> None:
    order = settled(relay, clock)
    look(order, relay, listed(order, ALL, state="refunded"), clock)
    assert (order.status, booked(order)) == (Status.PAID, [DUE])
    assert order.attention


def test_money_for_an_order_whose_money_was_returned_is_for_a_person(
    relay: FakeRelay, clock: SetClock
) -> None:
    order = a_coin_order()
    look(order, relay, listed(order, HALF, state="refunded"), clock)
    assert order.status == Status.REFUNDED
    hear(order, webhook(order), clock(), source="callback")
    assert (booked(order), bool(order.attention)) == ([], True)


def test_late_money_for_a_paid_order_is_worth_the_lower_of_both_rates(
    relay: FakeRelay, clock: SetClock
) -> None:
    """The price fell to a tenth; whoever still has the address must not sell at the old price."""
    order = settled(relay, clock)
    rule(order, over="credit", late="lower", fixed_rates="XMR EUR 11.40")
    clock.forward(hours=5)
    notice = listed(order, ALL, ALL * 10)
    look(order, relay, second_seen(notice, clock()), clock)
    assert sum(booked(order)[1:]) <= DUE


def test_late_money_for_a_paid_order_waits_where_late_money_does(
    relay: FakeRelay, clock: SetClock
) -> None:
    order = settled(relay, clock)
    rule(order, over="credit", late="review")
    clock.forward(hours=5)
    notice = listed(order, ALL, ALL)
    look(order, relay, second_seen(notice, clock()), clock)
    assert booked(order) == [DUE]
    assert order.attention


def test_locked_money_in_time_does_not_make_late_money_be_in_time() -> None:
    """The sum says that one of both counts: the late one, because the first cannot be spent."""
    order = a_coin_order()
    rule(order, late="review")
    notice = second_seen(listed(order, ALL, ALL), ends(order) + AN_HOUR)
    # What the provider makes of locked money is not counted in the sum.
    hear(order, replace(notice, confirmed=Money(ALL, "XMR")), ends(order) + 2 * AN_HOUR)
    assert (order.status, booked(order)) == (Status.REVIEW, [])


def test_dust_for_a_paid_order_needs_nobody(relay: FakeRelay, clock: SetClock) -> None:
    order = settled(relay, clock)
    look(order, relay, listed(order, ALL, 1), clock)
    assert (booked(order), order.attention) == ([DUE], "")


def test_a_late_surplus_beside_money_in_time_is_worth_the_lower_of_both_rates() -> None:
    order = a_coin_order()
    rule(order, over="credit", late="lower")
    notice = second_seen(listed(order, ALL, ALL * 10), ends(order) + AN_HOUR)
    fallen = Rate.parse("11.4", base="XMR", quote="EUR")
    hear(order, notice, ends(order) + 2 * AN_HOUR, fallen)
    assert sum(booked(order)) <= 2 * DUE


def test_a_late_surplus_that_is_not_credited_is_for_a_person() -> None:
    order = a_coin_order()
    rule(order, over="review", late="lower")
    hear(
        order,
        listed(order, 2 * ALL, seen_at=ends(order) + AN_HOUR),
        ends(order) + 2 * AN_HOUR,
    )
    assert booked(order) == [DUE]
    assert order.attention


def test_a_surplus_that_is_not_credited_is_not_forgotten_when_a_person_approves(
    clock: SetClock,
) -> None:
    order = a_coin_order()
    rule(order, over="review", auto_confirm=False)
    hear(order, listed(order, 2 * ALL))
    assert order.status == Status.REVIEW
    assert "31.98" in order.attention or "verpaid" in order.attention


@pytest.mark.parametrize(
    ("then", "now"), [({"over": "review"}, {"over": "credit"}), ({"auto_confirm": False}, {})]
)
def test_surplus_that_a_person_dealt_with_is_not_booked_when_the_rules_change(
    relay: FakeRelay, clock: SetClock, then: dict[str, Any], now: dict[str, Any]
) -> None:
    order = settled(relay, clock)
    rule(order, **then)
    look(order, relay, listed(order, ALL, ALL), clock)
    assert "more came" in order.attention
    decide("settle_attention", order, clock)

    rule(order, **{"auto_confirm": True, **now})
    look(order, relay, listed(order, ALL, ALL), clock)
    assert booked(order) == [DUE]


def test_money_that_comes_back_after_it_disappeared_is_told(
    relay: FakeRelay, clock: SetClock
) -> None:
    order = settled(relay, clock)
    look(order, relay, listed(order), clock)
    assert "disappeared" in order.attention
    # As the words say, the booking was taken back in WHMCS.
    decide("settle_attention", order, clock)

    look(order, relay, listed(order, ALL), clock)
    assert booked(order) == [DUE]
    assert order.attention


def test_a_disappearance_that_was_dealt_with_does_not_come_back_with_an_old_webhook(
    relay: FakeRelay, clock: SetClock
) -> None:
    order = settled(relay, clock)
    look(order, relay, listed(order), clock)
    decide("settle_attention", order, clock)

    hear(order, webhook(order), clock(), source="callback")
    look(order, relay, listed(order), clock)
    assert order.attention == ""


def test_an_answer_that_was_overtaken_is_no_disappearance(
    relay: FakeRelay, clock: SetClock
) -> None:
    """The relay answered the poller before the money came, and the webhook was quicker."""
    order = a_coin_order()
    relay.during["fetch"] = lambda: hear(order, webhook(order), clock(), source="callback")
    look(order, relay, listed(order), clock)
    assert (order.status, booked(order)) == (Status.PAID, [DUE])
    assert order.attention == ""


def test_money_partly_late_pays_the_bill_to_the_cent_where_the_price_rose() -> None:
    order = a_coin_order()
    third = ALL // 3
    notice = second_seen(listed(order, third, ALL - third), ends(order) + AN_HOUR)
    hear(order, notice, ends(order) + 2 * AN_HOUR)
    assert booked(order) == [DUE]


# --- what is not what it seems --------------------------------------------------------------------
def test_a_sum_from_before_does_not_outweigh_a_list_from_after(
    relay: FakeRelay, clock: SetClock
) -> None:
    """The chain forgot the money and the relay said so; then the webhook from before comes in."""
    order = a_coin_order()
    look(order, relay, listed(order, ALL, deep=False), clock)
    look(order, relay, listed(order), clock)
    relay.fetches.append(listed(order))
    known = informed(an_account(order.gateway), webhook(order), clock)
    assert isinstance(known, Informed)
    hear(order, known.notice, clock(), source="callback")
    assert booked(order) == []


def in_both(order: Order) -> Notice:
    """All that was asked, confirmed, and some coins of another kind."""
    coins = Transfer("f" * 64, Money(1000, "BTC"), 12, unix_seconds(order.created))
    notice = listed(order, ALL)
    return replace(
        notice,
        transfers=(*(notice.transfers or ()), coins),
        received=None,
        confirmed=None,
        advice="Coins of another kind than the offer's came in: both. They are not counted.",
    )


def test_money_approved_beside_other_coins_is_not_booked_again(
    relay: FakeRelay, clock: SetClock
) -> None:
    order = a_coin_order()
    look(order, relay, in_both(order), clock)
    assert order.status == Status.REVIEW
    decide("approve", order, clock, credit=order.due)
    hear(order, webhook(order), clock(), source="callback")
    assert booked(order) == [DUE]


def test_other_coins_for_a_paid_order_are_no_disappearance(
    relay: FakeRelay, clock: SetClock
) -> None:
    order = settled(relay, clock)
    look(order, relay, in_both(order), clock)
    assert order.seen.units == ALL
    decide("settle_attention", order, clock)
    hear(order, webhook(order), clock(), source="callback")
    look(order, relay, in_both(order), clock)
    assert "disappeared" not in order.attention


@pytest.mark.parametrize("act", ["approve", "refuse"])
def test_other_coins_alone_are_decided_once(relay: FakeRelay, clock: SetClock, act: str) -> None:
    order = a_coin_order()
    coins = Money(1000, "BTC")
    moved = Transfer("f" * 64, coins, 12, unix_seconds(order.created))
    notice = replace(listed(order, ALL), received=coins, confirmed=coins, transfers=(moved,))
    look(order, relay, notice, clock)
    assert order.status == Status.REVIEW
    decide(act, order, clock, **({"credit": order.due} if act == "approve" else {}))
    after = order.status

    look(order, relay, notice, clock)
    assert (order.status, order.attention) == (after, "")


def test_a_state_without_a_word_for_it_is_flagged_once(relay: FakeRelay, clock: SetClock) -> None:
    order = a_coin_order()
    notice = listed(order, state="frozen")
    look(order, relay, notice, clock)
    assert order.attention
    decide("settle_attention", order, clock)
    look(order, relay, notice, clock)
    assert order.attention == ""


def test_what_was_signed_besides_is_logged() -> None:
    order = a_coin_order()
    notice = webhook(order, detail="ignored, but signed: relay_version")
    applied = hear(order, notice, source="callback")
    told = [applied.text, *order.events.values_list("text", flat=True)]
    assert any("relay_version" in text for text in told)


def test_an_address_is_never_that_of_two_orders(relay: FakeRelay, clock: SetClock) -> None:
    """A wallet that hands out an address twice would have one payment counted for both."""
    bills: list[Bill] = [a_bill()]
    bills.append(a_bill(bills[0].biller))
    gateway = a_haveno_gateway(bills[0].merchant)
    for number in (1, 2):
        relay.opens.append(Instructions(provider_reference=f"HAV-OFF-{number}", pay_to=XMR_ADDRESS))
    orders = [
        open_order(an_account(gateway), Wanted(bill, bill.due, "en", "Invoice", "XMR"), clock=clock)
        for bill in bills
    ]
    assert orders[0].pay_to == XMR_ADDRESS
    orders[1].refresh_from_db()
    assert (orders[1].pay_to, orders[1].status) == ("", Status.FAILED)
    assert orders[1].attention


def test_two_offers_never_share_a_transaction_id() -> None:
    first, second = (Haveno().transaction_id("1-a", offer) for offer in ("X1", "HAV-OFF-X1"))
    assert first != second


@pytest.mark.parametrize("stated", ["9999999.999999999990", "0.000000000000"])
@responses.activate
def test_a_report_of_more_than_the_ledger_keeps_is_not_believed(stated: str) -> None:
    """Else the row cannot be saved, and the poller dies of it each time, with all other merchants."""
    amount = "999999.999999999999"
    moves = [
        {
            "txid": f"{number:064x}",
            "amount": amount,
            "currency": "XMR",
            "confirmations": 12,
            "seen_at": 1790000100,
            "locked": False,
        }
        for number in range(10)
    ]
    report = {
        "offer_id": OFFER_ID,
        "state": "over",
        "received": stated,
        "confirmations": 12,
        "confirmations_required": 10,
        "transfers": moves,
    }
    responses.get(f"{RELAY}/v1/offers/{OFFER_ID}", json=signed(report))
    with pytest.raises(Unavailable):
        Haveno().fetch(OFFER_ID, CREDENTIALS)


def test_a_signed_word_about_an_offer_that_the_relay_denies_is_for_a_person(
    relay: FakeRelay, clock: SetClock
) -> None:
    """The relay moved: the old one still sends its webhooks, and the new one is asked."""
    order = a_coin_order(ends_in=-60)
    callback = a_callback(order.gateway, b"{}")
    relay.notices.append([webhook(order)])
    relay.fetches.append(None)
    inbox.drain(clock=clock)
    callback.refresh_from_db()
    order.refresh_from_db()
    assert callback.status == "failed" or order.attention


def test_a_price_for_one_coin_does_not_hide_that_another_has_none(clock: SetClock) -> None:
    order = a_coin_order()
    rule(order, fixed_rates="BTC EUR 51580.64")
    account = an_account(order.gateway)
    with pytest.raises(pricing.Unquotable):
        pricing.quote(account, order.due, "XMR", clock())
    pricing.quote(account, order.due, "BTC", clock())
    assert HavenoGateway.objects.get(pk=order.gateway_id).price_trouble


# --- nobody is forgotten --------------------------------------------------------------------------
def pass_time(order: Order, relay: FakeRelay, clock: SetClock, notice: Any, hours: int) -> None:
    """The poller comes by every half hour; the relay says the same each time."""
    for _ in range(2 * hours):
        clock.forward(minutes=31)
        relay.fetches.clear()
        relay.fetches.append(notice)
        polling.poll(clock=clock)
    order.refresh_from_db()


@pytest.mark.parametrize("before", [Status.EXPIRED, Status.FAILED, Status.PENDING])
def test_coins_that_never_become_final_are_flagged_at_last(
    relay: FakeRelay, clock: SetClock, before: str
) -> None:
    order = a_coin_order(status=before, poll_at=clock())
    stuck = listed(order, ALL, deep=False, seen_at=ends(order) + AN_HOUR)
    pass_time(order, relay, clock, stuck, 100)
    assert order.poll_at is None
    assert order.attention


@pytest.mark.parametrize("answer", [None, Unavailable("the relay answered HTTP 503")])
def test_an_order_that_could_never_be_asked_about_is_flagged_at_last(
    relay: FakeRelay, clock: SetClock, answer: Any
) -> None:
    """Its address was shown, and whether money came there is not known."""
    order = a_coin_order(poll_at=clock())
    relay.purges.extend([Unavailable("the relay answered HTTP 503")] * 500)
    pass_time(order, relay, clock, answer, 100)
    assert order.poll_at is None
    assert order.attention


def test_a_relay_that_will_not_purge_is_not_asked_for_ever(
    relay: FakeRelay, clock: SetClock
) -> None:
    order = a_coin_order(ends_in=-60 * 47, poll_at=clock())
    relay.purges.extend([False] * 1000)
    pass_time(order, relay, clock, listed(order), 110)
    assert order.poll_at is None
    assert order.attention


def test_a_long_wait_is_flagged_once(relay: FakeRelay, clock: SetClock) -> None:
    order = a_coin_order(
        status=Status.PENDING,
        created=clock() - timedelta(hours=97),
        valid_until=clock() - timedelta(hours=73),
    )
    notice = listed(order, HALF, deep=False)
    look(order, relay, notice, clock)
    if order.attention:
        decide("settle_attention", order, clock)
        look(order, relay, notice, clock)
    assert order.attention == ""


def test_a_bill_that_changed_its_currency_is_flagged_once(
    relay: FakeRelay, clock: SetClock
) -> None:
    order = a_coin_order()
    Bill.objects.filter(pk=order.bill_id).update(currency="USD")
    look(order, relay, listed(order, ALL), clock)
    assert (booked(order), bool(order.attention)) == ([], True)
    decide("refuse" if order.status == Status.REVIEW else "settle_attention", order, clock)
    look(order, relay, listed(order, ALL), clock)
    assert order.attention == ""


# --- the end of the offer, to the second ----------------------------------------------------------
@pytest.mark.parametrize(("seconds", "status"), [(600, "paid"), (601, "review")])
def test_in_time_is_until_the_end_of_grace(seconds: int, status: str) -> None:
    order = a_coin_order()
    rule(order, late="review")
    end = ends(order)
    hear(order, listed(order, ALL, seen_at=end + timedelta(seconds=seconds)), end + AN_HOUR)
    assert order.status == status


@pytest.mark.parametrize(("short", "status"), [(100, "paid"), (101, "pending")])
def test_tolerance_is_kept_to_the_unit(short: int, status: str) -> None:
    """A hundredth of a percent of 1,000,000 units are 100."""
    order = a_coin_order(payable_units=1_000_000)
    rule(order, tolerance_bp=1)
    hear(order, listed(order, 1_000_000 - short))
    assert order.status == status
    assert booked(order) == ([DUE] if status == "paid" else [])
