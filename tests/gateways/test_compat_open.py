"""A store that is open to plugins without its key: strangers wait for a person, and nobody for them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from gateways.models import Claim, Order, Receipt, VodafoneCashGateway
from gateways.orders import deciding as orders
from gateways.receipts import claiming, deciding, joining
from ledger import ports
from ledger.models import Bill, Payment
from ledger.money import Money
from tests.gateways.test_compat_check import ask
from tests.gateways.test_receipts import an_order, claimed
from tests.gateways.wallet_rows import PAYER, a_receipt, a_store
from tests.ledger.rows import FakeBiller, a_biller

pytestmark = pytest.mark.django_db

Commits = Callable[..., Any]
NEW = Receipt.Status.NEW
DECIDED = {"actor": "ann", "reason": "asked him"}


@pytest.fixture
def store(whmcs: FakeBiller) -> VodafoneCashGateway:
    return a_store(a_biller().merchant, legacy_open=True)


def stranger(client: Client, store: VodafoneCashGateway, number: int = 66, **changes: Any) -> str:
    """Names the payer's phone and a customer of his own; the code of the answer."""
    own = {"client_id": f"{number}", "user_name": f"Stranger ({number})", **changes}
    answer = ask(client, store, key="", **own)
    assert answer.status_code == 200
    return str(answer.json()["code"])


def order_of(number: int = 66) -> Order:
    return Order.objects.get(bill__client=str(number))


def approve(order: Order) -> str:
    return orders.approve(order.pk, credit=order.due, now=ports.system_now(), **DECIDED)


def refuse(order: Order) -> str:
    return orders.refuse(order.pk, now=ports.system_now(), **DECIDED)


def status(receipt: Receipt) -> str:
    receipt.refresh_from_db()
    return receipt.status


def lost(order: Order) -> str:
    """What its attention says once the sweep has passed; a person can do nothing but refuse it."""
    claiming.expire(ports.system_now())
    order.refresh_from_db()
    with pytest.raises(orders.NotNow) as refusal:
        approve(order)
    assert order.attention.removeprefix(joining.ANTI_SPAM).strip() in str(refusal.value)
    return order.attention


# --- what a stranger gets -------------------------------------------------------------------------
def test_a_strangers_claim_is_held_and_leaves_the_receipt_free(
    client: Client, store: VodafoneCashGateway
) -> None:
    receipt = a_receipt(store)

    assert [stranger(client, store) for _ in range(3)] == ["hold"] * 3

    claim, order = Claim.objects.get(), order_of()
    assert (claim.status, claim.receipt, claim.booked_from) == ("held", None, receipt)
    assert (order.status, order.provider_reference) == (Order.Status.REVIEW, "")
    assert status(receipt) == NEW
    assert not Payment.objects.exists()


def test_who_looks_at_the_receipt_sees_the_orders_that_are_held_for_it(
    client: Client, store: VodafoneCashGateway
) -> None:
    receipt = a_receipt(store)
    assert [stranger(client, store, number) for number in (66, 67)] == ["hold", "hold"]

    (first, why), (second, _) = deciding.candidates_for(receipt)

    assert (first, second) == (order_of(66), order_of(67))
    assert "without the store's key" in why


# --- whoever shows more ---------------------------------------------------------------------------
def by_key(client: Client, store: VodafoneCashGateway) -> str:
    return str(ask(client, store).json()["code"])


def by_page(client: Client, store: VodafoneCashGateway) -> str:
    return claimed(store, an_order(store, "2.00"))


def as_the_same_customer(client: Client, store: VodafoneCashGateway) -> str:
    answer = ask(client, store, client_id="66", user_name="Stranger (66)")
    return str(answer.json()["code"])


@pytest.mark.parametrize("genuine", [by_key, by_page, as_the_same_customer])
def test_the_payer_gets_the_money_that_strangers_are_held_for(
    client: Client,
    store: VodafoneCashGateway,
    genuine: Callable[[Client, VodafoneCashGateway], str],
) -> None:
    receipt = a_receipt(store)
    for number in (66, 67):
        stranger(client, store, number)
    held = list(Order.objects.order_by("pk"))

    assert genuine(client, store) == "matched"

    payment = Payment.objects.get()
    assert status(receipt) == Receipt.Status.MATCHED
    paid = Order.objects.get(payment=payment)
    assert paid not in held
    assert [paid.reference in lost(order) for order in held] == [True, True]
    assert {order.received_units for order in Order.objects.exclude(pk=paid.pk)} == {None}


def test_the_order_says_so_at_once_and_the_stranger_hears_nothing_of_it(
    client: Client, store: VodafoneCashGateway, django_capture_on_commit_callbacks: Commits
) -> None:
    a_receipt(store)
    assert stranger(client, store) == "hold"
    with django_capture_on_commit_callbacks(execute=True):
        assert by_key(client, store) == "matched"

    assert "was used for" in order_of().attention
    assert stranger(client, store) == "hold"
    refuse(order_of())
    assert stranger(client, store) == "not_found"
    assert Payment.objects.count() == 1


def test_money_that_comes_for_an_open_order_is_not_kept_from_it(
    client: Client, store: VodafoneCashGateway
) -> None:
    """The payer was first; strangers find nothing."""
    order = an_order(store, "2.00")
    assert claimed(store, order) == "not_found"
    a_receipt(store)
    assert stranger(client, store) == "not_found"
    assert claimed(store, order) == "matched"


def test_nobody_puts_a_receipt_aside_by_naming_a_client_in_another_currency(
    client: Client, store: VodafoneCashGateway, whmcs: FakeBiller
) -> None:
    receipt = a_receipt(store)
    whmcs.state["credit_currency"] = "EGP"

    assert stranger(client, store) == "not_found"

    assert status(receipt) == NEW
    assert not Order.objects.exists()


# --- a person decides -----------------------------------------------------------------------------
def test_approving_one_takes_the_receipt_and_leaves_the_others_to_be_refused(
    client: Client, store: VodafoneCashGateway
) -> None:
    receipt = a_receipt(store)
    for number in (66, 67):
        stranger(client, store, number)
    first, second = order_of(66), order_of(67)

    approve(first)

    payment, claim = Payment.objects.get(), Claim.objects.get(client="66")
    assert (payment.bill.client, payment.payer) == ("66", PAYER)
    assert (claim.status, claim.receipt, claim.payment) == ("matched", receipt, payment)
    assert (status(receipt), receipt.left_units) == (Receipt.Status.MATCHED, 0)
    assert payment.reference == f"VFC-{receipt.transaction_id}"
    assert stranger(client, store) == "matched"
    assert first.reference in lost(second)
    refuse(second)
    claim = Claim.objects.get(client="67")
    assert (claim.status, claim.receipt, claim.booked_from) == ("failed", None, None)
    assert status(receipt) == Receipt.Status.MATCHED


def test_refusing_one_leaves_the_receipt_to_its_payer(
    client: Client, store: VodafoneCashGateway
) -> None:
    receipt = a_receipt(store)
    stranger(client, store)

    refuse(order_of())

    assert status(receipt) == NEW
    assert (order_of().received_units, order_of().status) == (None, "failed")
    assert by_key(client, store) == "matched"


def test_an_approval_that_cannot_be_booked_takes_nothing(
    client: Client, store: VodafoneCashGateway
) -> None:
    receipt = a_receipt(store)
    stranger(client, store)
    order = order_of()
    for credit in (Money(200, "EUR"), Money(0, "USD")):
        with pytest.raises(orders.NotNow):
            orders.approve(order.pk, credit=credit, now=ports.system_now(), **DECIDED)
    assert status(receipt) == NEW
    assert Claim.objects.get().receipt is None


def test_what_the_order_keeps_is_english_whoever_decided(
    client: Client, store: VodafoneCashGateway, django_capture_on_commit_callbacks: Commits
) -> None:
    receipt = a_receipt(store)
    stranger(client, store)
    with translation.override("ar"), django_capture_on_commit_callbacks(execute=True):
        by_hand(receipt, store)
    assert order_of().attention.startswith("Anti-spam: its transfer was used for")


def by_hand(receipt: Receipt, store: VodafoneCashGateway) -> str:
    other = an_order(store, "2.00", client="8")
    deciding.match(receipt.pk, other.pk, now=ports.system_now(), **DECIDED)
    return other.reference


def split_by_hand(receipt: Receipt, store: VodafoneCashGateway) -> str:
    parts = [(an_order(store, "1.00", client=each).pk, Money(5000, "EGP")) for each in "89"]
    deciding.split(receipt.pk, parts, now=ports.system_now(), **DECIDED)
    named = Order.objects.filter(pk__in=dict(parts)).order_by("pk")
    return ", ".join(order.reference for order in named)


def dismissed(receipt: Receipt, store: VodafoneCashGateway) -> str:
    deciding.dismiss(receipt.pk, now=ports.system_now(), **DECIDED)
    return "dismissed"


def taken_back(receipt: Receipt, store: VodafoneCashGateway) -> str:
    joining.reversed_by_wallet(store.pk, receipt.transaction_id, now=ports.system_now())
    return "waits for a person itself"


@pytest.mark.parametrize("happens", [by_hand, split_by_hand, dismissed, taken_back])
def test_whatever_else_becomes_of_the_receipt_the_held_order_says_so(
    client: Client,
    store: VodafoneCashGateway,
    happens: Callable[[Receipt, VodafoneCashGateway], str],
) -> None:
    receipt = a_receipt(store)
    stranger(client, store)
    said = happens(receipt, store)
    before = Payment.objects.count()

    assert said in lost(order_of())
    events = order_of().events.count()
    claiming.expire(ports.system_now())
    assert order_of().events.count() == events

    refuse(order_of())
    assert Payment.objects.count() == before


def test_the_receipt_can_be_matched_to_the_held_order_by_hand(
    client: Client, store: VodafoneCashGateway
) -> None:
    receipt = a_receipt(store)
    for number in (66, 67):
        stranger(client, store, number)

    deciding.match(receipt.pk, order_of().pk, now=ports.system_now(), **DECIDED)

    assert Payment.objects.get().bill.client == "66"
    assert Claim.objects.get(receipt=receipt).source == Claim.Source.STAFF
    assert order_of().reference in lost(order_of(67))


# --- time -----------------------------------------------------------------------------------------
def test_a_wanted_receipt_waits_with_the_order_and_after_it_for_a_person(
    client: Client, store: VodafoneCashGateway
) -> None:
    receipt = a_receipt(store)
    stranger(client, store)
    later = ports.system_now() + timedelta(hours=store.receipt_age_hours + 1)

    claiming.expire(later)
    assert (status(receipt), order_of().attention[:10]) == (NEW, "Anti-spam:")

    refuse(order_of())
    claiming.expire(later)
    assert status(receipt) == Receipt.Status.REVIEW


# --- two transfers of the same amount ---------------------------------------------------------------
def test_two_transfers_are_wanted_by_two_claims_of_one_customer_and_no_third(
    client: Client, store: VodafoneCashGateway
) -> None:
    first = a_receipt(store)
    assert [stranger(client, store) for _ in range(2)] == ["hold", "hold"]
    second = a_receipt(store)

    assert [stranger(client, store) for _ in range(3)] == ["hold"] * 3

    wanted = Claim.objects.order_by("pk").values_list("booked_from", flat=True)
    assert list(wanted) == [first.pk, second.pk]
    for order in Order.objects.order_by("pk"):
        approve(order)
    assert Payment.objects.count() == 2


def test_strangers_want_what_nobody_wants_yet(client: Client, store: VodafoneCashGateway) -> None:
    receipts = [a_receipt(store), a_receipt(store)]
    for number in (66, 67):
        stranger(client, store, number)
    wanted = Claim.objects.order_by("pk").values_list("booked_from", flat=True)
    assert list(wanted) == [receipt.pk for receipt in receipts]


# --- what reserves as before ------------------------------------------------------------------------
def test_a_claim_with_the_key_that_the_store_holds_keeps_the_receipt(
    client: Client, store: VodafoneCashGateway
) -> None:
    store.hold_first = True
    store.save()
    receipt = a_receipt(store)
    assert by_key(client, store) == "hold"
    assert status(receipt) == Receipt.Status.MATCHED
    assert stranger(client, store) == "not_found"
    assert Bill.objects.count() == 1
