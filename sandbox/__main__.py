"""`python -m sandbox`: read the environment, serve until told to stop."""

import os
import signal
import sqlite3
import sys
import threading

from sandbox.haveno import settings as haveno
from sandbox.server import SandboxServer
from sandbox.spectrocoin import settings as spectrocoin
from sandbox.storage import Storage
from sandbox.web import World
from sandbox.whmcs import demo
from sandbox.whmcs import settings as whmcs

DEFAULT_DB = "var/sandbox.sqlite3"


def main() -> int:
    port_text = os.environ.get("SANDBOX_PORT", "8001")
    if not port_text.isascii() or not port_text.isdigit() or not 0 < int(port_text) < 65536:
        print(f"sandbox: SANDBOX_PORT must be a port number, got {port_text!r}", file=sys.stderr)
        return 1
    port = int(port_text)
    log = os.environ.get("SANDBOX_LOG", "") != "quiet"
    # Unset means the usual file; set but empty means memory, gone with the process.
    path = os.environ.get("SANDBOX_DB", DEFAULT_DB)

    try:
        world = World(Storage(path), f"http://127.0.0.1:{port}")
    except (OSError, sqlite3.Error) as error:
        print(f"sandbox: cannot open SANDBOX_DB {path!r}: {error}", file=sys.stderr)
        return 1
    try:
        server = SandboxServer(port, world, log)
    except OSError as error:
        print(f"sandbox: cannot listen on 127.0.0.1:{port}: {error.strerror}", file=sys.stderr)
        return 1
    with world.storage.change() as db:
        first = whmcs.found(db)
        spectrocoin.found(db)
        haveno.found(db)
        if first:
            demo.create(db)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: world.stopping.set())
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
    serving.start()
    print(f"sandbox: {world.origin}/", flush=True)
    world.stopping.wait()
    server.shutdown()
    serving.join()
    server.server_close()
    world.storage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
