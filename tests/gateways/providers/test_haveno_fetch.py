"""Asking the relay: what is true of an offer, withdrawing it, and what it is booked under."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
import responses
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.providers.base import STATUSES, Notice, Transfer, Unavailable
from gateways.providers.haveno import Haveno, key_id
from ledger.http import Answer
from ledger.money import Money
from tests.gateways.providers.haveno_messages import (
    CREDENTIALS,
    MERCHANT_KEY,
    MERCHANT_SEED,
    NOW,
    OFFER_ID,
    OTHER_KEY,
    OTHER_SEED,
    REFERENCE,
    RELAY,
    RELAY_KEY,
    payload,
    signed,
)

ONE = f"{RELAY}/v1/offers/{OFFER_ID}"
HTML = b"<html><body>Just a moment...</body></html>"
UNKNOWN = {"code": "unknown_offer", "message": "There is no such offer."}


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mocked:
        yield mocked


def xmr(amount: str) -> Money:
    return Money.parse(amount, "XMR")


def transfer(amount: str = "0.1", confirmations: int = 10, number: int = 1, **more: Any) -> Any:
    return {
        "txid": f"{number:064x}",
        "amount": amount,
        "currency": "XMR",
        "confirmations": confirmations,
        "seen_at": NOW + 60,
        "locked": False,
        **more,
    }


def report(*transfers: Any, **changes: Any) -> dict[str, Any]:
    """A signed report that adds up, unless `changes` say otherwise."""
    ours = [each for each in transfers if each["currency"] == "XMR"]
    received = sum((xmr(each["amount"]) for each in ours), Money(0, "XMR"))
    return signed(
        {
            "offer_id": OFFER_ID,
            "state": "confirming",
            "received": received.amount.rstrip("0").rstrip("."),
            "confirmations": min((each["confirmations"] for each in ours), default=0),
            "confirmations_required": 10,
            "transfers": list(transfers),
            **changes,
        }
    )


def told(answer: dict[str, Any], **credentials: str) -> Notice:
    """What fetch makes of an answer, without a network."""

    def http(*_: Any, **__: Any) -> Answer:
        return Answer(200, json.dumps(answer).encode())

    notice = Haveno(http).fetch(OFFER_ID, {**CREDENTIALS, **credentials})
    assert notice is not None
    return notice


# --- one offer ----------------------------------------------------------------------------------
def test_an_offer_is_fetched_by_its_id(web: responses.RequestsMock) -> None:
    web.get(ONE, body=payload("offer_confirming.json"))

    notice = Haveno().fetch(OFFER_ID, CREDENTIALS)

    assert notice == Notice(
        order_reference="",
        status="pending",
        provider_status="CONFIRMING",
        received=xmr("0.25"),
        confirmed=xmr("0.1"),
        provider_reference=OFFER_ID,
        transfers=(
            Transfer("01" * 32, xmr("0.1"), 12, 1790000101, counts=True),
            Transfer("02" * 32, xmr("0.15"), 3, 1790000102, counts=False),
        ),
        confirmations=3,
        confirmations_required=10,
    )
    assert web.calls[0].request.body is None


@pytest.mark.parametrize("offer_id", ["a/../b", "a?x=1", "a#b", "a%2Fb", "of_7Q2M", "a@b:c"])
def test_an_odd_offer_id_is_one_piece_of_the_path(
    web: responses.RequestsMock, offer_id: str
) -> None:
    address = f"{RELAY}/v1/offers/{quote(offer_id, safe='')}"
    web.get(address, json=report(offer_id=offer_id))

    notice = Haveno().fetch(offer_id, CREDENTIALS)

    assert notice is not None
    assert str(web.calls[0].request.url).count("/") == 5


@pytest.mark.parametrize("offer_id", ["", " ", "..", ".", "/", "a b", "é", "x" * 129])
def test_what_is_no_offer_id_is_not_asked_about(offer_id: str) -> None:
    with responses.RequestsMock(), pytest.raises(Unavailable, match="no offer id"):
        Haveno().fetch(offer_id, CREDENTIALS)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("open", "new"),
        ("seen", "pending"),
        ("confirming", "pending"),
        ("partial", "pending"),
        ("settled", "paid"),
        ("over", "paid"),
        ("late", "paid"),
        ("expired", "expired"),
        ("cancelled", "failed"),
        ("refunded", "refunded"),
        ("disputed", "unknown"),
        ("SETTLED", "unknown"),
    ],
)
def test_the_relays_states_are_said_in_the_ledgers_words(state: str, status: str) -> None:
    notice = told(report(transfer(), state=state))

    assert (notice.status, notice.provider_status) == (status, state.upper())
    assert status in STATUSES | {"unknown"}


def test_an_offer_that_nobody_paid_has_no_sums(web: responses.RequestsMock) -> None:
    notice = told(report(state="open"))

    assert (notice.received, notice.confirmed, notice.transfers) == (None, None, ())
    assert (notice.confirmations, notice.advice) == (0, "")


# --- what counts --------------------------------------------------------------------------------
def test_dust_sent_first_confirms_nothing_that_comes_after() -> None:
    """A merchant tool once took the most confirmations of all transfers for those of the sum."""
    notice = told(
        report(transfer("0.000000000001", 500, 1), transfer("0.25", 0, 2), state="settled")
    )

    assert notice.received == xmr("0.250000000001")
    assert notice.confirmed == xmr("0.000000000001")
    assert notice.confirmations == 0


@pytest.mark.parametrize(("confirmations", "counts"), [(0, False), (9, False), (10, True)])
def test_a_transfer_counts_from_its_own_tenth_confirmation(
    confirmations: int, counts: bool
) -> None:
    notice = told(report(transfer("0.1", confirmations, 1), transfer("0.15", 30, 2)))

    assert notice.received == xmr("0.25")
    assert notice.confirmed == xmr("0.25" if counts else "0.15")


def test_a_locked_transfer_does_not_count_however_deep() -> None:
    notice = told(report(transfer("0.1", 99, 1, locked=True), transfer("0.15", 99, 2)))

    assert (notice.received, notice.confirmed) == (xmr("0.25"), xmr("0.15"))


@pytest.mark.parametrize(
    ("ours", "theirs", "required"), [("10", 1, 10), ("1", 10, 10), ("", 1, 10), ("60", 10, 60)]
)
def test_the_stricter_of_both_numbers_of_confirmations_counts(
    ours: str, theirs: int, required: int
) -> None:
    notice = told(
        report(
            transfer("0.1", required - 1, 1),
            transfer("0.2", required, 2),
            confirmations_required=theirs,
        ),
        confirmations=ours,
    )

    assert notice.confirmations_required == required
    assert notice.confirmed == xmr("0.2")


DEPTHS = st.lists(
    st.tuples(st.integers(1, 10**15), st.integers(0, 30), st.booleans()), min_size=1, max_size=6
)


@given(transfers=DEPTHS)
@settings(max_examples=100, deadline=None)
def test_the_sums_are_of_exactly_the_transfers_that_count(
    transfers: list[tuple[int, int, bool]],
) -> None:
    listed = [
        transfer(Money(units, "XMR").amount, depth, number, locked=locked)
        for number, (units, depth, locked) in enumerate(transfers)
    ]
    notice = told(report(*listed))

    assert notice.received == Money(sum(units for units, _, _ in transfers), "XMR")
    good = sum(units for units, depth, locked in transfers if depth >= 10 and not locked)
    assert notice.confirmed == Money(good, "XMR")


# --- coins of another kind ----------------------------------------------------------------------
def test_v07_coins_of_two_kinds_are_not_added_up() -> None:
    notice = told(report(transfer("0.25", 20, 1), transfer("5", 20, 2, currency="BTC")))

    assert (notice.received, notice.confirmed) == (None, None)
    assert "5.00000000 BTC" in notice.advice
    assert notice.transfers is not None
    assert [each.amount.currency for each in notice.transfers] == ["XMR", "BTC"]


@pytest.mark.parametrize("nothing", ["0", "0.00", "0.000000000000"])
def test_v07_coins_of_another_kind_alone_call_for_a_person(nothing: str) -> None:
    notice = told(report(transfer("5", 20, 1, currency="BTC"), state="seen", received=nothing))

    assert notice.received == Money.parse("5", "BTC")
    assert "not counted" in notice.advice


def test_v07_the_right_coins_alone_call_for_nobody() -> None:
    bank = transfer("28.50", 10, 1, currency="USD_BANK", txid="BANK-00FF")

    assert told(report(transfer())).advice == ""
    large = {**bank, "amount": "1234567.89"}
    assert told(report(large, received="1234567.89")).advice == ""
    notice = told(report(bank, received="28.50"))
    assert (notice.received, notice.advice) == (Money.parse("28.50", "USD_BANK"), "")


# --- what is not believed -----------------------------------------------------------------------
SEALED = report(transfer())
UNTRUE: dict[str, dict[str, Any]] = {
    "nobody": {name: value for name, value in SEALED.items() if name != "signature"},
    "another relay": signed(SEALED, OTHER_SEED),
    "ourselves": signed(SEALED, MERCHANT_SEED),
    "another state": {**SEALED, "state": "settled"},
    "another transfer": {**SEALED, "transfers": [transfer("0.2")]},
}


@pytest.mark.parametrize("answer", UNTRUE.values(), ids=UNTRUE)
def test_v12_a_report_that_the_relay_did_not_sign_says_nothing(answer: dict[str, Any]) -> None:
    with pytest.raises(Unavailable, match="Public Key"):
        told(answer)


def test_of_two_relay_keys_either_may_report() -> None:
    answer = signed(SEALED, OTHER_SEED)

    assert told(answer, relay_keys=f"{RELAY_KEY} {OTHER_KEY}").received == xmr("0.1")


def test_v05_a_genuine_report_of_another_offer_is_not_this_ones() -> None:
    with pytest.raises(Unavailable, match="another offer"):
        told(report(transfer(), offer_id="HAV-OFF-XYZ124"))


ODD: list[Any] = [None, True, -1, "1", [], {}, 2**53 - 1]


def each(**values: list[Any]) -> list[dict[str, Any]]:
    """One change at a time."""
    return [{name: value} for name, odd in values.items() for value in odd]


REPORTS = [
    *each(
        state=[None, True, 1, "", "a b", "é", [], "x" * 129],
        received=[None, True, 0, "", "-1", "0.2", "1e3", "0.10000000000001"],
        confirmations=ODD,
        confirmations_required=[*ODD, 0, 10_001],
        transfers=[None, {}, "", 1, [1], [[]], [None], ["x"]],
    ),
    {"transfers": [transfer(), transfer()], "received": "0.2"},
    {"transfers": [transfer(number=number) for number in range(1001)], "received": "100.1"},
]
TRANSFERS = each(
    txid=[None, True, 1, "", "a b", "é", "x" * 129, "a\n"],
    amount=[None, True, 1, "", "0", "-1", "1e3", "0.1000000000001"],
    currency=[None, True, 1, "", "xmr", "X", []],
    confirmations=ODD,
    seen_at=[None, True, 0, -1, str(NOW), NOW * 1000],
    locked=[None, 0, 1, "false", []],
)


@pytest.mark.parametrize("changes", REPORTS, ids=lambda changes: str(changes)[:60])
def test_v11_a_report_out_of_shape_is_not_believed_in_part(changes: dict[str, Any]) -> None:
    with pytest.raises(Unavailable, match="out of shape"):
        told(report(transfer(), **changes))


@pytest.mark.parametrize("changes", TRANSFERS, ids=str)
def test_v11_a_transfer_out_of_shape_is_not_believed_in_part(changes: dict[str, Any]) -> None:
    for listed in ([{**transfer(), **changes}], [transfer(number=2), {**transfer(), **changes}]):
        with pytest.raises(Unavailable, match="out of shape"):
            told(report(transfers=listed, received="0.1"))


@pytest.mark.parametrize("name", ["state", "received", "confirmations", "confirmations_required",
                                  "transfers", "offer_id"])  # fmt: skip
def test_v07_nothing_that_is_missing_is_taken_for_granted(name: str) -> None:
    with pytest.raises(Unavailable):
        told(signed({key: value for key, value in SEALED.items() if key != name}))


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_no_signed_report_crashes_the_reader(data: st.DataObject) -> None:
    value = st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.just("0.1"),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
            st.sampled_from(sorted(transfer())), inner, max_size=6
        ),
        max_leaves=6,
    )  # fmt: skip
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(SEALED)), value, max_size=3))
    changes.pop("signature", None)
    try:
        notice = told(signed({**SEALED, **changes}))
    except Unavailable:
        return
    assert notice.provider_reference == OFFER_ID


# --- no answer ----------------------------------------------------------------------------------
@pytest.mark.parametrize("body", [b"", json.dumps(UNKNOWN).encode()])
def test_an_offer_that_the_relay_does_not_know_is_none(
    web: responses.RequestsMock, body: bytes
) -> None:
    web.get(ONE, status=404, body=body)

    assert Haveno().fetch(OFFER_ID, CREDENTIALS) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *[(status, json.dumps(UNKNOWN).encode()) for status in (400, 401, 403, 409, 422, 429, 500, 503)],
        *[(status, HTML) for status in (200, 302, 400, 404, 429, 500, 503)],
        (200, b'{"a": 1.0}'),
        (200, b"[]"),
        (204, b""),
        (302, payload("offer_confirming.json")),
        (500, payload("offer_confirming.json")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_any_other_answer_means_that_nothing_is_known(
    web: responses.RequestsMock, status: int, body: bytes, method: str
) -> None:
    if (method, status) == ("DELETE", 409):
        return
    web.add(method, ONE, status=status, body=body)

    with pytest.raises(Unavailable, match=rf"HTTP {status}"):
        if method == "GET":
            Haveno().fetch(OFFER_ID, CREDENTIALS)
        else:
            Haveno().purge(REFERENCE, OFFER_ID, CREDENTIALS, NOW)


@pytest.mark.parametrize("broken", [requests.ConnectTimeout(), requests.ReadTimeout()])
def test_no_answer_means_that_nothing_is_known(
    web: responses.RequestsMock, broken: Exception
) -> None:
    web.get(ONE, body=broken)
    web.delete(ONE, body=broken)

    with pytest.raises(Unavailable, match="The relay"):
        Haveno().fetch(OFFER_ID, CREDENTIALS)
    with pytest.raises(Unavailable, match="The relay"):
        Haveno().purge(REFERENCE, OFFER_ID, CREDENTIALS, NOW)


@pytest.mark.parametrize(
    "changes",
    [{"relay_url": ""}, {"relay_url": "http://relay.example.org"}, {"confirmations": "0"}],
)
def test_v03_settings_that_do_not_let_us_ask_are_named(changes: dict[str, str]) -> None:
    with responses.RequestsMock(), pytest.raises(Unavailable, match=r"relay URL|confirmations"):
        Haveno().fetch(OFFER_ID, {**CREDENTIALS, **changes})


@pytest.mark.parametrize("keys", ["", "0" * 64])
def test_v13_without_a_good_key_no_report_is_believed(keys: str) -> None:
    with pytest.raises(Unavailable, match="cannot be verified"):
        told(SEALED, relay_keys=keys)


def test_the_relays_words_are_passed_on(web: responses.RequestsMock) -> None:
    web.get(ONE, status=401, json={"code": "who", "message": "Register your\nkey."})

    with pytest.raises(Unavailable, match=r"HTTP 401: Register your\?key\.$"):
        Haveno().fetch(OFFER_ID, CREDENTIALS)


# --- withdrawing --------------------------------------------------------------------------------
def purge(**credentials: str) -> bool:
    return Haveno().purge(REFERENCE, OFFER_ID, {**CREDENTIALS, **credentials}, NOW)


def test_an_unpaid_offer_is_withdrawn_with_a_signed_word(web: responses.RequestsMock) -> None:
    web.delete(ONE, body=payload("offer_cancelled.json"))

    assert purge() is True

    posted = json.loads(web.calls[0].request.body or b"")
    assert posted == signed(
        {
            "type": "havenopay.cancel",
            "version": 1,
            "offer_id": OFFER_ID,
            "order_ref": REFERENCE,
            "created_at": NOW,
            "key_id": key_id(MERCHANT_KEY),
        },
        MERCHANT_SEED,
    )


@pytest.mark.parametrize(("status", "gone"), [(404, True), (409, False)])
def test_an_offer_that_is_gone_or_paid_is_told_apart(
    web: responses.RequestsMock, status: int, gone: bool
) -> None:
    web.delete(ONE, status=status, json=UNKNOWN)

    assert purge() is gone


CANCELLED: dict[str, Any] = {"offer_id": OFFER_ID, "state": "cancelled"}


@pytest.mark.parametrize(
    "answer",
    [
        CANCELLED,
        signed(CANCELLED, OTHER_SEED),
        signed({**CANCELLED, "offer_id": "HAV-OFF-XYZ124"}),
        signed({**CANCELLED, "state": "settled"}),
        signed({"offer_id": OFFER_ID}),
    ],
)
def test_v12_a_word_that_is_not_the_relays_about_this_offer_withdraws_nothing(
    web: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    web.delete(ONE, json=answer)

    with pytest.raises(Unavailable, match=r"not believed|something else"):
        purge()


@pytest.mark.parametrize(
    "changes", [{"relay_url": ""}, {"relay_keys": ""}, {"merchant_key": "x"}], ids=str
)
def test_settings_that_do_not_let_us_withdraw_are_named(changes: dict[str, str]) -> None:
    with responses.RequestsMock(), pytest.raises(Unavailable, match=r".+"):
        purge(**changes)


def test_an_order_that_never_had_an_offer_is_not_withdrawn() -> None:
    with responses.RequestsMock(), pytest.raises(Unavailable, match="no offer id"):
        Haveno().purge(REFERENCE, "", CREDENTIALS, NOW)


# --- booking ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("offer_id", "booked"),
    [
        ("HAV-OFF-XYZ123", "HAV-OFF-XYZ123"),
        ("XYZ123", "HAV-OFF--XYZ123"),
        ("6e1d2a9c-93a4-4d5c-b0d0-0f6a4d1b7e55", "HAV-OFF--6e1d2a9c-93a4-4d5c-b0d0-0f6a4d1b7e55"),
    ],
)
def test_a_payment_is_booked_under_the_offers_id(offer_id: str, booked: str) -> None:
    assert Haveno().transaction_id(REFERENCE, offer_id) == booked


@pytest.mark.parametrize("offer_id", ["of_7Q2M", "a%b", "a\\b", "x" * 128, "HAV-OFF-" + "x" * 49])
def test_an_id_that_billers_cannot_search_for_is_booked_under_its_digest(offer_id: str) -> None:
    booked = Haveno().transaction_id(REFERENCE, offer_id)

    assert booked.startswith("HAV-OFF-")
    # The ledger adds a number for money that comes later: 64 characters in all.
    assert len(booked) <= 56
    assert not set(booked) & set("_%\\")
    assert booked != Haveno().transaction_id(REFERENCE, f"{offer_id[:-1]}z")


@pytest.mark.parametrize("offer_id", ["", " ", "a b", "a\n", "\u0661", "x" * 129, "-x"])
def test_what_is_no_offer_id_is_booked_under_nothing(offer_id: str) -> None:
    with pytest.raises(ValueError, match="no offer id"):
        Haveno().transaction_id(REFERENCE, offer_id)


def test_no_key_is_ever_fetched_and_nothing_is_a_doorbell() -> None:
    with responses.RequestsMock():
        assert Haveno().refresh_keys(CREDENTIALS) == {}
