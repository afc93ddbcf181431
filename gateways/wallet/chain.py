"""Whether what a wallet printed fits what its other messages printed: nobody can forge that unseen.

Each balance is the one before it and what came in since. Messages come in any order, so one is held
against its neighbours by time of sending, and is looked at again whenever a neighbour comes. Money
that went out changes the balance too, and its own message tells the new one. Some layouts print no
balance: what they brought may stand between two balances that are told, all of it or a part.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateways.wallet.matching import Reason, because
from ledger.money import Money

# Seconds. Carriers stamp to the second, and two messages of one moment in either order.
SAME_MOMENT = 60
# So many messages without a balance may each be the one that another order put elsewhere.
LOOSE = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One message of a wallet.

    at       when it was sent, Unix seconds
    balance  what it prints, None where it prints none
    came     what came in, None of a message that only tells the balance
    """

    at: int
    balance: Money | None
    came: Money | None


def doubt(step: Step, known: Sequence[Step]) -> Reason | None:
    """What speaks against a message; None where it fits, or where nothing that is known can tell.

    known  the trusted steps around it, at least to the next balance on either side
    """
    if step.balance is None or step.came is None:
        return None
    told = [each for each in known if each.balance is not None]
    silent = [each for each in known if each.balance is None]
    beside = [each for each in told if abs(each.at - step.at) <= SAME_MOMENT]
    earlier = _nearest(step, [each for each in told if each.at < step.at - SAME_MOMENT])
    later = _nearest(step, [each for each in told if each.at > step.at + SAME_MOMENT])
    if any(_follows(step, each, silent) for each in earlier + beside):
        return None
    # Between two that follow from each other there is room for nothing that does not follow itself.
    gaps = [
        each
        for each in beside + later
        if not any(_follows(each, last, silent) for last in earlier + beside)
    ]
    if any(_follows(each, step, silent) for each in gaps):
        return None
    if not earlier and not all(each.came for each in beside + later):
        # It may stand before money that went out, of which only what was left is known.
        return None
    before = [each for each in earlier + beside if each.at <= step.at]
    if before:
        last = max(before, key=lambda each: each.at)
        return because("balance_apart", balance=step.balance, before=last.balance)
    if following := beside + later:
        return because("balance_before", balance=step.balance, after=following[0].balance)
    return None


def _nearest(step: Step, told: Sequence[Step]) -> list[Step]:
    """The nearest in time first, and those of its moment."""
    near = min((abs(each.at - step.at) for each in told), default=0) + SAME_MOMENT
    return sorted(
        (each for each in told if abs(each.at - step.at) <= near),
        key=lambda each: abs(each.at - step.at),
    )


def _follows(step: Step, last: Step, silent: Iterable[Step]) -> bool:
    """Whether `step` is the next after `last`, but for messages that print no balance."""
    if step.balance is None or step.came is None or last.balance is None:
        return False
    first, end = sorted((last.at, step.at))
    loose = [
        each.came
        for each in silent
        if each.came and first - SAME_MOMENT <= each.at <= end + SAME_MOMENT
    ]
    return step.balance - step.came - last.balance in _sums(loose, Money(0, step.balance.currency))


def _sums(loose: Sequence[Money], nothing: Money) -> set[Money]:
    """What any of the latest come to, and what all come to."""
    found = {nothing}
    for money in loose[-LOOSE:]:
        found |= {each + money for each in found}
    for money in loose:
        nothing += money
    return found | {nothing}
