"""The HTTP server: sockets, routes, and the ways in which a connection can end badly."""

import re
import socket
import struct
import sys
import traceback
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sandbox import control, faults, pages
from sandbox.faults import Ending
from sandbox.haveno import routes as haveno
from sandbox.spectrocoin import routes as spectrocoin
from sandbox.vodafoncash import routes as vodafoncash
from sandbox.wallet import routes as wallet
from sandbox.web import Page, Refused, Request, Response, Wire, World, json_answer
from sandbox.whmcs import routes as whmcs

MAX_BODY = 1024 * 1024


@dataclass(frozen=True)
class Route:
    """A method and path, and who answers: a wire call, or a page or control call."""

    method: str
    path: re.Pattern[str]
    answers: Wire | Page


def _routes() -> list[Route]:
    table: list[tuple[str, str, Wire | Page]] = [
        ("GET", r"/", pages.start),
        ("GET", r"/style\.css", pages.style),
        *control.ROUTES,
        *spectrocoin.ROUTES,
        *haveno.ROUTES,
        *wallet.ROUTES,
        *vodafoncash.ROUTES,
        *whmcs.ROUTES,
    ]
    return [Route(method, re.compile(path), answers) for method, path, answers in table]


class SandboxServer(ThreadingHTTPServer):
    """One thread per connection. Bound to the loopback address: nobody else may play with it."""

    daemon_threads = True
    block_on_close = False
    # A burst of parallel callbacks makes a burst of fetches; a short queue would refuse some.
    request_queue_size = 1024

    def __init__(self, port: int, world: World, log: bool) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.world = world
        self.routes = _routes()
        self.log = log

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up is an everyday event here; anything else is ours to mend."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            traceback.print_exception(error)


class Handler(BaseHTTPRequestHandler):
    """Reads a request, finds its route, writes the answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Head and body leave in one packet, flushed at the end of the request.
    wbufsize = 64 * 1024
    server: SandboxServer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Wire calls are logged by `_serve`; the server's own lines add nothing."""

    def version_string(self) -> str:
        return "sandbox"

    def _serve(self) -> None:
        body = self._read_body()
        if body is None:
            return
        path, _, query = self.path.partition("?")
        request = Request(
            self.command, path, query, self.headers, body, str(self.client_address[0])
        )
        try:
            response, ending = self._answer(request)
        except Refused as refusal:
            response, ending = _refusal(request, refusal), Ending.ANSWER
        except Exception:
            traceback.print_exc()
            response, ending = json_answer({"error": "the sandbox failed"}, 500), Ending.ANSWER
        self._finish(response, ending)

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit():
            self._finish(json_answer({"error": "send Content-Length"}, 411), Ending.ANSWER, True)
            return None
        if int(length) > MAX_BODY:
            self._finish(json_answer({"error": "body too large"}, 413), Ending.ANSWER, True)
            return None
        return self.rfile.read(int(length))

    def _answer(self, request: Request) -> tuple[Response, Ending]:
        world = self.server.world
        other_methods = False
        for route in self.server.routes:
            match = route.path.fullmatch(request.path)
            if match is None:
                continue
            if route.method != request.method:
                other_methods = True
                continue
            if not isinstance(route.answers, Wire):
                return route.answers(world, request, **match.groupdict()), Ending.ANSWER
            response, ending = faults.perform(world, route.answers, request)
            if self.server.log:
                operation = route.answers.operation(request)
                note = response.status if ending is Ending.ANSWER else ending.value
                print(f"{request.method} {request.path} {operation} {note}", flush=True)
            return response, ending
        raise Refused("method not allowed", 405) if other_methods else Refused("not found", 404)

    def _finish(self, response: Response, ending: Ending, close: bool = False) -> None:
        if ending is Ending.RESET:
            # Linger on with zero seconds turns close into a TCP reset instead of a tidy end.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        if ending in (Ending.RESET, Ending.SILENCE):
            self.close_connection = True
            if ending is Ending.RESET:
                self.connection.close()
            return
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers:
            self.send_header(name, value)
        if close or ending is Ending.HALF:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        half = len(response.body) // 2
        self.wfile.write(response.body[:half] if ending is Ending.HALF else response.body)


def _refusal(request: Request, refusal: Refused) -> Response:
    """JSON for scripts, a page for people."""
    if "_sandbox" in request.path and not request.is_button:
        return json_answer({"error": refusal.text}, refusal.status)
    if "/api/" in request.path:
        return json_answer({"error": refusal.text}, refusal.status)
    title = "Not found" if refusal.status == 404 else "That did not work"
    body = f"<div class='card'><h1>{title}</h1><p>{escape(refusal.text)}</p></div>"
    return pages.page(title, body, status=refusal.status)
