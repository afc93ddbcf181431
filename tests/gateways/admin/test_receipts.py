"""Receipts and claims: found by what people quote, shown with all that decides, acted on by name."""

import re
import secrets
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from gateways.admin.wallet_names import masked
from gateways.models import (
    Balance,
    Callback,
    Claim,
    Order,
    Phone,
    Receipt,
    VodafoneCashGateway,
    Wallet,
)
from ledger import ports
from ledger.models import AuditEvent, Delivery, Payment
from tests.config.admin_world import Shown, superuser, url
from tests.gateways.admin.wallet_rows import PAYER, SENDER, WALLET, a_claim, a_receipt

pytestmark = pytest.mark.django_db

Status = Receipt.Status
VF = (
    "تم استلام مبلغ 800.00 جنيه من رقم 01012345678 المسجل بإسم Ahmed M رصيدك الحالي 1900.00 جنيه"
    " تاريخ العملية 10:39 26-08-12 رقم العملية 012345678901"
)


def came(shown: Shown, status: str = Status.NEW, **fields: Any) -> Receipt:
    return a_receipt(shown.rows[Phone], shown.rows[Callback], status, **fields)


def said_before(text: str) -> list[tuple[str, dict[str, str]]]:
    return [("said", {"text": text})]


def act(row: Receipt, slug: str, **fields: Any) -> Any:
    return superuser().post(url(Receipt, "act", row, slug), fields)


def said(answer: Any) -> str:
    assert answer.status_code == 302, answer.content.decode()
    return "".join(str(message) for message in get_messages(answer.wsgi_request))


def listed(**query: Any) -> str:
    return superuser().get(url(Receipt, "changelist"), query).content.decode()


def page_of(row: Receipt) -> str:
    return " ".join(superuser().get(url(Receipt, "change", row)).content.decode().split())


# --- the list -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "term",
    ["012345678901", " #012345678901", PAYER, "+20 101 234 5678", "49.90", "49.9 EGP", "4990"],
)
def test_a_receipt_is_found_by_what_people_quote(term: str) -> None:
    shown = Shown("alpha")
    row = came(shown, transaction_id="012345678901", amount_units=4990)
    other = came(shown, payer_phone="01099999999", amount_units=4991)
    page = listed(q=term)
    assert url(Receipt, "change", row) in page
    assert url(Receipt, "change", other) not in page


def test_a_whole_number_is_pounds_or_piastres() -> None:
    shown = Shown("alpha")
    pounds, piastres = came(shown, amount_units=10_000), came(shown, amount_units=100)
    page = listed(q="100")
    for row in (pounds, piastres):
        assert url(Receipt, "change", row) in page
    assert url(Receipt, "change", piastres) not in listed(q="100.00")
    assert "1 receipt" not in listed(q="no\x00thing")
    assert url(Receipt, "change", pounds) not in listed(q="9" * 60)


def test_the_home_pages_search_takes_no_invoice_for_an_amount() -> None:
    shown = Shown("alpha")
    row = came(shown, amount_units=10_000, transaction_id="012345678901")
    where = reverse("admin:find")
    found = superuser().get(where, {"q": "100"}).content.decode()
    assert url(Receipt, "change", row) not in found
    found = superuser().get(where, {"q": "012345678901"}).content.decode()
    assert url(Receipt, "change", row) in found


def test_the_list_is_filtered_by_status_wallet_and_phone() -> None:
    shown = Shown("alpha")
    store, phone = shown.rows[VodafoneCashGateway], shown.rows[Phone]
    other = Wallet.objects.create(
        merchant_id=store.merchant_id, gateway=store, kind="orange_cash", number="01000000202"
    )
    row, elsewhere = came(shown), came(shown, Status.UNREAD, wallet=other)
    for query, shows_row, shows_other in (
        ({"wallet": str(other.pk)}, False, True),
        ({"wallet": str(store.wallets.first().pk)}, True, False),
        ({"phone": str(phone.pk)}, True, True),
        ({"status__exact": "unread"}, False, True),
        ({"wallet": "0 or 1=1"}, True, True),
    ):
        page = listed(**query)
        assert (url(Receipt, "change", row) in page) == shows_row, query
        assert (url(Receipt, "change", elsewhere) in page) == shows_other, query


def test_the_list_masks_the_payer_and_tells_the_last_word_of_a_colleague() -> None:
    shown = Shown("alpha")
    row = came(shown, Status.REVIEW, why=said_before("Two claims fit it."))
    act(row, "note", reason="I asked the client")
    page = listed(status__exact="review")
    assert masked(PAYER) == "010•••••678"
    assert masked(PAYER) in page
    assert "I asked the client" in page
    assert "Two claims fit it." in page
    payers = re.findall(r'class="field-payer[^"]*">(.*?)</td>', page)
    assert payers
    assert PAYER not in "".join(payers)


# --- the page -------------------------------------------------------------------------------------
def test_the_page_shows_the_message_what_was_read_and_the_balances_around_it() -> None:
    shown = Shown("alpha")
    Receipt.objects.update(balance_units=None)
    now = ports.system_now()
    wallet = shown.rows[Phone].gateway.wallets.get()
    for hours, units, brought in ((-2, 50_000, None), (-1, 100_000, 50_000), (1, 150_000, None)):
        at = now + timedelta(hours=hours)
        Balance.objects.create(wallet=wallet, at=at, units=units, came_units=brought)
    row = came(
        shown, Status.REVIEW, text=VF, balance_units=190_000, why=said_before("Its balance jumps.")
    )
    page = page_of(row)
    for told in (
        "800.00 EGP came from 01012345678 and waits for you. Its balance jumps.",
        "رقم العملية 012345678901", SENDER, "Balance chain", "1000.00 EGP",
        "1100.00 EGP was to be expected before this one.", "1900.00 EGP", WALLET,
        "1500.00 EGP", "no money came with it",
        "Vodafone Cash", PAYER,
    ):  # fmt: skip
        assert told in page, told


def test_candidates_stand_side_by_side_with_their_reasons() -> None:
    shown = Shown("alpha")
    Claim.objects.all().delete()
    store = shown.rows[VodafoneCashGateway]
    claimed = shown.transfer(payable_units=90_000)
    a_claim(store, order=claimed, amount_units=90_000)
    same = shown.transfer()
    row = came(shown, Status.REVIEW)
    page = page_of(row)
    for order in (claimed, same):
        assert url(Order, "change", order) in page
    assert "100.00 EGP less came than was asked for" in page
    assert "the same amount is asked for" in page
    form = superuser().get(url(Receipt, "act", row, "match")).content.decode()
    assert form.count('type="radio"') >= 2
    assert "checked" not in form


def test_an_unread_message_says_so_and_offers_to_read_it_again() -> None:
    shown = Shown("alpha")
    row = came(
        shown, Status.UNREAD, text=VF, amount_units=None, left_units=0, template="",
        why=said_before("Its wording is not known yet."),
    )  # fmt: skip
    page = page_of(row)
    assert "could not be read. Its wording is not known yet." in page
    assert "Read again" in page


# --- acts -----------------------------------------------------------------------------------------
def waiting_for_match() -> tuple[Shown, Receipt, Order]:
    shown = Shown("alpha")
    Claim.objects.all().delete()
    return shown, came(shown, Status.REVIEW), shown.transfer()


def test_a_match_books_the_receipt_on_the_order_and_owes_whmcs_the_news() -> None:
    _, row, order = waiting_for_match()
    answer = act(row, "match", order=str(order.pk), reason="the client called")
    assert "is booked for" in said(answer)
    order.refresh_from_db()
    row.refresh_from_db()
    assert (order.status, row.status, row.left_units) == (Order.Status.PAID, Status.MATCHED, 0)
    payment = Payment.objects.get(order=order)
    assert payment.reference == f"VFC-{row.transaction_id}"
    assert Delivery.objects.filter(payment=payment).exists()
    assert AuditEvent.objects.get(verb="match receipt").reason == "the client called"
    page = page_of(row)
    assert "What it was booked for" in page
    assert url(Payment, "change", payment) in page


@pytest.mark.parametrize("quoted", ["reference", "invoice", "number"])
def test_an_order_that_is_no_candidate_is_named(quoted: str) -> None:
    shown, row, _ = waiting_for_match()
    other = shown.transfer(payable_units=70_000)
    names = {
        "reference": other.reference, "invoice": other.bill.reference, "number": other.bill.number,
    }  # fmt: skip
    said(act(row, "match", other=f" #{names[quoted]} ", reason="x"))
    other.refresh_from_db()
    assert other.status == Order.Status.PAID


def test_a_match_needs_one_order_of_this_store_and_a_reason() -> None:
    shown, row, order = waiting_for_match()
    foreign = Shown("zulu").transfer()
    for fields, says in (
        ({"reason": "x"}, "Choose one of the orders"),
        ({"order": order.pk, "other": order.reference, "reason": "x"}, "not both"),
        ({"order": order.pk, "reason": " "}, "This field is required"),
        ({"order": foreign.pk, "reason": "x"}, "Select a valid choice"),
        ({"other": foreign.reference, "reason": "x"}, "No order of this store"),
        ({"other": shown.rows[Order].reference, "reason": "x"}, "No order of this store"),
        ({"other": "<b>", "reason": "x"}, "No order of this store"),
    ):
        answer = act(row, "match", **fields)
        assert answer.status_code == 400
        assert says in answer.content.decode(), fields
    assert Payment.objects.filter(method="vodafoncash").count() == 0


def test_a_split_books_parts_that_are_together_the_whole() -> None:
    shown, row, order = waiting_for_match()
    other = shown.transfer(payable_units=30_000)
    parts = {f"part_{order.pk}": "500.00", "others": f"{other.reference} 300\n"}
    for wrong, says in (
        ({f"part_{order.pk}": "500"}, "800.00 EGP came"),
        ({}, "800.00 EGP came"),
        ({f"part_{order.pk}": "x"}, "not an amount"),
        ({"others": "nothing"}, "write the order, a blank, the amount"),
        ({"others": "nothing 800"}, "No order of this store"),
        ({f"part_{order.pk}": "400", "others": f"{order.reference} 400"}, "each order once"),
    ):
        answer = act(row, "split", **wrong, reason="x")
        assert answer.status_code == 400
        assert says in answer.content.decode(), wrong
    assert "is booked for" in said(act(row, "split", **parts, reason="two invoices"))
    booked = dict(Payment.objects.values_list("order__reference", "received_units"))
    assert booked[order.reference] == 50_000
    assert booked[other.reference] == 30_000
    row.refresh_from_db()
    assert row.status == Status.MATCHED


def test_a_match_is_undone_until_whmcs_knows() -> None:
    _, row, order = waiting_for_match()
    said(act(row, "match", order=str(order.pk), reason="x"))
    assert "waits again" in said(act(row, "undo", reason="the wrong client"))
    row.refresh_from_db()
    assert row.status == Status.REVIEW
    said(act(row, "match", order=str(order.pk), reason="once more"))
    now = ports.system_now()
    Delivery.objects.filter(payment__method="vodafoncash").update(
        status=Delivery.Status.DELIVERED, delivered_at=now
    )
    assert "WHMCS was told" in said(act(row, "undo", reason="too late"))
    assert "book the refund there" in page_of(row)
    row.refresh_from_db()
    assert row.status == Status.MATCHED


def test_a_receipt_is_dismissed_with_a_reason() -> None:
    shown = Shown("alpha")
    row = came(shown, Status.REVIEW)
    assert act(row, "dismiss", reason="").status_code == 400
    assert "off the list" in said(act(row, "dismiss", reason="my brother's money"))
    row.refresh_from_db()
    assert row.status == Status.DISMISSED
    page = page_of(row)
    assert "my brother&#x27;s money" in page
    assert "It is settled already." in page


def test_buttons_need_the_right_to_decide() -> None:
    shown = Shown("alpha")
    row = came(shown, Status.REVIEW)
    client = shown.member("view_receipt")
    for slug in ("match", "split", "dismiss", "undo", "read-again", "note"):
        assert client.post(url(Receipt, "act", row, slug), {"reason": "x"}).status_code == 403
    assert "Dismiss" not in client.get(url(Receipt, "change", row)).content.decode()


@pytest.mark.parametrize("way", ["act", "list", "all"])
def test_what_reads_now_is_read_again(way: str) -> None:
    shown = Shown("alpha")
    unread = {"amount_units": None, "left_units": 0, "template": "", "transaction_id": ""}
    row = came(shown, Status.UNREAD, text=VF, **unread)
    stays = came(shown, Status.UNREAD, text="800 EGP, somehow", **unread)
    client = superuser()
    if way == "act":
        client.post(url(Receipt, "act", row, "read-again"))
    elif way == "list":
        chosen = {"action": "read_again", "_selected_action": [row.pk, stays.pk]}
        client.post(url(Receipt, "changelist"), chosen)
    else:
        assert "Read all unread again" in listed()
        client.post(reverse("admin:gateways_receipt_read_unread"))
    row.refresh_from_db()
    stays.refresh_from_db()
    assert row.status in (Status.NEW, Status.REVIEW)
    assert row.amount_units == 80_000
    assert stays.status == Status.UNREAD


# --- the box to paste into ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("sender", "text", "says"),
    [
        (SENDER, VF, "800.00 EGP came in."),
        ("01011111111", VF, "anybody could have sent it"),
        (SENDER, "عرض: خصم 100 جنيه", "No receipt."),
        ("Bank", "Your code is 123456", "No receipt."),
        (SENDER, "<script>alert(1)</script>", "No receipt."),
    ],
)
def test_a_pasted_message_is_read_and_not_stored(sender: str, text: str, says: str) -> None:
    Shown("alpha")
    rows = Receipt.objects.count(), Callback.objects.count(), AuditEvent.objects.count()
    where = reverse("admin:gateways_receipt_paste")
    assert superuser().get(where).status_code == 200
    answer = superuser().post(where, {"sender": sender, "text": text})
    assert says in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()
    assert rows == (
        Receipt.objects.count(), Callback.objects.count(), AuditEvent.objects.count(),
    )  # fmt: skip


def test_a_paste_without_a_message_is_refused() -> None:
    answer = superuser().post(reverse("admin:gateways_receipt_paste"), {"sender": "", "text": ""})
    assert answer.status_code == 400


# --- claims, orders, callbacks --------------------------------------------------------------------
def test_a_claim_is_found_by_phone_in_any_spelling_and_by_order() -> None:
    shown = Shown("alpha")
    claim = shown.rows[Claim]
    other = a_claim(shown.rows[VodafoneCashGateway], phone="01099999999", reference="REF1")
    for term in ("+201012345678", claim.order.reference, claim.order.bill.reference):
        page = superuser().get(url(Claim, "changelist"), {"q": term}).content.decode()
        assert url(Claim, "change", claim) in page, term
        assert url(Claim, "change", other) not in page, term


@pytest.mark.parametrize("status", Claim.Status.values)
def test_a_claims_page_says_how_it_stands(status: str) -> None:
    shown = Shown("alpha")
    claim = a_claim(shown.rows[VodafoneCashGateway], status=status)
    page = superuser().get(url(Claim, "change", claim)).content.decode()
    assert f"{PAYER} says to have sent 800.00 EGP" in page


def test_an_order_of_pounds_tells_what_was_asked_and_who_claims_it() -> None:
    shown = Shown("alpha")
    order = shown.transfer()
    claim = a_claim(shown.rows[VodafoneCashGateway], order=order)
    page = " ".join(superuser().get(url(Order, "change", order)).content.decode().split())
    for told in (
        f"800.00 EGP are asked for {order.bill} to {WALLET}, worth 15.99 EUR; nothing came yet.",
        "1 EUR = 50.00 EGP", "Wallet transfer", WALLET, url(Claim, "change", claim), PAYER,
        "Still missing",
    ):  # fmt: skip
        assert told in page, told
    for coins_only in ("Purged at the relay", "Confirmations</dt>", "Confirmed</dt>"):
        assert coins_only not in page
    listing = superuser().get(url(Order, "changelist"), {"coin": "EGP"}).content.decode()
    assert url(Order, "change", order) in listing
    assert url(Order, "change", shown.rows[Order]) not in listing


def test_an_upload_names_the_phone_that_made_it() -> None:
    shown = Shown("alpha")
    phone = shown.rows[Phone]
    callback = shown.callback(secrets.token_bytes(8), "application/json", phone=phone)
    page = superuser().get(url(Callback, "change", callback)).content.decode()
    assert url(Phone, "change", phone) in page
