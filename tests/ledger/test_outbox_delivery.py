"""One delivery, top to bottom: look, read the invoice, write the attempt, send, judge."""

from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from pytest_django import Settings

from ledger import billing
from ledger.billing.base import Absent, BillerError, BillState, Found, Outcome, Unsure
from ledger.models import Attempt, Bill, Biller, Delivery, Merchant
from ledger.money import Money
from ledger.outbox import deciding, delivering, writing
from tests.conftest import SetClock
from tests.ledger.rows import (
    BLIND,
    DOWN,
    GONE,
    LOST,
    NO,
    FakeBiller,
    a_bill,
    a_biller,
    a_payment,
    booking,
    note,
    now_deliver,
)

pytestmark = pytest.mark.django_db

Status = Delivery.Status


class Died(BaseException):
    """The worker is gone; no handler for ordinary errors may see it."""


def near(clock: SetClock, ahead: timedelta) -> object:
    return pytest.approx((clock() + ahead).timestamp(), abs=5)


def attempts(delivery: Delivery) -> list[tuple[str, str]]:
    return list(delivery.attempts.values_list("kind", "outcome"))


# --- look first -----------------------------------------------------------------------------------
def test_it_is_looked_for_before_the_first_send(whmcs: FakeBiller, clock: SetClock) -> None:
    payment = a_payment()
    now_deliver(clock)
    delivery = booking(payment)
    assert whmcs.calls == ["look", "read", "book"]
    assert attempts(delivery) == [("look", "absent"), ("send", "done")]
    assert (delivery.status, delivery.code, delivery.way_out) == ("delivered", "ok", "")
    assert delivery.check_at and delivery.check_at.timestamp() == near(clock, writing.FIRST_CHECK)


def test_what_is_there_already_is_delivered_without_a_send(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    payment = a_payment()
    whmcs.looks.append(Found(1, exact=True))
    now_deliver(clock)
    assert whmcs.calls == ["look"]
    assert booking(payment).status == Status.DELIVERED


@pytest.mark.parametrize(
    "seen", [Found(2, exact=True), Found(1, exact=False, message="another amount")], ids=str
)
def test_what_is_there_twice_or_differently_waits_for_a_person(
    whmcs: FakeBiller, clock: SetClock, seen: Found
) -> None:
    payment = a_payment()
    whmcs.looks.append(seen)
    now_deliver(clock)
    delivery = booking(payment)
    assert whmcs.calls == ["look"]
    assert (delivery.status, delivery.code) == (Status.PARKED, "mismatch")
    assert delivery.last_message == seen.message or "2 times" in delivery.last_message
    assert payment.reference in delivery.way_out


def test_failed_look_sends_nothing(whmcs: FakeBiller, clock: SetClock) -> None:
    payment = a_payment()
    whmcs.looks.append(BLIND)
    now_deliver(clock)
    delivery = booking(payment)
    assert whmcs.calls == ["look"]
    assert (delivery.status, delivery.code, delivery.way_out) == (
        Status.READY,
        "transport",
        "Is WHMCS up?",
    )
    assert attempts(delivery) == [("look", "later")]


# --- how to book ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("state", "mode"),
    [
        ("unpaid", "invoice"),
        ("payment pending", "invoice"),
        ("paid", "transaction"),
        ("refunded", "transaction"),
        ("collections", "transaction"),
    ],
)
def test_state_of_the_invoice_decides_how_it_is_booked(
    whmcs: FakeBiller, clock: SetClock, state: str, mode: str
) -> None:
    payment = a_payment()
    whmcs.state["status"] = state
    now_deliver(clock)
    [(reference, credit, booked_as, _)] = whmcs.booked
    assert (reference, credit, booked_as) == (payment.reference, payment.credit, mode)
    assert booking(payment).mode == mode


@pytest.mark.parametrize("state", ["paid", "refunded", "collections"])
def test_biller_may_park_money_for_a_paid_invoice(
    whmcs: FakeBiller, clock: SetClock, state: str
) -> None:
    payment = a_payment()
    Biller.objects.update(when_paid=Biller.WhenPaid.PARK)
    whmcs.state["status"] = state
    now_deliver(clock)
    assert whmcs.booked == []
    assert booking(payment).status == Status.PARKED
    assert f"is {state} already" in booking(payment).last_message


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"status": "cancelled"}, "is cancelled; WHMCS takes no payment for it"),
        ({"status": "draft"}, "is draft; WHMCS takes no payment for it"),
        ({"status": "a new word"}, "is a new word"),
        ({"client": "8"}, "belongs to client 8 now, it was client 7's"),
        ({"balance": Money(1599, "USD")}, "is in USD now, the payment is in EUR"),
    ],
    ids=str,
)
def test_invoice_that_changed_waits_for_a_person_with_the_way_out(
    whmcs: FakeBiller, clock: SetClock, state: dict[str, object], words: str
) -> None:
    payment = a_payment()
    whmcs.state.update(state)
    now_deliver(clock)
    delivery = booking(payment)
    assert (whmcs.booked, delivery.status, delivery.code) == ([], Status.PARKED, "state")
    assert words in delivery.last_message
    assert payment.reference in delivery.way_out
    assert str(payment.credit) in delivery.way_out


def test_invoice_that_is_gone_waits_for_a_person(whmcs: FakeBiller, clock: SetClock) -> None:
    payment = a_payment()
    whmcs.reads.append(BillerError("not_found", "Invoice ID Not Found"))
    now_deliver(clock)
    assert (booking(payment).status, booking(payment).code) == (Status.PARKED, "not_found")
    assert payment.reference in booking(payment).way_out


def test_invoice_that_cannot_be_read_is_tried_again(whmcs: FakeBiller, clock: SetClock) -> None:
    payment = a_payment()
    whmcs.reads.append(GONE)
    now_deliver(clock)
    assert (booking(payment).status, whmcs.booked) == (Status.READY, [])


@pytest.mark.parametrize("mode", Biller.TopUp.values)
def test_top_up_is_booked_as_the_biller_says(whmcs: FakeBiller, clock: SetClock, mode: str) -> None:
    payment = a_payment(a_bill(a_biller(top_up_mode=mode), kind=Bill.Kind.CREDIT))
    now_deliver(clock)
    assert [entry[2] for entry in whmcs.booked] == [mode]
    assert booking(payment).mode == mode


def test_top_up_is_looked_for_where_it_was_sent_whatever_the_settings_say_by_then(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    biller = a_biller(top_up_mode=Biller.TopUp.CREDIT)
    payment = a_payment(a_bill(biller, kind=Bill.Kind.CREDIT))
    whmcs.answers.append(LOST)
    now_deliver(clock)
    Biller.objects.update(top_up_mode=Biller.TopUp.TRANSACTION)

    clock.forward(seconds=200)
    now_deliver(clock)
    assert [entry[2] for entry in whmcs.booked] == ["credit"]
    assert delivering.look_mode(booking(payment)) == "credit"


def test_booking_is_dated_in_the_merchants_zone(whmcs: FakeBiller, clock: SetClock) -> None:
    a_payment()
    Merchant.objects.update(time_zone="Pacific/Auckland")
    now_deliver(clock)
    [(_, _, _, at)] = whmcs.booked
    assert at.tzinfo == ZoneInfo("Pacific/Auckland")
    assert at.timestamp() == near(clock, timedelta())


def test_zone_that_does_not_exist_is_shown_and_leaves_no_open_attempt(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    payment = a_payment()
    Merchant.objects.update(time_zone="Europe/Vilnus")
    delivering.drain(clock=clock)
    delivery = booking(payment)
    assert whmcs.booked == []
    assert (delivery.status, attempts(delivery)) == (Status.READY, [("look", "absent")])
    assert "Europe/Vilnus" in delivery.last_message


# --- the attempt, and what comes of it ------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_attempt_is_committed_before_the_call_and_no_transaction_is_open_during_it(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    payment = a_payment()
    seen: list[tuple[str, bool, bool]] = []

    def watch(call: str) -> None:
        is_open = Attempt.objects.filter(kind="send", outcome="open").exists()
        seen.append((call, is_open, connection.in_atomic_block))

    for call in ("look", "read", "book", "find", "note"):
        whmcs.during[call] = partial(watch, call)
    delivering.drain(clock=clock)

    assert note(payment).status == Status.DELIVERED
    assert seen == [
        ("look", False, False),
        ("read", False, False),
        ("book", True, False),
        ("find", False, False),
        ("note", True, False),
    ]


def test_attempt_keeps_what_was_said(whmcs: FakeBiller, clock: SetClock) -> None:
    payment = a_payment()
    now_deliver(clock)
    send = booking(payment).attempts.get(kind="send")
    assert (send.http_status, send.response, send.epoch) == (200, '{"result":"success"}', 1)
    assert send.finished_at is not None


def test_refusal_waits_for_a_person_in_whmcs_words(whmcs: FakeBiller, clock: SetClock) -> None:
    payment = a_payment()
    whmcs.answers.append(NO)
    now_deliver(clock)
    delivery = booking(payment)
    assert (delivery.status, delivery.code) == (Status.PARKED, "validation")
    assert delivery.last_message == "Invalid gateway"
    assert delivery.way_out == "Activate the gateway."
    assert attempts(delivery)[-1] == ("send", "refused")


def test_what_certainly_did_not_happen_is_sent_again_without_waiting_for_whmcs(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    payment = a_payment()
    whmcs.answers.append(DOWN)
    now_deliver(clock)
    assert booking(payment).status == Status.READY
    clock.forward(seconds=6)
    now_deliver(clock)
    assert len(whmcs.booked) == 1


@pytest.mark.parametrize("longest_run", [0, 120, 600])
@pytest.mark.parametrize("answer", [LOST, ValueError("ours")], ids=["lost", "fault of ours"])
def test_unknown_is_not_looked_at_before_whmcs_can_no_longer_be_at_work(
    whmcs: FakeBiller, clock: SetClock, longest_run: int, answer: Outcome | Exception
) -> None:
    payment = a_payment()
    Biller.objects.update(longest_run_seconds=longest_run)
    whmcs.answers.append(answer)
    now_deliver(clock)
    assert booking(payment).status == Status.UNKNOWN
    assert attempts(booking(payment))[-1] == ("send", "open")
    quiet = 60 + longest_run

    clock.forward(seconds=quiet - 5)
    now_deliver(clock)
    assert whmcs.calls.count("look") == 1
    clock.forward(seconds=7)
    now_deliver(clock)
    assert whmcs.calls.count("look") == 2
    assert len(whmcs.booked) == 1
    assert attempts(booking(payment))[1:] == [
        ("send", "absent"),
        ("look", "absent"),
        ("send", "done"),
    ]


def test_unknown_that_is_there_after_all_is_not_sent_again(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    payment = a_payment()
    whmcs.answers.append(LOST)
    now_deliver(clock)
    clock.forward(seconds=185)
    whmcs.looks.append(Found(1, exact=True))
    now_deliver(clock)
    assert booking(payment).status == Status.DELIVERED
    assert whmcs.calls.count("book") == 1
    assert attempts(booking(payment))[1] == ("send", "found")


def test_worker_that_died_in_the_call_leaves_it_to_the_next_one_to_wait_and_look(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    payment = a_payment()
    Biller.objects.update(longest_run_seconds=300)

    def die() -> None:
        raise Died

    whmcs.during["book"] = die
    with pytest.raises(Died):
        delivering.drain(clock=clock)
    assert booking(payment).status == Status.SENDING

    clock.forward(seconds=181)
    delivering.drain(clock=clock)
    delivery = booking(payment)
    assert (delivery.status, delivery.lease_until) == (Status.UNKNOWN, None)
    assert delivery.not_before.timestamp() == near(clock, timedelta(seconds=360 - 181))
    assert whmcs.calls.count("look") == 1

    clock.forward(seconds=185)
    delivering.drain(clock=clock)
    assert booking(payment).status == Status.DELIVERED
    assert len(whmcs.booked) == 1


def test_failed_look_after_an_unknown_send_leaves_it_unknown(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    payment = a_payment()
    whmcs.answers.append(LOST)
    now_deliver(clock)
    clock.forward(seconds=185)
    whmcs.looks.append(BLIND)
    now_deliver(clock)
    assert booking(payment).status == Status.UNKNOWN
    assert ("send", "open") in attempts(booking(payment))


# --- backing off, and giving up --------------------------------------------------------------------
def test_back_off_grows_to_an_hour_and_after_a_day_a_person_must_look(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    payment = a_payment()
    waits = []
    for _ in range(40):
        whmcs.looks.append(BLIND)
        Biller.objects.update(open_until=None)
        now_deliver(clock)
        delivery = booking(payment)
        if delivery.status == Status.PARKED:
            break
        waits.append(delivery.not_before - clock())
        clock.forward(seconds=waits[-1].total_seconds() + 1)

    seconds = [round(wait.total_seconds()) for wait in waits]
    assert seconds[:8] == [5, 30, 120, 600, 1800, 3600, 3600, 3600]
    assert set(seconds[8:]) == {3600}
    assert delivery.first_failed
    age = clock() - delivery.first_failed
    assert timedelta(hours=24) <= age < timedelta(hours=25, minutes=1)
    assert (delivery.code, delivery.way_out) == ("transport", "Is WHMCS up?")


def test_answers_that_stay_lost_for_a_day_are_parked_too(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    payment = a_payment()
    for _ in range(60):
        whmcs.answers.append(LOST)
        Biller.objects.update(open_until=None)
        now_deliver(clock)
        if booking(payment).status == Status.PARKED:
            break
        clock.forward(hours=1, minutes=1)
    delivery = booking(payment)
    assert delivery.status == Status.PARKED
    assert payment.reference in delivery.way_out

    # It may be there: Retry looks first, as always.
    deciding.retry(delivery.pk, actor="ana", now=clock())
    clock.forward(hours=1)
    whmcs.looks.append(Found(1, exact=True))
    Biller.objects.update(open_until=None)
    sends = whmcs.calls.count("book")
    now_deliver(clock)
    assert booking(payment).status == Status.DELIVERED
    assert whmcs.calls.count("book") == sends


# --- settings that cannot work ----------------------------------------------------------------------
def test_secret_that_does_not_open_is_a_matter_of_settings(
    whmcs: FakeBiller, clock: SetClock, settings: Settings
) -> None:
    payment = a_payment()
    settings.GATEBOOK_KEYS = [bytes(range(32))]
    now_deliver(clock)
    delivery = booking(payment)
    assert (whmcs.calls, delivery.status, delivery.code) == ([], Status.READY, "config")
    assert delivery.way_out == "Enter the WHMCS secret again in the biller's settings."


def test_url_that_whmcs_cannot_have_is_a_matter_of_settings(
    whmcs: FakeBiller, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(billing.BILLERS, "whmcs", "ledger.billing.whmcs.Whmcs")
    payment = a_payment()
    Biller.objects.update(url="http://billing.example.com")
    now_deliver(clock)
    delivery = booking(payment)
    assert (delivery.status, delivery.code) == (Status.READY, "config")
    assert "https://" in delivery.last_message
    assert delivery.way_out == "Mend the WHMCS URL in the biller's settings."


def test_biller_is_given_the_credentials_in_clear(whmcs: FakeBiller, clock: SetClock) -> None:
    a_payment()
    now_deliver(clock)
    assert whmcs.credentials == (
        "https://billing.example.com",
        "identifier",
        "the secret of the API",
        "",
    )


# --- the line in WHMCS's log ----------------------------------------------------------------------
def test_log_line_says_what_was_booked_and_received(whmcs: FakeBiller, clock: SetClock) -> None:
    bill = a_bill(number="INV-7")
    payment = a_payment(bill, received=Money(35512, "BTC"), detail="provider order abc")
    delivering.drain(clock=clock)
    assert whmcs.notes == [
        f"Gatebook {payment.reference}: 15.99 EUR for invoice INV-7; "
        "received 0.00035512 BTC; provider order abc"
    ]
    assert note(payment).check_at is None


def test_log_line_that_is_there_is_not_written_again(whmcs: FakeBiller, clock: SetClock) -> None:
    payment = a_payment()
    whmcs.note_looks.append(Found(1, exact=True))
    delivering.drain(clock=clock)
    assert (whmcs.notes, note(payment).status) == ([], Status.DELIVERED)


def test_log_line_is_written_unseen_where_the_role_may_not_read_the_log(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    payment = a_payment()
    whmcs.note_looks.append(Unsure("permission", "Invalid Permissions"))
    delivering.drain(clock=clock)
    assert (len(whmcs.notes), note(payment).status) == (1, Status.DELIVERED)


def test_refused_log_line_asks_nothing_of_anybody(whmcs: FakeBiller, clock: SetClock) -> None:
    payment = a_payment()
    now_deliver(clock)
    whmcs.answers.append(NO)
    now_deliver(clock)
    assert (booking(payment).status, note(payment).status) == (Status.DELIVERED, Status.REFUSED)


def test_log_line_with_a_lost_answer_is_looked_for(whmcs: FakeBiller, clock: SetClock) -> None:
    payment = a_payment()
    now_deliver(clock)
    whmcs.answers.append(LOST)
    now_deliver(clock)
    assert note(payment).status == Status.UNKNOWN
    clock.forward(seconds=185)
    now_deliver(clock)
    assert (len(whmcs.notes), note(payment).status) == (1, Status.DELIVERED)


def test_fake_answers_as_asked(whmcs: FakeBiller) -> None:
    """The stand-in itself: absent until booked, exact only for the same amount."""
    bill = billing.base.BillRef("invoice", "1", "7", "spectrocoin")
    one, other = Money(1, "EUR"), Money(2, "EUR")
    assert whmcs.look_up("r", bill, one, mode="invoice") == Absent()
    whmcs.booked.append(("r", one, "invoice", SetClock()()))
    assert whmcs.look_up("r", bill, one, mode="invoice") == Found(1, True)
    assert whmcs.look_up("r", bill, other, mode="invoice") == Found(1, False)
    assert isinstance(whmcs.read_bill("1"), BillState)
