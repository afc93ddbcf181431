#!/usr/bin/env python3
"""Django's command line; `up` first makes sure there is a configuration to load."""

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

from config.env_file import ensure_env_file, follow_port

ROOT = Path(__file__).resolve().parent


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["up"]:
        # Here and not in the command: settings refuse to load without these keys.
        if ensure_env_file(ROOT, os.environ):
            print("Made .env with new keys. Keep it: only it opens the secrets stored from now on.")
        follow_port(ROOT, os.environ)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
