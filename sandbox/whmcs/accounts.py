"""Clients, invoices, transactions and credits: the rows, and the arithmetic WHMCS does on them."""

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

# The first is the base currency; the ids are the positions, from 1.
CURRENCIES = (
    "EUR", "USD", "GBP", "PLN", "CHF", "SEK", "AUD", "CAD", "CZK", "DKK", "NOK", "EGP",
)  # fmt: skip
STATUSES = (
    "Draft", "Unpaid", "Paid", "Payment Pending", "Cancelled", "Refunded", "Collections",
)  # fmt: skip
NEVER = "0000-00-00 00:00:00"
CENT = Decimal("0.01")


def money(amount: Decimal) -> str:
    """Two decimals with a dot, as WHMCS prints every amount."""
    return format(amount.quantize(CENT, ROUND_HALF_UP), "f")


def now() -> datetime:
    """Server local time: WHMCS knows no UTC."""
    return datetime.now(UTC).astimezone()


def stamp() -> str:
    return now().strftime("%Y-%m-%d %H:%M:%S")


def transid_key(transid: str) -> str:
    """What MySQL's usual collation compares: no case, no trailing blanks."""
    return transid.rstrip(" ").casefold()


def client(db: sqlite3.Connection, client_id: int) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM wh_clients WHERE id = ?", (client_id,)
    ).fetchone()
    return row


def invoice(db: sqlite3.Connection, invoice_id: int) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT i.*, c.currency AS currency FROM wh_invoices i"
        " JOIN wh_clients c ON c.id = i.client_id WHERE i.id = ?",
        (invoice_id,),
    ).fetchone()
    return row


def transactions_of(db: sqlite3.Connection, invoice_id: int) -> list[sqlite3.Row]:
    return db.execute(
        "SELECT * FROM wh_transactions WHERE invoiceid = ? ORDER BY id", (invoice_id,)
    ).fetchall()


def paid(rows: Iterable[sqlite3.Row]) -> Decimal:
    """What the transactions of an invoice come to."""
    return sum((Decimal(r["amountin"]) - Decimal(r["amountout"]) for r in rows), Decimal(0))


def balance(db: sqlite3.Connection, row: sqlite3.Row) -> Decimal:
    """Total less payments. Negative after an overpayment, although the excess became credit.

    How a live WHMCS prints an overpaid invoice's balance is not documented; a reader that copes
    with a negative one copes with zero too.
    """
    return Decimal(row["total"]) - paid(transactions_of(db, row["id"]))


def add_client(db: sqlite3.Connection, names: tuple[str, str], email: str, currency: str,
               credit: Decimal, language: str) -> int:  # fmt: skip
    cursor = db.execute(
        "INSERT INTO wh_clients (firstname, lastname, email, currency, credit, language, created)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*names, email, currency, money(credit), language, stamp()),
    )
    return int(cursor.lastrowid or 0)


def add_invoice(
    db: sqlite3.Connection,
    client_id: int,
    total: Decimal,
    description: str,
    status: str,
    paymentmethod: str = "spectrocoin",
) -> int:
    cursor = db.execute(
        "INSERT INTO wh_invoices"
        " (client_id, status, total, description, date, duedate, datepaid, paymentmethod)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            client_id, "Unpaid", money(total), description, now().date().isoformat(),
            (now().date() + timedelta(days=7)).isoformat(), NEVER, paymentmethod,
        ),
    )  # fmt: skip
    invoice_id = int(cursor.lastrowid or 0)
    set_status(db, invoice_id, status)
    return invoice_id


def set_payment_method(db: sqlite3.Connection, invoice_id: int, method: str) -> None:
    db.execute("UPDATE wh_invoices SET paymentmethod = ? WHERE id = ?", (method, invoice_id))


def set_status(db: sqlite3.Connection, invoice_id: int, status: str) -> None:
    """As an admin does. "Mark paid" books the balance as a payment without a transaction id."""
    row = invoice(db, invoice_id)
    if row is None:
        return
    due = balance(db, row)
    if status == "Paid" and due > 0:
        add_transaction(
            db, userid=row["client_id"], gateway="banktransfer", transid="", amountin=due,
            invoiceid=invoice_id, description="Invoice Payment",
        )  # fmt: skip
    db.execute(
        "UPDATE wh_invoices SET status = ?, datepaid = ? WHERE id = ?",
        (status, stamp() if status == "Paid" else NEVER, invoice_id),
    )


def add_transaction(
    db: sqlite3.Connection,
    *,
    userid: int,
    gateway: str,
    transid: str,
    amountin: Decimal,
    invoiceid: int = 0,
    description: str = "",
    fees: Decimal = Decimal(0),
    amountout: Decimal = Decimal(0),
    currency: int = 0,
    date: str = "",
) -> int:
    """Write one row of the transaction list. Nothing else changes."""
    cursor = db.execute(
        "INSERT INTO wh_transactions (userid, currency, gateway, date, description, amountin, fees,"
        " amountout, rate, transid, transid_key, invoiceid)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, '1.00000', ?, ?, ?)",
        (
            userid, currency, gateway, date or stamp(), description, money(amountin), money(fees),
            money(amountout), transid, transid_key(transid), invoiceid,
        ),
    )  # fmt: skip
    return int(cursor.lastrowid or 0)


def add_credit(
    db: sqlite3.Connection, client_id: int, amount: Decimal, description: str, relid: int = 0,
    date: str = "",
) -> Decimal:  # fmt: skip
    """Move the client's credit and log it; answers the new balance. Negative amounts take away."""
    db.execute(
        "INSERT INTO wh_credits (clientid, date, description, amount, relid)"
        " VALUES (?, ?, ?, ?, ?)",
        (client_id, date or now().date().isoformat(), description, money(amount), relid),
    )
    row = client(db, client_id)
    credit = (Decimal(row["credit"]) if row else Decimal(0)) + amount
    db.execute("UPDATE wh_clients SET credit = ? WHERE id = ?", (money(credit), client_id))
    return credit


def log(db: sqlite3.Connection, description: str, client_id: int, ip: str) -> None:
    """One line of the activity log."""
    db.execute(
        "INSERT INTO wh_activity (date, description, username, ipaddress, clientid)"
        " VALUES (?, ?, 'console', ?, ?)",
        (stamp(), description, ip, client_id),
    )
