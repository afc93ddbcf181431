"""The labelled messages: what was published, and what was written to try the reader."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

Message = dict[str, Any]

FOLDER = Path(__file__).resolve().parents[2] / "payloads" / "wallet"


def load(name: str) -> list[Message]:
    found: list[Message] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return found


SAMPLES = load("sms_samples.json")
HELD_OUT = load("held_out.json")
RECEIPTS = [message for message in SAMPLES if message["expect"]]


def received_at(message: Message) -> datetime | None:
    stamp = message.get("received_at")
    return datetime.fromisoformat(stamp) if stamp else None
