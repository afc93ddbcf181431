"""The pieces that templates are written with, each of bounded length.

In a template a blank stands for a blank or a line break, " ?" for one that may be missing, and
{name} for a slot below. Everything else is a regular expression over the folded text.
"""

# ruff: noqa: RUF001 -- it is Arabic, and not Latin letters that look odd.

import re

from gateways.wallet.sms.wording import fold

BLANK = r"[ \n]"
# A number is whole: no digit, point or comma hangs on to it, and commas stand at thousands.
NUMBER = (
    r"(?<![0-9.,])(?:[1-9][0-9]{0,2}(?:,[0-9]{3}){1,3}|0|[1-9][0-9]{0,8})(?:\.[0-9]{1,2})?"
    r"(?![0-9])(?![.,][0-9])"
)
POUNDS = (
    r"(?:جنيها?(?:[ \n]مصري)?|ج[ \n]?\.?[ \n]?م|ج|egp|l\.?e|e\.g\.p)(?![^\W\d_])(?:\.(?![0-9]))?"
)
_LETTER = r"[^\W\d_]"
_NAME = rf"{_LETTER}(?:{_LETTER}|[ \n.'’*&/-]){{0,59}}?"
# Whole, or in blocks of the usual lengths: any other gap may be where a number was cut.
_MOBILE = (
    r"(?<![0-9])(?:(?:\+20|0020|20)?0?1[0125][0-9]{8}"
    r"|(?:(?:\+20|0020|20)[ -]?0?|0)1[0125](?:[0-9][ -][0-9]{3}|[ -][0-9]{4})[ -][0-9]{4})(?![0-9])"
)
_MASK = r"(?:[0-9]{4,6}(?=[*x]))?[*x]{0,16}"
_TIME = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?![0-9])"
_YEAR = r"(?P<year>20[0-9]{2})(?![0-9])"
_SHORT_YEAR = r"(?P<year>[0-9]{2})(?![0-9])"
_DAY = r"(?P<day>[0-9]{2})(?![0-9])"
_MONTH = r"(?P<month>[0-9]{2})(?![0-9])"

SLOTS = {
    "pounds": POUNDS,
    "amount": rf"(?:{POUNDS}[ \n]?(?P<amount>{NUMBER})|(?P<amount2>{NUMBER})[ \n]?{POUNDS})",
    # Two banks' messages leave the currency out.
    "bare_amount": rf"(?P<amount>{NUMBER})(?:[ \n]?{POUNDS})?",
    "balance": rf"(?:{POUNDS}[ \n]?)?(?P<balance>{NUMBER})(?P<unit>[ \n]?{POUNDS})?",
    "phone": rf"(?P<phone>{_MOBILE})",
    "own_phone": rf"(?P<own_phone>{_MOBILE})",
    "name": rf"(?P<name>{_NAME})",
    # InstaPay shows a payer's address where he gave himself one.
    "payee": rf"(?P<name>{_NAME}|[a-z0-9][a-z0-9._-]{{0,49}}@instapay)",
    "last4": rf"{_MASK}(?P<last4>[0-9]{{4}})(?![0-9*])",
    # References are of one length per layout: a shorter one was cut off.
    "ref12": r"(?P<reference>[0-9]{12})(?![0-9])",
    "ref10": r"(?P<reference>[0-9]{10})(?![0-9])",
    "ref8": r"(?P<reference>[0-9]{8})(?![0-9])",
    "hex8": r"(?P<reference>[0-9a-f]{8})(?![0-9a-z])",
    # Twelve digits or eight of hex; eight digits at the very end may be the start of twelve.
    "bank_ref": (
        r"(?P<reference>[0-9]{12}(?![0-9])"
        r"|(?=[0-9]{0,7}[a-f])[0-9a-f]{8}(?![0-9a-z])|[0-9]{8}(?=[ \n.]{1,2}[^ \n.]))"
    ),
    "time": _TIME,
    "month_day": rf"{_MONTH}-{_DAY}",
    "day_month": rf"{_DAY}/{_MONTH}",
    "dmy": rf"{_DAY}-{_MONTH}-{_YEAR}",
    "dmy_slash": rf"{_DAY}/{_MONTH}/{_YEAR}",
    "dmy_any": rf"{_DAY}(?P<by>[/-]){_MONTH}(?P=by)(?P<year>(?:20)?[0-9]{{2}})(?![0-9])",
    "iso": rf"{_YEAR}-{_MONTH}-{_DAY}",
    "ymd_short": rf"{_SHORT_YEAR}-{_MONTH}-{_DAY}",
    "dmy_dash_short": rf"(?P<either>){_DAY}-{_MONTH}-{_SHORT_YEAR}",
    "half": r"(?P<half>am|pm)(?![a-z])",
    "english_date": (
        r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
        r"|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)[ \n]"
        r"(?P<day>[0-9]{1,2}),[ \n](?P<year>20[0-9]{2}),?[ \n]"
        r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})[ \n]?"
        r"(?P<half>am|pm)"
    ),
}

_SLOT = re.compile(r"\{([a-z_]+[0-9]*)\}")


def written(pattern: str) -> re.Pattern[str]:
    """A template's text as a pattern for `match` and `search` over folded text."""
    text = fold(pattern).replace(" ", BLANK)
    filled = _SLOT.sub(lambda slot: SLOTS[slot[1]], text)
    return re.compile(filled, re.IGNORECASE | re.DOTALL)


def whole_words(words: str) -> str:
    """A pattern for any of these words, with the and, so, by, for and the that Arabic writes on."""
    return r"(?<![^\W_])[وفبل]{0,2}(?:ال)?(?:" + "|".join(words.split()) + r")(?![^\W_])"
