"""What the pay page of a wallet transfer says besides: how the pounds came about, and the claim form."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateways.models import Claim, Order
from gateways.orders.judging import GRACE
from gateways.pay.words import (
    ASK_AGAIN,
    EXACT,
    MARKED,
    NOT_FOUND_IN_TIME,
    ROUNDED,
    ROUNDED_AND_MARKED,
    WALLET_TEXTS,
    WORDS,
    State,
    Text,
)

POUND = 100
# Whoever changes the number often is shown the last ones only.
MOST_ENDINGS = 3


@dataclass(frozen=True, slots=True)
class Typed:
    """The claim form as it was sent, for the answer to that very request and for nobody else.

    wrong  stands beside the number; notice above all, and is about the whole.
    """

    phone: str = ""
    reference: str = ""
    name: str = ""
    wrong: Text = ""
    notice: Text = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """What this look at the page is about.

    claims       of the order, oldest first.
    is_changing  the payer wants the form again although we look already.
    is_looked_at what he sent has come, and a person looks at it.
    shown        a state that only the answer to this request knows.
    """

    claims: Sequence[Claim] = ()
    is_upstream: bool = False
    is_changing: bool = False
    is_looked_at: bool = False
    shown: State | None = None
    typed: Typed = field(default_factory=Typed)

    @property
    def counted(self) -> list[Claim]:
        """The claims that decide what is shown."""
        statuses = {Claim.Status.OPEN, Claim.Status.HELD}
        if self.is_changing:
            statuses -= {Claim.Status.OPEN}
        return [claim for claim in self.claims if claim.status in statuses]


@dataclass(frozen=True, slots=True)
class Transfer:
    """`note` explains the amount; `endings` are the last digits of the numbers that we look for."""

    sent_to: str
    note: Text
    endings: tuple[str, ...]
    is_asking: bool
    may_change: bool
    may_keep: bool
    may_look_again: bool
    takes_reference: bool
    typed: Typed


def transfer_of(order: Order, state: State, visit: Visit, now: datetime) -> Transfer:
    looking = [claim for claim in visit.claims if claim.status == Claim.Status.OPEN]
    endings = dict.fromkeys(claim.phone[-2:] for claim in looking if claim.phone)
    return Transfer(
        sent_to=order.pay_to,
        note=_note(order),
        endings=tuple(endings)[-MOST_ENDINGS:],
        is_asking=may_claim(order, state, now) and state is not State.LOOKING,
        may_change=state is State.LOOKING,
        may_keep=visit.is_changing and bool(looking),
        may_look_again=visit.is_upstream and state is State.LOOKING,
        # vodafoncash.com finds money by the number only.
        takes_reference=not visit.is_upstream,
        typed=visit.typed,
    )


def may_claim(order: Order, state: State, now: datetime) -> bool:
    """Also a little after the end: whoever sends in the last minute types afterwards."""
    late = state is State.EXPIRED and order.status in Order.OPEN and is_in_time(order, now)
    return late or state in (State.WAITING, State.LOOKING)


def is_in_time(order: Order, now: datetime) -> bool:
    return now <= (order.valid_until or order.created) + GRACE


def text_of(transfer: Transfer, visit: Visit, state: State) -> Text:
    """Words of its own for a state; "" where the common ones will do."""
    if transfer.may_look_again:
        return ASK_AGAIN
    if state is State.LOOKING and visit.is_looked_at:
        return WORDS[State.REVIEW].text
    if state is State.EXPIRED and visit.claims:
        return NOT_FOUND_IN_TIME
    if state is State.EXPIRED and transfer.is_asking:
        return ""
    return WALLET_TEXTS.get(state, "")


def _note(order: Order) -> Text:
    asked, due = order.asked, order.due
    if asked.currency == due.currency:
        if asked > due:
            return MARKED
        return EXACT if asked.units % POUND else ""
    return ROUNDED_AND_MARKED if asked.units % POUND else ROUNDED
