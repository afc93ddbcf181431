"""Working stored callbacks: each once, whatever goes wrong written on it, doorbells each ring."""

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from gateways import inbox, storing
from gateways.models import Callback, Order, OrderEvent
from gateways.providers.base import Inbound, Rejected, Unavailable
from ledger import ports
from ledger.cipher import new_key, read_keys
from ledger.models import AuditEvent, Payment
from tests.conftest import SetClock
from tests.gateways.rows import (
    RINGS,
    FakeProvider,
    a_callback,
    a_notice,
    an_account,
    an_order,
)
from tests.ledger.rows import a_bill, a_gateway, a_payment

pytestmark = pytest.mark.django_db

Status = Callback.Status


def work(callback: Callback, clock: SetClock) -> Callback:
    inbox.drain(clock=clock)
    callback.refresh_from_db()
    return callback


def a_doorbell(order: Order) -> Callback:
    return a_callback(order.gateway, RINGS)


def rings(order: Order, provider: FakeProvider) -> None:
    """The provider's next doorbell, and what it will say when it is asked."""
    provider.notices.append([a_notice(order, doorbell=True)])


# --- what comes of a message ------------------------------------------------------------------------
def test_signed_message_settles_its_order(provider: FakeProvider, clock: SetClock) -> None:
    order = an_order()
    provider.notices.append([a_notice(order)])
    callback = work(a_callback(order.gateway), clock)
    order.refresh_from_db()
    assert (callback.status, callback.verdict) == (Status.DONE, "paid: 15.99 EUR booked")
    assert (callback.order, callback.lease_until, callback.tries) == (order, None, 0)
    assert callback.worked_at is not None
    assert (order.status, order.events.get().callback) == ("paid", callback)
    assert provider.fetched == [], "what is signed is believed"


def test_doorbell_is_never_believed_but_asked_about(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = an_order()
    rings(order, provider)
    provider.fetches.append(a_notice(order, "pending"))
    callback = work(a_doorbell(order), clock)
    order.refresh_from_db()
    assert (provider.fetched, order.status) == ([order.reference], "pending")
    assert callback.status == Status.DONE


def test_doorbell_about_what_the_provider_does_not_know_changes_nothing(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = an_order()
    rings(order, provider)
    callback = work(a_doorbell(order), clock)
    assert callback.status == Status.DONE
    assert callback.verdict == f"the provider does not know an order {order.reference}"
    assert not Payment.objects.exists()


def test_message_about_no_order_of_ours_waits_for_a_person(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = an_order()
    provider.notices.append([a_notice(order, order_reference="made-up")])
    callback = work(a_callback(order.gateway), clock)
    assert (callback.status, callback.order) == (Status.FAILED, None)
    assert "'made-up'" in callback.verdict


def test_message_with_nothing_in_it_is_done(provider: FakeProvider, clock: SetClock) -> None:
    callback = work(a_callback(a_gateway(a_bill().merchant)), clock)
    assert (callback.status, callback.verdict) == (Status.DONE, "nothing in it for us")


def test_one_message_about_two_orders_is_all_or_nothing(
    provider: FakeProvider, clock: SetClock
) -> None:
    bill = a_bill()
    good, bad = an_order(bill), an_order(bill, due_units=1000)
    a_payment(bill, "1.00", reference=f"SC-{bad.reference}")
    provider.notices.append([a_notice(good), a_notice(bad)])
    callback = work(a_callback(good.gateway), clock)
    good.refresh_from_db()
    assert (callback.status, good.status, Payment.objects.count()) == (Status.FAILED, "new", 1)


# --- whatever goes wrong -----------------------------------------------------------------------------
def test_fault_of_ours_leaves_it_failed_with_the_traceback(
    provider: FakeProvider, clock: SetClock
) -> None:
    gateway = a_gateway(a_bill().merchant)
    provider.notices.append(ZeroDivisionError("planted"))
    callback = work(a_callback(gateway), clock)
    assert (callback.status, callback.verdict) == (Status.FAILED, "ZeroDivisionError: planted")
    assert "Traceback" in callback.traceback
    assert "rows.py" in callback.traceback


def test_fault_in_one_message_keeps_no_other_waiting(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = an_order()
    broken, sound = a_callback(order.gateway), a_callback(order.gateway)
    provider.notices.extend([ZeroDivisionError("planted"), [a_notice(order)]])
    inbox.drain(clock=clock)
    broken.refresh_from_db()
    sound.refresh_from_db()
    assert (broken.status, sound.status) == (Status.FAILED, Status.DONE)


def test_message_out_of_shape_waits_for_a_person_without_a_traceback(
    provider: FakeProvider, clock: SetClock
) -> None:
    gateway = a_gateway(a_bill().merchant)
    provider.notices.append(Rejected("spectrocoin.fields", "amount is missing"))
    callback = work(a_callback(gateway), clock)
    assert callback.status == Status.FAILED
    assert (callback.verdict, callback.traceback) == ("spectrocoin.fields: amount is missing", "")


def test_contradiction_with_the_ledger_waits_for_a_person(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = an_order()
    a_payment(order.bill, "10.00", reference=f"SC-{order.reference}")
    provider.notices.append([a_notice(order)])
    callback = work(a_callback(order.gateway), clock)
    assert callback.status == Status.FAILED
    assert "is booked as 10.00 EUR" in callback.verdict
    assert not OrderEvent.objects.exists()


def test_provider_that_is_away_is_asked_again_later_and_later(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = an_order()
    callback = a_doorbell(order)
    waits = []
    for _ in range(8):
        rings(order, provider)
        provider.fetches.append(Unavailable("no connection"))
        work(callback, clock)
        assert (callback.status, callback.lease_until) == (Status.NEW, None)
        waits.append(round((callback.not_before - clock()).total_seconds()))
        clock.forward(seconds=waits[-1] + 1)
    assert waits == [5, 30, 120, 600, 1800, 3600, 3600, 3600]
    assert callback.verdict == "could not ask the provider: no connection"

    rings(order, provider)
    provider.fetches.append(a_notice(order))
    assert work(callback, clock).status == Status.DONE


def test_settings_that_do_not_open_are_waited_for(
    provider: FakeProvider, clock: SetClock, settings: Settings
) -> None:
    gateway = a_gateway(a_bill().merchant)
    gateway.seal("client_secret", "hush")
    gateway.save()
    kept = settings.GATEBOOK_KEYS
    settings.GATEBOOK_KEYS = read_keys(new_key())
    callback = work(a_callback(gateway), clock)
    assert callback.status == Status.NEW
    assert "GATEBOOK_KEYS lacks" in callback.verdict
    settings.GATEBOOK_KEYS = kept
    clock.forward(seconds=10)
    assert work(callback, clock).status == Status.DONE


def test_database_that_is_away_leaves_it_to_the_next_worker(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = an_order()
    callback = a_callback(order.gateway)
    provider.notices.append(OperationalError("the server closed the connection"))
    with pytest.raises(OperationalError):
        inbox.drain(clock=clock)
    callback.refresh_from_db()
    assert (callback.status, callback.verdict) == (Status.NEW, "")

    provider.notices.append([a_notice(order)])
    clock.forward(seconds=inbox.LEASE.total_seconds() + 1)
    assert work(callback, clock).status == Status.DONE


def test_message_on_which_workers_die_is_given_up_and_shown(
    provider: FakeProvider, clock: SetClock
) -> None:
    callback = a_callback(a_gateway(a_bill().merchant))
    for _ in range(inbox.MOST_TRIES):
        assert inbox.claim(clock()) == [callback]
        clock.forward(seconds=inbox.LEASE.total_seconds() + 1)
    work(callback, clock)
    assert (callback.status, callback.verdict) == (Status.FAILED, "given up after 50 tries")
    assert inbox.claim(clock()) == []


# --- leases -------------------------------------------------------------------------------------------
def test_claim_takes_the_oldest_and_leases_them(provider: FakeProvider, clock: SetClock) -> None:
    gateway = a_gateway(a_bill().merchant)
    callbacks = [a_callback(gateway) for _ in range(inbox.BATCH + 2)]
    oldest = a_callback(gateway, not_before=clock() - timedelta(hours=1))
    batch = inbox.claim(clock())
    assert [each.pk for each in batch] == [
        oldest.pk,
        *(each.pk for each in callbacks[: inbox.BATCH - 1]),
    ]
    assert {each.epoch for each in batch} == {1}
    assert len(inbox.claim(clock())) == 3
    assert inbox.claim(clock()) == []


@pytest.mark.parametrize("status", [Status.DONE, Status.FAILED, Status.REJECTED])
def test_what_is_finished_is_not_claimed(
    provider: FakeProvider, clock: SetClock, status: str
) -> None:
    a_callback(a_gateway(a_bill().merchant), status=status)
    assert inbox.claim(clock()) == []


def test_worker_that_lost_its_lease_writes_no_verdict(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = an_order()
    callback = a_callback(order.gateway)

    def another_worker_fails_on_it() -> None:
        clock.forward(seconds=inbox.LEASE.total_seconds() + 1)
        inbox.drain(clock=clock)

    provider.during["parse"] = another_worker_fails_on_it
    provider.notices.extend([Rejected("planted"), [a_notice(order)]])
    work(callback, clock)
    assert (callback.status, callback.verdict, callback.epoch) == (Status.FAILED, "planted", 2)


def test_two_workers_on_the_same_news_book_once(provider: FakeProvider, clock: SetClock) -> None:
    order = an_order()
    callback = a_callback(order.gateway)

    def another_worker_does_it() -> None:
        clock.forward(seconds=inbox.LEASE.total_seconds() + 1)
        inbox.drain(clock=clock)

    provider.during["parse"] = another_worker_does_it
    provider.notices.extend([[a_notice(order)], [a_notice(order)]])
    work(callback, clock)
    assert (callback.status, Payment.objects.count()) == (Status.DONE, 1)


def test_slow_batch_is_given_back_before_its_leases_run_out(
    provider: FakeProvider, clock: SetClock
) -> None:
    gateway = a_gateway(a_bill().merchant)
    first, second = a_callback(gateway), a_callback(gateway)
    provider.during["parse"] = lambda: clock.forward(seconds=inbox.PATIENCE.total_seconds() + 1)
    assert inbox.drain(clock=clock) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == (Status.DONE, Status.NEW)
    assert (second.lease_until, second.tries) == (None, 0)


def test_drain_out_of_budget_wakes_the_next_one(
    provider: FakeProvider, clock: SetClock, no_queue: list[str]
) -> None:
    gateway = a_gateway(a_bill().merchant)
    a_callback(gateway)
    provider.during["parse"] = lambda: clock.forward(seconds=inbox.BUDGET.total_seconds())
    inbox.drain(clock=clock)
    assert no_queue == ["gateways.tasks.drain_inbox"]


@pytest.mark.django_db(transaction=True)
def test_workers_asking_at_once_share_no_message(provider: FakeProvider, clock: SetClock) -> None:
    gateway = a_gateway(a_bill().merchant)
    for _ in range(60):
        a_callback(gateway)
    taken: list[int] = []
    ready = threading.Barrier(4)

    def worker() -> None:
        try:
            ready.wait()
            taken.extend(callback.pk for callback in inbox.claim(clock()))
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) >= inbox.BATCH


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_provider_is_asked(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = an_order()
    seen: list[bool] = []
    provider.during["fetch"] = lambda: seen.append(connection.in_atomic_block)
    rings(order, provider)
    work(a_doorbell(order), clock)
    assert seen == [False]


# --- the same bytes again ---------------------------------------------------------------------------
def comes_again(order: Order, body: bytes) -> None:
    account, now = an_account(order.gateway), ports.system_now()
    storing.store(account, Inbound(body), "192.0.2.1", now, rings=body.startswith(RINGS))


def stored(order: Order, body: bytes) -> Callback:
    comes_again(order, body)
    return Callback.objects.get()


def test_doorbell_that_rings_while_it_is_worked_stays_due(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = an_order()
    callback = stored(order, RINGS)
    rings(order, provider)
    provider.fetches.append(a_notice(order, "pending"))
    provider.during["fetch"] = lambda: comes_again(order, RINGS)
    [claimed] = inbox.claim(clock())
    inbox.work(claimed, clock=clock)
    callback.refresh_from_db()
    assert (callback.status, callback.times, callback.lease_until) == (Status.NEW, 2, None)

    rings(order, provider)
    provider.fetches.append(a_notice(order))
    work(callback, clock)
    order.refresh_from_db()
    assert (callback.status, order.status) == (Status.DONE, "paid")


def test_doorbell_is_worked_at_every_ring_however_often(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = an_order()
    callback = stored(order, RINGS)
    for ring in range(inbox.MOST_TRIES + 5):
        work(callback, clock)
        assert callback.status == Status.DONE, f"ring {ring}"
        comes_again(order, RINGS)
    rings(order, provider)
    provider.fetches.append(a_notice(order))
    work(callback, clock)
    order.refresh_from_db()
    assert order.status == "paid"


def test_signed_message_that_comes_again_is_not_worked_again(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = an_order()
    provider.notices.append([a_notice(order)])
    callback = work(stored(order, b"signed"), clock)
    comes_again(order, b"signed")
    callback.refresh_from_db()
    assert (callback.status, callback.times) == (Status.DONE, 2)
    assert inbox.claim(clock()) == []


def test_failed_message_that_comes_again_is_worked_again(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = an_order()
    provider.notices.append(ZeroDivisionError("planted"))
    callback = work(stored(order, b"signed"), clock)
    assert callback.status == Status.FAILED
    comes_again(order, b"signed")
    provider.notices.append([a_notice(order)])
    work(callback, clock)
    assert (callback.status, callback.traceback) == (Status.DONE, "")


# --- a person lets it be processed again --------------------------------------------------------------
def again(callback: Callback, clock: SetClock) -> str:
    told = inbox.process_again(callback.pk, actor="ana", now=clock())
    callback.refresh_from_db()
    return told


def test_process_again_works_it_afresh_and_leaves_an_audit_event(
    provider: FakeProvider,
    clock: SetClock,
    no_queue: list[str],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    order = an_order()
    provider.notices.append(ZeroDivisionError("planted"))
    callback = work(a_callback(order.gateway), clock)
    Callback.objects.update(tries=50)

    with django_capture_on_commit_callbacks(execute=True):
        told = again(callback, clock)

    assert "money booked before is not booked twice" in told
    assert (callback.status, callback.tries, callback.traceback) == (Status.NEW, 0, "")
    assert no_queue == ["gateways.tasks.drain_inbox"]
    event = AuditEvent.objects.get()
    assert (event.actor, event.verb, event.target_id) == (
        "ana",
        "process callback again",
        callback.pk,
    )
    assert event.detail == "was failed: ZeroDivisionError: planted"
    provider.notices.append([a_notice(order)])
    work(callback, clock)
    assert Payment.objects.count() == 1


def test_process_again_books_nothing_twice(provider: FakeProvider, clock: SetClock) -> None:
    order = an_order()
    provider.notices.extend([[a_notice(order)], [a_notice(order)]])
    callback = work(a_callback(order.gateway), clock)
    again(callback, clock)
    work(callback, clock)
    assert (callback.verdict, Payment.objects.count()) == ("paid already: nothing changed", 1)


@pytest.mark.parametrize("status", [Status.REJECTED, Status.FAILED, Status.DONE])
def test_process_again_verifies_the_stored_bytes_first(
    provider: FakeProvider, clock: SetClock, status: str
) -> None:
    callback = a_callback(a_gateway(a_bill().merchant), status=status)
    provider.refuses = Rejected("spectrocoin.bad_signature")
    told = again(callback, clock)
    assert told == (
        f"Callback {callback.pk} is still refused (spectrocoin.bad_signature); nothing was changed."
    )
    assert (callback.status, AuditEvent.objects.count()) == (status, 0)


def test_process_again_of_a_refused_message_works_once_the_settings_are_mended(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = an_order()
    callback = a_callback(order.gateway, status=Status.REJECTED)
    provider.notices.append([a_notice(order)])
    again(callback, clock)
    assert work(callback, clock).status == Status.DONE


def test_process_again_with_secrets_that_do_not_open_says_so(
    provider: FakeProvider, clock: SetClock, settings: Settings
) -> None:
    gateway = a_gateway(a_bill().merchant)
    gateway.seal("client_secret", "hush")
    gateway.save()
    callback = a_callback(gateway, status=Status.FAILED)
    settings.GATEBOOK_KEYS = read_keys(new_key())
    assert "GATEBOOK_KEYS lacks; nothing was changed" in again(callback, clock).replace(")", "")
    assert callback.status == Status.FAILED


def test_process_again_while_a_worker_is_at_it_changes_nothing(
    provider: FakeProvider, clock: SetClock
) -> None:
    callback = a_callback(a_gateway(a_bill().merchant))
    inbox.claim(clock())
    assert "is being worked on right now; nothing was changed" in again(callback, clock)
    assert not AuditEvent.objects.exists()


def test_failed_callback_is_dismissed_with_a_reason_and_stays_dismissed(
    provider: FakeProvider, clock: SetClock
) -> None:
    callback = a_callback(a_gateway(a_bill().merchant), status=Status.FAILED)

    told = inbox.dismiss(callback.pk, actor="ana", reason="a test of theirs", now=clock())

    callback.refresh_from_db()
    assert (callback.status, "off the list" in told) == (Status.DONE, True)
    assert "ana: a test of theirs" in callback.verdict
    assert AuditEvent.objects.get().reason == "a test of theirs"
    assert inbox.drain(clock=clock) == 0


def test_only_failed_callbacks_are_dismissed(provider: FakeProvider, clock: SetClock) -> None:
    callback = a_callback(a_gateway(a_bill().merchant))

    told = inbox.dismiss(callback.pk, actor="ana", reason="hurry", now=clock())

    callback.refresh_from_db()
    assert (callback.status, "nothing was changed" in told) == (Status.NEW, True)
    assert not AuditEvent.objects.exists()
