"""The load: ready-made requests over kept connections, one process. Standard library only.

    python -m bench.load PORT PATH TYPE BODIES COUNT [--same]

BODIES is a file of one body a line, of the content type TYPE; the first COUNT are sent, each once,
or the first one over and over with --same. Closed loop: a connection sends its next
request when the last one is answered. Prints one JSON object:
    seconds   from the first request to the last answer
    statuses  how many answers of each HTTP status
    p50, p99  milliseconds from sending a request to its whole answer
"""

import json
import re
import select
import socket
import statistics
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from time import perf_counter

CONNECTIONS = 32
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


def requests(port: int, path: str, content_type: str, bodies: list[bytes]) -> list[bytes]:
    """As SpectroCoin's Java client sends them, with a handful of a proxy's headers. No relay exists to
    take after."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "User-Agent: Apache-HttpClient/4.5.13 (Java/11.0.20)\r\nAccept: */*\r\n"
        "Accept-Encoding: gzip,deflate\r\nX-Forwarded-For: 198.51.100.7\r\n"
        "X-Forwarded-Proto: https\r\nX-Request-Id: 5c1f0a52-5f0e-4a1d-9a41-0d6c2f6f7a10\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: %d\r\n\r\n"
    ).encode()
    return [head % len(body) + body for body in bodies]


def is_whole(answer: bytes) -> bool:
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    length = _LENGTH.search(answer, 0, end + 2)
    if length is None:  # chunked: what Django leaves to the server without its middleware
        return answer.endswith(b"\r\n0\r\n\r\n")
    return len(answer) == end + 4 + int(length.group(1))


class Line:
    """One kept connection and the request that is under way on it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer, self.sent_at = b"", 0.0

    def send(self, request: bytes) -> None:
        self.answer, self.sent_at = b"", perf_counter()
        self.socket.sendall(request)


def run(port: int, messages: list[bytes]) -> tuple[float, Counter[int], list[float]]:
    """Seconds, statuses, and each request's seconds. Raises ConnectionError on a closed line."""
    lines = {line.socket.fileno(): line for line in (Line(port) for _ in range(CONNECTIONS))}
    waiting, statuses, latencies = iter(messages), Counter[int](), list[float]()
    poll = select.epoll()
    started = perf_counter()
    under_way = 0
    for (number, line), message in zip(lines.items(), waiting, strict=False):
        poll.register(number, select.EPOLLIN)
        line.send(message)
        under_way += 1
    while under_way:
        ready = poll.poll(60)
        if not ready:
            raise TimeoutError("no answer for 60 s")
        for number, _ in ready:
            line = lines[number]
            if not (part := line.socket.recv(65536)):
                raise ConnectionError("the server closed a connection")
            line.answer += part
            if not is_whole(line.answer):
                continue
            latencies.append(perf_counter() - line.sent_at)
            statuses[int(line.answer[9:12])] += 1
            if message := next(waiting, b""):
                line.send(message)
            else:
                under_way -= 1
    return perf_counter() - started, statuses, latencies


def main(port: str, path: str, content_type: str, bodies: str, count: str, *flags: str) -> None:
    with Path(bodies).open("rb") as file:
        if "--same" in flags:
            wanted = [next(file).strip()] * int(count)
        else:
            wanted = [line.strip() for line in islice(file, int(count))]
    messages = requests(int(port), path, content_type, wanted)
    seconds, statuses, latencies = run(int(port), messages)
    cuts = statistics.quantiles(latencies, n=100)
    p50, p99 = cuts[49] * 1000, cuts[98] * 1000
    print(json.dumps({"seconds": seconds, "statuses": statuses, "p50": p50, "p99": p99}))


if __name__ == "__main__":
    main(*sys.argv[1:])
