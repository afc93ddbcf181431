"""OAuth access tokens of the current API, kept in this process's memory only."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import urlencode

from gateways.providers.base import Credentials, OpenRefused, Unavailable
from gateways.providers.spectrocoin.asking import TIMEOUT_SECONDS, ask, base_url, plain
from gateways.providers.spectrocoin.refusals import OAUTH_WAY_OUT, read_object
from ledger.http import Call

PATH = "/api/public/oauth/token"
MARGIN_SECONDS = 60
LONGEST_SECONDS = 3600

Clock = Callable[[], int]


def monotonic_seconds() -> int:
    return int(time.monotonic())


@dataclass(slots=True)
class _Kept:
    """What is known for one client; the lock is held while a token is fetched for it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    bearer: str = ""
    until_seconds: int = 0


class Tokens:
    """One token per client, shared by all threads, fetched by one of them at a time."""

    def __init__(self, clock: Clock, http: Call) -> None:
        self._clock, self._http = clock, http
        self._guard = threading.Lock()
        self._kept: dict[bytes, _Kept] = {}

    def bearer(self, credentials: Credentials) -> str:
        """A token that is good for at least a minute. Raises OpenRefused or Unavailable."""
        kept = self._of(credentials)
        # Nobody waits longer for another thread's try than for an own one.
        if not kept.lock.acquire(timeout=TIMEOUT_SECONDS):
            raise Unavailable("SpectroCoin is slow to hand out an access token")
        try:
            if not kept.bearer or self._clock() >= kept.until_seconds:
                kept.bearer = ""
                kept.bearer, kept.until_seconds = self._fetch(credentials)
            return kept.bearer
        finally:
            kept.lock.release()

    def drop(self, credentials: Credentials, refused: str) -> None:
        """Forget the refused token, unless another thread has already replaced it."""
        kept = self._of(credentials)
        if kept.bearer == refused:
            kept.until_seconds = 0

    def _of(self, credentials: Credentials) -> _Kept:
        parts = (base_url(credentials), credentials["client_id"], credentials["client_secret"])
        digest = sha256("\0".join(parts).encode("utf-8", "replace")).digest()
        with self._guard:
            return self._kept.setdefault(digest, _Kept())

    def _fetch(self, credentials: Credentials) -> tuple[str, int]:
        # Order and place of the fields as in the vendor's client: a form body, no Basic header.
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials["client_id"],
            "client_secret": credentials["client_secret"],
        }
        asked_at_seconds = self._clock()
        answer = ask(
            self._http,
            "POST",
            f"{base_url(credentials)}{PATH}",
            data=urlencode(form, errors="replace").encode("ascii"),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        try:
            body = read_object(answer)
        except Unavailable:
            if answer.status != 401:
                raise
            raise OpenRefused(
                "HTTP 401", "SpectroCoin does not accept the client's id or secret.", OAUTH_WAY_OUT
            ) from None
        bearer, kind = body.get("access_token"), plain(body.get("token_type", "bearer"))
        if not (isinstance(bearer, str) and bearer.isascii() and bearer.isprintable() and bearer):
            raise Unavailable("SpectroCoin's answer holds no access token")
        if kind.lower() != "bearer":
            raise Unavailable(f"SpectroCoin handed out a token of the unknown kind {kind!r}")
        lifetime = plain(body.get("expires_in"), 9)
        # Without a stated lifetime the token serves this one call.
        seconds = int(lifetime) if lifetime.isascii() and lifetime.isdigit() else 0
        return bearer, asked_at_seconds + min(seconds - MARGIN_SECONDS, LONGEST_SECONDS)
