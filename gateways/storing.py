"""Keeping a message as it came: one statement, one commit."""

import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, connection

from gateways.accounts import Account
from gateways.models import Callback
from gateways.providers.base import Inbound, Rejected

SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})

# One statement, so that the hot path is one round trip and one commit. The same bytes again raise
# `times`; they are worked again only if they are a doorbell, or were refused or failed before.
_INSERT = """
INSERT INTO gateways_callback
 (merchant_id, gateway_id, phone_id, digest, body, headers, remote_address, status, verdict, traceback,
  times, tries, epoch, not_before, received_at, last_seen)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, '', 1, 0, 0, %s, %s, %s)
ON CONFLICT (gateway_id, digest) DO UPDATE SET
 times = gateways_callback.times + 1,
 last_seen = excluded.last_seen,
 headers = CASE WHEN excluded.status = 'new' AND (%s OR gateways_callback.status <> 'done')
  THEN excluded.headers ELSE gateways_callback.headers END,
 not_before = CASE WHEN excluded.status = 'new' AND (%s OR gateways_callback.status <> 'done')
  THEN excluded.not_before ELSE gateways_callback.not_before END,
 status = CASE WHEN excluded.status = 'new' AND (%s OR gateways_callback.status <> 'done')
  THEN 'new' ELSE gateways_callback.status END
"""
_INSERT_SQLITE = _INSERT.replace("%s", "?")


def store(
    account: Account,
    inbound: Inbound,
    remote_address: str,
    now: datetime,
    *,
    refusal: Rejected | None = None,
    rings: bool = False,
) -> None:
    """Keep the message; committed when this returns. A doorbell that rings again is worked again."""
    headers = {
        name: "(kept out)" if name in SECRET_HEADERS else value
        for name, value in inbound.headers.items()
    }
    moment = connection.ops.adapt_datetimefield_value(now)
    values = (
        account.merchant_id,
        account.gateway_id,
        account.phone_id,
        hashlib.sha256(inbound.body).digest(),
        inbound.body,
        json.dumps(headers),
        remote_address[:64],
        Callback.Status.REJECTED if refusal else Callback.Status.NEW,
        str(refusal or "")[:1000],
        moment,
        moment,
        moment,
        rings,
        rings,
        rings,
    )
    try:
        _insert(values)
    except (OperationalError, InterfaceError):
        # A kept connection may have died since its last use; the statement is safe to repeat.
        # Not in somebody's transaction, which died with it, nor where the database is just busy.
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        _insert(values)


def _insert(values: tuple[Any, ...]) -> None:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            _prepared_cursor().execute(_INSERT, values, prepare=True)
        else:
            with _one_writer():
                connection.connection.execute(_INSERT_SQLITE, values)


_this_thread = threading.local()


def _prepared_cursor() -> psycopg.Cursor[Any]:
    """A cursor on this thread's PostgreSQL connection that parses a statement once, then never.

    Django's cursors write the values into the SQL, which PostgreSQL then parses and plans each
    time; before that they ask SELECT 1 (CONN_HEALTH_CHECKS). Here a dead connection shows by
    failing. Kept, because making a cursor takes longer than filling in the values.
    """
    cursor: psycopg.Cursor[Any] | None = getattr(_this_thread, "cursor", None)
    if cursor is None or cursor.connection is not connection.connection:
        cursor = _this_thread.cursor = psycopg.Cursor(connection.connection)
    return cursor


_threads = threading.Lock()


@contextmanager
def _one_writer() -> Iterator[None]:
    """A queue of all webhook writers on this host, in front of SQLite.

    SQLite has one writer; it makes the others sleep in growing steps, up to 100 ms at a time, and
    the unlucky sleep again. Waiting for a lock ends the moment it is free. Processes share the
    one on the database's folder: closing another handle of the database file itself would drop
    SQLite's own locks (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    with _threads:
        folder = _folder(str(connection.settings_dict["NAME"]))
        fcntl.flock(folder, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(folder, fcntl.LOCK_UN)


@lru_cache
def _folder(database: str) -> int:
    return os.open(Path(database).parent, os.O_RDONLY)
