"""The bytes SpectroCoin signs: number format, text encoding, RSA; and strict form reading."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from urllib.parse import quote_plus, unquote_plus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1

from gateways.providers.base import Rejected

MOST_WHOLE_DIGITS = 18
MOST_DECIMALS = 8
MOST_FIELDS = 64

_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,30}))?(?:[eE]([+-]?[0-9]{1,2}))?")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NEEDS_NO_ESCAPE = re.compile(r"[A-Za-z0-9._-]*")
_PADDING = padding.PKCS1v15()
# The only digest that SpectroCoin's old API knows; its own clients refuse SHA-256 there.
_DIGEST = SHA1()  # noqa: S303


def canonical_amount(text: str) -> str:
    """An amount in SpectroCoin's pattern `0.0#######`.

    15.9900 becomes 15.99, 15 becomes 15.0, 5.0E-4 becomes 0.0005. Works on text, so no digit is
    lost. Raises ValueError for anything that is not a plain non-negative number, and for digits
    beyond the eighth decimal: the vendor's PHP and Java clients round those differently, so they
    are never signed or accepted here.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is not an amount")
    whole, fraction, exponent = match.group(1), match.group(2) or "", match.group(3)
    if exponent:
        digits, point = whole + fraction, len(whole) + int(exponent)
        if point < 1:
            digits, point = "0" * (1 - point) + digits, 1
        digits = digits.ljust(point, "0")
        whole, fraction = digits[:point].lstrip("0") or "0", digits[point:]
    fraction = fraction.rstrip("0")
    if len(whole) > MOST_WHOLE_DIGITS:
        raise ValueError(f"{text[:40]!r} is too large an amount")
    if len(fraction) > MOST_DECIMALS:
        raise ValueError(f"{text[:40]!r} has more than {MOST_DECIMALS} decimals")
    return f"{whole}.{fraction or '0'}"


def encoded(value: str) -> str:
    """Form encoding, byte for byte as PHP's http_build_query (which also escapes the tilde)."""
    if _NEEDS_NO_ESCAPE.fullmatch(value):
        return value
    return quote_plus(value).replace("~", "%7E")


def joined(pairs: Iterable[tuple[str, str]]) -> str:
    """`name=value&...` in the given order, which is the signing order."""
    return "&".join([f"{name}={encoded(value)}" for name, value in pairs])


def sign(message: str, key: rsa.RSAPrivateKey) -> str:
    """Standard base64 on one line of RSASSA-PKCS1-v1_5 with SHA-1.

    Raises cryptography's UnsupportedAlgorithm where this machine's OpenSSL forbids SHA-1.
    """
    return b64encode(key.sign(message.encode("ascii"), _PADDING, _DIGEST)).decode("ascii")


def is_signed(message: str, sealed: str, keys: Iterable[rsa.RSAPublicKey]) -> bool:
    """Whether one of the keys signed the message.

    The digest and padding are fixed here: the message has no say. Only canonical base64 is
    read, so one signature has one spelling. Raises UnsupportedAlgorithm as `sign` does.

    Java's URLEncoder leaves the asterisk literal where PHP escapes it, and it is not known
    which of both SpectroCoin signs over. Both spellings decode to the same values, so trying
    the second gives a forger nothing.
    """
    try:
        seal = b64decode(sealed, validate=True)
    except ValueError:
        return False
    if b64encode(seal).decode("ascii") != sealed:
        return False
    spellings = {message, message.replace("%2A", "*")}
    return any(_verifies(seal, spelling, key) for key in keys for spelling in spellings)


def _verifies(seal: bytes, message: str, key: rsa.RSAPublicKey) -> bool:
    try:
        key.verify(seal, message.encode("ascii"), _PADDING, _DIGEST)
    except InvalidSignature:
        return False
    return True


def read_form(body: bytes) -> dict[str, str]:
    """The fields of an urlencoded body, each name once.

    Raises Rejected for a repeated name (two parsers would disagree on its value), broken
    escapes, text that is not UTF-8, NUL, and pieces that are not name=value.
    """
    fields: dict[str, str] = {}
    try:
        text = body.decode("utf-8", "strict")
        if _BROKEN_ESCAPE.search(text):
            raise ValueError("a broken % escape")
        if "\0" in text or "%00" in text:
            raise ValueError("a NUL character")
        pieces = text.split("&", MOST_FIELDS)
        if len(pieces) > MOST_FIELDS:
            raise ValueError(f"more than {MOST_FIELDS} fields")
        for piece in pieces:
            raw_name, equals, raw_value = piece.partition("=")
            if not (raw_name and equals):
                raise ValueError("a piece that is not name=value")
            name = _decoded(raw_name)
            if name in fields:
                raise Rejected("spectrocoin.repeated_field", repr(name[:40]))
            fields[name] = _decoded(raw_value)
    except ValueError as error:
        raise Rejected("spectrocoin.bad_form", str(error)[:200]) from None
    return fields


def _decoded(text: str) -> str:
    if "%" not in text and "+" not in text:
        return text
    return unquote_plus(text, errors="strict")
