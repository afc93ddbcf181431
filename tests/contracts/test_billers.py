"""What every biller promises, asked of each over real HTTP against its stand-in.

A biller joins by adding its `Books` to BOOKS: the same stories then run against it.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from ledger.billing.base import (
    Absent,
    Biller,
    BillerError,
    BillRef,
    Found,
    Unsure,
    Verdict,
)
from ledger.billing.whmcs import Whmcs
from ledger.money import Money

AT = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
DUE = Money.parse("15.99", "EUR")
ROOT = Path(__file__).parents[2]
START_SECONDS = 20


class Books(Protocol):
    """The far side of one biller: what it holds, and how to make it misbehave."""

    def biller(self, **changed: str) -> Biller: ...

    def invoice(self, status: str = "Unpaid", currency: str = "EUR") -> BillRef: ...

    def top_up(self) -> BillRef: ...

    def set_status(self, bill: BillRef, status: str) -> None: ...

    def booked(self, bill: BillRef) -> list[str]:
        """The amounts that the client of this bill was ever booked, on invoices or as credit."""

    def credit_of(self, bill: BillRef) -> str: ...

    def break_next(self, fault: str, on: str = "*", **options: Any) -> None: ...

    def allow_only(self, *, actions: list[str] | None, addresses: list[str] | None) -> None: ...


class WhmcsBooks:
    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._call("POST", "/_sandbox/reset", {})
        self._settings = self._call("GET", "/whmcs/_sandbox/settings")

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(  # noqa: S310  our own stand-in
            self._origin + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.loads(answer.read() or b"{}")

    def biller(self, **changed: str) -> Biller:
        settings = {
            "url": f"{self._origin}/whmcs/",
            "identifier": self._settings["identifier"],
            "secret": self._settings["secret"],
            **changed,
        }
        return Whmcs(**settings)

    def _client(self, currency: str) -> str:
        person = {"firstname": "Ada", "lastname": "L", "email": "a@example.com"}
        answer = self._call("POST", "/whmcs/_sandbox/clients", {**person, "currency": currency})
        return str(answer["client_id"])

    def invoice(self, status: str = "Unpaid", currency: str = "EUR") -> BillRef:
        client = self._client(currency)
        answer = self._call(
            "POST",
            "/whmcs/_sandbox/invoices",
            {"client_id": int(client), "amount": "15.99", "description": "x", "status": status},
        )
        return BillRef("invoice", str(answer["invoice_id"]), client, "spectrocoin")

    def top_up(self) -> BillRef:
        return BillRef("credit", "", self._client("EUR"), "spectrocoin")

    def set_status(self, bill: BillRef, status: str) -> None:
        self._call("POST", f"/whmcs/_sandbox/invoices/{bill.reference}", {"status": status})

    def _rows(self, name: str, bill: BillRef, owner: str) -> list[dict[str, Any]]:
        rows = self._call("GET", "/whmcs/_sandbox/state")[name]
        return [row for row in rows if str(row[owner]) == bill.client]

    def booked(self, bill: BillRef) -> list[str]:
        state = self._call("GET", "/whmcs/_sandbox/state")
        mine = [row for row in state["transactions"] if str(row["userid"]) == bill.client]
        logged = [
            row
            for row in state["credits"]
            if str(row["clientid"]) == bill.client and "trans_id: " in row["description"]
        ]
        # AddTransaction leaves both a transaction and a credit: one booking, counted once.
        twins = {row["transid"] for row in mine}
        alone = [row for row in logged if row["description"].split(" ")[-1] not in twins]
        return [row["amountin"] for row in mine] + [row["amount"] for row in alone]

    def credit_of(self, bill: BillRef) -> str:
        clients = self._call("GET", "/whmcs/_sandbox/state")["clients"]
        (credit,) = [row["credit"] for row in clients if str(row["id"]) == bill.client]
        return str(credit)

    def break_next(self, fault: str, on: str = "*", **options: Any) -> None:
        self._call("POST", "/whmcs/_sandbox/faults", {"fault": fault, "on": on, **options})

    def allow_only(self, *, actions: list[str] | None, addresses: list[str] | None) -> None:
        self._call(
            "POST",
            "/whmcs/_sandbox/settings",
            {"permissions": actions, "allowed_ips": addresses},
        )


BOOKS = {"whmcs": WhmcsBooks}


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """A stand-in of our own, in a process of its own, that keeps nothing."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox"],
        cwd=ROOT,
        env={**os.environ, "SANDBOX_PORT": str(port), "SANDBOX_DB": "", "SANDBOX_LOG": "quiet"},
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=2).close()  # noqa: S310
            break
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, "the sandbox ended at once"
            assert time.monotonic() < deadline, "the sandbox does not answer"
            time.sleep(0.1)
    yield url
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture(params=BOOKS)
def books(request: pytest.FixtureRequest, origin: str) -> Books:
    made: Books = BOOKS[request.param](origin)
    return made


@pytest.fixture
def biller(books: Books) -> Biller:
    return books.biller()


def book(biller: Biller, bill: BillRef, mode: str = "invoice", credit: Money = DUE,
         reference: str = "SC-1") -> Any:  # fmt: skip
    return biller.book(reference, bill, credit, mode=mode, at=AT)


def look(biller: Biller, bill: BillRef, mode: str = "invoice", credit: Money = DUE,
         reference: str = "SC-1") -> Any:  # fmt: skip
    return biller.look_up(reference, bill, credit, mode=mode)


def bill_for(books: Books, mode: str) -> BillRef:
    return books.invoice() if mode == "invoice" else books.top_up()


# -- reading ----------------------------------------------------------------------------------


@pytest.mark.parametrize("currency", ["EUR", "USD"])
def test_a_bill_says_what_is_due_to_whom_and_in_what(
    books: Books, biller: Biller, currency: str
) -> None:
    bill = books.invoice(currency=currency)

    state = biller.read_bill(bill.reference)

    assert (state.reference, state.client, state.status) == (bill.reference, bill.client, "unpaid")
    assert state.balance == state.total == Money.parse("15.99", currency)


@pytest.mark.parametrize("status", ["Paid", "Cancelled", "Refunded", "Draft", "Payment Pending"])
def test_a_bill_shows_its_status_in_lower_case(books: Books, biller: Biller, status: str) -> None:
    bill = books.invoice()
    books.set_status(bill, status)

    assert biller.read_bill(bill.reference).status == status.lower()


def test_a_bill_that_does_not_exist_is_not_found(biller: Biller) -> None:
    with pytest.raises(BillerError) as failure:
        biller.read_bill("999999")
    assert failure.value.code == "not_found"


# -- booking ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["invoice", "transaction", "credit"])
def test_what_was_booked_is_found_exactly_and_what_was_not_is_absent(
    books: Books, biller: Biller, mode: str
) -> None:
    bill = bill_for(books, mode)
    assert look(biller, bill, mode) == Absent()

    assert book(biller, bill, mode).verdict is Verdict.DONE

    assert look(biller, bill, mode) == Found(1, exact=True)
    assert look(biller, bill, mode, reference="SC-12") == Absent()
    assert look(biller, bill, mode, reference="sc-1") == Absent()
    assert books.booked(bill) == ["15.99"]


def test_paying_the_whole_balance_pays_the_bill(books: Books, biller: Biller) -> None:
    bill = books.invoice()

    book(biller, bill)

    state = biller.read_bill(bill.reference)
    assert (state.status, state.balance.units) == ("paid", 0)


def test_a_part_leaves_the_rest_to_pay(books: Books, biller: Biller) -> None:
    bill = books.invoice()

    book(biller, bill, credit=Money.parse("10.00", "EUR"))

    state = biller.read_bill(bill.reference)
    assert (state.status, state.balance.amount) == ("unpaid", "5.99")


def test_a_surplus_becomes_credit_of_the_client(books: Books, biller: Biller) -> None:
    bill = books.invoice()

    book(biller, bill, credit=Money.parse("20.00", "EUR"))

    assert biller.read_bill(bill.reference).status == "paid"
    assert books.credit_of(bill) == "4.01"


@pytest.mark.parametrize("mode", ["transaction", "credit"])
def test_a_top_up_becomes_credit_of_the_client(books: Books, biller: Biller, mode: str) -> None:
    bill = books.top_up()

    book(biller, bill, mode)

    assert books.credit_of(bill) == "15.99"


def test_money_for_a_paid_bill_that_went_to_the_client_is_found(
    books: Books, biller: Biller
) -> None:
    bill = books.invoice()
    books.set_status(bill, "Paid")

    book(biller, bill, "transaction")

    assert look(biller, bill, "invoice") == Found(1, exact=True)


@pytest.mark.parametrize("amount", ["0", "-15.99"])
@pytest.mark.parametrize("mode", ["invoice", "transaction", "credit"])
def test_nothing_and_less_is_never_booked(
    books: Books, biller: Biller, mode: str, amount: str
) -> None:
    bill = bill_for(books, mode)
    credit = Money(Money.parse(amount.removeprefix("-"), "EUR").units, "EUR")
    credit = credit - credit - credit if amount.startswith("-") else credit

    assert book(biller, bill, mode, credit).verdict is Verdict.REFUSED
    assert books.booked(bill) == []


def test_a_cancelled_bill_refuses(books: Books, biller: Biller) -> None:
    bill = books.invoice()
    books.set_status(bill, "Cancelled")

    outcome = book(biller, bill)

    assert (outcome.verdict, outcome.code) == (Verdict.REFUSED, "state")
    assert books.booked(bill) == []


def test_a_bill_that_is_gone_refuses(books: Books, biller: Biller) -> None:
    bill = replace(books.invoice(), reference="999999")

    outcome = book(biller, bill)

    assert (outcome.verdict, outcome.code) == (Verdict.REFUSED, "not_found")


@pytest.mark.parametrize("mode", ["transaction", "credit"])
def test_a_client_who_is_gone_refuses(books: Books, biller: Biller, mode: str) -> None:
    outcome = book(biller, replace(books.top_up(), client="999999"), mode)

    assert (outcome.verdict, outcome.code) == (Verdict.REFUSED, "not_found")


@pytest.mark.parametrize("mode", ["invoice", "credit"])
def test_booked_twice_is_seen_twice(books: Books, biller: Biller, mode: str) -> None:
    """Nothing in the biller stops it: this is why a look comes before every send."""
    bill = bill_for(books, mode)
    book(biller, bill, mode)
    book(biller, bill, mode)

    assert look(biller, bill, mode).times == 2


def test_a_transaction_is_not_booked_twice(books: Books, biller: Biller) -> None:
    bill = books.top_up()
    book(biller, bill, "transaction")

    again = book(biller, bill, "transaction")

    assert (again.verdict, again.code) == (Verdict.UNKNOWN, "duplicate")
    assert look(biller, bill, "transaction") == Found(1, exact=True)
    assert books.credit_of(bill) == "15.99"


@pytest.mark.parametrize("mode", ["invoice", "transaction", "credit"])
def test_another_amount_under_our_reference_is_not_ours(
    books: Books, biller: Biller, mode: str
) -> None:
    bill = bill_for(books, mode)
    book(biller, bill, mode, credit=Money.parse("10.00", "EUR"))

    seen = look(biller, bill, mode)

    assert (seen.times, seen.exact) == (1, False)
    assert "10.00" in seen.message
    assert "15.99" in seen.message


def test_another_bill_under_our_reference_is_not_ours(books: Books, biller: Biller) -> None:
    mine, other = books.invoice(), books.invoice()
    book(biller, other)

    seen = look(biller, mine)

    assert (seen.times, seen.exact) == (1, False)


# -- misbehaviour -----------------------------------------------------------------------------

# How it breaks, what may be concluded, whether it was booked all the same.
BROKEN = [
    ("refuse", Verdict.UNKNOWN, False),
    ("lost_answer", Verdict.UNKNOWN, True),
    ("truncated", Verdict.UNKNOWN, True),
    ("504_after", Verdict.UNKNOWN, True),
    ("500", Verdict.UNKNOWN, False),
    ("503", Verdict.UNKNOWN, False),
    ("html", Verdict.UNKNOWN, False),
    ("empty", Verdict.UNKNOWN, False),
    ("redirect", Verdict.UNKNOWN, False),
    ("429", Verdict.LATER, False),
    ("invalid_ip", Verdict.LATER, False),
    ("success_without_effect", Verdict.DONE, False),
]
ACTIONS = {"invoice": "AddInvoicePayment", "transaction": "AddTransaction", "credit": "AddCredit"}


@pytest.mark.parametrize(("fault", "verdict", "done"), BROKEN)
@pytest.mark.parametrize("mode", ACTIONS)
def test_whatever_breaks_the_next_look_tells_the_truth(
    books: Books, biller: Biller, mode: str, fault: str, verdict: Verdict, done: bool
) -> None:
    bill = bill_for(books, mode)
    books.break_next(fault, ACTIONS[mode])

    outcome = book(biller, bill, mode)

    assert outcome.verdict is verdict
    assert look(biller, bill, mode) == (Found(1, exact=True) if done else Absent())
    assert books.booked(bill) == (["15.99"] if done else [])


@pytest.mark.parametrize(
    "fault",
    ["refuse", "lost_answer", "truncated", "504_after", "500", "503", "html", "empty", "redirect",
     "429", "401", "403", "invalid_ip"],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["invoice", "transaction", "credit"])
def test_a_look_that_breaks_is_unsure_and_never_absent(
    books: Books, biller: Biller, mode: str, fault: str
) -> None:
    bill = bill_for(books, mode)
    book(biller, bill, mode)
    books.break_next(fault)

    assert isinstance(look(biller, bill, mode), Unsure)
    assert look(biller, bill, mode) == Found(1, exact=True)


@pytest.mark.parametrize(
    "fault", ["refuse", "truncated", "500", "html", "empty", "redirect", "403"]
)
def test_a_bill_that_cannot_be_read_is_an_error(books: Books, biller: Biller, fault: str) -> None:
    bill = books.invoice()
    books.break_next(fault)

    with pytest.raises(BillerError) as failure:
        biller.read_bill(bill.reference)
    assert failure.value.code != "not_found"
    assert biller.read_bill(bill.reference).balance == DUE


def test_nobody_at_home_is_later_and_unsure(books: Books) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    biller, bill = books.biller(url=f"http://127.0.0.1:{port}/whmcs"), books.invoice()

    outcome = book(biller, bill)

    assert (outcome.verdict, outcome.code) == (Verdict.LATER, "transport")
    assert isinstance(look(biller, bill), Unsure)
    with pytest.raises(BillerError) as failure:
        biller.read_bill(bill.reference)
    assert failure.value.code == "transport"


# -- who may ----------------------------------------------------------------------------------


def test_a_wrong_secret_is_told_as_such_and_books_nothing(books: Books) -> None:
    biller, bill = books.biller(secret="wrong-wrong-wrong"), books.invoice()

    outcome = book(biller, bill)

    assert (outcome.verdict, outcome.code) == (Verdict.LATER, "auth")
    assert look(biller, bill).code == "auth"
    assert books.booked(bill) == []


def test_an_address_not_listed_is_shown_with_the_way_out(books: Books, biller: Biller) -> None:
    bill = books.invoice()
    books.allow_only(actions=None, addresses=["203.0.113.1"])

    outcome = book(biller, bill)

    assert (outcome.verdict, outcome.code, outcome.http_status) == (Verdict.LATER, "ip", 403)
    assert "127.0.0.1" in outcome.message
    assert "Add 127.0.0.1 " in outcome.way_out
    books.allow_only(actions=None, addresses=["127.0.0.1"])
    assert book(biller, bill).verdict is Verdict.DONE


def test_an_action_not_granted_is_named(books: Books, biller: Biller) -> None:
    bill = books.invoice()
    books.allow_only(actions=["GetTransactions"], addresses=None)

    outcome = book(biller, bill)

    assert (outcome.verdict, outcome.code) == (Verdict.LATER, "permission")
    assert "AddInvoicePayment" in outcome.way_out
    assert look(biller, bill) == Absent()


def test_the_connection_test_names_what_is_missing(books: Books, biller: Biller) -> None:
    assert all(line.ok for line in biller.check(["spectrocoin"])), biller.check(["spectrocoin"])
    books.allow_only(actions=["WhmcsDetails", "GetInvoice"], addresses=None)

    lines = {line.action: line for line in biller.check(["spectrocoin"])}

    assert lines["GetInvoice"].ok
    assert not lines["GetTransactions"].ok
    assert "GetTransactions" in lines["GetTransactions"].way_out


# -- notes ------------------------------------------------------------------------------------


def test_a_note_is_found_after_it_was_written(books: Books, biller: Biller) -> None:
    bill = books.invoice()
    assert biller.find_note("SC-77", bill) == Absent()

    assert biller.write_note("Gatebook: 15.99 EUR booked as SC-77 (0.0004 BTC)", bill).code == "ok"

    assert biller.find_note("SC-77", bill) == Found(1, exact=True)
    assert biller.find_note("SC-7", bill) == Absent()
