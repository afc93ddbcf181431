"""The published webhook: what is read, what is refused with which code, and how old it may be."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from gateways.providers.base import Inbound, Notice, Rejected
from gateways.providers.haveno import CURRENCIES, Haveno, read_secret
from gateways.providers.haveno.signing import sign
from ledger.money import Money, digits_of
from tests.gateways.providers.haveno_messages import (
    CREDENTIALS,
    LOCKED_CREDENTIALS,
    MEMBERS,
    NOW,
    OFFER_ID,
    OTHER_SEED,
    RELAY_SEED,
    SECRET,
    hmac_headers,
    locked,
    posted,
    signed,
    webhook,
)

HAVENO = Haveno()
DAY = 24 * 3600


def accepted(inbound: Inbound, credentials: dict[str, str] = CREDENTIALS) -> Notice:
    HAVENO.verify(inbound, credentials)
    (notice,) = HAVENO.parse(inbound)
    return notice


def refused(inbound: Inbound, credentials: dict[str, str] = CREDENTIALS) -> Rejected:
    with pytest.raises(Rejected) as rejected:
        HAVENO.verify(inbound, credentials)
    return rejected.value


def raw(text: str) -> Inbound:
    """A body as text that no JSON writer would write, not signed: it is refused before that."""
    return posted(text.encode())


# --- what is read -------------------------------------------------------------------------------
def test_the_six_members_become_plain_values() -> None:
    notice = accepted(webhook())

    assert notice == Notice(
        order_reference="",
        status="paid",
        provider_status="SETTLED",
        received=Money.parse("0.25", "XMR"),
        confirmed=Money.parse("0.25", "XMR"),
        provider_reference=OFFER_ID,
        invoice="123",
    )
    assert (notice.transfers, notice.confirmations) == (None, None)


@pytest.mark.parametrize(
    ("invoice_id", "invoice"),
    [
        ("WHMCS-INV-000123", "123"),
        ("WHMCS-INV-1234567", "1234567"),
        ("INV-123", "123"),
        ("INV-000123", "123"),
        ("123", "123"),
        (123, "123"),
        (2**53 - 1, "9007199254740991"),
        ("000123", "123"),
        ("WHMCS-INV-000000", "WHMCS-INV-000000"),
        ("INV-12a", "INV-12a"),
        ("inv-123", "inv-123"),
        ("PROFORMA-7", "PROFORMA-7"),
        ("WHMCS-INV--123", "WHMCS-INV--123"),
        ("9" * 128, "9" * 128),
    ],
)
def test_the_bills_number_is_read_in_every_way_it_is_written(
    invoice_id: object, invoice: str
) -> None:
    assert accepted(webhook(invoice_id=invoice_id)).invoice == invoice


def test_members_of_the_future_are_verified_with_ignored_and_named() -> None:
    notice = accepted(webhook(txid="ab" * 32, zone=None, memo="x\u0000\n", refund=True))

    assert notice == replace(accepted(webhook()), detail="ignored, but signed: memo, refund, txid")
    odd = {f"m\u0000{number}\n" + "x" * 50: "" for number in range(50)}
    detail = accepted(posted(signed({**MEMBERS, "a": "b"}))).detail
    many = accepted(posted(sign({**MEMBERS, **odd}, RELAY_SEED))).detail
    assert detail == "ignored, but signed: a"
    assert many.isprintable()
    assert len(many) <= 500


@given(
    currency=st.sampled_from(CURRENCIES), units=st.integers(1, 10**14 - 1), zeros=st.integers(0, 12)
)
@settings(max_examples=150, deadline=None)
def test_v30_amounts_come_through_to_the_last_digit(currency: str, units: int, zeros: int) -> None:
    money = Money(units, currency)
    text = money.amount if zeros else money.amount.rstrip("0").rstrip(".")

    assert accepted(webhook(amount=text, currency=currency)).received == money


@pytest.mark.parametrize(
    ("currency", "digits"), [("XMR", 12), ("BTC", 8), ("USDT", 6), ("USD_BANK", 2), ("EUR", 2)]
)
def test_v30_each_currency_has_its_own_number_of_decimals(currency: str, digits: int) -> None:
    smallest = "0." + "1".rjust(digits, "0")

    assert digits_of(currency) == digits
    assert accepted(webhook(amount=smallest, currency=currency)).received == Money(1, currency)
    for longer in (f"{smallest}0", f"{smallest}1"):
        assert refused(webhook(amount=longer, currency=currency)).code == "haveno.bad_amount"


# --- shape --------------------------------------------------------------------------------------
BODY = webhook().body.decode()
SHAPES = {
    "nothing": "",
    "not JSON": "{",
    "a list": f"[{BODY}]",
    "a text": '"x"',
    "null": "null",
    "HTML": "<html></html>",
    "two objects": BODY + BODY,
    "a byte order mark": "\ufeff" + BODY,
    "a float amount": BODY.replace('"0.250000000000"', "0.25"),
    "a float timestamp": BODY.replace(str(NOW), f"{NOW}.0"),
    "an exponent": BODY.replace(str(NOW), "179e7"),
    "NaN": BODY.replace(str(NOW), "NaN"),
    "Infinity": BODY.replace(str(NOW), "Infinity"),
    "-Infinity": BODY.replace(str(NOW), "-Infinity"),
    "a float beyond": BODY.replace(str(NOW), "1e400"),
    "an integer beyond 2^53": BODY.replace(str(NOW), str(2**53)),
    "an integer of 5000 digits": BODY.replace(str(NOW), "1" * 5000),
    "a leading zero": BODY.replace(str(NOW), f"0{NOW}"),
    "an object within": BODY.replace('"XMR"', '{"code": "XMR"}'),
    "a list within": BODY.replace('"XMR"', '["XMR"]'),
    "an unknown object": BODY.replace("{", '{"x": {}, ', 1),
    "an unknown list": BODY.replace("{", '{"x": [], ', 1),
    "an unknown float": BODY.replace("{", '{"x": 0.5, ', 1),
    "a repeated member": BODY.replace("{", '{"amount": "9", ', 1),
    "a repeated unknown member": BODY.replace("{", '{"x": 1, "x": 2, ', 1),
    "a member repeated in escapes": BODY.replace("{", '{"am\\u006funt": "9", ', 1),
    "a lone surrogate": BODY.replace("XMR", "\\ud800"),
    "a lone surrogate as name": BODY.replace("{", '{"\\ud800": 1, ', 1),
    "a comment": BODY.replace("{", "{/* */", 1),
    "single quotes": BODY.replace('"', "'"),
    "a comma too many": BODY.replace("}", ",}"),
    "deep lists": "[" * 8000 + "]" * 8000,
    "deep objects": '{"a":' * 2500 + "1" + "}" * 2500,
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_v11_v29_v30_a_body_out_of_shape_is_a_calm_refusal(text: str) -> None:
    rejected = refused(raw(text))

    assert (rejected.code, rejected.status) == ("haveno.bad_json", 400)
    assert rejected.known_as == ""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_v29_only_utf_8_is_read(encoding: str) -> None:
    assert refused(posted(BODY.encode(encoding))).code == "haveno.bad_json"


def test_v28_the_cap_is_16_kib_and_looked_at_before_the_body() -> None:
    most = signed({**MEMBERS, "x": ""})
    room = 16 * 1024 - len(json.dumps(most))
    full = posted(signed({**MEMBERS, "x": "a" * room}))

    assert len(full.body) == 16 * 1024
    accepted(full)
    over = replace(full, body=full.body + b" ")
    assert (refused(over).code, refused(over).status) == ("haveno.too_large", 413)
    assert refused(replace(full, body=b"[" * 16_385)).code == "haveno.too_large"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "", "post"])
def test_v02_webhooks_are_posted(method: str) -> None:
    rejected = refused(replace(webhook(), method=method))

    assert (rejected.code, rejected.status) == ("haveno.method", 405)


@pytest.mark.parametrize("kind", ["", "text/plain", "text/json", "application/json-seq",
                                  "application/x-www-form-urlencoded"])  # fmt: skip
def test_v02_webhooks_are_json(kind: str) -> None:
    rejected = refused(replace(webhook(), headers={"content-type": kind}))

    assert (rejected.code, rejected.status) == ("haveno.content_type", 415)


def test_the_media_type_may_have_parameters_but_no_compression() -> None:
    plain = {"content-type": "Application/JSON; charset=utf-8", "content-encoding": "identity"}

    accepted(replace(webhook(), headers=plain))
    rejected = refused(replace(webhook(), headers={**plain, "content-encoding": "gzip"}))
    assert (rejected.code, rejected.status) == ("haveno.content_encoding", 415)


# --- types, all truly signed --------------------------------------------------------------------
NOT_TEXT: list[Any] = [True, False, 0, -1, 2**53 - 1]
TEXTS = ["", " ", "a b", "a\n", "a\0", "\u0661\u0662", "\uff11", "é", "x" * 129, "a\u200bb"]
TYPES: list[tuple[str, Any, str]] = [
    *[("offer_id", value, "haveno.bad_field") for value in (*NOT_TEXT, *TEXTS, ".", "..", "/x")],
    *[("invoice_id", value, "haveno.bad_field") for value in (True, False, 0, -1, *TEXTS)],
    *[("currency", value, "haveno.bad_amount") for value in
      (*NOT_TEXT, *TEXTS, "xmr", "Xmr", "X", "XMR ", "\u216fMR", "\u0425\u041cR", "$")],
    *[("amount", value, "haveno.bad_amount") for value in
      (*NOT_TEXT, *TEXTS, 25, "0", "0.0", "-0.25", "+0.25", "0,25", ".25", "0.", "00.25", "01",
       "1e3", "1E-3", "0x1", "1_0", "NaN", "Infinity", "0.25 ", " 0.25", "0.25\n", "0.25XMR",
       "\uff10.25", "\u0660.\u0662", "\u00b2", "1234567890123", "0.0000000000001", "1" * 40)],
    *[("timestamp", value, "haveno.bad_timestamp") for value in
      (True, False, 0, -NOW, NOW * 1000, 10**11 + 1, str(NOW), "", "now", "\u0661" * 10,
       "2026-09-21T14:13:20", "2026-09-21T14:13:20+00:00", "2026-09-21T14:13:20z",
       "2026-09-21 14:13:20Z", "2026-09-21T14:13:60Z", "2026-02-30T14:13:20Z",
       "2026-09-21T14:13Z", "2026-09-21T14:13:20.Z", "2026-09-21T14:13:20Z\n",
       "2026-09-21", "20260921T141320Z", "2026-W39-1T14:13:20Z", "2026-09-21T24:00:00Z",
       "\u0662026-09-21T14:13:20Z", "0000-01-01T00:00:00Z")],
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "code"), TYPES)
def test_v07_v11_v31_a_member_of_another_type_is_refused_though_signed(
    name: str, value: Any, code: str
) -> None:
    rejected = refused(posted(sign({**MEMBERS, name: value}, RELAY_SEED)))

    assert (rejected.code, rejected.status) == (code, 400)
    assert not rejected.key_may_be_old


@pytest.mark.parametrize("name", [*MEMBERS])
def test_v07_all_members_must_be_there_and_none_may_be_null(name: str) -> None:
    rest = {key: value for key, value in MEMBERS.items() if key != name}
    assert refused(posted(signed(rest))).code == "haveno.missing_field"
    assert refused(posted(signed({**MEMBERS, name: None}))).status == 400


def test_the_signature_is_judged_before_the_types() -> None:
    """An error message about a field is for the relay only."""
    rejected = refused(posted(signed({**MEMBERS, "amount": "-1"}, OTHER_SEED)))

    assert (rejected.code, rejected.status) == ("haveno.bad_signature", 401)
    assert rejected.key_may_be_old


# --- freshness ----------------------------------------------------------------------------------
AGES = [
    (-DAY, "haveno.future"), (-301, "haveno.future"), (-300, ""), (-299, ""), (0, ""), (299, ""),
    (300, ""), (301, "haveno.stale"), (DAY, "haveno.stale"), (31 * DAY, "haveno.stale"),
]  # fmt: skip


@pytest.mark.parametrize(("age", "code"), AGES)
@pytest.mark.parametrize("as_text", [False, True])
def test_v32_a_message_is_fresh_for_five_minutes_both_ways(
    age: int, code: str, as_text: bool
) -> None:
    moment: object = NOW - age
    if as_text:
        moment = datetime.fromtimestamp(NOW - age, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    inbound = webhook(timestamp=moment)

    if not code:
        assert accepted(inbound).received
        return
    rejected = refused(inbound)
    assert (rejected.code, rejected.status) == (code, 400)
    # So that a repeat of what is recorded can be answered as delivered.
    assert rejected.known_as == (OFFER_ID if code == "haveno.stale" else "")


def test_v32_parts_of_a_second_change_nothing() -> None:
    accepted(webhook(timestamp="2026-09-21T14:13:20.999999999Z"))


def test_v32_without_a_time_of_arrival_nothing_is_fresh() -> None:
    assert refused(replace(webhook(), received_at=0)).code == "haveno.future"


def test_v32_only_what_is_truly_signed_is_known() -> None:
    rejected = refused(webhook(timestamp=NOW - 301, seed=OTHER_SEED))

    assert (rejected.code, rejected.known_as) == ("haveno.bad_signature", "")


@pytest.mark.parametrize(
    ("age", "attempt_age", "code"),
    [
        (0, 0, ""),
        (301, 0, ""),
        (DAY, 0, ""),
        (7 * DAY, 0, ""),
        (7 * DAY + 1, 0, "haveno.stale"),
        (DAY, 300, ""),
        (DAY, 301, "haveno.stale"),
        (0, 301, "haveno.stale"),
        (0, DAY, "haveno.stale"),
        (0, -300, ""),
        (0, -301, "haveno.future"),
        (-301, 0, "haveno.future"),
    ],
)
def test_v32_with_the_second_lock_an_honest_resend_may_be_a_week_old(
    age: int, attempt_age: int, code: str
) -> None:
    inbound = locked(webhook(timestamp=NOW - age), attempt=NOW - attempt_age)

    if not code:
        assert accepted(inbound, LOCKED_CREDENTIALS)
        return
    rejected = refused(inbound, LOCKED_CREDENTIALS)
    assert (rejected.code, rejected.status) == (code, 400)
    assert rejected.known_as == (OFFER_ID if code == "haveno.stale" else "")


def test_v32_headers_that_nobody_can_check_buy_no_time() -> None:
    assert refused(locked(webhook(timestamp=NOW - 301))).code == "haveno.stale"


# --- the second lock ----------------------------------------------------------------------------
def with_headers(**changes: str) -> Inbound:
    """A genuine message whose second lock is changed; "" takes a header out."""
    inbound = webhook()
    names = {name.replace("_", "-"): value for name, value in changes.items()}
    headers = {**inbound.headers, **hmac_headers(inbound), **names}
    return replace(inbound, headers={name: value for name, value in headers.items() if value})


GOOD = hmac_headers(webhook())["webhook-signature"]


def test_both_locks_are_needed_once_there_are_two() -> None:
    forged = webhook(seed=OTHER_SEED)

    accepted(locked(webhook()), LOCKED_CREDENTIALS)
    assert refused(webhook(), LOCKED_CREDENTIALS).code == "haveno.bad_hmac"
    assert refused(locked(forged), LOCKED_CREDENTIALS).code == "haveno.bad_signature"


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook_signature": f"v1,AAAA {GOOD}"},
        {"webhook_signature": f"v1a,AAAA {GOOD} v2,x"},
        {"webhook_signature": f"{GOOD} {GOOD}"},
    ],
)
def test_one_fitting_entry_among_others_is_enough(headers: dict[str, str]) -> None:
    accepted(with_headers(**headers), LOCKED_CREDENTIALS)


MALFORMED: list[dict[str, str]] = [
    {"webhook_id": ""}, {"webhook_timestamp": ""}, {"webhook_signature": ""},
    {"webhook_id": "msg_2"}, {"webhook_id": "msg_1 "}, {"webhook_id": "é"}, {"webhook_id": "x" * 300},
    {"webhook_timestamp": str(NOW + 1)}, {"webhook_timestamp": f"{NOW}.0"},
    {"webhook_timestamp": f" {NOW}"}, {"webhook_timestamp": f"+{NOW}"},
    {"webhook_timestamp": "nan"}, {"webhook_timestamp": "inf"}, {"webhook_timestamp": "1e9"},
    {"webhook_timestamp": "-1"}, {"webhook_timestamp": "9" * 400},
    {"webhook_timestamp": "\u0661\u0662"}, {"webhook_timestamp": f"{NOW}\n"},
    {"webhook_signature": "v1"}, {"webhook_signature": ","}, {"webhook_signature": "v1,"},
    {"webhook_signature": " "}, {"webhook_signature": "v1,a,b"}, {"webhook_signature": "v1,!!"},
    {"webhook_signature": GOOD.removeprefix("v1,")}, {"webhook_signature": GOOD.upper()},
    {"webhook_signature": GOOD.replace("v1,", "v1a,")}, {"webhook_signature": GOOD[:-1]},
    {"webhook_signature": GOOD.rstrip("=")}, {"webhook_signature": f"{GOOD}="},
    {"webhook_signature": f"{GOOD},"}, {"webhook_signature": GOOD.replace(",", ", ")},
    {"webhook_signature": "v1,\u00e9\ud800"}, {"webhook_signature": "v1,\u0661"},
]  # fmt: skip


@pytest.mark.parametrize("headers", MALFORMED, ids=str)
def test_v03_v14_a_second_lock_that_does_not_fit_is_a_calm_refusal(headers: dict[str, str]) -> None:
    rejected = refused(with_headers(**headers), LOCKED_CREDENTIALS)

    assert (rejected.code, rejected.status) == ("haveno.bad_hmac", 401)
    assert rejected.key_may_be_old


def test_v14_every_prefix_of_the_second_signature_is_refused() -> None:
    for length in range(1, len(GOOD)):
        inbound = with_headers(webhook_signature=GOOD[:length])
        assert refused(inbound, LOCKED_CREDENTIALS).code == "haveno.bad_hmac"


def test_the_second_lock_is_over_the_bytes_as_they_came() -> None:
    inbound = locked(webhook())
    spaced = replace(inbound, body=inbound.body.replace(b": ", b":  "))

    accepted(replace(spaced, headers=webhook().headers))
    assert refused(spaced, LOCKED_CREDENTIALS).code == "haveno.bad_hmac"


BAD_SECRETS = [
    " ", "changeme", "supersecrethmac", "whsec_", "whsec_changeme", "whsec_!!!!", "whsec_é",
    SECRET.removeprefix("whsec_"), f" {SECRET}", f"{SECRET}\n", SECRET.upper(),
    "whsec_" + "QUJDRA==" , "whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG0=", "whsec_" + "A" * 44,
    "whsec_" + "YWJh" * 12, SECRET.replace("whsec_", "whsk_"),
]  # fmt: skip


@pytest.mark.parametrize("secret", BAD_SECRETS)
def test_v03_a_weak_second_lock_opens_for_nobody(secret: str) -> None:
    credentials = {**CREDENTIALS, "webhook_secret": secret}

    for inbound in (webhook(), locked(webhook())):
        rejected = refused(inbound, credentials)
        assert (rejected.code, rejected.status) == ("haveno.not_configured", 503)
    with pytest.raises(ValueError, match="webhook secret"):
        read_secret(secret)


def test_the_library_of_the_standard_makes_the_same_signature() -> None:
    inbound = webhook()
    theirs = Webhook(SECRET).sign("msg_1", datetime.fromtimestamp(NOW, UTC), inbound.body.decode())

    assert theirs == hmac_headers(inbound)["webhook-signature"] == GOOD


@pytest.mark.parametrize("headers", [{}, *MALFORMED], ids=str)
def test_what_is_taken_here_is_taken_by_the_library_of_the_standard(
    headers: dict[str, str],
) -> None:
    """It reads the real clock, so the message is made for this very moment."""
    now = int(datetime.now(UTC).timestamp())
    made = webhook(timestamp=now, at=now)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    # The moment in the table is another; what is wrong with it stays wrong.
    every = {**made.headers, **hmac_headers(made, attempt=now), **names}
    inbound = replace(made, headers=every)
    try:
        HAVENO.verify(inbound, LOCKED_CREDENTIALS)
    except Rejected:
        assert headers
        return
    assert not headers
    Webhook(SECRET).verify(inbound.body, every)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(inbound.body + b" ", every)


# --- anything at all ----------------------------------------------------------------------------
MEMBER = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.text(max_size=12),
    st.sampled_from(["0.25", "XMR", "BTC", OFFER_ID, NOW, "2026-09-21T14:13:20Z"]),
)


@given(members=st.dictionaries(st.sampled_from([*MEMBERS, "x"]), MEMBER, max_size=7))
@settings(max_examples=200, deadline=None)
def test_nothing_that_the_relay_signs_crashes_the_reader(members: dict[str, Any]) -> None:
    try:
        inbound = posted(sign({**MEMBERS, **members}, RELAY_SEED))
    except ValueError:
        return  # a lone surrogate
    try:
        notice = accepted(inbound)
    except Rejected as rejected:
        assert rejected.status == 400
        return
    assert notice.received is not None
    assert notice.received.units > 0


@given(identity=st.text(max_size=20), moment=st.text(max_size=12), entries=st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_no_headers_crash_the_reader(identity: str, moment: str, entries: str) -> None:
    inbound = with_headers(
        webhook_id=identity or "x", webhook_timestamp=moment, webhook_signature=entries
    )

    assert refused(inbound, LOCKED_CREDENTIALS).code == "haveno.bad_hmac"
