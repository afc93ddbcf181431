"""The payer's pages: only the merchant's own form opens an order, and no page says too much."""

import hmac
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.test import Client

from gateways.models import Order
from gateways.orders.links import pay_token
from gateways.providers.base import Unavailable
from ledger import billing, ports
from ledger.billing.base import BillerError
from ledger.models import Bill, Biller, Merchant
from ledger.money import Money
from tests.gateways.rows import FakeProvider, an_order
from tests.ledger.rows import GONE, FakeBiller, a_biller, a_gateway, a_merchant

pytestmark = pytest.mark.django_db

SECRET = "the-signing-secret-of-this-shop"


@pytest.fixture
def merchant(whmcs: FakeBiller, provider: FakeProvider) -> Merchant:
    merchant = a_biller().merchant
    a_gateway(merchant)
    return merchant


def form(
    merchant: Merchant, *, secret: str = SECRET, provider: str = "spectrocoin", **changes: str
) -> dict[str, str]:
    """As the module signs it; `changes` are signed too."""
    issued = str(int(ports.system_now().timestamp()))
    fields = {"invoice": "42", "client": "7", "issued": issued, "lang": "en", **changes}
    parts = ("gatebook-checkout.v1", merchant.token, provider, *fields.values())
    digest = hmac.new(secret.encode(), "\n".join(parts).encode(), sha256).hexdigest()
    return {**fields, "signature": digest}


def press(client: Client, merchant: Merchant, fields: Any, **headers: str) -> Any:
    return client.post(f"/checkout/{merchant.token}/spectrocoin/", fields, headers=headers)


def hours_ago(hours: int, minutes: int = 0) -> str:
    moment = ports.system_now() - timedelta(hours=hours, minutes=minutes)
    return str(int(moment.timestamp()))


def refused(answer: Any, status: int, whmcs: FakeBiller) -> None:
    assert answer.status_code == status
    assert not Order.objects.exists()
    assert "book" not in whmcs.calls


# --- pressing Pay -----------------------------------------------------------------------------------
def test_signed_form_opens_the_order_and_leads_to_the_provider(
    client: Client, merchant: Merchant
) -> None:
    answer = press(client, merchant, form(merchant))
    order = Order.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, order.payment_url)
    assert (order.bill.reference, order.bill.client, order.due) == ("42", "7", Money(1599, "EUR"))


@pytest.mark.parametrize("name", ["invoice", "client", "issued", "lang", "signature"])
def test_every_field_comes_exactly_once(
    client: Client, merchant: Merchant, whmcs: FakeBiller, name: str
) -> None:
    whole = form(merchant)
    without = {key: value for key, value in whole.items() if key != name}
    refused(press(client, merchant, without), 400, whmcs)
    refused(press(client, merchant, {**whole, name: [whole[name], whole[name]]}), 400, whmcs)
    assert whmcs.calls == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("invoice", "0"),
        ("invoice", "042"),
        ("invoice", "-1"),
        ("invoice", "42\n"),
        ("invoice", "4 2"),
        ("invoice", "\u0664\u0662"),
        ("invoice", "1e3"),
        ("invoice", "9" * 19),
        ("invoice", "42 OR 1=1"),
        ("client", ""),
        ("client", "7.0"),
        ("issued", "NaN"),
        ("lang", "EN"),
        ("lang", "a" * 21),
        ("lang", "<b>"),
    ],
)
def test_field_out_of_shape_is_refused_even_if_it_is_signed(
    client: Client, merchant: Merchant, whmcs: FakeBiller, name: str, value: str
) -> None:
    refused(press(client, merchant, form(merchant, **{name: value})), 400, whmcs)
    assert whmcs.calls == []


@pytest.mark.parametrize("name", ["invoice", "client", "issued", "lang"])
def test_field_changed_after_signing_is_refused(
    client: Client, merchant: Merchant, whmcs: FakeBiller, name: str
) -> None:
    changed = {"invoice": "43", "client": "8", "issued": hours_ago(1), "lang": "ar"}[name]
    refused(press(client, merchant, {**form(merchant), name: changed}), 400, whmcs)
    assert whmcs.calls == []


@pytest.mark.parametrize(
    "signature", ["", "0" * 64, "é", "x" * 10_000], ids=["empty", "zeros", "accent", "long"]
)
def test_wrong_signature_is_refused(
    client: Client, merchant: Merchant, whmcs: FakeBiller, signature: str
) -> None:
    refused(press(client, merchant, {**form(merchant), "signature": signature}), 400, whmcs)


def test_form_for_another_merchant_or_provider_is_refused(
    client: Client, merchant: Merchant, whmcs: FakeBiller
) -> None:
    refused(press(client, merchant, form(a_merchant())), 400, whmcs)
    refused(press(client, merchant, form(merchant, provider="haveno")), 400, whmcs)
    elsewhere = f"/checkout/{merchant.token}/haveno/"
    refused(client.post(elsewhere, form(merchant)), 400, whmcs)


@pytest.mark.parametrize("secret", ["", " ", "changeme", "a" * 23])
def test_merchant_without_a_real_secret_takes_no_form_at_all(
    client: Client, merchant: Merchant, whmcs: FakeBiller, secret: str
) -> None:
    merchant.seal("signing_secret", secret)
    merchant.save()
    refused(press(client, merchant, form(merchant, secret=secret)), 400, whmcs)
    assert whmcs.calls == []


@pytest.mark.parametrize(
    ("issued", "status"),
    [((23, 59), 303), ((24, 1), 410), ((0, -4), 303), ((0, -6), 410), ((24 * 365, 0), 410)],
)
def test_form_is_good_for_a_day(
    client: Client, merchant: Merchant, issued: tuple[int, int], status: int
) -> None:
    answer = press(client, merchant, form(merchant, issued=hours_ago(*issued)))
    assert answer.status_code == status
    assert Order.objects.exists() == (status == 303)


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_form_is_posted(client: Client, merchant: Merchant, method: str) -> None:
    path = f"/checkout/{merchant.token}/spectrocoin/"
    assert getattr(client, method)(path).status_code == 405


def test_merchant_that_is_off_is_not_there(
    client: Client, merchant: Merchant, whmcs: FakeBiller
) -> None:
    Merchant.objects.update(active=False)
    refused(press(client, merchant, form(merchant)), 404, whmcs)


# --- what can stand in the way -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        ({"status": "paid"}, 409, "This invoice is paid"),
        ({"status": "cancelled"}, 409, "This invoice cannot be paid"),
        ({"client": "8"}, 400, "This payment link is not valid"),
        ({"balance": Money(0, "EUR")}, 409, "This invoice is paid"),
        ({"balance": Money(1599, "XAU")}, 409, "This way to pay is not available"),
    ],
    ids=str,
)
def test_invoice_that_cannot_be_paid_is_said_calmly(
    client: Client,
    merchant: Merchant,
    whmcs: FakeBiller,
    state: dict[str, Any],
    status: int,
    words: str,
) -> None:
    whmcs.state.update(state)
    answer = press(client, merchant, form(merchant))
    refused(answer, status, whmcs)
    assert words in answer.content.decode()


@pytest.mark.parametrize(
    "error", [GONE, BillerError("ip", "Invalid IP 203.0.113.9", "Add it under API IP Access.")]
)
def test_trouble_with_whmcs_is_told_to_the_merchant_and_not_to_the_payer(
    client: Client,
    merchant: Merchant,
    whmcs: FakeBiller,
    caplog: pytest.LogCaptureFixture,
    error: BillerError,
) -> None:
    whmcs.reads.append(error)
    answer = press(client, merchant, form(merchant))
    refused(answer, 503, whmcs)
    page = answer.content.decode()
    assert "Nothing was charged" in page
    assert str(error) not in page
    assert str(error) in caplog.text
    assert SECRET not in caplog.text


def test_provider_that_is_off_for_new_orders_is_said_calmly(
    client: Client, merchant: Merchant, whmcs: FakeBiller
) -> None:
    merchant.gateways.update(enabled=False)
    refused(press(client, merchant, form(merchant)), 409, whmcs)


def test_provider_that_is_away_leaves_a_page_to_try_again_from(
    client: Client, merchant: Merchant, provider: FakeProvider
) -> None:
    provider.opens.append(Unavailable("no answer from api-3.internal"))
    answer = press(client, merchant, form(merchant))
    order = Order.objects.get()
    assert answer.headers["Location"].endswith(f"/pay/{pay_token(order)}/")
    page = client.get(f"/pay/{pay_token(order)}/").content.decode()
    assert "The payment could not be started" in page
    assert "api-3" not in page


def test_url_of_whmcs_that_cannot_be_is_no_error_page(
    client: Client, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(billing.BILLERS, "whmcs", "ledger.billing.whmcs.Whmcs")
    Biller.objects.update(url="http://billing.example.com")
    assert press(client, merchant, form(merchant)).status_code == 503


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-host": "evil.example"},
        {"x-forwarded-proto": "http", "forwarded": "host=evil.example"},
        {"host": "localhost"},
        {"origin": "https://evil.example", "referer": "https://evil.example/"},
    ],
    ids=str,
)
def test_links_come_from_our_settings_whatever_a_request_claims(
    client: Client, merchant: Merchant, provider: FakeProvider, headers: dict[str, str]
) -> None:
    press(client, merchant, form(merchant), **headers)
    [request] = provider.asked_for
    for url in (request.callback_url, request.success_url, request.failure_url):
        assert url.startswith("http://127.0.0.1:8000/")


# --- the order page ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("pending", "Your payment was seen"),
        ("review", "A person will look at your payment"),
        ("expired", "The time for this payment ran out"),
        ("refunded", "The payment was returned"),
        ("failed", "This payment was not completed"),
        ("test", "This payment was not completed"),
    ],
)
def test_order_page_says_where_it_stands_and_nothing_of_the_merchants_own(
    client: Client, status: str, words: str
) -> None:
    other = an_order()
    order = an_order(
        status=status,
        attention="canary-attention",
        open_error="canary-error",
        provider_reference="canary-provider",
        provider_status="canary-status",
    )
    page = client.get(f"/pay/{pay_token(order)}/").content.decode()
    assert words in page
    assert "15.99 EUR" in page
    gateway = order.gateway
    for hidden in (
        "canary", order.reference, order.token_nonce, order.token_digest, gateway.token,
        gateway.name, order.merchant.token, other.reference, other.bill.reference,
        other.merchant.name,
    ):  # fmt: skip
        assert hidden not in page, hidden


@pytest.mark.parametrize("outcome", ["done", "cancelled"])
def test_coming_back_proves_nothing_and_leads_to_the_invoice(client: Client, outcome: str) -> None:
    order = an_order()
    answer = client.get(f"/pay/{pay_token(order)}/{outcome}/?next=https://evil.example&status=3")
    order.refresh_from_db()
    assert answer.headers["Location"] == (
        f"https://billing.example.com/viewinvoice.php?id={order.bill.reference}"
    )
    assert order.status == "new"


def test_every_digit_of_a_link_matters(client: Client) -> None:
    order = an_order(status="expired")
    token = pay_token(order)
    assert client.get(f"/pay/{token}/").status_code == 200
    for index in range(len(token)):
        changed = "A" if token[index] != "A" else "B"
        guess = token[:index] + changed + token[index + 1 :]
        assert client.get(f"/pay/{guess}/").status_code == 404, guess


def test_arabic_payer_reads_from_the_right(client: Client) -> None:
    page = client.get(f"/pay/{pay_token(an_order(status='expired', language='arabic'))}/")
    assert 'dir="rtl"' in page.content.decode()


def test_markup_in_a_name_stays_text(client: Client) -> None:
    order = an_order(status="expired")
    Merchant.objects.update(name="<script>alert(1)</script>")
    Bill.objects.update(number='"><img src=x onerror=alert(1)>')
    page = client.get(f"/pay/{pay_token(order)}/").content.decode()
    assert "<script" not in page
    assert "<img" not in page
