"""The shapes in which WHMCS sends rows, ids and amounts, read without guessing.

An answer that is not understood is Malformed. It is never "no rows": that is how a payment that
is booked already gets booked again.
"""

import json
import re
from typing import Any

from ledger.money import Money, MoneyError

Fields = dict[str, Any]


class Malformed(Exception):
    """The answer is not the whole, well-formed thing that WHMCS documents."""


def fields_of(body: bytes) -> Fields:
    """The body as one JSON object; numbers with a fraction stay text, so no float meets money.

    A byte order mark is tolerated: one stray editor-saved file in WHMCS puts it before every
    answer, and it changes nothing. Anything else around the object is Malformed.
    """
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            parse_float=str,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unrepeated,
        )
    except (ValueError, RecursionError):
        raise Malformed(
            "the answer is not JSON" if body.strip() else "the answer is empty"
        ) from None
    if not isinstance(value, dict):
        raise Malformed("the answer is JSON but no object")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _unrepeated(pairs: list[tuple[str, Any]]) -> Fields:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is repeated")
    return members


def rows_of(fields: Fields, outer: str, inner: str) -> list[Fields]:
    """All rows of a list such as transactions.transaction. Raises Malformed if some are missing.

    Seen in the wild and accepted: the wrapper as "", [], {} or missing where `totalresults` is 0;
    a list; one object in place of a list; an object with numeric keys; and the flat keys
    `credits[credit][0][id]` of older documentation pages.
    """
    wrapper = fields.get(outer)
    if isinstance(wrapper, dict) and inner in wrapper:
        rows = _listed(wrapper[inner], outer, lone_row=True)
    elif outer in fields:
        rows = _listed(wrapper, outer, lone_row=False)
    else:
        rows = _flat_rows(fields, outer, inner)
    total = fields.get("totalresults")
    if total in (None, "") and not rows:
        raise Malformed(f"the answer holds neither {outer} nor how many there are")
    if int(id_of(total)) > len(rows):
        raise Malformed(f"the answer speaks of {total} {outer} but holds {len(rows)}")
    return rows


def _listed(value: Any, outer: str, *, lone_row: bool) -> list[Fields]:
    if value is None or value == "":
        return []
    if isinstance(value, dict):
        if all(key.isascii() and key.isdigit() for key in value):
            value = list(value.values())
        elif lone_row:
            value = [value]
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise Malformed(f"the {outer} of the answer are no list of rows")
    return value


def _flat_rows(fields: Fields, outer: str, inner: str) -> list[Fields]:
    shape = re.compile(rf"{outer}\[{inner}\]\[([0-9]+)\]\[(\w+)\]")
    rows: dict[str, Fields] = {}
    for key, value in fields.items():
        if match := shape.fullmatch(key):
            rows.setdefault(match.group(1), {})[match.group(2)] = value
    return list(rows.values())


def text_of(fields: Fields, name: str) -> str:
    """A member that must be there as text."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise Malformed(f"the answer holds no {name}")
    return value


def id_of(value: Any) -> str:
    """An id as plain digits, "0" where none is stated. WHMCS sends both 7 and "7"."""
    if value is None or value == "":
        return "0"
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,18}", text):
        raise Malformed(f"{str(value)[:40]!r} is not an id")
    return str(int(text))


def money_of(value: Any, currency: str) -> Money:
    """An amount, which may be negative. "1,234.50" is refused: the comma could be a point."""
    text = str(value) if type(value) is int else value
    if not isinstance(text, str):
        raise Malformed(f"{str(value)[:40]!r} is not an amount")
    try:
        money = Money.parse(text.removeprefix("-"), currency)
    except MoneyError as error:
        raise Malformed(str(error)) from None
    return Money(-money.units, currency) if text.startswith("-") else money
