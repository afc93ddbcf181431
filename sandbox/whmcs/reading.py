"""The API's reading commands. Amounts are texts; ids are texts or numbers, as WHMCS mixes them.

https://developers.whmcs.com/api-reference/ (GetInvoice and its neighbours).
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from sandbox.whmcs import accounts, module, settings
from sandbox.whmcs.accounts import CURRENCIES, money
from sandbox.whmcs.command import Call, CommandError

Answer = dict[str, object]


def get_invoice(call: Call) -> Answer:
    row = call.invoice()
    rows = [_transaction(t) for t in accounts.transactions_of(call.db, row["id"])]
    item = {
        "id": str(row["id"]), "type": "", "relid": "0", "description": row["description"],
        "amount": row["total"], "taxed": "0",
    }  # fmt: skip
    return {
        "invoiceid": str(row["id"]),
        "invoicenum": "",
        "userid": str(row["client_id"]),
        "date": row["date"],
        "duedate": row["duedate"],
        "datepaid": row["datepaid"],
        "lastcaptureattempt": accounts.NEVER,
        "subtotal": row["total"],
        "credit": "0.00",
        "tax": "0.00",
        "tax2": "0.00",
        "total": row["total"],
        "balance": money(accounts.balance(call.db, row)),
        "taxrate": "0.000",
        "taxrate2": "0.000",
        "status": row["status"],
        "paymentmethod": row["paymentmethod"],
        "notes": "",
        "ccgateway": False,
        "items": {"item": [item]},
        # Documented: an empty text, not an empty list, while nothing has been paid.
        "transactions": call.wrapped("transaction", rows) if rows else "",
    }


def get_invoices(call: Call) -> Answer:
    rows = call.db.execute(
        "SELECT i.*, c.currency, c.firstname, c.lastname FROM wh_invoices i"
        " JOIN wh_clients c ON c.id = i.client_id ORDER BY i.id"
    ).fetchall()
    today = accounts.now().date().isoformat()
    status = call.text("status")
    if call.number("userid"):
        rows = [r for r in rows if r["client_id"] == call.number("userid")]
    if status == "Overdue":
        rows = [r for r in rows if r["status"] == "Unpaid" and r["duedate"] < today]
    elif status:
        rows = [r for r in rows if r["status"] == status]
    order = call.text("orderby")
    keys: dict[str, Callable[[sqlite3.Row], object]] = {
        "date": lambda r: (r["date"], r["id"]),
        "duedate": lambda r: (r["duedate"], r["id"]),
        "total": lambda r: (Decimal(r["total"]), r["id"]),
        "status": lambda r: (r["status"], r["id"]),
    }
    rows.sort(key=keys.get(order, lambda r: r["id"]), reverse=call.text("order").lower() == "desc")
    return _slice(call, "invoices", "invoice", [_listed_invoice(r) for r in rows])


def get_transactions(call: Call) -> Answer:
    """transid is compared as MySQL does, so what comes back may differ in case or blanks."""
    if call.text("transid"):
        rows = call.db.execute(
            "SELECT * FROM wh_transactions WHERE transid_key = ? ORDER BY id",
            (accounts.transid_key(call.text("transid")),),
        ).fetchall()
    elif call.number("invoiceid"):
        rows = accounts.transactions_of(call.db, call.number("invoiceid"))
    else:
        rows = call.db.execute("SELECT * FROM wh_transactions ORDER BY id").fetchall()
    for parameter, column in (("invoiceid", "invoiceid"), ("clientid", "userid")):
        if call.number(parameter):
            rows = [r for r in rows if r[column] == call.number(parameter)]
    found = [_transaction(r) for r in rows]
    return {
        "totalresults": len(found),
        "startnumber": 0,
        "numreturned": len(found),
        "transactions": call.wrapped("transaction", found),
    }


def get_credits(call: Call) -> Answer:
    client = call.client()
    rows = call.db.execute(
        "SELECT * FROM wh_credits WHERE clientid = ? ORDER BY id", (client["id"],)
    ).fetchall()
    credits: list[Answer] = [
        {
            "id": str(r["id"]), "date": r["date"], "description": r["description"],
            "amount": r["amount"], "relid": str(r["relid"]),
        }
        for r in rows
    ]  # fmt: skip
    return {
        "totalresults": len(credits),
        "clientid": client["id"],
        "credits": call.wrapped("credit", credits),
    }


def get_clients_details(call: Call) -> Answer:
    if call.number("clientid"):
        row = accounts.client(call.db, call.number("clientid"))
    elif call.text("email"):
        row = call.db.execute(
            "SELECT * FROM wh_clients WHERE lower(email) = lower(?)", (call.text("email"),)
        ).fetchone()
    else:
        raise CommandError("Either clientid Or email Is Required")
    if row is None:
        raise CommandError("Client Not Found")
    client: Answer = {
        "id": row["id"],
        "userid": row["id"],
        "client_id": row["id"],
        "owner_user_id": row["id"],
        "firstname": row["firstname"],
        "lastname": row["lastname"],
        "fullname": f"{row['firstname']} {row['lastname']}",
        "email": row["email"],
        "language": row["language"],
        "currency": CURRENCIES.index(row["currency"]) + 1,
        "currency_code": row["currency"],
        "credit": row["credit"],
        "status": "Active",
        "defaultgateway": "",
        "customfields": [],
    }
    # The copy beside `client` is deprecated but still sent.
    return {**client, "client": client}


def get_clients(call: Call) -> Answer:
    search = call.text("search").lower()
    rows = call.db.execute("SELECT * FROM wh_clients ORDER BY id").fetchall()
    clients: list[Answer] = [
        {
            "id": r["id"], "firstname": r["firstname"], "lastname": r["lastname"],
            "companyname": "", "email": r["email"], "datecreated": r["created"][:10], "groupid": 0,
            "status": "Active",
        }
        for r in rows
        if any(r[name].lower().startswith(search) for name in ("email", "firstname", "lastname"))
    ]  # fmt: skip
    return _slice(call, "clients", "client", clients)


def get_currencies(call: Call) -> Answer:
    currencies: list[Answer] = [
        {
            "id": number, "code": code, "prefix": "", "suffix": f" {code}", "format": 1,
            "rate": "1.00000",
        }
        for number, code in enumerate(CURRENCIES, 1)
    ]  # fmt: skip
    return {
        "totalresults": len(currencies),
        "currencies": call.wrapped("currency", currencies),
    }


def get_payment_methods(call: Call) -> Answer:
    methods: list[Answer] = [
        {"module": name, "displayname": module.name_of(name)}
        for name in settings.names(call.installation, "gateways") or []
    ]
    return {
        "totalresults": len(methods),
        "paymentmethods": call.wrapped("paymentmethod", methods),
    }


def whmcs_details(call: Call) -> Answer:
    version = settings.text(call.installation, "version")
    return {"whmcs": {"version": version, "canonicalversion": f"{version}-release.1"}}


def get_activity_log(call: Call) -> Answer:
    """Newest first. Dates are in the installation's own format, here day first."""
    wanted = call.text("description").lower()
    client = call.number("clientid") or call.number("userid")
    rows = call.db.execute("SELECT * FROM wh_activity ORDER BY id DESC").fetchall()
    entries: list[Answer] = [
        {
            "id": r["id"],
            "date": datetime.fromisoformat(r["date"]).strftime("%d/%m/%Y %H:%M:%S"),
            "description": r["description"],
            "username": r["username"],
            "ipaddress": r["ipaddress"],
            "clientId": r["clientid"],
            "userId": r["clientid"],
            "adminId": 1,
        }
        for r in rows
        if wanted in r["description"].lower() and (not client or r["clientid"] == client)
    ]
    return _slice(call, "activity", "entry", entries)


def _slice(call: Call, wrapper: str, name: str, rows: list[Answer]) -> Answer:
    start, number = call.number("limitstart"), call.number("limitnum", 25) or 25
    part = rows[start : start + number]
    return {
        "totalresults": len(rows),
        "startnumber": start,
        "numreturned": len(part),
        wrapper: call.wrapped(name, part),
    }


def _listed_invoice(row: sqlite3.Row) -> Answer:
    return {
        "id": row["id"],
        "userid": row["client_id"],
        "firstname": row["firstname"],
        "lastname": row["lastname"],
        "companyname": "",
        "invoicenum": "",
        "date": row["date"],
        "duedate": row["duedate"],
        "datepaid": row["datepaid"],
        "date_refunded": accounts.NEVER,
        "date_cancelled": accounts.NEVER,
        "subtotal": row["total"],
        "credit": "0.00",
        "tax": "0.00",
        "tax2": "0.00",
        "total": row["total"],
        "status": row["status"],
        "paymentmethod": row["paymentmethod"],
        "currencycode": row["currency"],
        "currencyprefix": "",
        "currencysuffix": f" {row['currency']}",
    }


def _transaction(row: sqlite3.Row) -> Answer:
    names = (
        "id", "userid", "currency", "gateway", "date", "description", "amountin", "fees",
        "amountout", "rate", "transid", "invoiceid",
    )  # fmt: skip
    return {**{name: str(row[name]) for name in names}, "refundid": "0"}


COMMANDS: dict[str, Callable[[Call], Answer]] = {
    "GetInvoice": get_invoice,
    "GetInvoices": get_invoices,
    "GetTransactions": get_transactions,
    "GetCredits": get_credits,
    "GetClientsDetails": get_clients_details,
    "GetClients": get_clients,
    "GetCurrencies": get_currencies,
    "GetPaymentMethods": get_payment_methods,
    "WhmcsDetails": whmcs_details,
    "GetActivityLog": get_activity_log,
}
