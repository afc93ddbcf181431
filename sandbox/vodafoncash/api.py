"""The two calls of vodafoncash.com that sites make.

Documented: the three answers of the check, with status 200. What it says to a wrong store or a
missing field is not; here 4xx with {status, message}. It compares phone and amount and nothing
else, as the documentation tells, so whoever knows both takes the credit.
"""

import json
import sqlite3
from decimal import Decimal

from sandbox.vodafoncash import callbacks, stores
from sandbox.web import AMOUNT, Request, Response, World

# Documented in English; that there is an Arabic one is a guess from `lang`.
NOT_FOUND = {"en": "No matching transaction found", "ar": "لم يتم العثور على معاملة مطابقة"}
NEEDED = ("phone", "amount", "user_name", "store_id")
LIES = ("denied", "granted", "text_status")
WORDS = {
    401: "Unauthenticated.",
    403: "Forbidden.",
    429: "Too Many Attempts.",
    500: "Server Error",
    503: "Service Unavailable",
}


def check(world: World, db: sqlite3.Connection, request: Request) -> Response:
    """Claims a transfer: pending becomes completed, or held where anti-spam is on."""
    told = {name: value.strip() for name, value in request.parameters.items()}
    missing = [name for name in NEEDED if not told.get(name)]
    if missing:
        return _answer({"status": False, "message": f"The {missing[0]} field is required."}, 422)
    if not AMOUNT.fullmatch(told["amount"]):
        return _answer({"status": False, "message": "The amount must be a number."}, 422)
    store = _store(db, told["store_id"])
    if store is None:
        return _answer({"status": False, "message": "Store not found"}, 404)

    row = _match(db, told["phone"], Decimal(told["amount"]))
    if row is None:
        return _answer(
            {"status": False, "message": NOT_FOUND["ar" if told.get("lang") == "ar" else "en"]}
        )
    if row["state"] == "pending" and store["anti_spam"]:
        row = stores.move(db, row, "held", store["id"], told["user_name"])
    if row["state"] == "held":
        return _answer(
            {
                "status": False,
                "requires_verification": True,
                "pending_verification": True,
                "flow_state": "waiting-for-approval",
            }
        )
    complete(world, db, row, store["id"], told["user_name"])
    answer: dict[str, object] = {"status": True, "requires_verification": False}
    if store["tells_id"]:
        answer["transaction_id"] = row["trans_id"]
    return _answer(answer)


def complete(
    world: World, db: sqlite3.Connection, row: sqlite3.Row, store_id: int, user_name: str
) -> None:
    """The transfer is spent, whether or not the merchant will hear of it."""
    stores.move(db, row, "completed", store_id, user_name)
    callbacks.tell(world, row["id"])


def rate(world: World, db: sqlite3.Connection, request: Request) -> Response:
    """EGP for one unit, for the customer's browser on the merchant's site."""
    store = _store(db, request.path.split("/")[-2])
    everywhere = (("Access-Control-Allow-Origin", "*"),)
    if store is None:
        return _answer({"status": False, "message": "Store not found"}, 404, everywhere)
    told = {"status": True, "rate": store["rate"], "currency_label": store["currency"]}
    return _answer(told, 200, everywhere)


def instead(status: int, operation: str, request: Request) -> Response:
    return _answer({"status": False, "message": WORDS[status]}, status)


def lie(db: sqlite3.Connection, kind: str, response: Response) -> Response:
    """A wrong answer of the check, whatever was done."""
    if kind == "denied":
        return _answer({"status": False, "message": NOT_FOUND["en"]})
    if kind == "granted":
        return _answer({"status": True, "requires_verification": False})
    if kind == "text_status":
        members = json.loads(response.body)
        return _answer(members | {"status": str(members["status"]).lower()}, response.status)
    return response


def _store(db: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    known = number.isascii() and number.isdigit() and len(number) < 11
    store = stores.find_store(db, int(number)) if known else None
    return store if store is not None and store["enabled"] else None


def _match(db: sqlite3.Connection, phone: str, amount: Decimal) -> sqlite3.Row | None:
    """The oldest with this phone and amount that nobody has had. Which one wins is not told."""
    rows = db.execute(
        "SELECT * FROM vf_transfers WHERE phone = ? AND state != 'completed' ORDER BY id", (phone,)
    ).fetchall()
    return next((row for row in rows if Decimal(row["amount"]) == amount), None)


def _answer(
    value: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> Response:
    """Compact JSON in ASCII, as PHP writes it."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return Response(status, body, "application/json", headers)
