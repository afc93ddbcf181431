"""What staff may do with orders and callbacks: only with the permission, only by POST, in words."""

import json
import uuid

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.test import Client

from gateways.models import Callback, Order, SpectroCoinGateway
from ledger.models import AuditEvent, Delivery, Payment
from tests.config.admin_world import Shown, acts_of, url

pytestmark = pytest.mark.django_db

NEEDED = {
    "approve": "decide_order",
    "refuse": "decide_order",
    "dealt-with": "decide_order",
    "fetch": "fetch_order",
    "cancel": "cancel_order",
}
FIELDS = {"reason": "the payer called", "amount": "12.50"}


def press(client: Client, row: Order | Callback, slug: str, **fields: str) -> str:
    """Press a button; the sentence that it answered with."""
    answer = client.post(url(type(row), "act", row, slug), fields)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    assert answer.headers["Location"] == url(type(row), "change", row)
    return "".join(str(message) for message in get_messages(answer.wsgi_request))


def done(verb: str) -> AuditEvent:
    return AuditEvent.objects.get(verb=verb)


@pytest.mark.parametrize("slug", NEEDED)
def test_a_button_is_neither_shown_nor_obeyed_without_its_permission(slug: str) -> None:
    shown = Shown("alpha")
    order = shown.rows[Order]
    others = {"fetch_order", "cancel_order", "decide_order"} - {NEEDED[slug]}
    client = shown.member("view_order", *others)
    where = url(Order, "act", order, slug)
    assert where not in client.get(url(Order, "change", order)).content.decode()
    assert client.get(where).status_code == 403
    assert client.post(where, FIELDS).status_code == 403
    order.refresh_from_db()
    assert order.status == Order.Status.REVIEW
    assert not AuditEvent.objects.exclude(verb="look").exists()


def test_the_permission_alone_is_not_enough_without_the_right_to_see_the_order() -> None:
    shown = Shown("alpha")
    client = shown.member("cancel_order")
    assert client.post(url(Order, "act", shown.rows[Order], "cancel"), FIELDS).status_code == 403


@pytest.mark.parametrize("slug", NEEDED)
def test_a_button_without_the_csrf_token_is_refused(slug: str) -> None:
    shown = Shown("alpha")
    session = shown.member().cookies["sessionid"].value
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["sessionid"] = session
    assert strict.post(url(Order, "act", shown.rows[Order], slug), FIELDS).status_code == 403


def test_cancel_asks_for_a_reason_and_keeps_it() -> None:
    shown = Shown("alpha")
    order, client = shown.order(), shown.member()
    assert client.post(url(Order, "act", order, "cancel"), {"reason": "  "}).status_code == 400
    order.refresh_from_db()
    assert order.status == Order.Status.NEW
    sentence = press(client, order, "cancel", reason="the payer called")
    order.refresh_from_db()
    assert order.status == Order.Status.FAILED
    assert "is cancelled here" in sentence
    assert done("cancel order").reason == "the payer called"
    assert done("cancel order").actor.startswith("staff-alpha")
    assert "the payer called" in client.get(url(Order, "change", order)).content.decode()
    assert LogEntry.objects.filter(object_id=str(order.pk)).exists()


def test_what_cannot_be_done_now_is_an_error_message_and_no_crash() -> None:
    shown = Shown("alpha")
    sentence = press(shown.member(), shown.rows[Order], "cancel", reason="x")
    assert "only open orders can be cancelled" in sentence


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("", "required"),
        ("abc", "is not an amount"),
        ("-5", "is not an amount"),
        ("1e3", "is not an amount"),
        ("12,50", "is not an amount"),
        ("12.345", "more than 2 decimals"),
        ("0.00", "above zero"),
        ("99999999999999999999", "larger than this ledger keeps"),
    ],
)
def test_approve_explains_what_is_wrong_with_an_amount(amount: str, says: str) -> None:
    shown = Shown("alpha")
    order = shown.rows[Order]
    fields = {"amount": amount, "reason": "fine"}
    answer = shown.member().post(url(Order, "act", order, "approve"), fields)
    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert Payment.objects.count() == 1


def test_approve_books_the_named_amount_and_owes_the_news_to_whmcs() -> None:
    shown = Shown("alpha")
    order = shown.rows[Order]
    page = shown.member().get(url(Order, "act", order, "approve")).content.decode()
    assert "15.99 EUR" in page
    assert 'value="15.99"' not in page
    sentence = press(shown.member(), order, "approve", **FIELDS)
    order.refresh_from_db()
    assert order.status == Order.Status.PAID
    assert order.payment is not None
    assert str(order.payment.credit) == "12.50 EUR"
    assert "12.50 EUR is booked" in sentence
    assert Delivery.objects.filter(payment=order.payment, kind="booking").count() == 1
    again = press(shown.member(), order, "approve", **FIELDS)
    assert "only orders in review are approved" in again
    assert Payment.objects.filter(bill=order.bill).count() == 2


def test_refuse_closes_without_booking() -> None:
    shown = Shown("alpha")
    order = shown.rows[Order]
    sentence = press(shown.member(), order, "refuse", reason="refunded")
    order.refresh_from_db()
    assert order.status == Order.Status.FAILED
    assert order.payment is None
    assert "nothing was booked" in sentence


def test_dealt_with_takes_a_flagged_order_off_the_list() -> None:
    shown = Shown("alpha")
    order = shown.order(Order.Status.EXPIRED, attention="look at this")
    sentence = press(shown.member(), order, "dealt-with", reason="looked")
    order.refresh_from_db()
    assert order.attention == ""
    assert "is off the list" in sentence
    assert done("clear flag").detail == "look at this"


def test_fetch_says_why_the_provider_could_not_be_asked() -> None:
    shown = Shown("alpha")
    sentence = press(shown.member(), shown.order(), "fetch")
    assert "could not be asked" in sentence
    assert done("fetch order").actor.startswith("staff-alpha")


def test_fetch_from_the_list_answers_for_each_chosen_order() -> None:
    shown = Shown("alpha")
    first, second = shown.order(), shown.order()
    answer = shown.member().post(
        url(Order, "changelist"),
        {"action": "fetch_from_provider", "_selected_action": [first.pk, second.pk]},
    )
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert len(said) == 2
    assert any(first.reference in sentence for sentence in said)


def test_process_again_verifies_with_todays_settings_first() -> None:
    shown = Shown("alpha")
    callback = shown.rows[Callback]
    sentence = press(shown.member(), callback, "process")
    callback.refresh_from_db()
    assert "is still refused" in sentence
    assert callback.status == Callback.Status.FAILED


def test_process_again_wakes_the_inbox_for_a_message_that_verifies(no_queue: list[str]) -> None:
    shown = Shown("alpha")
    project = str(uuid.uuid4())
    SpectroCoinGateway.objects.update(project_id=project)
    doorbell = json.dumps({"id": str(uuid.uuid4()), "merchantApiId": project})
    callback = shown.callback(
        doorbell.encode(), "application/json", headers={"content-type": "application/json"}
    )
    sentence = press(shown.member(), callback, "process")
    callback.refresh_from_db()
    assert "is processed again now" in sentence, sentence
    assert callback.status == Callback.Status.NEW
    assert done("process callback again").target_id == callback.pk


def test_process_again_on_the_list_needs_its_permission() -> None:
    shown = Shown("alpha")
    client = shown.member("view_callback")
    page = client.get(url(Callback, "changelist")).content.decode()
    assert "process_again" not in page
    client.post(
        url(Callback, "changelist"),
        {"action": "process_again", "_selected_action": [shown.rows[Callback].pk]},
    )
    assert not AuditEvent.objects.exclude(verb="look").exists()


def test_acts_that_do_not_exist_are_not_found() -> None:
    shown = Shown("alpha")
    assert acts_of(Order) == ["approve", "refuse", "dealt-with", "fetch", "cancel"]
    assert shown.member().post(url(Order, "act", shown.rows[Order], "pay")).status_code == 404
