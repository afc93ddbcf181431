"""`manage.py up`: from a bare folder to a running console, and back to nothing."""

import base64
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from config import supervisor
from config.env_file import ensure_env_file, follow_port
from config.supervisor import ProgramFailed, Supervisor, port_problem, prefixed
from tests.environment import CONFIGURATION, ROOT

READY = "Ctrl-C stops everything."
NOT_PART_OF_THE_PROJECT = (".*", "__pycache__", "var")


def values(root: Path) -> dict[str, str]:
    lines = (root / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


# --- .env -----------------------------------------------------------------------------------


def test_env_file_is_made_with_keys_only_its_owner_can_read(tmp_path: Path) -> None:
    assert ensure_env_file(tmp_path, {"GATEBOOK_PORT": "9000"})

    made = values(tmp_path)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert len(base64.urlsafe_b64decode(made["GATEBOOK_KEYS"])) == 32
    assert len(made["SECRET_KEY"]) >= 50
    assert made["GATEBOOK_URL"] == "http://127.0.0.1:9000"
    assert list(tmp_path.iterdir()) == [tmp_path / ".env"]


def test_every_env_file_gets_its_own_keys(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    ensure_env_file(tmp_path / "a", {})
    ensure_env_file(tmp_path / "b", {})

    first, second = values(tmp_path / "a"), values(tmp_path / "b")
    assert first["SECRET_KEY"] != second["SECRET_KEY"]
    assert first["GATEBOOK_KEYS"] != second["GATEBOOK_KEYS"]


def test_env_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SECRET_KEY=mine\n")

    assert not ensure_env_file(tmp_path, {})
    assert (tmp_path / ".env").read_text() == "SECRET_KEY=mine\n"


def test_no_env_file_where_the_environment_configures_the_console(tmp_path: Path) -> None:
    assert not ensure_env_file(tmp_path, {"SECRET_KEY": "from the service manager"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("in_file", "environ", "url"),
    [
        ("http://127.0.0.1:8000", {"GATEBOOK_PORT": "9000"}, "http://127.0.0.1:9000"),
        ("http://127.0.0.1:8000", {}, None),
        ("https://pay.example.com", {"GATEBOOK_PORT": "9000"}, None),
        (
            "http://127.0.0.1:8000",
            {"GATEBOOK_PORT": "9000", "GATEBOOK_URL": "http://10.0.0.5"},
            "http://10.0.0.5",
        ),
    ],
)
def test_only_a_loopback_url_follows_the_port_of_this_run(
    tmp_path: Path, in_file: str, environ: dict[str, str], url: str | None
) -> None:
    (tmp_path / ".env").write_text(f"# made\nGATEBOOK_URL={in_file}\n")
    environ = dict(environ)

    follow_port(tmp_path, environ)

    assert environ.get("GATEBOOK_URL") == url


# --- ports ----------------------------------------------------------------------------------


@contextmanager
def listener(host: str = "127.0.0.1") -> Iterator[int]:
    with socket.socket() as server:
        server.bind((host, 0))
        server.listen()
        yield server.getsockname()[1]


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104  that is the case tested
def test_taken_port_is_named_with_the_variable_to_change(host: str) -> None:
    with listener(host) as port:
        assert port_problem(port, "SANDBOX_PORT") == (
            f"Port {port} is taken by another program. Set SANDBOX_PORT to a free one."
        )


def test_port_is_free_again_right_after_its_server_ended() -> None:
    with listener() as port:
        visitor = socket.create_connection(("127.0.0.1", port))
    visitor.close()

    assert port_problem(port, "GATEBOOK_PORT") is None


# --- output ---------------------------------------------------------------------------------


def test_every_line_carries_the_name_of_its_program() -> None:
    assert prefixed("web", b"GET /healthz 200\n", 7, None) == "web     | GET /healthz 200"
    assert prefixed("web", b"hello\r\n", 3, 36) == "\x1b[36mweb |\x1b[0m hello"


def test_control_characters_of_strangers_do_not_reach_the_terminal() -> None:
    line = prefixed("web", b"GET /\x1b[2J\x07\xff\t\xc2\x9b5n 404\n", 3, None)

    assert line == "web | GET /\ufffd[2J\ufffd\ufffd\t\ufffd5n 404"


# --- programs -------------------------------------------------------------------------------


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def alive(pid: int) -> bool:
    """False for a zombie too: it is dead, only nobody has asked yet."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return status != "Z"


def test_dead_program_is_named_and_the_others_are_stopped() -> None:
    out = io.StringIO()
    with (
        pytest.raises(ProgramFailed, match=r"^two stopped by itself \(exit code 3\)\.$"),
        Supervisor(out, ("one", "two"), colour=False) as programs,
    ):
        programs.start("one", python("import os, time; print(os.getpid()); time.sleep(60)"))
        time.sleep(0.5)
        programs.start("two", python("print('oops'); raise SystemExit(3)"))
        programs.watch()

    assert "two | oops\n" in out.getvalue()
    pid = re.search(r"^one \| (\d+)$", out.getvalue(), re.MULTILINE)
    assert pid
    assert not alive(int(pid[1]))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_the_programs_quietly_the_first_one_last(number: signal.Signals) -> None:
    code = """
import signal, sys, time
def bye(number, frame):
    time.sleep(0.3)
    print("bye")
    sys.exit()
signal.signal(signal.SIGTERM, bye)
print("up")
time.sleep(60)
"""
    out = io.StringIO()
    with Supervisor(out, ("one", "two"), colour=False) as programs:
        programs.start("one", python(code))
        programs.start("two", python(code))
        while out.getvalue().count("up") < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), number)
        programs.watch()

    assert out.getvalue().splitlines()[2:] == ["Stopping ...", "two | bye", "one | bye"]


def test_program_that_does_not_end_is_killed_with_its_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.5)
    code = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
os.write(1, f"{os.getpid()}\\n".encode())  # one write, so that the two lines cannot mix
time.sleep(60)
"""
    out = io.StringIO()
    with Supervisor(out, ("hung",), colour=False) as programs:
        programs.start("hung", python(code))
        while out.getvalue().count("\n") < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)
        programs.watch()

    pids = [int(pid) for pid in re.findall(r"hung \| (\d+)", out.getvalue())]
    assert len(pids) == 2
    assert "hung does not end, killing it." in out.getvalue()
    deadline = time.monotonic() + 5
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, pids))


# --- the whole of it ------------------------------------------------------------------------


class Console:
    """A copy of the project in a fresh folder, and one run of `manage.py up` in it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "gatebook"
        shutil.copytree(ROOT, self.root, ignore=shutil.ignore_patterns(*NOT_PART_OF_THE_PROJECT))
        self.port, self.sandbox_port = free_ports(2)
        self.log = folder / "log"

    def environ(self) -> dict[str, str]:
        own = {key: value for key, value in os.environ.items() if key not in CONFIGURATION}
        if own.get("DATABASE_URL", "").startswith("sqlite"):
            del own["DATABASE_URL"]
        return {**own, "GATEBOOK_PORT": str(self.port), "SANDBOX_PORT": str(self.sandbox_port)}

    def up(self) -> "subprocess.Popen[bytes]":
        with self.log.open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=self.root,
                env=self.environ(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @contextmanager
    def running(self) -> Iterator[str]:
        """Its output once all is up. Leaving presses Ctrl-C once and expects a clean end."""
        process = self.up()
        try:
            deadline = time.monotonic() + 90
            while READY not in self.log.read_text():
                assert process.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(0.1)
            yield self.log.read_text()
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 0, self.log.read_text()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=60)

    def processes(self) -> list[str]:
        """Command lines of what still runs in this folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "cwd").readlink() == self.root:
                    found.append((process / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
        return found


def sign_in(port: int, password: str) -> int:
    """The status of signing in as admin: 302 is welcome, 200 is the form again."""
    url = f"http://127.0.0.1:{port}/admin/login/"
    with requests.Session() as session:
        session.trust_env = False
        page = session.get(url, timeout=10)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token, page.text
        form = {"username": "admin", "password": password, "csrfmiddlewaretoken": token[1]}
        return session.post(url, form, timeout=10, allow_redirects=False).status_code


def test_up_runs_everything_ctrl_c_ends_it_and_the_next_run_keeps_the_data(tmp_path: Path) -> None:
    console = Console(tmp_path)

    with console.running() as output:
        password = re.search(r"password (\S+) \(shown this once\)", output)
        assert password, output
        assert sign_in(console.port, password[1]) == 302
        assert requests.get(f"http://127.0.0.1:{console.sandbox_port}/", timeout=10).ok
        assert f"http://127.0.0.1:{console.port}/admin/" in output
    assert console.processes() == []
    assert port_problem(console.port, "GATEBOOK_PORT") is None
    assert port_problem(console.sandbox_port, "SANDBOX_PORT") is None

    keys = (console.root / ".env").read_bytes()
    with console.running() as output:
        assert "password" not in output
        assert sign_in(console.port, password[1]) == 302
    assert (console.root / ".env").read_bytes() == keys


def test_up_with_a_taken_port_says_which_variable_to_change(tmp_path: Path) -> None:
    console = Console(tmp_path)
    with listener() as taken:
        console.sandbox_port = taken
        process = console.up()
        assert process.wait(timeout=60) == 1

    assert console.log.read_text().splitlines()[-1] == (
        f"CommandError: Port {taken} is taken by another program. Set SANDBOX_PORT to a free one."
    )
    assert console.processes() == []
