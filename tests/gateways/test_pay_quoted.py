"""The pay page of a quoted order over HTTP: what it says, to whom, and what its buttons may do."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import translation

from gateways import accounts
from gateways.models import HavenoGateway, Order, OrderEvent
from gateways.orders.links import pay_token
from gateways.orders.pricing import forget
from gateways.pay.words import WORDS
from gateways.providers.base import Unavailable
from ledger import ports
from ledger.models import Bill, Biller, Merchant
from ledger.money import Money
from tests.environment import ROOT
from tests.gateways.coin_rows import (
    ASKED,
    BANK_ACCOUNT,
    FakeRelay,
    a_coin_order,
    a_haveno_gateway,
    units,
)
from tests.gateways.coin_states import STATES, an_order_in
from tests.gateways.rows import an_order
from tests.gateways.test_pay import form
from tests.ledger.rows import FakeBiller, a_bill, a_biller

pytestmark = pytest.mark.django_db

MOST_BYTES = 60 * 1024
WRONG = [
    "AAAAAAAAAAAAAAAAAAAAAA",
    "x",
    "%00",
    "a" * 5000,
    "\u0661\u0662",
    "%ff%fe",
    "..",
    "' OR 1=1",
]


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRelay]:
    fake = FakeRelay()
    monkeypatch.setitem(accounts._providers, "haveno", fake)
    forget()
    yield fake
    forget()


def url(order: Order, path: str = "") -> str:
    return f"/pay/{pay_token(order)}/{path}"


def page(client: Client, order: Order) -> str:
    answer = client.get(url(order))
    assert answer.status_code == 200
    return answer.content.decode()


def choose(client: Client, order: Order, coin: str) -> Any:
    return client.post(url(order), {"coin": coin})


def newest() -> Order:
    order = Order.objects.order_by("-pk").first()
    assert order
    return order


# --- what it says ---------------------------------------------------------------------------------
@pytest.mark.parametrize("name", STATES)
def test_every_state_says_where_it_stands_and_nothing_of_the_merchants_own(
    client: Client, name: str
) -> None:
    order = an_order_in(name)
    Order.objects.update(
        attention="canary-attention", open_error="canary-error", provider_status="canary-status"
    )
    gateway = HavenoGateway.objects.get()
    html = page(client, order)

    with translation.override("en"):
        title = str(WORDS[STATES[name][0]].title)
    assert f"<title>{title} · {order.merchant.name}</title>" in unescape(html)
    assert html.count("<h1") == 1
    for hidden in (
        "canary", order.reference, order.token_nonce, order.token_digest, gateway.token,
        gateway.name + "<", gateway.reveal("merchant_key"), gateway.relay_keys, gateway.relay_url,
        gateway.node_address, "the-signing-secret",
    ):  # fmt: skip
        assert hidden not in html, hidden


def test_waiting_page_holds_all_it_takes_to_pay(client: Client) -> None:
    order = a_coin_order(document="{}", rate_source="web, agreed with relay")
    html = unescape(page(client, order))
    amount = ASKED["XMR"]
    copied = re.findall(r'data-copy="([^"]*)"', html)
    assert copied == [amount, order.pay_to, order.provider_reference]
    assert f'href="monero:{order.pay_to}?tx_amount={amount}&' in html
    for words in (
        order.merchant.name, order.bill.reference, "= 15.99 EUR", "1 XMR = 114.00 EUR",
        "A public price service, checked against another", "offer.json",
    ):  # fmt: skip
        assert words in html, words
    assert html.count('name="coin"') == 3


def test_bank_transfer_has_account_amount_and_reference_and_no_code(client: Client) -> None:
    order = a_coin_order(coin="USD_BANK")
    html = unescape(page(client, order))
    copied = re.findall(r'data-copy="([^"]*)"', html)
    assert copied == ["17.20", BANK_ACCOUNT, order.provider_reference]
    assert 'class="qr"' not in html


@pytest.mark.parametrize("language", ["en", "arabic"])
def test_copied_text_has_no_separators_and_no_marks_of_direction(
    client: Client, language: str
) -> None:
    order = a_coin_order(coin="USDT", payable_units=1234567_100000, language=language)
    amount, address, offer = re.findall(r'data-copy="([^"]*)"', page(client, order))
    assert amount == "1234567.1"
    assert (amount + address + offer).isascii()


def test_page_is_light_and_asks_nobody_else(client: Client) -> None:
    order = a_coin_order(document="{}")
    html = page(client, order)
    own = sum((ROOT / "static/pay" / name).stat().st_size for name in ("pay.css", "pay.js"))
    assert len(html.encode()) + own <= MOST_BYTES
    loaded = re.findall(r'(?:src|action)="([^"]*)"|<link[^>]* href="([^"]*)"', html)
    assert loaded
    for address in (first or second for first, second in loaded):
        assert address.startswith(("/", "data:")) and not address.startswith("//"), address
    assert not re.search(r"<style|\bstyle=|<script>|\bon\w+=", html)


def test_without_javascript_the_page_reloads_until_it_is_over(client: Client) -> None:
    seconds = {
        name: re.findall(
            r'<noscript><meta http-equiv="refresh" content="(\d+)"></noscript>',
            page(client, an_order_in(name)),
        )
        for name in ("preparing", "waiting", "confirming", "paid", "refunded")
    }
    assert seconds == {
        "preparing": ["2"],
        "waiting": ["15"],
        "confirming": ["15"],
        "paid": [],
        "refunded": [],
    }


def test_markup_in_a_name_stays_text(client: Client) -> None:
    order = a_coin_order()
    Merchant.objects.update(name='"><script>alert(1)</script>')
    Bill.objects.update(number="'><img src=x onerror=alert(1)>")
    html = page(client, order)
    assert "<script>alert" not in html
    assert "<img" not in html


# --- who may see it -------------------------------------------------------------------------------
@pytest.mark.parametrize("token", WRONG)
def test_wrong_absent_and_malformed_links_are_one_and_the_same(client: Client, token: str) -> None:
    nowhere = client.get("/nowhere/")
    for path in ("", "live/", "offer.json", "done/", "cancelled/"):
        for answer in (
            client.get(f"/pay/{token}/{path}"),
            client.post(f"/pay/{token}/") if not path else client.head(f"/pay/{token}/{path}"),
        ):
            assert answer.status_code == 404
            assert answer.content in (nowhere.content, b"")
            assert not answer.cookies


def test_what_an_order_has_not_got_looks_like_a_wrong_link(client: Client) -> None:
    nowhere = client.get("/nowhere/")
    for path in (url(an_order(status="expired"), "live/"), url(a_coin_order(), "offer.json")):
        answer = client.get(path)
        assert (answer.status_code, answer.content) == (404, nowhere.content)


@pytest.mark.parametrize("path", ["", "live/", "offer.json", "done/"])
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_answers_are_kept_nowhere_and_set_no_cookie(client: Client, path: str, known: bool) -> None:
    order = a_coin_order(document="{}")
    answer = client.get(url(order, path) if known else f"/pay/AAAAAAAAAAAAAAAAAAAAAA/{path}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not answer.cookies


@pytest.mark.parametrize("path", ["live/", "offer.json", "done/"])
def test_only_the_page_itself_takes_a_form(client: Client, path: str) -> None:
    assert client.post(url(a_coin_order(document="{}"), path)).status_code == 405


# --- live -----------------------------------------------------------------------------------------
def test_live_part_is_sent_once_until_it_changes(client: Client) -> None:
    order = a_coin_order()
    first = client.get(url(order, "live/"))
    etag = first.headers["ETag"]
    assert f'data-etag="{etag}"' in unescape(page(client, order))
    assert first.content.decode() in page(client, order)

    for header in (etag, f'"other", {etag}'):
        same = client.get(url(order, "live/"), headers={"if-none-match": header})
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["ETag"] == etag
        assert same.headers["Cache-Control"] == "no-store"

    Order.objects.update(received_units=order.payable_units, status="pending")
    changed = client.get(url(order, "live/"), headers={"if-none-match": etag})
    assert changed.status_code == 200
    assert "Your payment was seen" in changed.content.decode()
    assert changed.headers["ETag"] != etag


def test_somebody_who_looks_has_the_relay_asked_but_not_at_every_look(
    client: Client, no_queue: list[str]
) -> None:
    order = a_coin_order()
    page(client, order)
    client.get(url(order, "live/"))
    assert no_queue == ["gateways.tasks.poll_orders"]
    order.refresh_from_db()
    assert order.poll_at and order.poll_at <= ports.system_now()


@pytest.mark.parametrize("name", ["paid", "review", "refunded"])
def test_nobody_is_asked_about_what_is_over(client: Client, no_queue: list[str], name: str) -> None:
    order = an_order_in(name)
    no_queue.clear()
    page(client, order)
    assert no_queue == []


# --- choosing -------------------------------------------------------------------------------------
@pytest.fixture
def shop(whmcs: FakeBiller, relay: FakeRelay) -> Biller:
    return a_biller()


def an_open_order(shop: Biller, **fields: Any) -> Order:
    return a_coin_order(a_bill(shop, reference="42"), **fields)


def test_signed_form_quotes_in_the_first_currency_and_leads_to_our_own_page(
    client: Client, shop: Biller, relay: FakeRelay
) -> None:
    a_haveno_gateway(shop.merchant, accepted_currencies="BTC,XMR")
    answer = client.post(
        f"/checkout/{shop.merchant.token}/haveno/", form(shop.merchant, provider="haveno")
    )
    order = newest()
    assert (order.pay_currency, order.due) == ("BTC", Money(1599, "EUR"))
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"http://127.0.0.1:8000{url(order)}",
    )
    assert "Waiting for your payment" in page(client, order)


def test_another_currency_opens_another_order_and_keeps_the_first(
    client: Client, shop: Biller, relay: FakeRelay
) -> None:
    order = an_open_order(shop, language="arabic")
    answer = choose(client, order, "BTC")
    chosen = newest()
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(url(chosen))
    assert (chosen.pay_currency, chosen.bill, chosen.language) == ("BTC", order.bill, "arabic")
    order.refresh_from_db()
    assert order.status == "new"

    assert choose(client, chosen, "XMR").headers["Location"].endswith(url(order))
    assert len(relay.asked_for) == 1


@pytest.mark.parametrize("coin", ["DOGE", "xmr", "XMR,BTC", "<b>", "USDT"])
def test_currency_that_is_not_accepted_is_refused(client: Client, shop: Biller, coin: str) -> None:
    a_haveno_gateway(shop.merchant, accepted_currencies="XMR,BTC")
    order = an_open_order(shop)
    answer = choose(client, order, coin)
    assert answer.status_code == 409
    assert "This way to pay is not available" in answer.content.decode()
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    "name", ["seen", "confirming", "partial", "short", "paid", "late", "review", "refunded"]
)
def test_nothing_is_chosen_once_money_was_seen(
    client: Client, shop: Biller, relay: FakeRelay, name: str
) -> None:
    order = an_order_in(name, shop)
    answer = choose(client, order, "BTC")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"http://127.0.0.1:8000{url(order)}",
    )
    assert Order.objects.count() == 1
    assert relay.asked_for == []


def test_expired_offer_gives_way_to_one_at_a_new_rate(client: Client, shop: Biller) -> None:
    order = an_open_order(shop, ends_in=-1)
    HavenoGateway.objects.update(fixed_rates="XMR EUR 100.00")
    answer = choose(client, order, "XMR")
    fresh = newest()
    assert answer.headers["Location"].endswith(url(fresh))
    assert (fresh.rate, fresh.payable_units) == ("100.00", units("0.1599"))
    order.refresh_from_db()
    assert order.status == "expired"
    html = page(client, order)
    assert "We still watch this address" in html
    assert "Get a fresh price" in html


def test_offer_that_failed_to_open_is_tried_again_under_its_own_reference(
    client: Client, shop: Biller, relay: FakeRelay
) -> None:
    order = an_open_order(shop, pay_to="", provider_reference="", open_error="away")
    relay.opens.append(Unavailable("still away"))
    choose(client, order, "XMR")
    assert "The payment could not be started" in page(client, order)
    choose(client, order, "XMR")
    assert "Waiting for your payment" in page(client, order)
    assert [request.reference for request in relay.asked_for] == [order.reference] * 2


def test_what_is_due_is_asked_again_and_never_read_from_the_browser(
    client: Client, shop: Biller, whmcs: FakeBiller
) -> None:
    order = an_open_order(shop)
    whmcs.state["balance"] = Money(500, "EUR")
    client.post(url(order), {"coin": "BTC", "amount": "0.01", "due": "1", "invoice": "43"})
    assert (newest().due, newest().bill) == (Money(500, "EUR"), order.bill)

    whmcs.state["status"] = "paid"
    answer = choose(client, order, "USDT")
    assert answer.status_code == 409
    assert "This invoice is paid" in answer.content.decode()


def test_no_price_is_a_calm_page_and_the_merchant_hears_of_it(
    client: Client, shop: Biller, relay: FakeRelay
) -> None:
    order = an_open_order(shop)
    HavenoGateway.objects.update(fixed_rates="XMR EUR 114.00")
    answer = choose(client, order, "BTC")
    html = answer.content.decode()
    assert answer.status_code == 503
    assert "Nothing was charged" in html
    assert "fixed rate" not in html
    assert Order.objects.count() == 1
    assert "BTC for EUR" in HavenoGateway.objects.get().price_trouble


@pytest.mark.parametrize("change", [{"enabled": False}, {"merchant__active": False}])
def test_gateway_or_merchant_that_is_off_opens_nothing_more(
    client: Client, shop: Biller, change: dict[str, bool]
) -> None:
    order = an_open_order(shop)
    if "enabled" in change:
        HavenoGateway.objects.update(enabled=False)
    else:
        Merchant.objects.update(active=False)
    assert choose(client, order, "BTC").status_code == 409
    assert "Waiting for your payment" in page(client, order)


def test_form_needs_no_cookie_and_no_token_of_the_session(shop: Biller) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"origin": "https://elsewhere.example"})
    answer = strict.post(url(an_open_order(shop)), {"coin": "BTC"})
    assert answer.status_code == 303
    assert not answer.cookies


def test_order_of_another_provider_takes_no_choice(client: Client) -> None:
    order = an_order(status="expired")
    assert choose(client, order, "BTC").headers["Location"].endswith(url(order))
    assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_presses_at_the_same_moment_open_one_order(shop: Biller, relay: FakeRelay) -> None:
    order = an_open_order(shop, ends_in=-1)

    def press(_: int) -> str:
        try:
            location: str = choose(Client(), order, "XMR").headers["Location"]
            return location
        finally:
            connection.close()

    relay.during["open"] = lambda: ports.pause(0.3)
    with ThreadPoolExecutor(4) as threads:
        places = set(threads.map(press, range(4)))

    assert len(places) == 1
    assert Order.objects.exclude(pk=order.pk).count() == 1
    assert len(relay.asked_for) == 1
    assert OrderEvent.objects.filter(text__startswith="opened for").count() == 1
