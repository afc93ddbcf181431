"""Headless Chromium against the console as `make run` starts it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, sync_playwright

from tests.environment import ROOT
from tests.world import free_port

CHROMIUM = shutil.which("chromium")
PASSWORD = "correct-horse-battery-staple"
# Without these Chromium calls home at every start, and waits for it.
QUIET = (
    "--no-sandbox --disable-gpu --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()


@dataclass(frozen=True)
class Running:
    console: str
    sandbox: str


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The web server, the worker and the sandbox, with storage of their own."""
    folder = tmp_path_factory.mktemp("running")
    port, sandbox_port = free_port(), free_port()
    addresses = Running(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox_port}")
    environ = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder / 'gatebook.sqlite3'}",
        "SANDBOX_DB": str(folder / "sandbox.sqlite3"),
        "GATEBOOK_URL": addresses.console,
        "GATEBOOK_PORT": str(port),
        "SANDBOX_PORT": str(sandbox_port),
        "GATEBOOK_ADMIN_PASSWORD": PASSWORD,
    }
    log = (folder / "log.txt").open("w")
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up"], cwd=ROOT, env=environ, stdout=log, stderr=log
    )
    try:
        wait_for(f"{addresses.console}/readyz", process, folder / "log.txt")
        yield addresses
    finally:
        process.terminate()
        process.wait(timeout=40)


def wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Ready means that a worker has drained, too."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(url, timeout=5).status_code == 200:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.3)
    raise AssertionError(f"the console did not start:\n{log.read_text()[-3000:]}")


# Not for the whole session: while it is open, Django takes this thread for an asynchronous one.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()
