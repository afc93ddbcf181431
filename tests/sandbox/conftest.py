"""One sandbox process for the whole run, reset before each test."""

from collections.abc import Iterator

import pytest

from tests.sandbox.stand_in import Receiver, StandIn, free_port, start, wait_until_up


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = start(port)
    try:
        wait_until_up(url)
        yield url
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.fixture
def sandbox(sandbox_url: str) -> StandIn:
    stand_in = StandIn(sandbox_url)
    stand_in.control("/_sandbox/reset", {})
    return stand_in


@pytest.fixture
def shop() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()
