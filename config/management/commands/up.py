"""Everything on this machine with one command: sandbox, database, demo data, web and worker."""

import os
import secrets
import sys
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from config.env_file import DEFAULT_PORT, DEFAULT_SANDBOX_PORT
from config.supervisor import ProgramFailed, Supervisor, port_problem

ADMIN = "admin"
NAMES = ("sandbox", "web", "worker")


class Command(BaseCommand):
    help = (
        "Start the sandbox, the web server and the worker; prepare the database, a first admin "
        "and the demo merchant before. Ctrl-C stops all. Run again, it keeps the data."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        port = read_port("GATEBOOK_PORT", DEFAULT_PORT)
        sandbox_port = read_port("SANDBOX_PORT", DEFAULT_SANDBOX_PORT)
        if port == sandbox_port:
            raise CommandError(f"GATEBOOK_PORT and SANDBOX_PORT are both {port}: change one.")
        for number, variable in ((port, "GATEBOOK_PORT"), (sandbox_port, "SANDBOX_PORT")):
            if problem := port_problem(number, variable):
                raise CommandError(problem)
        # The programs read both from here; the defaults are known to this command only.
        os.environ.update(GATEBOOK_PORT=str(port), SANDBOX_PORT=str(sandbox_port))

        colour = self.stdout.isatty() and "NO_COLOR" not in os.environ
        try:
            with Supervisor(self.stdout, NAMES, colour, settings.BASE_DIR) as programs:
                self.run_everything(programs, port, sandbox_port)
        except ProgramFailed as error:
            raise CommandError(str(error)) from None

    def run_everything(self, programs: Supervisor, port: int, sandbox_port: int) -> None:
        sandbox_url = f"http://127.0.0.1:{sandbox_port}"
        programs.start("sandbox", [sys.executable, "-m", "sandbox"])
        programs.wait_until_answers("sandbox", sandbox_port, "/healthz")

        call_command("migrate", interactive=False, verbosity=0)
        programs.check()
        call_command("collectstatic", interactive=False, verbosity=0)
        programs.check()
        if os.environ.get("GATEBOOK_DEMO", "1") != "0":
            call_command("seed_demo", sandbox=sandbox_url)

        programs.start("web", web_server(port))
        programs.start("worker", [sys.executable, "manage.py", "qcluster"])
        programs.wait_until_answers("web", port, "/admin/login/")

        # Last, so that a password which is shown only once is not lost with a failed start.
        password = create_first_admin()
        programs.say("")
        programs.say(f"  Console  {settings.GATEBOOK_URL}/admin/")
        if password:
            programs.say(f"  Sign in  {ADMIN}, password {password} (shown this once)")
        programs.say(f"  Sandbox  {sandbox_url}/")
        programs.say("  Ctrl-C stops everything.")
        programs.say("")
        connections.close_all()
        programs.watch()


def read_port(variable: str, default: str) -> int:
    text = os.environ.get(variable) or default
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise CommandError(f"{variable} is {text!r}, must be a number from 1 to 65535.")
    return int(text)


def web_server(port: int) -> list[str]:
    """Granian: two processes of four threads, so that a slow page does not hold up a webhook."""
    options = {
        "--interface": "wsgi",
        "--host": "127.0.0.1",
        "--port": str(port),
        "--workers": "2",
        "--blocking-threads": "4",
        "--workers-kill-timeout": "10",
        "--access-log-fmt": "%(method)s %(path)s %(status)d",
    }
    flags = [part for option in options.items() for part in option]
    return [
        sys.executable,
        "-m",
        "granian",
        *flags,
        "--no-ws",
        "--access-log",
        "config.wsgi:application",
    ]


def create_first_admin() -> str | None:
    """Make the user `admin` unless there is a superuser. The password, if it was made up here."""
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return None
    given = os.environ.get("GATEBOOK_ADMIN_PASSWORD")
    password = given or secrets.token_urlsafe(15)
    users.create_superuser(username=ADMIN, password=password)
    return None if given else password
