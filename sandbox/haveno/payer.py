"""The payer's wallet and the chain, as pages: what can be sent to an offer's address, and how."""

from html import escape

from sandbox.haveno import actions, offers, settings, webhooks
from sandbox.pages import button, page
from sandbox.web import Request, Response, World

WALLET = (
    ("Pay 40 % only", {"action": "partial"}),
    ("Pay the rest", {"action": "rest"}),
    ("Pay too much", {"action": "over"}),
    ("Pay twice", {"action": "twice"}),
    ("Pay dust first", {"action": "dust"}),
    ("Pay in another currency", {"action": "other_currency"}),
    ("Pay late", {"action": "exact", "late": "true"}),
    ("Pay locked coins", {"action": "exact", "locked": "true"}),
)
RELAY = (
    ("Pay, and mine what it takes", {"action": "exact"}),
    ("Pay, webhook lost", {"action": "exact", "lost": "true"}),
    ("Webhook now", {"action": "webhook"}),
    ("Webhook now, 10 times", {"action": "webhook", "times": "10"}),
    ("Webhook now, 50 at once", {"action": "webhook", "parallel": "50"}),
    ("Refund", {"action": "refund"}),
)
FORGERIES = {
    "signature": "Bad signature",
    "key": "Stranger's key",
    "amount": "Raised amount",
    "currency": "Other currency",
    "offer": "Other offer",
    "invoice": "Other invoice",
    "missing_signature": "No signature",
    "duplicate_member": "Member twice",
    "float_amount": "Amount as number",
    "nested": "Nested member",
    "extra_member": "Unknown member (genuine)",
    "hex_signature": "Signature in hex (genuine)",
    "stale": "Ten minutes old",
    "future": "Ten minutes ahead",
    "millis": "Milliseconds",
    "hmac": "Wrong HMAC",
    "no_hmac": "No HMAC",
}


def listing(world: World, request: Request) -> Response:
    """Every offer, newest first."""
    with world.storage.change() as db:
        relay = settings.read(db)
        rows = [offers.in_control(db, r, settings.now(relay)) for r in offers.newest_first(db)]
    lines = "".join(
        f"<tr><td><a href='{_page(offer)}'>{_text(offer, 'offer_id')}</a></td>"
        f"<td>{_text(offer, 'invoice_id')}</td><td class='amount'>{_text(offer, 'amount')}"
        f" {_text(offer, 'currency')}</td><td>{_text(offer, 'state')}</td></tr>"
        for offer in rows
    )
    body = (
        "<section class='card'><h1>Offers at this relay</h1><table><tr><th>Offer</th>"
        f"<th>Invoice</th><th class='amount'>Amount</th><th>State</th></tr>{lines}</table>"
        + ("" if rows else "<p class='soft'>None yet: pay an invoice with HavenoPay.</p>")
        + f"</section>{_chain(settings.whole(relay, 'height'), '/haveno/')}"
    )
    return page("Offers", body, party="haveno")


def show(world: World, request: Request, key: str) -> Response:
    with world.storage.change() as db:
        relay = settings.read(db)
        row = actions.found(db, key)
        offer = offers.in_control(db, row, settings.now(relay))
    height = settings.whole(relay, "height")
    body = _payment(offer) + _chain(height, _page(offer)) + _trouble(offer) + _webhooks(offer)
    return page(f"Pay {offer['amount']} {offer['currency']}", body, party="haveno")


def _payment(offer: actions.Row) -> str:
    transfers = offer["transfers"]
    rows = "".join(
        f"<tr><td><code>{escape(t['txid'][:20])}</code></td><td class='amount'>{t['amount']}"
        f" {t['currency']}</td><td>{t['confirmations']} of {offer['confirmations_required']}"
        f"{', locked' if t['locked'] else ''}</td></tr>"
        for t in (transfers if isinstance(transfers, list) else [])
    )
    invoice = str(offer["invoice_id"]).rpartition("-")[2].lstrip("0")
    return (
        f"<section class='card'><p class='soft'>Offer <code>{_text(offer, 'offer_id')}</code> for"
        f" <a href='/whmcs/viewinvoice.php?id={escape(invoice)}'>invoice {escape(invoice)}</a></p>"
        f"<p class='big'>{_text(offer, 'amount')} {_text(offer, 'currency')}</p>"
        f"<p>to <code>{_text(offer, 'pay_to')}</code></p>"
        f"<p>State <b id='state'>{_text(offer, 'state')}</b>, received"
        f" {_text(offer, 'received')}, confirmed {_text(offer, 'confirmed')}</p>"
        + button(_act(offer), "Pay", {"action": "exact"}, kind="primary")
        + "<table><tr><th>Transfer</th><th class='amount'>Amount</th><th>Confirmations</th></tr>"
        f"{rows}</table></section>"
    )


def _chain(height: int, then: str) -> str:
    call = "/haveno/_sandbox/mine"
    return (
        f"<section class='card'><h2>The chain, at height <b id='height'>{height}</b></h2>"
        + button(call, "Mine a block", {"blocks": "1", "then": then})
        + button(call, "Mine 10 blocks", {"blocks": "10", "then": then})
        + button(call, "Mine 10, webhooks lost", {"blocks": "10", "lost": "true", "then": then})
        + "</section>"
    )


def _trouble(offer: actions.Row) -> str:
    call, name = _act(offer), str(offer["offer_id"])
    wallet = "".join(button(call, label, hidden) for label, hidden in WALLET)
    enough = {"mine": str(offer["confirmations_required"])}
    relay = "".join(
        button(call, label, hidden | (enough if hidden["action"] == "exact" else {}))
        for label, hidden in RELAY
    )
    forged = "".join(
        button(call, label, {"action": "webhook", "forge": forge}, kind="danger")
        for forge, label in FORGERIES.items()
    )
    lies = "".join(
        button(
            call,
            f"{FORGERIES[forge]}, signed by the relay",
            {"action": "webhook", "forge": forge, "signed": "true"},
            kind="danger",
        )
        for forge in webhooks.ALTERED
    )
    reorg = "/haveno/_sandbox/reorg"
    return (
        "<section class='card'><h1>Or let something else happen</h1>"
        f"<h2>The payer's wallet</h2>{wallet}<h2>Relay and chain</h2>{relay}"
        + button(call.removesuffix("act") + "resend", "Last webhook again", {"times": "1"})
        + button(reorg, "Reorg: last transfer vanishes", {"offer": name})
        + button(reorg, "Reorg: all vanish", {"offer": name, "all": "true"})
        + f"<h2>An attacker</h2>{forged}<h2>A relay that lies</h2>{lies}</section>"
    )


def _webhooks(offer: actions.Row) -> str:
    sendings = offer["webhooks"]
    if not isinstance(sendings, list) or not sendings:
        return ""
    rows = "".join(
        f"<tr><td>{escape(str(s['sent_at'])[11:19])}</td><td>{escape(s['forge'])}</td>"
        f"<td class='amount'>{escape(s['amount'])}</td>"
        f"<td>{escape(str(s['answer_status'] or 'none'))}</td>"
        f"<td>{escape(s['answer_body'][:120])}</td></tr>"
        for s in reversed(sendings[-60:])
    )
    return (
        "<section class='card'><h1>Webhooks sent</h1><table><tr><th>Time (UTC)</th><th>Forged</th>"
        f"<th class='amount'>Amount</th><th>Answer</th><th>Text</th></tr>{rows}</table></section>"
    )


def _act(offer: actions.Row) -> str:
    return f"/haveno/_sandbox/offers/{offer['offer_id']}/act"


def _page(offer: actions.Row) -> str:
    return f"/haveno/pay/{offer['offer_id']}"


def _text(offer: actions.Row, name: str) -> str:
    return escape(str(offer[name]))
