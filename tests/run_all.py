"""Everything `make test` and CI run, one heading per check; non-zero at the end if any failed.

    .venv/bin/python -m tests.run_all

Missing Debian packages are installed where that is possible (root and apt-get). Where it is not,
one line says which tests do not run; with CI set, that is a failure.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from tests.environment import CONFIGURATION, ROOT
from tests.with_postgres import find_server

PYTHON = (sys.executable,)
# The slowest are named, so that a suite that grows shows where.
PYTEST = (*PYTHON, "-m", "pytest", "-q", "--durations=20", "--durations-min=4")
MANAGE = (*PYTHON, "manage.py")
POSTGRES = (*PYTHON, "tests/with_postgres.py")
# What touches no database of ours, or a browser looks at: once is enough.
ONCE = (
    "tests/browser",
    "tests/gateways/oracles",
    "tests/gateways/providers",
    "tests/gateways/wallet",
    "tests/ledger/billing",
    "tests/php",
    "tests/sandbox",
    "tests/test_architecture.py",
)


def missing_packages() -> dict[str, str]:
    """Debian package -> the tests that need it, for each one not installed."""
    present = {
        "postgresql": find_server() is not None,
        "php-cli": shutil.which("php") is not None,
        "php-curl": php_has_curl(),
        "chromium": shutil.which("chromium") is not None,
        "jq": shutil.which("jq") is not None,
        "openssl": shutil.which("openssl") is not None,
    }
    tests = {
        "postgresql": "PostgreSQL",
        "php-cli": "PHP module",
        "php-curl": "PHP module",
        "chromium": "browser",
        "jq": "signed offer",
        "openssl": "signed offer",
    }
    return {package: tests[package] for package, here in present.items() if not here}


def php_has_curl() -> bool:
    php = shutil.which("php")
    if php is None:
        return False
    asked = subprocess.run([php, "-m"], capture_output=True, text=True, check=False)
    return "curl" in asked.stdout.split()


def install(packages: list[str]) -> None:
    """Quietly, by apt-get. What did not work shows when the packages are looked for again."""
    apt = shutil.which("apt-get")
    if not packages or apt is None or os.geteuid() != 0:
        return
    print(f"Installing {', '.join(packages)} ...", flush=True)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        subprocess.run([apt, "-qq", *arguments], env=environ, stdout=subprocess.DEVNULL)


def production() -> dict[str, str]:
    """A complete production configuration, for Django's deployment checks."""
    return {
        "GATEBOOK_MODE": "production",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "GATEBOOK_KEYS": b64encode(secrets.token_bytes(32)).decode(),
        "GATEBOOK_URL": "https://pay.example.com",
        "ALLOWED_HOSTS": "pay.example.com",
        "GATEBOOK_PRIVATE_HOSTS": "",
    }


class Checks:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.failed: list[str] = []
        self._environ = environ
        self._running: list[subprocess.Popen[bytes]] = []
        self._interrupted = False

    def run(self, title: str, *command: str, **variables: str) -> None:
        if self._interrupted:
            return
        print(f"\n=== {title}", flush=True)
        started = time.monotonic()
        self._running = [subprocess.Popen(command, cwd=ROOT, env={**self._environ, **variables})]
        # Waits for the command even on Ctrl-C: it has a database server to take down.
        if self._running[0].wait() != 0:
            self.failed.append(title)
        print(f"    {time.monotonic() - started:.1f} s", flush=True)

    def run_beside(self, first: tuple[str, list[str]], second: tuple[str, list[str]]) -> None:
        """Both at once, since neither uses more than one core; the second is printed at its end."""
        if self._interrupted:
            return
        print(f"\n=== {first[0]}, beside it {second[0]}", flush=True)
        started = time.monotonic()
        with tempfile.TemporaryFile() as kept:
            self._running = [
                subprocess.Popen(first[1], cwd=ROOT, env=self._environ),
                subprocess.Popen(
                    second[1], cwd=ROOT, env=self._environ, stdout=kept, stderr=subprocess.STDOUT
                ),
            ]
            for (title, _), running in zip((first, second), self._running, strict=True):
                if running.wait() != 0:
                    self.failed.append(title)
                print(f"    {title}: {time.monotonic() - started:.1f} s", flush=True)
            kept.seek(0)
            print(f"\n=== {second[0]}\n{kept.read().decode(errors='replace')}", flush=True)

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        self._interrupted = True
        self.failed.append("interrupted")
        # The terminal sends its Ctrl-C to the command too; nobody else hands SIGTERM on.
        if number == signal.SIGTERM:
            for running in self._running:
                running.terminate()


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="gatebook-checks-") as folder:
        database = f"sqlite:///{Path(folder) / 'checks.sqlite3'}"
        checks = Checks({**os.environ, **CONFIGURATION, "DATABASE_URL": database})
        signal.signal(signal.SIGINT, checks.interrupt)
        signal.signal(signal.SIGTERM, checks.interrupt)

        install(list(missing_packages()))
        for package, tests in missing_packages().items():
            print(f"The {tests} tests do not run: {package} is not installed.", flush=True)
            if os.environ.get("CI"):
                checks.failed.append(f"{tests} tests (no {package})")

        checks.run("ruff check", *PYTHON, "-m", "ruff", "check", "--quiet")
        checks.run("ruff format", *PYTHON, "-m", "ruff", "format", "--check", "--quiet")
        checks.run("mypy --strict", *PYTHON, "-m", "mypy", "--strict")
        checks.run("migrations complete", *MANAGE, "makemigrations", "--check", "--dry-run")
        checks.run(
            "deployment checks",
            *(*MANAGE, "check", "--deploy", "--fail-level", "WARNING"),
            **production(),
        )
        if find_server():
            left_out = [f"--ignore={path}" for path in ONCE]
            checks.run_beside(
                ("pytest on SQLite", [*PYTEST]),
                ("pytest on PostgreSQL", [*POSTGRES, *PYTEST, *left_out]),
            )
        else:
            checks.run("pytest on SQLite", *PYTEST)

    print(f"\nFAILED: {'; '.join(checks.failed)}" if checks.failed else "\nAll checks passed.")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
