"""What an admin does in WHMCS, as control calls: clients, invoices, and a look at everything."""

import re
import sqlite3
from decimal import Decimal

from sandbox import faults
from sandbox.web import Fields, Refused, Request, Response, World, done, json_answer
from sandbox.whmcs import accounts
from sandbox.whmcs.accounts import CURRENCIES, STATUSES, money

TWO_PLACES = re.compile(r"[0-9]{1,10}(\.[0-9]{1,2})?")


def add_client(world: World, request: Request) -> Response:
    fields = request.fields()
    fields.only("firstname", "lastname", "email", "currency", "credit", "language")
    with world.storage.change() as db:
        client_id = accounts.add_client(
            db,
            (fields.text("firstname", "Ada"), fields.text("lastname", "Byron")),
            fields.text("email", "ada@example.com"),
            fields.choice("currency", CURRENCIES, "EUR"),
            _money(fields, "credit", "0.00"),
            fields.text("language", "english"),
        )
    return done(request, {"client_id": client_id})


def add_invoice(world: World, request: Request) -> Response:
    fields = request.fields()
    fields.only("client_id", "amount", "description", "status", "paymentmethod")
    client_id = fields.whole("client_id", 0, 2**53)
    with world.storage.change() as db:
        if accounts.client(db, client_id) is None:
            raise Refused("no such client", 404)
        invoice_id = accounts.add_invoice(
            db,
            client_id,
            _money(fields, "amount", ""),
            fields.text("description", "Web hosting"),
            fields.choice("status", STATUSES, "Unpaid"),
            fields.text("paymentmethod") or "spectrocoin",
        )
    return done(request, {"invoice_id": invoice_id})


def change_invoice(world: World, request: Request, invoice_id: str) -> Response:
    fields = request.fields()
    fields.only("status", "amount", "description", "paymentmethod")
    with world.storage.change() as db:
        row = _found(db, invoice_id)
        if "amount" in fields.values:
            total = money(_money(fields, "amount", ""))
            db.execute("UPDATE wh_invoices SET total = ? WHERE id = ?", (total, row["id"]))
        if "description" in fields.values:
            text = fields.text("description")
            db.execute("UPDATE wh_invoices SET description = ? WHERE id = ?", (text, row["id"]))
        if "paymentmethod" in fields.values:
            accounts.set_payment_method(db, row["id"], fields.text("paymentmethod"))
        if "status" in fields.values:
            accounts.set_status(db, row["id"], fields.choice("status", STATUSES, "Unpaid"))
        return done(request, _with_transactions(db, _found(db, invoice_id)))


def show_invoice(world: World, request: Request, invoice_id: str) -> Response:
    with world.storage.change() as db:
        return json_answer(_with_transactions(db, _found(db, invoice_id)))


def state(world: World, request: Request) -> Response:
    """Everything this WHMCS holds, and every API call it got."""
    with world.storage.change() as db:
        clients = db.execute(
            "SELECT id, firstname, lastname, email, currency, credit, language FROM wh_clients"
            " ORDER BY id"
        ).fetchall()
        invoices = [_found(db, str(r["id"])) for r in db.execute("SELECT id FROM wh_invoices")]
        transactions = db.execute("SELECT * FROM wh_transactions ORDER BY id").fetchall()
        credits = db.execute("SELECT * FROM wh_credits ORDER BY id").fetchall()
        activity = db.execute("SELECT * FROM wh_activity ORDER BY id").fetchall()
        return json_answer(
            {
                "clients": [dict(r) for r in clients],
                "invoices": [_invoice(db, r) for r in invoices],
                "transactions": [_transaction(r) for r in transactions],
                "credits": [dict(r) for r in credits],
                "activity": [dict(r) for r in activity],
                "calls": faults.calls(db, "whmcs"),
            }
        )


def _found(db: sqlite3.Connection, invoice_id: str) -> sqlite3.Row:
    row = accounts.invoice(db, int(invoice_id))
    if row is None:
        raise Refused("no such invoice", 404)
    return row


def _money(fields: Fields, name: str, default: str) -> Decimal:
    text = fields.text(name, default)
    if not TWO_PLACES.fullmatch(text):
        raise Refused(f'{name} must be text with at most two decimals, such as "15.99"')
    return Decimal(text)


def _with_transactions(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, object]:
    rows = accounts.transactions_of(db, row["id"])
    return {"invoice": _invoice(db, row), "transactions": [_transaction(r) for r in rows]}


def _invoice(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, object]:
    return {
        "id": row["id"],
        "client_id": row["client_id"],
        "status": row["status"],
        "paymentmethod": row["paymentmethod"],
        "total": row["total"],
        "balance": money(accounts.balance(db, row)),
        "currency": row["currency"],
        "amount_paid": money(accounts.paid(accounts.transactions_of(db, row["id"]))),
        "description": row["description"],
    }


def _transaction(row: sqlite3.Row) -> dict[str, object]:
    names = (
        "id", "transid", "amountin", "fees", "amountout", "gateway", "invoiceid", "userid", "date",
        "description",
    )  # fmt: skip
    return {name: row[name] for name in names}
