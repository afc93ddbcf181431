"""Delivered payments are read back from WHMCS after an hour and after a day."""

from datetime import timedelta

import pytest

from ledger import reconcile
from ledger.billing.base import Absent, Found
from ledger.models import Delivery
from ledger.outbox import claiming, delivering
from tests.conftest import SetClock
from tests.ledger.rows import BLIND, FakeBiller, a_payment, booking, now_deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivered(whmcs: FakeBiller, clock: SetClock) -> Delivery:
    payment = a_payment()
    now_deliver(clock)
    whmcs.calls.clear()
    return booking(payment)


def read_back(clock: SetClock) -> int:
    return reconcile.read_back(clock=clock)


def test_it_is_read_after_an_hour_and_after_a_day_and_then_left_in_peace(
    delivered: Delivery, clock: SetClock
) -> None:
    assert read_back(clock) == 0
    clock.forward(hours=1, seconds=1)
    assert read_back(clock) == 1
    clock.forward(hours=22)
    assert read_back(clock) == 0
    clock.forward(hours=1)
    assert read_back(clock) == 1
    delivered.refresh_from_db()
    assert (delivered.status, delivered.check_at, delivered.lease_until) == (
        "delivered",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (Absent(), "no longer shows"),
        (Found(2, exact=True), "2 times"),
        (Found(1, exact=False, message="the amount differs"), "the amount differs"),
    ],
    ids=str,
)
def test_what_is_no_longer_as_we_left_it_waits_for_a_person(
    delivered: Delivery,
    whmcs: FakeBiller,
    clock: SetClock,
    seen: Absent | Found,
    words: str,
) -> None:
    clock.forward(hours=1, seconds=1)
    whmcs.looks.append(seen)
    read_back(clock)
    delivered.refresh_from_db()
    assert (delivered.status, delivered.code, delivered.check_at) == ("parked", "drift", None)
    assert words in delivered.last_message
    assert whmcs.calls == ["look"], "reading back changes nothing in WHMCS"


def test_failed_look_is_repeated_later(
    delivered: Delivery, whmcs: FakeBiller, clock: SetClock
) -> None:
    clock.forward(hours=1, seconds=1)
    whmcs.looks.append(BLIND)
    assert read_back(clock) == 1
    delivered.refresh_from_db()
    assert delivered.status == "delivered"
    assert delivered.check_at and delivered.check_at > clock() + timedelta(minutes=30)


def test_fault_of_ours_in_one_row_keeps_no_other_from_being_read(
    delivered: Delivery, whmcs: FakeBiller, clock: SetClock
) -> None:
    a_payment()
    delivering.drain(clock=clock)
    clock.forward(hours=1, seconds=5)
    whmcs.calls.clear()
    whmcs.looks.append(ZeroDivisionError("planted"))
    assert read_back(clock) == 2
    assert whmcs.calls == ["look", "look"]


def test_two_readers_never_read_the_same_row(
    delivered: Delivery, whmcs: FakeBiller, clock: SetClock
) -> None:
    clock.forward(hours=1, seconds=1)
    seen: list[int] = []
    whmcs.during["look"] = lambda: seen.append(read_back(clock))
    assert read_back(clock) == 1
    assert seen == [0]


def test_reader_whose_lease_ran_out_decides_nothing(
    delivered: Delivery, whmcs: FakeBiller, clock: SetClock
) -> None:
    clock.forward(hours=1, seconds=1)

    def another_reader_finds_it_in_order() -> None:
        clock.forward(seconds=claiming.LEASE.total_seconds() + 1)
        read_back(clock)

    whmcs.during["look"] = another_reader_finds_it_in_order
    whmcs.looks.extend([Found(1, exact=True), Absent()])
    read_back(clock)
    delivered.refresh_from_db()
    assert delivered.status == "delivered"
