"""Strict reading of what apps send: JSON or a form, each name once, every value of its type."""

import re
from calendar import timegm
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from gateways.providers.base import Inbound, Rejected

Members = Mapping[str, Any]

TEXT_CAP = 4000
SENDER_CAP = 80
ID_CAP = 128
LINE_CAP = 80
MOST_FIELDS = 64
MOST_MESSAGES = 50
# March 1973 and the year 5138: a stamp outside is a count of seconds, or a clock that was not set.
LEAST_MS, MOST_MS = 10**11, 10**14 - 1

_DIGITS = re.compile(r"[0-9]{1,15}")
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):?([0-9]{2}))"
)
# A phone set to Arabic may write its dates so.
_ASCII_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_SIM = re.compile(r"sim[ _-]?([1-9])(?![0-9])", re.IGNORECASE)
_NO_SIM = frozenset({"", "undetected", "unknown", "default", "null"})
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def misshapen(detail: str) -> Rejected:
    return Rejected("phone.bad_shape", detail)


def read_members(inbound: Inbound) -> tuple[dict[str, Any], bool]:
    """The names and values of the body, and whether it is a form.

    Told by the first character, because some apps send JSON under any content type.
    """
    if not inbound.body.lstrip(b" \t\r\n").startswith(b"{"):
        return dict(read_form(inbound.body)), True
    try:
        return inbound.json(), False
    except Rejected as refusal:
        raise misshapen(refusal.detail) from None


def read_form(body: bytes) -> dict[str, str]:
    """The fields of an urlencoded body. Raises Rejected for a repeated name, broken escapes,
    text that is not UTF-8, and pieces that are not name=value."""
    fields: dict[str, str] = {}
    try:
        text = body.decode("utf-8", "strict")
        if _BROKEN_ESCAPE.search(text):
            raise ValueError("a broken % escape")
        pieces = text.split("&", MOST_FIELDS)
        if len(pieces) > MOST_FIELDS:
            raise ValueError(f"more than {MOST_FIELDS} fields")
        for piece in pieces:
            name, equals, value = (
                unquote_plus(part, errors="strict") for part in piece.partition("=")
            )
            if not (name and equals):
                raise ValueError("neither JSON nor a form: a piece is not name=value")
            if name in fields:
                raise ValueError("a field is repeated")
            fields[name] = value
    except ValueError as error:
        raise misshapen(str(error)[:200]) from None
    return fields


def text_of(members: Members, name: str) -> str:
    """The SMS itself: text that must be there, though it may be empty."""
    value = members.get(name)
    if not isinstance(value, str):
        raise misshapen(f"{name} is not text")
    return _storable(value[:TEXT_CAP])


def sender_of(members: Members, name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise misshapen(f"{name} is not text")
    if len(value) > SENDER_CAP:
        raise misshapen(f"{name} has more than {SENDER_CAP} characters")
    return _storable(value)


def id_of(members: Members, name: str) -> str:
    """An id; "" where there is none. Never cut, since two ids would become one."""
    value = members.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > ID_CAP:
        raise misshapen(f"{name} is not text of at most {ID_CAP} characters")
    return _storable(value)


def line_of(members: Members, name: str) -> str:
    """A remark on one line, cut to LINE_CAP; "" where there is none."""
    value = members.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise misshapen(f"{name} is not text")
    return plain(value)


def plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:LINE_CAP])


def object_of(members: Members, name: str) -> dict[str, Any]:
    value = members.get(name)
    if not isinstance(value, dict):
        raise misshapen(f"{name} is not an object")
    return value


def objects_of(members: Members, name: str) -> list[dict[str, Any]]:
    """A batch: 1 to MOST_MESSAGES objects. Raises Rejected, phone.too_many for more."""
    value = members.get(name)
    if not isinstance(value, list) or not value:
        raise misshapen(f"{name} is not a list of messages")
    if len(value) > MOST_MESSAGES:
        raise Rejected("phone.too_many", f"at most {MOST_MESSAGES} messages in one batch")
    if not all(isinstance(each, dict) for each in value):
        raise misshapen(f"{name} holds something else than messages")
    return value


def whole_of(members: Members, name: str) -> int | None:
    """A whole number, quoted or not; None where there is none ("" and null)."""
    value = members.get(name)
    if value is None or value == "":
        return None
    number = whole(value)
    if number is None:
        raise misshapen(f"{name} is not a whole number")
    return number


def whole(value: object) -> int | None:
    """An integer of at most fifteen digits, quoted or not; None for anything else, true included."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15:
        return value
    return None


def within(number: int | None, least: int, most: int) -> int | None:
    return number if number is not None and least <= number <= most else None


def stamp_ms_of(members: Members, name: str) -> int | None:
    """Unix milliseconds as a number, quoted or not. A moment that cannot be is told as None: a
    phone with a wrong clock still forwards true messages."""
    return within(whole_of(members, name), LEAST_MS, MOST_MS)


def iso_ms_of(members: Members, name: str) -> int | None:
    """Unix milliseconds of ISO 8601 text with an offset. Finer digits are dropped."""
    value = members.get(name)
    if value is None or value == "":
        return None
    match = _ISO.fullmatch(value.translate(_ASCII_DIGITS)) if isinstance(value, str) else None
    if match is None:
        raise misshapen(f"{name} is not an ISO 8601 time with an offset")
    *parts, fraction, sign, hours, minutes = match.groups()
    year, month, day, hour, minute, second = (int(part) for part in parts)
    try:
        seconds = timegm(datetime(year, month, day, hour, minute, second).timetuple())  # noqa: DTZ001
    except ValueError:
        raise misshapen(f"{name} is no moment") from None
    if sign:
        offset = int(hours) * 3600 + int(minutes) * 60
        seconds += -offset if sign == "+" else offset
    return within(seconds * 1000 + int((fraction or "").ljust(3, "0")[:3]), LEAST_MS, MOST_MS)


def sim_of(members: Members, name: str, first: int = 1) -> str:
    """Which SIM: sim1, SIM1_Vodafone, 1 and, counting from `first`, a bare number are "sim1"."""
    value = members.get(name)
    if isinstance(value, str):
        match = _SIM.match(value)
        if match:
            return f"sim{match[1]}"
        return "" if value.strip().lower() in _NO_SIM else plain(value)
    slot = whole_of(members, name)
    if slot is None or not first <= slot < first + 9:
        return ""
    return f"sim{slot - first + 1}"


def _storable(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)
