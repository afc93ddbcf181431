"""A receipt is one claim's or waits for a person: signs, their order, ties, near misses."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.receipts.reasons import english
from gateways.wallet.matching import (
    EARLY,
    GRACE,
    NEAREST,
    Ambiguous,
    Came,
    Expected,
    Match,
    NoMatch,
    match,
    name_fits,
    plain_reference,
)
from ledger.money import Money
from tests.gateways.wallet.messages import RECEIPTS

OPENED = 1_790_000_000
EXPIRES = OPENED + 3_600
PHONE, OTHER_PHONE = "01012345678", "01198765432"
REFERENCE = "015900000966"


def egp(amount: str) -> Money:
    return Money.parse(amount, "EGP")


def came(amount: str = "800.00", **told: Any) -> Came:
    plain = Came(egp(amount), phone="", name="", reference="", moment=OPENED + 60)
    return replace(plain, **told)


def expected(number: int, amount: str = "800.00", **told: Any) -> Expected:
    plain = Expected(
        id=number,
        amount=egp(amount),
        phone="",
        name="",
        reference="",
        opened=OPENED,
        expires=EXPIRES,
        by_amount=False,
    )
    return replace(plain, **told)


def nothing(verdict: Match | Ambiguous | NoMatch) -> NoMatch:
    assert isinstance(verdict, NoMatch)
    return verdict


def doubtful(verdict: Match | Ambiguous | NoMatch) -> Ambiguous:
    assert isinstance(verdict, Ambiguous)
    return verdict


# --- phone ----------------------------------------------------------------------------------------
def test_phone_amount_and_time_are_enough() -> None:
    claims = [expected(1, phone=OTHER_PHONE), expected(2, phone=PHONE)]
    assert match(came(phone=PHONE), claims) == Match(2, "phone")


def test_nobody_is_expected() -> None:
    verdict = nothing(match(came(phone=PHONE), []))
    assert english(verdict.why) == f"No open claim over 800.00 EGP names {PHONE}."
    assert verdict.near == ()
    assert "not told" in english(nothing(match(came(), [])).why)


def test_an_equal_amount_from_a_stranger_waits_for_its_own_claim() -> None:
    claims = [expected(1, phone=OTHER_PHONE), expected(2), expected(3, name="Salma Sample")]
    assert nothing(match(came(phone=PHONE), claims)).near == ()


def test_two_claims_of_one_phone_over_one_amount_are_a_tie() -> None:
    claims = [expected(9, phone=PHONE), expected(4, phone=PHONE)]
    verdict = doubtful(match(came(phone=PHONE), claims))
    assert verdict.ids == (4, 9)
    assert english(verdict.why).startswith("2 claims over 800.00 EGP fit by phone.")


def test_two_claims_of_one_phone_are_told_apart_by_amount() -> None:
    claims = [expected(1, "500.00", phone=PHONE), expected(2, "800.00", phone=PHONE)]
    assert match(came(phone=PHONE), claims) == Match(2, "phone")


def test_a_claim_given_twice_is_one() -> None:
    claim = expected(1, phone=PHONE)
    assert match(came(phone=PHONE), [claim, claim]) == Match(1, "phone")


@pytest.mark.parametrize("unknown", ["", None])
def test_what_nobody_told_is_equal_to_nothing(unknown: str | None) -> None:
    claims = [expected(1, phone=unknown, name=unknown)]
    assert nothing(match(came(phone=unknown, name=unknown), claims)).near == ()


# --- amounts --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("sent", "difference"),
    [
        ("1.00", "999.00 EGP too little"),
        ("999.99", "0.01 EGP too little"),
        ("1000.01", "0.01 EGP too much"),
        ("10000.00", "9000.00 EGP too much"),
    ],
)
def test_another_amount_is_near_and_never_a_match(sent: str, difference: str) -> None:
    claim = expected(1, "1000.00", phone=PHONE, name="Salma Sample", reference=REFERENCE)
    for signs, named in (
        ({"phone": PHONE}, f"payer {PHONE}"),
        ({"name": "SALMA SAMPLE"}, "payer SALMA SAMPLE"),
        ({"reference": REFERENCE}, "reference"),
    ):
        verdict = nothing(match(came(sent, **signs), [claim]))
        assert english(verdict.why).startswith(f"A claim names its {named}. But ")
        assert verdict.near == (1,)
        assert difference in english(verdict.why)
        assert f"1000.00 EGP is expected and {sent} EGP came" in english(verdict.why)


def test_a_name_is_named_where_neither_side_has_a_phone() -> None:
    verdict = nothing(match(came("1.00", name="SALMA SAMPLE"), [expected(1, name="Salma Sample")]))
    assert english(verdict.why).startswith("A claim names its payer SALMA SAMPLE. But 800.00 EGP")


def test_the_nearest_amounts_come_first_and_are_few() -> None:
    claims = [expected(n, f"{900 - n}.00", phone=PHONE) for n in range(1, 30)]
    assert nothing(match(came(phone=PHONE), claims)).near == tuple(range(29, 29 - NEAREST, -1))


def test_another_currency_is_another_amount() -> None:
    claim = replace(expected(1, phone=PHONE, reference=REFERENCE), amount=Money(80_000, "USD"))
    assert nothing(match(came(phone=PHONE, reference=REFERENCE), [claim])).near == ()


@pytest.mark.parametrize("units", [0, -80_000])
def test_no_money_pays_nothing(units: int) -> None:
    none = Money(units, "EGP")
    claim = replace(expected(1, phone=PHONE), amount=none)
    assert nothing(match(replace(came(phone=PHONE), amount=none), [claim])).near == ()


# --- time -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("moment", "fits"),
    [
        (OPENED - EARLY - 1, False),
        (OPENED - EARLY, True),
        (OPENED, True),
        (EXPIRES, True),
        (EXPIRES + GRACE, True),
        (EXPIRES + GRACE + 1, False),
    ],
)
def test_time_window_of_every_sign(moment: int, *, fits: bool) -> None:
    claim = expected(
        1, "800.37", phone=PHONE, name="Salma Sample", reference=REFERENCE, by_amount=True
    )
    for signs in (
        {"phone": PHONE},
        {"name": "SALMA SAMPLE"},
        {"reference": REFERENCE},
        {},
    ):
        verdict = match(came("800.37", moment=moment, **signs), [claim])
        assert isinstance(verdict, Match) is fits
        assert fits or isinstance(verdict, NoMatch)


def test_out_of_time_says_by_how_much() -> None:
    claim = expected(1, phone=PHONE)
    late = nothing(match(came(phone=PHONE, moment=EXPIRES + 2 * 3_600 + 300), [claim]))
    assert late.near == (1,)
    assert "it was sent 2 h 5 min after the claim expired" in english(late.why)
    sooner = replace(claim, id=2, expires=EXPIRES + 60)
    assert nothing(match(came(phone=PHONE, moment=EXPIRES + 9_000), [claim, sooner])).near == (2, 1)
    early = nothing(match(came(phone=PHONE, moment=OPENED - 45 * 60), [claim]))
    assert "it was sent 0 h 45 min before the claim was opened" in english(early.why)


# --- reference ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "typed",
    [
        "015900000966",
        " 0159-0000-0966 ",
        "٠١٥٩٠٠٠٠٠٩٦٦",
        "۰۱۵۹۰۰۰۰۰۹۶۶",
        "\u200f015900000966\u200f",
    ],
)
def test_reference_in_any_clothes(typed: str) -> None:
    assert plain_reference(typed) == REFERENCE
    assert match(came(reference=REFERENCE), [expected(1, reference=typed)]) == Match(1, "reference")


def test_hex_reference_in_capitals() -> None:
    claims = [expected(1, reference="2B860058")]
    assert match(came(reference="2b860058"), claims) == Match(1, "reference")


@pytest.mark.parametrize("typed", ["15900000966", "0159000009660", "", "-", "رقم العملية"])
def test_another_reference_is_no_sign(typed: str) -> None:
    assert nothing(match(came(reference=REFERENCE), [expected(1, reference=typed)])).near == ()
    for empty in ("", "-"):
        assert nothing(match(came(reference=empty), [expected(1, reference=typed)])).near == ()


def test_reference_beats_phone() -> None:
    claims = [expected(1, phone=PHONE), expected(2, reference=REFERENCE)]
    assert match(came(phone=PHONE, reference=REFERENCE), claims) == Match(2, "reference")


def test_reference_over_another_amount_leaves_no_choice_to_the_phone() -> None:
    claims = [expected(1, phone=PHONE), expected(2, "700.00", reference=REFERENCE)]
    verdict = nothing(match(came(phone=PHONE, reference=REFERENCE), claims))
    assert verdict.near == (2,)
    assert english(verdict.why).startswith(
        "A claim names its reference. But 700.00 EGP is expected"
    )


def test_expired_claim_of_the_reference_leaves_no_choice_to_the_phone() -> None:
    over = expected(2, reference=REFERENCE, opened=OPENED - 9_000, expires=OPENED - 5_400)
    claims = [expected(1, phone=PHONE), over]
    assert nothing(match(came(phone=PHONE, reference=REFERENCE), claims)).near == (2,)


def test_reference_from_another_phone_is_doubtful() -> None:
    claims = [expected(1, phone=OTHER_PHONE, reference=REFERENCE), expected(2, phone=PHONE)]
    verdict = doubtful(match(came(phone=PHONE, reference=REFERENCE), claims))
    assert verdict.ids == (1,)
    assert f"came from {PHONE} and the claim names {OTHER_PHONE}" in english(verdict.why)


def test_phone_with_another_reference_is_doubtful() -> None:
    verdict = doubtful(
        match(
            came(phone=PHONE, reference=REFERENCE), [expected(1, phone=PHONE, reference="0159111")]
        )
    )
    assert verdict.ids == (1,)
    assert f"its reference is {REFERENCE} and the claim names 0159111" in english(verdict.why)


def test_one_reference_in_two_claims_is_a_tie() -> None:
    claims = [expected(1, reference=REFERENCE), expected(2, reference=REFERENCE)]
    assert doubtful(match(came(reference=REFERENCE), claims)).ids == (1, 2)
    claims[1] = expected(2, "9.00", reference=REFERENCE)
    assert match(came(reference=REFERENCE), claims) == Match(1, "reference")


def test_a_typed_reference_spoils_nothing_where_the_message_has_none() -> None:
    claims = [expected(1, phone=PHONE, reference=REFERENCE)]
    assert match(came(phone=PHONE), claims) == Match(1, "phone")


# --- name -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("told", "typed"),
    [
        ("SALMA SAMPLE ABDO TESTER", "Salma Sample Abdo Tester"),
        ("SALMA SAMPLE ABDO TESTER", "salma sample"),
        ("DALIA SAMPLE TESTNAM", "Dalia Sample Testname"),
        ("ZIAD SAMPLE TESTNAME MO", "Ziad Sample Testname Mohamed Ali"),
        ("باسم نموذج احمد", "باسم نموذج أحمد تجريبي"),
        ("عايدة نموذج", "عايده نموذج"),
        ("مصطفى نموذج", "مصطفي  نمــوذج"),
        ("عبدالله نموذج", "عبد الله نموذج"),
        ("EL-SAYED SAMPLE", "Elsayed Sample"),
        ("ABDELRAHM", "Abdelrahman Sample"),
        ("RANIA H SAMPLE", "Rania Hassan Sample"),
        ("HOSSAM SAID ADLY", "Hossam S. Adly"),
        ("HOSSAM S ADL", "Hossam Said Adly"),
        ("RENÉE H SAMPLE", "Renee Hassan Sample"),
        ("رؤوف س نموذج", "رووف سامي نموذج"),
    ],
)
def test_names_of_one_person(told: str, typed: str) -> None:
    assert name_fits(told, typed)
    assert match(came(name=told), [expected(1, name=typed)]) == Match(1, "name")


@pytest.mark.parametrize(
    ("told", "typed"),
    [
        ("", ""),
        ("SALMA", "Salma Sample"),
        ("SALMA SAMPLE", "Salma"),
        ("SALMA SAMPLE", "Salma Sam"),
        ("SALMA SAMPLE", "Sample Salma"),
        ("SALMA SAMPLE", "Salma Tester"),
        ("SALMA S", "Salma Sample"),
        ("SALMA S T", "Salma Sample Tester"),
        ("SALMA TAREK", "Salma T Sample"),
        ("SALMA SAID TESTER", "Salma Samir Tester"),
        ("SALMA H TESTER", "Salma Said Tester"),
        ("S SAMPLE TESTER", "Salma Sample Tester"),
        ("S S S S S S S S", "Salma Sample Sample"),
        ("SALMA SAMPLE", "سلمى نموذج"),
        ("01012345678", "01012345678"),
        ("******** ****", "********"),
    ],
)
def test_names_that_prove_nothing(told: str, typed: str) -> None:
    assert not name_fits(told, typed)
    assert nothing(match(came(name=told), [expected(1, name=typed)])).near == ()


def test_two_people_of_one_shortened_name_are_a_tie() -> None:
    claims = [expected(1, name="Dalia Sample Tester"), expected(2, name="Dalia Sample Omar")]
    assert doubtful(match(came(name="DALIA SAMPLE"), claims)).ids == (1, 2)
    assert match(came(name="DALIA SAMPLE OM"), claims) == Match(2, "name")


def test_name_decides_nothing_where_the_message_has_a_phone() -> None:
    verdict = nothing(
        match(came(phone=PHONE, name="DALIA SAMPLE"), [expected(1, name="Dalia Sample")])
    )
    assert verdict.near == (1,)
    assert english(verdict.why).startswith(
        f"A claim names its payer DALIA SAMPLE. But it does not name the phone {PHONE}"
    )
    elsewhere = expected(2, name="Dalia Sample", phone=OTHER_PHONE)
    verdict = nothing(match(came(phone=PHONE, name="DALIA SAMPLE"), [elsewhere]))
    assert f"the claim names {OTHER_PHONE}" in english(verdict.why)


@pytest.mark.parametrize(
    "name", [each["expect"]["sender_name"] for each in RECEIPTS if each["expect"]["sender_name"]]
)
def test_names_of_the_published_messages_fit_whom_they_name(name: str) -> None:
    assert name_fits(name, f"{name} Tester") is (len(name.split()) > 1)


# --- unusual amounts ------------------------------------------------------------------------------
def test_unusual_amount_tells_the_claim() -> None:
    claims = [expected(1, "800.37", by_amount=True), expected(2, "800.38", by_amount=True)]
    assert match(came("800.37"), claims) == Match(1, "amount")
    assert match(came("800.37", phone=PHONE), claims) == Match(1, "amount")


@pytest.mark.parametrize(
    ("amount", "by_amount"), [("800.00", True), ("800.37", False), ("800.00", False)]
)
def test_usual_amounts_tell_nothing(amount: str, *, by_amount: bool) -> None:
    claims = [expected(1, amount, by_amount=by_amount)]
    assert nothing(match(came(amount), claims)).near == ()


@pytest.mark.parametrize(
    "other",
    [
        {"by_amount": True},
        {"by_amount": False},
        {"phone": OTHER_PHONE},
        {"opened": OPENED - 90_000, "expires": OPENED - 86_400},
    ],
)
def test_unusual_amount_must_be_the_only_one(other: dict[str, str | int | bool]) -> None:
    claims = [expected(1, "800.37", by_amount=True), expected(2, "800.37", **other)]
    assert doubtful(match(came("800.37"), claims)).ids == (1, 2)


def test_unusual_amount_from_another_phone_is_doubtful() -> None:
    claims = [expected(1, "800.37", phone=OTHER_PHONE, by_amount=True)]
    assert doubtful(match(came("800.37", phone=PHONE), claims)).ids == (1,)


def test_phone_and_name_beat_unusual_amounts() -> None:
    claims = [
        expected(1, "800.37", by_amount=True),
        expected(2, "800.37", phone=PHONE, name="Dalia Sample"),
    ]
    assert match(came("800.37", phone=PHONE), claims) == Match(2, "phone")
    assert match(came("800.37", name="DALIA SAMPLE"), claims) == Match(2, "name")


# --- for whatever comes ---------------------------------------------------------------------------
AMOUNTS = st.builds(
    Money, st.sampled_from([-1, 0, 100, 80_000, 80_001, 80_037]), st.sampled_from(["EGP", "USD"])
)
PHONES = st.sampled_from(["", None, PHONE, OTHER_PHONE]) | st.text(max_size=12)
NAMES = st.sampled_from(["", None, "SALMA SAMPLE", "Salma Sample Tester", "SALMA S TESTER"])
REFERENCES = st.sampled_from(["", REFERENCE, "٠١٥٩٠٠٠٠٠٩٦٦", "2b860058"]) | st.text(max_size=12)
MOMENTS = st.integers(OPENED - 10_000, EXPIRES + 10_000)

COMING = st.builds(
    Came,
    amount=AMOUNTS,
    phone=PHONES,
    name=NAMES | st.text(max_size=30),
    reference=REFERENCES,
    moment=MOMENTS,
)
CLAIM = st.builds(
    Expected,
    id=st.integers(1, 10_000),
    amount=AMOUNTS,
    phone=PHONES,
    name=NAMES | st.text(max_size=30),
    reference=REFERENCES,
    opened=MOMENTS,
    expires=MOMENTS,
    by_amount=st.booleans(),
)
CLAIMS = st.lists(CLAIM, max_size=8, unique_by=lambda claim: claim.id)


def about(verdict: Match | Ambiguous | NoMatch) -> Sequence[int]:
    """The ids of all claims that a verdict names."""
    if isinstance(verdict, Match):
        return (verdict.id,)
    return verdict.ids if isinstance(verdict, Ambiguous) else verdict.near


@settings(max_examples=200, deadline=None)
@given(COMING, CLAIMS)
def test_a_match_has_the_amount_the_time_and_no_rival(coming: Came, claims: list[Expected]) -> None:
    verdict = match(coming, claims)
    by_id = {claim.id: claim for claim in claims}
    assert set(about(verdict)) <= set(by_id)
    if isinstance(verdict, NoMatch):
        assert verdict.why
        return
    for number in about(verdict):
        assert by_id[number].amount == coming.amount
        assert coming.amount.units > 0
    if isinstance(verdict, Match):
        found = by_id[verdict.id]
        assert found.opened - EARLY <= coming.moment <= found.expires + GRACE
        assert not (coming.phone and found.phone) or coming.phone == found.phone
        # Its twin makes it a tie, whatever sign it was found by.
        twin = replace(found, id=20_000)
        assert doubtful(match(coming, [*claims, twin])).ids == (found.id, 20_000)


@settings(max_examples=100, deadline=None)
@given(COMING, CLAIMS, st.randoms(use_true_random=False))
def test_order_of_the_claims_does_not_matter(
    coming: Came, claims: list[Expected], random: Random
) -> None:
    shuffled = list(claims)
    random.shuffle(shuffled)
    assert match(coming, claims) == match(coming, shuffled) == match(coming, [*claims, *shuffled])


@settings(max_examples=100, deadline=None)
@given(COMING, CLAIMS)
def test_claims_that_share_nothing_change_nothing(coming: Came, claims: list[Expected]) -> None:
    strangers = [
        expected(30_000 + n, "77.77", phone="01500000404", name="Nobody Known", by_amount=True)
        for n in range(3)
    ]
    assert match(coming, claims) == match(coming, [*claims, *strangers])


@settings(max_examples=100, deadline=None)
@given(st.text(), st.text())
def test_names_and_references_take_any_text(one: str, other: str) -> None:
    name_fits(one, other)
    assert plain_reference(plain_reference(one)) == plain_reference(one)
    assert plain_reference(one).isascii()
