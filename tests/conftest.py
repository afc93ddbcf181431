"""What every test may use: plain static files, no queue, a clock that can be set forward."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache

from ledger import ports

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    Path(django_settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    # A fresh checkout has collected no static files, and hashing passwords slowly tests nothing.
    django_settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # The server under test runs in threads, each with its own connection, so SQLite needs a file;
    # its own for each run, because two runs may go on at once.
    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        name = Path(str(database["NAME"]))
        own = name.with_name(f"test-{os.getpid()}-{name.name}")
        database.setdefault("TEST", {})["NAME"] = str(own)


class SetClock:
    """The real time, moved forward by what a story says has passed."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return ports.system_now() + self.ahead

    def forward(self, **delta: float) -> None:
        self.ahead += timedelta(**delta)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    """Of the test before, by the limits."""
    cache.clear()


@pytest.fixture(autouse=True)
def no_queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Wake-ups are counted, not queued: tests drain by themselves, when the story wants it."""
    woken: list[str] = []
    monkeypatch.setattr("ledger.tasks.enqueue", woken.append)
    monkeypatch.setattr("gateways.tasks.wake_inbox_soon", lambda: woken.append("soon"))
    yield woken
