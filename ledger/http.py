"""One careful HTTP call, and a plain answer to "may we retry, might it have happened?".

No redirects, no retries, no kept connections (a dead one would be re-posted), no proxies or
netrc from the environment, a cap on the answer and one deadline for the whole call.
"""

import ipaddress
import socket
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import requests
from requests import exceptions as rq
from requests.adapters import HTTPAdapter
from urllib3 import exceptions as u3
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

ANSWER_CAP_BYTES = 1024 * 1024
CONNECT_SECONDS = 10


class CallError(Exception):
    """The call brought no answer that could be read to its end."""


class NotSent(CallError):
    """It did not leave this machine (name, connect, TLS): nothing happened, retry freely."""


class MaybeSent(CallError):
    """It left and the answer never came whole: it may have happened. Look before repeating."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Header names are found in any case where the answer came from `call`."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Call(Protocol):
    """The shape of `call`, for those who take it as a port."""

    def __call__(
        self,
        method: str,
        url: str,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: int = 30,
    ) -> Answer: ...


def call(
    method: str,
    url: str,
    *,
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_seconds: int = 30,
) -> Answer:
    """Do one call. Raises NotSent or MaybeSent; any HTTP status, redirects included, is an Answer.

    The deadline runs from the first byte of the connection to the last of the answer, so that a
    server which drips its headers or its body cannot hold the caller. Name look-up comes on top;
    the system's resolver has its own limits.
    """
    line = _Line()
    adapter = _Adapter(line)
    alarm = threading.Timer(timeout_seconds, line.hang_up)
    alarm.daemon = True
    sent_headers = {"User-Agent": "Gatebook/0.1", "Connection": "close", **(headers or {})}
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        alarm.start()
        try:
            answer = session.request(
                method,
                url,
                data=data,
                headers=sent_headers,
                timeout=(min(CONNECT_SECONDS, timeout_seconds), timeout_seconds),
                allow_redirects=False,
                stream=True,
            )
            body = bytearray()
            for chunk in answer.raw.stream(16 * 1024, decode_content=True):
                body += chunk
                if len(body) > ANSWER_CAP_BYTES:
                    raise MaybeSent(f"the answer is larger than {ANSWER_CAP_BYTES} bytes")
            # An answer without a length ends where the connection does, even where we hung up.
            if line.hung_up:
                raise MaybeSent(f"no whole answer within {timeout_seconds} s")
            if answer.status_code == 200 and not body and not _has_length(answer.headers):
                raise MaybeSent("the answer ended before its body")
            return Answer(answer.status_code, bytes(body), answer.headers)
        except (rq.RequestException, u3.HTTPError, OSError) as error:
            raise _judged(error, line, timeout_seconds) from error
        finally:
            alarm.cancel()
            line.close()


def _has_length(headers: Mapping[str, str]) -> bool:
    """False where an empty body could as well be a connection that broke off in the headers."""
    return "Content-Length" in headers or "Transfer-Encoding" in headers


class _Line:
    """One connection under watch: whether the request began to leave, and how to hang up on it.

    A time limit on the socket alone starts anew with every byte that comes; hanging up from
    the alarm's thread ends a read wherever it stands, TLS included.
    """

    def __init__(self) -> None:
        self.opening = self.left = self.hung_up = False
        self._socket: socket.socket | None = None

    def watch(self, opened: socket.socket) -> None:
        # A second handle, because wrapping in TLS empties the first one.
        self._socket = opened.dup()
        if self.hung_up:
            self.hang_up()

    def hang_up(self) -> None:
        self.hung_up = True
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # the other side was quicker

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


class PrivateAddress(u3.NewConnectionError):
    """The name leads into a private network, and the operator has not named it as allowed."""


_private_hosts: frozenset[str] = frozenset()


def allow_private(hosts: Iterable[str]) -> None:
    """The hosts in private or loopback ranges that may be called (GATEBOOK_PRIVATE_HOSTS).

    Merchants enter the URLs we call; without this they could reach what only this machine can.
    """
    global _private_hosts
    _private_hosts = frozenset(host.strip().lower() for host in hosts if host.strip())


def _may_reach(host: str, peer: str) -> bool:
    """Judged by the address really connected to, so that no name can lead elsewhere afterwards."""
    address = ipaddress.ip_address(peer.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_global or host.lower().strip("[]") in _private_hosts


class _Watched(HTTPConnection):
    """Mixed in before urllib3's own connection class, plain or TLS."""

    line: _Line

    def _new_conn(self) -> socket.socket:
        self.line.opening = True
        opened = super()._new_conn()
        if not _may_reach(self.host, opened.getpeername()[0]):
            opened.close()
            raise PrivateAddress(self, self.host)
        self.line.watch(opened)
        return opened

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if self.line.hung_up and not self.line.left:
            raise TimeoutError("the time was over before the first byte")
        self.line.left = True
        super().send(data)


class _Adapter(HTTPAdapter):
    def __init__(self, line: _Line) -> None:
        super().__init__(max_retries=0)
        self._line = line

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        pool = cast(HTTPConnectionPool, super().get_connection_with_tls_context(*args, **kwargs))
        watched = type("Watched", (_Watched, pool.ConnectionCls), {"line": self._line})
        pool.ConnectionCls = cast(type[HTTPConnection], watched)
        return pool


# Where nothing was opened, these are the failures that are certain to come before it.
_BEFORE_OPENING = (
    rq.ConnectTimeout,
    rq.InvalidURL,
    rq.MissingSchema,
    rq.InvalidSchema,
    rq.InvalidHeader,
    u3.LocationParseError,
)


def _judged(error: Exception, line: _Line, timeout_seconds: int) -> CallError:
    """NotSent only where it is certain that no byte of the request left."""
    name = type(error).__name__
    if line.left and line.hung_up:
        return MaybeSent(f"no whole answer within {timeout_seconds} s")
    if line.left or not (line.opening or isinstance(error, _BEFORE_OPENING)):
        return MaybeSent(f"the connection broke ({name})")
    if line.hung_up or isinstance(error, rq.ConnectTimeout):
        return NotSent("no connection within the time limit")
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, u3.NameResolutionError):
        return NotSent("no connection (name not found)")
    if isinstance(reason, PrivateAddress):
        return NotSent(
            "the address is in a private network: the operator can allow the host in "
            "GATEBOOK_PRIVATE_HOSTS"
        )
    if isinstance(reason, u3.NewConnectionError):
        return NotSent("no connection (refused or unreachable)")
    if isinstance(reason, u3.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(reason):
        return NotSent("the TLS certificate could not be verified")
    if line.opening:
        return NotSent(f"no connection ({name})")
    return NotSent("the address is not a usable URL")
