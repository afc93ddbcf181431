"""Asking SpectroCoin over HTTP: where it is, what went wrong, and strict reading of answers."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from gateways.providers.base import Credentials, OpenRefused, Unavailable
from ledger.http import Answer, Call, MaybeSent, NotSent

BASE_URL = "https://spectrocoin.com"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# A payer waits while an order is opened, which may take two calls.
TIMEOUT_SECONDS = 20


def base_url(credentials: Credentials) -> str:
    """The configured address without trailing slash: https, or http to this very machine.

    Raises OpenRefused.
    """
    url = (credentials.get("base_url") or BASE_URL).rstrip("/")
    try:
        parts = urlsplit(url)
        host, usable = parts.hostname, parts.port is None or parts.port > 0
    except ValueError:
        host, usable, parts = None, False, urlsplit("")
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    secure = secure and not (parts.query or parts.fragment)
    if not (host and usable and secure) or parts.username is not None:
        raise OpenRefused(
            "base_url",
            "The SpectroCoin address in the gateway's settings is not usable.",
            f"Set it to {BASE_URL}.",
        )
    return url


def ask(
    http: Call,
    method: str,
    url: str,
    *,
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One call. Raises Unavailable, saying whether it may have reached SpectroCoin."""
    try:
        return http(method, url, data=data, headers=headers, timeout_seconds=TIMEOUT_SECONDS)
    except NotSent as error:
        raise Unavailable(f"SpectroCoin could not be reached: {error}") from error
    except MaybeSent as error:
        raise Unavailable(f"SpectroCoin was asked, but did not answer: {error}") from error


def read_json(body: bytes) -> Any:
    """Strict JSON, or None where the bytes are none (HTML, empty, cut short, ambiguous).

    Numbers with a fraction come back as text, so that no float meets money.
    """
    try:
        return json.loads(
            body.decode("utf-8", "strict"),
            object_pairs_hook=_unrepeated,
            parse_constant=_no_number,
            parse_float=str,
        )
    except (ValueError, RecursionError):
        return None


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is repeated")
    return members


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def plain(value: object, most_characters: int = 200) -> str:
    """A value from outside as one line of printable text; what is neither text nor number is "".

    Keeps NUL and lone surrogates, which PostgreSQL refuses, out of rows.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value)[:most_characters]
    return "".join(letter if letter.isprintable() else "?" for letter in text)
