"""The client area: invoice list, invoice page with the pay button, activity log."""

import sqlite3
from html import escape

from sandbox.pages import button, page
from sandbox.web import Refused, Request, Response, World, see_other
from sandbox.whmcs import accounts, module, settings

PAYABLE = ("Unpaid", "Payment Pending")


def invoices(world: World, request: Request) -> Response:
    with world.storage.change() as db:
        rows = db.execute(
            "SELECT i.*, c.firstname, c.lastname, c.currency FROM wh_invoices i"
            " JOIN wh_clients c ON c.id = i.client_id ORDER BY i.id DESC"
        ).fetchall()
        clients = db.execute("SELECT * FROM wh_clients ORDER BY id").fetchall()
    lines = "".join(
        f"<tr><td><a href='/whmcs/viewinvoice.php?id={row['id']}'>#{row['id']}</a></td>"
        f"<td>{escape(row['firstname'])} {escape(row['lastname'])}</td>"
        f"<td>{escape(row['description'])}</td>"
        f"<td class='amount'>{row['total']} {row['currency']}</td><td>{_stamp(row)}</td></tr>"
        for row in rows
    )
    return page(
        "My invoices",
        "<section class='card'><h1>My invoices</h1><table><tr><th>Invoice</th><th>Client</th>"
        "<th>For</th><th class='amount'>Total</th><th>Status</th></tr>"
        f"{lines}</table></section>{_new_invoice(clients)}",
        party="whmcs",
    )


def invoice(world: World, request: Request) -> Response:
    with world.storage.change() as db:
        row = _asked(db, request)
        client = accounts.client(db, row["client_id"])
        installation = settings.read(db)
        transactions = accounts.transactions_of(db, row["id"])
        due = module.due_now(db, row)
    pay = ""
    if row["status"] in PAYABLE and client is not None:
        # Outside the state change: this may run PHP.
        pay = module.pay_button(installation, settings.root(world.origin), row, client, due)
        pay += _other_methods(row, settings.names(installation, "gateways") or [])
    body = _invoice_card(row, client, transactions, due, pay) + _admin_card(row)
    return page(f"Invoice #{row['id']}", body, party="whmcs")


def choose_gateway(world: World, request: Request) -> Response:
    """The client changes the invoice's payment method, as WHMCS's invoice page lets him."""
    with world.storage.change() as db:
        row = _asked(db, request)
        method = request.form.get("gateway", "")
        if method not in (settings.names(settings.read(db), "gateways") or []):
            raise Refused("this payment method is not active")
        accounts.set_payment_method(db, row["id"], method)
    return see_other(f"/whmcs/viewinvoice.php?id={row['id']}")


def activity(world: World, request: Request) -> Response:
    with world.storage.change() as db:
        rows = db.execute("SELECT * FROM wh_activity ORDER BY id DESC LIMIT 200").fetchall()
    lines = "".join(
        f"<tr><td>{escape(row['date'])}</td><td>{escape(row['description'])}</td>"
        f"<td>{row['clientid'] or ''}</td><td>{escape(row['ipaddress'])}</td></tr>"
        for row in rows
    )
    return page(
        "Activity log",
        "<section class='card'><h1>Activity log</h1><table><tr><th>Date</th><th>Description</th>"
        f"<th>Client</th><th>From</th></tr>{lines}</table></section>",
        party="whmcs",
    )


def _asked(db: sqlite3.Connection, request: Request) -> sqlite3.Row:
    number = request.parameters.get("id", "")
    row = accounts.invoice(db, int(number)) if number.isascii() and number.isdigit() else None
    if row is None:
        raise Refused("no such invoice", 404)
    return row


def _other_methods(row: sqlite3.Row, active: list[str]) -> str:
    """WHMCS has a list to choose from here; one button each needs no script."""
    call = f"/whmcs/viewinvoice.php?id={row['id']}"
    others = "".join(
        button(call, f"Pay by {module.name_of(method)} instead", {"gateway": method})
        for method in active
        if method != row["paymentmethod"]
    )
    name = escape(module.name_of(row["paymentmethod"]))
    return f"<p>Payment method: <b id='method'>{name}</b></p>{others}"


def _invoice_card(
    row: sqlite3.Row,
    client: sqlite3.Row | None,
    transactions: list[sqlite3.Row],
    due: str,
    pay: str,
) -> str:
    name = f"{client['firstname']} {client['lastname']}" if client else ""
    credit = f"{client['credit']} {client['currency']}" if client else ""
    lines = "".join(
        f"<tr><td>{escape(t['date'])}</td><td>{escape(t['gateway'])}</td>"
        f"<td><code>{escape(t['transid'])}</code></td>"
        f"<td class='amount'>{t['amountin']} {row['currency']}</td></tr>"
        for t in transactions
    )
    return (
        f"<section class='card'><h1>Invoice #{row['id']}</h1><p>{_stamp(row)}</p>"
        f"<p>Invoiced to {escape(name)}, credit {escape(credit)}."
        f" Dated {row['date']}, due {row['duedate']}.</p>"
        "<table><tr><th>Description</th><th class='amount'>Amount</th></tr>"
        f"<tr><td>{escape(row['description'])}</td>"
        f"<td class='amount'>{row['total']} {row['currency']}</td></tr></table>"
        "<h2>Transactions</h2><table><tr><th>Date</th><th>Gateway</th><th>Transaction ID</th>"
        f"<th class='amount'>Amount</th></tr>{lines}</table>"
        f"<p>Balance <b id='balance'>{due} {row['currency']}</b></p>"
        f"<div id='pay'>{pay}</div></section>"
    )


def _admin_card(row: sqlite3.Row) -> str:
    call = f"/whmcs/_sandbox/invoices/{row['id']}"
    then = f"/whmcs/viewinvoice.php?id={row['id']}"
    return (
        "<section class='card'><h2>As the shop's admin</h2>"
        f"<form method='post' action='{call}'><input type='hidden' name='then' value='{then}'>"
        f"<input name='amount' value='{row['total']}' size='8' aria-label='Amount'> "
        "<button>Change amount</button></form>"
        + button(call, "Cancel invoice", {"status": "Cancelled", "then": then}, kind="danger")
        + button(call, "Mark paid", {"status": "Paid", "then": then})
        + button(call, "Mark unpaid", {"status": "Unpaid", "then": then})
        + "</section>"
    )


def _new_invoice(clients: list[sqlite3.Row]) -> str:
    options = "".join(
        f"<option value='{c['id']}'>{escape(c['firstname'])} {escape(c['lastname'])},"
        f" {c['currency']}</option>"
        for c in clients
    )
    return (
        "<section class='card'><h2>New invoice</h2>"
        "<form method='post' action='/whmcs/_sandbox/invoices'>"
        "<input type='hidden' name='then' value='/whmcs/'>"
        f"<select name='client_id' aria-label='Client'>{options}</select> "
        "<input name='amount' value='15.99' size='8' aria-label='Amount'> "
        "<input name='description' value='Web hosting' aria-label='Description'> "
        "<button>New invoice</button></form></section>"
    )


def _stamp(row: sqlite3.Row) -> str:
    kind = {"Paid": "paid", "Unpaid": "unpaid"}.get(row["status"], "other")
    return f"<span class='stamp {kind}'>{escape(row['status'])}</span>"
