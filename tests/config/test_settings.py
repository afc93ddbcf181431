"""The configuration: half of one does not start, and says everything that is missing at once."""

import json
import os
import subprocess
import sys
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from tests.environment import ROOT

KEY = urlsafe_b64encode(bytes(range(32))).decode()
WHOLE = {
    "GATEBOOK_MODE": "production",
    "SECRET_KEY": "gb7-" + "QwErTyUiOpAsDfGhJkLzXcVbNm0123456789-" * 2,
    "GATEBOOK_KEYS": KEY,
    "GATEBOOK_URL": "https://pay.example.com",
}
# Set to nothing, so that a .env of the machine fills nothing in.
BLANK = dict.fromkeys(
    (
        *("SECRET_KEY", "SECRET_KEY_FALLBACKS", "GATEBOOK_KEYS", "GATEBOOK_URL", "ALLOWED_HOSTS"),
        *("GATEBOOK_PRIVATE_HOSTS", "GATEBOOK_BEHIND_PROXY", "REDIS_URL"),
    ),
    "",
)
ASKED = """
import json
from config import settings as s
names = "DEMO DEBUG GATEBOOK_URL ALLOWED_HOSTS DATABASES Q_CLUSTER SECURE_SSL_REDIRECT"
names += " SESSION_COOKIE_NAME SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SECURE_PROXY_SSL_HEADER"
names += " CSRF_TRUSTED_ORIGINS USE_X_FORWARDED_HOST PRIVATE_HOSTS SECURE_HSTS_SECONDS"
facts = {name: getattr(s, name, None) for name in names.split()}
facts["keys"] = [key.hex() for key in s.GATEBOOK_KEYS]
print(json.dumps(facts, default=str))
"""


def start(**changes: str) -> "subprocess.CompletedProcess[str]":
    """Load the settings in a process of their own, under WHOLE and these changes."""
    system = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environ = {**system, **BLANK, **WHOLE, "DATABASE_URL": "sqlite:////tmp/none.sqlite3", **changes}
    return subprocess.run(
        [sys.executable, "-c", ASKED], cwd=ROOT, env=environ, capture_output=True, text=True
    )


def loaded(**changes: str) -> dict[str, Any]:
    done = start(**changes)
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def complaint(**changes: str) -> str:
    done = start(**changes)
    assert done.returncode != 0, "it started"
    told = done.stderr
    assert "ImproperlyConfigured" in told, told
    return told[told.rindex("ImproperlyConfigured") :]


def test_everything_that_is_missing_is_named_in_one_message() -> None:
    told = complaint(SECRET_KEY="", GATEBOOK_KEYS=" ", GATEBOOK_URL="", GATEBOOK_MODE="")
    assert "Set in the environment or in .env" in told
    lines = [line.strip() for line in told.splitlines()[1:] if line.strip()]
    assert [line.split(":")[0] for line in lines] == [
        "GATEBOOK_MODE",
        "SECRET_KEY",
        "GATEBOOK_URL",
        "GATEBOOK_KEYS",
    ]


@pytest.mark.parametrize("name", ["SECRET_KEY", "GATEBOOK_KEYS", "GATEBOOK_URL"])
def test_each_is_needed(name: str) -> None:
    assert f"{name}:" in complaint(**{name: ""})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"GATEBOOK_KEYS": "changeme"}, "GATEBOOK_KEYS: key 1 is not urlsafe base64"),
        ({"GATEBOOK_KEYS": f"{KEY},short"}, "GATEBOOK_KEYS: key 2 is not urlsafe base64"),
        ({"GATEBOOK_KEYS": "A" * 43}, "GATEBOOK_KEYS: key 1 is a placeholder"),
        ({"GATEBOOK_KEYS": " , "}, "GATEBOOK_KEYS: no key"),
        ({"GATEBOOK_URL": "http://pay.example.com"}, "GATEBOOK_URL: must be https in production"),
        ({"GATEBOOK_URL": "pay.example.com"}, "GATEBOOK_URL: must look like https://"),
        ({"GATEBOOK_URL": "ftp://pay.example.com"}, "GATEBOOK_URL: must look like https://"),
        ({"GATEBOOK_URL": "https://"}, "GATEBOOK_URL: must look like https://"),
        ({"GATEBOOK_MODE": "prod"}, "GATEBOOK_MODE: is 'prod', must be production or demo"),
        ({"GATEBOOK_MODE": "Demo"}, "GATEBOOK_MODE: is 'Demo', must be production or demo"),
    ],
    ids=str,
)
def test_what_cannot_be_right_is_refused(changes: dict[str, str], words: str) -> None:
    assert words in complaint(**changes)


def test_bad_key_is_not_shown() -> None:
    assert "hush-hush" not in complaint(GATEBOOK_KEYS="hush-hush")


def test_production_is_what_is_meant_where_nothing_is_said() -> None:
    done = start(GATEBOOK_URL="http://pay.example.com", GATEBOOK_MODE="production")
    assert "must be https in production" in done.stderr
    assert loaded()["DEMO"] is False


def test_production_speaks_https_only_and_keeps_its_cookies_to_it() -> None:
    facts = loaded()
    assert facts["SECURE_SSL_REDIRECT"] is True
    assert facts["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert facts["SESSION_COOKIE_SECURE"] and facts["CSRF_COOKIE_SECURE"]
    assert facts["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert facts["CSRF_TRUSTED_ORIGINS"] == ["https://pay.example.com"]
    assert facts["DEBUG"] is False


def test_demo_runs_over_plain_http_on_this_machine() -> None:
    facts = loaded(GATEBOOK_MODE="demo", GATEBOOK_URL="http://127.0.0.1:8000")
    assert facts["DEMO"] is True
    assert not facts["SECURE_SSL_REDIRECT"]
    assert facts["DEBUG"] is False


def test_url_loses_its_last_slash_and_names_the_host() -> None:
    facts = loaded(GATEBOOK_URL="https://pay.example.com/", ALLOWED_HOSTS="pay.example.com")
    assert facts["GATEBOOK_URL"] == "https://pay.example.com"


def test_newest_key_comes_first() -> None:
    other = urlsafe_b64encode(bytes(range(1, 33))).decode()
    assert loaded(GATEBOOK_KEYS=f"{other}, {KEY}")["keys"] == [
        bytes(range(1, 33)).hex(),
        bytes(range(32)).hex(),
    ]


def test_queue_lives_in_the_database_unless_redis_is_named() -> None:
    queue = loaded()["Q_CLUSTER"]
    assert (queue["orm"], "redis" in queue) == ("default", False)
    queue = loaded(REDIS_URL="redis://127.0.0.1:6379/0")["Q_CLUSTER"]
    assert (queue["redis"], "orm" in queue) == ("redis://127.0.0.1:6379/0", False)


def test_sqlite_survives_power_loss_and_writers_wait_for_each_other() -> None:
    options = loaded()["DATABASES"]["default"]["OPTIONS"]
    assert "synchronous=FULL" in options["init_command"]
    assert "journal_mode=WAL" in options["init_command"]
    assert options["transaction_mode"] == "IMMEDIATE"


def test_postgresql_is_used_where_it_is_named() -> None:
    database = loaded(DATABASE_URL="postgres://u:p@db:5432/gatebook")["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["HOST"], database["CONN_HEALTH_CHECKS"]) == ("db", True)
    assert "init_command" not in database["OPTIONS"]


def test_headers_of_a_proxy_are_believed_only_where_there_is_one() -> None:
    assert loaded()["SECURE_PROXY_SSL_HEADER"] is None
    facts = loaded(GATEBOOK_BEHIND_PROXY="true")
    assert facts["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
    assert facts["USE_X_FORWARDED_HOST"] is False


def test_no_private_host_may_be_called_unless_it_is_named() -> None:
    assert loaded()["PRIVATE_HOSTS"] == []
    assert loaded(GATEBOOK_PRIVATE_HOSTS="10.0.0.5,whmcs.lan")["PRIVATE_HOSTS"] == [
        "10.0.0.5",
        "whmcs.lan",
    ]
