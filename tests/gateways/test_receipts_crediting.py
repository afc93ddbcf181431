"""Money that plugins and websites claim, booked by a person as the client's credit."""

import pytest

from gateways.models import Claim, Order, Receipt, VodafoneCashGateway
from gateways.orders.deciding import NotNow
from gateways.receipts import claiming, crediting, deciding
from ledger import ports
from ledger.models import Delivery, Payment
from ledger.money import Money
from tests.config.admin_world import superuser, url
from tests.gateways.test_receipts import an_order
from tests.gateways.wallet_rows import PAYER, a_receipt, a_store
from tests.ledger.rows import FakeBiller, a_biller

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(whmcs: FakeBiller) -> VodafoneCashGateway:
    return a_store(a_biller().merchant)


def checked(
    store: VodafoneCashGateway, client: str = "7", user_name: str = "7", hold: str = ""
) -> str:
    """The plugin asks for 100 pounds of the payer."""
    ask = claiming.Ask(
        source=Claim.Source.PLUGIN,
        amount=Money(10_000, "EGP"),
        phone=PAYER,
        client=client,
        user_name=user_name,
        hold=hold,
    )
    return claiming.claim(store, ask, ports.system_now).code


def credit(receipt: Receipt, client: str = "7") -> str:
    now = ports.system_now()
    return crediting.credit(receipt.pk, client, actor="ann", reason="she called", now=now)


@pytest.mark.parametrize(("kind", "client"), [("whmcs", "7"), ("website", "mona_22")])
def test_what_waits_in_review_becomes_the_clients_credit_once(
    store: VodafoneCashGateway, kind: str, client: str
) -> None:
    biller = store.merchant.biller
    if kind == "website":
        biller.kind, biller.identifier = kind, "plugin:2"
        biller.seal("secret", "its-key")
        biller.save()
    receipt = a_receipt(store, status="review")
    assert checked(store, client, "Mona (22)") == "not_found"
    assert crediting.likely_client(receipt) == client

    receipt = Receipt.objects.get()
    said = credit(receipt, client)

    assert "100.00 EGP is booked for claim-" in said
    payment = Payment.objects.get()
    assert (payment.bill.kind, payment.bill.client) == ("credit", client)
    assert (payment.credit, payment.received) == (Money(200, "USD"), Money(10_000, "EGP"))
    assert Delivery.objects.filter(payment=payment, kind="booking", status="ready").count() == 1
    assert Order.objects.get().status == "paid"
    # Whoever asked for it hears that it came.
    assert checked(store, client, "Mona (22)") == "matched"
    with pytest.raises(NotNow):
        credit(receipt, client)
    assert Payment.objects.count() == 1


def test_a_stranger_hears_nothing_of_what_a_person_booked(store: VodafoneCashGateway) -> None:
    credit(a_receipt(store))
    assert checked(store, user_name="Eve (7)", hold="Anti-spam: no key") == "not_found"


def test_what_went_to_an_invoice_answers_no_plugin(store: VodafoneCashGateway) -> None:
    """It would be taken for the payment of another invoice."""
    receipt, order = a_receipt(store), an_order(store)
    now = ports.system_now()
    deciding.match(receipt.pk, order.pk, actor="ann", reason="it is hers", now=now)
    assert checked(store, order.bill.client, "Ada (7)") == "not_found"


def test_it_can_be_undone_and_booked_for_another(store: VodafoneCashGateway) -> None:
    receipt = a_receipt(store)
    credit(receipt, "7")
    now = ports.system_now()
    deciding.undo(receipt.pk, actor="ann", reason="not his", now=now)
    assert "booked" in credit(receipt, "8")
    receipt.refresh_from_db()
    assert receipt.status == "matched"
    standing = Payment.objects.exclude(deliveries__code="withdrawn")
    assert [payment.bill.client for payment in standing] == ["8"]


@pytest.mark.parametrize(
    ("client", "change", "why"),
    [
        ("Mona (22)", "", "number of the client"),
        ("\u0667", "", "number of the client"),
        ("7", "euro", "counts in USD"),
        ("7", "dear", "is worth nothing"),
    ],
)
def test_what_cannot_be_booked_says_why_and_opens_nothing(
    store: VodafoneCashGateway, whmcs: FakeBiller, client: str, change: str, why: str
) -> None:
    receipt = a_receipt(store)
    if change == "euro":
        whmcs.state["credit_currency"] = "EUR"
    elif change == "dear":
        VodafoneCashGateway.objects.update(rate="100000.00")
    with pytest.raises(NotNow, match=why):
        credit(receipt, client)
    assert not Order.objects.exists()
    assert not Claim.objects.exists()
    receipt.refresh_from_db()
    assert receipt.status == "new"


def test_the_form_names_the_client_who_claimed_it(store: VodafoneCashGateway) -> None:
    receipt = a_receipt(store, status="review")
    checked(store, "42", "Mona (42)")
    page = superuser().get(url(Receipt, "act", receipt, "credit")).content.decode()
    assert 'value="42"' in page
    assert "from the same number" in page

    done = superuser().post(
        url(Receipt, "act", receipt, "credit"), {"client": " 42 ", "reason": "it is there"}
    )
    assert done.status_code == 302
    assert Payment.objects.get().bill.client == "42"
