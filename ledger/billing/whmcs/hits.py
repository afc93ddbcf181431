"""Which rows of WHMCS's lists carry our reference, and whether they are what we booked."""

import re
from collections.abc import Callable

from ledger.billing.base import Absent, BillRef, Found
from ledger.billing.whmcs.answers import Fields, Malformed, id_of, money_of, rows_of
from ledger.money import Money


def transactions_found(
    fields: Fields, reference: str, bill: BillRef, credit: Money
) -> Found | Absent:
    """WHMCS's filter may ignore case or match parts, so only an equal transid counts.

    A payment meant for an invoice is also found where it was credited to the client instead.
    """
    hits = [
        row
        for row in rows_of(fields, "transactions", "transaction")
        if _text_in(row, "transid") == reference
    ]
    return _judged_hits(hits, lambda row: _transaction_differs(row, bill, credit))


def _transaction_differs(row: Fields, bill: BillRef, credit: Money) -> list[str]:
    # `currency` is 0 on a client's transactions; their amounts are in the client's currency.
    client, invoice = id_of(row.get("userid")), id_of(row.get("invoiceid"))
    differs = []
    on_invoice = bill.kind == "invoice" and invoice == id_of(bill.reference)
    # Without an invoice only the client says whose it is; on ours the client may be left out.
    if client != id_of(bill.client) and not (on_invoice and client == "0"):
        differs.append(f"is of client {client}, not {bill.client}")
    if not on_invoice and invoice != "0":
        differs.append(f"is on invoice {invoice}, not on {bill.kind} {bill.reference}")
    if row.get("gateway") != bill.method:
        differs.append(f"is by {str(row.get('gateway'))[:40]!r}, not {bill.method!r}")
    amount = money_of(row.get("amountin"), credit.currency)
    if amount != credit:
        differs.append(f"is of {amount}, not {credit}")
    if money_of(row.get("amountout", "0"), credit.currency).units:
        differs.append("pays money out")
    return differs


def credits_found(fields: Fields, reference: str, bill: BillRef, credit: Money) -> Found | Absent:
    if id_of(fields.get("clientid")) not in ("0", id_of(bill.client)):
        raise Malformed(f"the credits are not those of client {bill.client}")
    hits = [
        row
        for row in rows_of(fields, "credits", "credit")
        if _text_in(row, "description").split(" ")[-1] == reference
    ]

    def differs(row: Fields) -> list[str]:
        amount = money_of(row.get("amount"), credit.currency)
        return [] if amount == credit else [f"is of {amount}, not {credit}"]

    return _judged_hits(hits, differs)


def notes_found(fields: Fields, marker: str) -> Found | Absent:
    """The marker as a whole word: a note on SC-12 is none on SC-1."""
    whole = re.compile(rf"(?<![\w-]){re.escape(marker)}(?![\w-])")
    hits = [
        row
        for row in rows_of(fields, "activity", "entry")
        if whole.search(_text_in(row, "description"))
    ]
    return Found(len(hits), exact=True) if hits else Absent()


def _text_in(row: Fields, name: str) -> str:
    """A row without the member cannot be judged; one where it is empty is simply not ours."""
    if name not in row:
        raise Malformed(f"a row has no {name}")
    return "" if row[name] is None else str(row[name])


def _judged_hits(hits: list[Fields], differs: Callable[[Fields], list[str]]) -> Found | Absent:
    if not hits:
        return Absent()
    remarks = [f"it is there {len(hits)} times"] if len(hits) > 1 else []
    exact = True
    for row in hits:
        try:
            found = differs(row)
        except Malformed as error:
            # It is there for certain; what it says cannot be compared.
            found = [f"cannot be compared: {error}"]
        if found:
            exact = False
            remarks.append(f"row {str(row.get('id'))[:20]} " + ", ".join(found))
    return Found(len(hits), exact, "; ".join(remarks))
