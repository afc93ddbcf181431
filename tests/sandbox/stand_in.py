"""A running sandbox, and a receiver for its callbacks, as the tests here use them."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote_plus

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ROOT = Path(__file__).resolve().parents[2]
VECTORS = json.loads(Path(__file__).with_name("signed_requests.json").read_text())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(port: int, database: str = "") -> subprocess.Popen[str]:
    environment = {
        **os.environ, "SANDBOX_PORT": str(port), "SANDBOX_DB": database, "SANDBOX_LOG": "quiet",
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox"], cwd=ROOT, env=environment, stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def wait_until_up(url: str) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until:
        try:
            if requests.get(f"{url}/healthz", timeout=5).json() == {"ok": True}:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError(f"no sandbox at {url}")


class StandIn:
    """The sandbox over HTTP, in the words of these tests."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def control(self, path: str, body: dict[str, Any] | None = None, status: int = 200) -> Any:
        url = self.url + path
        answer = (
            self.session.get(url, timeout=30)
            if body is None
            else self.session.post(url, json=body, timeout=30)
        )
        assert answer.status_code == status, answer.text
        return answer.json()

    def fault(self, party: str, kind: str, on: str = "*", **more: Any) -> None:
        self.control(f"/{party}/_sandbox/faults", {"fault": kind, "on": on, **more})

    # WHMCS

    def api(self, action: str, **parameters: Any) -> requests.Response:
        settings = self.control("/whmcs/_sandbox/settings")
        form = {
            "identifier": settings["identifier"], "secret": settings["secret"], "action": action,
            "responsetype": "json",
        }  # fmt: skip
        url = f"{self.url}/whmcs/includes/api.php"
        return requests.post(url, data={**form, **parameters}, timeout=10, allow_redirects=False)

    def ask(self, action: str, **parameters: Any) -> Any:
        return self.api(action, **parameters).json()

    def client(self, **members: Any) -> int:
        number: int = self.control("/whmcs/_sandbox/clients", members)["client_id"]
        return number

    def invoice(self, amount: str = "15.99", **members: Any) -> int:
        members.setdefault("client_id", self.client())
        body = {"amount": amount, **members}
        number: int = self.control("/whmcs/_sandbox/invoices", body)["invoice_id"]
        return number

    def held(self, invoice_id: int) -> Any:
        return self.control(f"/whmcs/_sandbox/invoices/{invoice_id}")

    def credit(self, client_id: int) -> str:
        clients = self.control("/whmcs/_sandbox/state")["clients"]
        return next(str(c["credit"]) for c in clients if c["id"] == client_id)

    # SpectroCoin

    def project(self) -> Any:
        return self.control("/spectrocoin/_sandbox/settings")

    def bearer(self) -> dict[str, str]:
        project = self.project()
        answer = requests.post(
            f"{self.url}/spectrocoin/api/public/oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_id": project["client_id"],
                "client_secret": project["client_secret"],
            },
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def create(self, headers: dict[str, str], **members: Any) -> requests.Response:
        """API B's create, with sensible members unless given."""
        body = {
            "orderId": "7-aa", "description": "Invoice 7", "receiveAmount": "15.99",
            "receiveCurrencyCode": "EUR", "projectId": self.project()["project_id"], **members,
        }  # fmt: skip
        url = f"{self.url}/spectrocoin/api/public/merchants/orders/create"
        return requests.post(url, json=body, headers=headers, timeout=10)

    def order(self, callback_url: str, **members: Any) -> str:
        """Create an order through API B; answers the merchant's id of it."""
        answer = self.create(self.bearer(), callbackUrl=callback_url, **members)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["orderId"])

    def act(self, order: str, action: str, **members: Any) -> Any:
        path = f"/spectrocoin/_sandbox/orders/{order}/act"
        return self.control(path, {"action": action, **members})

    def legacy(self, body: str) -> requests.Response:
        return requests.post(
            f"{self.url}/spectrocoin/api/merchant/1/createOrder",
            data=body.encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            timeout=10,
        )


@dataclass(frozen=True)
class Received:
    """One callback as it arrived."""

    method: str
    path: str
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def pairs(self) -> list[tuple[str, str]]:
        text = self.body.decode() if self.method == "POST" else self.path.partition("?")[2]
        return parse_qsl(text, keep_blank_values=True, strict_parsing=True)


def read_body(chunked: bool, call: BaseHTTPRequestHandler) -> bytes:
    """The body of a request, whichever way its length is told."""
    if not chunked:
        return call.rfile.read(int(call.headers.get("Content-Length", "0")))
    pieces = []
    while size := int(call.rfile.readline(), 16):
        pieces.append(call.rfile.read(size))
        call.rfile.readline()
    call.rfile.readline()
    return b"".join(pieces)


class BurstServer(ThreadingHTTPServer):
    """With room for many callers at once; the usual five make the others wait a second."""

    request_queue_size = 128


class Receiver:
    """Keeps what it gets and answers `*ok*`; `on_call` runs before the answer.

    answers  what it says instead, one status and body for each of the next calls.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.on_call: Callable[[], object] = lambda: None
        self.answers: list[tuple[int, bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = read_body(self.headers.get("Transfer-Encoding") == "chunked", self)
                content_type = self.headers.get("Content-Type", "")
                headers = tuple((name.lower(), value) for name, value in self.headers.items())
                outer.received.append(
                    Received(self.command, self.path, content_type, body, headers)
                )
                outer.on_call()
                status, said = outer.answers.pop(0) if outer.answers else (200, b"*ok*")
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = BurstServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


ELEVEN = (
    "merchantId", "apiId", "orderId", "payCurrency", "payAmount", "receiveCurrency",
    "receiveAmount", "receivedAmount", "description", "orderRequestId", "status",
)  # fmt: skip


def verify_callback(received: Received, public_pem: str) -> None:
    """Raise InvalidSignature unless the eleven fields, encoded as PHP does, were signed."""
    fields = dict(received.pairs)
    message = "&".join(f"{name}={quote_plus(fields[name]).replace('~', '%7E')}" for name in ELEVEN)
    key = serialization.load_pem_public_key(public_pem.encode())
    assert isinstance(key, rsa.RSAPublicKey)
    sha1 = hashes.SHA1()  # noqa: S303 - the vendor's protocol
    key.verify(b64decode(fields["sign"]), message.encode(), padding.PKCS1v15(), sha1)
