"""From the WHMCS invoice to SpectroCoin: the form, what is really due, and the way back."""

import time

import pytest
import requests

from gateways.management.commands.seed_demo import new_private_key
from gateways.models import Order
from gateways.providers.spectrocoin import public_half
from ledger.models import Bill
from tests.world import Shop


def test_pay_button_leads_to_the_payment_page_for_what_whmcs_says_is_due(shop: Shop) -> None:
    invoice = shop.new_invoice("49.90")

    order = shop.pay(invoice)

    [theirs] = shop.sandbox.spectrocoin_orders()
    assert theirs["orderId"] == order.reference
    assert (theirs["receiveAmount"], theirs["receiveCurrencyCode"]) == ("49.9", "EUR")
    assert str(order.due) == "49.90 EUR"


def test_pressing_pay_again_reuses_the_open_order(shop: Shop) -> None:
    invoice = shop.new_invoice("15.99")

    assert shop.pay(invoice) == shop.pay(invoice)

    assert len(shop.sandbox.spectrocoin_orders()) == 1


def test_changed_amount_opens_a_new_order_for_the_new_amount(shop: Shop) -> None:
    invoice = shop.new_invoice("15.99")
    first = shop.pay(invoice)
    shop.sandbox.post(f"/whmcs/_sandbox/invoices/{invoice}", {"amount": "20.00"})

    second = shop.pay(invoice)

    assert (str(first.due), str(second.due)) == ("15.99 EUR", "20.00 EUR")


def test_old_order_of_a_changed_invoice_pays_part_of_it(shop: Shop) -> None:
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)
    shop.sandbox.post(f"/whmcs/_sandbox/invoices/{invoice}", {"amount": "20.00"})

    shop.sandbox.act(order, "pay")
    shop.work()

    assert shop.sandbox.invoice(invoice)["balance"] == "4.01"
    assert str(shop.pay(invoice).due) == "4.01 EUR"


@pytest.mark.parametrize(
    ("field", "value"),
    [("invoice", "1"), ("client", "1"), ("lang", "ar"), ("signature", "0" * 64)],
)
def test_tampered_form_opens_nothing(shop: Shop, field: str, value: str) -> None:
    fields = shop.form(shop.new_invoice("15.99"), {field: value})

    answer = shop.press(fields)

    assert answer.status_code == 400
    assert Order.objects.count() == 0
    assert shop.sandbox.calls("GetInvoice") == []


def test_form_signed_for_an_invoice_of_another_client_opens_nothing(shop: Shop) -> None:
    theirs = shop.new_invoice("15.99", client=shop.new_client("EUR"))

    answer = shop.press(shop.form(theirs))

    assert answer.status_code == 400
    assert Order.objects.count() == 0


@pytest.mark.parametrize(("age", "status"), [(25 * 3600, 410), (-600, 410), (23 * 3600, 303)])
def test_age_of_the_form_is_checked(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, age: int, status: int
) -> None:
    invoice = shop.new_invoice("15.99")
    now = time.time()
    with monkeypatch.context() as earlier:
        earlier.setattr("tests.world.time.time", lambda: now - age)
        fields = shop.form(invoice)

    answer = shop.press(fields)

    assert answer.status_code == status
    if status == 410:
        assert f"{shop.biller.url}/viewinvoice.php?id={invoice}" in answer.text


def test_repeated_form_field_is_refused(shop: Shop) -> None:
    fields = shop.form(shop.new_invoice("15.99"))
    url = f"{shop.console}/checkout/{shop.merchant.token}/spectrocoin/"

    answer = requests.post(url, data=[*fields.items(), ("invoice", "1")], timeout=10)

    assert answer.status_code == 400


@pytest.mark.parametrize("state", ["Paid", "Cancelled", "Refunded", "Draft"])
def test_invoice_that_wants_no_money_gets_a_calm_page(shop: Shop, state: str) -> None:
    invoice = shop.new_invoice("15.99")
    shop.sandbox.post(f"/whmcs/_sandbox/invoices/{invoice}", {"status": state})

    answer = shop.press(shop.form(invoice))

    assert answer.status_code == 409
    assert f"viewinvoice.php?id={invoice}" in answer.text
    assert shop.sandbox.spectrocoin_orders() == []


def test_paid_but_not_yet_told_to_whmcs_is_not_asked_for_twice(shop: Shop) -> None:
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)
    shop.sandbox.faults("whmcs", "503", "GetTransactions", times=None)
    shop.sandbox.act(order, "pay")
    shop.work()

    answer = shop.press(shop.form(invoice))

    assert answer.status_code == 409
    assert "do not need to pay again" in answer.text


def test_invoice_in_a_currency_that_is_not_accepted_gets_a_calm_page(shop: Shop) -> None:
    shop.gateway.accepted_currencies = "USD"
    shop.gateway.save()

    answer = shop.press(shop.form(shop.new_invoice("15.99")))

    assert answer.status_code == 409
    assert shop.sandbox.spectrocoin_orders() == []


def test_switched_off_gateway_opens_nothing(shop: Shop) -> None:
    shop.gateway.enabled = False
    shop.gateway.save()

    assert shop.press(shop.form(shop.new_invoice("15.99"))).status_code == 409


def test_whmcs_down_is_a_calm_page_without_internals(shop: Shop) -> None:
    invoice = shop.new_invoice("15.99")
    shop.sandbox.faults("whmcs", "500", "GetInvoice")

    answer = shop.press(shop.form(invoice))

    assert answer.status_code == 503
    assert "Nothing was charged" in answer.text
    assert "GetInvoice" not in answer.text


def test_refused_order_is_a_calm_page_for_the_payer_and_the_reason_for_the_merchant(
    shop: Shop,
) -> None:
    shop.speak("legacy", "form")
    other = public_half(new_private_key())
    shop.sandbox.post("/spectrocoin/_sandbox/settings", {"merchant_public_key": other})

    answer = shop.press(shop.form(shop.new_invoice("15.99")))
    page = requests.get(answer.headers["Location"], timeout=10)

    assert page.status_code == 200
    assert "Nothing was charged" in page.text or "not completed" in page.text
    order = Order.objects.get()
    assert order.open_error not in page.text
    assert "2" in order.open_error
    assert "key" in order.attention.lower()


def test_answer_lost_at_order_creation_ends_in_one_usable_order(shop: Shop) -> None:
    shop.speak("current", "json")
    invoice = shop.new_invoice("15.99")
    shop.sandbox.faults("spectrocoin", "lost_answer", "create")
    shop.press(shop.form(invoice))

    order = shop.pay(invoice)
    shop.sandbox.act(order, "pay")
    shop.work()

    assert shop.sandbox.booked_on(invoice) == [(f"SC-{order.reference}", "15.99")]


@pytest.mark.parametrize("outcome", ["done", "cancelled"])
def test_coming_back_proves_nothing_and_changes_nothing(shop: Shop, outcome: str) -> None:
    invoice = shop.new_invoice("15.99")
    order = shop.pay(invoice)
    [theirs] = shop.sandbox.spectrocoin_orders()
    url = theirs["successUrl" if outcome == "done" else "failureUrl"]

    answer = requests.get(
        url,
        params={"status": "paid", "next": "https://evil.example"},
        allow_redirects=False,
        timeout=10,
    )

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{shop.biller.url}/viewinvoice.php?id={invoice}"
    assert "Set-Cookie" not in answer.headers
    order.refresh_from_db()
    assert order.status == "new"


def test_wrong_and_absent_links_answer_alike(shop: Shop) -> None:
    shop.pay(shop.new_invoice("15.99"))

    answers = [
        requests.get(f"{shop.console}{path}", timeout=10)
        for path in ("/pay/AAAAAAAAAAAAAAAAAAAAAA/", "/pay/x/done/", "/checkout/x/spectrocoin/")
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 405]


def test_host_header_does_not_reach_the_urls_given_to_the_provider(shop: Shop) -> None:
    fields = shop.form(shop.new_invoice("15.99"))
    url = f"{shop.console}/checkout/{shop.merchant.token}/spectrocoin/"
    requests.post(
        url,
        data=fields,
        headers={"X-Forwarded-Host": "evil.example"},
        timeout=10,
        allow_redirects=False,
    )

    [theirs] = shop.sandbox.spectrocoin_orders()
    assert theirs["callbackUrl"].startswith(shop.console)
    assert theirs["successUrl"].startswith(shop.console)


def test_link_token_is_not_in_the_database(shop: Shop) -> None:
    shop.pay(shop.new_invoice("15.99"))
    [theirs] = shop.sandbox.spectrocoin_orders()
    token = theirs["successUrl"].rstrip("/").split("/")[-2]

    row = Order.objects.values().get()

    assert len(token) == 22
    assert token not in str(row)


def test_bill_remembers_what_whmcs_said(shop: Shop) -> None:
    invoice = shop.new_invoice("15.99")
    shop.pay(invoice)

    bill = Bill.objects.get()

    assert (bill.reference, str(bill.due), bill.client) == (invoice, "15.99 EUR", str(shop.client))


def test_calm_page_speaks_arabic_from_right_to_left(shop: Shop) -> None:
    invoice = shop.new_invoice("15.99")
    shop.sandbox.post(f"/whmcs/_sandbox/invoices/{invoice}", {"status": "Paid"})

    page = shop.press(shop.form(invoice, lang="arabic"))

    assert '<html lang="ar" dir="rtl">' in page.text
    assert "هذه الفاتورة مدفوعة" in page.text
