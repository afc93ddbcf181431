"""The VodafoneCash module on the invoice page, and its callback file, asking a console."""

import hmac
import json
import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.whmcs import claims, module
from tests.sandbox.stand_in import Received, Receiver, StandIn

TOKEN, SECRET = "mtokenmtokenmtokenmtoken", "a-signing-secret-of-more-than-32-characters"
CALLBACK = "modules/gateways/callback/vodafoncash.php"
QUOTE = {
    "status": False, "code": "waiting", "message": "Send it", "amount": "800.00",
    "currency": "EGP", "due": "15.99 USD", "rate": "50.00", "pay_to": "01000000101",
    "expires": 4_000_000_000, "transaction_id": "",
}  # fmt: skip


class Visit:
    """A client at his unpaid invoice; the console answers what is put into `console.answers`."""

    def __init__(self, sandbox: StandIn, console: Receiver) -> None:
        self.sandbox, self.console = sandbox, console
        self.client = sandbox.client(language="english")
        self.invoice = sandbox.invoice(client_id=self.client, paymentmethod="vodafoncash")
        url = console.url.removesuffix("/hook")
        told = {"console_url": url, "merchant_token": TOKEN, "signing_secret": SECRET}
        sandbox.control("/whmcs/_sandbox/settings", {"module": told})

    def answer(self, **members: Any) -> None:
        self.console.answers.append((200, json.dumps(QUOTE | members).encode()))

    def page(self) -> requests.Response:
        url = f"{self.sandbox.url}/whmcs/viewinvoice.php?id={self.invoice}"
        return requests.get(url, timeout=30)

    def post(self, token: str = "token-of-this-visit", **members: str) -> requests.Response:
        fields = {"invoice": str(self.invoice), "token": token, **members}
        return requests.post(f"{self.sandbox.url}/whmcs/{CALLBACK}", data=fields, timeout=60)

    def look_again(self) -> requests.Response:
        url = f"{self.sandbox.url}/whmcs/{CALLBACK}?invoice={self.invoice}"
        return requests.get(url, timeout=60, allow_redirects=False)


@pytest.fixture
def visit(sandbox: StandIn, shop: Receiver) -> Iterator[Visit]:
    yield Visit(sandbox, shop)


@pytest.fixture
def php() -> None:
    if not shutil.which("php"):
        missing = "php is not installed: the real module's pages were not tested"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)


def expect_signed(received: Received, visit: Visit, **claimed: str) -> None:
    """gatebook-claim.v1, read from the contract."""
    fields = dict(received.pairs)
    names = ("invoice", "client", "issued", "lang", "phone", "reference", "name")
    assert list(fields) == [*names, "signature"]
    assert received.path == f"/claims/{TOKEN}/"
    assert (fields["invoice"], fields["client"]) == (str(visit.invoice), str(visit.client))
    for name in ("phone", "reference", "name"):
        assert fields[name] == claimed.get(name, "")
    message = "\n".join(["gatebook-claim.v1", TOKEN, *(fields[name] for name in names)])
    made = hmac.new(SECRET.encode(), message.encode(), "sha256").hexdigest()
    assert fields["signature"] == made


@pytest.mark.usefixtures("php")
def test_invoice_shows_the_modules_quote_and_form(visit: Visit) -> None:
    visit.answer()

    page = visit.page().text

    assert "Payment method: <b id='method'>VodafoneCash</b>" in page
    assert 'value="800.00"' in page
    assert 'value="01000000101"' in page
    assert f'action="{CALLBACK}"' in page
    assert re.search(r'name="token" value="token-of-this-visit"', page)
    expect_signed(visit.console.received[0], visit)


@pytest.mark.usefixtures("php")
def test_callback_file_asks_the_console_and_shows_what_it_says(visit: Visit) -> None:
    visit.answer(status=True, code="matched", transaction_id="012345678901")

    answer = visit.post(wallet_phone="01000000707", sender_name="Ada & Co")

    assert answer.status_code == 200
    expect_signed(visit.console.received[0], visit, phone="01000000707", name="Ada & Co")
    logged = visit.sandbox.control("/whmcs/_sandbox/state")["activity"][-1]
    assert "012345678901" in logged["description"]


@pytest.mark.usefixtures("php")
def test_looking_again_repeats_the_claim_of_this_visit(visit: Visit) -> None:
    visit.answer(code="not_found")
    visit.post(wallet_phone="01000000707")
    visit.answer(code="hold")

    answer = visit.look_again()

    assert answer.status_code == 200
    for received in visit.console.received:
        expect_signed(received, visit, phone="01000000707")


@pytest.mark.usefixtures("php")
def test_visit_that_claimed_nothing_goes_back_to_the_invoice(visit: Visit) -> None:
    visit.answer()

    answer = visit.look_again()

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/whmcs/viewinvoice.php?id={visit.invoice}"


@pytest.mark.usefixtures("php")
def test_form_of_another_site_asks_nobody(visit: Visit) -> None:
    assert visit.post(token="guessed", wallet_phone="01000000707").status_code == 403
    assert visit.console.received == []


def test_unknown_invoice_is_a_page_not_found(visit: Visit) -> None:
    url = f"{visit.sandbox.url}/whmcs/{CALLBACK}?invoice=999999"
    assert requests.get(url, timeout=10).status_code == 404


def test_without_php_form_and_question_are_made_here(
    monkeypatch: pytest.MonkeyPatch, visit: Visit
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    told = {"console_url": "http://c", "merchant_token": TOKEN, "signing_secret": SECRET}
    invoice: Any = {"id": visit.invoice, "paymentmethod": "vodafoncash"}
    client: Any = {"id": visit.client, "language": "arabic"}

    form = module.pay_button({"module": told}, "", invoice, client, "15.99")
    message = claims.question(
        told, str(visit.invoice), str(visit.client), "arabic", {"phone": "01000000707"}
    )

    assert f"action='{CALLBACK}'" in form
    assert message.url == f"http://c/claims/{TOKEN}/"
    received = Received("POST", f"/claims/{TOKEN}/", message.content_type, message.body)
    expect_signed(received, visit, phone="01000000707")


def test_clients_can_choose_it_and_whmcs_lists_it(visit: Visit) -> None:
    methods = visit.sandbox.ask("GetPaymentMethods")["paymentmethods"]["paymentmethod"]

    assert {"module": "vodafoncash", "displayname": "VodafoneCash"} in methods
