"""The WHMCS module's signed claim: it quotes, takes the claim once, and tells how it stands."""

import hmac
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.test import Client

from gateways.compat import claims
from gateways.limits import Limit
from gateways.models import Claim, Order, Receipt, VodafoneCashGateway, Wallet
from gateways.orders import deciding
from gateways.providers.vodafonecash.upstream import UpstreamAnswer
from gateways.receipts import claiming
from ledger import ports
from ledger.billing.base import BillState
from ledger.models import Merchant, Payment
from ledger.money import Money
from tests.gateways.wallet_rows import PAYER, WALLET, a_receipt, a_store
from tests.ledger.rows import GONE, FakeBiller, a_biller

pytestmark = pytest.mark.django_db

SECRET = "the-signing-secret-of-this-shop"
DUE = Money(1599, "USD")
NAMES = ("invoice", "client", "issued", "lang", "phone", "reference", "name")


@pytest.fixture
def merchant(whmcs: FakeBiller) -> Merchant:
    whmcs.state["balance"] = DUE
    return a_biller().merchant


@pytest.fixture
def store(merchant: Merchant) -> VodafoneCashGateway:
    return a_store(merchant)


def form(merchant: Merchant, *, secret: str = SECRET, **changes: str) -> dict[str, str]:
    """As the module signs it; `changes` are signed too."""
    fields = dict.fromkeys(NAMES, "")
    issued = str(ports.unix_seconds(ports.system_now()))
    fields |= {"invoice": "42", "client": "7", "issued": issued, "lang": "en", **changes}
    message = "\n".join(("gatebook-claim.v1", merchant.token, *(fields[name] for name in NAMES)))
    return {**fields, "signature": hmac.new(secret.encode(), message.encode(), sha256).hexdigest()}


def post(client: Client, merchant: Merchant, fields: Any) -> Any:
    return client.post(f"/claims/{merchant.token}/", fields)


def claim(client: Client, store: VodafoneCashGateway, **changes: str) -> Any:
    answer = post(client, store.merchant, form(store.merchant, **{"phone": PAYER, **changes}))
    assert answer.status_code == 200
    return answer.json()


# --- the quote --------------------------------------------------------------------------------------
def test_without_a_phone_it_tells_what_to_send_where(
    client: Client, store: VodafoneCashGateway
) -> None:
    said = claim(client, store, phone="")

    order = Order.objects.get()
    assert said.pop("message").startswith("Send the amount")
    assert order.valid_until
    assert said == {
        "status": False,
        "code": "waiting",
        "amount": "800.00",
        "currency": "EGP",
        "due": "15.99 USD",
        "rate": "50.00",
        "pay_to": WALLET,
        "expires": ports.unix_seconds(order.valid_until),
        "transaction_id": "",
    }
    assert not Claim.objects.exists()


def test_looking_again_keeps_the_order_and_its_price(
    client: Client, store: VodafoneCashGateway
) -> None:
    first = claim(client, store, phone="")
    VodafoneCashGateway.objects.update(rate="60.00")

    assert claim(client, store, phone="") == first
    assert Order.objects.count() == 1


@pytest.mark.parametrize("lang", ["ar", "arabic"])
def test_the_sentence_is_arabic_for_an_arabic_client(
    client: Client, store: VodafoneCashGateway, lang: str
) -> None:
    assert claim(client, store, phone="", lang=lang)["message"].startswith("أرسل")


# --- the claim --------------------------------------------------------------------------------------
def test_money_that_came_already_pays_the_invoice_once(
    client: Client, store: VodafoneCashGateway
) -> None:
    receipt = a_receipt(store, "800.00")

    said = claim(client, store)

    assert (said["status"], said["code"]) == (True, "matched")
    assert said["transaction_id"] == f"VFC-{receipt.transaction_id}"
    (payment,) = Payment.objects.all()
    assert payment.credit >= DUE
    again = claim(client, store)
    assert (again["code"], again["transaction_id"]) == ("matched", said["transaction_id"])
    assert Payment.objects.count() == 1


def test_money_that_has_not_come_is_looked_for_live(
    client: Client, store: VodafoneCashGateway
) -> None:
    first = claim(client, store)
    again = claim(client, store)

    assert (first["status"], first["code"]) == (False, "not_found")
    assert first["message"].startswith("Not found yet")
    assert again == first
    assert Claim.objects.get().status == Claim.Status.OPEN
    assert Claim.objects.get().source == Claim.Source.MODULE


def test_a_pound_does_not_pay_the_invoice(client: Client, store: VodafoneCashGateway) -> None:
    a_receipt(store, "1.00")

    assert claim(client, store)["code"] == "not_found"
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    ("came", "code"),
    [
        ({}, "review"),
        ({"status": "dismissed"}, "not_found"),
        ({"payer_phone": "01099999999"}, "not_found"),
        ({"trusted": False}, "not_found"),
    ],
    ids=["his own", "dismissed", "another's", "forged"],
)
def test_what_waits_for_a_person_is_not_called_missing(
    client: Client, store: VodafoneCashGateway, came: dict[str, Any], code: str
) -> None:
    claim(client, store)
    a_receipt(store, "900.00", **{"status": "review", **came})

    assert claim(client, store)["code"] == code
    # The form stays: a number that he mistyped can be corrected.
    assert claim(client, store, phone="")["code"] == "waiting"


def test_a_reference_typed_by_the_payer_finds_money_that_hides_the_phone(
    client: Client, store: VodafoneCashGateway
) -> None:
    receipt = a_receipt(store, "800.00", payer_phone="", wallet_kind="instapay")

    said = claim(client, store, phone="", reference=receipt.transaction_id)

    assert said["code"] == "matched"


def test_what_waits_for_a_person_stays_held_and_asks_for_nothing_more(
    client: Client, store: VodafoneCashGateway
) -> None:
    store.hold_first = True
    store.save()
    a_receipt(store, "800.00")

    assert [claim(client, store)["code"] for _ in range(2)] == ["hold", "hold"]
    assert claim(client, store, phone="")["code"] == "hold"
    order = Order.objects.get()
    deciding.approve(
        order.pk, credit=order.due, actor="staff", reason="known", now=ports.system_now()
    )

    said = claim(client, store)
    assert (said["status"], said["code"], Payment.objects.count()) == (True, "matched", 1)


@pytest.mark.parametrize("phone", ["12345", "01312345678", "+49 170 1234567"])
def test_a_phone_that_is_none_is_told_as_such(
    client: Client, store: VodafoneCashGateway, phone: str
) -> None:
    said = claim(client, store, phone=phone)
    assert (said["status"], said["code"], said["amount"]) == (False, "invalid", "800.00")
    assert "eleven digits" in said["message"]


# --- what cannot be paid ------------------------------------------------------------------------------
def test_a_paid_invoice_says_so(
    client: Client, store: VodafoneCashGateway, whmcs: FakeBiller
) -> None:
    whmcs.reads.append(BillState("42", "7", "paid", Money(0, "USD"), DUE))
    said = claim(client, store)
    assert (said["status"], said["code"], said["amount"]) == (True, "paid", "")


def test_a_silent_whmcs_is_unavailable_and_shows_nothing_of_it(
    client: Client, store: VodafoneCashGateway, whmcs: FakeBiller
) -> None:
    whmcs.reads.append(BillState("42", "7", "cancelled", DUE, DUE))
    assert claim(client, store)["code"] == "not_available"
    whmcs.reads.append(GONE)
    said = claim(client, store)
    assert said["code"] == "unavailable"
    assert str(GONE) not in said["message"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("disabled", "not_available"),
        ("euro", "not_available"),
        ("no wallet", "unavailable"),
        ("no rate", "unavailable"),
    ],
)
def test_a_store_that_cannot_take_it_says_whether_to_wait(
    client: Client, store: VodafoneCashGateway, whmcs: FakeBiller, change: str, code: str
) -> None:
    if change == "disabled":
        VodafoneCashGateway.objects.update(enabled=False)
    elif change == "no wallet":
        Wallet.objects.update(active=False)
    elif change == "no rate":
        VodafoneCashGateway.objects.update(rate="")
    else:
        whmcs.state["balance"] = Money(1599, "EUR")

    said = claim(client, store)

    assert (said["status"], said["code"], said["pay_to"]) == (False, code, "")
    assert not Claim.objects.exists()


def test_another_clients_invoice_is_refused(
    client: Client, store: VodafoneCashGateway, whmcs: FakeBiller
) -> None:
    fields = form(store.merchant, phone=PAYER, client="8")
    answer = post(client, store.merchant, fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not Order.objects.exists()


# --- who may --------------------------------------------------------------------------------------
def refused(answer: Any, whmcs: FakeBiller, status: int = 400) -> None:
    assert answer.status_code == status
    assert answer.json()["status"] is False
    assert answer.json()["code"] == "invalid"
    assert whmcs.calls == []
    assert not Order.objects.exists()


@pytest.mark.parametrize("name", [*NAMES, "signature"])
def test_every_field_comes_once_and_as_it_was_signed(
    client: Client, store: VodafoneCashGateway, whmcs: FakeBiller, name: str
) -> None:
    whole = form(store.merchant, phone=PAYER)
    other = {"issued": str(int(whole["issued"]) - 1), "invoice": "43", "client": "8", "lang": "ar"}
    changed = {**whole, name: other.get(name, "01112345678")}
    without = {key: value for key, value in whole.items() if key != name}

    refused(post(client, store.merchant, changed), whmcs)
    refused(post(client, store.merchant, without), whmcs)
    if name != "signature":
        refused(post(client, store.merchant, {**whole, name: [whole[name]] * 2}), whmcs)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("invoice", "0"),
        ("invoice", "42\n"),
        ("invoice", "٤٢"),
        ("client", ""),
        ("issued", "1e9"),
        ("lang", "EN"),
        ("phone", "0" * 41),
        ("phone", f"{PAYER}\n"),
        ("reference", "x" * 41),
        ("name", "x" * 121),
        ("name", "Mona\nAdel"),
    ],
)
def test_a_field_out_of_shape_is_refused_even_if_it_is_signed(
    client: Client, store: VodafoneCashGateway, whmcs: FakeBiller, name: str, value: str
) -> None:
    refused(post(client, store.merchant, form(store.merchant, **{name: value})), whmcs)


@pytest.mark.parametrize("seconds", [-16 * 60, 6 * 60])
def test_a_form_signed_at_another_time_is_refused(
    client: Client, store: VodafoneCashGateway, whmcs: FakeBiller, seconds: int
) -> None:
    moment = ports.system_now() + timedelta(seconds=seconds)
    fields = form(store.merchant, issued=str(ports.unix_seconds(moment)))
    refused(post(client, store.merchant, fields), whmcs)


@pytest.mark.parametrize("secret", ["", "another-secret-of-the-same-length"])
def test_another_secret_signs_nothing(
    client: Client, store: VodafoneCashGateway, whmcs: FakeBiller, secret: str
) -> None:
    refused(post(client, store.merchant, form(store.merchant, secret=secret)), whmcs)


def test_a_merchant_without_a_secret_is_claimed_by_nobody(
    client: Client, store: VodafoneCashGateway, whmcs: FakeBiller
) -> None:
    store.merchant.seal("signing_secret", "")
    store.merchant.save()
    refused(post(client, store.merchant, form(store.merchant, secret="")), whmcs)


def test_an_unknown_merchant_and_one_that_is_off_are_404(
    client: Client, store: VodafoneCashGateway, whmcs: FakeBiller
) -> None:
    refused(client.post("/claims/nobody/", form(store.merchant)), whmcs, 404)
    Merchant.objects.update(active=False)
    refused(post(client, store.merchant, form(store.merchant)), whmcs, 404)


def test_only_posting_claims(client: Client, store: VodafoneCashGateway) -> None:
    for method in ("get", "head", "put", "delete"):
        assert getattr(client, method)(f"/claims/{store.merchant.token}/").status_code == 405


def test_one_invoice_is_not_asked_about_without_end(
    client: Client, store: VodafoneCashGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "INVOICES", Limit("invoices", 2, when_down=True))
    now = ports.system_now()
    monkeypatch.setattr("gateways.compat.claims.ports.system_now", lambda: now)

    seen = [post(client, store.merchant, form(store.merchant)).status_code for _ in range(3)]

    assert seen == [200, 200, 429]
    assert post(client, store.merchant, form(store.merchant, invoice="43")).status_code == 200


def test_nobody_elses_receipt_is_taken(client: Client, store: VodafoneCashGateway) -> None:
    receipt = a_receipt(store, "800.00")
    claim(client, store)

    said = claim(client, store, invoice="43", reference=receipt.transaction_id)

    assert (said["status"], said["code"]) == (False, "not_found")
    assert Payment.objects.count() == 1
    assert Receipt.objects.get().status == Receipt.Status.MATCHED


# --- what WHMCS can keep ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("due", "rate", "booked"),
    [
        (Money(5120, "KWD"), "161.30", Money(5120, "KWD")),
        (Money(15_990_000, "USDT"), "48.75", Money(16_000_000, "USDT")),
        (Money(10_000, "JOD"), "70.55", Money(10_000, "JOD")),
    ],
    ids=lambda each: str(each),
)
def test_no_more_decimals_are_booked_than_whmcs_keeps(
    client: Client,
    whmcs: FakeBiller,
    store: VodafoneCashGateway,
    due: Money,
    rate: str,
    booked: Money,
) -> None:
    """10.007 JOD would be refused for ever: AddInvoicePayment takes hundredths, whatever the currency."""
    VodafoneCashGateway.objects.update(store_currency=due.currency, rate=rate)
    whmcs.state["balance"] = due
    store.refresh_from_db()
    a_receipt(store, claim(client, store, phone="")["amount"])

    assert claim(client, store)["code"] == "matched"
    assert Payment.objects.get().credit == booked


# --- with an account at vodafoncash.com ---------------------------------------------------------------
@pytest.mark.parametrize(("there", "told"), [("matched", "on_its_way"), ("hold", "hold")])
def test_what_the_platform_found_or_holds_is_not_asked_for_again(
    client: Client,
    store: VodafoneCashGateway,
    monkeypatch: pytest.MonkeyPatch,
    there: str,
    told: str,
) -> None:
    """Its report is awaited, or a person there: "not found" would make payers send it twice."""
    VodafoneCashGateway.objects.update(mode="upstream")
    store.refresh_from_db()
    monkeypatch.setattr(claiming, "check", lambda *_, **__: UpstreamAnswer(there))

    assert claim(client, store)["code"] == told
    assert claim(client, store)["code"] == told
    assert claim(client, store, phone="")["code"] == told
