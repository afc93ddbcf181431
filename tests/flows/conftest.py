"""Stories run against the sandbox and the console over real HTTP."""

from collections.abc import Iterator

import pytest
from django.core.servers.basehttp import WSGIServer
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from gateways import accounts
from tests.conftest import SetClock
from tests.relay_world import RelayShop
from tests.store_world import StoreShop
from tests.world import Sandbox, Shop

# Fifty callbacks at once are more than the test server's queue takes; `make run` uses another one.
WSGIServer.request_queue_size = 128


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture
def shop(sandbox: Sandbox, live_server: LiveServer, settings: Settings, clock: SetClock) -> Shop:
    settings.GATEBOOK_URL = live_server.url
    accounts.forget()
    return Shop(sandbox=sandbox, console=live_server.url, clock=clock)


@pytest.fixture
def relay_shop(
    sandbox: Sandbox, live_server: LiveServer, settings: Settings, clock: SetClock
) -> RelayShop:
    settings.GATEBOOK_URL = live_server.url
    accounts.forget()
    return RelayShop(sandbox=sandbox, console=live_server.url, clock=clock)


@pytest.fixture
def store_shop(
    sandbox: Sandbox, live_server: LiveServer, settings: Settings, clock: SetClock
) -> StoreShop:
    settings.GATEBOOK_URL = live_server.url
    accounts.forget()
    return StoreShop(sandbox=sandbox, console=live_server.url, clock=clock)
