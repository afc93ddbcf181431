"""From one message to a receipt, or to the reason why it is none.

Nothing is searched for: a template's head matches at the first letter or not at all, and every
value comes from its own slot. Wording that was never seen is refused, for a person to look at.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from gateways.wallet.phones import local_phone
from gateways.wallet.sms.clauses import (
    BETWEEN,
    CLAUSES,
    CLOSING,
    UNREAD_BALANCE,
    UNREAD_DATE,
    UNREAD_LABEL,
    is_start_of_label,
)
from gateways.wallet.sms.codes import is_otp
from gateways.wallet.sms.dates import OddDate, moment
from gateways.wallet.sms.doubts import DOUBT, HARMLESS, NO_NAME, OWN_MONEY
from gateways.wallet.sms.layouts import Template
from gateways.wallet.sms.refusals import (
    MOVES_BALANCE,
    balance_in,
    needs_a_look,
    speaks_of_money,
    undone_reference,
    why_not,
)
from gateways.wallet.sms.senders import wallets_of
from gateways.wallet.sms.slots import written
from gateways.wallet.sms.templates import HEADS, TEMPLATES
from gateways.wallet.sms.wording import LONGEST, Copy, copy_of
from ledger.money import Money, MoneyError

CURRENCY = "EGP"
# A phone number ends the sentence, the line or the message; these begin another.
_OVER = written(
    r"\s?(?:$|[.!؛;]|\n|للمزيد|للمساعدة|تابع كل|تقدر تتابع|دلوقتي|استخدم|for more|https?:)"
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that came in, as the message tells it. What it does not tell is None, never guessed.

    receiver_phone / receiver_last4  the wallet, account or card that was paid: must be the store's
    transaction_id                   as written, with its zeros
    happened                         naive Cairo time
    trusted_sender                   False: anybody can write this; never match it by itself
    captured                         False: wording known from lists only, or its usual end
                                     did not come along; let a person look first
    """

    wallet: str
    template: str
    kind: str
    amount: Money
    sender_phone: str | None
    sender_name: str | None
    receiver_phone: str | None
    receiver_last4: str | None
    balance: Money | None
    transaction_id: str | None
    happened: datetime | None
    trusted_sender: bool
    captured: bool

    def labelled(self) -> dict[str, str | bool | None]:
        """The plain fields that support staff compare: amounts with two decimals, ISO time."""
        return {
            "kind": self.kind,
            "amount": self.amount.amount,
            "currency": self.amount.currency,
            "sender_phone": self.sender_phone,
            "sender_name": self.sender_name,
            "receiver_phone": self.receiver_phone,
            "receiver_last4": self.receiver_last4,
            "balance": self.balance.amount if self.balance else None,
            "transaction_id": self.transaction_id,
            "datetime": self.happened.isoformat() if self.happened else None,
            "trusted_sender": self.trusted_sender,
        }


@dataclass(frozen=True, slots=True)
class Unread:
    """No receipt. `reason` is a key of REASONS, which has the sentence to show.

    looks_like_money  it belongs on the list of unread messages
    balance           what the wallet holds after an outgoing message; only from a trusted sender
    reverses          the reference of the receipt that a reversal takes back
    """

    reason: str
    looks_like_money: bool
    balance: Money | None = None
    reverses: str | None = None
    trusted_sender: bool = False


class Refused(Exception):
    """The head of a template matched and the rest does not bear it out; says a reason."""


def read(sender: str, text: str, received_at: datetime | None) -> Receipt | Unread:
    """What one message says. Never raises for any text; ValueError for a stamp without a zone.

    sender       the id as the phone showed it, unchanged
    received_at  when the phone got it; needed for dates that leave out the year
    """
    if received_at is not None and received_at.utcoffset() is None:
        raise ValueError("the time of receipt has no time zone")
    wallets = wallets_of(sender)
    trusted = bool(wallets)
    copy = copy_of(text)
    if len(text) > LONGEST:
        return Unread("too_long", speaks_of_money(copy.folded), trusted_sender=trusted)
    refused = ""
    for template in TEMPLATES:
        if template.wallet not in wallets if trusted else template.own_senders_only:
            continue
        try:
            receipt = _apply(template, copy, received_at, trusted)
        except Refused as refusal:
            refused = refused or str(refusal)
        else:
            if receipt:
                return receipt
    if refused:
        return Unread(refused, looks_like_money=True, trusted_sender=trusted)
    return _unread(text, copy, trusted)


def _unread(text: str, copy: Copy, trusted: bool) -> Unread:
    reason = "otp" if is_otp(text) else why_not(copy.folded)
    balance = None
    if trusted and reason in MOVES_BALANCE and (found := balance_in(copy.folded)):
        balance = _balance(found["balance"], found["unit"], copy.folded[found.end() :])
    reverses = undone_reference(copy.folded) if reason == "reversal" else None
    return Unread(reason, needs_a_look(reason, copy.folded), balance, reverses, trusted)


def _apply(
    template: Template, copy: Copy, received_at: datetime | None, trusted: bool
) -> Receipt | None:
    """None where the head does not match; Refused where it does and the rest does not."""
    head = HEADS[template.id].match(copy.folded)
    if head is None:
        return None
    found: dict[str, str | None] = {}
    _take(found, head, copy)
    pieces, end = [""], head.end()
    left = list(template.clauses)
    while hit := _next_clause(left, copy.folded, end):
        name, piece = hit
        _take(found, piece, copy)
        left.remove(name)
        pieces.append(name)
        end = piece.end()
    _check(template, pieces, copy.folded[end:])
    read_here = set(pieces)
    bare = bool(template.one_of) and not read_here & set(template.one_of)
    cut = bool(read_here & set(template.then_reference)) and "reference" not in found
    captured = template.captured and not bare and not cut
    return _receipt(template, found, received_at, trusted, captured)


def _next_clause(left: list[str], folded: str, end: int) -> tuple[str, re.Match[str]] | None:
    between = BETWEEN.match(folded, end)
    start = between.end() if between else end
    for name in left:
        if piece := CLAUSES[name].match(folded, start):
            return name, piece
    return None


def _take(found: dict[str, str | None], piece: re.Match[str], copy: Copy) -> None:
    """Add a piece's slots. A slot that was filled before means two layouts in one message."""
    for slot, value in piece.groupdict().items():
        if value is None:
            continue
        if slot in found:
            raise Refused("unknown_wording")
        found[slot] = value
        if slot == "name":
            if NO_NAME.search(value) or DOUBT.search(value):
                raise Refused("doubtful")
            # As written: folding is for reading, and people are shown their own spelling.
            shown = copy.written(*piece.span("name"))
            found[slot] = " ".join(shown.split()).strip(" .-'")
    if "balance" in found and "rest" not in found:
        found["rest"] = copy.folded[piece.end() :]


def _check(template: Template, pieces: list[str], tail: str) -> None:
    """Raise Refused unless the clauses make a whole receipt and what follows cannot change it."""
    if (
        any(need not in pieces for need in template.needs)
        or pieces[-1] == "name"
        or is_start_of_label(tail)
    ):
        raise Refused("cut_short")
    closed = pieces[-1] in CLOSING or (pieces[-1] == "" and template.closed)
    if not closed and not _OVER.match(tail):
        raise Refused("unknown_wording")
    rest = HARMLESS.sub("", tail)
    if DOUBT.search(rest) or (template.kind == "deposit" and OWN_MONEY.search(rest)):
        raise Refused("doubtful")
    unread_balance = not any("balance" in piece for piece in pieces) and UNREAD_BALANCE.search(tail)
    if unread_balance or UNREAD_LABEL.search(tail) or UNREAD_DATE.match(tail):
        raise Refused("unknown_wording")


def _receipt(
    template: Template,
    found: dict[str, str | None],
    received_at: datetime | None,
    trusted: bool,
    captured: bool,
) -> Receipt:
    amount = _money(found.get("amount") or found.get("amount2") or "")
    sender, own = found.get("phone"), found.get("own_phone")
    try:
        happened = moment(found, received_at)
    except OddDate:
        raise Refused("odd_date") from None
    if amount is None or amount.units == 0:
        raise Refused("unknown_wording")
    own_phone = local_phone(own) if own else None
    return Receipt(
        wallet=template.wallet,
        template=template.id,
        kind=template.kind,
        amount=amount,
        sender_phone=local_phone(sender) if sender else None,
        sender_name=found.get("name") or None,
        receiver_phone=own_phone,
        receiver_last4=own_phone[-4:] if own_phone else found.get("last4"),
        balance=_balance(found.get("balance"), found.get("unit"), found.get("rest") or ""),
        transaction_id=found.get("reference"),
        happened=happened,
        trusted_sender=trusted,
        captured=captured,
    )


def _money(text: str) -> Money | None:
    try:
        return Money.parse(text.replace(",", ""), CURRENCY)
    except MoneyError:
        return None


def _balance(text: str | None, unit: str | None, rest: str) -> Money | None:
    """None also for a number that the message may have been cut in: 2604 of 2604.35."""
    if text is None or (not unit and not rest.strip(" .,\n") and text[-3:-2] != "."):
        return None
    return _money(text)
