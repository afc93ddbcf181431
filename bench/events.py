"""What a provider sends, and a file full of it, signed just before the clock runs."""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path


@dataclass(frozen=True)
class Kind:
    """The messages of one provider.

    slug          as in gateways.providers; variable() holds the public key for both sides.
    content_type  of the body.
    refused       the HTTP status by which our door answers a bad signature.
    new_key_pair  the private and the public half as text.
    body          one message from the private half, a number and Unix seconds: for another order
                  each time, without line end.
    forge         a message with another amount, whose signature no longer fits.
    """

    slug: str
    title: str
    content_type: str
    refused: int
    new_key_pair: Callable[[], tuple[str, str]]
    body: Callable[[str, int, int], bytes]
    forge: Callable[[bytes], bytes]

    @property
    def variable(self) -> str:
        return f"BENCH_{self.slug.upper()}_KEY"


def write(path: Path, kind: Kind, private_key: str, count: int, now: int) -> None:
    """One message a line. `now` is Unix seconds."""
    with ProcessPoolExecutor(os.cpu_count()) as signers:
        sign = partial(_signed, kind.body, private_key, now)
        bodies = signers.map(sign, range(count), chunksize=250)
        path.write_bytes(b"".join(each + b"\n" for each in bodies))


def _signed(body: Callable[[str, int, int], bytes], key: str, now: int, number: int) -> bytes:
    return body(key, number, now)


def write_forged(path: Path, kind: Kind, genuine: Path) -> None:
    lines = genuine.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(kind.forge(line) for line in lines))
