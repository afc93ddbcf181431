"""The VodafoneCash module's callback page: the merchant's real PHP file, or its question made here.

WHMCS runs modules/gateways/callback/vodafoncash.php inside itself. Here the modules are copied
beside an empty init.php, because the file asks for WHMCS's own by its place in the tree; what that
would have defined comes from run_callback.php. Whoever asks is logged in as the invoice's client.

The question, gatebook-claim.v1: a signed form to {console}/claims/{merchant token}/, answered with
JSON {status, code, message, amount, currency, due, rate, pay_to, expires, transaction_id}.
"""

import hmac
import json
import shutil
import sqlite3
import subprocess
import tempfile
import time
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sandbox.pages import page
from sandbox.sending import Message, send
from sandbox.storage import Settings, read_named, write_named
from sandbox.web import Refused, Request, Response, World, html_answer, see_other
from sandbox.whmcs import accounts, settings
from sandbox.whmcs.module import MODULES, SANDBOX

VERSION = "gatebook-claim.v1"
RUNNER = SANDBOX / "run_callback.php"
FILE = Path("callback") / "vodafoncash.php"
# The file waits 30 seconds for the console.
PATIENCE_SECONDS = 45
# One visit of each client, which knows what he claimed last.
SESSIONS = "whmcs_sessions"


def callback(world: World, request: Request) -> Response:
    """What the client sees after the form; GET looks again."""
    number = (request.form if request.method == "POST" else request.parameters).get("invoice", "")
    with world.storage.change() as db:
        row = accounts.invoice(db, int(number)) if number.isascii() and number.isdigit() else None
        client = accounts.client(db, row["client_id"]) if row else None
        if row is None or client is None:
            raise Refused("no such invoice", 404)
        installation = settings.read(db)
        session = read_named(db, "settings", SESSIONS).get(str(client["id"]), {})
    php = shutil.which("php")
    if php and (MODULES / FILE).exists():
        ran = _by_php(php, world, request, installation, row, client, session)
        with world.storage.change() as db:
            write_named(db, "settings", SESSIONS, {str(client["id"]): ran["session"]})
            for line in ran["logged"]:
                accounts.log(db, f"Gateway log - {line}", client["id"], request.caller)
        if ran["status"] == 303:
            return see_other(f"/whmcs/viewinvoice.php?id={row['id']}")
        return html_answer(ran["body"], ran["status"])
    return _by_hand(settings.module(installation), request, row, client)


def question(
    module: dict[str, str], invoice: str, client: str, language: str, asked: dict[str, str]
) -> Message:
    """The signed form. `asked`: phone, reference and name, each may be empty."""
    fields = {
        "invoice": invoice,
        "client": client,
        "issued": str(int(time.time())),
        "lang": language,
        **{name: asked.get(name, "") for name in ("phone", "reference", "name")},
    }
    token = module["merchant_token"]
    signed = "\n".join((VERSION, token, *fields.values()))
    key = module["signing_secret"].encode()
    fields["signature"] = hmac.new(key, signed.encode(), "sha256").hexdigest()
    url = f"{module['console_url'].rstrip('/')}/claims/{token}/"
    return Message("POST", url, "application/x-www-form-urlencoded", urlencode(fields).encode())


def _by_hand(
    module: dict[str, str], request: Request, invoice: sqlite3.Row, client: sqlite3.Row
) -> Response:
    asked = {
        "phone": request.form.get("wallet_phone", ""),
        "reference": request.form.get("reference", ""),
        "name": request.form.get("sender_name", ""),
    }
    message = question(module, str(invoice["id"]), str(client["id"]), client["language"], asked)
    answer = send(message, 1, 0, "WHMCS")[0]
    try:
        told = json.loads(answer.body)
    except ValueError:
        told = {"code": "unreached", "message": f"the console answered {answer.status}"}
    back = f"/whmcs/viewinvoice.php?id={invoice['id']}"
    body = (
        f"<section class='card'><p class='big' id='code'>{escape(str(told.get('code')))}</p>"
        f"<p>{escape(str(told.get('message')))}</p><p><a href='{back}'>To the invoice</a></p>"
        "</section>"
    )
    return page("VodafoneCash", body, party="whmcs")


def _by_php(
    php: str,
    world: World,
    request: Request,
    installation: Settings,
    invoice: sqlite3.Row,
    client: sqlite3.Row,
    session: object,
) -> dict[str, Any]:
    module = settings.module(installation)
    kept = session if isinstance(session, dict) else {}
    given = {
        "server": {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": request.path,
            "QUERY_STRING": request.query,
            "REMOTE_ADDR": request.caller,
        },
        "get": request.parameters,
        "post": request.form if request.method == "POST" else {},
        "session": {**kept, "uid": client["id"], "Language": client["language"]},
        "module": {
            "type": "Invoices",
            "paymentmethod": "vodafoncash",
            "systemurl": f"{settings.root(world.origin)}/",
            "consoleUrl": module["console_url"],
            "merchantToken": module["merchant_token"],
            "signingSecret": module["signing_secret"],
        },
        "tables": {
            "tblinvoices": [
                {"id": invoice["id"], "userid": client["id"], "status": invoice["status"]}
            ],
            "tblclients": [{"id": client["id"], "language": client["language"]}],
        },
    }
    with tempfile.TemporaryDirectory(prefix="sandbox-whmcs-") as folder:
        root = Path(folder)
        shutil.copytree(MODULES, root / "modules" / "gateways")
        (root / "init.php").write_text("<?php\n")
        (root / "includes").mkdir()
        (root / "includes" / "gatewayfunctions.php").write_text("<?php\n")
        try:
            run = subprocess.run(  # noqa: S603 - our own script, the request on stdin
                [php, str(RUNNER), str(root / "modules" / "gateways" / FILE)],
                input=json.dumps(given).encode(),
                capture_output=True,
                timeout=PATIENCE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Refused(f"the module did not answer in {PATIENCE_SECONDS} s", 504) from None
    try:
        ran: dict[str, Any] = json.loads(run.stdout)
    except ValueError:
        report = (run.stderr or run.stdout).decode("utf-8", "replace")
        raise Refused(f"the module failed: {report[:2000]}", 500) from None
    return ran
