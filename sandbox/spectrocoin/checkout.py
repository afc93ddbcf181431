"""The hosted payment page, with the payer's buttons and everything that can go wrong."""

from html import escape

from sandbox.pages import button, page
from sandbox.spectrocoin import market, orders, statuses
from sandbox.web import Refused, Request, Response, World

PAYER = (
    ("Pay half only", {"action": "partial"}),
    ("Pay too little, time over", {"action": "underpaid"}),
    ("Pay too much", {"action": "over"}),
    ("Pay a second time", {"action": "twice"}),
    ("Seen, confirming", {"action": "pending"}),
    ("Pay late", {"action": "late"}),
    ("Pay late, confirming", {"action": "late_pending"}),
    ("Let it expire", {"action": "expire"}),
)
COMPANY = (
    ("Fail", {"action": "fail"}),
    ("Reject", {"action": "reject"}),
    ("Refund", {"action": "refund"}),
    ("Test order", {"action": "test"}),
    ("Test order paid", {"action": "test_paid"}),
    ("Paid, but in US dollars", {"action": "pay", "receive_currency": "USD"}),
    ("Paid, but 1.00 only", {"action": "pay", "receive_amount": "1.00"}),
    ("Paid, callback lost", {"action": "pay", "callback": "false"}),
    ("Paid, sent 10 times", {"action": "pay", "times": "10"}),
    ("Paid, 50 at once", {"action": "pay", "parallel": "50"}),
    ("Paid, as signed form", {"action": "pay", "kind": "form"}),
    ("Paid, as JSON", {"action": "pay", "kind": "json"}),
)
FORGERIES = (
    ("Bad signature", "signature"),
    ("Raised amount", "amount"),
    ("Altered status", "status"),
    ("Stranger's key", "key"),
    ("Other merchant", "merchant"),
    ("Sent as GET", "get"),
    ("Field twice", "duplicate_field"),
    ("Field missing", "missing_field"),
    ("Empty signature", "empty_sign"),
)


def show(world: World, request: Request, pre_order_id: str) -> Response:
    with world.storage.change() as db:
        try:
            row = orders.find(db, pre_order_id)
        except KeyError:
            raise Refused("no such payment", 404) from None
        order = orders.in_control(db, row)
    body = _payment(order) + _trouble(order) + _callbacks(order)
    title = f"Pay {order['receiveAmount']} {order['receiveCurrencyCode']}"
    return page(title, body, party="spectrocoin")


def _payment(order: dict[str, object]) -> str:
    paying = (
        f"<p>Send <b>{_text(order, 'payAmount')} {_text(order, 'payCurrencyCode')}</b>.</p>"
        if order["id"]
        else f"<p><label>Pay with <select name='coin' form='pay'>{_options(market.COINS)}</select>"
        "</label></p>"
    )
    call = _call(order)
    return (
        f"<section class='card'><p class='soft'>{_text(order, 'description')}</p>"
        f"<p class='big'>{_text(order, 'receiveAmount')} {_text(order, 'receiveCurrencyCode')}</p>"
        f"<p>Order <code>{_text(order, 'orderId')}</code>, status"
        f" <b id='status'>{_text(order, 'status')}</b>, received"
        f" {_text(order, 'receivedAmount')} {_text(order, 'payCurrencyCode')}</p>{paying}"
        f"<form method='post' action='{call}' id='pay'>"
        "<input type='hidden' name='action' value='pay'>"
        "<input type='hidden' name='then' value='success'>"
        "<button class='primary'>Pay</button></form>"
        + button(call, "Cancel and return", {"action": "cancel", "then": "failure"})
        + f"<p>{_link(order, 'successUrl', 'Return to the shop')}</p></section>"
    )


def _trouble(order: dict[str, object]) -> str:
    call = _call(order)
    payer = "".join(button(call, label, hidden) for label, hidden in PAYER)
    company = "".join(button(call, label, hidden) for label, hidden in COMPANY)
    forged = "".join(
        # The form kind, whatever the project's: most of these forge a signature.
        button(call, label, {"action": "pay", "kind": "form", "forge": forge}, kind="danger")
        for label, forge in FORGERIES
    )
    words = (*statuses.WORDS.values(), "99", "BRAND_NEW")
    return (
        "<section class='card'><h1>Or let something else happen</h1>"
        f"<h2>The payer</h2>{payer}<h2>SpectroCoin</h2>{company}"
        f"<form method='post' action='{call}'><input type='hidden' name='action' value='status'>"
        f"<select name='status' aria-label='Status'>{_options(words)}</select> "
        "<button>Set this status</button></form>"
        + button(call.removesuffix("act") + "resend", "Last callback again", {"times": "1"})
        + f"<h2>An attacker</h2>{forged}</section>"
    )


def _callbacks(order: dict[str, object]) -> str:
    sendings = order["callbacks"]
    if not isinstance(sendings, list) or not sendings:
        return ""
    rows = "".join(
        f"<tr><td>{escape(str(s['sent_at'])[11:19])}</td><td>{escape(s['kind'])}"
        f" {escape(s['forge'])}</td><td>{escape(s['status'])}</td>"
        f"<td>{escape(str(s['answer_status'] or 'none'))}</td>"
        f"<td>{escape(s['answer_body'][:120])}</td></tr>"
        for s in reversed(sendings[-60:])
    )
    return (
        "<section class='card'><h1>Callbacks sent</h1><table><tr><th>Time (UTC)</th><th>Kind</th>"
        f"<th>Status</th><th>Answer</th><th>Text</th></tr>{rows}</table></section>"
    )


def _call(order: dict[str, object]) -> str:
    return f"/spectrocoin/_sandbox/orders/{order['preOrderId']}/act"


def _text(order: dict[str, object], name: str) -> str:
    return escape(str(order[name]))


def _options(values: tuple[str, ...]) -> str:
    return "".join(f"<option>{escape(value)}</option>" for value in values)


def _link(order: dict[str, object], name: str, label: str) -> str:
    return f"<a href='{_text(order, name)}'>{escape(label)}</a>" if order[name] else ""
