"""Run a command with a throw-away PostgreSQL behind DATABASE_URL, and remove it afterwards.

    python tests/with_postgres.py pytest tests/ledger

Takes the newest server under /usr/lib/postgresql, else the one of the pg_ctl in PATH. Started
by root it runs the server as the user postgres, since PostgreSQL refuses root. fsync stays on:
figures measured without it would flatter. Exit code: the command's; where there is no
PostgreSQL 0 with one line, or 1 if CI is set. Standard library only.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType

NAME = "gatebook"
START_ATTEMPTS = 3
GRACE_SECONDS = 15


def find_server() -> Path | None:
    """The folder with initdb and pg_ctl, None where PostgreSQL is not installed."""
    installed = [
        path.parent
        for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if path.parent.parent.name.isdigit()
    ]
    if installed:
        return max(installed, key=lambda folder: int(folder.parent.name))
    found = shutil.which("pg_ctl")
    folder = Path(found).resolve().parent if found else None
    return folder if folder and (folder / "initdb").exists() else None


class Server:
    """One PostgreSQL in a temporary folder, on the loopback address and a socket in that folder."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="gatebook-pg-"))
        self._data = self._folder / "data"
        self._user: str | None = None
        if os.geteuid() == 0:
            self._user = "postgres"
            owner = pwd.getpwnam(self._user)
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)

    def start(self) -> str:
        """Its DATABASE_URL, once it answers."""
        self._call(
            "initdb",
            *(f"--pgdata={self._data}", f"--username={NAME}", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        )
        for attempt in range(START_ATTEMPTS):
            port = free_port()
            options = (
                f"-c listen_addresses=127.0.0.1 -c port={port} -c fsync=on"
                f" -c max_connections=200 -c unix_socket_directories={self._folder}"
            )
            try:
                self._call("pg_ctl", "-w", "-t", "60", *self._where(), "-o", options, "start")
                break
            except subprocess.CalledProcessError:
                # Somebody may have taken the port between looking and starting.
                if attempt == START_ATTEMPTS - 1:
                    print(self._log().read_text(errors="replace")[-4000:], file=sys.stderr)
                    raise
        self._call("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", NAME, NAME)
        return f"postgres://{NAME}@127.0.0.1:{port}/{NAME}"

    def remove(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self._call("pg_ctl", "-w", *self._where(), "-m", "immediate", "stop", check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _where(self) -> tuple[str, ...]:
        return ("-D", str(self._data), "-l", str(self._log()))

    def _log(self) -> Path:
        return self._folder / "log"

    def _call(self, program: str, *arguments: str, check: bool = True) -> None:
        # Its own session: Ctrl-C must reach the command first and the server last. The log goes
        # to a file, so nothing here waits for a server that inherited a pipe.
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user else None,
            cwd=self._folder,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        if check:
            done.check_returncode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


Handler = Callable[[int, FrameType | None], None]


def on_signals(handler: Handler | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def run(command: list[str], server: Server) -> int:
    """The command's exit code, as a shell tells it. A signal is handed on; its end is awaited."""
    received: list[int] = []
    process: subprocess.Popen[bytes] | None = None

    def hand_on(number: int, frame: FrameType | None) -> None:
        received.append(number)
        # The terminal has sent its Ctrl-C to the command as well; twice would cut its clean-up.
        if process and not (number == signal.SIGINT and in_foreground()):
            process.send_signal(number)
        signal.alarm(GRACE_SECONDS)

    def give_up(number: int, frame: FrameType | None) -> None:
        if process:
            process.kill()

    on_signals(hand_on)
    signal.signal(signal.SIGALRM, give_up)
    # A signal during the start is noticed after it: half a server is hard to remove.
    database_url = server.start()
    if received:
        return 128 + received[0]
    folders = (str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))
    environ = {**os.environ, "DATABASE_URL": database_url, "PATH": os.pathsep.join(folders)}
    process = subprocess.Popen(command, env=environ)
    code = process.wait()
    signal.alarm(0)
    if received:
        return 128 + received[0]
    return code if code >= 0 else 128 - code


def in_foreground() -> bool:
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False


def main(command: list[str]) -> int:
    if not command:
        print("usage: with_postgres.py COMMAND [ARGUMENT ...]", file=sys.stderr)
        return 2
    programs = find_server()
    if programs is None:
        print(f"Not run, PostgreSQL is not installed (apt-get install postgresql): {command[0]}")
        return 1 if os.environ.get("CI") else 0
    server = Server(programs)
    try:
        return run(command, server)
    finally:
        on_signals(signal.SIG_IGN)
        server.remove()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
