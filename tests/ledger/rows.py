"""Rows to tell stories with, and a WHMCS that answers as the story says, in this process."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from gateways.models import SpectroCoinGateway
from ledger import billing, ports
from ledger.billing.base import (
    Absent,
    BillerError,
    BillRef,
    BillState,
    CheckLine,
    Found,
    Outcome,
    Unsure,
    Verdict,
)
from ledger.models import Bill, Biller, Delivery, Merchant, Payment
from ledger.money import Money
from ledger.outbox import claiming, delivering
from ledger.settlement import record_payment

_numbers = count(1)
Look = Found | Absent | Unsure


@dataclass
class FakeBiller:
    """Keeps what was booked, and finds it again; whatever is queued is answered first.

    during  called in the middle of a call of that name: what happens meanwhile.
    """

    state: dict[str, Any] = field(default_factory=lambda: {"status": "unpaid", "client": "7"})
    booked: list[tuple[str, Money, str, datetime]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    looks: deque[Look | Exception] = field(default_factory=deque)
    note_looks: deque[Look | Exception] = field(default_factory=deque)
    answers: deque[Outcome | Exception] = field(default_factory=deque)
    reads: deque[BillState | Exception] = field(default_factory=deque)
    during: dict[str, Callable[[], None]] = field(default_factory=dict)

    def __call__(self, *credentials: str) -> "FakeBiller":
        self.credentials = credentials
        return self

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if meanwhile := self.during.pop(name, None):
            meanwhile()

    def read_bill(self, reference: str) -> BillState:
        self._called("read")
        if self.reads:
            given: BillState = _given(self.reads.popleft())
            return given
        balance = self.state.get("balance", Money(1599, "EUR"))
        return BillState(reference, self.state["client"], self.state["status"], balance, balance)

    def credit_currency(self, client: str) -> str:
        self._called("currency")
        return str(self.state.get("credit_currency", ""))

    def look_up(self, reference: str, bill: BillRef, credit: Money, *, mode: str) -> Look:
        self._called("look")
        if self.looks:
            given: Look = _given(self.looks.popleft())
            return given
        hits = [entry for entry in self.booked if entry[0] == reference]
        return Found(len(hits), all(hit[1] == credit for hit in hits)) if hits else Absent()

    def book(
        self, reference: str, bill: BillRef, credit: Money, *, mode: str, at: datetime
    ) -> Outcome:
        self._called("book")
        answer = self.answers.popleft() if self.answers else DONE
        if isinstance(answer, Outcome) and answer.verdict is Verdict.DONE:
            self.booked.append((reference, credit, mode, at))
        given: Outcome = _given(answer)
        return given

    def may_book(self, actions: Any) -> list[CheckLine]:
        return []

    def check(self, methods: Any) -> list[CheckLine]:
        return []

    def write_note(self, text: str, bill: BillRef) -> Outcome:
        self._called("note")
        answer = self.answers.popleft() if self.answers else DONE
        self.notes.append(text)
        given: Outcome = _given(answer)
        return given

    def find_note(self, marker: str, bill: BillRef) -> Look:
        self._called("find")
        if self.note_looks:
            given: Look = _given(self.note_looks.popleft())
            return given
        hits = sum(text.startswith(marker) for text in self.notes)
        return Found(hits, True) if hits else Absent()


def _given(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


DONE = Outcome(Verdict.DONE, "ok", "success", http_status=200, response='{"result":"success"}')
LOST = Outcome(Verdict.UNKNOWN, "ambiguous", "the answer never came", way_out="wait")
DOWN = Outcome(Verdict.LATER, "transport", "no connection", way_out="Is WHMCS up?")
NO = Outcome(Verdict.REFUSED, "validation", "Invalid gateway", way_out="Activate the gateway.")
BLIND = Unsure("transport", "no connection", "Is WHMCS up?")
GONE = BillerError("transport", "no connection", "Is WHMCS up?")

_fake = FakeBiller()


def the_fake(*credentials: str) -> FakeBiller:
    """What the registry of billers leads to while `fake_biller` is in force."""
    return _fake(*credentials)


@contextmanager
def fake_biller(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBiller]:
    """Every biller is this one: the real connect() finds it, secrets and all."""
    global _fake
    _fake = FakeBiller()
    monkeypatch.setitem(billing.BILLERS, "whmcs", "tests.ledger.rows.the_fake")
    monkeypatch.setattr("ledger.ports.random.uniform", lambda low, high: 1)
    yield _fake


def a_merchant(name: str = "") -> Merchant:
    merchant = Merchant.objects.create(name=name or f"Shop {next(_numbers)}")
    merchant.seal("signing_secret", "the-signing-secret-of-this-shop")
    merchant.save()
    return merchant


def a_biller(merchant: Merchant | None = None, **fields: Any) -> Biller:
    biller = Biller(
        merchant=merchant or a_merchant(),
        url="https://billing.example.com",
        identifier="identifier",
        **fields,
    )
    biller.seal("secret", "the secret of the API")
    biller.save()
    return biller


def a_bill(biller: Biller | None = None, due: str = "15.99", **fields: Any) -> Bill:
    biller = biller or a_biller()
    values: dict[str, Any] = {
        "merchant": biller.merchant,
        "biller": biller,
        "reference": str(1000 + next(_numbers)),
        "client": "7",
        "currency": "EUR",
        "due_units": Money.parse(due, fields.get("currency", "EUR")).units,
    }
    return Bill.objects.create(**{**values, **fields})


def a_gateway(merchant: Merchant) -> SpectroCoinGateway:
    existing = SpectroCoinGateway.objects.filter(merchant=merchant).first()
    return existing or SpectroCoinGateway.objects.create(
        merchant=merchant, name="SpectroCoin", enabled=True
    )


def a_payment(bill: Bill | None = None, credit: str = "15.99", **fields: Any) -> Payment:
    """Booked through the one door there is, so that its deliveries exist."""
    bill = bill or a_bill()
    values: dict[str, Any] = {
        "bill_id": bill.pk,
        "gateway_id": a_gateway(bill.merchant).pk,
        "method": "spectrocoin",
        "reference": f"SC-{bill.reference}-{next(_numbers)}",
        "credit": Money.parse(credit, bill.currency),
        "received": None,
        "detail": "",
        "now": ports.system_now(),
    }
    return record_payment(**{**values, **fields}).payment


def booking(payment: Payment) -> Delivery:
    return payment.deliveries.get(kind=Delivery.Kind.BOOKING)


def note(payment: Payment) -> Delivery:
    return payment.deliveries.get(kind=Delivery.Kind.NOTE)


def now_deliver(clock: ports.Clock) -> None:
    """One worker takes one delivery, if it may, and works it."""
    if delivery := claiming.claim(clock()):
        delivering.deliver(delivery, clock=clock)
