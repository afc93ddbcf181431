"""A callback's bytes as something to look at. Nothing here trusts them."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ledger.admin.showing import Raw, Table, visible

FIELDS_SHOWN = 200
HEX_SHOWN_BYTES = 4096
_ROW_BYTES = 16


def shown_body(body: bytes, headers: Mapping[str, str]) -> tuple[list[Table], list[Raw]]:
    """The parts of the body by its content type, then the body as it came."""
    kind = str(headers.get("content-type", "")).partition(";")[0].strip().lower()
    tables: list[Table] = []
    raw: list[Raw] = []
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("utf-8", "backslashreplace")
        raw.append(Raw(_("Body: not UTF-8, so in hexadecimal"), _hex(body), open=True))
    if kind == "application/x-www-form-urlencoded":
        if fields := _form(text):
            head = (_("Field"), _("Value"))
            tables.append(Table(_("Body: the fields of the form"), fields, head))
    elif kind == "application/json" and (pretty := _pretty(text)):
        raw.append(Raw(_("Body: JSON"), pretty, open=True))
    size = len(body)
    title = ngettext("Body as it came: {count} byte", "Body as it came: {count} bytes", size)
    raw.append(Raw(title.format(count=size), visible(text), open=not (tables or raw)))
    return tables, raw


def _form(text: str) -> list[tuple[object, ...]]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_SHOWN)
    except ValueError:
        return []
    return [(visible(name), visible(value)) for name, value in pairs]


def _pretty(text: str) -> str:
    try:
        value = json.loads(text, parse_float=str)
        return visible(json.dumps(value, indent=2, ensure_ascii=False))
    except (ValueError, RecursionError):
        return ""


def _hex(body: bytes) -> str:
    shown = body[:HEX_SHOWN_BYTES]
    lines = [
        f"{at:06x}  {shown[at : at + _ROW_BYTES].hex(' ')}"
        for at in range(0, len(shown), _ROW_BYTES)
    ]
    if more := len(body) - len(shown):
        lines.append(
            ngettext("and {count} byte more", "and {count} bytes more", more).format(count=more)
        )
    return "\n".join(lines)


def header_table(headers: Mapping[str, str]) -> Table:
    rows: list[tuple[object, ...]] = [
        (visible(str(name)), visible(str(value))) for name, value in sorted(headers.items())
    ]
    return Table(_("Headers"), rows, (_("Header"), _("Value")))
