"""Who may work which delivery when: leases, epochs, order, the breaker, drawn edges, Retry."""

import threading
from datetime import timedelta
from itertools import product

import pytest
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from ledger import breaker
from ledger.billing.base import Absent
from ledger.models import Attempt, AuditEvent, Biller, Delivery
from ledger.outbox import claiming, deciding, delivering, writing
from tests.conftest import SetClock
from tests.ledger.rows import (
    BLIND,
    DOWN,
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


def lease_out(delivery: Delivery, clock: SetClock) -> Delivery:
    """Another worker holds it."""
    delivery.lease_until = clock() + claiming.LEASE
    delivery.save(update_fields=["lease_until"])
    return delivery


# --- order, leases, epochs --------------------------------------------------------------------
def test_what_waited_longest_is_claimed_first(clock: SetClock) -> None:
    first, second, third = (booking(a_payment()) for _ in range(3))
    Delivery.objects.filter(pk=third.pk).update(not_before=clock() - timedelta(hours=1))

    claimed = [claiming.claim(clock()) for _ in range(3)]

    assert [each and each.pk for each in claimed] == [third.pk, first.pk, second.pk]


def test_nothing_is_claimed_before_its_time(clock: SetClock) -> None:
    delivery = booking(a_payment())
    Delivery.objects.filter(pk=delivery.pk).update(not_before=clock() + timedelta(minutes=5))
    assert claiming.claim(clock()) is None
    clock.forward(minutes=5)
    assert claiming.claim(clock()) == delivery


@pytest.mark.parametrize("status", sorted(set(Status) - set(Delivery.OWED)))
def test_what_is_not_owed_is_never_claimed(clock: SetClock, status: str) -> None:
    delivery = booking(a_payment())
    Delivery.objects.filter(pk=delivery.pk).update(status=status, delivered_at=clock())
    Delivery.objects.exclude(pk=delivery.pk).update(not_before=clock() + timedelta(days=1))
    assert claiming.claim(clock()) is None


def test_claim_leases_it_and_raises_the_epoch(clock: SetClock) -> None:
    booking(a_payment())
    first = claiming.claim(clock())
    assert first and first.epoch == 1
    assert claiming.claim(clock()) is None

    clock.forward(seconds=claiming.LEASE.total_seconds() + 1)
    second = claiming.claim(clock())
    assert second and (second.pk, second.epoch) == (first.pk, 2)


def test_worker_that_lost_its_lease_while_looking_does_not_send(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    payment = a_payment()

    def another_worker_delivers_it() -> None:
        clock.forward(seconds=claiming.LEASE.total_seconds() + 1)
        now_deliver(clock)

    whmcs.during["look"] = another_worker_delivers_it
    # Both are told that it is not there.
    whmcs.looks.extend([Absent(), Absent()])
    now_deliver(clock)

    assert [entry[0] for entry in whmcs.booked] == [payment.reference]
    assert booking(payment).status == Status.DELIVERED


def test_worker_does_not_send_under_the_lease_of_another(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    payment = a_payment()
    others: list[Delivery | None] = []

    def another_worker_claims_it() -> None:
        clock.forward(seconds=claiming.LEASE.total_seconds() + 1)
        others.append(claiming.claim(clock()))

    whmcs.during["read"] = another_worker_claims_it
    now_deliver(clock)
    assert whmcs.booked == []

    [other] = others
    assert other is not None
    delivering.deliver(other, clock=clock)
    assert [entry[0] for entry in whmcs.booked] == [payment.reference]


def test_answer_that_comes_after_the_lease_changes_no_status(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    payment = a_payment()

    def another_worker_takes_it() -> None:
        clock.forward(seconds=claiming.LEASE.total_seconds() + 1)
        # Its clock says that the call may still be at work, so it waits.
        Biller.objects.update(longest_run_seconds=600)
        now_deliver(clock)

    whmcs.during["book"] = another_worker_takes_it
    now_deliver(clock)

    delivery = booking(payment)
    assert (delivery.status, delivery.epoch) == (Status.UNKNOWN, 2)
    clock.forward(seconds=700)
    now_deliver(clock)
    assert booking(payment).status == Status.DELIVERED
    assert len(whmcs.booked) == 1


def test_lease_too_short_for_a_whole_call_is_not_sent_under(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    payment = a_payment()
    whmcs.during["read"] = lambda: clock.forward(seconds=125)
    now_deliver(clock)
    assert whmcs.calls == ["look", "read"]
    assert not Attempt.objects.filter(kind=Attempt.Kind.SEND).exists()

    clock.forward(seconds=60)
    now_deliver(clock)
    assert booking(payment).status == Status.DELIVERED


def test_one_delivery_of_a_bill_at_a_time(clock: SetClock) -> None:
    bill = a_bill(due="40.00")
    lease_out(booking(a_payment(bill, "10.00")), clock)
    a_payment(bill, "20.00")
    assert claiming.claim(clock()) is None


def test_a_biller_gets_two_calls_at_once_and_no_more(clock: SetClock) -> None:
    biller = a_biller()
    for _ in range(3):
        a_payment(a_bill(biller))
    claimed = [claiming.claim(clock()) for _ in range(3)]
    assert [bool(each) for each in claimed] == [True, True, False]

    elsewhere = booking(a_payment())
    assert claiming.claim(clock()) == elsewhere


def test_busy_biller_with_a_long_queue_does_not_keep_others_waiting(clock: SetClock) -> None:
    busy = a_biller()
    for _ in range(60):
        a_payment(a_bill(busy))
    assert claiming.claim(clock()) and claiming.claim(clock())

    elsewhere = booking(a_payment())
    assert claiming.claim(clock()) == elsewhere


def test_paused_biller_is_told_nothing(clock: SetClock) -> None:
    payment = a_payment()
    Biller.objects.update(paused=True)
    assert claiming.claim(clock()) is None
    Biller.objects.update(paused=False)
    assert claiming.claim(clock()) == booking(payment)


# --- several workers at the same instant --------------------------------------------------------
def at_once(workers: int, clock: SetClock) -> list[Delivery]:
    """What as many workers claim when all of them ask in the same moment."""
    ready, taken = threading.Barrier(workers), []

    def worker() -> None:
        try:
            ready.wait()
            if delivery := claiming.claim(clock()):
                taken.append(delivery)
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


@pytest.mark.django_db(transaction=True)
def test_workers_asking_at_once_never_share_a_delivery(clock: SetClock) -> None:
    for _ in range(3):
        a_payment()
    for _ in range(5):
        taken = [delivery.pk for delivery in at_once(6, clock)]
        assert len(set(taken)) == len(taken)
        Delivery.objects.update(lease_until=None)


@pytest.mark.django_db(transaction=True)
def test_workers_asking_at_once_share_two_leases_of_a_biller(clock: SetClock) -> None:
    biller = a_biller()
    for _ in range(8):
        a_payment(a_bill(biller))
    for _ in range(5):
        assert 1 <= len(at_once(8, clock)) <= claiming.LEASES_PER_BILLER
        Delivery.objects.update(lease_until=None)


@pytest.mark.django_db(transaction=True)
def test_workers_asking_at_once_send_one_probe(clock: SetClock) -> None:
    biller = a_biller()
    for _ in range(8):
        a_payment(a_bill(biller))
    for _ in range(5):
        Biller.objects.update(failures=breaker.AFTER, open_until=None)
        assert len(at_once(8, clock)) == 1
        Delivery.objects.update(lease_until=None)


# --- breaker ------------------------------------------------------------------------------------
def failing(biller: Biller, clock: SetClock, whmcs: FakeBiller, times: int) -> None:
    for _ in range(times):
        whmcs.looks.append(BLIND)
        now_deliver(clock)
        clock.forward(hours=1, minutes=1)
    biller.refresh_from_db()


def test_breaker_opens_after_five_failures_in_a_row(whmcs: FakeBiller, clock: SetClock) -> None:
    biller = a_biller()
    a_payment(a_bill(biller))
    failing(biller, clock, whmcs, 4)
    assert (biller.failures, biller.open_until) == (4, None)
    failing(biller, clock, whmcs, 1)
    assert biller.failures == 5
    assert biller.open_until is not None


@pytest.mark.parametrize(
    ("failures", "minutes"), [(4, 1), (5, 2), (6, 4), (7, 8), (8, 15), (50, 15)]
)
def test_breaker_stays_open_longer_with_each_failed_probe(
    whmcs: FakeBiller, clock: SetClock, failures: int, minutes: int
) -> None:
    a_payment()
    Biller.objects.update(failures=failures)
    whmcs.looks.append(BLIND)
    now_deliver(clock)
    open_until = Biller.objects.get().open_until
    assert open_until is not None
    assert abs(open_until - clock() - timedelta(minutes=minutes)) < timedelta(seconds=10)


def test_open_breaker_lets_one_probe_through_and_success_lets_all(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    biller = a_biller()
    payments = [a_payment(a_bill(biller)) for _ in range(3)]
    Biller.objects.update(failures=9, open_until=clock() + timedelta(minutes=1))
    assert claiming.claim(clock()) is None

    clock.forward(seconds=61)
    probe = claiming.claim(clock())
    assert probe
    assert claiming.claim(clock()) is None, "one probe at a time"

    delivering.deliver(probe, clock=clock)
    biller.refresh_from_db()
    assert (biller.failures, biller.open_until, biller.last_error) == (0, None, "")
    delivering.drain(clock=clock)
    assert {booking(payment).status for payment in payments} == {Status.DELIVERED}


def test_probe_whose_worker_died_is_followed_by_another(clock: SetClock) -> None:
    a_payment()
    Biller.objects.update(failures=9)
    assert claiming.claim(clock())
    clock.forward(seconds=claiming.LEASE.total_seconds() + 1)
    assert claiming.claim(clock())


# --- drawn edges --------------------------------------------------------------------------------
@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_status_moves_along_drawn_edges_only(clock: SetClock, before: str, after: str) -> None:
    delivery = booking(a_payment())
    Delivery.objects.filter(pk=delivery.pk).update(status=before, delivered_at=clock())
    delivery.refresh_from_db()
    if after in writing.EDGES[before]:
        assert writing.move(delivery, after)
    else:
        with pytest.raises(ValueError, match="does not go"):
            writing.move(delivery, after)
        after = before
    assert booking(delivery.payment).status == after


def test_nothing_leads_from_a_final_status_to_a_send() -> None:
    for final in (Status.DELIVERED, Status.PARKED, Status.REFUSED):
        assert Status.SENDING not in writing.EDGES[final]
    assert writing.EDGES[Status.DELIVERED] <= {Status.DELIVERED, Status.PARKED}
    assert Status.DELIVERED not in writing.EDGES[Status.PARKED] | writing.EDGES[Status.REFUSED]


# --- drain ----------------------------------------------------------------------------------------
def test_drain_works_until_nothing_is_due(whmcs: FakeBiller, clock: SetClock) -> None:
    payments = [a_payment() for _ in range(3)]
    # Three bookings, and the log line of each once its booking is there.
    assert delivering.drain(clock=clock) == 6
    assert {booking(payment).status for payment in payments} == {Status.DELIVERED}
    assert delivering.drain(clock=clock) == 0


def test_drain_out_of_budget_wakes_the_next_one(
    whmcs: FakeBiller, clock: SetClock, no_queue: list[str]
) -> None:
    a_payment()
    a_payment()
    whmcs.during["book"] = lambda: clock.forward(seconds=delivering.BUDGET.total_seconds())
    assert delivering.drain(clock=clock) == 1
    assert no_queue == ["ledger.tasks.drain_outbox"]


def test_fault_of_ours_in_one_delivery_stops_no_other_and_is_shown(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    broken, sound = a_payment(), a_payment()
    whmcs.looks.append(ZeroDivisionError("planted"))
    delivering.drain(clock=clock)

    assert booking(sound).status == Status.DELIVERED
    delivery = booking(broken)
    assert (delivery.status, delivery.lease_until) == (Status.READY, None)
    assert "ZeroDivisionError: planted" in delivery.last_message
    assert delivery.not_before > clock()


# --- Retry ----------------------------------------------------------------------------------------
def press_retry(delivery: Delivery, clock: SetClock) -> str:
    return deciding.retry(delivery.pk, actor="ana", now=clock(), reason="mended")


def parked(whmcs: FakeBiller, clock: SetClock) -> Delivery:
    payment = a_payment()
    whmcs.answers.append(NO)
    now_deliver(clock)
    delivery = booking(payment)
    assert delivery.status == Status.PARKED
    return delivery


def test_retry_of_a_parked_delivery_looks_first_and_leaves_an_audit_event(
    whmcs: FakeBiller,
    clock: SetClock,
    no_queue: list[str],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    delivery = parked(whmcs, clock)
    Biller.objects.update(failures=9, open_until=clock() + timedelta(hours=1))
    whmcs.calls.clear()

    with django_capture_on_commit_callbacks(execute=True):
        told = press_retry(delivery, clock)

    assert told == (
        f"{delivery.payment.reference} will be looked up in WHMCS now, and sent only if it is not "
        "there."
    )
    assert no_queue == ["ledger.tasks.drain_outbox"]
    event = AuditEvent.objects.get()
    assert (event.actor, event.verb, event.reason) == ("ana", "retry delivery", "mended")
    assert "was parked: Invalid gateway" in event.detail
    now_deliver(clock)
    assert whmcs.calls == ["look", "read", "book"]
    assert booking(delivery.payment).status == Status.DELIVERED


def test_retry_gives_a_whole_new_day(whmcs: FakeBiller, clock: SetClock) -> None:
    delivery = parked(whmcs, clock)
    long_ago = clock() - timedelta(days=3)
    Delivery.objects.filter(pk=delivery.pk).update(first_failed=long_ago, tries=40)
    press_retry(delivery, clock)
    whmcs.answers.append(DOWN)
    now_deliver(clock)
    delivery = booking(delivery.payment)
    assert (delivery.status, delivery.tries) == (Status.READY, 1)


def test_retry_of_a_delivered_payment_changes_nothing(whmcs: FakeBiller, clock: SetClock) -> None:
    payment = a_payment()
    now_deliver(clock)
    assert press_retry(booking(payment), clock) == (
        f"{payment.reference} is delivered already; nothing was changed."
    )
    assert booking(payment).status == Status.DELIVERED
    assert not AuditEvent.objects.exists()


def test_retry_while_a_worker_is_at_it_changes_nothing(clock: SetClock) -> None:
    delivery = lease_out(booking(a_payment()), clock)
    assert press_retry(delivery, clock) == (
        f"{delivery.payment.reference} is being worked on right now; nothing was changed."
    )
    assert not AuditEvent.objects.exists()


def test_retry_after_a_lost_answer_still_waits_for_whmcs(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    payment = a_payment()
    whmcs.answers.append(LOST)
    now_deliver(clock)

    told = press_retry(booking(payment), clock)

    assert "as soon as WHMCS can no longer be at work on the last call" in told
    now_deliver(clock)
    assert whmcs.calls.count("look") == 1, "not looked before the quiet time is over"
    assert booking(payment).status == Status.UNKNOWN
    clock.forward(seconds=181)
    now_deliver(clock)
    assert len(whmcs.booked) == 1


def test_retry_pressed_twice_sends_once(whmcs: FakeBiller, clock: SetClock) -> None:
    delivery = parked(whmcs, clock)
    press_retry(delivery, clock)
    press_retry(delivery, clock)
    delivering.drain(clock=clock)
    assert len(whmcs.booked) == 1


def test_log_line_waits_for_its_booking(whmcs: FakeBiller, clock: SetClock) -> None:
    payment = a_payment()
    Delivery.objects.filter(pk=note(payment).pk).update(not_before=clock() - timedelta(days=1))
    whmcs.answers.append(NO)
    delivering.drain(clock=clock)
    assert (booking(payment).status, note(payment).status) == (Status.PARKED, Status.READY)
    assert whmcs.notes == []

    press_retry(booking(payment), clock)
    delivering.drain(clock=clock)
    assert (booking(payment).status, note(payment).status) == (Status.DELIVERED, Status.DELIVERED)
