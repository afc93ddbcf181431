"""`make bench`: webhooks per second that are verified and stored, beside a bare Django view.

    python tests/with_postgres.py python bench/webhooks.py [--rounds 5] [--events 5000]

Both sides run under the web server and the options of `make run`, on the same database, one after
the other in turn; the table shows medians of the rounds, and of each round over its neighbour.
32 kept connections, every event another one, signed before the clock runs. Each 200 must have its
row, else the run fails. Figures belong to the machine that made them: only the ratios travel.

    bare      bench/bare: the signature, Model.objects.create(body=...), no middleware
    Gatebook  config.settings as shipped: gateway looked up, message read strictly, the signature,
              for HavenoPay types and age too, headers kept, the same bytes told from new ones, a
              worker woken
"""

import argparse
import contextlib
import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import psycopg  # noqa: E402

from bench import events, haveno, spectrocoin  # noqa: E402
from bench.events import Kind  # noqa: E402
from config.management.commands.up import web_server  # noqa: E402
from tests.environment import CONFIGURATION  # noqa: E402
from tests.with_postgres import free_port  # noqa: E402

KINDS = (spectrocoin.KIND, haveno.KIND)
WARM_UP = 500
# What the server's two processes may keep of refused messages, in a flood over two minutes' turn.
REFUSALS_KEPT = 2 * 2 * 10


@dataclass(frozen=True)
class Round:
    """One measurement, as bench/load.py prints it."""

    seconds: float
    statuses: dict[str, int]
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        return sum(self.statuses.values()) / self.seconds


@dataclass(frozen=True)
class Side:
    """A running server under test. `rows` and `arrivals` are SQL: how many rows there are, and how
    many messages they stand for. `paths` are by the provider's slug."""

    name: str
    port: int
    paths: dict[str, str]
    rows: str
    arrivals: str


class Database:
    """Counts past Django, and says what it is."""

    def __init__(self, url: str) -> None:
        self.url = url

    def one(self, sql: str) -> str:
        if self.url.startswith("sqlite"):
            with contextlib.closing(sqlite3.connect(urlsplit(self.url).path)) as file:
                found = file.execute(sql).fetchone()
        else:
            with psycopg.connect(self.url) as server:
                found = server.execute(sql.encode()).fetchone()
        return str(found[0]) if found else ""

    def title(self) -> str:
        if self.url.startswith("sqlite"):
            mode = self.one("PRAGMA journal_mode").upper()
            return f"SQLite {sqlite3.sqlite_version}, {mode}, synchronous=FULL"
        version, fsync = self.one("SHOW server_version"), self.one("SHOW fsync")
        commit = self.one("SHOW synchronous_commit")
        return f"PostgreSQL {version.split()[0]}, fsync {fsync}, synchronous_commit {commit}"


def python(*arguments: str, environ: dict[str, str]) -> str:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().strip()


@contextlib.contextmanager
def serving(application: str, log: Path, environ: dict[str, str]) -> Iterator[int]:
    """The port of a web server with the options of `make run`."""
    port = free_port()
    command = [*web_server(port)[:-1], application]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=out, stderr=out)
        try:
            wait_for(port, process, log)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    sys.exit(f"the server did not start:\n{log.read_text(errors='replace')[-2000:]}")


class Bench:
    def __init__(self, rounds: int, events_a_round: int, folder: Path) -> None:
        self.rounds, self.events, self.folder = rounds, events_a_round, folder
        self.genuine, self.forged = folder / "genuine", folder / "forged"
        self.environ = {**os.environ, **CONFIGURATION}
        self.private_keys: dict[str, str] = {}
        for kind in KINDS:
            self.private_keys[kind.slug], self.environ[kind.variable] = kind.new_key_pair()

    def sign(self, kind: Kind, count: int) -> None:
        """New events. Not all of them ahead: HavenoPay's are good for five minutes."""
        key = self.private_keys[kind.slug]
        events.write(self.genuine, kind, key, count, int(time.time()))

    def load(
        self, port: int, path: str, kind: Kind, count: int, *flags: str, bodies: Path | None = None
    ) -> Round:
        where = (str(port), path, kind.content_type, str(bodies or self.genuine), str(count))
        return Round(**json.loads(python("-m", "bench.load", *where, *flags, environ=self.environ)))

    def ceiling(self) -> None:
        """What this load reaches where there is nothing to do."""
        bare = {**self.environ, "DJANGO_SETTINGS_MODULE": "bench.bare.settings"}
        kind = KINDS[0]
        self.sign(kind, self.events)
        with serving("bench.bare.wsgi:hello", self.folder / "hello.log", bare) as port:
            self.load(port, "/", kind, self.events)
            done = self.load(port, "/", kind, self.events)
        print(f"The load itself: {done.rate:,.0f} requests/s against a WSGI greeting")

    def on(self, database_url: str) -> None:
        environ = {**self.environ, "DATABASE_URL": database_url}
        tokens: dict[str, str] = json.loads(python("-m", "bench.product", environ=environ))
        bare = {**environ, "DJANGO_SETTINGS_MODULE": "bench.bare.settings"}
        python("-m", "django", "migrate", "--run-syncdb", "-v", "0", environ=bare)
        with (
            serving("bench.bare.wsgi:application", self.folder / "bare.log", bare) as bare_port,
            serving("config.wsgi:application", self.folder / "ours.log", environ) as our_port,
        ):
            rows = "SELECT count(*) FROM bare_message"
            paths = {slug: f"/{slug}/{token}/" for slug, token in tokens.items()}
            floor = Side("bare view", bare_port, paths, rows, rows)
            rows = "SELECT count(*) FROM gateways_callback"
            arrivals = "SELECT coalesce(sum(times), 0) FROM gateways_callback"
            paths = {slug: f"/webhooks/{token}/" for slug, token in tokens.items()}
            ours = Side("Gatebook", our_port, paths, rows, arrivals)
            database = Database(database_url)
            print(f"\n{database.title()}")
            for kind in KINDS:
                self.compare(database, kind, floor, ours)

    def compare(self, database: Database, kind: Kind, bare: Side, ours: Side) -> None:
        print(f"  {kind.title}")
        print(f"  {'':26}{'per second':>11}{'lowest':>9}{'highest':>9}{'p50 ms':>9}{'p99 ms':>9}")
        self.sign(kind, WARM_UP)
        for side in (bare, ours):
            self.accepted(database, kind, side, WARM_UP)
        fresh: dict[str, list[Round]] = {bare.name: [], ours.name: []}
        again: dict[str, list[Round]] = {bare.name: [], ours.name: []}
        for _ in range(self.rounds):
            self.sign(kind, self.events)
            for side in (bare, ours):
                fresh[side.name].append(self.accepted(database, kind, side, self.events))
        for _ in range(self.rounds):
            for side in (bare, ours):
                again[side.name].append(self.redelivered(database, kind, side))
        flood, kept = self.refused(database, kind, ours)
        show("events, bare view", fresh[bare.name])
        show("events, Gatebook", fresh[ours.name])
        ratio("Gatebook / bare view", fresh[ours.name], fresh[bare.name])
        show("one event again, bare view", again[bare.name])
        show("one event again, Gatebook", again[ours.name])
        ratio("Gatebook / bare view", again[ours.name], again[bare.name])
        show("bad signatures, Gatebook", [flood])
        print(f"  {'':26}{kept} of {self.events:,} kept as rows", flush=True)

    def accepted(self, database: Database, kind: Kind, side: Side, count: int) -> Round:
        """New events; each answer of 200 has a row of its own."""
        before = int(database.one(side.rows))
        done = self.load(side.port, side.paths[kind.slug], kind, count)
        stored = int(database.one(side.rows)) - before
        if done.statuses != {"200": count} or stored != count:
            sys.exit(f"{side.name}: answered {done.statuses}, stored {stored} rows")
        return done

    def redelivered(self, database: Database, kind: Kind, side: Side) -> Round:
        """One known event over and over: counted each time, and in our case not stored again."""
        rows, arrivals = int(database.one(side.rows)), int(database.one(side.arrivals))
        done = self.load(side.port, side.paths[kind.slug], kind, self.events, "--same")
        arrived = int(database.one(side.arrivals)) - arrivals
        new = int(database.one(side.rows)) - rows if side.rows != side.arrivals else 0
        if done.statuses != {"200": self.events} or arrived != self.events or new:
            sys.exit(f"{side.name}: answered {done.statuses}, counted {arrived}, {new} new rows")
        return done

    def refused(self, database: Database, kind: Kind, side: Side) -> tuple[Round, int]:
        """A flood of bad signatures, and how many of them were kept."""
        events.write_forged(self.forged, kind, self.genuine)
        before = int(database.one(side.rows))
        done = self.load(side.port, side.paths[kind.slug], kind, self.events, bodies=self.forged)
        kept = int(database.one(side.rows)) - before
        if done.statuses != {str(kind.refused): self.events} or kept > REFUSALS_KEPT:
            sys.exit(f"{side.name}: answered {done.statuses}, stored {kept} rows")
        return done, kept


def median(rounds: list[Round], figure: str) -> float:
    found: float = statistics.median(getattr(each, figure) for each in rounds)
    return found


def show(name: str, rounds: list[Round]) -> None:
    lowest, highest = min(each.rate for each in rounds), max(each.rate for each in rounds)
    rates = f"{median(rounds, 'rate'):11,.0f}{lowest:9,.0f}{highest:9,.0f}"
    print(f"  {name:26}{rates}{median(rounds, 'p50'):9.1f}{median(rounds, 'p99'):9.1f}")


def ratio(name: str, ours: list[Round], bare: list[Round]) -> None:
    """The median of each round over its neighbour: what else the machine does drops out."""
    rate, p50, p99 = (
        statistics.median(
            getattr(mine, figure) / getattr(theirs, figure)
            for mine, theirs in zip(ours, bare, strict=True)
        )
        for figure in ("rate", "p50", "p99")
    )
    print(f"  {name:26}{rate:10.2f}x{'':18}{p50:8.2f}x{p99:8.2f}x", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Webhooks per second beside a bare Django view.")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each side")
    parser.add_argument("--events", type=int, default=5000, help="webhooks in each")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gatebook-bench-") as name:
        bench = Bench(options.rounds, options.events, Path(name))
        bench.ceiling()
        bench.on(os.environ["DATABASE_URL"])
        bench.on(f"sqlite:///{name}/bench.sqlite3")


if __name__ == "__main__":
    main()
