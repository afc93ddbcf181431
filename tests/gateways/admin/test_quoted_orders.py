"""Orders that we quoted: what their pages tell, how they are found, and what Approve fills in."""

from datetime import timedelta

import pytest

from gateways.models import HavenoGateway, Order
from ledger import ports
from ledger.models import Payment
from tests.config.admin_world import Elements, Shown, superuser, url

pytestmark = pytest.mark.django_db

XMR = 1_000_000_000_000


def page_of(order: Order, slug: str = "") -> str:
    where = url(Order, "act", order, slug) if slug else url(Order, "change", order)
    return " ".join(superuser().get(where).content.decode().split())


def test_the_page_tells_the_offer_and_what_came() -> None:
    shown = Shown("alpha")
    now = ports.system_now()
    order = shown.quoted(
        received_units=XMR // 10,
        confirmed_units=XMR // 20,
        confirmations=3,
        first_seen=now,
        purged_at=now + timedelta(hours=1),
    )
    page = page_of(order)
    for told in (
        "0.100000000000 XMR of 0.250000000000 XMR came",
        "0.050000000000 XMR of it is confirmed",
        "Still missing",
        "0.150000000000 XMR",
        "1 XMR = 63.96 EUR",
        "Source: alpha",
        "3 of 10",
        order.pay_to,
        "Signed offer",
        "havenopay.offer",
    ):
        assert told in page, told
    place = "+02:00"
    assert page.count(place) >= 5
    assert "Purged at the relay" in page


def test_before_anything_came_the_page_says_so() -> None:
    page = page_of(Shown("alpha").quoted(Order.Status.NEW, document=""))
    assert "none yet, of 10" in page
    assert "not yet" in page
    assert "Signed offer" not in page


def test_too_much_is_told_as_such() -> None:
    page = page_of(Shown("alpha").quoted(received_units=XMR, confirmed_units=XMR))
    assert "Too much" in page
    assert "0.750000000000 XMR" in page


def test_orders_of_other_providers_say_nothing_of_offers() -> None:
    page = page_of(Shown("alpha").rows[Order])
    assert "Purged at the relay" not in page
    assert "Still missing" not in page


def test_an_order_is_found_by_the_address_that_it_asked_to_pay_to() -> None:
    shown = Shown("alpha")
    order, other = shown.quoted(), shown.quoted(pay_to="8other")
    page = superuser().get(url(Order, "changelist"), {"q": f" {order.pay_to} "}).content.decode()
    assert url(Order, "change", order) in page
    assert url(Order, "change", other) not in page


def test_the_list_is_filtered_by_coin() -> None:
    shown = Shown("alpha")
    monero, bitcoin = (
        shown.quoted(),
        shown.quoted(pay_currency="BTC", received_currency="BTC", pay_to="bc1qother"),
    )
    theirs = shown.rows[Order]
    listed = {}
    for coin in ("XMR", "BTC", "none", "nonsense"):
        page = superuser().get(url(Order, "changelist"), {"coin": coin}).content.decode()
        listed[coin] = {
            order.pk for order in (monero, bitcoin, theirs) if url(Order, "change", order) in page
        }
    everything = {monero.pk, bitcoin.pk, theirs.pk}
    assert listed == {
        "XMR": {monero.pk},
        "BTC": {bitcoin.pk},
        "none": {theirs.pk},
        "nonsense": everything,
    }


@pytest.mark.parametrize(
    ("confirmed", "filled_in"),
    [(XMR // 8, "7.99"), (XMR // 4, "15.99"), (XMR // 2, "15.99"), (0, None), (1, None)],
)
def test_approve_is_filled_in_with_what_the_confirmed_coins_are_worth(
    confirmed: int, filled_in: str | None
) -> None:
    order = Shown("alpha").quoted(
        Order.Status.REVIEW, received_units=XMR, confirmed_units=confirmed, attention="underpaid"
    )
    page = page_of(order, "approve")
    typed = {a.get("name"): a.get("value") for tag, a in Elements(page).found if tag == "input"}
    assert typed["amount"] == filled_in
    assert ("worth by the offer" in page) == (filled_in is not None)


def test_what_was_filled_in_is_booked_when_it_is_approved() -> None:
    shown = Shown("alpha")
    order = shown.quoted(
        Order.Status.REVIEW,
        received_units=XMR // 8,
        confirmed_units=XMR // 8,
        attention="Underpaid",
        provider_reference="HAV-OFF-A1",
    )
    fields = {"amount": "7.99", "reason": "a good client"}
    answer = shown.member().post(url(Order, "act", order, "approve"), fields)
    assert answer.status_code == 302
    order.refresh_from_db()
    assert order.status == Order.Status.PAID
    assert order.attention == ""
    payment = Payment.objects.get(order=order)
    assert str(payment.credit) == "7.99 EUR"
    assert payment.method == "havenopay"
    assert payment.reference == "HAV-OFF-A1"
    assert payment.gateway_id == shown.rows[HavenoGateway].pk


def test_an_order_leads_to_its_haveno_account() -> None:
    shown = Shown("alpha")
    assert url(HavenoGateway, "change", shown.rows[HavenoGateway]) in page_of(shown.quoted())
