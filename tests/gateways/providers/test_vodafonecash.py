"""What phones upload, what the platform reports, and what of both may be stored."""

# ruff: noqa: RUF001 -- Arabic digits

import json
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.providers.base import Inbound, OpenRefused, Rejected
from gateways.providers.vodafonecash import PlatformPayment, VodafoneCash
from gateways.wallet.sms import is_otp
from tests.gateways.providers.vodafonecash_messages import (
    EVENT,
    GENERIC,
    NOW,
    OPEN_PHONE,
    OTP,
    PHONE,
    PLUGIN,
    STORE,
    STORE_KEY,
    TEXT,
    UPSTREAM,
    called,
    posted,
    request,
    smsgate,
)

provider = VodafoneCash()
FINGERPRINT = "ab" * 32
BATCH: dict[str, Any] = {
    "device_id": "d",
    "messages": [
        {
            "fingerprint": FINGERPRINT,
            "address": "VF-Cash",
            "body": TEXT,
            "received_at": "2026-09-21T14:13:20.000Z",
            "sim_slot": 0,
        }
    ],
}


def refusal(inbound: Inbound, credentials: dict[str, str]) -> tuple[str, int]:
    with pytest.raises(Rejected) as rejected:
        provider.verify(inbound, credentials)
    return rejected.value.code, rejected.value.status


# --- opening ------------------------------------------------------------------------------------
def test_the_payer_stays_with_us_and_sends_to_the_wallet() -> None:
    opened = provider.open(request(), STORE)

    assert (opened.payment_url, opened.pay_to) == ("", "01000000101")
    assert opened.provider_reference == ""


def test_a_store_without_a_wallet_opens_nothing_and_says_what_to_do() -> None:
    with pytest.raises(OpenRefused, match="wallet") as refused:
        provider.open(request(), {**STORE, "wallet_number": ""})
    assert "settings" in refused.value.way_out


@pytest.mark.parametrize(
    ("reference", "booked"),
    [("012345678901", "VFC-012345678901"), ("8f3a09bc77d1e2f4", "VFC-8f3a09bc77d1e2f4")],
)
def test_a_payment_is_booked_under_the_wallets_reference(reference: str, booked: str) -> None:
    assert provider.transaction_id("1043-1", reference) == booked


def test_an_order_without_a_receipt_has_no_reference_to_book_under() -> None:
    with pytest.raises(ValueError, match="no reference of a receipt"):
        provider.transaction_id("1043-7f3a", "")


# --- uploads ------------------------------------------------------------------------------------
def test_an_upload_is_read_with_its_messages() -> None:
    provider.verify(smsgate(), PHONE)

    upload = provider.uploaded(smsgate(), PHONE)

    assert (upload.app, [(sms.sender, sms.text, sms.sim) for sms in upload.messages]) == (
        "smsgate",
        [("VF-Cash", TEXT, "sim1")],
    )


def test_what_was_stored_is_read_without_the_headers_that_proved_it() -> None:
    stored = Inbound(smsgate().body, {"content-type": "application/json"}, received_at=NOW)

    assert refusal(stored, PHONE) == ("phone.bad_signature", 401)
    assert provider.uploaded(stored, PHONE) == provider.uploaded(smsgate(), PHONE)


def test_a_wrong_key_is_401_and_no_known_format_is_400() -> None:
    keyed = {**OPEN_PHONE, "header_key": "the-header-key"}
    message = posted({"from": "VF-Cash", "text": TEXT})

    provider.verify(message, OPEN_PHONE)
    assert refusal(message, keyed) == ("phone.bad_key", 401)
    assert refusal(posted({"hello": 1}), OPEN_PHONE) == ("phone.bad_shape", 400)


def test_the_stores_own_url_takes_nothing_where_no_platform_reports() -> None:
    assert refusal(smsgate(), dict(STORE)) == ("vodafonecash.no_sender", 404)
    assert refusal(called(PLUGIN), dict(STORE)) == ("vodafonecash.no_sender", 404)


def test_each_app_is_answered_as_it_wants() -> None:
    assert provider.answer(smsgate(), PHONE) == (b"ok", "text/plain")
    assert provider.answer(called(PLUGIN), UPSTREAM) == (b"ok", "text/plain")
    body, kind = provider.answer(posted(BATCH), OPEN_PHONE)
    assert (json.loads(body)["accepted"], kind) == ([FINGERPRINT], "application/json")


# --- the platform's callback ----------------------------------------------------------------------
def test_the_plugins_callback_is_read() -> None:
    provider.verify(called(PLUGIN), UPSTREAM)

    assert provider.platform_paid(called(PLUGIN)) == PlatformPayment(
        "012345678901", "01000000000", "20.00", "Mona Adel (42)"
    )


def test_the_other_documented_callback_is_read_where_the_url_brings_the_key() -> None:
    behind = f"key={STORE_KEY}&" + urlencode({k: v for k, v in GENERIC.items() if k != "key"})
    provider.verify(called(behind), UPSTREAM)

    assert provider.platform_paid(called(behind)) == PlatformPayment(
        "012345678901", "01000000000", "1000", "Mona Adel (42)", "EGP"
    )


@pytest.mark.parametrize("shape", [PLUGIN, GENERIC])
@pytest.mark.parametrize("joint", ["&", "?", "&&", "?&"])
def test_a_callback_is_read_however_it_is_appended_to_a_url_with_the_key(
    shape: dict[str, str], joint: str
) -> None:
    call = called(f"key={STORE_KEY}{joint}{urlencode(shape)}")

    provider.verify(call, UPSTREAM)

    kept = provider.keepable(call)
    assert STORE_KEY.encode() not in kept.body
    assert provider.platform_paid(kept) == provider.platform_paid(called(shape))


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("1,234.50", "1234.50"),
        ("1,234,567.00", "1234567.00"),
        ("16.410256410256", "16.41025641"),
        ("16.41", "16.41"),
    ],
)
def test_an_amount_is_read_as_platforms_in_php_write_it(told: str, read: str) -> None:
    provider.verify(called({**PLUGIN, "amount": told}), UPSTREAM)

    assert provider.platform_paid(called({**PLUGIN, "amount": told})).amount == read


@pytest.mark.parametrize("phone", ["+201000000000", "00201000000000", "٠١٠٠٠٠٠٠٠٠٠"])
def test_the_payers_phone_is_brought_to_one_spelling(phone: str) -> None:
    assert provider.platform_paid(called({**PLUGIN, "from": phone})).phone == "01000000000"


def test_a_wallet_that_hid_the_payer_is_no_error() -> None:
    assert provider.platform_paid(called({**PLUGIN, "from": ""})).phone == ""


@pytest.mark.parametrize("shape", [PLUGIN, GENERIC])
@pytest.mark.parametrize("key", [None, "", "0", STORE_KEY[:-1], STORE_KEY + "x", STORE_KEY.upper()])
def test_without_the_key_nothing_is_believed(shape: dict[str, str], key: str | None) -> None:
    fields = {name: text for name, text in shape.items() if name != "key"}
    if key is not None:
        fields["key"] = key

    assert refusal(called(fields), UPSTREAM) == ("vodafonecash.bad_key", 401)


def test_a_store_without_a_key_believes_no_callback() -> None:
    code = refusal(called({**PLUGIN, "key": ""}), {**UPSTREAM, "store_key": ""})
    assert code == ("vodafonecash.not_configured", 503)


@pytest.mark.parametrize(
    "change",
    [
        {"action": "getBalance"},
        {"action": ""},
        {"amount": "0"},
        {"amount": "0.00"},
        {"amount": "-5"},
        {"amount": "1e3"},
        {"amount": "1,000"},
        {"amount": "1,00.00"},
        {"amount": "0.000000001"},
        {"amount": "NaN"},
        {"amount": ""},
        {"trans_id": ""},
        {"trans_id": "a b"},
        {"trans_id": "x" * 65},
        {"trans_id": "'; DROP"},
        {"username": "x" * 121},
        {"store_id": "3"},
    ],
)
def test_a_field_out_of_shape_is_refused(change: dict[str, str]) -> None:
    code, status = refusal(called({**PLUGIN, **change}), UPSTREAM)
    assert code.startswith("vodafonecash.")
    assert status in (400, 401)


@pytest.mark.parametrize(
    "change", [{"status": "pending"}, {"currency": "USD"}, {"store_id": "3"}, {"amount": "1.001"}]
)
def test_a_field_of_the_other_form_out_of_shape_is_refused(change: dict[str, str]) -> None:
    assert refusal(called({**GENERIC, **change}), UPSTREAM)[0].startswith("vodafonecash.")


@pytest.mark.parametrize("name", PLUGIN)
def test_every_field_of_the_callback_comes_exactly_once(name: str) -> None:
    without = {key: value for key, value in PLUGIN.items() if key != name}
    query = urlencode(PLUGIN)
    twice = f"{query}&{urlencode({name: f'{PLUGIN[name]}0'})}"
    if name != "from":
        assert refusal(called(without), UPSTREAM)[1] in (400, 401)
    assert refusal(called(twice), UPSTREAM) == ("vodafonecash.bad_shape", 400)


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "OPTIONS"])
def test_the_callback_is_a_get(method: str) -> None:
    inbound = Inbound(urlencode(PLUGIN).encode(), {}, method)
    assert refusal(inbound, UPSTREAM) == ("vodafonecash.method", 405)


@given(query=st.text(max_size=200) | st.binary(max_size=100).map(lambda raw: raw.decode("latin-1")))
@settings(max_examples=200, deadline=None)
def test_no_query_brings_anything_but_a_refusal(query: str) -> None:
    inbound = Inbound(query.encode("utf-8", "replace"), {}, "GET")
    assert refusal(inbound, UPSTREAM)[0].startswith("vodafonecash.")
    with pytest.raises(Rejected):
        provider.platform_paid(inbound)


# --- what may be stored -----------------------------------------------------------------------------
def with_text(text: str) -> dict[str, Any]:
    return {**EVENT, "payload": {**EVENT["payload"], "message": text}}


def test_a_message_without_codes_is_kept_byte_for_byte() -> None:
    for inbound in (
        smsgate(),
        posted(BATCH),
        posted(b"from=VF-Cash&content=100%20EGP"),
        posted(b""),
    ):
        assert provider.keepable(inbound) is inbound


def test_a_code_is_masked_and_the_rest_stays_readable() -> None:
    kept = provider.keepable(posted(with_text(OTP)))

    assert b"493021" not in kept.body
    upload = provider.uploaded(kept, OPEN_PHONE)
    assert [(sms.sender, sms.sim, sms.event_id) for sms in upload.messages] == [
        ("VF-Cash", "sim1", "evt-1")
    ]
    assert "verification code" in upload.messages[0].text


def test_only_the_message_with_the_code_is_masked_in_a_batch() -> None:
    other = {**BATCH["messages"][0], "fingerprint": "cd" * 32, "body": OTP}
    batch = {**BATCH, "messages": [*BATCH["messages"], other]}

    kept = provider.keepable(posted(batch))

    first, second = provider.uploaded(kept, OPEN_PHONE).messages
    assert first.text == TEXT
    assert "493021" not in second.text


def test_a_code_in_a_form_is_masked_too() -> None:
    body = urlencode({"from": "Bank", "content": OTP, "timestamp": f"{NOW}123"}).encode()

    kept = provider.keepable(posted(body, "application/x-www-form-urlencoded"))

    (sms,) = provider.uploaded(kept, OPEN_PHONE).messages
    assert (sms.sender, "493021" in sms.text, "code" in sms.text) == ("Bank", False, True)


@pytest.mark.parametrize(
    "body",
    [
        f"{OTP}".encode(),
        json.dumps(with_text(OTP)).encode()[:-3],
        json.dumps({"from": "Bank", "text": OTP}).encode().replace(b"{", b'{"text":"x",'),
        b"\xff\xfe" + OTP.encode(),
        json.dumps([{"text": OTP}]).encode(),
        b'{"text":' + b"[" * 5000 + OTP.encode(),
    ],
)
def test_a_body_that_cannot_be_rewritten_becomes_a_mask(body: bytes) -> None:
    assert b"493021" not in provider.keepable(posted(body)).body


def test_a_code_in_unicode_escapes_is_found() -> None:
    arabic = "رمز التحقق الخاص بك هو 493021"
    assert is_otp(arabic)

    kept = provider.keepable(posted({"from": "Bank", "text": arabic}))

    assert b"493021" not in kept.body
    assert "رمز" in kept.body.decode()


def test_the_stores_key_is_kept_out_and_the_payment_is_read_all_the_same() -> None:
    kept = provider.keepable(called(PLUGIN))

    assert STORE_KEY.encode() not in kept.body
    assert parse_qs(kept.body.decode())["trans_id"] == ["012345678901"]
    assert provider.platform_paid(kept) == provider.platform_paid(called(PLUGIN))
    assert STORE_KEY.encode() not in provider.keepable(called(f"{urlencode(PLUGIN)}&key=1")).body


@given(st.binary(max_size=300), st.sampled_from(["POST", "GET"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_can_be_made_keepable(body: bytes, method: str) -> None:
    kept = provider.keepable(Inbound(body, {}, method))
    assert provider.keepable(kept).body == kept.body
