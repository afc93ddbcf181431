"""Misbehaviour on demand: each wire call first asks here whether it must go wrong."""

import json
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum

from sandbox.haveno import lies
from sandbox.vodafoncash import api as vodafoncash
from sandbox.web import Fields, Refused, Request, Response, Wire, World, html_answer

# These answer in place of the work; the number is the HTTP status.
INSTEAD = {"500": 500, "503": 503, "429": 429, "401": 401, "403": 403}
COMMON = (
    "refuse", "delay", "lost_answer", "500", "503", "504_after", "html", "empty", "truncated",
    "redirect", "429", "401", "403", "slow_after",
)  # fmt: skip
KINDS = {
    "spectrocoin": COMMON,
    "whmcs": (*COMMON, "invalid_ip", "forbidden_ip", "success_without_effect"),
    "haveno": (*COMMON, *lies.KINDS),
    "vodafoncash": (*COMMON, *vodafoncash.LIES),
}
LOGIN_PAGE = "<!doctype html><title>Log in</title><h1>Log in</h1><p>Please log in to continue.</p>"
GATEWAY_TIMEOUT = "<html><head><title>504 Gateway Time-out</title></head><body>nginx</body></html>"


class Ending(Enum):
    """How the connection ends after a wire call."""

    ANSWER = "answer"
    HALF = "half of the body, then closed"
    SILENCE = "closed without an answer"
    RESET = "reset"


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call."""

    kind: str = ""
    seconds: float = 0


def perform(world: World, wire: Wire, request: Request) -> tuple[Response, Ending]:
    """Do one wire call, well or badly, and record it."""
    operation = wire.operation(request)
    with world.storage.change() as db:
        fault = _take(db, wire.party, operation)
    if fault.kind == "delay":
        world.pause(fault.seconds)

    response = _without_acting(wire, operation, request, fault.kind)
    if response is None:
        with world.storage.change() as db:
            db.execute("SAVEPOINT act")
            response = wire.lie(db, fault.kind, wire.act(world, db, request))
            if fault.kind == "success_without_effect":
                db.execute("ROLLBACK TO act")
    if fault.kind == "504_after":
        response = html_answer(GATEWAY_TIMEOUT, 504)

    ending = {
        "refuse": Ending.RESET,
        "lost_answer": Ending.SILENCE,
        "truncated": Ending.HALF,
    }.get(fault.kind, Ending.ANSWER)
    answered = None if ending in (Ending.RESET, Ending.SILENCE) else response.status
    with world.storage.change() as db:
        db.execute(
            "INSERT INTO calls (party, action, at, answer_status, fault, params)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                wire.party, operation, datetime.now(UTC).isoformat(), answered, fault.kind,
                json.dumps(wire.params(request)),
            ),
        )  # fmt: skip
    if fault.kind == "slow_after":
        world.pause(fault.seconds)
    return response, ending


def calls(db: sqlite3.Connection, party: str) -> list[dict[str, object]]:
    """Every wire call of one party, oldest first, without secrets."""
    rows = db.execute("SELECT * FROM calls WHERE party = ? ORDER BY id", (party,))
    return [
        {
            "action": row["action"],
            "at": row["at"],
            "answer_status": row["answer_status"],
            "fault": row["fault"],
            "params": json.loads(row["params"]),
        }
        for row in rows
    ]


def add(db: sqlite3.Connection, party: str, fields: Fields) -> None:
    """Plan a misbehaviour. `times` null means until it is cleared; `rate` is a chance per call."""
    fields.only("fault", "on", "times", "rate", "seconds")
    kind = fields.choice("fault", KINDS[party], "")
    times: int | None = None
    if fields.values.get("times", 1) not in (None, ""):
        times = fields.whole("times", 1, 1_000_000)
        if times == 0:
            raise Refused("times must be at least 1, or null for always")
    rate = _number(fields, "rate", "1")
    if rate > 1:
        raise Refused("rate must be from 0 to 1")
    db.execute(
        "INSERT INTO faults (party, fault, target, times, rate, seconds) VALUES (?, ?, ?, ?, ?, ?)",
        (
            party, kind, fields.text("on", "*") or "*", times, str(rate),
            str(_number(fields, "seconds", "5")),
        ),
    )  # fmt: skip


def planned(db: sqlite3.Connection, party: str) -> dict[str, object]:
    """What will still go wrong."""
    rows = db.execute("SELECT * FROM faults WHERE party = ? ORDER BY id", (party,))
    return {
        "faults": [
            {
                "fault": row["fault"],
                "on": row["target"],
                "times": row["times"],
                "rate": Decimal(row["rate"]),
                "seconds": Decimal(row["seconds"]),
            }
            for row in rows
        ]
    }


def clear(db: sqlite3.Connection, party: str) -> None:
    db.execute("DELETE FROM faults WHERE party = ?", (party,))


def _number(fields: Fields, name: str, default: str) -> Decimal:
    value = fields.values.get(name, default)
    text = str(value) if isinstance(value, int | float) else fields.text(name, default)
    number = Fields({name: text}).amount(name, default)
    return Decimal(default) if number is None else number


def _take(db: sqlite3.Connection, party: str, operation: str) -> Fault:
    """The first planned fault that fits and whose chance comes up; it is used up by that."""
    rows = db.execute("SELECT * FROM faults WHERE party = ? ORDER BY id", (party,)).fetchall()
    for row in rows:
        if row["target"] != "*" and row["target"].lower() != operation.lower():
            continue
        if secrets.randbelow(1_000_000) >= Decimal(row["rate"]) * 1_000_000:
            continue
        if row["times"] is not None:
            db.execute("UPDATE faults SET times = times - 1 WHERE id = ?", (row["id"],))
            db.execute("DELETE FROM faults WHERE times <= 0 AND id = ?", (row["id"],))
        return Fault(row["fault"], float(row["seconds"]))
    return Fault()


def _without_acting(wire: Wire, operation: str, request: Request, kind: str) -> Response | None:
    """The answer of a call that does nothing; None when the work must be done."""
    if kind in INSTEAD:
        return wire.instead(INSTEAD[kind], operation, request)
    if kind == "html":
        return html_answer("<!doctype html><title>Maintenance</title><h1>Down for maintenance</h1>")
    if kind == "redirect":
        location = f"/{wire.party}/login"
        return Response(302, b"", "text/html; charset=utf-8", (("Location", location),))
    if kind in ("empty", "refuse"):
        return Response(200, b"", "text/html; charset=utf-8")
    if kind in ("invalid_ip", "forbidden_ip"):
        word = kind.partition("_")[0].capitalize()
        body = json.dumps({"result": "error", "message": f"{word} IP {request.caller}"})
        return Response(403, body.encode())
    return None
