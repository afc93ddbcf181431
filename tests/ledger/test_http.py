"""`call` over real sockets: what counts as "did not leave" and what as "may have happened"."""

import gzip
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ledger import http
from ledger.http import ANSWER_CAP_BYTES, MaybeSent, NotSent, call

Talk = Callable[[socket.socket], None]
Serve = Callable[..., "Server"]


class Server:
    """A listening socket; each connection is one call of `talk`, in a thread of its own."""

    def __init__(self, talk: Talk, tls: ssl.SSLContext | None = None) -> None:
        self._talk, self._tls = talk, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with (
                connection
                if self._tls is None
                else self._tls.wrap_socket(connection, server_side=True) as opened
            ):
                self.requests.append(read_request(opened))
                self._talk(opened)
        except OSError:
            return  # the caller hung up first

    def close(self) -> None:
        self._listener.close()


def read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(4096)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if b"content-length" in line
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(4096)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []

    def start(talk: Talk, tls: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(talk, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def answers(*parts: bytes, pause_seconds: float = 0.0) -> Talk:
    def talk(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause_seconds)

    return talk


def whole(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    head = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def test_an_answer_comes_back_with_status_body_and_headers_in_any_case(serve: Serve) -> None:
    server = serve(answers(whole(b"no", b"X-Reason: tired", status=b"503 Busy")))

    answer = call("POST", server.url, data=b"a=1", headers={"Content-Type": "text/plain"})

    assert (answer.status, answer.text) == (503, "no")
    assert answer.headers["x-reason"] == answer.headers["X-Reason"] == "tired"
    assert server.requests[0].endswith(b"\r\n\r\na=1")
    assert b"Content-Type: text/plain" in server.requests[0]


def test_a_chunked_answer_is_put_together(serve: Serve) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server = serve(answers(head, b"3\r\nabc\r\n", b"2\r\nde\r\n", b"0\r\n\r\n"))

    assert call("GET", server.url).body == b"abcde"


def test_an_empty_answer_that_says_it_is_empty_is_an_answer(serve: Serve) -> None:
    assert call("POST", serve(answers(whole(b""))).url, data=b"a=1").body == b""


def test_a_redirect_is_returned_and_not_followed(serve: Serve) -> None:
    server = serve(answers(whole(b"", b"Location: /elsewhere", status=b"302 Found")))

    answer = call("POST", server.url, data=b"a=1")

    assert (answer.status, answer.headers["Location"]) == (302, "/elsewhere")
    assert len(server.requests) == 1


def test_a_refused_connection_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]

    with pytest.raises(NotSent, match="refused"):
        call("POST", f"http://127.0.0.1:{port}/", data=b"a=1")


def test_a_name_that_does_not_exist_was_not_sent() -> None:
    with pytest.raises(NotSent, match="name not found"):
        call("POST", "http://whmcs.invalid/", data=b"a=1")


@pytest.mark.parametrize(
    "url", ["whmcs.example", "ftp://whmcs.example/", "http://", "http://a..b/"]
)
def test_an_unusable_address_was_not_sent(url: str) -> None:
    with pytest.raises(NotSent):
        call("POST", url, data=b"a=1")


def test_a_certificate_nobody_vouches_for_was_not_sent(serve: Serve, tls: ssl.SSLContext) -> None:
    server = serve(answers(whole(b"secret")), tls)

    with pytest.raises(NotSent, match="certificate could not be verified"):
        call("POST", server.url, data=b"a=1")
    assert server.requests == []


def test_a_port_that_speaks_no_tls_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def slam() -> None:
            connection, _ = listener.accept()
            connection.recv(16)
            connection.close()

        threading.Thread(target=slam, daemon=True).start()
        with pytest.raises(NotSent):
            call("POST", f"https://127.0.0.1:{port}/", data=b"a=1")


def test_a_handshake_that_never_ends_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        with pytest.raises(NotSent):
            call("POST", f"https://127.0.0.1:{port}/", data=b"a=1", timeout_seconds=1)


def test_a_server_that_closes_after_reading_may_have_acted_and_is_asked_once(serve: Serve) -> None:
    server = serve(answers())

    with pytest.raises(MaybeSent):
        call("POST", server.url, data=b"a=1")
    time.sleep(0.1)
    assert len(server.requests) == 1


def test_a_reset_after_reading_may_have_acted(serve: Serve) -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
        )

    server = serve(reset)

    with pytest.raises(MaybeSent):
        call("POST", server.url, data=b"a=1")


@pytest.mark.parametrize(
    "cut",
    [
        b'HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{"result": "suc',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
    ],
    ids=["body", "chunk", "last chunk missing", "headers", "no HTTP", "not gzip"],
)
def test_an_answer_cut_short_or_broken_may_have_acted(serve: Serve, cut: bytes) -> None:
    server = serve(answers(cut))

    with pytest.raises(MaybeSent):
        call("POST", server.url, data=b"a=1")


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [HEAD, *[b"X-Slow: 1\r\n"] * 40],
        [HEAD, b"Content-Length: 500\r\n\r\n", *[b"x"] * 40],
        [HEAD, b"Transfer-Encoding: chunked\r\n\r\n", *[b"0"] * 40],
        [HEAD, b"\r\n", *[b"x"] * 40],
    ],
    ids=["silence", "headers", "body", "chunk size", "body without length"],
)
def test_an_answer_slower_than_the_deadline_may_have_acted(
    serve: Serve, parts: list[bytes]
) -> None:
    """Each byte comes well within a socket's own time limit; the whole does not."""
    server = serve(answers(b"", *parts, pause_seconds=0.1 if parts else 5))

    began = time.monotonic()
    with pytest.raises(MaybeSent, match="within 1 s"):
        call("POST", server.url, data=b"a=1", timeout_seconds=1)
    assert time.monotonic() - began < 2.5


def test_an_answer_that_drips_within_the_deadline_is_an_answer(serve: Serve) -> None:
    server = serve(answers(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", *[b"x"] * 5,
                           pause_seconds=0.05))  # fmt: skip

    assert call("POST", server.url, data=b"a=1", timeout_seconds=3).body == b"xxxxx"


def test_an_oversized_answer_may_have_acted(serve: Serve) -> None:
    server = serve(answers(whole(b"x" * (ANSWER_CAP_BYTES + 1))))

    with pytest.raises(MaybeSent, match="larger"):
        call("POST", server.url, data=b"a=1")


def test_an_answer_of_exactly_the_cap_is_read(serve: Serve) -> None:
    server = serve(answers(whole(b"x" * ANSWER_CAP_BYTES)))

    assert len(call("GET", server.url).body) == ANSWER_CAP_BYTES


def test_a_gzip_bomb_is_cut_off_before_it_fills_the_memory(serve: Serve) -> None:
    bomb = gzip.compress(b"\0" * (64 * ANSWER_CAP_BYTES))
    server = serve(answers(whole(bomb, b"Content-Encoding: gzip")))

    tracemalloc.start()
    try:
        with pytest.raises(MaybeSent, match="larger"):
            call("GET", server.url)
        assert tracemalloc.get_traced_memory()[1] < 8 * ANSWER_CAP_BYTES
    finally:
        tracemalloc.stop()


def test_proxies_and_passwords_of_the_environment_are_not_used(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    monkeypatch.setenv("no_proxy", "")
    server = serve(answers(whole(b"ok")))

    assert call("GET", server.url).body == b"ok"
    assert b"authorization" not in server.requests[0].lower()


def test_no_thread_is_left_behind(serve: Serve) -> None:
    server = serve(answers(whole(b"ok")))
    before = {thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)}

    call("GET", server.url)

    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        after = {thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)}
        if after <= before:
            break
        time.sleep(0.01)
    assert after <= before


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """A server context with a certificate it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "http://[::ffff:127.0.0.1]:{port}/"])
def test_private_address_is_not_called_unless_the_operator_names_the_host(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_private_hosts", frozenset({"whmcs.lan"}))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(NotSent, match="GATEBOOK_PRIVATE_HOSTS"):
            call("POST", url.format(port=port), data=b"secret", timeout_seconds=5)

        connection, _ = server.accept()
        assert connection.recv(100) == b""
