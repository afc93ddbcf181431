"""The payment button on the invoice page: the merchant's real PHP module, or the same form.

The form is Gatebook's checkout form, version 1; its signature covers every field and no amount.
VodafoneCash's own goes to its callback file, which claims.py runs.
"""

import hmac
import json
import shutil
import sqlite3
import subprocess
import time
from html import escape
from pathlib import Path

from sandbox.pages import button
from sandbox.storage import Settings
from sandbox.whmcs import accounts, settings

SANDBOX = Path(__file__).resolve().parent.parent
MODULES = SANDBOX.parent / "whmcs" / "modules" / "gateways"
RENDERER = SANDBOX / "render_module.php"
VERSION = "gatebook-checkout.v1"
NAMES = {"spectrocoin": "SpectroCoin", "havenopay": "HavenoPay", "vodafoncash": "VodafoneCash"}
# The console's name of a provider, where it is not the module's.
PROVIDERS = {"havenopay": "haveno"}


def pay_button(installation: Settings, root: str, invoice: sqlite3.Row, client: sqlite3.Row,
               due: str) -> str:  # fmt: skip
    """HTML of the invoice's payment method. Runs PHP where it can, so call it outside any state
    change."""
    module = settings.module(installation)
    if not all(module.values()):
        return (
            "<p class='soft'>The payment module has no console yet: its settings are empty"
            " (POST /whmcs/_sandbox/settings).</p>"
        )
    method = invoice["paymentmethod"]
    php, file = shutil.which("php"), MODULES / f"{method}.php"
    if php and method in NAMES and file.exists():
        params = _params(installation, module, root, invoice, client, due)
        return _by_php(php, file, params)
    return _by_hand(module, invoice, client)


def name_of(method: str) -> str:
    """As clients read it."""
    return NAMES.get(method, method.capitalize())


def _by_php(php: str, file: Path, params: dict[str, object]) -> str:
    try:
        run = subprocess.run(  # noqa: S603 - our own script, parameters on stdin
            [php, str(RENDERER), str(file)],
            input=json.dumps(params).encode(),
            capture_output=True,
            timeout=10,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "<p>The module did not answer in 10 seconds.</p>"
    if run.returncode:
        report = (run.stderr or run.stdout).decode("utf-8", "replace")
        return f"<p>The module failed:</p><pre>{escape(report[:2000])}</pre>"
    return run.stdout.decode("utf-8", "replace")


def _by_hand(module: dict[str, str], invoice: sqlite3.Row, client: sqlite3.Row) -> str:
    fields = {
        "invoice": str(invoice["id"]),
        "client": str(client["id"]),
        "issued": str(int(time.time())),
        "lang": client["language"],
    }
    method = invoice["paymentmethod"]
    if method == "vodafoncash":
        return _wallet_form(invoice)
    token, provider = module["merchant_token"], PROVIDERS.get(method, method)
    message = "\n".join((VERSION, token, provider, *fields.values()))
    key = module["signing_secret"].encode()
    fields["signature"] = hmac.new(key, message.encode(), "sha256").hexdigest()
    url = f"{module['console_url'].rstrip('/')}/checkout/{token}/{provider}/"
    return button(url, "Pay Now", fields, kind="primary")


def _wallet_form(invoice: sqlite3.Row) -> str:
    """The client says from where he paid, and WHMCS's server asks the console (claims.py)."""
    return (
        "<form method='post' action='modules/gateways/callback/vodafoncash.php'>"
        f"<input type='hidden' name='invoice' value='{invoice['id']}'>"
        "<input name='wallet_phone' type='tel' required aria-label='Your wallet phone number'"
        " placeholder='01000000707'> <button class='primary'>Check my payment</button></form>"
    )


def _params(installation: Settings, module: dict[str, str], root: str, invoice: sqlite3.Row,
            client: sqlite3.Row, due: str) -> dict[str, object]:  # fmt: skip
    """What WHMCS hands to a module's _link function."""
    return {
        "consoleUrl": module["console_url"],
        "merchantToken": module["merchant_token"],
        "signingSecret": module["signing_secret"],
        "invoiceid": invoice["id"],
        "description": f"Demo Hosting - Invoice #{invoice['id']}",
        "amount": due,
        "currency": client["currency"],
        "clientdetails": {
            "userid": client["id"],
            "id": client["id"],
            "firstname": client["firstname"],
            "lastname": client["lastname"],
            "email": client["email"],
            "address1": "",
            "address2": "",
            "city": "",
            "state": "",
            "postcode": "",
            "country": "",
            "phonenumber": "",
            "language": client["language"],
            "model": {"id": client["id"], "language": client["language"]},
        },
        "companyname": "Demo Hosting",
        # WHMCS gives this one with a slash at its end.
        "systemurl": f"{root}/",
        "returnurl": f"{root}/viewinvoice.php?id={invoice['id']}",
        "langpaynow": "Pay Now",
        "name": name_of(invoice["paymentmethod"]),
        "paymentmethod": invoice["paymentmethod"],
        "whmcsVersion": settings.text(installation, "version"),
    }


def due_now(db: sqlite3.Connection, invoice: sqlite3.Row) -> str:
    return accounts.money(max(accounts.balance(db, invoice), accounts.CENT * 0))
