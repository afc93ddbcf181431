"""What a provider's message does to an order: every status, every message, every doubt."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from gateways.models import Gateway, Order, OrderEvent
from gateways.orders.applying import apply
from gateways.orders.states import CLOSED, EDGES, change
from gateways.orders.telling import Applied
from gateways.providers.base import STATUSES, Notice
from ledger import ports
from ledger.models import Payment
from ledger.money import Money
from ledger.settlement import ReferenceReused
from tests.gateways.rows import BTC, EUR, FakeProvider, a_notice, an_account, an_order
from tests.ledger.rows import a_bill, a_payment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("provider")]

Status = Order.Status
COLUMNS = "new pending paid failed expired test review refunded unknown".split()
# What an order of the status on the left becomes when the provider says what is above.
BECOMES = """
         new      pending  paid     failed   expired  test     review   refunded unknown
new      new      pending  paid     failed   expired  test     review   refunded new
pending  pending  pending  paid     failed   expired  test     review   refunded pending
paid     paid     paid     paid     paid     paid     paid     paid     paid     paid
failed   failed   failed   paid     failed   failed   failed   review   refunded failed
expired  expired  expired  paid     failed   expired  expired  review   refunded expired
test     test     test     test     test     test     test     test     test     test
review   review   review   paid     failed   review   review   review   refunded review
refunded refunded refunded refunded refunded refunded refunded refunded refunded refunded
"""


def table() -> Iterator[tuple[str, str, str]]:
    head, *lines = BECOMES.strip().splitlines()
    for line in lines:
        before, *afters = line.split()
        for said, after in zip(head.split(), afters, strict=True):
            yield before, said, after


def tell(order: Order, status: str = "paid", **changes: Any) -> Applied:
    return hear(order, a_notice(order, status, **changes))


def hear(order: Order, notice: Notice) -> Applied:
    account = an_account(order.gateway)
    applied = apply(account, notice, source="callback", now=ports.system_now())
    order.refresh_from_db()
    return applied


def order_in(status: str) -> Order:
    order = an_order()
    if status == Status.PAID:
        tell(order)
    else:
        Order.objects.filter(pk=order.pk).update(status=status)
        order.refresh_from_db()
    return order


# --- edges ----------------------------------------------------------------------------------------
def test_table_is_whole() -> None:
    assert len(list(table())) == len(Status) * (len(STATUSES) + 1)
    assert set(COLUMNS) == STATUSES | {"unknown"}


@pytest.mark.parametrize(("before", "said", "after"), list(table()))
def test_every_message_to_every_status(before: str, said: str, after: str) -> None:
    order = order_in(before)
    booked = Payment.objects.count()

    tell(order, said)

    assert order.status == after
    settled = before != Status.PAID and after == Status.PAID
    assert Payment.objects.count() == booked + settled
    assert (order.payment is not None) == (after == Status.PAID)
    if before != after:
        assert (order.closed is not None) == (after in CLOSED)
    event = order.events.latest("pk")
    assert (event.before, event.after, event.provider_status) == (before, after, said.upper())


@pytest.mark.parametrize("closed", ["test", "refunded"])
def test_paid_after_a_final_status_shouts_and_books_nothing(closed: str) -> None:
    order = order_in(closed)
    assert tell(order).shout
    assert "Nothing was booked" in order.attention
    assert not Payment.objects.exists()


NOT_DRAWN = [(a, b) for a in Status for b in Status if a != b and b not in EDGES[a]]


@pytest.mark.parametrize(("before", "after"), NOT_DRAWN)
def test_change_refuses_what_is_not_drawn(before: str, after: str) -> None:
    order = order_in(before)
    with pytest.raises(ValueError, match=f"does not go from {before} to {after}"):
        change(order, after, ports.system_now(), "staff")
    order.refresh_from_db()
    assert order.status == before


def test_database_itself_refuses_paid_without_a_payment() -> None:
    order = an_order()
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(status=Status.PAID)


# --- which order ------------------------------------------------------------------------------------
def test_message_about_no_order_of_ours_shouts_and_changes_nothing() -> None:
    order = an_order()
    applied = hear(order, a_notice(order, order_reference="1042-made-up"))
    assert (applied.order, applied.shout) == (None, True)
    assert (order.status, OrderEvent.objects.count()) == (Status.NEW, 0)


@pytest.mark.parametrize("field", ["provider_reference", "token_digest", "pk"])
def test_order_is_found_by_our_reference_and_by_nothing_else(field: str) -> None:
    order = an_order(provider_reference="6e1d2a9c")
    applied = hear(order, a_notice(order, order_reference=str(getattr(order, field))))
    assert applied.order is None
    assert order.status == Status.NEW


def test_reference_of_another_merchants_order_is_not_found() -> None:
    mine, theirs = an_order(), an_order()
    applied = apply(
        an_account(mine.gateway), a_notice(theirs), source="callback", now=ports.system_now()
    )
    theirs.refresh_from_db()
    assert (applied.order, theirs.status) == (None, Status.NEW)


# --- how much -----------------------------------------------------------------------------------------
def test_paid_in_full_books_exactly_what_was_due() -> None:
    order = an_order()
    applied = tell(order, account="169/3")
    assert (applied.text, applied.shout) == ("paid: 15.99 EUR booked", False)
    payment = order.payment
    assert payment is not None
    assert (payment.reference, payment.credit) == (f"SC-{order.reference}", EUR)
    assert (payment.received, payment.method) == (BTC, "spectrocoin")
    assert payment.detail == "provider order 6e1d2a9c; asked 0.00035512 BTC, payment currency BTC"
    assert (order.attention, order.poll_at) == ("", None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"asked": None}, "names no amount"),
        ({"asked": Money(1599, "USD")}, "Wrong currency"),
        ({"asked": Money(0, "EUR")}, "credits 0.00 EUR"),
        ({"asked": Money(-1, "EUR")}, "credits -0.01 EUR"),
        ({"asked": Money(1, "EUR")}, "credits 0.01 EUR"),
        ({"asked": Money(1598, "EUR")}, "credits 15.98 EUR"),
        ({"asked": Money(1600, "EUR")}, "credits 16.00 EUR"),
        ({"asked": Money(3198, "EUR")}, "credits 31.98 EUR"),
        ({"asked": Money(15990, "EUR")}, "credits 159.90 EUR"),
        ({"received": Money(35511, "BTC")}, "Underpaid"),
        ({"received": Money(0, "BTC")}, "worth 0.00 EUR"),
        ({"received": Money(17756, "BTC")}, "worth 7.99 EUR"),
        ({"received": Money(35512, "LTC")}, "Asked for BTC, got LTC"),
    ],
    ids=str,
)
def test_paid_that_does_not_fit_waits_for_a_person(changes: dict[str, Any], words: str) -> None:
    order = an_order()
    tell(order, **changes)
    assert order.status == Status.REVIEW
    assert words in order.attention
    assert not Payment.objects.exists()


@pytest.mark.parametrize("before", ["failed", "expired", "pending"])
def test_doubt_about_a_late_payment_waits_for_a_person_too(before: str) -> None:
    order = order_in(before)
    tell(order, received=Money(1, "BTC"))
    assert (order.status, Payment.objects.count()) == (Status.REVIEW, 0)


@pytest.mark.parametrize("units", [35513, 71024, 355120])
def test_too_much_books_what_was_due_and_says_what_to_do_with_the_rest(units: int) -> None:
    order = an_order()
    tell(order, received=Money(units, "BTC"))
    assert order.payment is not None
    assert (order.payment.credit, order.payment.received) == (EUR, Money(units, "BTC"))
    assert order.attention.startswith(f"Overpaid by {Money(units - 35512, 'BTC')}")


@pytest.mark.parametrize(
    "changes", [{"payable": None}, {"received": None}, {"payable": None, "received": None}], ids=str
)
def test_coins_that_are_not_told_do_not_hold_up_what_is_credited(changes: dict[str, Any]) -> None:
    order = an_order()
    tell(order, **changes)
    assert order.payment is not None
    assert order.payment.credit == EUR


@pytest.mark.parametrize("before", ["failed", "expired"])
def test_late_payment_is_booked_and_said_to_be_late(before: str) -> None:
    order = order_in(before)
    assert tell(order).text == f"paid after {before}: 15.99 EUR booked"


def test_quote_is_frozen_when_the_bill_changes() -> None:
    order = an_order()
    order.bill.due_units = 99_999
    order.bill.save()
    tell(order)
    assert order.payment is not None
    assert order.payment.credit == EUR


# --- whose account --------------------------------------------------------------------------------------
def test_first_settled_order_pins_the_account_and_others_must_name_it() -> None:
    bill = a_bill(due="15.99")
    first = an_order(bill)
    tell(first, account="169/3")
    assert Gateway.objects.get().provider_account == "169/3"

    second = an_order(bill)
    assert tell(second, account="170/3").shout
    assert (second.status, Payment.objects.count()) == (Status.REVIEW, 1)
    assert "names account 170/3" in second.attention

    third = an_order(bill)
    tell(third, account="169/3")
    assert third.status == Status.PAID


def test_account_of_a_message_that_was_not_settled_is_not_pinned() -> None:
    order = an_order()
    tell(order, account="666/6", asked=Money(1, "EUR"))
    assert Gateway.objects.get().provider_account == ""


def test_message_that_names_no_account_is_believed_and_pins_none() -> None:
    order = an_order()
    tell(order)
    assert (order.status, Gateway.objects.get().provider_account) == (Status.PAID, "")


# --- again, and otherwise -------------------------------------------------------------------------------
def test_paid_again_changes_nothing() -> None:
    order = order_in("paid")
    applied = tell(order)
    assert (applied.text, applied.shout) == ("paid already: nothing changed", False)
    assert (Payment.objects.count(), order.attention) == (1, "")


def test_second_payment_of_the_same_order_is_flagged_and_not_booked() -> None:
    order = order_in("paid")
    tell(order, received=Money(2 * 35512, "BTC"))
    assert Payment.objects.count() == 1
    assert order.attention.startswith("Overpaid by 0.00035512 BTC")


@pytest.mark.parametrize("asked", [Money(1600, "EUR"), Money(1599, "USD"), None], ids=str)
def test_paid_again_with_another_amount_shouts(asked: Money | None) -> None:
    order = order_in("paid")
    assert tell(order, asked=asked).shout
    assert "15.99 EUR is booked" in order.attention
    assert Payment.objects.count() == 1


def test_refund_of_a_paid_order_asks_for_a_person_and_unpays_nothing() -> None:
    order = order_in("paid")
    tell(order, "refunded")
    assert (order.status, Payment.objects.count()) == (Status.PAID, 1)
    assert "book the refund in WHMCS" in order.attention


def test_status_without_a_word_for_it_is_flagged_and_changes_nothing() -> None:
    order = an_order()
    tell(order, "unknown", provider_status="BRAND_NEW")
    assert (order.status, order.provider_status) == (Status.NEW, "BRAND_NEW")
    assert "'BRAND_NEW'" in order.attention


def test_advice_of_the_provider_is_shown() -> None:
    order = an_order()
    tell(order, "review", advice="Accept or refund it at SpectroCoin.")
    assert (order.status, order.attention) == (
        Status.REVIEW,
        "Accept or refund it at SpectroCoin.",
    )


def test_reference_that_is_booked_otherwise_raises_and_writes_nothing() -> None:
    order = an_order()
    a_payment(order.bill, "10.00", reference=f"SC-{order.reference}")
    with pytest.raises(ReferenceReused):
        tell(order, account="169/3")
    order.refresh_from_db()
    assert (order.status, order.provider_status, order.payment) == (Status.NEW, "", None)
    assert OrderEvent.objects.count() == 0
    assert Gateway.objects.get().provider_account == ""
    assert Payment.objects.count() == 1


def test_payment_booked_before_a_crash_is_taken_up_and_not_booked_again() -> None:
    order = an_order()
    booked = a_payment(order.bill, "15.99", reference=f"SC-{order.reference}")
    tell(order)
    assert (order.status, order.payment) == (Status.PAID, booked)


def test_fake_provider_is_what_accounts_load(provider: FakeProvider) -> None:
    assert an_account().provider is provider
