"""How often one address, phone, store or gateway may come: counted in Django's cache, without a row."""

import logging
from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

from ledger.ports import unix_seconds

log = logging.getLogger(__name__)


class Limit:
    """So many in each window of time for one name; a late request counts in the window it began in.

    when_down  the answer while the cache cannot be reached. Anew in each process where it is not
               Redis.
    """

    def __init__(self, kind: str, most: int, seconds: int = 60, *, when_down: bool) -> None:
        self._kind, self._most, self._seconds, self._when_down = kind, most, seconds, when_down

    def may(self, name: str, now: datetime) -> bool:
        # Phones and addresses are few enough to be guessed from a plain digest.
        digest = salted_hmac("gateways.limits", name, algorithm="sha256").hexdigest()[:32]
        key = f"limit:{self._kind}:{unix_seconds(now) // self._seconds}:{digest}"
        try:
            # Kept for two windows: clocks of several hosts differ.
            cache.add(key, 0, 2 * self._seconds)
            return cache.incr(key) <= self._most
        except (RedisError, ValueError) as error:
            # ValueError: thrown out of a full cache since the line before.
            log.warning("limit %s cannot be counted: %s", self._kind, error)
            return self._when_down


def address_of(request: HttpRequest) -> str:
    """Who asks, as far as it can be known: behind our own proxy it is what the proxy added last."""
    if settings.BEHIND_PROXY:
        last = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if last:
            return last[:64]
    return str(request.META.get("REMOTE_ADDR", ""))
