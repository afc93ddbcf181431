"""Sequences at the edges of the rules: what a person decided, what comes after, and in which order."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from gateways import accounts, inbox
from gateways.models import Order
from gateways.orders import deciding, polling
from ledger.models import Payment
from ledger.money import Money
from tests.conftest import SetClock
from tests.flows.test_haveno import AN_HOUR, accepted, booked
from tests.relay_world import RelayShop
from tests.world import transid


def decide(shop: RelayShop, act: str, order: Order, **more: Any) -> None:
    getattr(deciding, act)(order.pk, actor="ann", reason="looked", now=shop.clock(), **more)


# --- what a person decided ----------------------------------------------------------------------
def test_what_was_refused_does_not_come_back(relay_shop: RelayShop) -> None:
    shop = relay_shop
    shop.rule(auto_confirm=False)
    order = shop.offer(shop.new_invoice("15.99"))
    shop.send(order)
    shop.mine()
    assert shop.look(order).status == "review"
    decide(shop, "refuse", order)

    order = shop.look(order)
    assert (order.status, order.attention) == ("failed", "")
    shop.webhook(order)
    order = shop.look(order)
    assert (order.status, order.attention) == ("failed", "")


def test_refused_and_paid_back_is_not_booked_when_there_is_a_price_again(
    relay_shop: RelayShop,
) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.ends(order, AN_HOUR)
    shop.prices(age=3600)
    shop.send(order)
    shop.mine()
    shop.work()
    assert shop.look(order).status == "review"
    decide(shop, "refuse", order)

    shop.prices()
    shop.look(order)
    assert booked(shop, invoice) == []


def test_a_payment_approved_beside_other_coins_is_booked_once(relay_shop: RelayShop) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.send(order)
    shop.send(order, "other_currency", amount="0.00001")
    shop.mine(lost=True)
    assert shop.look(order).status == "review"
    decide(shop, "approve", order, credit=order.due)
    assert booked(shop, invoice) == [(transid(order), "15.99")]

    assert accepted(shop.webhook(order)["answers"])
    assert booked(shop, invoice) == [(transid(order), "15.99")]
    assert shop.credit().units == 0


def test_coins_of_another_kind_are_decided_once(relay_shop: RelayShop) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.send(order, "other_currency", amount="0.01")
    shop.mine()
    assert shop.look(order).status == "review"
    decide(shop, "approve", order, credit=order.due)
    assert shop.look(order).attention == ""
    assert booked(shop, invoice) == [(transid(order), "15.99")]


def test_the_rest_approved_before_it_is_deep_enough_is_booked_once(relay_shop: RelayShop) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.send(order, "partial")
    shop.mine()
    shop.ends(order, timedelta(minutes=11))
    assert shop.look(order).status == "review"
    shop.send(order, "rest")
    shop.look(order)
    decide(shop, "approve", order, credit=order.due)
    shop.mine()
    shop.look(order)
    booked(shop, invoice)
    assert sum(Payment.objects.values_list("credit_units", flat=True)) == order.due_units


def test_coins_that_vanish_before_they_are_approved_are_told(relay_shop: RelayShop) -> None:
    shop = relay_shop
    shop.rule(auto_confirm=False)
    accounts.forget()
    order = shop.offer(shop.new_invoice("15.99"))
    shop.send(order)
    shop.mine()
    order = shop.look(order)
    assert "is confirmed" in order.attention
    shop.reorg(order)
    order = shop.look(order)
    assert order.attention and "is confirmed" not in order.attention


# --- after settling -----------------------------------------------------------------------------
def test_a_refund_by_the_relay_after_settling_is_for_a_person(relay_shop: RelayShop) -> None:
    shop = relay_shop
    _, order = shop.paid_order()
    shop.work()
    shop.send(order, "refund")
    order = shop.look(order)
    assert (order.status, bool(order.attention)) == ("paid", True)


def test_money_after_a_refund_is_for_a_person(relay_shop: RelayShop) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.send(order, "partial")
    shop.send(order, "refund")
    assert shop.look(order).status == "refunded"
    shop.send(order)
    shop.mine()
    assert booked(shop, invoice) == []
    order.refresh_from_db()
    assert order.attention


def test_an_old_rate_cannot_be_had_for_more_coins_after_settling(relay_shop: RelayShop) -> None:
    """Pay, wait for the price to fall, and sell at the old one: the address still works."""
    shop = relay_shop
    shop.rule(over="credit", late="lower")
    invoice, order = shop.paid_order()
    shop.work()
    shop.ends(order, AN_HOUR)
    shop.prices("0.1")
    shop.send(order, amount=str(order.asked.amount))
    shop.mine()
    shop.look(order)
    booked(shop, invoice)
    assert shop.credit() <= Money.parse("1.60", "EUR")


def test_an_old_rate_cannot_be_had_by_paying_just_before_the_end(relay_shop: RelayShop) -> None:
    shop = relay_shop
    shop.rule(over="credit", late="lower")
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    at = int(shop.clock().timestamp())
    shop.send(order, seen_at=at - 7200)
    shop.ends(order, AN_HOUR)
    shop.prices("0.1")
    shop.send(order)
    shop.mine()
    booked(shop, invoice)
    assert Payment.objects.exists()
    assert shop.credit() <= Money.parse("1.60", "EUR")


def test_a_late_surplus_for_review_is_told(relay_shop: RelayShop) -> None:
    shop = relay_shop
    shop.rule(over="review", late="lower")
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.ends(order, AN_HOUR)
    shop.send(order, "twice")
    shop.mine()
    assert booked(shop, invoice) == [(transid(order), "15.99")]
    order.refresh_from_db()
    assert order.attention


def test_a_surplus_for_review_is_told_without_auto_confirm(relay_shop: RelayShop) -> None:
    shop = relay_shop
    shop.rule(over="review", auto_confirm=False)
    order = shop.offer(shop.new_invoice("15.99"))
    shop.send(order, "twice")
    shop.mine()
    order = shop.look(order)
    assert order.status == "review"
    decide(shop, "approve", order, credit=order.due)
    said = list(order.events.values_list("text", flat=True))
    assert any("verpaid" in text for text in [order.attention, *said])


def test_a_true_but_late_word_of_more_money_is_asked_about(relay_shop: RelayShop) -> None:
    """The first webhook is recorded; the second tells another sum, too late to be believed."""
    shop = relay_shop
    shop.rule(over="credit")
    invoice, order = shop.paid_order()
    shop.work()
    shop.send(order)
    shop.mine(lost=True)
    Order.objects.filter(pk=order.pk).update(poll_at=None)
    shop.webhook(order, forge="stale")
    shop.poll()
    booked(shop, invoice)
    assert Payment.objects.count() == 2


# --- the order in which news comes --------------------------------------------------------------
def test_a_webhook_from_before_a_reorganisation_books_nothing(relay_shop: RelayShop) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.send(order)
    shop.mine(lost=True)
    shop.reorg(order)
    assert shop.look(order).seen.units == 0
    assert accepted(shop.resend(order)["answers"])
    assert booked(shop, invoice) == []


def test_a_webhook_about_nothing_books_nothing(relay_shop: RelayShop) -> None:
    """Truly signed, but the relay itself knows of no money when it is asked."""
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    assert accepted(shop.webhook(order)["answers"])
    assert booked(shop, invoice) == []


@pytest.mark.parametrize("now", [1, 30])
def test_webhook_and_poll_want_the_same_depth_when_the_setting_changes(
    relay_shop: RelayShop, now: int
) -> None:
    """Asked for ten, which the offer says and the payer's page shows."""
    shop = relay_shop
    statuses = []
    for told in (False, True):
        shop.rule(confirmations=10)
        order = shop.offer(shop.new_invoice("15.99"))
        shop.rule(confirmations=now)
        accounts.forget()
        shop.send(order)
        shop.mine(9, lost=True)
        assert shop.look(order).status == "pending"
        shop.mine(1, lost=True)
        if told:
            shop.webhook(order)
            shop.work()
            order.refresh_from_db()
        else:
            order = shop.look(order)
        statuses.append(order.status)
    assert statuses[0] == statuses[1]


def test_webhook_poll_and_approval_at_once_book_once(relay_shop: RelayShop) -> None:
    shop = relay_shop
    shop.rule(auto_confirm=False)
    accounts.forget()
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.send(order)
    shop.mine(lost=True)
    shop.look(order)
    for _ in range(3):
        shop.webhook(order)

    def one(number: int) -> None:
        try:
            if number % 3 == 0:
                decide(shop, "approve", order, credit=order.due)
            elif number % 3 == 1:
                polling.ask(Order.objects.get(pk=order.pk), source="poll", clock=shop.clock)
            else:
                inbox.drain(clock=shop.clock)
        except deciding.NotNow:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as crowd:
        list(crowd.map(one, range(12)))
    assert booked(shop, invoice) == [(transid(order), "15.99")]


def test_more_money_told_at_once_by_all_ways_is_booked_once(relay_shop: RelayShop) -> None:
    shop = relay_shop
    shop.rule(over="credit")
    invoice, order = shop.paid_order()
    shop.work()
    shop.send(order)
    shop.mine(lost=True)
    shop.webhook(order, parallel=5)

    def one(number: int) -> None:
        try:
            if number % 2:
                polling.ask(Order.objects.get(pk=order.pk), source="poll", clock=shop.clock)
            else:
                inbox.drain(clock=shop.clock)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as crowd:
        list(crowd.map(one, range(12)))
    booked(shop, invoice)
    assert Payment.objects.count() == 2
    assert shop.credit() == order.due


# --- the relay changes --------------------------------------------------------------------------
def test_money_at_a_relay_whose_key_is_not_known_is_not_forgotten(
    relay_shop: RelayShop, clock: SetClock
) -> None:
    """Nothing it says is believed any more; an order it may hold money for must not just expire."""
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.send(order)
    # The merchant never enters the new key.
    shop.relay_settings(rotate_relay_key=True, sign_with="new")
    assert not accepted(shop.mine()["answers"])
    for _ in range(12):
        clock.forward(hours=9)
        shop.work()
        shop.poll()
    order.refresh_from_db()
    assert (order.poll_at, booked(shop, invoice)) == (None, [])
    assert order.attention


def test_open_offers_are_paid_after_the_gateway_was_switched_off(relay_shop: RelayShop) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.rule(enabled=False)
    accounts.forget()
    shop.send(order)
    shop.mine(lost=True)
    shop.look(order)
    assert booked(shop, invoice) == [(transid(order), "15.99")]


@pytest.mark.parametrize("status", ["Cancelled", "Paid"])
def test_money_for_an_invoice_that_wants_none_any_more_is_kept(
    relay_shop: RelayShop, status: str
) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.sandbox.post(f"/whmcs/_sandbox/invoices/{invoice}", {"status": status})
    shop.send(order)
    shop.mine()
    shop.work()
    order.refresh_from_db()
    assert order.status == "paid"
    assert Payment.objects.get().credit == order.due
