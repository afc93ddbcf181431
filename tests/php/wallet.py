"""A small WHMCS that serves the vodafoncash module over HTTP, and a console that it asks."""

import hashlib
import hmac
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import requests

from tests.php.checkout import SECRET, TOKEN
from tests.php.conftest import LOUD, ROOT

STAND_IN = Path(__file__).parent / "whmcs"
CALLBACK = "modules/gateways/callback/vodafoncash.php"
FIELDS = ["invoice", "client", "issued", "lang", "phone", "reference", "name", "signature"]
QUOTE = {
    "status": False,
    "code": "waiting",
    "message": "",
    "amount": "800.00",
    "currency": "EGP",
    "due": "15.99 USD",
    "rate": "50.00",
    "pay_to": "01000000101",
    "expires": 0,
    "transaction_id": "",
}


@dataclass
class Console:
    """Plays POST /claims/{token}/. `says` is what it answers; `asked` what it was sent, byte for byte."""

    url: str = ""
    says: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    raw: bytes | None = None
    location: str = ""
    seconds: float = 0
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def answers(self, code: str, **changes: Any) -> None:
        now = int(time.time())
        self.says = {**QUOTE, "expires": now + 3570, "code": code, **changes}

    def answer(self) -> bytes:
        return json.dumps(self.says).encode() if self.raw is None else self.raw

    @property
    def last(self) -> dict[str, str]:
        """The fields of the last question, once its signature was found to be right."""
        path, headers, body = self.asked[-1]
        fields = dict(
            pairs := parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
        )
        assert path == f"/claims/{TOKEN}/"
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert [name for name, _ in pairs] == FIELDS
        assert fields["signature"] == signature(fields)
        assert abs(int(fields["issued"]) - time.time()) < 60
        return fields


def signature(fields: dict[str, str]) -> str:
    """The claim contract, computed independently of the PHP."""
    lines = ["gatebook-claim.v1", TOKEN, *(fields[name] for name in FIELDS[:-1])]
    return hmac.new(SECRET.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Console]:
    """A console on this machine; over TLS where it gets a certificate."""
    console = Console()
    console.answers("waiting")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            console.asked.append((self.path, dict(self.headers), body))
            time.sleep(console.seconds)
            try:
                self.send_response(console.status)
                if console.location:
                    self.send_header("Location", console.location)
                self.end_headers()
                self.wfile.write(console.answer())
            except OSError:
                self.close_connection = True  # who asked did not wait

        def log_message(self, *_: object) -> None:
            """Keeps quiet."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A handshake that the module breaks off is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    console.url = f"http://127.0.0.1:{server.server_port}"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        console.url = f"https://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield console
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Whmcs:
    """The stand-in of WHMCS under PHP's own web server; `world` is what it knows."""

    url: str
    folder: Path

    def set(self, console_url: str, **changes: Any) -> None:
        world = {
            "version": 8,
            "active": True,
            "guard": "answers",
            "broken": False,
            "settings": {
                "consoleUrl": console_url,
                "merchantToken": TOKEN,
                "signingSecret": SECRET,
            },
            "tblinvoices": [
                {"id": 1042, "userid": 7, "status": "Unpaid"},
                {"id": 1043, "userid": 8, "status": "Unpaid"},
                {"id": 1044, "userid": 7, "status": "Paid"},
            ],
            "tblclients": [
                {"id": 7, "language": "english"},
                {"id": 8, "language": ""},
                {"id": 9, "language": "arabic"},
            ],
            **changes,
        }
        (self.folder / "world.json").write_text(json.dumps(world))
        (self.folder / "trace.jsonl").write_text("")

    @property
    def trace(self) -> list[list[Any]]:
        """What was logged, or booked: [function, arguments]."""
        return [json.loads(line) for line in (self.folder / "trace.jsonl").read_text().splitlines()]

    def visit(self, client: int = 7, language: str = "") -> "Visit":
        """A browser in which that client is logged in; 0 for nobody."""
        browser = requests.Session()
        browser.trust_env = False
        visit = Visit(self, browser)
        if client:
            visit.token = visit.get(f"login.php?uid={client}&language={language}").text
        return visit


@dataclass
class Visit:
    """A browser. `token` is what WHMCS guards this session's forms with."""

    whmcs: Whmcs
    browser: requests.Session
    token: str = ""

    def get(self, path: str) -> requests.Response:
        return self.browser.get(f"{self.whmcs.url}/{path}", timeout=40, allow_redirects=False)

    def invoice(self, number: int = 1042) -> str:
        return self.get(f"viewinvoice.php?id={number}").text

    def post(self, **fields: str) -> requests.Response:
        """Sends the form of the invoice as a client fills it in, with `fields` changed or added."""
        sent = {
            "invoice": "1042",
            "wallet_phone": "01012345678",
            "reference": "",
            "sender_name": "",
        }
        sent |= {"token": self.token} | fields
        return self.browser.post(
            f"{self.whmcs.url}/{CALLBACK}", data=sent, timeout=40, allow_redirects=False
        )

    def look(self, invoice: str = "1042") -> requests.Response:
        return self.get(f"{CALLBACK}?invoice={invoice}")


@contextmanager
def installed(php: str, folder: Path, trusted: Path) -> Iterator[Whmcs]:
    """WHMCS's folder with the module copied into it, as a merchant does; `trusted` is its list of CAs."""
    shutil.copytree(STAND_IN, folder, dirs_exist_ok=True)
    shutil.copytree(ROOT / "modules", folder / "modules")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    entries = [*LOUD, f"curl.cainfo={trusted}", f"session.save_path={folder}"]
    flags = [part for entry in entries for part in ("-d", entry)]
    environ = {
        name: text for name, text in os.environ.items() if not name.lower().endswith("proxy")
    }
    # Some requests are answered while others wait for the console.
    server = subprocess.Popen(
        [php, *flags, "-S", f"127.0.0.1:{port}", "-t", str(folder)],
        env={**environ, "PHP_CLI_SERVER_WORKERS": "3"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port)
        yield Whmcs(f"http://127.0.0.1:{port}", folder)
    finally:
        # Its workers are in the group of this very process.
        os.killpg(server.pid, 15)
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("PHP's web server did not start")


def certificate(folder: Path, name: str) -> Path:
    """A new self-signed certificate for "localhost", with its key in the same file."""
    file, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(key), "-out", str(file)],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_text(key.read_text() + file.read_text())
    return file
