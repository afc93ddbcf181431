"""How both parties' messages leave for the merchant's server, one by one or all at once."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import requests

TIMEOUT_SECONDS = (5, 60)
# A phone reads what became of each message of its batch.
MAX_ANSWER = 20_000
MOST_TIMES = 1000
MOST_PARALLEL = 200
PIECE = 512


@dataclass(frozen=True)
class Message:
    """The exact bytes of one callback, so that they can be sent again.

    chunked  sent piece by piece, without a Content-Length.
    """

    method: str
    url: str
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    chunked: bool = False


@dataclass(frozen=True)
class Answer:
    """What the receiver said. `status` is None when there was no answer."""

    sent_at: str
    status: int | None
    body: str


def acceptable_url(url: str) -> bool:
    """Empty, or an absolute web address.

    The real service presumably refuses plain http and hosts without a dot. This one must accept
    them: console and sandbox run on one machine, and the callback goes to http://127.0.0.1.
    """
    if not url:
        return True
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def send(message: Message, times: int, parallel: int, sender: str) -> list[Answer]:
    """Send the same bytes `times` times in a row or, when `parallel` is not 0, so many at once.

    Never call it inside a state change: the receiver may ask this sandbox about the order.
    """
    if not parallel:
        return [_send_once(message, sender) for _ in range(times)]
    together = threading.Barrier(parallel)

    def one(_: int) -> Answer:
        together.wait()
        return _send_once(message, sender)

    with ThreadPoolExecutor(parallel) as pool:
        return list(pool.map(one, range(parallel)))


def _send_once(message: Message, sender: str) -> Answer:
    sent_at = datetime.now(UTC).isoformat()
    headers = {"User-Agent": f"{sender}-sandbox", **dict(message.headers)}
    if message.content_type:
        headers["Content-Type"] = message.content_type
    try:
        with requests.Session() as session:
            # A proxy in the environment knows no way to a console on this machine.
            session.trust_env = False
            answer = session.request(
                message.method,
                message.url,
                data=_pieces(message.body) if message.chunked else message.body or None,
                headers=headers,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
    except requests.RequestException as error:
        return Answer(sent_at, None, f"not delivered: {type(error).__name__}")
    return Answer(sent_at, answer.status_code, answer.text[:MAX_ANSWER])


def _pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), PIECE):
        yield body[start : start + PIECE]
