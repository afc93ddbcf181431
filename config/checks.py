"""System checks with ids: what must hold before this console may handle money."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from gateways import inbox
from ledger.outbox import claiming, delivering


@register(Tags.database)
def durable_sqlite(**kwargs: Any) -> list[CheckMessage]:
    """gatebook.E001: an acknowledged webhook must survive power loss."""
    database = settings.DATABASES["default"]
    init = str(database.get("OPTIONS", {}).get("init_command", "")).replace(" ", "").lower()
    if database["ENGINE"].endswith("sqlite3") and "synchronous=full" not in init:
        return [Error("SQLite runs without synchronous=FULL.", id="gatebook.E001")]
    return []


@register()
def queue_is_safe(**kwargs: Any) -> list[CheckMessage]:
    """gatebook.E002-E004: django-q2 settings under which work would be run twice or lost."""
    queue = settings.Q_CLUSTER
    found: list[CheckMessage] = []
    budget = max(delivering.BUDGET, inbox.BUDGET)
    longest = (budget + max(claiming.LEASE, inbox.LEASE)).total_seconds()
    if not longest <= queue["timeout"] < queue["retry"]:
        found.append(
            Error(
                f"Q_CLUSTER needs {longest:.0f} <= timeout < retry: a drain would be cut off, or "
                "started again while it runs.",
                id="gatebook.E002",
            )
        )
    if settings.DATABASES["default"].get("OPTIONS", {}).get("pool"):
        found.append(
            Error("A connection pool breaks in the cluster's forked workers.", id="gatebook.E003")
        )
    if "orm" not in queue and "redis" not in queue:
        found.append(Error("Q_CLUSTER names neither orm nor redis.", id="gatebook.E004"))
    return found


@register(Tags.security, deploy=True)
def forwarded_host_is_off(**kwargs: Any) -> list[CheckMessage]:
    """gatebook.E005: links are built from GATEBOOK_URL, never from what a request claims."""
    if settings.USE_X_FORWARDED_HOST:
        return [Error("USE_X_FORWARDED_HOST must stay off.", id="gatebook.E005")]
    return []
