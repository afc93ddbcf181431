"""Asking the biller what is really to pay, and remembering the answer as a Bill."""

from datetime import datetime

from django.db import transaction
from django.utils.module_loading import import_string

from ledger import billing, breaker
from ledger.billing.base import Biller as BillerClient
from ledger.billing.base import BillerError
from ledger.models import Bill, Biller
from ledger.money import Money
from ledger.settlement import CurrencyMismatch, owed_to_biller, paid_on, status_for

PAYABLE = frozenset({"unpaid", "payment pending"})


class NotPayable(Exception):
    """The invoice wants no money; `status` is the biller's word for it, or "settling"."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


def connect(biller: Biller) -> BillerClient:
    """The client that speaks to this merchant's biller. Raises SealBroken, BillerError ("config")."""
    make = import_string(billing.BILLERS[biller.kind])
    secrets = biller.reveal("secret"), biller.reveal("access_key")
    try:
        client: BillerClient = make(biller.url, biller.identifier, *secrets)
    except ValueError as error:
        what = "website's settings" if biller.is_website else "WHMCS URL in the biller's settings"
        way_out = f"Mend the {what}."
        raise BillerError("config", f"{biller.url}: {error}", way_out) from error
    return client


def ask(biller: Biller, *, reference: str, client: str, now: datetime) -> tuple[Bill, Money]:
    """Ask what is really due on an invoice: the bill, and what a new order should be for.

    client  who says to be the payer; the invoice must be that client's.
    Raises  BillerError (could not be asked), NotPayable (paid, cancelled, another client's, or
            booked here already and on its way to the biller).
    """
    known = Bill.objects.filter(biller=biller, kind=Bill.Kind.INVOICE, reference=reference).first()
    owed_before = owed_to_biller(known).units if known else 0
    try:
        state = connect(biller).read_bill(reference)
    except BillerError as error:
        if error.code != "not_found":
            breaker.reported(biller, str(error))
        raise
    if state.client != client:
        raise NotPayable("not_yours", f"invoice {reference} is not client {client}'s")
    bill = note_bill(
        biller=biller,
        kind=Bill.Kind.INVOICE,
        reference=state.reference,
        number=state.number,
        client=state.client,
        balance=state.balance,
        now=now,
    )
    if state.status not in PAYABLE:
        raise NotPayable(state.status, f"{bill.english} is {state.status}")
    # The answer may be older than a delivery that ended while it was on its way.
    owed = max(owed_before, owed_to_biller(bill).units)
    still_due = Money(state.balance.units - owed, state.balance.currency)
    if still_due.units <= 0:
        status = "settling" if state.balance.units > 0 else "paid"
        raise NotPayable(status, f"{bill.english} has nothing left to pay")
    return bill, still_due


def credit_currency(biller: Biller, client: str) -> str:
    """In which currency the biller keeps this client's credit; "" where it can be any. Raises
    SealBroken, BillerError."""
    return connect(biller).credit_currency(client)


@transaction.atomic
def note_bill(
    *,
    biller: Biller,
    kind: str,
    reference: str,
    number: str,
    client: str,
    balance: Money,
    now: datetime,
) -> Bill:
    """Remember what WHMCS says is still to pay.

    balance already lacks what we delivered, so the whole due is the balance plus that.
    """
    bill, _ = Bill.objects.select_for_update().get_or_create(
        biller=biller,
        kind=kind,
        reference=reference,
        defaults={
            "merchant_id": biller.merchant_id,
            "number": number,
            "client": client,
            "currency": balance.currency,
            "due_units": max(balance.units, 0),
            "created": now,
        },
    )
    if bill.currency != balance.currency and paid_on(bill).units:
        raise CurrencyMismatch(
            f"{bill.english} was in {bill.currency} when it was paid and is in {balance.currency} now"
        )
    bill.currency, bill.client, bill.number = balance.currency, client, number
    told = paid_on(bill) - owed_to_biller(bill)
    bill.due_units = max(balance.units, 0) + told.units
    bill.status = status_for(due=bill.due, paid=paid_on(bill))
    bill.save(update_fields=["currency", "client", "number", "due_units", "status"])
    return bill
