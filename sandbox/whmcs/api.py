"""includes/api.php: who may call, which command answers, and the envelope around it.

https://developers.whmcs.com/api/authentication/ and /api/access-control/; the 403 of a refused
address or action and the lower-cased action name are as seen in open clients' issues.
"""

import hmac
import json
import sqlite3
from collections.abc import Callable

from sandbox.storage import Settings
from sandbox.web import Request, Response, World, html_answer, json_text, text_answer
from sandbox.whmcs import booking, reading, settings
from sandbox.whmcs.command import Call, CommandError

SECRETS = {"identifier", "secret", "username", "password", "accesskey"}
COMMANDS: dict[str, Callable[[Call], dict[str, object]]] = {
    name.lower(): command for name, command in {**reading.COMMANDS, **booking.COMMANDS}.items()
}
NAMES = {name.lower(): name for name in (*reading.COMMANDS, *booking.COMMANDS)}


def answer(world: World, db: sqlite3.Connection, request: Request) -> Response:
    """One API call. Parameters are read from the body only."""
    installation = settings.read(db)
    form = request.form if request.is_form else {}
    if form.get("responsetype", "") != "json":
        return text_answer("result=error;message=This stand-in answers responsetype=json only")
    refusal = _refusal(installation, form, request.caller)
    if refusal:
        return _error(installation, refusal, 403)
    action = form.get("action", "").lower()
    if action not in COMMANDS:
        return _error(installation, "Command Not Found", 200)
    allowed = settings.names(installation, "permissions")
    if allowed is not None and action not in {name.lower() for name in allowed}:
        text = f'Invalid Permissions: API action "{action}" is not allowed'
        return _error(installation, text, 403)
    try:
        result = COMMANDS[action](Call(db, installation, form, request.caller))
    except CommandError as error:
        return _error(installation, str(error), 200)
    return Response(200, json_text({"result": "success", **result}).encode())


def operation(request: Request) -> str:
    """The command's documented name, however the caller wrote it."""
    action = request.form.get("action", "") if request.is_form else ""
    return NAMES.get(action.lower(), action)


def params(request: Request) -> dict[str, object]:
    return {name: value for name, value in request.form.items() if name not in SECRETS}


def instead(status: int, operation: str, request: Request) -> Response:
    """A firewall or a broken server answers in place of WHMCS: HTML, never JSON."""
    body = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
    answer = html_answer(body, status)
    if status in (429, 503):
        return Response(status, answer.body, answer.content_type, (("Retry-After", "1"),))
    return answer


def _refusal(installation: Settings, form: dict[str, str], caller: str) -> str:
    """Why the caller may not come in; empty when it may. The address is looked at first."""
    allowed = settings.names(installation, "allowed_ips")
    key = settings.text(installation, "access_key")
    lifted = bool(key) and hmac.compare_digest(form.get("accesskey", "").encode(), key.encode())
    if allowed is not None and caller not in allowed and not lifted:
        return f"Invalid IP {caller}"
    given = (
        form.get("identifier") or form.get("username", ""),
        form.get("secret") or form.get("password", ""),
    )
    known = (settings.text(installation, "identifier"), settings.text(installation, "secret"))
    for one, other in zip(given, known, strict=True):
        if not hmac.compare_digest(one.encode(), other.encode()):
            return "Invalid or missing credentials"
    return ""


def _error(installation: Settings, message: str, status: int) -> Response:
    key = settings.text(installation, "error_key")
    # PHP's JSON_HEX_QUOT, as seen on live installations: quotes come as \\u0022.
    text = json.dumps({key: "error", "message": message}).replace('\\"', "\\u0022")
    return Response(status, text.encode())
