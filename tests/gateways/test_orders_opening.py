"""Opening orders once per bill and amount, the payer's links, and asking when no message came."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from gateways.models import Order
from gateways.orders import links, opening, polling
from gateways.orders.applying import apply
from gateways.providers.base import OpenRefused, Unavailable
from ledger import ports
from ledger.cipher import new_key, read_keys
from ledger.models import Bill, Payment
from ledger.money import Money
from tests.conftest import SetClock
from tests.gateways.rows import (
    EUR,
    FakeProvider,
    a_callback,
    a_notice,
    an_account,
    an_order,
    opened,
)
from tests.ledger.rows import a_bill, a_gateway, a_payment

pytestmark = pytest.mark.django_db

Status = Order.Status
NO = OpenRefused("5", "The amount is too small.", "Raise the least amount.")
TAKEN = OpenRefused("2005", "orderId is taken", "", fresh_reference=True)


def open_order(bill: Bill, clock: SetClock, due: Money = EUR) -> Order:
    account = an_account(a_gateway(bill.merchant))
    wanted = opening.Wanted(bill, due, language="ar", description="Invoice 42")
    order = opening.open_order(account, wanted, clock=clock)
    return Order.objects.get(pk=order.pk)


# --- opening ------------------------------------------------------------------------------------
def test_order_is_opened_at_the_provider_with_our_own_urls(
    provider: FakeProvider, clock: SetClock, settings: Settings
) -> None:
    settings.GATEBOOK_URL = "https://pay.example.com"
    bill = a_bill()
    provider.opens.append(opened("x", provider_reference="abc", valid_until=1_900_000_000))
    order = open_order(bill, clock)

    [request] = provider.asked_for
    token = links.pay_token(order)
    assert (request.reference, request.due) == (order.reference, EUR)
    assert (request.description, request.language) == ("Invoice 42", "ar")
    assert request.callback_url == f"https://pay.example.com/webhooks/{order.gateway.token}/"
    assert request.success_url == f"https://pay.example.com/pay/{token}/done/"
    assert request.failure_url == f"https://pay.example.com/pay/{token}/cancelled/"
    assert (order.status, order.payment_url) == ("new", "https://spectrocoin.com/pay/x")
    assert (order.provider_reference, order.opening_until) == ("abc", None)
    assert order.valid_until and order.valid_until.timestamp() == 1_900_000_000
    assert order.reference.startswith(f"{bill.reference}-")
    assert len(order.reference) <= 64 - len("SC-")


def test_no_transaction_is_open_and_the_row_is_there_while_the_provider_is_asked(
    provider: FakeProvider, clock: SetClock
) -> None:
    bill, seen = a_bill(), []
    provider.during["open"] = lambda: seen.append(
        list(Order.objects.values_list("status", "payment_url"))
    )
    open_order(bill, clock)
    assert seen == [[("new", "")]]


def test_payer_who_comes_again_gets_the_same_order(provider: FakeProvider, clock: SetClock) -> None:
    bill = a_bill()
    assert open_order(bill, clock) == open_order(bill, clock)
    assert len(provider.asked_for) == 1


def test_changed_amount_gets_an_order_of_its_own(provider: FakeProvider, clock: SetClock) -> None:
    bill = a_bill()
    first, second = open_order(bill, clock), open_order(bill, clock, Money(1000, "EUR"))
    assert first != second
    assert {first.due, second.due} == {EUR, Money(1000, "EUR")}


def test_order_about_to_close_at_the_provider_is_replaced(
    provider: FakeProvider, clock: SetClock
) -> None:
    bill = a_bill()
    first = open_order(bill, clock)
    Order.objects.update(valid_until=clock() + timedelta(seconds=59))
    second = open_order(bill, clock)
    first.refresh_from_db()
    assert (first.status, second.status) == ("expired", "new")
    assert first.reference != second.reference


def test_second_press_while_the_first_is_at_the_provider_opens_nothing(
    provider: FakeProvider, clock: SetClock
) -> None:
    bill, second = a_bill(), []
    provider.during["open"] = lambda: second.append(open_order(bill, clock))
    first = open_order(bill, clock)
    assert second == [first]
    assert second[0].payment_url == ""
    assert len(provider.asked_for) == 1


def test_opening_that_a_crash_cut_short_is_tried_again_under_the_same_reference(
    provider: FakeProvider, clock: SetClock
) -> None:
    bill = a_bill()

    def die() -> None:
        raise KeyboardInterrupt

    provider.during["open"] = die
    with pytest.raises(KeyboardInterrupt):
        open_order(bill, clock)
    clock.forward(seconds=76)
    order = open_order(bill, clock)
    assert [request.reference for request in provider.asked_for] == [order.reference] * 2
    assert order.payment_url


def test_provider_away_leaves_the_order_to_be_tried_again(
    provider: FakeProvider, clock: SetClock
) -> None:
    bill = a_bill()
    provider.opens.append(Unavailable("no answer"))
    order = open_order(bill, clock)
    assert (order.status, order.payment_url, order.attention) == ("new", "", "")
    assert order.open_error == "The provider could not be reached: no answer"
    again = open_order(bill, clock)
    assert (again, again.open_error, bool(again.payment_url)) == (order, "", True)


def test_refusal_is_shown_to_the_merchant_and_the_next_press_is_a_new_order(
    provider: FakeProvider, clock: SetClock
) -> None:
    bill = a_bill()
    provider.opens.append(NO)
    order = open_order(bill, clock)
    assert order.status == Status.FAILED
    assert order.open_error == "5: The amount is too small. Raise the least amount."
    assert order.open_error in order.attention
    assert open_order(bill, clock) != order


def test_reference_that_is_taken_is_replaced_at_once(
    provider: FakeProvider, clock: SetClock
) -> None:
    bill = a_bill()
    provider.opens.append(TAKEN)
    order = open_order(bill, clock)
    first = Order.objects.earliest("pk")
    assert (first.status, first.attention) == ("failed", "")
    assert (order.status, bool(order.payment_url)) == ("new", True)
    assert order.reference != first.reference


def test_reference_that_is_always_taken_ends_after_two_tries(
    provider: FakeProvider, clock: SetClock
) -> None:
    provider.opens.extend([TAKEN, TAKEN])
    assert open_order(a_bill(), clock).status == Status.FAILED
    assert len(provider.asked_for) == 2


@pytest.mark.parametrize("refusal", [NO, TAKEN])
def test_money_that_comes_while_the_provider_refuses_is_kept(
    provider: FakeProvider, clock: SetClock, refusal: OpenRefused
) -> None:
    """The first try had reached the provider after all."""
    bill = a_bill()

    def is_paid_meanwhile() -> None:
        order = Order.objects.get()
        apply(an_account(order.gateway), a_notice(order), source="poll", now=clock())

    provider.during["open"] = is_paid_meanwhile
    provider.opens.append(refusal)
    open_order(bill, clock)
    order = Order.objects.earliest("pk")
    assert (order.status, order.payment) == (Status.PAID, Payment.objects.get())


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_open_one_order(provider: FakeProvider, clock: SetClock) -> None:
    bill = a_bill()
    a_gateway(bill.merchant)
    ready, failed = threading.Barrier(4), []

    def press() -> None:
        try:
            ready.wait()
            open_order(bill, clock)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert (Order.objects.count(), len(provider.asked_for)) == (1, 1)


# --- links --------------------------------------------------------------------------------------
def test_link_leads_to_its_order_and_no_other() -> None:
    orders = [an_order() for _ in range(5)]
    for order in orders:
        assert links.by_token(links.pay_token(order)) == order


def test_link_is_not_kept_and_cannot_be_guessed_from_the_row() -> None:
    order = an_order()
    token = links.pay_token(order)
    row = Order.objects.filter(pk=order.pk).values().get()
    assert not any(token in str(value) for value in row.values())
    assert len(token) == 22, "128 bits"
    for guess in (row["token_nonce"], row["token_digest"], row["reference"], "", str(order.pk)):
        assert links.by_token(guess) is None


def test_link_outlives_a_rotation_of_keys(settings: Settings) -> None:
    order = an_order()
    token = links.pay_token(order)
    settings.GATEBOOK_KEYS = [read_keys(new_key())[0], *settings.GATEBOOK_KEYS]
    assert links.pay_token(order) == token
    newer = an_order()
    assert links.by_token(links.pay_token(newer)) == newer


def test_order_whose_key_is_gone_gets_a_new_link(settings: Settings) -> None:
    order = an_order()
    token = links.pay_token(order)
    settings.GATEBOOK_KEYS = read_keys(new_key())
    assert links.by_token(token) == order

    fresh = links.pay_token(order)

    assert links.by_token(fresh) == order
    assert links.by_token(token) is None


# --- polling ------------------------------------------------------------------------------------
def due_for_a_poll(**fields: Any) -> Order:
    return an_order(poll_at=ports.system_now() - timedelta(seconds=1), **fields)


def test_order_whose_callback_never_came_is_asked_about_and_booked(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = due_for_a_poll()
    provider.fetches.append(a_notice(order))
    assert polling.poll(clock=clock) == 1
    order.refresh_from_db()
    assert (provider.fetched, order.status) == ([order.reference], Status.PAID)
    assert polling.poll(clock=clock) == 0


def test_order_is_asked_about_by_the_providers_id_once_a_message_named_it_then_by_ours(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = due_for_a_poll(provider_reference="6e1d", provider_status="PENDING")
    polling.poll(clock=clock)
    assert provider.fetched == ["6e1d", order.reference]


def test_id_that_no_message_named_is_not_asked_about(
    provider: FakeProvider, clock: SetClock
) -> None:
    """It is the id of something else: SpectroCoin's pre-order."""
    order = due_for_a_poll(provider_reference="pre-order")
    polling.poll(clock=clock)
    assert provider.fetched == [order.reference]


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        (timedelta(minutes=3), timedelta(minutes=3)),
        (timedelta(hours=1), timedelta(minutes=15)),
        (timedelta(hours=47), timedelta(minutes=30)),
    ],
)
def test_older_orders_are_asked_about_less_often(
    provider: FakeProvider, clock: SetClock, age: timedelta, wait: timedelta
) -> None:
    order = due_for_a_poll(created=clock() - age)
    polling.poll(clock=clock)
    order.refresh_from_db()
    assert order.poll_at is not None
    assert abs(order.poll_at - clock() - wait) < timedelta(seconds=5)


def test_after_four_days_nobody_asks_any_more(provider: FakeProvider, clock: SetClock) -> None:
    order = due_for_a_poll(created=clock() - timedelta(hours=97))
    assert polling.poll(clock=clock) == 1
    order.refresh_from_db()
    assert order.poll_at is None


@pytest.mark.parametrize("answer", [None, Unavailable("no connection")], ids=str)
def test_provider_that_cannot_say_changes_nothing(
    provider: FakeProvider, clock: SetClock, answer: Unavailable | None
) -> None:
    order = due_for_a_poll()
    provider.fetches.append(answer)
    polling.poll(clock=clock)
    order.refresh_from_db()
    assert (order.status, order.attention, order.events.count()) == ("new", "", 0)


def test_answer_about_another_order_is_not_believed(
    provider: FakeProvider, clock: SetClock
) -> None:
    order, other = an_order(), an_order()
    provider.fetches.append(a_notice(other))
    assert polling.ask(order, source="poll", clock=clock).shout
    assert not Payment.objects.exists()


def test_answer_that_contradicts_the_ledger_is_flagged(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = due_for_a_poll()
    a_payment(order.bill, "10.00", reference=f"SC-{order.reference}")
    provider.fetches.append(a_notice(order))
    polling.poll(clock=clock)
    order.refresh_from_db()
    assert (order.status, Payment.objects.count()) == ("new", 1)
    assert "is booked as 10.00 EUR" in order.attention


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"valid_until": timedelta(minutes=-59)}, "new"),
        ({"valid_until": timedelta(minutes=-61)}, "expired"),
        ({"created": timedelta(hours=-47)}, "new"),
        ({"created": timedelta(hours=-49)}, "expired"),
        ({"created": timedelta(hours=-49), "status": "pending"}, "pending"),
        ({"created": timedelta(hours=-49), "status": "review"}, "review"),
    ],
    ids=str,
)
def test_order_that_nobody_paid_in_time_is_closed(
    provider: FakeProvider, clock: SetClock, fields: dict[str, object], status: str
) -> None:
    moments = {
        name: clock() + value if isinstance(value, timedelta) else value
        for name, value in fields.items()
    }
    order = due_for_a_poll(**moments)
    polling.poll(clock=clock)
    order.refresh_from_db()
    assert order.status == status


def test_closed_order_is_still_asked_about_for_late_money(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = due_for_a_poll(status=Status.EXPIRED, created=clock() - timedelta(hours=50))
    provider.fetches.append(a_notice(order))
    polling.poll(clock=clock)
    order.refresh_from_db()
    assert order.status == Status.PAID


def test_fault_in_one_order_costs_it_one_interval_and_keeps_no_other(
    provider: FakeProvider, clock: SetClock
) -> None:
    broken, sound = due_for_a_poll(), due_for_a_poll()
    Order.objects.filter(pk=broken.pk).update(poll_at=clock() - timedelta(hours=1))
    provider.fetches.extend([ZeroDivisionError("planted"), a_notice(sound)])
    assert polling.poll(clock=clock) == 2
    sound.refresh_from_db()
    assert sound.status == Status.PAID


def test_callback_and_poll_tell_the_same_news_once(provider: FakeProvider, clock: SetClock) -> None:
    order = due_for_a_poll()
    a_callback(order.gateway)
    provider.during["fetch"] = lambda: apply(
        an_account(order.gateway), a_notice(order), source="callback", now=clock()
    )
    provider.fetches.append(a_notice(order))
    polling.poll(clock=clock)
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(("hours", "flagged"), [(95, False), (97, True)])
def test_order_that_stays_pending_is_flagged_when_nobody_asks_any_more(
    provider: FakeProvider, clock: SetClock, hours: int, flagged: bool
) -> None:
    opened = ports.system_now() - timedelta(hours=hours)
    order = due_for_a_poll(status=Status.PENDING, created=opened)
    provider.fetches.append(a_notice(order, "pending"))

    polling.poll(clock=clock)

    order.refresh_from_db()
    assert order.status == Status.PENDING
    assert (order.poll_at is None) == flagged
    assert bool(order.attention) == flagged
