"""What a handler reads and writes: requests, answers, and the fields of a control call."""

import json
import re
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from email.message import Message
from functools import cached_property
from urllib.parse import parse_qsl

from sandbox.storage import Storage

AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?")


class Refused(Exception):
    """A control call that asks for something impossible; becomes {"error": text}."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


@dataclass
class World:
    """What every handler may use besides its request."""

    storage: Storage
    origin: str
    stopping: threading.Event = field(default_factory=threading.Event)

    def pause(self, seconds: float) -> None:
        """Sleep, but not through a shutdown."""
        self.stopping.wait(seconds)


@dataclass(frozen=True)
class Response:
    """An answer as it goes out."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Request:
    """A request as it came in. `caller` is the peer's address."""

    method: str
    path: str
    query: str
    headers: Message
    body: bytes
    caller: str

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "").split(";")[0].strip().lower()

    @property
    def is_form(self) -> bool:
        return self.content_type == "application/x-www-form-urlencoded"

    @property
    def is_button(self) -> bool:
        """A page's button made this control call. `curl -d` calls its JSON a form too."""
        return self.is_form and not self.body.startswith(b"{")

    @cached_property
    def form(self) -> dict[str, str]:
        """The body's fields; of repeated names the last one counts, as in PHP."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The fields of the URL's query."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def fields(self) -> "Fields":
        """The members of a control call, whether a script or a page's button sent it."""
        if self.is_button:
            return Fields({k: v for k, v in self.form.items() if k != "then"})
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            raise Refused("the body is not JSON") from None
        if not isinstance(value, dict):
            raise Refused("the body must be a JSON object")
        return Fields(value)


class Fields:
    """Members of a control call, read with checks. A page's form sends all of them as text."""

    def __init__(self, values: dict[str, object]) -> None:
        self.values = values

    def only(self, *names: str) -> None:
        """Refuse members nobody reads, so that a misspelt one is noticed."""
        unknown = sorted(set(self.values) - set(names))
        if unknown:
            raise Refused(f"unknown member: {', '.join(unknown)}")

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name, default)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise Refused(f"{name} must be text")
        return str(value)

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name) or default
        if value not in choices:
            raise Refused(f"{name} must be one of: {', '.join(c or '(empty)' for c in choices)}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self.values.get(name, default)
        if isinstance(value, str):
            value = {"true": True, "1": True, "on": True, "false": False, "0": False}.get(value)
        if not isinstance(value, bool):
            raise Refused(f"{name} must be true or false")
        return value

    def whole(self, name: str, default: int, most: int) -> int:
        text = self.text(name, str(default))
        if not text.isascii() or not text.isdigit() or int(text) > most:
            raise Refused(f"{name} must be a whole number from 0 to {most}")
        return int(text)

    def amount(self, name: str, default: str = "") -> Decimal | None:
        """A plain decimal such as "15.99"; None when there is neither a member nor a default."""
        text = self.text(name, default)
        if not text:
            return None
        if not AMOUNT.fullmatch(text):
            raise Refused(f'{name} must be a plain decimal text such as "15.99"')
        return Decimal(text)


Act = Callable[[World, sqlite3.Connection, Request], Response]
Instead = Callable[[int, str, Request], Response]
Lie = Callable[[sqlite3.Connection, str, Response], Response]
Page = Callable[..., Response]


@dataclass(frozen=True)
class Wire:
    """One call of a real interface: it can be made to misbehave, and it is recorded.

    operation  the name under which a fault addresses it, read from the request.
    act        does the work inside one state change.
    instead    what the party says when it does not work: (status, operation, request).
    params     the call's parameters without secrets, for the record.
    lie        what the party says wrongly when told to: (kind of fault, true answer).
    """

    party: str
    operation: Callable[[Request], str]
    act: Act
    instead: Instead
    params: Callable[[Request], dict[str, object]]
    lie: Lie = lambda db, kind, response: response


def json_text(value: object) -> str:
    """JSON in which a Decimal is an exact number; the standard encoder would need a float."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        members = (f"{json.dumps(str(k))}:{json_text(v)}" for k, v in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(json_text(v) for v in value) + "]"
    return json.dumps(value)


def json_answer(value: object, status: int = 200) -> Response:
    return Response(status, json_text(value).encode())


def text_answer(text: str, status: int = 200) -> Response:
    return Response(status, text.encode(), "text/plain; charset=utf-8")


def html_answer(text: str, status: int = 200) -> Response:
    return Response(status, text.encode(), "text/html; charset=utf-8")


def see_other(location: str) -> Response:
    return Response(303, b"", "text/plain; charset=utf-8", (("Location", location),))


def done(request: Request, value: object) -> Response:
    """Answer a control call: JSON for a script; back to the page named in `then` for a button."""
    if not request.is_button:
        return json_answer(value)
    then = request.form.get("then", "/")
    return see_other(then if then.startswith("/") and not then.startswith("//") else "/")
