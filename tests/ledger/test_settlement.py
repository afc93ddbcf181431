"""Booking money: once, in the bill's currency, with the news owed to the biller."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from ledger import ports
from ledger.models import AuditEvent, Bill, Delivery, Payment
from ledger.money import Money
from ledger.settlement import (
    CurrencyMismatch,
    Receipted,
    ReferenceReused,
    audit,
    owed_to_biller,
    paid_on,
    record_payment,
    status_for,
)
from tests.ledger.rows import a_bill, a_biller, a_gateway, a_merchant, a_payment, booking, note

pytestmark = pytest.mark.django_db


def pay(bill: Bill, amount: str = "15.99", **changes: Any) -> Receipted:
    values: dict[str, Any] = {
        "bill_id": bill.pk,
        "gateway_id": a_gateway(bill.merchant).pk,
        "method": "spectrocoin",
        "reference": "SC-1",
        "credit": Money.parse(amount, bill.currency),
        "received": Money(35512, "BTC"),
        "detail": "asked 0.00035512 BTC",
        "now": ports.system_now(),
    }
    return record_payment(**{**values, **changes})


def test_payment_is_booked_with_what_came_and_by_whom() -> None:
    bill = a_bill()
    payment = pay(bill, booked_by="ana").payment
    payment.refresh_from_db()
    assert (payment.bill, payment.merchant) == (bill, bill.merchant)
    assert payment.credit == Money(1599, "EUR")
    assert payment.received == Money(35512, "BTC")
    assert (payment.method, payment.booked_by) == ("spectrocoin", "ana")
    assert payment.detail == "asked 0.00035512 BTC"


def test_biller_is_owed_the_booking_and_a_log_line_from_now_on(
    no_queue: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        payment = pay(a_bill()).payment
    for delivery in (booking(payment), note(payment)):
        assert (delivery.status, delivery.tries, delivery.lease_until) == ("ready", 0, None)
        assert delivery.not_before <= ports.system_now()
        assert (delivery.bill_id, delivery.biller_id) == (payment.bill_id, payment.bill.biller_id)
    assert no_queue == ["ledger.tasks.drain_outbox"]


@pytest.mark.parametrize(
    ("amounts", "status"),
    [
        ([], "open"),
        (["0.01"], "part_paid"),
        (["15.98"], "part_paid"),
        (["15.99"], "paid"),
        (["16.00"], "overpaid"),
        (["10.00", "5.99"], "paid"),
        (["10.00", "5.98"], "part_paid"),
        (["15.99", "15.99"], "overpaid"),
    ],
)
def test_sum_of_payments_decides_the_bills_status(amounts: list[str], status: str) -> None:
    bill = a_bill(due="15.99")
    for number, amount in enumerate(amounts):
        pay(bill, amount, reference=f"SC-{number}")
    bill.refresh_from_db()
    assert bill.status == status
    assert status_for(due=bill.due, paid=paid_on(bill)) == status


def test_repeat_returns_the_first_payment_and_writes_nothing(
    no_queue: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    bill = a_bill()
    first = pay(bill)
    with django_capture_on_commit_callbacks(execute=True):
        again = pay(bill, received=None, detail="told again", now=ports.system_now())
    assert (first.repeated, again.repeated) == (False, True)
    assert again.payment == first.payment
    assert again.payment.detail == "asked 0.00035512 BTC"
    assert (Payment.objects.count(), Delivery.objects.count()) == (1, 2)
    assert no_queue == []


def test_same_reference_with_another_amount_is_an_error_that_writes_nothing() -> None:
    bill = a_bill()
    pay(bill, "15.99")
    with pytest.raises(ReferenceReused, match=r"SC-1 is booked as 15\.99 EUR"):
        pay(bill, "16.00")
    bill.refresh_from_db()
    assert (paid_on(bill), bill.status) == (Money(1599, "EUR"), "paid")
    assert Delivery.objects.count() == 2


def test_same_reference_for_another_bill_is_an_error_that_writes_nothing() -> None:
    biller = a_biller()
    bill, other = a_bill(biller), a_bill(biller)
    pay(bill)
    with pytest.raises(ReferenceReused):
        pay(other)
    other.refresh_from_db()
    assert (paid_on(other), other.status) == (Money(0, "EUR"), "open")


def test_same_reference_at_another_gateway_is_another_payment() -> None:
    first, second = a_bill(a_biller(a_merchant())), a_bill(a_biller(a_merchant()))
    assert not pay(first).repeated
    assert not pay(second).repeated


def test_other_currency_is_an_error_that_writes_nothing() -> None:
    bill = a_bill()
    with pytest.raises(CurrencyMismatch, match="is in EUR, the payment in USD"):
        pay(bill, credit=Money(1599, "USD"))
    assert not Payment.objects.exists()


@pytest.mark.parametrize("units", [0, -1, -1599])
def test_nothing_and_less_than_nothing_is_never_booked(units: int) -> None:
    bill = a_bill()
    with pytest.raises(IntegrityError), transaction.atomic():
        pay(bill, credit=Money(units, "EUR"))
    assert not Payment.objects.exists()
    assert not Delivery.objects.exists()


def test_most_that_money_can_hold_is_kept_exactly() -> None:
    bill = a_bill()
    largest = Money.parse("9999999999999999.99", "EUR")
    received = Money.parse("999999.123456789012", "XMR")
    payment = pay(bill, credit=largest, received=received).payment
    payment.refresh_from_db()
    assert (payment.credit, payment.received) == (largest, received)


def test_what_is_not_known_to_be_delivered_is_owed() -> None:
    bill = a_bill(due="30.00")
    first, second = a_payment(bill, "10.00"), a_payment(bill, "5.00")
    assert owed_to_biller(bill) == Money(1500, "EUR")
    for status in ("sending", "unknown", "parked"):
        Delivery.objects.filter(pk=booking(second).pk).update(status=status)
        assert owed_to_biller(bill) == Money(1500, "EUR"), status
    now = ports.system_now()
    Delivery.objects.filter(pk=booking(first).pk).update(status="delivered", delivered_at=now)
    assert owed_to_biller(bill) == Money(500, "EUR")
    # The log line is no money.
    Delivery.objects.filter(kind="note").update(status="delivered", delivered_at=now)
    assert owed_to_biller(bill) == Money(500, "EUR")


def test_audit_event_says_who_did_what_to_what_and_why() -> None:
    bill, now = a_bill(), ports.system_now()
    made = audit(
        merchant=bill.merchant, actor="ana", verb="look", target="ledger.bill",
        target_id=bill.pk, now=now, reason="asked by the client", detail="was open",
    )  # fmt: skip
    event = AuditEvent.objects.get()
    assert event == made
    assert (event.merchant, event.actor, event.verb) == (bill.merchant, "ana", "look")
    assert (event.target, event.target_id, event.at) == ("ledger.bill", bill.pk, now)
    assert (event.reason, event.detail) == ("asked by the client", "was open")


def test_rolled_back_booking_wakes_nobody(
    no_queue: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    bill = a_bill()
    rolled_back = (pytest.raises(RuntimeError), transaction.atomic())
    with django_capture_on_commit_callbacks(execute=True), rolled_back[0], rolled_back[1]:
        pay(bill)
        raise RuntimeError
    assert not Payment.objects.exists()
    assert no_queue == []


@pytest.mark.django_db(transaction=True)
def test_same_news_in_many_workers_at_once_is_booked_once() -> None:
    bill = a_bill()
    a_gateway(bill.merchant)
    ready, repeated, failed = threading.Barrier(6), [], []

    def worker() -> None:
        try:
            ready.wait()
            repeated.append(pay(bill).repeated)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert sorted(repeated) == [False, True, True, True, True, True]
    assert (Payment.objects.count(), Delivery.objects.count()) == (1, 2)
