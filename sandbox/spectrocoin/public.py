"""API B: an OAuth token, orders in JSON. Errors are an object with errorCode and traceId.

https://docs.spectrocoin.com (creating a payment, status codes). The texts of errorCode are ours:
the vendor does not publish its list.
"""

import hmac
import json
import secrets
import sqlite3
import time
from dataclasses import dataclass
from decimal import Decimal

from sandbox.sending import acceptable_url
from sandbox.spectrocoin import market, orders, settings, signing
from sandbox.spectrocoin.signing import canonical_amount
from sandbox.storage import Settings
from sandbox.web import AMOUNT, Request, Response, World, json_answer

MEANINGS = {
    400: "Missing or invalid parameter",
    401: "Full authentication is required to access this resource",
    403: "Access to this endpoint or from this address is not allowed",
    404: "Resource not found",
    415: "Unsupported media type",
    422: "Malformed JSON",
    429: "Too many requests",
    500: "Internal server error",
    503: "Service unavailable",
}


@dataclass
class _Wrong(Exception):
    status: int
    text: str


def token(world: World, db: sqlite3.Connection, request: Request) -> Response:
    """The client credentials grant; errors in OAuth's own shape."""
    project = settings.read(db)
    if not request.is_form or request.form.get("grant_type") != "client_credentials":
        return json_answer({"error": "unsupported_grant_type"}, 400)
    for name in ("client_id", "client_secret"):
        given = request.form.get(name, "")
        if not hmac.compare_digest(given.encode(), settings.text(project, name).encode()):
            return json_answer({"error": "invalid_client"}, 401)
    seconds = int(settings.text(project, "token_seconds"))
    access_token = secrets.token_urlsafe(32)
    db.execute("DELETE FROM sc_tokens WHERE expires_at <= ?", (int(time.time()),))
    db.execute(
        "INSERT INTO sc_tokens (token, expires_at) VALUES (?, ?)",
        (access_token, int(time.time()) + seconds),
    )
    return json_answer(
        {"access_token": access_token, "expires_in": seconds, "token_type": "bearer"}
    )


def create(world: World, db: sqlite3.Connection, request: Request) -> Response:
    """Make a pre-order. The order, its coin and its pay amount follow when the payer chose."""
    project = settings.read(db)
    try:
        _authorise(db, request)
        wanted = _wanted(project, _members(request))
        if wanted.order_id and orders.known_id(db, wanted.order_id):
            raise _Wrong(400, "An order with this orderId already exists")
    except _Wrong as wrong:
        return _error(wrong.status, wrong.text)
    order = orders.create(db, wanted)
    pay_first = wanted.pay_amount if not wanted.receive_amount else None
    return json_answer(
        {
            "preOrderId": order["pre_order_id"],
            "orderId": order["merchant_order_id"],
            "validUntil": None,
            "payCurrencyCode": wanted.pay_currency if pay_first else None,
            "payNetworkCode": None,
            "receiveCurrencyCode": wanted.receive_currency,
            "payAmount": canonical_amount(pay_first) if pay_first else None,
            "receiveAmount": None if pay_first else canonical_amount(wanted.receive_amount),
            "depositAddress": None,
            "memo": None,
            "redirectUrl": orders.payment_page(world.origin, order),
        }
    )


def fetch(world: World, db: sqlite3.Connection, request: Request) -> Response:
    """One order by its own UUID; neither a pre-order's id nor the merchant's will do."""
    order_id = request.path.rpartition("/")[2].lower()
    try:
        _authorise(db, request)
    except _Wrong as wrong:
        return _error(wrong.status, wrong.text)
    row = db.execute("SELECT * FROM sc_orders WHERE order_id = ?", (order_id,)).fetchone()
    if row is None:
        return _error(404, "Order not found")
    return json_answer(_with_project(settings.read(db), row))


def listing(world: World, db: sqlite3.Connection, request: Request) -> Response:
    """All orders, newest first, as an array. A pre-order without a coin is no order yet."""
    try:
        _authorise(db, request)
    except _Wrong as wrong:
        return _error(wrong.status, wrong.text)
    project = settings.read(db)
    rows = [row for row in orders.newest_first(db) if row["order_id"]]
    return json_answer([_with_project(project, row) for row in rows])


def public_key(world: World, db: sqlite3.Connection, request: Request) -> Response:
    """The key that verifies form callbacks."""
    private_key = settings.text(settings.read(db), "provider_private_key")
    pem = signing.public_pem(private_key)
    return Response(200, pem.encode(), "application/x-pem-file")


def instead(status: int, operation: str, request: Request) -> Response:
    return _error(status, MEANINGS[status])


def _error(status: int, text: str) -> Response:
    body = {
        "defaultMessage": text,
        "errorCode": f"GEN_{status} - {MEANINGS[status]}",
        "spanId": secrets.token_hex(8),
        "traceId": secrets.token_hex(16),
    }
    answer = json_answer(body, status)
    if status == 429:
        return Response(status, answer.body, answer.content_type, (("Retry-After", "1"),))
    return answer


def _authorise(db: sqlite3.Connection, request: Request) -> None:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    live = db.execute(
        "SELECT 1 FROM sc_tokens WHERE token = ? AND expires_at > ?", (given, int(time.time()))
    ).fetchone()
    if scheme.lower() != "bearer" or live is None:
        raise _Wrong(401, MEANINGS[401])


def _members(request: Request) -> dict[str, object]:
    if request.content_type != "application/json":
        raise _Wrong(415, MEANINGS[415])
    try:
        members = json.loads(request.body, parse_float=Decimal)
    except ValueError:
        raise _Wrong(422, MEANINGS[422]) from None
    if not isinstance(members, dict):
        raise _Wrong(400, "An object is expected")
    return members


def _wanted(project: Settings, members: dict[str, object]) -> orders.Wanted:
    if _text(members, "projectId") != project["project_id"]:
        raise _Wrong(400, "projectId is missing or unknown")
    if not project["account_enabled"]:
        raise _Wrong(403, "The merchant account may not create orders")
    receive_amount = _amount(members, "receiveAmount")
    receive_currency = _currency(members, "receiveCurrencyCode")
    pay_amount = _amount(members, "payAmount")
    pay_currency = _currency(members, "payCurrencyCode")
    if receive_amount and receive_currency:
        # Given both pairs the receive pair wins, says the vendor's page.
        pay_amount = Decimal(0)
    elif not (pay_amount and pay_currency):
        raise _Wrong(400, "receiveAmount with receiveCurrencyCode, or the pay pair, is required")
    urls = [_text(members, name) for name in ("callbackUrl", "successUrl", "failureUrl")]
    if not all(acceptable_url(url) for url in urls):
        raise _Wrong(400, "callbackUrl, successUrl and failureUrl must be absolute URLs")
    return orders.Wanted(
        api="public",
        order_id=_text(members, "orderId"),
        description=_text(members, "description"),
        pay_currency=pay_currency,
        pay_amount=pay_amount,
        receive_currency=receive_currency or "EUR",
        receive_amount=Decimal(0) if pay_amount else receive_amount,
        callback_url=urls[0],
        success_url=urls[1],
        failure_url=urls[2],
    )


def _text(members: dict[str, object], name: str) -> str:
    value = members.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Wrong(400, f"{name} must be a string")
    return value


def _amount(members: dict[str, object], name: str) -> Decimal:
    """A number or a string; 0 when absent."""
    value = members.get(name)
    if value is None:
        return Decimal(0)
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, bool) or not AMOUNT.fullmatch(text):
        raise _Wrong(400, f"{name} is not a valid amount")
    return Decimal(text)


def _currency(members: dict[str, object], name: str) -> str:
    code = _text(members, name)
    if code and code not in market.EUROS:
        raise _Wrong(400, f"{name} is not supported")
    return code


def _with_project(project: Settings, row: sqlite3.Row) -> dict[str, object]:
    return {**orders.in_api(row), "merchantApiId": project["project_id"]}
