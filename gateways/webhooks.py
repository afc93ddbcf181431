"""The door for providers: cap, find the gateway, verify the bytes, one INSERT, answer.

Nothing here is decided about money. The view is a DRF view without negotiation, authentication
classes or serializers, and WebhookLane calls it past the rest of the middleware.
"""

import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, connection
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.views import APIView

from gateways import accounts, tasks
from gateways.accounts import Account
from gateways.models import Callback
from gateways.orders import polling
from gateways.providers.base import BODY_CAP_BYTES, Inbound, Rejected
from ledger import ports
from ledger.cipher import SealBroken

PREFIX = "/webhooks/"
HEADER_CAP = 1024
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
# The server puts our own environment variables beside the request's headers; HTTP_PROXY may hold a
# password.
NOT_HEADERS = frozenset(os.environ)
# Refused messages are kept for the merchant to see, but a flood of them must not fill the disk.
REFUSALS_KEPT_PER_MINUTE = 10
# Anybody may ring an unsigned doorbell, and each ring costs a call to the provider. Beyond this a
# genuine one is asked to come again.
RINGS_PER_MINUTE = 300


class WebhookLane:
    """First in MIDDLEWARE: a webhook meets its own view and nothing else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.view = WebhookView.as_view()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if not path.startswith(PREFIX):
            return self.get_response(request)
        # Not by resolve(), which costs as much as reading the message.
        token = path[len(PREFIX) : -1]
        if token and path.endswith("/") and "/" not in token:
            response: HttpResponseBase = self.view(request, token=token)
        else:
            response = plain("not_found", 404)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


class WebhookView(APIView):
    """POST only; the sender's acknowledgement with 200 once the message is stored."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    http_method_names = ["post"]

    # DRF's request wrapper, negotiation and renderers would cost more than everything below.
    default_response_headers: Any = {}

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return request

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        return

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        return response

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        answer = plain("method_not_allowed", 405)
        answer.headers["Allow"] = "POST"
        return answer

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, Rejected):
            return plain(exc.code, exc.status)
        raise exc

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        now = ports.system_now()
        inbound = read(request, now)
        try:
            account = accounts.by_token(token)
        except SealBroken:
            # Without the keys nothing can be verified; the sender comes again.
            return plain("not_configured", 503)
        if account is None:
            return plain("not_found", 404)
        address = request.META.get("REMOTE_ADDR", "")
        try:
            account = verified(inbound, account, now)
        except Rejected as refusal:
            if refusal.known_as and is_known(account, inbound, refusal.known_as, now):
                return HttpResponse(account.provider.acknowledgement, content_type="text/plain")
            if _refusals.may(account.gateway_id, now):
                store(account, inbound, address, now, refusal=refusal)
            raise
        rings = account.provider.is_doorbell(inbound)
        if rings and not _rings.may(account.gateway_id, now):
            raise Rejected("too_many", "come again in a minute", status=503)
        store(account, inbound, address, now, rings=rings)
        tasks.wake_inbox_soon()
        return HttpResponse(account.provider.acknowledgement, content_type="text/plain")


def plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")


def is_known(account: Account, inbound: Inbound, known_as: str, now: datetime) -> bool:
    """Whether what a message says too late was recorded already; else the order is asked about
    soon, because a true word is not thrown away for being old."""
    same = Q(digest=hashlib.sha256(inbound.body).digest()) | Q(order__provider_reference=known_as)
    kept = Callback.objects.filter(same, gateway_id=account.gateway_id)
    polling.ask_soon(account.gateway_id, known_as, now)
    return kept.exclude(status=Callback.Status.REJECTED).exists()


def read(request: HttpRequest, now: datetime) -> Inbound:
    """The message as it came. Raises Rejected before reading anything larger than the cap."""
    environ = request.META
    encoding = environ.get("HTTP_CONTENT_ENCODING", "identity")
    if encoding.lower() != "identity":
        raise Rejected("content_encoding", "send the body uncompressed", status=415)
    stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdecimal():
        if int(length) > BODY_CAP_BYTES:
            raise Rejected("too_large", f"at most {BODY_CAP_BYTES} bytes", status=413)
        body = _read(stream, int(length))
        if len(body) != int(length):
            raise Rejected("cut_short", "the body ended early")
    elif "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        # Some senders do not know the length beforehand; the server ends the stream for us.
        body = _read(stream, BODY_CAP_BYTES + 1)
        if len(body) > BODY_CAP_BYTES:
            raise Rejected("too_large", f"at most {BODY_CAP_BYTES} bytes", status=413)
    else:
        body = b""
    headers = {
        name[5:].replace("_", "-").lower(): value[:HEADER_CAP]
        for name, value in environ.items()
        if name.startswith("HTTP_") and name not in NOT_HEADERS
    }
    headers["content-type"] = environ.get("CONTENT_TYPE", "")[:HEADER_CAP]
    return Inbound(
        body=body,
        headers=headers,
        method=request.method or "",
        received_at=ports.unix_seconds(now),
    )


def _read(stream: Any, wanted: int) -> bytes:
    parts = []
    while wanted > 0 and (part := stream.read(wanted)):
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)


def verified(inbound: Inbound, account: Account, now: datetime) -> Account:
    """The account under which the message verifies. Raises Rejected.

    A refusal is checked again with the stored settings (this process may remember older ones),
    then once more with the provider's key fetched anew.
    """
    try:
        account.provider.verify(inbound, account.credentials)
        return account
    except Rejected as refusal:
        if not refusal.key_may_be_old:
            raise
        fresh = accounts.by_token(account.token, max_age=accounts.FRESH_SECONDS)
        if fresh and fresh.credentials != account.credentials:
            account = fresh
            try:
                account.provider.verify(inbound, account.credentials)
                return account
            except Rejected as again:
                refusal = again
        renewed = accounts.with_fresh_keys(account, now=now)
        if renewed is None:
            raise refusal from None
        renewed.provider.verify(inbound, renewed.credentials)
        return renewed


# --- storing ------------------------------------------------------------------------------------
# One statement, so that the hot path is one round trip and one commit. The same bytes again raise
# `times`; they are worked again only if they are a doorbell, or were refused or failed before.
_INSERT = """
INSERT INTO gateways_callback
 (merchant_id, gateway_id, digest, body, headers, remote_address, status, verdict, traceback,
  times, tries, epoch, not_before, received_at, last_seen)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '', 1, 0, 0, %s, %s, %s)
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


class Allowance:
    """So many a minute for each gateway, counted in this process."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._counts: dict[int, tuple[int, int]] = {}

    def may(self, gateway_id: int, now: datetime) -> bool:
        minute = ports.unix_seconds(now) // 60
        with self._lock:
            then, count = self._counts.get(gateway_id, (minute, 0))
            # A message that began in the minute before must not start the count anew.
            if minute > then:
                then, count = minute, 0
            self._counts[gateway_id] = (then, count + 1)
        return count < self._most

    def forget(self) -> None:
        with self._lock:
            self._counts.clear()


_refusals = Allowance(REFUSALS_KEPT_PER_MINUTE)
_rings = Allowance(RINGS_PER_MINUTE)
