"""Telling WHMCS effectively once, whatever WHMCS does in between."""

import pytest

from gateways.models import Order
from ledger import ports, reconcile
from ledger.models import Attempt, AuditEvent, Delivery
from ledger.outbox import deciding
from tests.conftest import SetClock
from tests.world import Shop, free_port, transid

# Everything AddInvoicePayment may do after or instead of its work, without a usable answer.
AMBIGUOUS = ["lost_answer", "504_after", "truncated", "html", "empty", "500", "redirect", "refuse"]


def paid_order(shop: Shop, invoice: str) -> Order:
    shop.speak("legacy", "form")
    order = shop.pay(invoice)
    shop.sandbox.act(order, "pay")
    return order


def until_settled(shop: Shop, clock: SetClock, order: Order) -> Delivery:
    """Let time pass and workers work until the delivery is done or waits for a person."""
    for _ in range(60):
        shop.work()
        delivery = shop.delivery(order)
        if delivery.status not in Delivery.OWED:
            return delivery
        clock.forward(seconds=61)
    raise AssertionError(f"still {delivery.status}: {delivery.last_message}")


@pytest.mark.parametrize("fault", AMBIGUOUS)
def test_without_a_usable_answer_it_is_looked_up_and_booked_exactly_once(
    shop: Shop, clock: SetClock, fault: str
) -> None:
    invoice = shop.new_invoice("15.99")
    order = paid_order(shop, invoice)
    shop.sandbox.faults("whmcs", fault, "AddInvoicePayment")

    delivery = until_settled(shop, clock, order)

    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]
    assert delivery.status == "delivered"


def test_unknown_waits_until_whmcs_can_no_longer_be_at_work(shop: Shop, clock: SetClock) -> None:
    invoice = shop.new_invoice("15.99")
    order = paid_order(shop, invoice)
    shop.sandbox.faults("whmcs", "html", "AddInvoicePayment")
    shop.work()
    assert shop.delivery(order).status == "unknown"

    clock.forward(seconds=170)
    shop.work()
    assert len(shop.sandbox.calls("AddInvoicePayment")) == 1

    clock.forward(seconds=15)
    shop.work()
    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]


@pytest.mark.parametrize("fault", ["500", "html", "refuse", "truncated", "503"])
def test_whmcs_down_then_up(shop: Shop, clock: SetClock, fault: str) -> None:
    invoice = shop.new_invoice("15.99")
    order = paid_order(shop, invoice)
    shop.sandbox.faults("whmcs", fault, "*", times=None)
    for _ in range(8):
        shop.work()
        clock.forward(minutes=10)
    assert shop.delivery(order).status == "ready"
    shop.biller.refresh_from_db()
    assert shop.biller.last_error

    shop.sandbox.no_faults("whmcs")
    clock.forward(hours=1, minutes=15)
    shop.work()

    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]
    shop.biller.refresh_from_db()
    assert (shop.biller.failures, shop.biller.last_error) == (0, "")


def test_whmcs_gone_from_the_network_then_back(shop: Shop, clock: SetClock) -> None:
    invoice = shop.new_invoice("15.99")
    order = paid_order(shop, invoice)
    address = shop.biller.url
    shop.biller.url = f"http://127.0.0.1:{free_port()}/whmcs"
    shop.biller.save()
    shop.work()
    assert (shop.delivery(order).status, shop.delivery(order).code) == ("ready", "transport")

    shop.biller.url = address
    shop.biller.save()
    clock.forward(minutes=2)
    shop.work()

    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]


def test_invalid_ip_names_the_address_and_both_places_then_heals(
    shop: Shop, clock: SetClock
) -> None:
    invoice = shop.new_invoice("15.99")
    order = paid_order(shop, invoice)
    shop.sandbox.whmcs_settings(allowed_ips=["203.0.113.9"])
    shop.work()

    delivery = shop.delivery(order)
    assert delivery.code == "ip"
    assert "127.0.0.1" in delivery.last_message + delivery.way_out
    assert "API IP Access Restriction" in delivery.way_out
    assert "credential" in delivery.way_out.lower()

    shop.sandbox.whmcs_settings(allowed_ips=["127.0.0.1"])
    clock.forward(minutes=2)
    shop.work()
    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]


@pytest.mark.parametrize(
    ("change", "code"),
    [({"secret": "changed"}, "auth"), ({"permissions": ["GetInvoice"]}, "permission")],
)
def test_configuration_errors_are_told_apart_and_heal(
    shop: Shop, clock: SetClock, change: dict[str, object], code: str
) -> None:
    before = shop.sandbox.whmcs_settings()
    invoice = shop.new_invoice("15.99")
    order = paid_order(shop, invoice)
    shop.sandbox.whmcs_settings(**change)
    shop.work()

    delivery = shop.delivery(order)
    assert (delivery.status, delivery.code) == ("ready", code)
    assert delivery.way_out

    shop.sandbox.whmcs_settings(secret=before["secret"], permissions=None)
    clock.forward(minutes=5)
    shop.work()
    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]


def test_after_a_day_of_failures_it_is_parked_and_retry_works(shop: Shop, clock: SetClock) -> None:
    invoice = shop.new_invoice("15.99")
    order = paid_order(shop, invoice)
    shop.sandbox.faults("whmcs", "500", "*", times=None)
    for _ in range(30):
        shop.work()
        clock.forward(hours=1, minutes=15)
    delivery = shop.delivery(order)
    assert delivery.status == "parked"

    shop.sandbox.no_faults("whmcs")
    said = deciding.retry(delivery.pk, actor="ana", now=clock(), reason="WHMCS is back")
    shop.work()

    assert transid(order) in said
    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]
    event = AuditEvent.objects.get()
    assert (event.actor, event.verb, event.reason) == ("ana", "retry delivery", "WHMCS is back")


def test_retry_pressed_twice_and_after_delivery_books_nothing_more(
    shop: Shop, clock: SetClock
) -> None:
    invoice = shop.new_invoice("15.99")
    order = paid_order(shop, invoice)
    shop.work()
    delivery = shop.delivery(order)

    for _ in range(2):
        said = deciding.retry(delivery.pk, actor="ana", now=clock())
        shop.work()

    assert "already" in said
    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]


def test_retry_of_an_unknown_delivery_still_waits_for_the_quiet_period(
    shop: Shop, clock: SetClock
) -> None:
    invoice = shop.new_invoice("15.99")
    order = paid_order(shop, invoice)
    shop.sandbox.faults("whmcs", "lost_answer", "AddInvoicePayment")
    shop.work()

    deciding.retry(shop.delivery(order).pk, actor="ana", now=clock())
    shop.work()

    assert len(shop.sandbox.calls("AddInvoicePayment")) == 1
    assert shop.delivery(order).status == "unknown"


def test_invoice_paid_in_the_meantime_becomes_client_credit(shop: Shop) -> None:
    invoice = shop.new_invoice("15.99")
    order = paid_order(shop, invoice)
    shop.sandbox.post(f"/whmcs/_sandbox/invoices/{invoice}", {"status": "Paid"})

    shop.work()

    assert shop.delivery(order).status == "delivered"
    [client] = [c for c in shop.sandbox.whmcs()["clients"] if c["id"] == shop.client]
    assert client["credit"] == "15.99"


def test_invoice_paid_in_the_meantime_is_parked_where_the_merchant_wants_that(shop: Shop) -> None:
    shop.biller.when_paid = "park"
    shop.biller.save()
    invoice = shop.new_invoice("15.99")
    order = paid_order(shop, invoice)
    shop.sandbox.post(f"/whmcs/_sandbox/invoices/{invoice}", {"status": "Paid"})

    shop.work()

    delivery = shop.delivery(order)
    assert delivery.status == "parked"
    assert transid(order) in delivery.way_out


def test_cancelled_invoice_is_parked_and_healed_by_hand(shop: Shop, clock: SetClock) -> None:
    invoice = shop.new_invoice("15.99")
    order = paid_order(shop, invoice)
    shop.sandbox.post(f"/whmcs/_sandbox/invoices/{invoice}", {"status": "Cancelled"})
    shop.work()
    assert shop.delivery(order).status == "parked"
    assert "Unpaid" in shop.delivery(order).way_out

    shop.sandbox.post(f"/whmcs/_sandbox/invoices/{invoice}", {"status": "Unpaid"})
    deciding.retry(shop.delivery(order).pk, actor="ana", now=clock())
    shop.work()

    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]


def test_two_orders_of_one_invoice_are_both_booked_and_nothing_is_lost(shop: Shop) -> None:
    shop.speak("legacy", "form")
    invoice = shop.new_invoice("15.99")
    first = shop.pay(invoice)
    shop.sandbox.post(f"/whmcs/_sandbox/invoices/{invoice}", {"amount": "20.00"})
    second = shop.pay(invoice)
    for order in (first, second):
        shop.sandbox.act(order, "pay")

    shop.work()

    [client] = [c for c in shop.sandbox.whmcs()["clients"] if c["id"] == shop.client]
    booked = sorted(amount for _, amount in shop.sandbox.booked_on(invoice))
    assert booked == ["15.99", "20.00"]
    assert client["credit"] == "15.99"


def test_amount_is_always_sent_and_always_what_was_paid(shop: Shop) -> None:
    invoice = shop.new_invoice("15.99")
    paid_order(shop, invoice)
    shop.work()

    [call] = shop.sandbox.calls("AddInvoicePayment")
    assert call["params"]["amount"] == "15.99"


def test_every_send_was_written_down_and_looked_for_before(shop: Shop) -> None:
    invoice = shop.new_invoice("15.99")
    order = paid_order(shop, invoice)
    shop.work()

    kinds = list(shop.delivery(order).attempts.values_list("kind", "outcome"))
    assert kinds == [("look", "absent"), ("send", "done")]
    send = Attempt.objects.get(delivery=shop.delivery(order), kind="send")
    assert send.request["transid"] == transid(order)
    assert shop.biller.reveal("secret") not in str(send.request)


def test_delivered_is_read_back_after_an_hour_and_a_day(shop: Shop, clock: SetClock) -> None:
    order = paid_order(shop, shop.new_invoice("15.99"))
    shop.work()

    for hours in (2, 24):
        clock.forward(hours=hours)
        assert reconcile.read_back(clock=clock) == 1

    delivery = shop.delivery(order)
    assert (delivery.status, delivery.check_at) == ("delivered", None)


def test_double_in_whmcs_is_found_when_read_back(shop: Shop, clock: SetClock) -> None:
    invoice = shop.new_invoice("15.99")
    order = paid_order(shop, invoice)
    shop.work()
    from ledger.billing.base import BillRef
    from ledger.bills import connect

    ref = BillRef("invoice", invoice, str(shop.client), "spectrocoin")
    connect(shop.biller).book(transid(order), ref, order.due, mode="invoice", at=ports.system_now())

    clock.forward(hours=2)
    reconcile.read_back(clock=clock)

    delivery = shop.delivery(order)
    assert delivery.status == "parked"
    assert "2" in delivery.last_message


def test_success_without_effect_is_found_when_read_back(shop: Shop, clock: SetClock) -> None:
    invoice = shop.new_invoice("15.99")
    order = paid_order(shop, invoice)
    shop.sandbox.faults("whmcs", "success_without_effect", "AddInvoicePayment")
    shop.work()
    assert shop.delivery(order).status == "delivered"

    clock.forward(hours=2)
    reconcile.read_back(clock=clock)
    delivery = shop.delivery(order)
    assert delivery.status == "parked"

    deciding.retry(delivery.pk, actor="ana", now=clock())
    shop.work()
    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]


def test_paused_biller_is_told_nothing_until_it_goes_on(shop: Shop) -> None:
    invoice = shop.new_invoice("15.99")
    paid_order(shop, invoice)
    shop.biller.paused = True
    shop.biller.save()
    shop.work()
    assert shop.sandbox.booked_on(invoice) == []

    shop.biller.paused = False
    shop.biller.save()
    shop.work()
    assert len(shop.sandbox.booked_on(invoice)) == 1
