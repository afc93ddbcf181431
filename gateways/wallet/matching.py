"""Which claim a receipt is for: exactly one, or a person decides.

A reference that the payer typed beats the payer's phone, that beats the name, that an unusual amount.
What the strongest sign says is final: a weaker one is not asked to contradict it. Amounts are exact.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nsmallest
from itertools import accumulate
from typing import Literal

from gateways.wallet.sms.wording import ascii_fold, fold, normalise
from ledger.money import Money

By = Literal["reference", "phone", "name", "amount"]
# One sentence of a reason: its code in gateways/receipts/reasons.py, and what to fill in, as text.
Reason = tuple[str, dict[str, str]]

# Seconds. People also pay first and tell us then; and a payment's message comes when it likes.
EARLY = 30 * 60
GRACE = 10 * 60
# So many claims are shown beside a receipt that none of them fits.
NEAREST = 10
# Banks cut names to a fixed width, so less than a whole name must do; never less than this.
WORDS = 2
LETTERS = 8
_LONGEST = 200
_WORD = re.compile(r"[^\W\d_]+")
_NO_REFERENCE = re.compile(r"[^0-9a-z]+")


def because(code: str, **values: object) -> Reason:
    return code, {name: str(value) for name, value in values.items()}


DECIDE = because("decide")


@dataclass(frozen=True, slots=True)
class Came:
    """Money that a trusted message tells of; never build it from an untrusted one.

    phone   eleven digits as `local_phone` writes them; like the name empty where not told
    moment  when the money was sent, Unix seconds
    """

    amount: Money
    phone: str | None
    name: str | None
    reference: str
    moment: int


@dataclass(frozen=True, slots=True)
class Expected:
    """An open claim.

    phone, name, reference  what the payer told of the payment, empty where nothing
    opened, expires         Unix seconds
    by_amount               its piastres were chosen so that the amount alone tells it
    """

    id: int
    amount: Money
    phone: str | None
    name: str | None
    reference: str
    opened: int
    expires: int
    by_amount: bool


@dataclass(frozen=True, slots=True)
class Match:
    """The one claim, and by which sign it was found."""

    id: int
    by: By


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Claims that fit, in order of id, and why no one is picked: there are several, or it doubts."""

    ids: tuple[int, ...]
    why: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class NoMatch:
    """No claim fits.

    near  claims that a sign speaks for and something against, best first: a person must look. Empty
          where the receipt can wait for its claim; an equal amount alone is no sign.
    """

    why: tuple[Reason, ...]
    near: tuple[int, ...]


def match(came: Came, expected: Sequence[Expected]) -> Match | Ambiguous | NoMatch:
    """Which of the store's open claims this is for. Never raises; their order does not matter.

    expected  at least all claims that share its reference or its phone; for a message without a
              phone, and for unusual amounts, all of its amount. A list cut short may hide a tie.
    """
    claims = [each for each in set(expected) if each.amount.currency == came.amount.currency]
    if came.amount.units <= 0:
        return NoMatch((because("pays_nothing", amount=came.amount), DECIDE), ())
    if referred := [each for each in claims if _same_reference(came, each)]:
        # Whatever else it may fit by: the payer named the transfer.
        hits = [each for each in referred if _pays(came, each)]
        return _decided(came, "reference", hits) if hits else _nothing(came, referred)
    exact = [each for each in claims if each.amount == came.amount]
    in_time = [each for each in exact if _off_by(came, each) == 0]
    if hits := [each for each in in_time if came.phone and each.phone == came.phone]:
        return _decided(came, "phone", hits)
    if not came.phone and (hits := [each for each in in_time if _same_name(came, each)]):
        return _decided(came, "name", hits)
    if came.amount.units % 100 and any(each.by_amount for each in in_time):
        # All of that amount: one that is over or was not meant to be told by it spoils it too.
        return _decided(came, "amount", exact)
    return _nothing(came, [each for each in claims if _same_payer(came, each)])


def _decided(came: Came, by: By, hits: Sequence[Expected]) -> Match | Ambiguous:
    ids = tuple(sorted({each.id for each in hits}))
    if len(hits) > 1:
        several = because("several_fit", count=len(hits), amount=came.amount, by=by)
        return Ambiguous(ids, (several, DECIDE))
    if odd := _contradiction(came, hits[0]):
        return Ambiguous(ids, (because("fits_by", by=by), odd, DECIDE))
    return Match(hits[0].id, by)


def _contradiction(came: Came, claim: Expected) -> Reason | None:
    """What message and claim both tell, and tell differently. Names are spelt in too many ways."""
    if came.phone and claim.phone and came.phone != claim.phone:
        return because("other_phone", phone=came.phone, claimed=claim.phone)
    told, typed = plain_reference(came.reference), plain_reference(claim.reference)
    if told and typed and told != typed:
        return because("other_reference", reference=told, claimed=typed)
    return None


def _nothing(came: Came, signed: Iterable[Expected]) -> NoMatch:
    """`signed` are the claims that name its reference or its payer."""

    def distance(claim: Expected) -> tuple[int, int, int]:
        missing = abs(claim.amount.units - came.amount.units)
        return missing, abs(_off_by(came, claim)), claim.id

    nearest = nsmallest(NEAREST, signed, key=distance)
    if not nearest:
        payer = came.phone or came.name
        nobody = because("nobody_names", amount=came.amount, payer=payer)
        return NoMatch((nobody if payer else because("no_payer", amount=came.amount),), ())
    first = nearest[0]
    near = tuple(dict.fromkeys(each.id for each in nearest))
    return NoMatch((_sign(came, first), _fault(came, first), DECIDE), near)


def _sign(came: Came, claim: Expected) -> Reason:
    if _same_reference(came, claim):
        return because("names_reference")
    same_phone = came.phone and came.phone == claim.phone
    return because("names_payer", payer=came.phone if same_phone else came.name)


def _fault(came: Came, claim: Expected) -> Reason:
    """What speaks against a claim that names its reference or its payer."""
    amounts = {"expected": claim.amount, "came": came.amount}
    if claim.amount > came.amount:
        return because("too_little", missing=claim.amount - came.amount, **amounts)
    if claim.amount < came.amount:
        return because("too_much", surplus=came.amount - claim.amount, **amounts)
    if off := _off_by(came, claim):
        early = off < 0
        hours, minutes = divmod((abs(off) + (EARLY if early else GRACE)) // 60, 60)
        return because("too_early" if early else "too_late", hours=hours, minutes=minutes)
    # Only the name fits: the message tells a phone, so the name decides nothing.
    return _contradiction(came, claim) or because("only_name", phone=came.phone)


def _pays(came: Came, claim: Expected) -> bool:
    return claim.amount == came.amount and _off_by(came, claim) == 0


def _off_by(came: Came, claim: Expected) -> int:
    """Seconds that it came too early (negative) or too late; 0 in time."""
    early, late = came.moment - (claim.opened - EARLY), came.moment - (claim.expires + GRACE)
    return min(early, 0) or max(late, 0)


# --- signs ----------------------------------------------------------------------------------------
def plain_reference(text: str) -> str:
    """A transaction id in the spelling to store and to compare: digits and small Latin letters.

    Zeros in front are a part of it. Empty where nothing is left.
    """
    return _NO_REFERENCE.sub("", ascii_fold(normalise(text[:_LONGEST])))


def _same_reference(came: Came, claim: Expected) -> bool:
    if not (came.reference and claim.reference):
        return False
    told = plain_reference(came.reference)
    return bool(told) and plain_reference(claim.reference) == told


def _same_payer(came: Came, claim: Expected) -> bool:
    return bool(came.phone and claim.phone == came.phone) or _same_name(came, claim)


def _same_name(came: Came, claim: Expected) -> bool:
    return bool(came.name and claim.name) and name_fits(came.name or "", claim.name or "")


def name_fits(told: str, typed: str) -> bool:
    """Whether a message's name, cut or with initials, and the one that somebody typed are one.

    Arabic and Latin letters are not turned into one another: such names never fit.
    """
    message, claim = _words(told), _words(typed)
    return _enough(_cut(message, claim)) or _enough(_with_initials(message, claim))


# A popular price has thousands of names to compare with the one of the message.
@lru_cache(maxsize=10_000)
def _words(name: str) -> tuple[str, ...]:
    letters = unicodedata.normalize("NFKD", normalise(name[:_LONGEST]))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return tuple(_WORD.findall(fold(bare).casefold()))


def _enough(words: Sequence[str]) -> bool:
    whole = [word for word in words if len(word) > 1]
    return len(whole) >= WORDS or sum(map(len, whole)) >= LETTERS


def _cut(message: Sequence[str], claim: Sequence[str]) -> Sequence[str]:
    """The words of the shorter name where the longer one begins with it, blanks aside."""
    told, typed = "".join(message), "".join(claim)
    if typed.startswith(told):
        return message
    # A bank cuts anywhere; people leave out whole names.
    ends = accumulate(map(len, message))
    return claim if told.startswith(typed) and len(typed) in ends else ()


def _with_initials(message: Sequence[str], claim: Sequence[str]) -> Sequence[str]:
    """The words that both have, if all others are initials: RANIA H SAMPLE, as wallets print it."""
    shared: list[str] = []
    for place, (told, typed) in enumerate(zip(message, claim, strict=False)):
        if told == typed or (place == len(message) - 1 and typed.startswith(told)):
            shared.append(told)
        elif not (place and 1 in (len(told), len(typed)) and told[0] == typed[0]):
            return ()
    return shared
