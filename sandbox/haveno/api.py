"""The relay's own calls: open, look at and cancel an offer; prices.

Errors are {code, message}: 400 shape, 401 signature, 404, 409 conflict, 422 refused.
"""

import json
import re
import sqlite3
from typing import Any

from sandbox.haveno import market, offers, settings, signing
from sandbox.storage import Settings
from sandbox.web import Request, Response, World, json_answer

# Every whole number of the documents, and the largest that makes sense.
OFFER_TEXTS = (
    "network", "merchant_id", "order_ref", "invoice_id", "amount", "currency", "pay_to",
    "callback_host", "key_id",
)  # fmt: skip
OFFER_WHOLES = {"confirmations": 10_000, "created_at": 2**40, "expires_at": 2**40}
QUOTE = {"amount", "currency", "rate", "source"}
CANCEL_TEXTS = ("offer_id", "order_ref", "key_id")
# A repeat after a crash is made and signed a little later, perhaps at another price.
MAY_DIFFER = {"created_at", "expires_at", "quote", "signature"}
NETWORKS = ("mainnet", "stagenet", "testnet")
SHAPES = {
    "order_ref": re.compile(r"[A-Za-z0-9._-]{1,64}"),
    "invoice_id": re.compile(r"WHMCS-INV-[0-9]{6,19}"),
    "key_id": re.compile(r"[0-9a-f]{16}"),
    "callback_host": re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?"),
    "amount": re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,12})?"),
}
WORDS = {
    401: ("unauthorised", "the signature is not the merchant's"),
    403: ("forbidden", "not from here"),
    429: ("too_many_requests", "slow down"),
    500: ("failed", "the relay failed"),
    503: ("node_behind", "the node is down or behind the chain"),
}


class _Wrong(Exception):
    """Becomes an error answer of the relay."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = error(status, code, message)


def error(status: int, code: str, message: str) -> Response:
    answer = json_answer({"code": code, "message": message}, status)
    if status in (429, 503):
        return Response(status, answer.body, answer.content_type, (("Retry-After", "1"),))
    return answer


def instead(status: int, operation: str, request: Request) -> Response:
    """The relay in trouble answers in its own shape."""
    return error(status, *WORDS[status])


def open_offer(world: World, db: sqlite3.Connection, request: Request) -> Response:
    """201 with an address that the relay's key vouches for; 200 when it was opened before."""
    relay = settings.read(db)
    try:
        offer = _members(request)
        _check_offer(offer)
        _check_signature(relay, offer)
        _check_wishes(offer)
        row, status = _placed(db, relay, offer)
    except _Wrong as wrong:
        return wrong.answer
    return signed(relay, offers.quoted(row), status)


def look(world: World, db: sqlite3.Connection, request: Request) -> Response:
    try:
        row = _named(db, request)
    except _Wrong as wrong:
        return wrong.answer
    relay = settings.read(db)
    return signed(relay, offers.standing(db, row, settings.now(relay)))


def cancel(world: World, db: sqlite3.Connection, request: Request) -> Response:
    """Forget an offer nobody has paid towards. Twice is once."""
    relay = settings.read(db)
    try:
        wish = _members(request)
        _check_type(wish, "havenopay.cancel")
        _check_members(wish, CANCEL_TEXTS, {"created_at": 2**40})
        _check_signature(relay, wish)
        row = _named(db, request)
        if (wish["offer_id"], wish["order_ref"]) != (row["offer_id"], row["order_ref"]):
            raise _Wrong(409, "conflict", "offer_id or order_ref is of another offer")
        if offers.transfers(db, row):
            raise _Wrong(409, "money_seen", "money was seen; the offer stays")
    except _Wrong as wrong:
        return wrong.answer
    if row["cancelled_at"] is None:
        db.execute(
            "UPDATE hv_offers SET cancelled_at = ? WHERE number = ?",
            (settings.now(relay), row["number"]),
        )
    return signed(relay, {"offer_id": row["offer_id"], "state": "cancelled"})


def prices(world: World, db: sqlite3.Connection, request: Request) -> Response:
    """What one XMR costs. Not signed."""
    relay = settings.read(db)
    return json_answer(
        {
            "prices": market.relay_prices(settings.prices(relay, "prices")),
            "as_of": settings.now(relay) - settings.whole(relay, "price_age_seconds"),
            "source": "haveno-sandbox",
        }
    )


def signed(relay: Settings, members: dict[str, object], status: int = 200) -> Response:
    return json_answer(signing.with_signature(members, settings.signing_seed(relay)), status)


def _members(request: Request) -> dict[str, Any]:
    """One JSON object. No name twice, no fraction: neither can be signed unambiguously."""

    def unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("a member is repeated")
        return dict(pairs)

    def refuse(text: str) -> object:
        raise ValueError(f"{text} is not a whole number")

    if request.content_type != "application/json":
        raise _Wrong(400, "shape", "Content-Type must be application/json")
    try:
        members = json.loads(
            request.body.decode(),
            object_pairs_hook=unrepeated,
            parse_float=refuse,
            parse_constant=refuse,
        )
        if not isinstance(members, dict):
            raise ValueError("an object is expected")
        signing.canonical(members)
    except (ValueError, RecursionError) as trouble:
        raise _Wrong(400, "shape", f"the body cannot be read: {trouble}") from None
    return members


def _check_type(members: dict[str, Any], name: str) -> None:
    # True == 1 in Python, and is no version.
    if members.get("type") != name or members.get("version") != 1 or members["version"] is True:
        raise _Wrong(400, "shape", f"type must be {name}, version 1")


def _check_members(members: dict[str, Any], texts: tuple[str, ...], wholes: dict[str, int]) -> None:
    for name in texts:
        value = members.get(name)
        shape = SHAPES.get(name)
        if not isinstance(value, str) or (shape and not shape.fullmatch(value)):
            raise _Wrong(400, "shape", f"{name} is missing or misshapen")
    for name, most in wholes.items():
        value = members.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
            raise _Wrong(400, "shape", f"{name} must be a whole number from 1 to {most}")


def _check_offer(offer: dict[str, Any]) -> None:
    _check_type(offer, "havenopay.offer")
    _check_members(offer, OFFER_TEXTS, OFFER_WHOLES)
    quote = offer.get("quote")
    if not isinstance(quote, dict) or QUOTE - set(quote):
        raise _Wrong(400, "shape", f"quote must have {', '.join(sorted(QUOTE))}")
    if not all(isinstance(quote[name], str) for name in QUOTE):
        raise _Wrong(400, "shape", "the members of quote must be texts")
    if offer["network"] not in NETWORKS:
        raise _Wrong(400, "shape", f"network must be one of: {', '.join(NETWORKS)}")
    if not signing.is_node_address(offer["merchant_id"]):
        raise _Wrong(400, "merchant_id", "merchant_id is not a Tor v3 address with port")


def _check_signature(relay: Settings, members: dict[str, Any]) -> None:
    """By one of the keys the merchant entered here, and by the one it names."""
    for key in settings.merchant_keys(relay):
        if signing.key_id(key) == members["key_id"] and signing.verifies(members, key):
            return
    raise _Wrong(401, *WORDS[401])


def _check_wishes(offer: dict[str, Any]) -> None:
    """What is well said may still not be had."""
    currency, amount = offer["currency"], offer["amount"]
    if currency not in market.DIGITS:
        raise _Wrong(422, "currency", f"{currency} is not accepted here")
    if len(amount.partition(".")[2]) != market.DIGITS[currency]:
        text = f"an amount of {currency} has {market.DIGITS[currency]} decimals"
        raise _Wrong(422, "amount", text)
    if not amount.strip("0."):
        raise _Wrong(422, "amount", "the amount is nothing")


def _placed(
    db: sqlite3.Connection, relay: Settings, offer: dict[str, Any]
) -> tuple[sqlite3.Row, int]:
    """The stored offer, and 201 where it is new."""
    try:
        row = offers.find(db, offer["order_ref"])
    except KeyError:
        if offer["expires_at"] <= settings.now(relay):
            raise _Wrong(422, "expired", "expires_at is in the past") from None
        return offers.create(db, offer, relay), 201
    before = json.loads(row["document"])
    if _content(before) != _content(offer):
        text = "this order_ref was used for another offer"
        raise _Wrong(409, "conflict", text)
    return row, 200


def _content(offer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in offer.items() if name not in MAY_DIFFER}


def _named(db: sqlite3.Connection, request: Request) -> sqlite3.Row:
    """By the relay's own id alone: order_ref is the merchant's."""
    offer_id = request.path.rpartition("/")[2]
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM hv_offers WHERE offer_id = ?", (offer_id,)
    ).fetchone()
    if row is None:
        raise _Wrong(404, "unknown_offer", "no such offer")
    return row
