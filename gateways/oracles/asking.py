"""Asking price sources over HTTP: strict JSON, each answer kept for a minute in this process."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, SupportsInt
from urllib.parse import urlsplit

from gateways.oracles.base import NoPrice
from ledger.http import Call, MaybeSent, NotSent

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# A payer waits for the quote.
TIMEOUT_SECONDS = 10
KEPT_SECONDS = 60
FAILURE_KEPT_SECONDS = 5
MOST_KEPT = 500


class Number(str):
    """A JSON number with a fraction or an exponent as it was written, so that no float is made."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Site:
    """Whom to name in messages ("The relay"), and what to do where it does not answer."""

    name: str
    way_out: str


@dataclass(slots=True)
class _Kept:
    """What is known of one URL; the lock is held while it is asked."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    members: dict[str, Any] = field(default_factory=dict)
    failure: tuple[str, str] | None = None
    until_seconds: int | None = None


class Oracles:
    """One answer per URL, shared by all threads, asked for by one of them at a time."""

    def __init__(self, clock: Callable[[], SupportsInt], http: Call) -> None:
        """`clock` counts seconds that only go forward."""
        self._clock, self._http = clock, http
        self._guard = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def ask(self, url: str, site: Site) -> dict[str, Any]:
        """The JSON object at the URL, at most a minute old; a number with a fraction is a Number.

        Raises NoPrice; a source that failed is left alone for five seconds.
        """
        kept = self._of(url)
        # Nobody waits longer for another thread's try than for an own one.
        if not kept.lock.acquire(timeout=TIMEOUT_SECONDS):
            raise NoPrice("no_answer", f"{site.name} is slow to answer. {site.way_out}")
        try:
            if kept.until_seconds is None or self._now() >= kept.until_seconds:
                self._fetch(kept, url, site)
            if kept.failure is not None:
                raise NoPrice(*kept.failure)
            return kept.members
        finally:
            kept.lock.release()

    def _now(self) -> int:
        return int(self._clock())

    def _of(self, url: str) -> _Kept:
        with self._guard:
            if url not in self._kept and len(self._kept) >= MOST_KEPT:
                # Merchants may change their URLs for ever; what is lost is asked for again.
                self._kept.clear()
            return self._kept.setdefault(url, _Kept())

    def _fetch(self, kept: _Kept, url: str, site: Site) -> None:
        asked_at_seconds = self._now()
        try:
            kept.members, kept.failure = _asked(self._http, url, site), None
            kept.until_seconds = asked_at_seconds + KEPT_SECONDS
        except NoPrice as error:
            kept.members, kept.failure = {}, (error.code, error.message)
            kept.until_seconds = self._now() + FAILURE_KEPT_SECONDS


def _asked(http: Call, url: str, site: Site) -> dict[str, Any]:
    if not _is_usable(url):
        raise NoPrice(
            "bad_url",
            f"{site.name} has no usable address: it must begin with https://. Correct it.",
        )
    try:
        answer = http(
            "GET", url, headers={"Accept": "application/json"}, timeout_seconds=TIMEOUT_SECONDS
        )
    except NotSent as error:
        raise NoPrice(
            "unreachable", f"{site.name} could not be reached: {error}. {site.way_out}"
        ) from None
    except MaybeSent as error:
        raise NoPrice(
            "no_answer", f"{site.name} was asked, but did not answer: {error}. {site.way_out}"
        ) from None
    if answer.status != 200:
        words = " (it is asked too often)" if answer.status == 429 else ""
        raise NoPrice(
            "http_status", f"{site.name} answered HTTP {answer.status}{words}. {site.way_out}"
        )
    try:
        return _read_object(answer.body)
    except (ValueError, RecursionError):
        raise garbage(site, "its answer is not the expected JSON") from None


def garbage(site: Site, what: str) -> NoPrice:
    return NoPrice("garbage", f"{site.name} cannot be believed: {what}. {site.way_out}")


def _is_usable(url: str) -> bool:
    """https, or http to this very machine."""
    try:
        parts = urlsplit(url)
        host, usable = parts.hostname, parts.port is None or parts.port > 0
    except ValueError:
        return False
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    return bool(host and usable and secure and not parts.fragment and parts.username is None)


def _read_object(body: bytes) -> dict[str, Any]:
    """Raises ValueError or RecursionError for repeated members, NaN, and what is no object."""
    value = json.loads(
        body.decode("utf-8", "strict"),
        object_pairs_hook=_unrepeated,
        parse_constant=_no_number,
        parse_float=Number,
    )
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is repeated")
    return members


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
