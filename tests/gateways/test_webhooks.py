"""The door for providers: what it lets in, what it keeps, and what it answers."""

import io
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse
from typing import Any, cast

import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection, connections, transaction
from django.http import HttpResponse
from django.test import Client

from config.management.commands.up import web_server
from gateways import accounts, inbox, storing, webhooks
from gateways.limits import Limit
from gateways.models import Callback, SpectroCoinGateway
from gateways.providers.base import BODY_CAP_BYTES, Inbound, Rejected
from ledger import ports
from tests.conftest import ROOT, SetClock
from tests.gateways.providers import spectrocoin_messages as messages
from tests.gateways.rows import RINGS, FakeProvider
from tests.ledger.rows import a_gateway, a_merchant
from tests.world import free_port

FORM = "application/x-www-form-urlencoded"
GENUINE = messages.callback().body
POSTGRESQL = connection.vendor == "postgresql"


def an_account() -> SpectroCoinGateway:
    """An account of SpectroCoin that verifies messages.callback()."""
    gateway = a_gateway(a_merchant())
    gateway.vendor_merchant_id, gateway.project_id = "169", "3"
    gateway.callback_public_key = messages.VECTORS["provider_public_key_pem"]
    gateway.save()
    return gateway


class Door:
    """The webhook URL of one account, and what came in by it."""

    def __init__(self, gateway: SpectroCoinGateway) -> None:
        self.gateway = gateway
        self.path = f"/webhooks/{gateway.token}/"

    def send(
        self, body: bytes = GENUINE, method: str = "POST", stream: Any = None, **environ: Any
    ) -> HttpResponse:
        """`environ` is laid over the request's WSGI environment, `stream` read for the body."""
        # Django's client sends no Content-Type where there is no body.
        environ = {"CONTENT_TYPE": FORM, **environ}
        if stream is not None:
            environ["wsgi.input"] = stream
        return cast(HttpResponse, Client().generic(method, self.path, body, FORM, **environ))

    def kept(self) -> Callback:
        return Callback.objects.get(gateway=self.gateway)

    @property
    def is_empty(self) -> bool:
        return not Callback.objects.exists()


@pytest.fixture
def door(db: None, monkeypatch: pytest.MonkeyPatch) -> Door:
    accounts.forget()
    return Door(an_account())


class Untouchable(io.RawIOBase):
    def read(self, size: int | None = -1) -> bytes:
        raise AssertionError("the body was read")


class Reluctant(io.BytesIO):
    """Gives a few bytes at a time, as a socket may."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(7, size) if size and size > 0 else 7)


def chunked(body: bytes) -> dict[str, Any]:
    """What the server hands on of a chunked message: no length, and a stream that ends."""
    return {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "CONTENT_LENGTH": "",
        "stream": Reluctant(body),
    }


# --- reading ----------------------------------------------------------------------------------------
def test_genuine_message_is_acknowledged_once_it_is_stored(door: Door, no_queue: list[str]) -> None:
    answer = door.send()
    assert (answer.status_code, answer.content) == (200, b"*ok*")
    assert door.kept().status == "new"
    assert no_queue == ["soon"]


def test_body_is_kept_byte_for_byte(door: Door, provider: FakeProvider) -> None:
    body = bytes(range(256)) + b"\r\n \xff\x00%00 trailing "
    assert door.send(body).status_code == 200
    assert bytes(door.kept().body) == body


def test_too_long_a_body_is_refused_by_its_length_before_it_is_read(door: Door) -> None:
    length = str(BODY_CAP_BYTES + 1)
    answer = door.send(b"", CONTENT_LENGTH=length, stream=Untouchable())
    assert (answer.status_code, answer.content) == (413, b"too_large")
    assert door.is_empty


def test_body_of_exactly_the_cap_is_taken(door: Door, provider: FakeProvider) -> None:
    body = b"x" * BODY_CAP_BYTES
    assert door.send(body).status_code == 200
    assert door.send(b"", **chunked(body)).status_code == 200
    assert door.kept().times == 2


def test_chunked_body_is_taken_up_to_the_cap_and_no_further(
    door: Door, provider: FakeProvider
) -> None:
    assert door.send(b"", **chunked(b"y" * (BODY_CAP_BYTES + 1))).status_code == 413
    assert door.is_empty
    assert door.send(b"", **chunked(GENUINE)).status_code == 200
    assert bytes(door.kept().body) == GENUINE


def test_body_that_arrives_in_pieces_is_put_together(door: Door) -> None:
    assert door.send(stream=Reluctant(GENUINE)).status_code == 200
    assert bytes(door.kept().body) == GENUINE


def test_body_shorter_than_its_length_is_refused(door: Door, provider: FakeProvider) -> None:
    answer = door.send(b"", CONTENT_LENGTH="10", stream=io.BytesIO(b"abc"))
    assert (answer.status_code, answer.content) == (400, b"cut_short")
    assert door.is_empty


@pytest.mark.parametrize("length", ["-1", "1e3", "٣", " 5", "0x10", "none"])
def test_length_that_is_no_number_reads_nothing(door: Door, length: str) -> None:
    answer = door.send(b"", CONTENT_LENGTH=length, stream=Untouchable())
    assert answer.status_code == 400


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
def test_compressed_body_is_refused_unread(door: Door, encoding: str) -> None:
    answer = door.send(b"", HTTP_CONTENT_ENCODING=encoding, stream=Untouchable())
    assert answer.status_code == 415
    assert door.is_empty


# --- who may come in -------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_only_post_is_taken_and_nothing_else_leaves_a_row(door: Door, method: str) -> None:
    answer = door.send(method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert door.is_empty


@pytest.mark.parametrize(
    "path", ["/webhooks/nobody/", "/webhooks/", "/webhooks//", "/webhooks/{token}", "{path}more/"]
)
def test_unknown_address_is_404_without_a_row_or_a_redirect(door: Door, path: str) -> None:
    path = path.format(token=door.gateway.token, path=door.path)
    assert Client().generic("POST", path, GENUINE, FORM).status_code == 404
    assert door.is_empty


def test_disabled_account_still_hears_of_payments(door: Door) -> None:
    SpectroCoinGateway.objects.update(enabled=False)
    assert door.send().status_code == 200


def test_answer_sets_no_cookie_and_opens_no_session(door: Door) -> None:
    answer = door.send(HTTP_COOKIE="sessionid=abcdefghijklmnop; csrftoken=x")
    assert not answer.cookies
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert Session.objects.count() == 0


# --- refused messages -------------------------------------------------------------------------------
def forged(number: int) -> bytes:
    return messages.callback(on_the_wire={"receiveAmount": f"{number}.0"}).body


def test_wrong_signature_is_kept_as_rejected_and_never_worked(door: Door, clock: SetClock) -> None:
    answer = door.send(forged(1))
    assert (answer.status_code, answer.content) == (400, b"spectrocoin.bad_signature")
    callback = door.kept()
    assert (callback.status, callback.verdict) == ("rejected", "spectrocoin.bad_signature")

    clock.forward(days=2)
    assert inbox.drain(clock=clock) == 0
    callback.refresh_from_db()
    assert (callback.status, callback.tries, callback.order) == ("rejected", 0, None)


def test_flood_of_wrong_signatures_keeps_ten_a_minute(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
    monkeypatch.setattr("ledger.ports.system_now", lambda: now)
    answers = {door.send(forged(number)).status_code for number in range(15)}
    assert answers == {400}
    assert Callback.objects.filter(status="rejected").count() == Callback.objects.count() == 10

    now += timedelta(minutes=1)
    for number in range(20, 35):
        door.send(forged(number))
    assert Callback.objects.count() == 20


def test_messages_of_two_minutes_that_come_in_turns_are_counted_apart(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = [datetime(2026, 11, 20, 12, minute, tzinfo=UTC) for minute in (1, 0)]
    now = moments[0]
    monkeypatch.setattr("ledger.ports.system_now", lambda: now)
    for number in range(30):
        now = moments[number % 2]
        door.send(forged(number))
    assert Callback.objects.count() == 20


def test_flood_at_one_account_leaves_room_for_another_ones_refusals(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = ports.system_now()
    monkeypatch.setattr("ledger.ports.system_now", lambda: moment)
    for number in range(12):
        door.send(forged(number))
    other = Door(an_account())
    other.send(forged(1))
    assert other.kept().status == "rejected"


def test_genuine_message_comes_through_a_flood(door: Door) -> None:
    for number in range(12):
        door.send(forged(number))
    assert door.send().status_code == 200
    assert Callback.objects.filter(status="new").count() == 1


# --- the same bytes again ---------------------------------------------------------------------------
def test_same_message_again_is_acknowledged_and_counted_in_one_row(door: Door) -> None:
    assert {door.send().status_code for _ in range(3)} == {200}
    callback = door.kept()
    assert (callback.times, callback.status) == (3, "new")
    assert callback.last_seen > callback.received_at


def test_same_bytes_at_two_accounts_are_two_messages(door: Door) -> None:
    other = Door(an_account())
    door.send()
    other.send()
    assert (door.kept().times, other.kept().times) == (1, 1)


def test_signed_message_that_was_worked_is_not_worked_again(door: Door) -> None:
    door.send()
    Callback.objects.update(status="done")
    assert door.send().status_code == 200
    assert (door.kept().times, door.kept().status) == (2, "done")


def test_doorbell_that_was_worked_rings_again(door: Door, provider: FakeProvider) -> None:
    door.send(RINGS)
    Callback.objects.update(status="done")
    door.send(RINGS)
    assert (door.kept().times, door.kept().status) == (2, "new")


def test_message_that_failed_is_tried_again_when_it_is_sent_again(door: Door) -> None:
    door.send()
    Callback.objects.update(status="failed")
    door.send()
    assert door.kept().status == "new"


def test_message_refused_before_is_taken_once_it_verifies(
    door: Door, provider: FakeProvider
) -> None:
    provider.refuses = Rejected("spectrocoin.bad_signature")
    assert door.send().status_code == 400
    assert door.kept().status == "rejected"

    provider.refuses = None
    assert door.send().status_code == 200
    assert (door.kept().times, door.kept().status) == (2, "new")


def test_message_taken_before_is_not_undone_by_a_refusal(
    door: Door, provider: FakeProvider
) -> None:
    door.send()
    provider.refuses = Rejected("spectrocoin.bad_signature")
    assert door.send().status_code == 400
    assert (door.kept().times, door.kept().status) == (2, "new")


# --- what is kept -----------------------------------------------------------------------------------
def test_headers_are_kept_without_their_secrets(door: Door) -> None:
    secrets: dict[str, Any] = {
        "HTTP_AUTHORIZATION": "Basic c2VjcmV0",
        "HTTP_COOKIE": "sessionid=secret",
        "HTTP_PROXY_AUTHORIZATION": "Basic c2VjcmV0",
        "HTTP_X_API_KEY": "secret",
    }
    door.send(HTTP_USER_AGENT="Apache-HttpClient", HTTP_X_LONG="l" * 5000, **secrets)
    headers = door.kept().headers
    assert headers["user-agent"] == "Apache-HttpClient"
    assert headers["content-type"] == FORM
    assert len(headers["x-long"]) == webhooks.HEADER_CAP
    names = ("authorization", "cookie", "proxy-authorization", "x-api-key")
    assert {headers[name] for name in names} == {"(kept out)"}
    assert "secret" not in str(headers)


def test_statement_names_exactly_the_columns_that_need_a_value() -> None:
    listed = storing._INSERT.partition("(")[2].partition(")")[0]
    needed = {
        column.column
        for column in Callback._meta.concrete_fields
        if not column.null and not column.primary_key
    } | {"phone_id"}
    assert {name.strip() for name in listed.split(",")} == needed


def test_row_reads_back_as_the_model_wrote_it(door: Door) -> None:
    before = ports.system_now()
    door.send(REMOTE_ADDR="192.0.2.7")
    raw = door.kept()
    assert before <= raw.received_at == raw.last_seen == raw.not_before <= ports.system_now()
    assert (raw.merchant_id, raw.remote_address) == (door.gateway.merchant_id, "192.0.2.7")
    assert (raw.tries, raw.epoch, raw.traceback, raw.verdict) == (0, 0, "", "")
    copy = Callback.objects.create(
        merchant=raw.merchant,
        gateway=raw.gateway,
        digest=b"another",
        body=raw.body,
        headers=raw.headers,
        remote_address=raw.remote_address,
        not_before=raw.not_before,
        received_at=raw.received_at,
        last_seen=raw.last_seen,
    )
    mine, theirs = Callback.objects.filter(pk__in=(raw.pk, copy.pk)).order_by("pk").values()
    for own in ("id", "digest"):
        del mine[own], theirs[own]
    assert mine == theirs


# --- the database -----------------------------------------------------------------------------------
def keep(gateway: SpectroCoinGateway, body: bytes) -> None:
    storing.store(accounts.load(gateway), Inbound(body), "192.0.2.1", ports.system_now())


needs_server = pytest.mark.skipif(not POSTGRESQL, reason="SQLite has no server to hang up")


def server_hangs_up() -> int:
    """The number of the server process that this test's connection has lost."""
    died: int = connection.connection.info.backend_pid
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [died])
    finally:
        other.close()
    return died


@needs_server
@pytest.mark.django_db(transaction=True)
def test_connection_that_died_is_opened_again_and_the_message_kept() -> None:
    gateway = an_account()
    keep(gateway, b"before")
    account, moment = accounts.load(gateway), ports.system_now()
    died = server_hangs_up()

    storing.store(account, Inbound(b"after"), "192.0.2.1", moment)

    assert connection.connection.info.backend_pid != died
    assert {bytes(row.body) for row in Callback.objects.all()} == {b"before", b"after"}


@needs_server
@pytest.mark.django_db(transaction=True)
def test_message_is_not_kept_alone_where_its_transaction_died() -> None:
    gateway = an_account()
    account, moment = accounts.load(gateway), ports.system_now()

    with pytest.raises(OperationalError), transaction.atomic():
        keep(gateway, b"first")
        server_hangs_up()
        storing.store(account, Inbound(b"second"), "192.0.2.1", moment)

    assert Callback.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_same_message_from_many_threads_at_once_is_one_row() -> None:
    gateway = an_account()
    account, moment, start = accounts.load(gateway), ports.system_now(), threading.Barrier(8)

    def send() -> None:
        try:
            start.wait()
            for _ in range(5):
                storing.store(account, Inbound(GENUINE), "192.0.2.1", moment)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Callback.objects.get().times == 40


# --- through the web server that is shipped ------------------------------------------------------------
def database_url() -> str:
    facts = connection.settings_dict
    if not POSTGRESQL:
        return f"sqlite:///{facts['NAME']}"
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**facts)


@pytest.fixture(scope="module")
def port(django_db_setup: None) -> Iterator[int]:
    """A server with the options of `make run`, on the database of this test run."""
    number = free_port()
    environ = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "HTTP_PROXY": "http://user:our-password@proxy.example.com",
    }
    command = web_server(number)
    server = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=sys.stderr)
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", number), timeout=1).close()
                break
            except OSError:
                assert server.poll() is None
                threading.Event().wait(0.1)
        yield number
    finally:
        server.terminate()
        server.wait(timeout=30)


@contextmanager
def talking(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        yield line


def head(gateway: SpectroCoinGateway, *headers: str) -> bytes:
    lines = (
        f"POST /webhooks/{gateway.token}/ HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Type: {FORM}",
        *headers,
    )
    return "\r\n".join((*lines, "", "")).encode()


def chunks(body: bytes, size: int) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    framed = [f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces]
    return b"".join([*framed, b"0\r\n\r\n"])


def answer(line: socket.socket) -> tuple[int, bytes]:
    response = HTTPResponse(line)
    response.begin()
    return response.status, response.read()


@pytest.mark.django_db(transaction=True)
def test_server_hands_on_a_message_in_chunks(port: int) -> None:
    gateway = an_account()
    with talking(port) as line:
        line.sendall(head(gateway, "Transfer-Encoding: chunked") + chunks(GENUINE, 100))
        assert answer(line) == (200, b"*ok*")
    assert bytes(Callback.objects.get().body) == GENUINE


@pytest.mark.django_db(transaction=True)
def test_server_asks_for_the_body_of_a_sender_who_waits_to_be_asked(port: int) -> None:
    gateway = an_account()
    with talking(port) as line:
        line.sendall(head(gateway, "Transfer-Encoding: chunked", "Expect: 100-continue"))
        assert line.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(chunks(GENUINE, 50))
        assert answer(line) == (200, b"*ok*")
    assert bytes(Callback.objects.get().body) == GENUINE


@pytest.mark.django_db(transaction=True)
def test_server_refuses_chunks_beyond_the_cap(port: int) -> None:
    gateway = an_account()
    with talking(port) as line:
        line.sendall(head(gateway, "Transfer-Encoding: chunked"))
        line.sendall(chunks(b"z" * (BODY_CAP_BYTES + 1), 8000))
        assert answer(line)[0] == 413
    assert Callback.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("waits", [(), ("Expect: 100-continue",)], ids=["plain", "expect"])
def test_server_refuses_too_great_a_length_without_waiting_for_the_body(
    port: int, waits: tuple[str, ...]
) -> None:
    gateway = an_account()
    with talking(port) as line:
        line.sendall(head(gateway, f"Content-Length: {BODY_CAP_BYTES + 1}", *waits))
        first = line.recv(12, socket.MSG_PEEK)
        assert first == b"HTTP/1.1 413"
        assert answer(line)[0] == 413
    assert Callback.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_our_own_environment_is_not_kept_as_headers(port: int) -> None:
    gateway = an_account()
    with talking(port) as line:
        line.sendall(head(gateway, f"Content-Length: {len(GENUINE)}") + GENUINE)
        assert answer(line)[0] == 200
    headers = Callback.objects.get().headers
    assert headers["host"] == "127.0.0.1"
    assert "our-password" not in str(headers)


def test_message_refused_for_its_type_is_worked_under_the_type_it_came_with_in_the_end(
    door: Door,
) -> None:
    assert door.send(CONTENT_TYPE="text/plain").status_code == 415
    assert door.send().status_code == 200
    assert (door.kept().status, door.kept().headers["content-type"]) == ("new", FORM)


def test_more_doorbells_than_anybody_needs_are_asked_to_come_again(
    door: Door, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
    monkeypatch.setattr("ledger.ports.system_now", lambda: now)
    monkeypatch.setattr(webhooks, "RINGS", Limit("rings", 3, when_down=True))

    answers = [door.send(RINGS + bytes([65 + number])).status_code for number in range(5)]

    assert answers == [200, 200, 200, 503, 503]
    assert Callback.objects.count() == 3
    assert door.send(b"signed").status_code == 200
