"""Several programs under one terminal: start them, show what they say, stop them together."""

import contextlib
import errno
import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from io import TextIOBase
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Longer than a web request or an idle queue needs. A queue cluster that lost a worker never
# ends by itself (github.com/django-q2/django-q2/issues/23), so somebody must end the waiting.
STOP_SECONDS = 20
START_SECONDS = 30
POLL_SECONDS = 0.1
COLOURS = (33, 36, 35, 32)  # yellow, cyan, magenta, green: in the order of starting


class ProgramFailed(Exception):
    """A program ended by itself, or did not begin to answer. The text says which, and how."""


class StopRequested(Exception):
    """Ctrl-C, SIGTERM or a closed terminal."""


def port_problem(port: int, variable: str) -> str | None:
    """Why this loopback port cannot be used, with the variable to change; None if it can."""
    with socket.socket() as probe:
        # As a server would: a connection still winding down does not count, a listener does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            reason = "is taken by another program" if taken else f"cannot be used: {error.strerror}"
            return f"Port {port} {reason}. Set {variable} to a free one."
    return None


def prefixed(name: str, line: bytes, width: int, colour: int | None) -> str:
    """One line of a program's output with its name in front, safe to show in a terminal.

    Logs quote what strangers send; a control character must not reach the terminal.
    """
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    safe = "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)
    label = f"{name:<{width}} |"
    return f"{label} {safe}" if colour is None else f"\x1b[{colour}m{label}\x1b[0m {safe}"


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    process: subprocess.Popen[bytes]
    reader: threading.Thread


class Supervisor:
    """A context: leaving it stops what was started. Signals end the block quietly.

    The first program is the one the others talk to, so it stops last. A signal is noticed
    between two steps of the caller and never inside one: no migration is cut in half.
    """

    def __init__(
        self, out: TextIOBase, names: tuple[str, ...], colour: bool, folder: Path | None = None
    ) -> None:
        self._out = out
        self._names = names
        self._colour = colour
        self._folder = folder
        self._writing = threading.Lock()
        self._programs: list[Program] = []
        self._signals = 0

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if kind is StopRequested:
            self.say("Stopping ...")
        self._stop()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        return kind is StopRequested

    def say(self, text: str) -> None:
        # The output may be gone (a closed terminal); stopping must go on all the same.
        with self._writing, contextlib.suppress(OSError, ValueError):
            self._out.write(f"{text}\n")
            self._out.flush()

    def start(self, name: str, argv: list[str]) -> None:
        self.check()
        # An own session: the terminal's Ctrl-C would hit queue workers in the middle of a task.
        process = subprocess.Popen(
            argv,
            cwd=self._folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        reader = threading.Thread(target=self._show, args=(name, process.stdout), daemon=True)
        self._programs.append(Program(name, process, reader))
        reader.start()

    def check(self) -> None:
        """Raise StopRequested after a signal, ProgramFailed after the death of a program."""
        if self._signals:
            raise StopRequested
        for program in self._programs:
            code = program.process.poll()
            if code is not None:
                how = f"exit code {code}" if code >= 0 else f"killed by signal {-code}"
                raise ProgramFailed(f"{program.name} stopped by itself ({how}).")

    def wait_until_answers(self, name: str, port: int, path: str) -> None:
        """Return at the first HTTP answer, whatever its status, on http://127.0.0.1:port/path."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.check()
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            try:
                connection.request("GET", path)
                connection.getresponse()
            except (OSError, http.client.HTTPException):
                time.sleep(POLL_SECONDS)
            else:
                return
            finally:
                connection.close()
        raise ProgramFailed(f"{name} did not answer on port {port} within {START_SECONDS} s.")

    def watch(self) -> None:
        """Stay until there is a reason to stop; see check()."""
        while True:
            self.check()
            time.sleep(POLL_SECONDS)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    def _show(self, name: str, pipe: IO[bytes]) -> None:
        width = max(map(len, self._names))
        colour = COLOURS[self._names.index(name) % len(COLOURS)] if self._colour else None
        for line in pipe:
            self.say(prefixed(name, line, width, colour))

    def _stop(self) -> None:
        for programs in (self._programs[1:], self._programs[:1]):
            for program in programs:
                # The main process only: it lets its workers finish what they are doing.
                if program.process.poll() is None:
                    program.process.terminate()
            self._wait(programs)
            for program in programs:
                # Whatever is left of it, as of a main process that died before its workers.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(program.process.pid, signal.SIGKILL)
                program.process.wait()
                program.reader.join(timeout=2)

    def _wait(self, programs: list[Program]) -> None:
        """Until all have ended, at most STOP_SECONDS; a second signal ends the waiting."""
        seen = max(self._signals, 1)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and self._signals <= seen:
            if all(program.process.poll() is not None for program in programs):
                return
            time.sleep(POLL_SECONDS)
        for program in programs:
            if program.process.poll() is None:
                self.say(f"{program.name} does not end, killing it.")
