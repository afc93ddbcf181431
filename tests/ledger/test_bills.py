"""What is really to pay: asked of WHMCS, less what is booked here and not yet there."""

import pytest

from ledger import billing, bills, ports
from ledger.billing.base import BillerError, BillState
from ledger.bills import NotPayable
from ledger.cipher import SealBroken
from ledger.models import Bill, Biller, Delivery
from ledger.money import Money
from ledger.outbox import deciding
from ledger.settlement import CurrencyMismatch
from tests.ledger.rows import GONE, FakeBiller, a_bill, a_biller, a_payment, booking

pytestmark = pytest.mark.django_db


def ask(biller: Biller, reference: str = "42", client: str = "7") -> tuple[Bill, Money]:
    return bills.ask(biller, reference=reference, client=client, now=ports.system_now())


def delivered(bill: Bill) -> None:
    now = ports.system_now()
    Delivery.objects.filter(bill=bill).update(status="delivered", delivered_at=now)


@pytest.mark.parametrize("status", ["unpaid", "payment pending"])
def test_open_invoice_is_remembered_as_a_bill(whmcs: FakeBiller, status: str) -> None:
    biller = a_biller()
    whmcs.state.update(status=status, balance=Money(2050, "USD"))
    bill, due = ask(biller)
    bill.refresh_from_db()
    assert due == Money(2050, "USD")
    assert (bill.merchant, bill.reference, bill.client) == (biller.merchant, "42", "7")
    assert (bill.due, bill.status) == (Money(2050, "USD"), "open")


def test_asking_again_keeps_one_bill_and_follows_whmcs(whmcs: FakeBiller) -> None:
    biller = a_biller()
    first, _ = ask(biller)
    whmcs.state["balance"] = Money(2000, "USD")
    again, due = ask(biller)
    assert (again.pk, again.due, due) == (first.pk, Money(2000, "USD"), Money(2000, "USD"))


@pytest.mark.parametrize("status", ["paid", "cancelled", "refunded", "draft", "collections", "?"])
def test_invoice_that_wants_no_money_is_not_payable(whmcs: FakeBiller, status: str) -> None:
    whmcs.state["status"] = status
    with pytest.raises(NotPayable) as refusal:
        ask(a_biller())
    assert refusal.value.status == status


def test_invoice_of_another_client_is_neither_paid_nor_remembered(whmcs: FakeBiller) -> None:
    with pytest.raises(NotPayable) as refusal:
        ask(a_biller(), client="8")
    assert refusal.value.status == "not_yours"
    assert not Bill.objects.exists()


@pytest.mark.parametrize("units", [0, -1])
def test_unpaid_invoice_without_a_balance_has_nothing_left_to_pay(
    whmcs: FakeBiller, units: int
) -> None:
    whmcs.state["balance"] = Money(units, "EUR")
    with pytest.raises(NotPayable) as refusal:
        ask(a_biller())
    assert refusal.value.status == "paid"


@pytest.mark.parametrize("status", ["ready", "sending", "unknown", "parked"])
def test_money_on_its_way_to_whmcs_is_not_asked_for_again(whmcs: FakeBiller, status: str) -> None:
    biller = a_biller()
    bill, due = ask(biller)
    a_payment(bill, due.amount)
    Delivery.objects.filter(bill=bill).update(status=status)
    with pytest.raises(NotPayable) as refusal:
        ask(biller)
    assert refusal.value.status == "settling"


def test_money_that_reached_whmcs_while_it_was_asked_is_not_asked_for_again(
    whmcs: FakeBiller,
) -> None:
    biller = a_biller()
    bill, due = ask(biller)
    a_payment(bill, due.amount)
    # WHMCS read the invoice before it booked the payment; its answer comes after.
    whmcs.during["read"] = lambda: delivered(bill)
    with pytest.raises(NotPayable):
        ask(biller)


def test_invoice_whose_payment_was_settled_by_hand_may_be_paid_anew(whmcs: FakeBiller) -> None:
    """The payer got the money back, so the invoice is unpaid in WHMCS."""
    biller = a_biller()
    bill, due = ask(biller)
    payment = a_payment(bill, due.amount)
    Delivery.objects.filter(pk=booking(payment).pk).update(status="parked")
    deciding.settle_by_hand(
        booking(payment).pk, actor="ana", reason="paid back", now=ports.system_now()
    )
    assert ask(biller)[1] == due


def test_part_on_its_way_leaves_the_rest_to_pay(whmcs: FakeBiller) -> None:
    biller = a_biller()
    bill, _ = ask(biller)
    a_payment(bill, "10.00")
    bill, due = ask(biller)
    assert (due, bill.due, bill.status) == (Money(599, "EUR"), Money(1599, "EUR"), "part_paid")


def test_part_that_whmcs_has_leaves_the_rest_to_pay(whmcs: FakeBiller) -> None:
    biller = a_biller()
    bill, _ = ask(biller)
    a_payment(bill, "10.00")
    delivered(bill)
    whmcs.state["balance"] = Money(599, "EUR")
    bill, due = ask(biller)
    assert (due, bill.due, bill.status) == (Money(599, "EUR"), Money(1599, "EUR"), "part_paid")


def test_invoice_raised_after_it_was_paid_wants_the_difference(whmcs: FakeBiller) -> None:
    biller = a_biller()
    bill, _ = ask(biller)
    a_payment(bill, "15.99")
    delivered(bill)
    whmcs.state["balance"] = Money(401, "EUR")
    bill, due = ask(biller)
    assert (due, bill.due, bill.status) == (Money(401, "EUR"), Money(2000, "EUR"), "part_paid")


def test_currency_may_change_while_nothing_is_booked_and_not_afterwards(
    whmcs: FakeBiller,
) -> None:
    biller = a_biller()
    bill, _ = ask(biller)
    whmcs.state["balance"] = Money(1700, "USD")
    bill, due = ask(biller)
    assert (bill.currency, due) == ("USD", Money(1700, "USD"))

    a_payment(bill, "1.00")
    whmcs.state["balance"] = Money(1599, "EUR")
    with pytest.raises(CurrencyMismatch):
        ask(biller)
    bill.refresh_from_db()
    assert bill.currency == "USD"


def test_two_billers_may_have_the_same_invoice_number(whmcs: FakeBiller) -> None:
    first, _ = ask(a_biller())
    second, _ = ask(a_biller())
    assert first.pk != second.pk
    assert first.merchant != second.merchant


def test_top_up_and_invoice_of_the_same_number_are_two_bills(whmcs: FakeBiller) -> None:
    biller = a_biller()
    top_up = a_bill(biller, kind=Bill.Kind.CREDIT, reference="42")
    bill, _ = ask(biller, "42")
    assert bill != top_up


@pytest.mark.parametrize("error", [GONE, BillerError("not_found", "Invoice ID Not Found")])
def test_whmcs_that_cannot_say_is_an_error_and_leaves_no_bill(
    whmcs: FakeBiller, error: BillerError
) -> None:
    whmcs.reads.append(error)
    with pytest.raises(BillerError):
        ask(a_biller())
    assert not Bill.objects.exists()


def test_invoice_number_is_the_one_that_whmcs_says(whmcs: FakeBiller) -> None:
    balance = Money(100, "EUR")
    whmcs.reads.append(BillState("42", "7", "unpaid", balance, balance, number="INV-2026-42"))
    bill, _ = ask(a_biller(), "0042")
    assert (bill.reference, str(bill)) == ("42", "invoice INV-2026-42")


def test_url_that_whmcs_cannot_have_is_an_error_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(billing.BILLERS, "whmcs", "ledger.billing.whmcs.Whmcs")
    biller = a_biller()
    Biller.objects.update(url="http://billing.example.com")
    biller.refresh_from_db()
    with pytest.raises(BillerError) as refusal:
        bills.connect(biller)
    assert (refusal.value.code, bool(refusal.value.way_out)) == ("config", True)
    assert "secret" not in str(refusal.value).replace("the secret of WHMCS", "")


def test_secret_of_another_biller_does_not_open(whmcs: FakeBiller) -> None:
    mine, theirs = a_biller(), a_biller()
    Biller.objects.filter(pk=mine.pk).update(secret=theirs.secret)
    mine.refresh_from_db()
    with pytest.raises(SealBroken):
        bills.connect(mine)


def test_booking_is_what_counts_as_owed(whmcs: FakeBiller) -> None:
    """A log line that never reaches WHMCS keeps nobody from paying the rest."""
    biller = a_biller()
    bill, _ = ask(biller)
    payment = a_payment(bill, "10.00")
    now = ports.system_now()
    Delivery.objects.filter(pk=booking(payment).pk).update(status="delivered", delivered_at=now)
    whmcs.state["balance"] = Money(599, "EUR")
    assert ask(biller)[1] == Money(599, "EUR")
