"""`manage.py check`: each finding fires on a planted bad setting, and none on ours."""

import os
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as ours
from django.core.checks import CheckMessage
from pytest_django import Settings

from config import checks
from tests.config.test_settings import BLANK, WHOLE
from tests.environment import ROOT

SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": ":memory:",
    "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"},
}
POSTGRESQL: dict[str, Any] = {"ENGINE": "django.db.backends.postgresql", "OPTIONS": {}}
QUEUE = {"timeout": 240, "retry": 900, "orm": "default"}


def ids(check: Callable[..., list[CheckMessage]], config: Settings, **changes: Any) -> list[str]:
    """What a check finds under these settings. They are put in place of ours, not applied."""
    for name, value in changes.items():
        setattr(config, name, value)
    return [str(message.id) for message in check()]


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Settings that a check reads in place of the running ones: DATABASES must not really change."""

    class Planted:
        DATABASES: dict[str, Any] = {"default": SQLITE}
        Q_CLUSTER: dict[str, Any] = QUEUE
        USE_X_FORWARDED_HOST = False

    monkeypatch.setattr(checks, "settings", Planted)
    return Planted


@pytest.mark.parametrize(
    "init", ["", "PRAGMA synchronous=NORMAL;", "PRAGMA journal_mode=WAL;", "PRAGMA synchronous=OFF"]
)
def test_e001_sqlite_that_forgets_at_power_loss(planted: Any, init: str) -> None:
    assert ids(checks.durable_sqlite, planted) == []
    bad = deepcopy(SQLITE)
    bad["OPTIONS"] = {"init_command": init}
    assert ids(checks.durable_sqlite, planted, DATABASES={"default": bad}) == ["gatebook.E001"]


def test_e001_is_about_sqlite_only(planted: Any) -> None:
    assert ids(checks.durable_sqlite, planted, DATABASES={"default": POSTGRESQL}) == []


@pytest.mark.parametrize(
    "queue",
    [
        {"timeout": 60, "retry": 900},
        {"timeout": 224, "retry": 900},
        {"timeout": 240, "retry": 240},
        {"timeout": 900, "retry": 240},
    ],
    ids=str,
)
def test_e002_work_that_would_be_cut_off_or_run_twice(planted: Any, queue: dict[str, Any]) -> None:
    assert ids(checks.queue_is_safe, planted) == []
    assert ids(checks.queue_is_safe, planted, Q_CLUSTER={**QUEUE, **queue}) == ["gatebook.E002"]


def test_e003_connection_pool_in_forked_workers(planted: Any) -> None:
    pooled = {**POSTGRESQL, "OPTIONS": {"pool": True}}
    assert ids(checks.queue_is_safe, planted, DATABASES={"default": pooled}) == ["gatebook.E003"]


def test_e004_queue_without_a_broker(planted: Any) -> None:
    queue = {"timeout": 240, "retry": 900}
    assert ids(checks.queue_is_safe, planted, Q_CLUSTER=queue) == ["gatebook.E004"]
    assert ids(checks.queue_is_safe, planted, Q_CLUSTER={**queue, "redis": "redis://r"}) == []


def test_e005_links_built_from_what_a_request_claims(planted: Any) -> None:
    assert ids(checks.forwarded_host_is_off, planted) == []
    found = ids(checks.forwarded_host_is_off, planted, USE_X_FORWARDED_HOST=True)
    assert found == ["gatebook.E005"]


def test_our_own_settings_pass() -> None:
    assert [
        *checks.durable_sqlite(),
        *checks.queue_is_safe(),
        *checks.forwarded_host_is_off(),
    ] == []
    assert not getattr(ours, "SILENCED_SYSTEM_CHECKS", [])


def manage(tmp_path: Path, *arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
    system = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    database = f"sqlite:///{tmp_path / 'checked.sqlite3'}"
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**system, **BLANK, **WHOLE, "DATABASE_URL": database, **changes},
        capture_output=True,
        text=True,
    )


def test_check_deploy_is_silent_in_production(tmp_path: Path) -> None:
    done = manage(
        tmp_path, "check", "--deploy", "--database", "default", "--fail-level", "WARNING",
        ALLOWED_HOSTS="pay.example.com",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout + done.stderr


def test_check_deploy_is_not_silent_by_being_deaf(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", SECRET_KEY="short")
    assert done.returncode != 0
    assert "security.W009" in done.stderr


def test_no_migration_is_missing(tmp_path: Path) -> None:
    done = manage(tmp_path, "makemigrations", "--check", "--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
