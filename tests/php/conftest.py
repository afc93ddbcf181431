"""Runs the WHMCS modules under a real PHP, a fresh process per call, included as WHMCS does."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2] / "whmcs"
GATEWAYS = ROOT / "modules" / "gateways"

MISSING = "php is not installed: the WHMCS modules were not tested"
NO_CURL = "PHP has no curl extension (Debian's php-curl): the wallet form was not tested"
PHP_PATH = shutil.which("php")

# Every notice is printed, so that one of them breaks the output a test reads.
LOUD = ("error_reporting=-1", "display_errors=1", "log_errors=0", "html_errors=0")


@dataclass(frozen=True)
class Php:
    path: str

    def run(
        self, arguments: Sequence[str], *, stdin: str = "", ini: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """One php process. ini entries ("name=value") come on top of loud error reporting."""
        flags = [part for entry in (*LOUD, *ini) for part in ("-d", entry)]
        return subprocess.run(
            [self.path, *flags, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def code(
        self, code: str, *, modules: Sequence[Path], given: object = None, ini: Sequence[str] = ()
    ) -> str:
        """What the code printed, run after the modules were included and with $given at hand."""
        harness = (
            "define('WHMCS', true);"
            "$given = json_decode(stream_get_contents(STDIN), true);"
            + "".join(f"require {json.dumps(str(module))};" for module in modules)
        )
        done = self.run(["-r", harness + code], stdin=json.dumps(given), ini=ini)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stderr == ""
        return done.stdout


@dataclass(frozen=True)
class Module:
    """One gateway module of the download.

    name      WHMCS's name of it, which begins its file and all of its functions.
    provider  the console's name of the provider, which goes into the address and the signature.
    title     what merchants and clients read.
    """

    php: Php
    name: str
    provider: str
    title: str

    @property
    def file(self) -> Path:
        return GATEWAYS / f"{self.name}.php"

    def code(
        self, code: str, *, given: object = None, ini: Sequence[str] = (), file: Path | None = None
    ) -> str:
        """As Php.code, with "gateway_" in place of the module's own prefix. `file` is a copy of it."""
        code = code.replace("gateway_", f"{self.name}_")
        return self.php.code(code, modules=[file or self.file], given=given, ini=ini)

    def value(self, expression: str, *, given: object = None, ini: Sequence[str] = ()) -> Any:
        """The value of a PHP expression after the module was included."""
        return json.loads(self.code(f"echo json_encode({expression});", given=given, ini=ini))


@pytest.fixture(scope="session")
def php() -> Php:
    if PHP_PATH is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return Php(PHP_PATH)


@pytest.fixture(scope="session")
def php_with_curl(php: Php) -> Php:
    if php.code("echo json_encode(extension_loaded('curl'));", modules=[]) != "true":
        if os.environ.get("CI"):
            pytest.fail(NO_CURL)
        pytest.skip(NO_CURL)
    return php


@pytest.fixture(scope="session")
def spectrocoin(php: Php) -> Module:
    return Module(php, "spectrocoin", "spectrocoin", "SpectroCoin")


@pytest.fixture(scope="session")
def havenopay(php: Php) -> Module:
    return Module(php, "havenopay", "haveno", "HavenoPay")


@pytest.fixture(scope="session")
def vodafoncash(php: Php) -> Module:
    return Module(php, "vodafoncash", "vodafonecash", "VodafoneCash")


@pytest.fixture(scope="session", params=["spectrocoin", "havenopay"])
def module(request: pytest.FixtureRequest) -> Module:
    """Every module whose form leads to the console, in turn."""
    found: Module = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session", params=["spectrocoin", "havenopay", "vodafoncash"])
def any_module(request: pytest.FixtureRequest) -> Module:
    """Every module in turn."""
    found: Module = request.getfixturevalue(request.param)
    return found
