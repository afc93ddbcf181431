"""One invoice and its settings, the form as a browser reads it, and the contract in Python."""

import hashlib
import hmac
from html.parser import HTMLParser
from typing import Any

from tests.php.conftest import Module

TOKEN = "mErchant-token_22chars"
SECRET = "a signing secret of a good length, with ünïcode"
SETTINGS = {
    "consoleUrl": "https://pay.example.com",
    "merchantToken": TOKEN,
    "signingSecret": SECRET,
}
INVOICE = {
    "invoiceid": 1042,
    "description": "Example Hosting - Invoice #1042",
    "amount": "15.99",
    "currency": "EUR",
    "clientdetails": {"id": 7, "firstname": "Ona", "language": "lithuanian"},
    "langpaynow": "Pay Now",
    "systemurl": "https://billing.example.com/",
    "returnurl": "https://billing.example.com/viewinvoice.php?id=1042",
}
CALM = "This payment method is not available right now. Please choose another one or contact us."

LINK = "gateway_link($given)"


class Page(HTMLParser):
    """Every tag that a browser would see in the rendered HTML, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def form(self) -> dict[str, str | None]:
        (form,) = [attributes for tag, attributes in self.tags if tag == "form"]
        return form

    @property
    def hidden(self) -> dict[str | None, str]:
        return {
            attributes["name"]: attributes["value"] or ""
            for tag, attributes in self.tags
            if tag == "input" and attributes["type"] == "hidden"
        }

    @property
    def button(self) -> dict[str, str | None]:
        (button,) = [
            attributes
            for tag, attributes in self.tags
            if tag == "input" and attributes["type"] == "submit"
        ]
        return button


def render(module: Module, **changes: Any) -> Page:
    return Page(module.value(LINK, given={**SETTINGS, **INVOICE, **changes}))


def signature(module: Module, fields: dict[str | None, str]) -> str:
    """The Checkout form contract, computed independently of the PHP."""
    message = "\n".join(
        [
            "gatebook-checkout.v1",
            TOKEN,
            module.provider,
            fields["invoice"],
            fields["client"],
            fields["issued"],
            fields["lang"],
        ]
    )
    return hmac.new(SECRET.encode(), message.encode(), hashlib.sha256).hexdigest()
