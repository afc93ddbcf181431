"""The HTML frame of every page: no scripts, nothing loaded from elsewhere."""

from html import escape
from pathlib import Path

from sandbox.web import Request, Response, World, html_answer

STYLE = Path(__file__).with_name("style.css").read_bytes()
# The page of an invoice shows a merchant's module, which may style its button inline.
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " base-uri 'none'; frame-ancestors 'none'"
)


def page(title: str, body: str, *, party: str = "", status: int = 200) -> Response:
    """A whole page. `body` is HTML; everything else is escaped here."""
    names = {
        "spectrocoin": "SpectroCoin",
        "haveno": "Haveno relay",
        "wallet": "Wallet phone",
        "vodafoncash": "vodafoncash.com",
        "whmcs": "WHMCS",
    }
    home = f"{party}/" if party in names and party != "spectrocoin" else ""
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/style.css"></head>'
        f'<body class="{escape(party or "sandbox")}"><header>'
        f'<a class="brand" href="/{home}">'
        f"{escape(names.get(party, 'Sandbox'))}</a>"
        '<span class="note">Stand-in: no real money, no real company.</span>'
        '<nav><a href="/">Tour</a><a href="/whmcs/">Invoices</a>'
        '<a href="/whmcs/activity">Activity log</a><a href="/haveno/">Offers</a>'
        '<a href="/wallet/">Wallet phone</a></nav></header>'
        f"<main>{body}</main></body></html>"
    )
    answer = html_answer(text, status)
    headers = (("Content-Security-Policy", POLICY), ("Referrer-Policy", "same-origin"))
    return Response(answer.status, answer.body, answer.content_type, headers)


def button(call: str, label: str, hidden: dict[str, str], *, kind: str = "") -> str:
    """A form of one button that makes one control call."""
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in hidden.items()
    )
    return (
        f'<form method="post" action="{escape(call)}">{inputs}'
        f'<button class="{escape(kind)}">{escape(label)}</button></form>'
    )


def style(world: World, request: Request) -> Response:
    return Response(200, STYLE, "text/css; charset=utf-8", (("Cache-Control", "max-age=300"),))


def start(world: World, request: Request) -> Response:
    """The tour in a few lines."""
    return page(
        "Sandbox",
        "<h1>The outside world, imitated</h1><ol class='tour'>"
        "<li>Open <a href='/whmcs/'>the client's invoices</a> and choose an unpaid one.</li>"
        "<li>Press the pay button: the console asks WHMCS what is due and opens an order.</li>"
        "<li>On SpectroCoin's page press Pay, or one of the buttons below it that go wrong.</li>"
        "<li>Or change the invoice's payment method to HavenoPay: the console asks the Haveno relay"
        " for an address. Pay it, and mine blocks, from <a href='/haveno/'>the relay's offers</a>."
        "</li>"
        "<li>Or change it to VodafoneCash and send what it asks for from"
        " <a href='/wallet/'>the wallet phone</a>, whose SMS the console reads.</li>"
        "<li>The invoice turns Paid; then look at <a href='/whmcs/activity'>the activity log</a>"
        " and at the console's admin.</li></ol>"
        "<p>Every button is a JSON call too; <code>sandbox/README.md</code> lists them.</p>",
    )
