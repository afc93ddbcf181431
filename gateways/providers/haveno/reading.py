"""Strict reading of the relay's JSON: what it signs has one meaning, and no float in it."""

import json
import re
from typing import Any

from ledger.money import Money, digits_of

# RFC 8785 keeps integers exact up to here.
LARGEST = 2**53 - 1
# Seconds until the year 5138; the same moment in milliseconds is beyond it.
LATEST_SECONDS = 10**11
MOST_CONFIRMATIONS = 10_000

_OFFER_ID = re.compile(r"[A-Za-z0-9][!-~]{0,127}")
_TEXT = re.compile(r"[!-~]{1,128}")
_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,11})(?:\.([0-9]{1,12}))?")
_INVOICE = re.compile(r"(?:WHMCS-INV-|INV-)?0*([1-9][0-9]{0,18})")


def read_object(raw: bytes, *, flat: bool = False) -> dict[str, Any]:
    """One JSON object in UTF-8 without byte order mark.

    Raises ValueError for repeated members at any depth, numbers with fraction or exponent, NaN,
    integers beyond 2^53, nesting too deep to read, with `flat` any nesting, and other values.
    """
    try:
        value = json.loads(
            raw.decode("utf-8", "strict"),
            object_pairs_hook=_unrepeated,
            parse_constant=_refuse_number,
            parse_float=_refuse_number,
        )
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")
    if flat and any(isinstance(member, dict | list) for member in value.values()):
        raise ValueError("a member is nested")
    return value


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is repeated")
    for member in members.values():
        if isinstance(member, int) and not -LARGEST <= member <= LARGEST:
            raise ValueError("an integer is beyond 2^53")
    return members


def _refuse_number(text: str) -> Any:
    raise ValueError(f"{text[:20]} is no integer; amounts are text")


def plain(value: object, most_characters: int = 200) -> str:
    """A value from outside as one line of printable text; what is neither text nor number is "".

    Keeps NUL and lone surrogates, which PostgreSQL refuses, out of rows.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value)[:most_characters]
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def is_offer_id(value: object) -> bool:
    """Printable ASCII, at most 128; a letter or digit first, so that it is no path of its own."""
    return isinstance(value, str) and _OFFER_ID.fullmatch(value) is not None


def is_text(value: object) -> bool:
    """Printable ASCII without blanks, 1 to 128 characters."""
    return isinstance(value, str) and _TEXT.fullmatch(value) is not None


def read_whole(value: object, least: int, most: int) -> int:
    """A JSON integer within bounds. Raises ValueError; true is no integer."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"no whole number from {least} to {most}")
    return value


def read_money(amount: object, currency: object) -> Money:
    """An amount as text with no more decimals than the currency has, zeros included.

    Raises ValueError for numbers, signs, exponents, blanks, other digits and odd currencies.
    """
    if not isinstance(currency, str) or not isinstance(amount, str):
        raise ValueError("amount and currency are text")
    match = _AMOUNT.fullmatch(amount)
    if match is None:
        raise ValueError(f"{plain(amount, 40)!r} is not an amount")
    if len(match[1] or "") > digits_of(currency):
        raise ValueError(f"{amount} has too many decimals for {currency}")
    return Money.parse(amount, currency)


def is_nothing(amount: object) -> bool:
    """Whether it is zero, in a currency that nobody names. Raises ValueError for no amount."""
    if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount):
        raise ValueError(f"{plain(amount, 40)!r} is not an amount")
    return not amount.strip("0.")


def invoice_id(invoice: str) -> str:
    """The bill's number as offers name it: WHMCS-INV-000123. Raises ValueError where it would not
    be read back the same."""
    text = f"WHMCS-INV-{invoice.zfill(6)}" if invoice.isascii() and invoice.isdigit() else invoice
    if not is_text(text) or invoice_of(text) != invoice:
        raise ValueError(f"{plain(invoice, 60)!r} is not an invoice number")
    return text


def invoice_of(text: str) -> str:
    """The bill's number in WHMCS-INV-000123, INV-123 or 123; anything else as it is."""
    match = _INVOICE.fullmatch(text)
    return match[1] if match else text
