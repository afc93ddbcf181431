"""A store that is open to plugins without its key, end to end: strangers guess, and the payer is paid."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection

from gateways.models import Claim, Order, Receipt
from gateways.orders import deciding as orders
from gateways.receipts import claiming, deciding
from ledger.models import Payment
from ledger.money import Money
from tests.flows.test_vodafonecash import booked, reference
from tests.flows.test_vodafonecash_review import credit_of
from tests.store_world import PAYER, StoreShop


@pytest.fixture
def shop(store_shop: StoreShop) -> StoreShop:
    store_shop.rule(legacy_open=True)
    return store_shop


def stranger(shop: StoreShop, client: int | str) -> str:
    """As the plugin's door claims for whoever shows no key."""
    ask = claiming.Ask(
        source=Claim.Source.PLUGIN,
        amount=Money.parse("500", "EGP"),
        phone=PAYER,
        client=str(client),
        user_name=f"Stranger ({client})",
        hold="Anti-spam: the first claim, from a plugin without the store's key.",
    )
    return claiming.claim(shop.store, ask, shop.clock).code


def approve(shop: StoreShop, order: Order) -> str:
    """What the person is told; "" where it was booked."""
    try:
        orders.approve(order.pk, credit=order.due, actor="ann", reason="ok", now=shop.clock())
    except orders.NotNow as refusal:
        return str(refusal)
    return ""


def at_once(acts: Iterable[Callable[[], Any]]) -> list[Any]:
    def run(act: Callable[[], Any]) -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as crowd:
        return list(crowd.map(run, acts))


def test_a_stranger_waits_and_the_payers_plugin_with_the_key_is_credited(shop: StoreShop) -> None:
    thief = shop.new_client("EUR")
    shop.sms("500")
    shop.work()
    for _ in range(2):
        answer = shop.check("500", key=False, user_name=str(thief))
        assert (answer.status_code, answer.json()["flow_state"]) == (200, "waiting-for-approval")
    held = Order.objects.get()
    receipt = shop.receipt()
    assert [order for order, _ in deciding.candidates_for(receipt)] == [held]

    assert shop.check("500").json()["transaction_id"] == reference(receipt)

    held.refresh_from_db()
    assert "was used for" in held.attention
    assert "was used for" in approve(shop, held)
    orders.refuse(held.pk, actor="ann", reason="a stranger", now=shop.clock())
    shop.work()
    shop.work()
    assert (credit_of(shop, shop.client), credit_of(shop, thief)) == ("10.00", "0.00")


def test_an_approved_stranger_is_credited_once_and_nobody_else(shop: StoreShop) -> None:
    mine, other = shop.new_client("EUR"), shop.new_client("EUR")
    shop.sms("500")
    shop.work()
    for client in (mine, other):
        assert shop.check("500", key=False, user_name=str(client)).json()["code"] == "hold"
    order, second = Order.objects.order_by("pk")
    assert approve(shop, order) == ""
    second.refresh_from_db()
    assert order.reference in second.attention
    assert order.reference in approve(shop, second)
    assert shop.check("500", key=False, user_name=str(mine)).json()["code"] == "matched"
    shop.work()
    shop.work()
    assert (credit_of(shop, mine), credit_of(shop, other)) == ("10.00", "0.00")


@pytest.mark.parametrize("way", ["page", "module", "key"])
def test_twenty_strangers_at_once_do_not_keep_the_payer_from_his_money(
    shop: StoreShop, way: str
) -> None:
    invoice = shop.new_invoice("10.00")
    order = shop.ask(invoice)
    thieves = [shop.new_client("EUR") for _ in range(4)]
    shop.sms("500")
    shop.work()

    def payer() -> str:
        if way == "page":
            return shop.claim(order)
        answer = shop.module(invoice, PAYER) if way == "module" else shop.check("500")
        return str(answer.json()["code"])

    acts = [partial(stranger, shop, thieves[number % 4]) for number in range(20)]
    codes = at_once([*acts[:10], payer, *acts[10:]])

    assert codes.pop(10) == "matched"
    assert set(codes) <= {"hold", "not_found"}
    assert Payment.objects.get().bill.client == str(shop.client)
    held = Order.objects.filter(status="review")
    assert all("was used for" in approve(shop, each) for each in held)
    assert held.filter(attention__contains="was used for").count() == held.count()
    assert not Order.objects.filter(status="new").exclude(pk=order.pk).exists()
    if way != "key":
        assert booked(shop, invoice) == [(reference(shop.receipt()), "10.00")]


def test_approvals_and_the_payer_at_once_book_one_of_them(shop: StoreShop) -> None:
    thieves = [shop.new_client("EUR") for _ in range(5)]
    order = shop.ask(shop.new_invoice("10.00"))
    shop.sms("500")
    shop.work()
    assert [stranger(shop, client) for client in thieves] == ["hold"] * 5
    held = list(Order.objects.filter(status="review"))

    acts = [partial(approve, shop, each) for each in held]
    *said, code = at_once([*acts, partial(shop.claim, order)])

    assert said.count("") + (code == "matched") == 1
    assert Payment.objects.count() == 1
    receipt = Receipt.objects.get()
    assert (receipt.status, receipt.left_units) == ("matched", 0)
    assert Claim.objects.get(receipt=receipt).payment == Payment.objects.get()
    lost = Order.objects.filter(status="review")
    assert lost.count() == 5 - said.count("")
    assert {"was used for" in each.attention for each in lost} == {True}
