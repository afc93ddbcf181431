"""The API's commands that change money or the log.

https://developers.whmcs.com/api-reference/ (AddInvoicePayment, AddTransaction, AddCredit,
LogActivity). Where the pages are silent, the comment says what this model does.
"""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from sandbox.whmcs import accounts
from sandbox.whmcs.accounts import CURRENCIES, money
from sandbox.whmcs.command import Call, CommandError

Answer = dict[str, object]

CREDIT_AMOUNT = re.compile(r"[0-9]+(\.[0-9]{2})?")
OUR_DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})")


def add_invoice_payment(call: Call) -> Answer:
    """Not protected against repeats: the same transid pays again, and the excess is credited."""
    invoice = call.invoice()
    if invoice["status"] == "Cancelled":
        text = "It is not possible to add a payment to an invoice that is Cancelled"
        raise CommandError(text)
    for name in ("transid", "gateway"):
        if not call.text(name):
            raise CommandError(f"{name} is required")
    due = max(accounts.balance(call.db, invoice), Decimal(0))
    # No amount, or 0, pays whatever is due; on a Paid invoice that is nothing.
    amount = call.amount("amount") or due
    if amount < 0:
        raise CommandError("Invalid amount given for amount")
    accounts.add_transaction(
        call.db, userid=invoice["client_id"], gateway=call.text("gateway"),
        transid=call.text("transid"), amountin=amount, invoiceid=invoice["id"],
        description="Invoice Payment", fees=call.amount("fees"), date=_payment_date(call),
    )  # fmt: skip
    accounts.log(
        call.db, f"Added Invoice Payment - Invoice ID: {invoice['id']}", invoice["client_id"],
        call.caller,
    )  # fmt: skip
    if invoice["status"] != "Paid" and amount >= due:
        call.db.execute(
            "UPDATE wh_invoices SET status = 'Paid', datepaid = ? WHERE id = ?",
            (accounts.stamp(), invoice["id"]),
        )
        accounts.log(
            call.db, f"Invoice Marked Paid - Invoice ID: {invoice['id']}", invoice["client_id"],
            call.caller,
        )  # fmt: skip
    # Documented for the excess over the balance; that a Paid invoice takes all of it as excess is
    # what follows from that, and what duplicate bookings are reported to do.
    excess = amount if invoice["status"] == "Paid" else amount - due
    if excess > 0:
        text = f"Invoice #{invoice['id']} Overpayment"
        accounts.add_credit(call.db, invoice["client_id"], excess, text, invoice["id"])
    return {}


def add_transaction(call: Call) -> Answer:
    """Refuses a transid that any transaction has, compared without case and trailing blanks.

    Given an invoiceid it is listed there but settles nothing; whether it would is undocumented.
    """
    if not call.text("paymentmethod"):
        raise CommandError("Payment Method is required")
    user = call.number("userid")
    client = call.client("userid") if user else None
    invoice = call.invoice() if call.text("invoiceid") else None
    if client and invoice and invoice["client_id"] != client["id"]:
        raise CommandError("User ID does not own the given Invoice ID")
    currency = _currency(call, client["currency"] if client else "")
    transid = call.text("transid")
    taken = call.db.execute(
        "SELECT 1 FROM wh_transactions WHERE transid_key = ?", (accounts.transid_key(transid),)
    ).fetchone()
    if transid and taken and not call.truth("allowduplicatetransid"):
        raise CommandError("Transaction ID must be Unique")
    credit = call.truth("credit")
    if credit and (invoice or not client):
        raise CommandError("credit needs a userid and no invoiceid")

    amount = call.amount("amountin")
    accounts.add_transaction(
        call.db, userid=client["id"] if client else invoice["client_id"] if invoice else 0,
        gateway=call.text("paymentmethod"), transid=transid, amountin=amount,
        invoiceid=invoice["id"] if invoice else 0, description=call.text("description"),
        fees=call.amount("fees"), amountout=call.amount("amountout"), currency=currency,
        date=_our_date(call),
    )  # fmt: skip
    if credit and client:
        text = call.text("description") or f"Add Funds Transaction ID {transid}"
        accounts.add_credit(call.db, client["id"], amount, text)
    return {}


def add_credit(call: Call) -> Answer:
    """Writes the credit log and the balance, but no transaction; not protected against repeats."""
    kind = call.text("type") or "add"
    if kind not in ("add", "remove"):
        raise CommandError("Type can only be add or remove")
    client = call.client()
    if call.text("adminid") not in ("", "1"):
        raise CommandError("Admin ID Not Found")
    if not call.text("amount"):
        raise CommandError("No Amount Provided")
    if not CREDIT_AMOUNT.fullmatch(call.text("amount")):
        raise CommandError("Amount must be in decimal format: ### or ###.##")
    date = call.text("date")
    if date and not _is_date(date):
        raise CommandError("Date Format is not Valid")
    amount = Decimal(call.text("amount")) * (1 if kind == "add" else -1)
    credit = accounts.add_credit(call.db, client["id"], amount, call.text("description"), 0, date)
    return {"newbalance": money(credit)}


def log_activity(call: Call) -> Answer:
    if not call.text("description"):
        raise CommandError("Description is required")
    client = call.number("clientid") or call.number("userid")
    accounts.log(call.db, call.text("description"), client, call.caller)
    return {}


def _currency(call: Call, of_client: str) -> int:
    """0 for a client's transaction, else the given currency."""
    given = call.number("currencyid")
    if given and not 0 < given <= len(CURRENCIES):
        raise CommandError("Currency ID Not Found")
    if of_client:
        if given and CURRENCIES[given - 1] != of_client:
            raise CommandError("Currency ID does not match Client currency")
        return 0
    if not given:
        text = "A Currency ID is required for non-customer related transactions"
        raise CommandError(text)
    return given


def _is_date(text: str) -> bool:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date().isoformat() == text  # noqa: DTZ007
    except ValueError:
        return False


def _payment_date(call: Call) -> str:
    """`YYYY-MM-DD HH:mm:ss` or `YYYY-MM-DD`; anything else becomes WHMCS's "no date"."""
    text = call.text("date")
    if not text or _is_date(text[:10]):
        return text
    return accounts.NEVER


def _our_date(call: Call) -> str:
    """AddTransaction reads the installation's own format, here DD/MM/YYYY."""
    text = call.text("date")
    match = OUR_DATE.fullmatch(text)
    if match:
        return f"{match[3]}-{match[2]}-{match[1]} 00:00:00"
    return accounts.NEVER if text else ""


COMMANDS: dict[str, Callable[[Call], Answer]] = {
    "AddInvoicePayment": add_invoice_payment,
    "AddTransaction": add_transaction,
    "AddCredit": add_credit,
    "LogActivity": log_activity,
}
