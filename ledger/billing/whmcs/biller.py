"""The Biller: read a bill, look for a reference, book once, leave notes."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from ledger import http
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
from ledger.billing.whmcs.answers import Fields, Malformed, id_of, money_of, text_of
from ledger.billing.whmcs.api import Api, Reply
from ledger.billing.whmcs.check import booking_lines, check_lines
from ledger.billing.whmcs.faults import BROKEN, Fault
from ledger.billing.whmcs.hits import credits_found, notes_found, transactions_found
from ledger.http import Call
from ledger.money import Money

# AddInvoicePayment runs receipts, provisioning and renewals inside the call.
PAYMENT_TIMEOUT_SECONDS = 60
# Plain enough to come back from MySQL and HTML unchanged; WHMCS does not state a length.
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@#-]{0,63}")
NOTE_LIMIT = "100"

_VERDICTS = {
    # Certain not to have run: WHMCS checks address, credential and role before it dispatches.
    "ip": Verdict.LATER,
    "auth": Verdict.LATER,
    "permission": Verdict.LATER,
    "transport": Verdict.LATER,
    # Documented refusals, each checked before anything is written.
    "not_found": Verdict.REFUSED,
    "state": Verdict.REFUSED,
    "validation": Verdict.REFUSED,
    # It is there, by us or by somebody else: the next look decides.
    "duplicate": Verdict.UNKNOWN,
    "ambiguous": Verdict.UNKNOWN,
}


class Whmcs:
    """One WHMCS. Raises ValueError where the URL is none that `clean_root` accepts."""

    def __init__(
        self,
        url: str,
        identifier: str,
        secret: str,
        access_key: str = "",
        *,
        call: Call = http.call,
    ) -> None:
        self._api = Api(url, identifier, secret, access_key, call=call)

    def __repr__(self) -> str:
        return f"Whmcs({self._api.root!r})"

    def check(self, methods: Sequence[str]) -> list[CheckLine]:
        """One line per read action that is needed, and per payment method that must be active."""
        return check_lines(self._api, methods)

    def may_book(self, actions: Sequence[str]) -> list[CheckLine]:
        """One line per action that books, without booking anything."""
        return booking_lines(self._api, actions)

    def read_bill(self, reference: str) -> BillState:
        """GetInvoice, and the currency from its client: WHMCS puts none on the invoice."""
        if not _is_id(reference):
            raise BillerError("not_found", f"{reference[:40]!r} is not a WHMCS invoice number")
        reply = self._api.ask("GetInvoice", {"invoiceid": reference})
        if reply.fault:
            raise _error(reply.fault, reply)
        try:
            invoice = reply.fields
            client = id_of(invoice.get("userid"))
            if id_of(invoice.get("invoiceid")) != id_of(reference) or client == "0":
                raise Malformed(f"the answer is not invoice {reference} with its client")
            currency = self._currency_of(client)
            status = text_of(invoice, "status").lower()
            if not status:
                raise Malformed("the answer holds no status")
            return BillState(
                reference=id_of(reference),
                client=client,
                status=status,
                balance=money_of(invoice.get("balance"), currency),
                total=money_of(invoice.get("total"), currency),
                number=str(invoice.get("invoicenum") or ""),
            )
        except Malformed as error:
            raise BillerError("ambiguous", f"GetInvoice: {error}", BROKEN) from None

    def credit_currency(self, client: str) -> str:
        """AddCredit and AddTransaction name no currency: WHMCS takes the client's own."""
        try:
            return self._currency_of(client)
        except Malformed as error:
            raise BillerError("ambiguous", f"GetClientsDetails: {error}", BROKEN) from None

    def _currency_of(self, client: str) -> str:
        reply = self._api.ask("GetClientsDetails", {"clientid": client})
        if reply.fault and reply.fault.code == "not_found":
            # The code "not_found" is kept for the invoice.
            raise BillerError("ambiguous", f"client {client} of the invoice is not in WHMCS")
        if reply.fault:
            raise _error(reply.fault, reply)
        nested = reply.fields.get("client")
        # The copy on the top level is deprecated and carries the same names.
        details = nested if isinstance(nested, dict) else reply.fields
        if id_of(details.get("id") or details.get("userid")) != client:
            raise Malformed(f"the details are not those of client {client}")
        return text_of(details, "currency_code")

    def look_up(
        self, reference: str, bill: BillRef, credit: Money, *, mode: str
    ) -> Found | Absent | Unsure:
        """GetTransactions by transid, or for mode "credit" the client's credit log."""
        if mode == "credit":
            return self._look(
                "GetCredits",
                {"clientid": bill.client},
                lambda fields: credits_found(fields, reference, bill, credit),
            )
        return self._look(
            "GetTransactions",
            {"transid": reference},
            lambda fields: transactions_found(fields, reference, bill, credit),
        )

    def find_note(self, marker: str, bill: BillRef) -> Found | Absent | Unsure:
        """GetActivityLog by text. The client's filter was renamed in 8.5, so it is not used."""
        return self._look(
            "GetActivityLog",
            {"description": marker, "limitnum": NOTE_LIMIT},
            lambda fields: notes_found(fields, marker),
        )

    def _look(
        self, action: str, params: dict[str, str], read: Callable[[Fields], Found | Absent]
    ) -> Found | Absent | Unsure:
        reply = self._api.ask(action, params)
        if reply.fault:
            fault = reply.fault
            return Unsure(fault.code, fault.message, fault.way_out, reply.http_status)
        try:
            return read(reply.fields)
        except Malformed as error:
            return Unsure("ambiguous", f"{action}: {error}", BROKEN, reply.http_status)

    def book(
        self, reference: str, bill: BillRef, credit: Money, *, mode: str, at: datetime
    ) -> Outcome:
        """AddInvoicePayment, AddTransaction with credit=1, or AddCredit: one call.

        AddInvoicePayment and AddCredit accept a reference twice and book it twice; AddTransaction
        refuses. So look_up comes before every book.
        """
        if reason := _unbookable(reference, bill, credit, mode):
            return Outcome(
                Verdict.REFUSED, "validation", reason, "Settle this payment by hand in WHMCS."
            )
        amount = _amount_text(credit)
        if mode == "invoice":
            reply = self._api.ask(
                "AddInvoicePayment",
                {
                    "invoiceid": bill.reference,
                    "transid": reference,
                    "gateway": bill.method,
                    "date": at.strftime("%Y-%m-%d %H:%M:%S"),
                    # Left out or zero, WHMCS takes it for the whole balance.
                    "amount": amount,
                },
                timeout_seconds=PAYMENT_TIMEOUT_SECONDS,
            )
        elif mode == "transaction":
            reply = self._api.ask(
                "AddTransaction",
                {
                    "paymentmethod": bill.method,
                    "userid": bill.client,
                    "transid": reference,
                    # No date: here WHMCS reads it in the installation's own format.
                    "description": _description(bill.method, reference),
                    "amountin": amount,
                    "credit": "1",
                },
            )
        else:
            reply = self._api.ask(
                "AddCredit",
                {
                    "clientid": bill.client,
                    "description": _description(bill.method, reference),
                    "amount": amount,
                },
            )
        return _outcome(reply)

    def write_note(self, text: str, bill: BillRef) -> Outcome:
        """LogActivity, on the client's own log where the client is known."""
        params = {"description": text}
        if _is_id(bill.client):
            params["clientid"] = bill.client
        return _outcome(self._api.ask("LogActivity", params))


def _is_id(text: str) -> bool:
    return re.fullmatch(r"0*[1-9][0-9]{0,17}", text) is not None


def _error(fault: Fault, reply: Reply) -> BillerError:
    return BillerError(fault.code, fault.message, fault.way_out, reply.http_status)


def _outcome(reply: Reply) -> Outcome:
    fault = reply.fault
    return Outcome(
        verdict=_VERDICTS[fault.code] if fault else Verdict.DONE,
        code=fault.code if fault else "ok",
        message=fault.message if fault else "WHMCS answered success",
        way_out=fault.way_out if fault else "",
        http_status=reply.http_status,
        request=reply.request,
        response=reply.response,
    )


def _unbookable(reference: str, bill: BillRef, credit: Money, mode: str) -> str:
    """Why this must not be sent at all; "" where it may."""
    if mode not in ("invoice", "transaction", "credit"):
        return f"there is no booking mode {mode[:40]!r}"
    if not REFERENCE.fullmatch(reference):
        return f"{reference[:80]!r} cannot serve as a transaction id"
    if mode == "invoice" and (bill.kind != "invoice" or not _is_id(bill.reference)):
        return f"{bill.kind} {bill.reference[:40]!r} is no WHMCS invoice to pay"
    if mode != "invoice" and not _is_id(bill.client):
        return f"{bill.client[:40]!r} is not a WHMCS client number"
    if not bill.method:
        return "no payment method is set"
    if credit.units <= 0:
        return f"{credit} is not a positive amount"
    if not _amount_text(credit):
        return f"{credit} has more than the two decimals that WHMCS keeps"
    return ""


def _amount_text(credit: Money) -> str:
    """WHMCS's ###.##, whatever the currency's own digits; "" where that would lose some."""
    whole, _, fraction = credit.amount.partition(".")
    if fraction[2:].strip("0"):
        return ""
    return f"{whole}.{fraction[:2].ljust(2, '0')}"


def _description(method: str, reference: str) -> str:
    """The published form, by which credits are found again: the reference is its last word."""
    title = "VodafoneCash" if method == "vodafoncash" else method
    return f"{title} payment - trans_id: {reference}"
