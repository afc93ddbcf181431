"""`manage.py read_sms`: one line for each message, or one sentence about a bad file."""

import json
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.gateways.wallet.messages import FOLDER, SAMPLES


def run(path: Path) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("read_sms", str(path), stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_samples_come_out_as_labelled_without_a_database() -> None:
    lines = run(FOLDER / "sms_samples.json")
    assert lines == [
        {
            "id": message["id"],
            "expect": message["expect"],
            "reason": message.get("reject_reason"),
        }
        for message in SAMPLES
    ]


def test_line_is_readable_and_ids_come_back_as_they_were(tmp_path: Path) -> None:
    file = tmp_path / "sms.json"
    entries = [{"id": 7, "sender": "x", "text": "مرحبا"}, {"id": "ي", "sender": "", "text": ""}]
    file.write_text("\ufeff" + json.dumps(entries), encoding="utf-8")
    assert [line["id"] for line in run(file)] == [7, "ي"]
    out = StringIO()
    call_command("read_sms", str(file), stdout=out)
    assert "ي" in out.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "is not JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b"{}", "must hold a list"),
        (b"[" * 100_000, "is not JSON"),
        (b"[1]", "Entry 1 is not an object"),
        (b'[{"id": 1, "text": "x"}]', 'Entry 1 needs "sender"'),
        (b'[{"id": 1, "sender": "x", "text": null}]', 'Entry 1 needs "text"'),
        (b'[{"sender": "x", "text": "x"}]', 'Entry 1 needs an "id"'),
        (
            b'[{"id": 1, "sender": "x", "text": "x"},'
            b'{"id": 2, "sender": "x", "text": "x", "received_at": "12 August"}]',
            'Entry 2: write "received_at" with date, time and offset',
        ),
        (b'[{"id": 1, "sender": "x", "text": "x", "received_at": 5}]', "Entry 1: write"),
    ],
)
def test_bad_file_is_told_in_a_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "sms.json"
    file.write_bytes(content)
    out = StringIO()
    with pytest.raises(CommandError, match=words):
        call_command("read_sms", str(file), stdout=out)
    assert out.getvalue() == ""


def test_screen_without_arabic_letters_gets_them_escaped(tmp_path: Path) -> None:
    file = tmp_path / "sms.json"
    file.write_text('[{"id": "ي", "sender": "x", "text": "", "received_at": ""}]', encoding="utf-8")
    screen = TextIOWrapper(BytesIO(), encoding="ascii", write_through=True)
    call_command("read_sms", str(file), stdout=screen)
    assert json.loads(screen.buffer.getvalue())["id"] == "ي"


def test_missing_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be opened"):
        run(tmp_path / "none.json")
