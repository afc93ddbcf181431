"""VodafoneCash under a hostile eye, end to end: what WHMCS holds and what the payer is told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from gateways import inbox
from gateways.models import Claim, Order
from gateways.orders import deciding as orders
from gateways.receipts import claiming, deciding
from ledger.models import Delivery, Payment
from ledger.money import Money
from tests.flows.test_vodafonecash import booked, reported, transfer, upstream
from tests.store_world import PAYER, StoreShop

OTHER = "01100000202"


def credit_of(shop: StoreShop, client: int) -> str:
    rows = shop.sandbox.whmcs()["clients"]
    return str(next(row for row in rows if int(row["id"]) == client)["credit"])


# --- upstream -------------------------------------------------------------------------------------
def test_the_module_of_an_upstream_store_is_told_that_money_is_on_its_way(
    store_shop: StoreShop,
) -> None:
    shop = store_shop
    upstream(shop)
    invoice = shop.new_invoice("10.00")
    assert shop.module(invoice, PAYER).json()["code"] == "not_found"
    transfer(shop, "500")
    answer = shop.module(invoice, PAYER)
    assert answer.status_code == 200
    assert answer.json()["status"] is False


def test_a_platform_that_failed_once_is_asked_again(store_shop: StoreShop) -> None:
    """A 503 before the payer has paid: what comes later must still be looked for."""
    shop = store_shop
    upstream(shop)
    invoice = shop.new_invoice("10.00")
    order = shop.ask(invoice)
    shop.sandbox.faults("vodafoncash", "503", on="check")
    shop.claim(order)
    told = transfer(shop, "500")
    shop.claim(order)
    reported(shop, told)
    assert booked(shop, invoice) == [(f"VFC-{told}", "10.00")]


def test_a_corrected_number_is_asked_for_after_a_failure(store_shop: StoreShop) -> None:
    shop = store_shop
    upstream(shop)
    invoice = shop.new_invoice("10.00")
    order = shop.ask(invoice)
    shop.sandbox.faults("vodafoncash", "503", on="check")
    shop.claim(order, OTHER)
    told = transfer(shop, "500")
    shop.claim(order)
    reported(shop, told)
    assert booked(shop, invoice) == [(f"VFC-{told}", "10.00")]


def test_v05_two_open_invoices_of_one_payer_each_get_their_own_report(
    store_shop: StoreShop,
) -> None:
    shop = store_shop
    upstream(shop)
    dear, cheap = shop.new_invoice("20.00"), shop.new_invoice("10.00")
    first, second = shop.ask(dear), shop.ask(cheap)
    assert shop.claim(first) == "not_found"
    assert shop.claim(second) == "not_found"
    told = transfer(shop, "1000")
    shop.claim(first)
    reported(shop, told)
    assert booked(shop, dear) == [(f"VFC-{told}", "20.00")]
    assert booked(shop, cheap) == []


# --- the compatibility surface -----------------------------------------------------------------------
def test_v07_credit_of_a_client_in_another_currency_is_not_booked_one_to_one(
    store_shop: StoreShop,
) -> None:
    """WHMCS books credit in the client's currency: 10.00 EUR are not 10.00 USD."""
    shop = store_shop
    stranger = shop.new_client("USD")
    shop.sms("500")
    shop.work()
    shop.check("500", user_name=str(stranger))
    shop.work()
    assert credit_of(shop, stranger) == "0.00"


def test_equal_checks_at_once_are_all_answered(store_shop: StoreShop) -> None:
    shop = store_shop
    shop.sms("500")
    shop.work()

    def one(_: int) -> str:
        try:
            ask = claiming.Ask(
                source=Claim.Source.PLUGIN,
                amount=Money.parse("500", "EGP"),
                phone=PAYER,
                client=str(shop.client),
                user_name=str(shop.client),
            )
            return claiming.claim(shop.store, ask, shop.clock).code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as crowd:
        codes = list(crowd.map(one, range(24)))
    assert "matched" in codes
    assert Payment.objects.count() == 1
    # Nobody is left with an order that nobody will ever pay.
    assert not Order.objects.filter(status="new").exists()


def test_who_loses_the_race_leaves_nothing_open(store_shop: StoreShop) -> None:
    shop = store_shop
    for _ in range(3):
        shop.sms("500")
    shop.work()
    clients = [str(shop.new_client("EUR")) for _ in range(8)]

    def one(client: str) -> str:
        try:
            ask = claiming.Ask(
                source=Claim.Source.PLUGIN,
                amount=Money.parse("500", "EGP"),
                phone=PAYER,
                client=client,
                user_name=client,
            )
            return claiming.claim(shop.store, ask, shop.clock).code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as crowd:
        codes = list(crowd.map(one, clients))
    assert codes.count("matched") == 3
    assert Payment.objects.count() == 3
    assert not Claim.objects.filter(status="open").exists()
    assert not Order.objects.filter(status="new").exists()


# --- races of a person with the machine -----------------------------------------------------------------
def test_a_person_and_the_machine_match_one_receipt_once(store_shop: StoreShop) -> None:
    shop = store_shop
    mine, theirs = (shop.ask(shop.new_invoice("10.00")) for _ in range(2))
    shop.sms("500")
    shop.work()
    receipt = shop.receipt()

    def machine() -> str:
        try:
            return shop.claim(mine)
        finally:
            connection.close()

    def person() -> str:
        try:
            return deciding.match(
                receipt.pk, theirs.pk, actor="ann", reason="hers", now=shop.clock()
            )
        except orders.NotNow as refusal:
            return str(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as crowd:
        list(crowd.map(lambda act: act(), (machine, person)))
    assert Payment.objects.count() == 1


def test_undo_against_the_outbox_never_leaves_both(store_shop: StoreShop) -> None:
    """Either WHMCS was told and the match stands, or it was not and the receipt waits."""
    shop = store_shop
    for _ in range(4):
        invoice = shop.new_invoice("10.00")
        order = shop.ask(invoice)
        shop.sms("500")
        inbox.drain(clock=shop.clock)
        receipt = shop.receipt()
        deciding.match(receipt.pk, order.pk, actor="ann", reason="x", now=shop.clock())

        def deliver() -> None:
            try:
                shop.work()
            finally:
                connection.close()

        def undo(pk: int = receipt.pk) -> None:
            try:
                deciding.undo(pk, actor="ann", reason="y", now=shop.clock())
            except orders.NotNow:
                pass
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as crowd:
            list(crowd.map(lambda act: act(), (deliver, undo)))
        shop.work()
        receipt.refresh_from_db()
        told = len(shop.sandbox.booked_on(invoice))
        assert told == (1 if receipt.status == "matched" else 0)
        if receipt.status == "review":
            deciding.dismiss(receipt.pk, actor="ann", reason="z", now=shop.clock())


def test_ten_approvals_at_once_book_once(store_shop: StoreShop) -> None:
    shop = store_shop
    shop.rule(hold_first=True)
    invoice = shop.new_invoice("10.00")
    order = shop.ask(invoice)
    shop.claim(order)
    shop.sms(order.asked)
    shop.work()

    def one(_: int) -> bool:
        try:
            orders.approve(order.pk, credit=order.due, actor="ann", reason="ok", now=shop.clock())
            return True
        except orders.NotNow:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as crowd:
        assert sum(crowd.map(one, range(10))) == 1
    assert len(booked(shop, invoice)) == 1


# --- a person decides ------------------------------------------------------------------------
def test_nothing_of_a_split_is_taken_back_once_a_part_was_delivered(
    store_shop: StoreShop,
) -> None:
    shop = store_shop
    first, second = (shop.ask(shop.new_invoice("10.00")) for _ in range(2))
    shop.sms("1000")
    shop.work()
    half = Money.parse("500", "EGP")
    receipt = shop.receipt()
    parts = [(first.pk, half), (second.pk, half)]
    deciding.split(receipt.pk, parts, actor="ann", reason="both", now=shop.clock())
    Delivery.objects.filter(payment__order=second).update(
        not_before=shop.clock() + timedelta(hours=1)
    )
    shop.work()
    with pytest.raises(orders.NotNow):
        deciding.undo(receipt.pk, actor="ann", reason="no", now=shop.clock())
    Delivery.objects.update(not_before=shop.clock())
    for order in (first, second):
        assert len(booked(shop, order.bill.reference)) == 1


def test_taken_back_split_can_be_matched_as_a_whole(store_shop: StoreShop) -> None:
    shop = store_shop
    first, second, whole = (shop.ask(shop.new_invoice(due)) for due in ("10.00", "10.00", "20.00"))
    shop.sms("1000")
    shop.work()
    half = Money.parse("500", "EGP")
    receipt, now = shop.receipt(), shop.clock()
    parts = [(first.pk, half), (second.pk, half)]
    deciding.split(receipt.pk, parts, actor="ann", reason="both", now=now)
    deciding.undo(receipt.pk, actor="ann", reason="no", now=now)
    deciding.match(receipt.pk, whole.pk, actor="ann", reason="one", now=now)
    assert [amount for _, amount in booked(shop, whole.bill.reference)] == ["20.00"]
    assert booked(shop, first.bill.reference) == booked(shop, second.bill.reference) == []


def test_an_invoice_whose_match_was_taken_back_can_be_paid_by_its_payer(
    store_shop: StoreShop,
) -> None:
    shop = store_shop
    invoice = shop.new_invoice("10.00")
    order = shop.ask(invoice)
    shop.sms("500", phone=OTHER)
    shop.work()
    receipt, now = shop.receipt(), shop.clock()
    deciding.match(receipt.pk, order.pk, actor="ann", reason="oops", now=now)
    deciding.undo(receipt.pk, actor="ann", reason="wrong", now=now)
    # The payer of this invoice had nothing to do with it.
    assert shop.module(invoice).json()["code"] == "waiting"
    assert shop.module(invoice, PAYER).json()["code"] == "not_found"
    shop.sms("500")
    assert [amount for _, amount in booked(shop, invoice)] == ["10.00"]


def test_twice_corrected_numbers_pay_once_and_the_second_transfer_waits(
    store_shop: StoreShop,
) -> None:
    """A mistyped number that is somebody else's, who pays the same price a little later."""
    shop = store_shop
    order = shop.ask(shop.new_invoice("10.00"))
    shop.claim(order, OTHER)
    shop.claim(order, PAYER)
    shop.sms("500", phone=PAYER)
    shop.work()
    theirs = shop.ask(shop.new_invoice("10.00"))
    shop.sms("500", phone=OTHER)
    shop.work()
    receipt = shop.receipt()
    if receipt.status == "matched":
        assert Claim.objects.filter(receipt=receipt, payment__isnull=False).exists()
    else:
        assert shop.claim(theirs, OTHER) == "matched" or shop.receipt().status == "review"
