"""The doors to the outside: time, randomness and ids. Domain code takes these as arguments."""

import random
import secrets
import time
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import connection

Clock = Callable[[], datetime]


def system_now() -> datetime:
    return datetime.now(UTC)


def database_now() -> datetime:
    """The database's own clock, so that hosts with skewed clocks agree about leases.

    SQLite has one host and no clock of its own.
    """
    if connection.vendor != "postgresql":
        return system_now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def unix_seconds(moment: datetime) -> int:
    """Whole seconds since 1970, as outside parties write time."""
    return int(moment.timestamp())


def new_token() -> str:
    """128 random bits for URLs, in 22 characters."""
    return secrets.token_urlsafe(16)


def new_suffix() -> str:
    """64 random bits in 16 hex characters: makes an order reference unique at the provider."""
    return secrets.token_hex(8)


def new_webhook_secret() -> str:
    """256 random bits as Standard Webhooks writes them: whsec_ and base64."""
    return f"whsec_{b64encode(secrets.token_bytes(32)).decode('ascii')}"


def jittered(delay: timedelta) -> timedelta:
    """The delay, up to a fifth longer or shorter, so that many rows do not come due at once."""
    return delay * random.uniform(0.8, 1.2)  # noqa: S311  spreads load, keeps no secret


def monotonic() -> float:
    """Seconds that only go forward, for short waits and caches inside one process."""
    return time.monotonic()


def pause(seconds: float) -> None:
    time.sleep(seconds)
