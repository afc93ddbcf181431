"""One spelling for what people, phones and networks spell in many ways.

Arabic and Persian digits, bidi and zero-width marks, tatweel and vowel signs, odd blanks and the
letters that are written with or without hamza all vary between copies of the same message.
"""

# ruff: noqa: RUF001, RUF002 -- it is Arabic, and not Latin letters that look odd.

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

# A receipt has about 700 characters with its advert. Nothing behind this many is looked at.
LONGEST = 2_000

_SAME = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬–—−‐‑：＃", "01234567890123456789.,-----:#")
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u0640\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]+"
)
_VOWEL = "[\u0610-\u061a\u064b-\u065f\u0670]"
_VOWELS = re.compile(_VOWEL)
_LONE_VOWELS = re.compile(rf"(?<![^\W\d_])(?<!{_VOWEL}){_VOWEL}+")
_BLANKS = re.compile(r"\s+")
_BREAK = re.compile("[\n\r\x0b\x0c\x85\u2028\u2029]")
_LETTERS = str.maketrans("أإآٱىیکةھ", "ااااييكهه")
_UPPER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True)
class Copy:
    """The message to show and to take names from, and its folded twin to read."""

    shown: str
    folded: str

    def written(self, start: int, end: int) -> str:
        """A piece of the folded text as it was written: with its vowel signs, which fold drops."""
        if len(self.shown) == len(self.folded):
            return self.shown[start:end]
        places = [place for place, each in enumerate(self.shown) if not _VOWELS.match(each)]
        places.append(len(self.shown))
        return self.shown[places[start] : places[end]]


def normalise(text: str) -> str:
    """ASCII digits and points, no invisible marks, single blanks; letters as they were written.

    A run of blanks with a line break in it becomes one line break: the line ends the sentence.
    """
    visible = _LONE_VOWELS.sub("", _INVISIBLE.sub("", text.translate(_SAME)))
    return _BLANKS.sub(lambda run: "\n" if _BREAK.search(run[0]) else " ", visible).strip()


def fold(text: str) -> str:
    """No vowel signs, أ إ آ as ا, ى as ي, ة as ه: to read and compare, never to show a name."""
    return _VOWELS.sub("", text).translate(_LETTERS)


def copy_of(text: str) -> Copy:
    shown = normalise(text[:LONGEST])
    return Copy(shown, fold(shown))


def ascii_fold(text: str) -> str:
    """Lower case of ASCII letters only: a Cyrillic or Kelvin look-alike stays another letter."""
    return text.translate(_UPPER)


def text_fingerprint(sender: str, text: str, sent_at: datetime | None) -> str:
    """Hex that two forwarders' copies of one message share: sender, wording, sent stamp in seconds.

    For messages that carry no reference. `sent_at` is the network's stamp, never the phone's time
    of receipt, which differs between phones; None where the forwarder does not tell it. Raises
    ValueError for a stamp without a zone.
    """
    stamp = ""
    if sent_at is not None:
        if sent_at.utcoffset() is None:
            raise ValueError("the sent stamp has no time zone")
        stamp = sent_at.astimezone(UTC).replace(microsecond=0).isoformat()
    short = len(text) <= LONGEST
    wording = fold(normalise(text)).replace("\n", " ") if short else text
    parts = (ascii_fold(sender), wording, stamp)
    return sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
