"""What every biller module offers: read a bill, look for a reference, book once. No rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from ledger.money import Money


class Verdict(StrEnum):
    """How one call to the biller ended. The value is kept on the attempt.

    DONE      it is booked.
    REFUSED   the biller answered with a known, final no: a person must look.
    LATER     certain not to have happened, and worth trying again on its own.
    UNKNOWN   it may have happened: wait, then look before anything else.
    """

    DONE = "done"
    REFUSED = "refused"
    LATER = "later"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class BillRef:
    """Which bill, in the biller's own ids. kind is "invoice" or "credit"; client is its client id.

    method   the biller's name of the payment method (WHMCS: the gateway module, "spectrocoin").
    """

    kind: str
    reference: str
    client: str
    method: str


@dataclass(frozen=True, slots=True)
class BillState:
    """What the biller says of an invoice now.

    status  the biller's word in lower case: unpaid, paid, cancelled, refunded, draft, collections,
            payment pending.
    """

    reference: str
    client: str
    status: str
    balance: Money
    total: Money
    number: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The reference is booked. `exact` is False where bill, client or amount differ."""

    times: int
    exact: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class Absent:
    """A whole, well-formed answer that does not hold the reference."""


@dataclass(frozen=True, slots=True)
class Unsure:
    """The look itself failed; nothing is known. Fields as in Outcome."""

    code: str
    message: str
    way_out: str = ""
    http_status: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one booking call ended.

    code     stable, for search and counting: ip, auth, permission, not_found, state, validation,
             transport, ambiguous, duplicate, ok.
    message  the biller's own words, or ours where it said nothing; safe to show to staff.
    way_out  what a person does about it; "" where nothing needs doing.
    request  what was sent, without secrets. response: what came back, capped.
    """

    verdict: Verdict
    code: str
    message: str
    way_out: str = ""
    http_status: int | None = None
    request: Mapping[str, str] = field(default_factory=dict)
    response: str = ""


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One line of a connection test.

    action   the biller's own name of what was tried, as its settings spell it.
    message  what was found; may be "" where `ok` is True. way_out as in Outcome.
    """

    action: str
    ok: bool
    message: str = ""
    way_out: str = ""


class BillerError(Exception):
    """The biller could not tell us about a bill. Fields as in Outcome."""

    def __init__(
        self, code: str, message: str, way_out: str = "", http_status: int | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.way_out, self.http_status = (
            code,
            message,
            way_out,
            http_status,
        )


class Biller(Protocol):
    def read_bill(self, reference: str) -> BillState:
        """The invoice as the biller has it now. Raises BillerError; code "not_found" if absent."""

    def credit_currency(self, client: str) -> str:
        """In which currency the client's credit is kept; "" where it can be any. Raises BillerError."""

    def look_up(
        self, reference: str, bill: BillRef, credit: Money, *, mode: str
    ) -> Found | Absent | Unsure:
        """Is this payment booked already? Compared byte for byte with bill, client and amount.

        mode  as in book(): it decides where a booking would have left its trace. A payment meant
              for an invoice may have been booked as a transaction instead; both are found.
        """

    def book(
        self, reference: str, bill: BillRef, credit: Money, *, mode: str, at: datetime
    ) -> Outcome:
        """Book once; exactly one call that could change anything.

        mode  "invoice" pays the invoice, "transaction" credits the client as a transaction,
              "credit" writes to the client's credit log.
        at    when the money came, in the merchant's zone.
        """

    def may_book(self, actions: Sequence[str]) -> list[CheckLine]:
        """Whether each action that books is allowed, tried without booking anything."""

    def check(self, methods: Sequence[str]) -> list[CheckLine]:
        """Try each needed read, and whether each payment method is active. Changes nothing."""

    def write_note(self, text: str, bill: BillRef) -> Outcome:
        """Leave a line in the biller's activity log. Repeats are harmless."""

    def find_note(self, marker: str, bill: BillRef) -> Found | Absent | Unsure:
        """Whether a log line holding `marker` is there already."""
