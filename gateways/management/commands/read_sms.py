"""Try wallet messages: what the console reads in each, without keeping anything."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateways.wallet.sms import CAIRO, Receipt, read


class Command(BaseCommand):
    help = (
        "Read a JSON list of {id, sender, text, received_at?} and print one JSON object for each:"
        " {id, expect, reason}. `expect` is what a receipt says, or null with the reason why it is"
        " none. Nothing is stored; no database is needed."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="JSON file in UTF-8")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        encoding = getattr(self.stdout, "encoding", None) or "utf-8"
        plain = encoding.lower() not in ("utf-8", "utf8")
        for entry in [checked(number, each) for number, each in enumerate(load(file), start=1)]:
            outcome = read(entry["sender"], entry["text"], entry["received_at"])
            line = {
                "id": entry["id"],
                "expect": outcome.labelled() if isinstance(outcome, Receipt) else None,
                "reason": None if isinstance(outcome, Receipt) else outcome.reason,
            }
            # A lone half of a character in an id has no UTF-8.
            text = json.dumps(line, ensure_ascii=plain).encode("utf-8", "replace")
            self.stdout.write(text.decode())


def load(file: str) -> list[Any]:
    try:
        entries = json.loads(Path(file).read_text(encoding="utf-8-sig"))
    except OSError as problem:
        raise CommandError(f"{file} cannot be opened: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise CommandError(f"{file} is not text in UTF-8; save it as UTF-8.") from None
    except (ValueError, RecursionError) as problem:
        raise CommandError(f"{file} is not JSON: {problem}.") from None
    if not isinstance(entries, list):
        raise CommandError(f"{file} must hold a list: [{{id, sender, text}}, ...].")
    return entries


def checked(number: int, entry: Any) -> dict[str, Any]:
    """The entry with `received_at` as a moment or None. CommandError says which one is wrong."""
    if not isinstance(entry, dict):
        raise CommandError(f"Entry {number} is not an object with id, sender and text.")
    for name in ("sender", "text"):
        if not isinstance(entry.get(name), str):
            raise CommandError(f'Entry {number} needs "{name}", as text.')
    if not isinstance(entry.get("id"), str | int):
        raise CommandError(f'Entry {number} needs an "id", as text or a whole number.')
    return {**entry, "received_at": stamp(number, entry.get("received_at"))}


def stamp(number: int, value: Any) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None:
        raise CommandError(
            f'Entry {number}: write "received_at" with date, time and offset, like'
            " 2026-08-12T10:39:02+03:00."
        )
    # Without an offset it is what the phone's own clock showed.
    return moment if moment.tzinfo else moment.replace(tzinfo=CAIRO)
