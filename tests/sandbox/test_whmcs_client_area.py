"""The client area: what a client sees, and the payment form it posts to the console."""

import hmac
import os
import re
import shutil
import time

import pytest
import requests

from sandbox.whmcs import module
from tests.sandbox.stand_in import StandIn

MODULE = {
    "console_url": "http://127.0.0.1:8000",
    "merchant_token": "mtokenmtokenmtokenmtoken",
    "signing_secret": "a-signing-secret-of-more-than-32-characters",
}


def page(sandbox: StandIn, invoice: int) -> str:
    url = f"{sandbox.url}/whmcs/viewinvoice.php?id={invoice}"
    answer = requests.get(url, timeout=20)
    assert answer.status_code == 200
    assert "script" not in answer.headers["Content-Security-Policy"]
    return answer.text


def form_in(html: str) -> tuple[str, dict[str, str]]:
    form = re.search(r'<form[^>]*action="([^"]*/checkout/[^"]*)".*?</form>', html, re.DOTALL)
    assert form is not None, html
    inputs = re.findall(r'name="([^"]*)" value="([^"]*)"', form.group(0))
    return form.group(1), dict(inputs)


def expect_valid(
    action: str, fields: dict[str, str], invoice: int, client: int, provider: str
) -> None:
    token = MODULE["merchant_token"]
    assert action == f"{MODULE['console_url']}/checkout/{token}/{provider}/"
    assert (fields["invoice"], fields["client"]) == (str(invoice), str(client))
    assert abs(int(fields["issued"]) - time.time()) < 60
    message = "\n".join(
        ["gatebook-checkout.v1", token, provider, fields["invoice"], fields["client"],
         fields["issued"], fields["lang"]]
    )  # fmt: skip
    key = MODULE["signing_secret"].encode()
    assert fields["signature"] == hmac.new(key, message.encode(), "sha256").hexdigest()


PROVIDERS = pytest.mark.parametrize(
    ("method", "provider"), [("spectrocoin", "spectrocoin"), ("havenopay", "haveno")]
)


@PROVIDERS
def test_unpaid_invoice_shows_the_real_modules_signed_form(
    sandbox: StandIn, method: str, provider: str
) -> None:
    if not shutil.which("php"):
        missing = "php is not installed: the real module's form was not tested"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    sandbox.control("/whmcs/_sandbox/settings", {"module": MODULE})
    client = sandbox.client()
    invoice = sandbox.invoice(client_id=client, paymentmethod=method)

    action, fields = form_in(page(sandbox, invoice))

    expect_valid(action, fields, invoice, client, provider)
    assert fields["lang"] == "english"


@PROVIDERS
def test_without_php_the_same_form_is_made_here(
    sandbox: StandIn, monkeypatch: pytest.MonkeyPatch, method: str, provider: str
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    client, invoice = {"id": 5, "language": "english"}, {"id": 77, "paymentmethod": method}

    html = module.pay_button({"module": MODULE}, "", invoice, client, "15.99")  # type: ignore[arg-type]

    expect_valid(*form_in(html), 77, 5, provider)


def test_client_chooses_among_the_active_gateways(sandbox: StandIn) -> None:
    sandbox.control("/whmcs/_sandbox/settings", {"module": MODULE})
    invoice = sandbox.invoice()
    url = f"{sandbox.url}/whmcs/viewinvoice.php?id={invoice}"
    assert "Pay by HavenoPay instead" in page(sandbox, invoice)

    chosen = requests.post(url, data={"gateway": "havenopay"}, timeout=20)
    sandbox.control("/whmcs/_sandbox/settings", {"gateways": ["spectrocoin"]})
    refused = requests.post(url, data={"gateway": "havenopay"}, timeout=20)

    assert form_in(chosen.text)[0].endswith("/haveno/")
    assert sandbox.ask("GetInvoice", invoiceid=invoice)["paymentmethod"] == "havenopay"
    assert "not active" in refused.text


def test_module_without_settings_says_so_and_shows_no_form(sandbox: StandIn) -> None:
    html = page(sandbox, sandbox.invoice())

    assert "/checkout/" not in html
    assert "settings are empty" in html


def test_paid_invoice_shows_the_stamp_and_the_transaction_but_no_form(sandbox: StandIn) -> None:
    sandbox.control("/whmcs/_sandbox/settings", {"module": MODULE})
    invoice = sandbox.invoice()
    sandbox.ask("AddInvoicePayment", invoiceid=invoice, transid="SC-<1>", gateway="spectrocoin")

    html = page(sandbox, invoice)

    assert "class='stamp paid'>Paid<" in html
    assert "SC-&lt;1&gt;" in html
    assert "<b id='balance'>0.00 EUR</b>" in html
    assert "/checkout/" not in html


def test_buttons_of_the_pages_make_the_control_calls_and_come_back(sandbox: StandIn) -> None:
    client = sandbox.client()
    made = requests.post(
        f"{sandbox.url}/whmcs/_sandbox/invoices",
        data={"client_id": client, "amount": "7.00", "description": "Demo", "then": "/whmcs/"},
        timeout=10,
    )
    assert made.url == f"{sandbox.url}/whmcs/"
    invoice = sandbox.control("/whmcs/_sandbox/state")["invoices"][0]["id"]
    assert f"viewinvoice.php?id={invoice}" in made.text

    for then, back in ((f"/whmcs/viewinvoice.php?id={invoice}", None), ("//evil.example", "/")):
        cancelled = requests.post(
            f"{sandbox.url}/whmcs/_sandbox/invoices/{invoice}",
            data={"status": "Cancelled", "then": then}, timeout=10, allow_redirects=False,
        )  # fmt: skip
        assert cancelled.headers["Location"] == (back or then)
    assert "Cancelled" in page(sandbox, invoice)


def test_activity_page_shows_what_was_logged(sandbox: StandIn) -> None:
    sandbox.ask("LogActivity", description="SpectroCoin <received>")

    assert (
        "SpectroCoin &lt;received&gt;"
        in requests.get(f"{sandbox.url}/whmcs/activity", timeout=10).text
    )
