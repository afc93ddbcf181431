"""How rows are put before a person: chips, times, links, and the parts of an object's page.

Everything here escapes what it is given; nothing marks data as safe.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import zip_longest
from zoneinfo import ZoneInfo

from django.db.models import Model
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeData, SafeString
from django.utils.translation import get_language_bidi

from ledger.admin.verbs import told
from ledger.models import AuditEvent
from ledger.money import Money

Text = str | Promise
GOOD, BUSY, WARN, BAD, QUIET = "good", "busy", "warn", "bad", "quiet"
_ICONS = {GOOD: "✓", BUSY: "↻", WARN: "?", BAD: "!", QUIET: "·"}
# Latin letters and digits, with what stands between them.
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_LATIN = re.compile(r"[+@#]?[A-Za-z0-9…•](?:[A-Za-z0-9 .,:;+/@#&=%…•_'-]*[A-Za-z0-9…•%])?")


@dataclass(frozen=True, slots=True)
class Chip:
    """A status as word, colour and sign, so that none of them is needed alone."""

    word: Text
    tone: str

    @property
    def icon(self) -> str:
        return _ICONS[self.tone]

    def __str__(self) -> str:
        return format_html(
            '<span class="chip chip-{}"><span aria-hidden="true">{}</span> {}</span>',
            self.tone,
            self.icon,
            str(self.word).partition(":")[0],
        )

    __html__ = __str__


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a page's facts; `copy` offers to copy the value."""

    label: Text
    value: object
    help: Text = ""
    copy: bool = False
    lines: bool = False


@dataclass(frozen=True, slots=True)
class Raw:
    """Text kept as it came, shown in a fixed font behind a heading."""

    title: Text
    text: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of a story."""

    at: str
    who: str
    text: Text
    chip: Chip | None = None
    more: str = ""
    raw: tuple[Raw, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    title: Text
    rows: list[tuple[object, ...]]
    head: tuple[Text, ...] = ()
    help: Text = ""

    @property
    def labelled(self) -> list[list[tuple[Text, object]]]:
        """Each row's cells with the names of their columns, which narrow screens repeat."""
        return [list(zip_longest(self.head, row, fillvalue="")) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Facts:
    """A box of facts; `figures` lines amounts up at the end, to compare them."""

    title: Text
    facts: list[Fact]
    help: Text = ""
    figures: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """What stands above the fields of an object: first in one sentence, then in order.

    way_out  what a person should do, where something must be done.
    """

    sentence: Text
    tone: str = QUIET
    way_out: Text = ""
    facts: list[Facts] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    raw: list[Raw] = field(default_factory=list)


def zone(name: str) -> ZoneInfo | type[UTC]:  # type: ignore[valid-type]
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return UTC  # type: ignore[return-value]


def moment(at: datetime | None, zone_name: str) -> str:
    """The merchant's own time, with its offset: 2026-11-21 12:33:07+02:00."""
    if at is None:
        return ""
    return at.astimezone(zone(zone_name)).isoformat(sep=" ", timespec="seconds")  # type: ignore[arg-type]


def money(amount: Money | None) -> SafeString | str:
    return format_html('<span class="money">{}</span>', str(amount)) if amount else ""


def two_lines(first: object, second: object) -> SafeString:
    """A cell of a list: what counts, and quietly under it what explains it."""
    return (
        format_html('{}<span class="quiet under">{}</span>', first, second)
        if second
        else format_html("{}", first)
    )


def address(row: Model, action: str = "change") -> str:
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{action}", args=(row.pk,))


def link(row: Model | None, text: str = "") -> SafeString | str:
    if row is None:
        return ""
    return format_html('<a href="{}">{}</a>', address(row), isolated(text or str(row)))


def listing(model: type[Model], **lookups: object) -> str:
    """The address of a list, filtered."""
    meta = model._meta
    query = "&".join(f"{name}={value}" for name, value in lookups.items())
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist") + f"?{query}"


def done_by_people(row: Model, zone_name: str) -> list[Step]:
    """What people did to this row, newest first."""
    events = AuditEvent.objects.filter(target=row._meta.label_lower, target_id=row.pk)[:50]
    return [
        Step(moment(event.at, zone_name), event.actor, told(event.verb), more=said(event))
        for event in events
    ]


def said(event: AuditEvent) -> str:
    return "; ".join(filter(None, (event.reason, event.detail)))


def isolated(text: object) -> SafeString | str:
    """In Arabic, with each Latin part kept in its own order: ids, times and amounts would be torn
    apart at their signs, and the full stop of an English sentence would stand before it. Markup
    stays as it is."""
    if not get_language_bidi() or isinstance(text, SafeData) or hasattr(text, "__html__"):
        return text  # type: ignore[return-value]
    plain, at, parts = str(text), 0, list[tuple[str | SafeString]]()
    if not _ARABIC.search(plain):
        return format_html('<bdi dir="ltr">{}</bdi>', plain) if plain else ""
    for latin in _LATIN.finditer(plain):
        parts += [(plain[at : latin.start()],), (format_html("<bdi>{}</bdi>", latin[0]),)]
        at = latin.end()
    return format_html_join("", "{}", [*parts, (plain[at:],)])


def visible(text: str) -> str:
    """The text with every control and direction mark spelled out, so that it cannot mislead."""
    return "".join(_visible(text))


def _visible(text: str) -> Iterable[str]:
    for letter in text:
        if letter.isprintable() or letter in "\n\t":
            yield letter
        else:
            code = ord(letter)
            yield f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
