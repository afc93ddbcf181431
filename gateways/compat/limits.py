"""How often one address, phone or store may ask; counted in this process, without a row."""

import threading
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest

from ledger.ports import unix_seconds


class Limit:
    """So many in each window of time for one name. Forgets everything when the next one begins, so
    it never holds more names than were asked for within one."""

    def __init__(self, most: int, seconds: int = 60) -> None:
        self._most, self._seconds, self._lock = most, seconds, threading.Lock()
        self._window, self._counts = 0, dict[str, int]()

    def may(self, name: str, now: datetime) -> bool:
        window = unix_seconds(now) // self._seconds
        with self._lock:
            # A request that began in the window before must not start the count anew.
            if window > self._window:
                self._window = window
                self._counts.clear()
            count = self._counts[name] = self._counts.get(name, 0) + 1
        return count <= self._most

    def forget(self) -> None:
        with self._lock:
            self._counts.clear()


def address_of(request: HttpRequest) -> str:
    """Who asks, as far as it can be known: behind our own proxy it is what the proxy added last."""
    if settings.BEHIND_PROXY:
        last = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if last:
            return last[:64]
    return str(request.META.get("REMOTE_ADDR", ""))
