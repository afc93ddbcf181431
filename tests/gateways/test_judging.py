"""What coins are worth, and what becomes of their order: the merchant's rules, one by one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.orders.judging import GRACE, LATE_WINDOW, After, Coins, judge, judge_settled
from gateways.orders.rules import Rules
from ledger.money import Money
from ledger.rate import Rate

ENDS = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
IN_TIME, OVER = ENDS - timedelta(minutes=5), ENDS + GRACE + timedelta(seconds=1)
DUE, NOTHING = Money.parse("28.50", "EUR"), Money.parse("0", "XMR")
ASKED = Money.parse("0.25", "XMR")
# 28.50 EUR for 0.25 XMR is 114 EUR each; coins have lost and gained since.
CHEAPER, DEARER = (Rate.parse(text, base="XMR", quote="EUR") for text in ("100", "120"))


def xmr(text: str) -> Money:
    return Money.parse(text, "XMR")


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


def came(
    seen: str,
    confirmed: str | None = None,
    on_time: str | None = None,
    *,
    rate: Rate | None = None,
    last_seen: datetime | None = None,
) -> Coins:
    """All of it confirmed and on time, unless the story says otherwise."""
    confirmed = seen if confirmed is None else confirmed
    return Coins(
        due=DUE,
        asked=ASKED,
        ends=ENDS,
        seen=xmr(seen),
        confirmed=xmr(confirmed),
        on_time=xmr(confirmed if on_time is None else on_time),
        last_seen=last_seen,
        rate_now=rate,
        no_rate="" if rate else "the relay is down",
    )


# --- waiting ------------------------------------------------------------------------------------
def test_nothing_changes_while_nothing_came() -> None:
    assert judge(came("0"), Rules(), IN_TIME).status is None


def test_an_offer_nobody_paid_expires_after_its_grace() -> None:
    assert judge(came("0"), Rules(), ENDS + GRACE).status is None
    assert judge(came("0"), Rules(), OVER).status == "expired"


@pytest.mark.parametrize("now", [IN_TIME, OVER])
def test_money_seen_but_not_confirmed_is_pending_and_books_nothing(now: datetime) -> None:
    verdict = judge(came("0.25", "0"), Rules(), now)
    assert (verdict.status, verdict.credit) == ("pending", None)


def test_dust_with_ten_confirmations_does_not_carry_an_unconfirmed_rest() -> None:
    verdict = judge(came("0.25", "0.000000000001"), Rules(), IN_TIME)
    assert (verdict.status, verdict.credit) == ("pending", None)


# --- paid ---------------------------------------------------------------------------------------
def test_exactly_what_was_asked_pays_exactly_what_is_due() -> None:
    verdict = judge(came("0.25"), Rules(), IN_TIME)
    assert (verdict.status, verdict.credit, verdict.attention) == ("paid", DUE, "")


def test_one_unit_less_does_not_pay() -> None:
    assert judge(came("0.249999999999"), Rules(), IN_TIME).status == "pending"


def test_tolerance_forgives_what_the_merchant_said_and_not_a_unit_more() -> None:
    rules = Rules(tolerance_bp=100)
    within, beyond = came("0.2475"), came("0.247499999999")
    verdict = judge(within, rules, IN_TIME)
    assert (verdict.status, verdict.credit) == ("paid", DUE)
    assert "0.002500000000 XMR less than asked" in verdict.text
    assert judge(beyond, rules, IN_TIME).status == "pending"


def test_confirmed_after_the_end_but_seen_before_it_is_on_time() -> None:
    verdict = judge(came("0.25"), Rules(), OVER + timedelta(hours=5))
    assert (verdict.status, verdict.credit) == ("paid", DUE)


def test_surplus_becomes_credit_by_the_offers_rate() -> None:
    verdict = judge(came("0.5"), Rules(over="credit"), IN_TIME)
    assert (verdict.status, verdict.credit) == ("paid", eur("57.00"))


def test_surplus_waits_for_a_person_where_the_merchant_wants_that() -> None:
    verdict = judge(came("0.5"), Rules(over="review"), IN_TIME)
    assert (verdict.status, verdict.credit) == ("paid", DUE)
    assert "Overpaid by 0.250000000000 XMR, worth 28.50 EUR" in verdict.attention


def test_without_auto_confirm_a_person_approves() -> None:
    verdict = judge(came("0.25"), Rules(auto_confirm=False), IN_TIME)
    assert (verdict.status, verdict.credit) == ("review", None)
    assert "approve 28.50 EUR" in verdict.attention


# --- partial ------------------------------------------------------------------------------------
def test_part_of_it_waits_for_the_rest_until_the_end() -> None:
    verdict = judge(came("0.1"), Rules(), IN_TIME)
    assert verdict.status == "pending"
    assert "0.150000000000 XMR missing" in verdict.text


def test_part_of_it_goes_to_a_person_after_the_end() -> None:
    verdict = judge(came("0.1"), Rules(), OVER)
    assert (verdict.status, verdict.credit) == ("review", None)
    assert "worth 11.40 EUR of 28.50 EUR" in verdict.attention


def test_part_of_it_that_is_not_confirmed_yet_is_waited_for() -> None:
    assert judge(came("0.1", "0.05"), Rules(), OVER).status == "pending"


# --- late ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rate", "worth"), [(CHEAPER, "25.00"), (DEARER, "28.50")], ids=["fallen", "risen"]
)
def test_late_money_is_worth_the_lower_of_both_quotes(rate: Rate, worth: str) -> None:
    verdict = judge(came("0.25", on_time="0", rate=rate), Rules(late="lower"), OVER)
    assert (verdict.status, verdict.credit) == ("paid", eur(worth))


def test_only_the_late_part_is_worth_less() -> None:
    verdict = judge(came("0.25", on_time="0.1", rate=CHEAPER), Rules(late="lower"), OVER)
    assert verdict.credit == eur("11.40") + eur("15.00")


def test_late_money_goes_to_a_person_where_the_merchant_wants_that() -> None:
    verdict = judge(came("0.25", on_time="0", rate=DEARER), Rules(late="review"), OVER)
    assert (verdict.status, verdict.credit) == ("review", None)


def test_late_money_without_a_rate_goes_to_a_person() -> None:
    verdict = judge(came("0.25", on_time="0"), Rules(late="lower"), OVER)
    assert (verdict.status, verdict.credit) == ("review", None)
    assert "the relay is down" in verdict.attention


def test_money_later_than_the_window_goes_to_a_person() -> None:
    seen = ENDS + LATE_WINDOW + timedelta(minutes=1)
    late = came("0.25", on_time="0", rate=DEARER, last_seen=seen)
    verdict = judge(late, Rules(late="lower"), seen + timedelta(minutes=20))
    assert (verdict.status, verdict.credit) == ("review", None)


def test_money_seen_within_the_window_counts_though_it_was_confirmed_after_it() -> None:
    seen = ENDS + LATE_WINDOW - timedelta(minutes=1)
    late = came("0.25", on_time="0", rate=DEARER, last_seen=seen)
    assert judge(late, Rules(late="lower"), seen + timedelta(minutes=20)).credit == DUE


def test_late_surplus_is_booked_or_not_as_the_merchant_wants() -> None:
    twice = came("0.5", on_time="0", rate=DEARER)
    assert judge(twice, Rules(over="credit"), OVER).credit == eur("57.00")
    assert judge(twice, Rules(over="review"), OVER).credit == DUE


def test_late_money_waits_for_a_person_without_auto_confirm() -> None:
    late = came("0.25", on_time="0", rate=CHEAPER)
    verdict = judge(late, Rules(auto_confirm=False), OVER)
    assert (verdict.status, verdict.credit) == ("review", None)
    assert "approve 25.00 EUR" in verdict.attention


# --- whatever comes -----------------------------------------------------------------------------
units = st.integers(0, 3 * ASKED.units)


@given(units, units, units, st.sampled_from(["credit", "review"]), st.booleans())
def test_no_verdict_books_more_than_what_came_is_worth(
    seen: int, confirmed: int, on_time: int, over: str, late_hour: bool
) -> None:
    confirmed = min(confirmed, seen)
    coins = Coins(
        due=DUE,
        asked=ASKED,
        ends=ENDS,
        seen=Money(seen, "XMR"),
        confirmed=Money(confirmed, "XMR"),
        on_time=Money(min(on_time, confirmed), "XMR"),
        rate_now=CHEAPER,
    )
    verdict = judge(coins, Rules(over=over), OVER if late_hour else IN_TIME)
    if verdict.credit is not None:
        assert verdict.status == "paid"
        assert coins.confirmed >= coins.asked
        assert 0 < verdict.credit.units <= coins.worth.units
        assert over == "credit" or verdict.credit <= DUE
    elif verdict.status == "expired":
        assert seen == 0


# --- after settling -----------------------------------------------------------------------------
def settled(
    coins: Coins, rules: Rules | None = None, *, before: str = "0.25", now: datetime = IN_TIME
) -> After:
    """All of the offer is booked already; `before` is what was known at the last look."""
    return judge_settled(coins, ASKED, DUE, xmr(before), rules or Rules(), now)


def test_the_same_again_changes_nothing() -> None:
    after = settled(came("0.25"))
    assert (after.extra, after.attention) == (None, "")


def test_what_disappears_after_settling_is_for_a_person() -> None:
    after = settled(came("0"))
    assert after.extra is None
    assert "disappeared" in after.attention


def test_what_comes_back_after_it_disappeared_is_for_a_person() -> None:
    after = settled(came("0.25"), before="0")
    assert after.extra is None
    assert "is back" in after.attention


def test_fewer_confirmations_after_settling_are_no_disappearance() -> None:
    after = settled(came("0.25", "0"))
    assert (after.extra, after.attention) == (None, "")


def test_more_after_settling_is_booked_as_well() -> None:
    assert settled(came("0.5"), Rules(over="credit")).extra == DUE


@pytest.mark.parametrize("rules", [Rules(over="review"), Rules(auto_confirm=False)])
def test_more_after_settling_waits_where_the_merchant_wants_that(rules: Rules) -> None:
    after = settled(came("0.5"), rules)
    assert after.extra is None
    assert "worth 28.50 EUR" in after.attention


def test_late_money_after_settling_is_worth_the_lower_of_both_quotes() -> None:
    coins = came("0.5", on_time="0.25", rate=CHEAPER)
    assert settled(coins, Rules(over="credit"), now=OVER).extra == eur("25.00")


def test_late_money_after_settling_waits_where_late_money_does() -> None:
    coins = came("0.5", on_time="0.25", rate=CHEAPER)
    after = settled(coins, Rules(over="credit", late="review"), now=OVER)
    assert after.extra is None
    assert "after the offer ended" in after.attention


def test_more_that_is_worth_nothing_is_not_booked_and_needs_nobody() -> None:
    after = settled(came("0.250000000001"), Rules(over="credit"))
    assert (after.extra, after.attention) == (None, "")
