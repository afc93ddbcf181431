"""The claim form of the pay page over HTTP: what it takes, from whom, and what it gives away."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from gateways.limits import Limit
from gateways.models import Claim, Order, VodafoneCashGateway
from gateways.orders.links import pay_token
from gateways.pay import claims
from gateways.pay.words import WORDS
from gateways.providers.vodafonecash import UpstreamAnswer
from gateways.receipts import claiming
from ledger import ports
from ledger.models import Payment
from ledger.money import Money
from tests.environment import ROOT
from tests.gateways.coin_rows import a_claim, a_coin_order, a_wallet_order
from tests.gateways.coin_states import TRANSFERS, a_transfer_in
from tests.gateways.wallet_rows import PAYER, WALLET, a_receipt
from tests.ledger.rows import FakeBiller, a_bill, a_biller

pytestmark = pytest.mark.django_db


def url(order: Order, path: str = "") -> str:
    return f"/pay/{pay_token(order)}/{path}"


def page(client: Client, order: Order, path: str = "") -> str:
    answer = client.get(url(order, path))
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def tell(client: Client, order: Order, phone: str = "", **more: str) -> Any:
    return client.post(url(order), {"act": "claim", "phone": phone, **more})


def leads_back(answer: Any, order: Order) -> bool:
    return (answer.status_code, answer.headers["Location"]) == (
        303,
        f"http://127.0.0.1:8000{url(order)}",
    )


# --- what it says ---------------------------------------------------------------------------------
@pytest.mark.parametrize("name", TRANSFERS)
def test_every_state_says_where_it_stands_and_nothing_of_the_merchants_own(
    client: Client, name: str
) -> None:
    order = a_transfer_in(name)
    Order.objects.update(open_error="canary-error", provider_reference="canary-reference")
    store = VodafoneCashGateway.objects.get()
    html = page(client, order)
    with translation.override("en"):
        title = str(WORDS[TRANSFERS[name][0]].title)
    assert f"<title>{title} · {order.merchant.name}</title>" in html
    assert html.count("<h1") == 1
    for hidden in (
        "canary", order.reference, order.token_nonce, order.token_digest, store.token, PAYER,
        store.reveal("store_key"), store.phones.get().token, "the-signing-secret",
    ):  # fmt: skip
        assert hidden not in html, hidden


def test_page_holds_all_it_takes_to_send(client: Client) -> None:
    html = page(client, a_wallet_order())
    assert re.findall(r'data-copy="([^"]*)"', html) == ["800", WALLET]
    for words in ("15.99 EUR", "1 EUR = 50.00 EGP", "Rounded up to whole pounds."):
        assert words in html, words
    assert 'class="qr"' not in html
    assert html.count("<li>") == 3
    (phone,) = re.findall(r'<input id="phone"[^>]*>', html)
    assert 'inputmode="tel"' in phone and 'autocomplete="tel"' in phone


def test_page_is_light_and_asks_nobody_else(client: Client) -> None:
    html = page(client, a_wallet_order())
    own = sum((ROOT / "static/pay" / name).stat().st_size for name in ("pay.css", "pay.js"))
    assert len(html.encode()) + own <= 60 * 1024
    for address in re.findall(r'(?:src|action)="([^"]*)"', html):
        assert address.startswith("/") and not address.startswith("//")
    assert not re.search(r"<style|\bstyle=|<script>|\bon\w+=", html)


def test_nobody_is_woken_to_ask_about_a_transfer(client: Client, no_queue: list[str]) -> None:
    page(client, a_wallet_order())
    assert no_queue == []


# --- what it takes --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "typed",
    [
        "01012345678",
        " 010 1234-5678 ",
        "+20 10 1234 5678",
        "00201012345678",
        "\u0660\u0661\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
        "\u06f0\u06f1\u06f0\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6\u06f7\u06f8",
        "\u202a01012345678\u202c",
    ],
)
def test_number_is_taken_as_people_write_it(client: Client, typed: str) -> None:
    order = a_wallet_order()
    assert leads_back(tell(client, order, typed), order)
    claim = Claim.objects.get()
    assert (claim.phone, claim.order, claim.source) == (PAYER, order, "page")
    assert (claim.amount, claim.client) == (Money(80000, "EGP"), order.bill.client)
    html = page(client, order)
    assert "We are looking for your transfer" in html
    assert PAYER not in html and ">78<" in html


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter the number that you send from, or the transaction reference."),
        ("0101234567", "eleven digits"),
        ("010123456789", "eleven digits"),
        ("01912345678", "eleven digits"),
        ("hello\x00", "eleven digits"),
        ("0" * 500, "eleven digits"),
        ("<b>01012345678</b>", ""),
        (WALLET, "This is the number that you send to."),
        (f"+2{WALLET}", "This is the number that you send to."),
    ],
)
def test_wrong_number_is_said_beside_its_field(client: Client, typed: str, words: str) -> None:
    order = a_wallet_order()
    answer = tell(client, order, typed, name="Rania Sample")
    if not words:
        assert leads_back(answer, order)
        return
    html = answer.content.decode()
    assert answer.status_code == 422
    assert words in html
    assert 'aria-describedby="phone-wrong phone-hint" aria-invalid="true"' in html
    assert 'value="Rania Sample"' in html and '<details id="hidden-number" open>' in html
    assert "<b>" not in html
    assert not Claim.objects.exists()
    # What was wrong goes with the next look of nobody else.
    assert "Rania Sample" not in page(client, order) + page(client, order, "live/")


def test_message_stays_until_the_page_itself_changes(client: Client) -> None:
    order = a_wallet_order()
    answer = tell(client, order, "12")
    (etag,) = re.findall(
        r'data-etag="([^"]*)"', unescape(answer.content.decode()).replace('""', '"')
    )
    assert (
        client.get(url(order, "live/"), headers={"if-none-match": f'"{etag}"'}).status_code == 304
    )
    a_claim(order)
    assert (
        client.get(url(order, "live/"), headers={"if-none-match": f'"{etag}"'}).status_code == 200
    )


def test_reference_will_do_without_a_number(client: Client) -> None:
    order = a_wallet_order()
    assert leads_back(tell(client, order, reference=" 0123\u200f45 ", name="R" * 500), order)
    claim = Claim.objects.get()
    assert (claim.phone, claim.reference, claim.name) == ("", "012345", "R" * 120)
    html = page(client, order)
    assert "0123" not in html and "RRR" not in html
    assert "Your number ends in" not in html


def test_name_alone_will_not_do(client: Client) -> None:
    assert tell(client, a_wallet_order(), name="Rania Sample").status_code == 422


def test_what_came_and_waits_for_a_person_is_not_called_missing(client: Client) -> None:
    order = a_wallet_order()
    tell(client, order, PAYER)
    assert "does not quite fit" not in page(client, order)
    a_receipt(VodafoneCashGateway.objects.get(), "77.31", status="review")
    html = page(client, order)
    assert "We received something that does not quite fit." in html
    assert "77.31" not in html and f'href="{url(order)}?change=1"' in html


def test_same_claim_again_is_one_claim_and_another_number_is_looked_for_as_well(
    client: Client,
) -> None:
    order = a_wallet_order()
    for phone in (PAYER, PAYER, "01112345699"):
        assert leads_back(tell(client, order, phone), order)
    assert Claim.objects.count() == 2
    html = page(client, order)
    assert ">78<" in html and ">99<" in html


def test_number_can_be_changed_and_what_was_typed_first_is_not_shown(client: Client) -> None:
    order = a_wallet_order()
    tell(client, order, PAYER)
    assert f'href="{url(order)}?change=1"' in page(client, order)
    for path in ("?change=1", "live/?change=1"):
        html = page(client, order, path)
        assert 'name="phone"' in html and 'id="keep"' in html
        assert PAYER not in html
    etag = client.get(url(order, "live/?change=1")).headers["ETag"]
    assert f'data-etag="{etag}"' in page(client, order, "?change=1")


def test_money_that_came_before_is_found_at_once(client: Client, whmcs: FakeBiller) -> None:
    order = a_wallet_order(a_bill(a_biller()))
    store = VodafoneCashGateway.objects.get()
    a_receipt(store, "800.00")
    assert leads_back(tell(client, order, PAYER), order)
    assert Payment.objects.get().credit == Money(1600, "EUR")
    assert "Paid. Thank you." in page(client, order)


def test_anti_spam_says_that_a_person_looks(client: Client) -> None:
    order = a_wallet_order()
    VodafoneCashGateway.objects.update(hold_first=True)
    a_receipt(VodafoneCashGateway.objects.get(), "800.00")
    assert leads_back(tell(client, order, PAYER), order)
    html = page(client, order)
    assert "You need to do nothing" in html
    assert "Anti-spam" not in html


# --- whom it is taken from ------------------------------------------------------------------------
def test_claim_is_for_the_order_of_its_own_link(client: Client) -> None:
    mine, other = a_wallet_order(), a_wallet_order()
    fields = {"act": "claim", "phone": PAYER, "order": other.pk, "client": "8", "amount": "1"}
    client.post(url(mine), fields)
    claim = Claim.objects.get()
    assert (claim.order, claim.client) == (mine, mine.bill.client)
    assert "Waiting for your payment" in page(client, other)
    answer = client.post("/pay/AAAAAAAAAAAAAAAAAAAAAA/", {"act": "claim", "phone": PAYER})
    assert answer.status_code == 404
    assert Claim.objects.count() == 1


@pytest.mark.parametrize(
    "name", ["wallet-paid", "wallet-hold", "wallet-review", "wallet-on-its-way", "wallet-expired"]
)
@pytest.mark.parametrize("act", ["claim", "again"])
def test_what_has_gone_on_takes_no_claim(client: Client, name: str, act: str) -> None:
    order = a_transfer_in(name)
    before = Claim.objects.count()
    assert leads_back(client.post(url(order), {"act": act, "phone": "01112345699"}), order)
    assert Claim.objects.count() == before


def test_claim_a_little_after_the_end_is_taken(client: Client) -> None:
    order = a_wallet_order(ends_in=-5)
    html = page(client, order)
    assert "Get a fresh price" in html and 'name="phone"' in html
    assert leads_back(tell(client, order, PAYER), order)
    assert "We are looking for your transfer" in page(client, order)


def test_order_of_another_provider_takes_no_claim(client: Client) -> None:
    order = a_coin_order()
    assert leads_back(tell(client, order, PAYER), order)
    assert Order.objects.count() == 1 and not Claim.objects.exists()


def test_form_needs_no_cookie(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"origin": "https://elsewhere.example"})
    order = a_wallet_order()
    assert leads_back(tell(strict, order, PAYER), order)


@pytest.mark.parametrize("phone", [PAYER, "12"])
def test_answers_are_kept_nowhere_and_set_no_cookie(client: Client, phone: str) -> None:
    answer = tell(client, a_wallet_order(), phone)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
    assert not answer.cookies


# --- how often ------------------------------------------------------------------------------------
def test_eleventh_try_is_put_off_calmly(client: Client) -> None:
    order, other = a_wallet_order(), a_wallet_order()
    phones = [f"0101234560{each}" for each in range(10)]
    assert all(leads_back(tell(client, order, phone), order) for phone in phones)
    answer = tell(client, order, PAYER)
    html = answer.content.decode()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "600")
    assert "Please wait ten minutes" in html and f'value="{PAYER}"' in html
    assert not Claim.objects.filter(phone=PAYER).exists()
    assert leads_back(tell(client, other, PAYER), other)


def test_one_address_is_counted_over_all_orders(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "ADDRESSES", Limit("payers", 2, 600, when_down=True))
    orders = [a_wallet_order() for _ in range(3)]
    assert [tell(client, each, PAYER).status_code for each in orders] == [303, 303, 429]
    elsewhere = client.post(
        url(orders[2]), {"act": "claim", "phone": PAYER}, REMOTE_ADDR="203.0.113.9"
    )
    assert elsewhere.status_code == 303


# --- live -----------------------------------------------------------------------------------------
def test_live_part_follows_from_the_claim_to_the_end(client: Client) -> None:
    order = a_wallet_order()
    seen = []

    def look() -> None:
        answer = client.get(url(order, "live/"))
        seen.append(re.findall(r'data-state="(\w+)"', answer.content.decode())[0])

    look()
    tell(client, order, PAYER)
    look()
    first = client.get(url(order, "live/")).headers["ETag"]
    assert client.get(url(order, "live/"), headers={"if-none-match": first}).status_code == 304
    Order.objects.update(valid_until=ports.system_now() - timedelta(hours=1))
    look()
    assert seen == ["waiting", "looking", "expired"]


# --- an account at vodafoncash.com ----------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        (UpstreamAnswer("matched", "77"), 303, "Your transfer is being confirmed"),
        (UpstreamAnswer("unavailable", maybe=True), 503, "We cannot look right now"),
        (UpstreamAnswer("not_found"), 303, "Look again"),
        (UpstreamAnswer("unavailable"), 503, "We cannot look right now"),
        (UpstreamAnswer("hold"), 200, "You need to do nothing"),
    ],
    ids=["matched", "maybe", "not found", "away", "hold"],
)
def test_platform_is_asked_and_its_answer_told(
    client: Client, monkeypatch: pytest.MonkeyPatch, said: UpstreamAnswer, status: int, words: str
) -> None:
    order = a_wallet_order()
    VodafoneCashGateway.objects.update(mode="upstream")
    monkeypatch.setattr(claiming, "check", lambda *_: said)
    answer = tell(client, order, PAYER)
    assert answer.status_code == status
    html = answer.content.decode() if status != 303 else page(client, order)
    assert words in html
    assert PAYER not in html


def test_looking_again_needs_nothing_typed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    order = a_wallet_order()
    VodafoneCashGateway.objects.update(mode="upstream")
    asked = []

    def check(credentials: Any, phone: str, *_: Any) -> UpstreamAnswer:
        asked.append(phone)
        return UpstreamAnswer("not_found" if len(asked) == 1 else "matched", "77")

    monkeypatch.setattr(claiming, "check", check)
    tell(client, order, PAYER)
    assert leads_back(client.post(url(order), {"act": "again"}), order)
    assert asked == [PAYER, PAYER]
    assert "Your transfer is being confirmed" in page(client, order)


def test_platform_cannot_be_asked_by_reference(client: Client) -> None:
    order = a_wallet_order()
    VodafoneCashGateway.objects.update(mode="upstream")
    assert 'name="reference"' not in page(client, order)
    assert tell(client, order, reference="012345678901").status_code == 422
