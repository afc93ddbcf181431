"""Balances follow from each other, in whatever order their messages come."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.wallet.chain import SAME_MOMENT, Step, doubt
from ledger.money import Money

START = 1_790_000_000


def egp(pounds: int) -> Money:
    return Money(pounds * 100, "EGP")


def at(minutes: int, balance: int | None, came: int | None) -> Step:
    return Step(
        at=START + 60 * minutes,
        balance=None if balance is None else egp(balance),
        came=None if came is None else egp(came),
    )


def code(step: Step, known: Sequence[Step]) -> str:
    """What speaks against it; "" where nothing does."""
    found = doubt(step, known)
    return found[0] if found else ""


FIRST = at(0, 1_000, 100)


@pytest.mark.parametrize(
    ("step", "known", "found"),
    [
        (at(9, 1_500, 500), [], ""),
        (at(9, 1_500, 500), [FIRST], ""),
        (at(9, 7_500, 500), [FIRST], "balance_apart"),
        # Money went out between, and its message said so.
        (at(9, 700, 500), [FIRST, at(5, 200, None)], ""),
        (at(9, 1_500, 500), [FIRST, at(5, 200, None)], "balance_apart"),
        # Late, between two that are known.
        (at(9, 1_500, 500), [FIRST, at(20, 1_600, 100)], ""),
        (at(9, 7_500, 500), [FIRST, at(20, 1_600, 100)], "balance_apart"),
        # It leads to the next, and what came before it is missing.
        (at(9, 3_000, 500), [FIRST, at(20, 3_100, 100)], ""),
        # It would lead to the next, but there is nothing missing for it to fill.
        (at(9, 1_000, 500), [FIRST, at(20, 1_100, 100)], "balance_apart"),
        # Before all that is known.
        (at(-9, 900, 500), [FIRST], ""),
        (at(-9, 700, 500), [FIRST], "balance_before"),
        (at(-9, 700, 500), [at(0, 1_000, None)], ""),
        # Of one moment, in either order.
        (at(0, 900, 500), [FIRST], ""),
        (at(0, 1_500, 500), [FIRST], ""),
        (at(0, 7_500, 500), [FIRST], "balance_apart"),
        # What has no balance cannot be checked, and counts from then on.
        (at(9, None, 500), [FIRST], ""),
        (at(9, 1_550, 500), [FIRST, at(5, None, 50)], ""),
        (at(9, 1_500, 500), [FIRST, at(5, None, 50)], ""),
        (at(9, 1_560, 500), [FIRST, at(5, None, 50)], "balance_apart"),
        (at(9, 1_550, 500), [FIRST, at(50, None, 50)], "balance_apart"),
        (at(9, 3_000, 500), [FIRST, at(15, None, 50), at(20, 3_150, 100)], ""),
    ],
)
def test_a_balance_fits_its_neighbours(step: Step, known: list[Step], found: str) -> None:
    assert code(step, known) == found
    assert code(step, known[::-1]) == found


def test_all_of_very_many_messages_without_a_balance_count() -> None:
    silent = [at(number, None, number) for number in range(1, 60)]
    step = at(90, 1_000 + sum(range(60)) + 500, 500)
    assert code(step, [FIRST, *silent]) == ""


# --- whole series ---------------------------------------------------------------------------------
MOVES = st.lists(
    st.tuples(
        st.sampled_from(["in", "in", "in", "out", "silent"]),
        st.integers(1, 900),
        st.sampled_from([0, 1, SAME_MOMENT, 600, 7_200]),
    ),
    min_size=2,
    max_size=9,
)


def series(moves: list[tuple[str, int, int]], balance: int = 50_000) -> list[Step]:
    """The messages of a wallet, in the order of sending, with seconds between them."""
    steps, now = [], START
    for kind, pounds, later in moves:
        now += later
        balance += -pounds if kind == "out" else pounds
        steps.append(
            Step(
                at=now,
                balance=None if kind == "silent" else egp(balance),
                came=None if kind == "out" else egp(pounds),
            )
        )
    return steps


def arrived(coming: Sequence[Step], known: list[Step]) -> list[Step]:
    """What never fitted, after each was looked at again with every one that came."""
    waiting: list[Step] = []
    for step in coming:
        waiting.append(step)
        while fits := [each for each in waiting if doubt(each, known) is None]:
            known.append(fits[0])
            waiting.remove(fits[0])
    return waiting


@settings(max_examples=150, deadline=None)
@given(MOVES, st.randoms(use_true_random=False), st.booleans())
def test_all_of_a_genuine_series_fits_in_the_end(
    moves: list[tuple[str, int, int]], random: Random, begun: bool
) -> None:
    steps = series(moves)
    known = [Step(START - 7_200, egp(50_000), None)] if begun else []
    random.shuffle(steps)

    assert arrived(steps, known) == []


@settings(max_examples=150, deadline=None)
@given(MOVES, st.randoms(use_true_random=False), st.integers(0, 5_000))
def test_a_forged_message_never_fits_and_holds_nothing_up(
    moves: list[tuple[str, int, int]], random: Random, second: int
) -> None:
    """Whoever forges knows neither the balance nor what will come."""
    forged = Step(START + second, egp(1_000_000), egp(500))
    steps = [*series(moves), forged]
    random.shuffle(steps)

    assert arrived(steps, [Step(START - 7_200, egp(50_000), None)]) == [forged]
