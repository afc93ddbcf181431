"""What a person may do with an order, and the trace that each act leaves."""

from collections.abc import Callable

import pytest

from gateways.models import Order
from gateways.orders import deciding
from gateways.orders.applying import apply
from gateways.orders.deciding import NotNow
from gateways.providers.base import Unavailable
from ledger import ports
from ledger.models import AuditEvent, Payment
from ledger.money import Money
from tests.conftest import SetClock
from tests.gateways.rows import EUR, FakeProvider, a_notice, an_account, an_order
from tests.ledger.rows import a_payment, booking

pytestmark = pytest.mark.django_db

Status = Order.Status


def in_review() -> Order:
    return an_order(status=Status.REVIEW, attention="Underpaid: half of it came.")


def approve(order: Order, credit: Money = EUR) -> str:
    told = deciding.approve(
        order.pk, credit=credit, actor="ana", reason="rounding", now=ports.system_now()
    )
    order.refresh_from_db()
    return told


def simple(act: Callable[..., str], order: Order) -> str:
    told = act(order.pk, actor="ana", reason="the client asked", now=ports.system_now())
    order.refresh_from_db()
    return told


def trace(order: Order) -> tuple[str, str, str, str]:
    """The one audit event and the one line of the order's story that the act left."""
    event, line = AuditEvent.objects.get(), order.events.get()
    assert (event.actor, event.target, event.target_id) == ("ana", "gateways.order", order.pk)
    assert (event.merchant, line.source, line.actor) == (order.merchant, "staff", "ana")
    return event.verb, event.reason, line.before, line.after


# --- approve --------------------------------------------------------------------------------------
@pytest.mark.parametrize("amount", ["0.01", "7.99", "15.99", "20.00"])
def test_approve_books_the_amount_that_a_person_decided_on(
    provider: FakeProvider, amount: str
) -> None:
    order = in_review()
    told = approve(order, Money.parse(amount, "EUR"))
    assert told == f"{amount} EUR is booked for {order.bill}; WHMCS is told now."
    assert order.payment is not None
    assert (order.status, order.attention, order.payment.credit.amount) == ("paid", "", amount)
    assert (order.payment.booked_by, order.payment.detail) == ("ana", "approved by ana: rounding")
    assert booking(order.payment).status == "ready"
    assert trace(order) == ("approve order", "rounding", "review", "paid")
    assert AuditEvent.objects.get().detail == f"{amount} EUR"


@pytest.mark.parametrize(
    "credit", [Money(0, "EUR"), Money(-1, "EUR"), Money(1599, "USD"), Money(1599, "BTC")], ids=str
)
def test_approve_takes_an_amount_above_zero_in_the_orders_currency(
    provider: FakeProvider, credit: Money
) -> None:
    order = in_review()
    with pytest.raises(NotNow, match="Give an amount above zero in EUR"):
        approve(order, credit)
    assert not Payment.objects.exists()


def test_approve_of_a_reference_that_is_booked_otherwise_changes_nothing(
    provider: FakeProvider,
) -> None:
    order = in_review()
    a_payment(order.bill, "10.00", reference=f"SC-{order.reference}")
    with pytest.raises(NotNow, match="is booked as 10"):
        approve(order)
    order.refresh_from_db()
    assert (order.status, order.payment, Payment.objects.count()) == ("review", None, 1)
    assert not AuditEvent.objects.exists()


def test_provider_that_says_paid_after_an_approval_books_nothing_more(
    provider: FakeProvider,
) -> None:
    order = in_review()
    approve(order)
    notice = a_notice(order)
    apply(an_account(order.gateway), notice, source="callback", now=ports.system_now())
    assert Payment.objects.count() == 1


# --- refuse, cancel, dealt with -------------------------------------------------------------------
def test_refuse_closes_without_booking(provider: FakeProvider) -> None:
    order = in_review()
    told = simple(deciding.refuse, order)
    assert "nothing was booked" in told
    assert (order.status, order.attention, order.payment) == ("failed", "", None)
    assert order.closed is not None
    assert trace(order) == ("refuse order", "the client asked", "review", "failed")


def test_money_for_a_refused_order_is_still_booked(provider: FakeProvider) -> None:
    order = in_review()
    simple(deciding.refuse, order)
    apply(an_account(order.gateway), a_notice(order), source="callback", now=ports.system_now())
    order.refresh_from_db()
    assert order.status == Status.PAID


@pytest.mark.parametrize("status", Order.OPEN)
def test_cancel_closes_an_open_order_and_goes_on_asking_about_it(
    provider: FakeProvider, status: str
) -> None:
    order = an_order(status=status)
    told = simple(deciding.cancel, order)
    assert "The provider's page may still take money" in told
    assert order.status == Status.FAILED
    assert order.poll_at is not None
    assert trace(order) == ("cancel order", "the client asked", status, "failed")


def test_flag_is_taken_off_with_what_it_said_in_the_audit(provider: FakeProvider) -> None:
    order = an_order(attention="Overpaid by 0.1 BTC.")
    told = simple(deciding.settle_attention, order)
    assert (told, order.attention) == (f"{order.reference} is off the list.", "")
    assert trace(order) == ("clear flag", "the client asked", "new", "new")
    assert AuditEvent.objects.get().detail == "Overpaid by 0.1 BTC."


def test_order_without_a_flag_is_left_as_it_is(provider: FakeProvider) -> None:
    order = an_order()
    assert "is not flagged" in simple(deciding.settle_attention, order)
    assert not AuditEvent.objects.exists()


def test_order_in_review_is_decided_and_not_just_taken_off_the_list(
    provider: FakeProvider,
) -> None:
    order = in_review()
    with pytest.raises(NotNow, match="approve or refuse it"):
        simple(deciding.settle_attention, order)


# --- not now --------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", sorted(set(Status) - {Status.REVIEW, Status.PAID}))
@pytest.mark.parametrize("act", ["approve", "refuse"])
def test_only_orders_in_review_are_decided(provider: FakeProvider, status: str, act: str) -> None:
    order = an_order(status=status)
    with pytest.raises(NotNow, match=f"is {status}"):
        approve(order) if act == "approve" else simple(deciding.refuse, order)
    order.refresh_from_db()
    assert (order.status, deciding.may_decide(order)) == (status, False)
    assert not AuditEvent.objects.exists()
    assert not order.events.exists()


@pytest.mark.parametrize("status", sorted(set(Status) - {*Order.OPEN, Status.PAID}))
def test_only_open_orders_are_cancelled(provider: FakeProvider, status: str) -> None:
    order = an_order(status=status)
    with pytest.raises(NotNow, match=f"is {status}"):
        simple(deciding.cancel, order)
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("act", [deciding.refuse, deciding.cancel])
def test_paid_order_is_neither_refused_nor_cancelled(
    provider: FakeProvider, act: Callable[..., str]
) -> None:
    order = in_review()
    approve(order)
    with pytest.raises(NotNow, match="is paid"):
        simple(act, order)
    with pytest.raises(NotNow, match="is paid"):
        approve(order)
    assert Payment.objects.count() == 1


# --- fetch ----------------------------------------------------------------------------------------
def test_fetch_believes_the_provider_and_leaves_an_audit_event(
    provider: FakeProvider, clock: SetClock
) -> None:
    order = an_order()
    provider.fetches.append(a_notice(order))
    told = deciding.fetch(order.pk, actor="ana", clock=clock)
    order.refresh_from_db()
    assert told == f"{order.reference}: paid: 15.99 EUR booked."
    assert order.status == Status.PAID
    assert trace(order) == ("fetch order", "", "new", "paid")


def test_fetch_of_what_cannot_be_asked_says_so(provider: FakeProvider, clock: SetClock) -> None:
    order = an_order()
    provider.fetches.append(Unavailable("no connection"))
    told = deciding.fetch(order.pk, actor="ana", clock=clock)
    assert told == f"{order.reference}: the provider could not be asked: no connection."
    assert AuditEvent.objects.get().detail == "the provider could not be asked: no connection"
