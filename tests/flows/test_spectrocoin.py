"""A WHMCS invoice paid through SpectroCoin: every way it goes right, and the ways it goes wrong.

Each story asserts what the sandbox's WHMCS holds in the end.
"""

from typing import Any

import pytest
import requests

from gateways import accounts
from gateways.models import Callback, Order
from ledger.models import Delivery, Payment
from tests.conftest import SetClock
from tests.world import Shop, transid

GENERATIONS = [("legacy", "form"), ("legacy", "json"), ("current", "form"), ("current", "json")]


@pytest.fixture(params=GENERATIONS, ids="-".join)
def any_shop(shop: Shop, request: pytest.FixtureRequest) -> Shop:
    """The same story in both API generations with both kinds of callback."""
    shop.speak(*request.param)
    return shop


def accepted(answers: list[Any]) -> bool:
    return [(a["status"], a["body"]) for a in answers] == [(200, "*ok*")] * len(answers) != []


def test_exact_payment_marks_the_invoice_paid(any_shop: Shop) -> None:
    shop, sandbox = any_shop, any_shop.sandbox
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)

    assert accepted(sandbox.act(order, "pay"))
    shop.work()

    assert sandbox.booked_on(invoice) == [(transid(order), "15.99")]
    assert sandbox.invoice(invoice)["status"] == "Paid"
    order.refresh_from_db()
    assert order.status == "paid"


def test_activity_log_of_whmcs_tells_the_coin_and_the_amount_received(shop: Shop) -> None:
    shop.speak("current", "form")
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)
    shop.sandbox.act(order, "pay")
    shop.work()

    order.refresh_from_db()
    lines = [row["description"] for row in shop.sandbox.whmcs()["activity"]]
    told = [line for line in lines if transid(order) in line]
    assert len(told) == 1
    assert f"received {order.received}" in told[0]
    assert "payment currency BTC" in told[0]


def test_pending_shows_but_books_nothing(any_shop: Shop) -> None:
    shop, sandbox = any_shop, any_shop.sandbox
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)

    assert accepted(sandbox.act(order, "pending"))
    shop.work()

    order.refresh_from_db()
    assert order.status == "pending"
    assert sandbox.booked_on(invoice) == []


def test_same_doorbell_bytes_ring_again_for_each_change(shop: Shop) -> None:
    shop.speak("current", "json")
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)
    shop.sandbox.act(order, "pending")
    shop.work()

    shop.sandbox.act(order, "pay")
    shop.work()

    assert Callback.objects.count() == 1
    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]


@pytest.mark.parametrize("action", ["underpaid", "late", "late_pending"])
def test_underpaid_and_late_wait_for_a_person_who_is_told_what_to_do(
    any_shop: Shop, action: str
) -> None:
    shop, sandbox = any_shop, any_shop.sandbox
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)

    assert accepted(sandbox.act(order, action))
    shop.work()

    order.refresh_from_db()
    assert order.status == "review"
    assert len(order.attention) > 40
    assert sandbox.booked_on(invoice) == []


def test_paid_with_too_few_coins_is_not_settled_by_itself(shop: Shop) -> None:
    shop.speak("legacy", "form")
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)

    shop.sandbox.act(order, "pay", received="0.00000001")
    shop.work()

    order.refresh_from_db()
    assert order.status == "review"
    assert "Underpaid" in order.attention
    assert shop.sandbox.booked_on(invoice) == []


def test_overpaid_books_exactly_the_invoice_and_tells_of_the_surplus(shop: Shop) -> None:
    shop.speak("legacy", "form")
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)

    shop.sandbox.act(order, "over")
    shop.work()

    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]
    order.refresh_from_db()
    assert "Overpaid" in order.attention


def test_paid_twice_on_one_order_is_booked_once_and_flagged(shop: Shop) -> None:
    shop.speak("legacy", "form")
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)
    shop.sandbox.act(order, "pay")
    shop.work()

    shop.sandbox.act(order, "twice")
    shop.work()

    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]
    order.refresh_from_db()
    assert "Overpaid" in order.attention


def test_paid_after_expiry_is_still_booked(any_shop: Shop) -> None:
    shop, sandbox = any_shop, any_shop.sandbox
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)
    sandbox.act(order, "expire")
    shop.work()
    order.refresh_from_db()
    assert order.status == "expired"

    sandbox.act(order, "pay")
    shop.work()

    assert sandbox.booked_on(invoice) == [(transid(order), "15.99")]


def test_expiry_after_paid_changes_nothing(any_shop: Shop) -> None:
    shop, sandbox = any_shop, any_shop.sandbox
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)
    sandbox.act(order, "pay")
    shop.work()

    sandbox.act(order, "expire")
    shop.work()

    order.refresh_from_db()
    assert order.status == "paid"
    assert sandbox.invoice(invoice)["status"] == "Paid"


@pytest.mark.parametrize("action", ["test", "test_paid"])
def test_test_payments_never_settle(any_shop: Shop, action: str) -> None:
    shop, sandbox = any_shop, any_shop.sandbox
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)

    assert accepted(sandbox.act(order, action))
    shop.work()

    order.refresh_from_db()
    assert order.status == "test"
    assert Payment.objects.count() == 0
    assert sandbox.booked_on(invoice) == []


@pytest.mark.parametrize("lie", [{"receive_currency": "USD"}, {"receive_amount": "1.00"}], ids=str)
def test_paid_in_another_currency_or_amount_waits_for_a_person(
    any_shop: Shop, lie: dict[str, str]
) -> None:
    shop, sandbox = any_shop, any_shop.sandbox
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)

    sandbox.act(order, "pay", **lie)
    shop.work()

    order.refresh_from_db()
    assert order.status == "review"
    assert sandbox.booked_on(invoice) == []


def test_unknown_status_is_kept_flagged_and_answered_ok(any_shop: Shop) -> None:
    shop, sandbox = any_shop, any_shop.sandbox
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)

    assert accepted(sandbox.act(order, "status", status=99))
    shop.work()

    order.refresh_from_db()
    assert order.status == "new"
    assert order.provider_status == "99"
    assert "99" in order.attention
    assert sandbox.booked_on(invoice) == []


@pytest.mark.parametrize(
    "forge",
    "signature amount status key merchant duplicate_field missing_field get empty_sign".split(),
)
def test_forged_form_callback_is_refused_and_changes_nothing(shop: Shop, forge: str) -> None:
    shop.speak("legacy", "form")
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)

    answers = shop.sandbox.act(order, "pay", forge=forge)
    shop.work()

    assert answers[0]["status"] in (400, 405)
    assert answers[0]["body"] != "*ok*"
    order.refresh_from_db()
    assert order.status == "new"
    assert shop.sandbox.booked_on(invoice) == []


def test_replayed_ten_times_is_answered_ok_and_booked_once(any_shop: Shop) -> None:
    shop, sandbox = any_shop, any_shop.sandbox
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)
    sandbox.act(order, "pay")
    shop.work()

    assert accepted(sandbox.resend(order, times=10))
    shop.work()

    assert sandbox.booked_on(invoice) == [(transid(order), "15.99")]


def test_fifty_at_once_are_one_callback_and_one_booking(any_shop: Shop) -> None:
    shop, sandbox = any_shop, any_shop.sandbox
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)

    answers = sandbox.act(order, "pay", parallel=50)
    shop.work()

    assert len(answers) == 50
    assert accepted(answers)
    assert Callback.objects.filter(status="done").count() == 1
    assert sandbox.booked_on(invoice) == [(transid(order), "15.99")]


def test_lost_callback_is_found_by_the_poller(shop: Shop, clock: SetClock) -> None:
    shop.speak("current", "json")
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)
    shop.sandbox.act(order, "pay", callback=False)

    clock.forward(minutes=5)
    shop.poll()

    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]


@pytest.mark.parametrize("callbacks", ["form", "json"])
def test_lost_callback_after_an_earlier_one_is_found_by_the_poller(
    shop: Shop, clock: SetClock, callbacks: str
) -> None:
    shop.speak("current", callbacks)
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)
    shop.sandbox.act(order, "expire")
    shop.work()
    shop.sandbox.act(order, "pay", callback=False)

    clock.forward(minutes=5)
    shop.poll()

    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]


def test_callback_and_poller_of_the_same_payment_book_once(shop: Shop, clock: SetClock) -> None:
    shop.speak("current", "form")
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)
    shop.sandbox.act(order, "pay")

    clock.forward(minutes=5)
    shop.poll()
    shop.work()

    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]


def test_doorbell_while_the_provider_is_down_is_worked_later(shop: Shop, clock: SetClock) -> None:
    shop.speak("current", "json")
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)
    shop.sandbox.faults("spectrocoin", "503", "order", times=None)
    shop.sandbox.act(order, "pay")
    shop.work()
    assert shop.callback().status == "new"

    shop.sandbox.no_faults("spectrocoin")
    clock.forward(seconds=60)
    shop.work()

    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]


def test_doorbell_of_a_stranger_changes_nothing(shop: Shop) -> None:
    shop.speak("current", "json")
    order = shop.pay(shop.new_invoice("15.99"))
    stranger = "11111111-2222-4333-8444-555555555555"

    for project, status in ((shop.gateway.project_id, 200), (stranger, 400)):
        body = {"id": stranger, "merchantApiId": project}
        assert requests.post(shop.webhook_url, json=body, timeout=10).status_code == status
    shop.work()

    order.refresh_from_db()
    assert order.status == "new"
    assert Payment.objects.count() == 0


def test_order_nobody_pays_is_closed_and_the_invoice_stays_payable(
    shop: Shop, clock: SetClock
) -> None:
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)

    for _ in range(4):
        clock.forward(hours=15)
        shop.poll()

    order.refresh_from_db()
    assert order.status == "expired"
    assert shop.pay(invoice).pk != order.pk


def test_rotated_provider_key_is_fetched_once_and_believed(shop: Shop, clock: SetClock) -> None:
    shop.speak("legacy", "form")
    first = shop.pay(shop.new_invoice("15.99"))
    assert accepted(shop.sandbox.act(first, "pay"))
    shop.sandbox.post("/spectrocoin/_sandbox/settings", {"rotate_provider_key": True})
    shop.gateway.refresh_from_db()
    shop.gateway.key_asked_at = None  # more than a minute later
    shop.gateway.save()
    accounts.forget()

    second_invoice = shop.new_invoice("20.00")
    second = shop.pay(second_invoice)
    assert accepted(shop.sandbox.act(second, "pay"))
    shop.work()

    assert shop.sandbox.booked_on(second_invoice) == [(transid(second), "20.00")]


def test_without_any_public_key_nothing_is_believed(shop: Shop) -> None:
    shop.speak("legacy", "form")
    shop.sandbox.faults("spectrocoin", "500", "public_key", times=None)
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)

    answers = shop.sandbox.act(order, "pay")
    shop.work()

    assert answers[0]["status"] == 503
    assert shop.sandbox.booked_on(invoice) == []


def test_status_of_order_moves_in_the_words_finance_staff_know(shop: Shop) -> None:
    shop.speak("legacy", "form")
    order = shop.pay(shop.new_invoice("15.99"))
    for action in ("pending", "pay"):
        shop.sandbox.act(order, action)
        shop.work()

    story = [(event.before, event.after) for event in order.events.exclude(after="")]
    assert [step for step in story if step[0] != step[1]] == [
        ("", "new"),
        ("new", "pending"),
        ("pending", "paid"),
    ]
    assert Order.objects.get(pk=order.pk).payment is not None
    assert Delivery.objects.filter(status="delivered").count() == 2


def test_genuine_callback_of_another_merchant_does_not_pay_our_order(shop: Shop) -> None:
    """SpectroCoin signs for all merchants with one key; what it signs of the account is pinned."""
    shop.speak("legacy", "form")
    first = shop.pay(shop.new_invoice("15.99"))
    shop.sandbox.act(first, "pay")
    shop.work()
    shop.gateway.refresh_from_db()
    assert shop.gateway.provider_account == "169/3"

    shop.sandbox.post("/spectrocoin/_sandbox/settings", {"numeric_merchant_id": "666"})
    invoice = shop.new_invoice("20.00")
    order = shop.pay(invoice)
    accounts.forget()
    answers = shop.sandbox.act(order, "pay")
    shop.work()

    assert answers[0]["status"] == 400
    assert shop.sandbox.booked_on(invoice) == []
