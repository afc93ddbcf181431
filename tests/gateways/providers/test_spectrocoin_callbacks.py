"""Callbacks of both kinds: which are believed, and what they say in plain values."""

import json
from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from gateways.providers.base import BODY_CAP_BYTES, STATUSES, Inbound, Rejected
from gateways.providers.spectrocoin import SpectroCoin
from gateways.providers.spectrocoin.wire import is_signed
from ledger.money import Money
from tests.gateways.providers.spectrocoin_messages import (
    MERCHANT_ID,
    NUMERIC_CREDENTIALS,
    ORDER_ID,
    PROJECT_ID,
    SIGNED_FIELDS,
    UNSIGNED_FIELDS,
    UUID_CREDENTIALS,
    VECTORS,
    callback,
    doorbell,
    form,
    payload,
    provider_key,
    signature,
    signed_text,
)

RECORDED = {vector["name"]: vector for vector in VECTORS["callbacks"]}
NUMERIC_IDS = {"merchant_id": "5555", "project_id": "555555"}
SAMPLE_IDS = {"merchant_id": "your-merchant-id", "project_id": "your-project-id"}


@pytest.fixture
def spectrocoin() -> SpectroCoin:
    return SpectroCoin()


def recorded(name: str) -> Inbound:
    return Inbound(
        body=RECORDED[name]["raw_callback_body"].encode(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )


def refusal(
    spectrocoin: SpectroCoin, inbound: Inbound, credentials: dict[str, str]
) -> tuple[str, int]:
    with pytest.raises(Rejected) as rejected:
        spectrocoin.verify(inbound, credentials)
    return rejected.value.code, rejected.value.status


# --- signed forms -------------------------------------------------------------------------------
def test_the_callbacks_that_the_vendors_client_accepted_are_believed(
    spectrocoin: SpectroCoin,
) -> None:
    paid, expired = recorded("callback-v1.1-paid"), recorded("callback-2022-expired")

    spectrocoin.verify(paid, {**UUID_CREDENTIALS, **NUMERIC_IDS})
    spectrocoin.verify(expired, {**UUID_CREDENTIALS, **SAMPLE_IDS})

    assert [notice.status for notice in spectrocoin.parse(paid)] == ["paid"]
    assert [notice.status for notice in spectrocoin.parse(expired)] == ["expired"]


def test_a_form_is_read_as_plain_values(spectrocoin: SpectroCoin) -> None:
    (notice,) = spectrocoin.parse(callback(receivedAmount="0.00036"))

    assert notice.order_reference == "1042-7f3a"
    assert notice.provider_reference == "14799205"
    assert (notice.status, notice.provider_status) == ("paid", "3")
    assert notice.asked == Money.parse("15.99", "EUR")
    assert notice.payable == Money.parse("0.00035512", "BTC")
    assert notice.received == Money.parse("0.00036", "BTC")
    assert notice.account == "169/3"
    assert not notice.doorbell
    assert not spectrocoin.is_doorbell(callback())


def test_amounts_and_blanks_may_look_otherwise_on_the_wire(spectrocoin: SpectroCoin) -> None:
    inbound = callback(
        payAmount="0.0005",
        receivedAmount="0.0",
        on_the_wire={"payAmount": "5.0E-4", "receiveAmount": "15.9900", "receivedAmount": "0"},
    )

    spectrocoin.verify(inbound, NUMERIC_CREDENTIALS)

    (notice,) = spectrocoin.parse(inbound)
    assert notice.payable == Money.parse("0.0005", "BTC")
    assert notice.received == Money.parse("0", "BTC")


def test_an_asterisk_is_believed_in_phps_and_in_javas_encoding(spectrocoin: SpectroCoin) -> None:
    fields = {**SIGNED_FIELDS, "description": "Invoice * ~ %2A ą"}
    php = signed_text(fields)
    java = php.replace("Invoice+%2A", "Invoice+*")

    for text in (php, java):
        inbound = form({**fields, "sign": b64encode(signature(text)).decode()})
        spectrocoin.verify(inbound, NUMERIC_CREDENTIALS)

    assert php != java


@pytest.mark.parametrize("field", SIGNED_FIELDS)
def test_v01_no_signed_field_can_be_changed(spectrocoin: SpectroCoin, field: str) -> None:
    inbound = callback(on_the_wire={field: f"1{SIGNED_FIELDS[field]}"})

    assert refusal(spectrocoin, inbound, UUID_CREDENTIALS) == ("spectrocoin.bad_signature", 400)


@pytest.mark.parametrize("field", [*SIGNED_FIELDS, "sign"])
def test_v07_a_missing_field_is_a_refusal_and_not_an_empty_value(
    spectrocoin: SpectroCoin, field: str
) -> None:
    signed = {name: value for name, value in SIGNED_FIELDS.items() if name != field}
    seal = b64encode(signature(signed_text(signed))).decode()
    fields = {**signed, "sign": seal}
    fields.pop(field, None)

    code, status = refusal(spectrocoin, form(fields), UUID_CREDENTIALS)

    assert (code, status) == ("spectrocoin.missing_field", 400)


@pytest.mark.parametrize("field", [*SIGNED_FIELDS, *UNSIGNED_FIELDS, "sign", "payerName"])
@pytest.mark.parametrize("first", [True, False])
def test_v29_a_field_given_twice_is_refused(
    spectrocoin: SpectroCoin, field: str, first: bool
) -> None:
    fields = {**UNSIGNED_FIELDS, "payerName": "Ada", **SIGNED_FIELDS}
    fields["sign"] = b64encode(signature(signed_text(SIGNED_FIELDS))).decode()
    pairs = list(fields.items())
    pairs.insert(0 if first else len(pairs), (field, "1"))

    code, _ = refusal(spectrocoin, form(pairs), UUID_CREDENTIALS)

    assert code == "spectrocoin.repeated_field"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("receiveAmount", v)
        for v in ("", "-15.99", "15,99", "1e400", "NaN", "\uff115.99", "15.99\n")
    ],
)
def test_v30_a_signed_amount_that_is_none_is_refused(
    spectrocoin: SpectroCoin, field: str, value: str
) -> None:
    inbound = callback({field: value})

    code, _ = refusal(spectrocoin, inbound, UUID_CREDENTIALS)

    assert code == "spectrocoin.bad_amount"


def test_v30_digits_beyond_the_eighth_cannot_ride_along_unsigned(spectrocoin: SpectroCoin) -> None:
    inbound = callback(on_the_wire={"receiveAmount": "15.990000009"})

    code, _ = refusal(spectrocoin, inbound, UUID_CREDENTIALS)

    assert code == "spectrocoin.bad_amount"


def test_numeric_ids_are_compared_with_the_signed_ones(spectrocoin: SpectroCoin) -> None:
    spectrocoin.verify(callback(), NUMERIC_CREDENTIALS)
    spectrocoin.verify(callback(unsigned={}), NUMERIC_CREDENTIALS)

    for stranger in (callback(merchantId="170"), callback(apiId="4")):
        code, _ = refusal(spectrocoin, stranger, NUMERIC_CREDENTIALS)
        assert code == "spectrocoin.wrong_project"


@pytest.mark.parametrize("field", UNSIGNED_FIELDS)
def test_uuids_beside_the_signature_are_compared_where_they_are_stated(
    spectrocoin: SpectroCoin, field: str
) -> None:
    shouting = {name: value.upper() for name, value in UNSIGNED_FIELDS.items()}
    spectrocoin.verify(callback(unsigned=shouting), UUID_CREDENTIALS)
    spectrocoin.verify(callback(unsigned={}), UUID_CREDENTIALS)

    stranger = callback(unsigned={**UNSIGNED_FIELDS, field: ORDER_ID})

    assert refusal(spectrocoin, stranger, UUID_CREDENTIALS)[0] == "spectrocoin.wrong_project"


@pytest.mark.parametrize("field", ["merchantId", "apiId"])
def test_v05_the_signed_numbers_of_a_project_with_uuids_bind_its_callbacks_once_known(
    spectrocoin: SpectroCoin, field: str
) -> None:
    credentials = {**UUID_CREDENTIALS, "callback_merchant_id": "169", "callback_api_id": "3"}
    spectrocoin.verify(callback(), credentials)

    genuine_but_of_another = callback({field: "170"}, unsigned={})

    code, _ = refusal(spectrocoin, genuine_but_of_another, credentials)
    assert code == "spectrocoin.wrong_project"


def test_the_payers_fields_are_outside_the_signature_and_not_in_the_notice(
    spectrocoin: SpectroCoin,
) -> None:
    inbound = callback(unsigned={**UNSIGNED_FIELDS, "payerName": "Mallory", "payerEmail": "m@x"})

    spectrocoin.verify(inbound, UUID_CREDENTIALS)

    assert "Mallory" not in repr(spectrocoin.parse(inbound))


def test_each_of_several_configured_keys_may_sign(spectrocoin: SpectroCoin) -> None:
    both = VECTORS["merchant_public_key_pem"] + VECTORS["provider_public_key_pem"]

    spectrocoin.verify(callback(), {**UUID_CREDENTIALS, "callback_public_key": both})


@pytest.mark.parametrize("key", ["", "  ", "changeme", VECTORS["provider_private_key_pem"]])
def test_v03_without_a_usable_key_nothing_is_believed_and_it_may_be_sent_again(
    spectrocoin: SpectroCoin, key: str
) -> None:
    credentials = {**UUID_CREDENTIALS, "callback_public_key": key}

    assert refusal(spectrocoin, callback(), credentials) == ("spectrocoin.no_key", 503)
    del credentials["callback_public_key"]
    assert refusal(spectrocoin, callback(), credentials) == ("spectrocoin.no_key", 503)


def test_v03_without_a_configured_project_nothing_is_believed(spectrocoin: SpectroCoin) -> None:
    credentials = {**UUID_CREDENTIALS, "project_id": ""}

    assert refusal(spectrocoin, callback(), credentials) == ("spectrocoin.no_project", 503)
    bell = doorbell({"id": ORDER_ID, "merchantApiId": ""})
    assert refusal(spectrocoin, bell, credentials)[0] == "spectrocoin.missing_field"


def test_v12_pss_and_sha256_are_not_the_callbacks_algorithm() -> None:
    text, keys = signed_text(SIGNED_FIELDS), [provider_key().public_key()]
    pss = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32)

    sealed = [signature(text), signature(text, digest=SHA256()), signature(text, pad=pss)]

    assert [is_signed(text, b64encode(seal).decode(), keys) for seal in sealed] == [
        True,
        False,
        False,
    ]


def test_v08_a_signature_has_one_spelling_only() -> None:
    text, keys = signed_text(SIGNED_FIELDS), [provider_key().public_key()]
    sealed = b64encode(signature(text)).decode()
    assert sealed.endswith("==")
    # The last letter before the padding carries four unused bits.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    twin = sealed[:-3] + alphabet[alphabet.index(sealed[-3]) ^ 1] + "=="
    others = [twin, sealed + "\n", sealed[:76] + "\n" + sealed[76:], sealed.rstrip("="),
              sealed.replace("+", "-").replace("/", "_"), sealed + "====", " " + sealed, "ą"]  # fmt: skip

    assert is_signed(text, sealed, keys)
    assert [other for other in others if is_signed(text, other, keys)] == []


# --- doorbells ----------------------------------------------------------------------------------
def test_a_doorbell_says_only_which_order_to_look_at(spectrocoin: SpectroCoin) -> None:
    inbound = doorbell(payload("doorbell.json"))

    spectrocoin.verify(inbound, UUID_CREDENTIALS)
    (notice,) = spectrocoin.parse(inbound)

    assert spectrocoin.is_doorbell(inbound)
    assert (notice.doorbell, notice.order_reference, notice.status) == (True, ORDER_ID, "unknown")
    assert (notice.asked, notice.payable, notice.received) == (None, None, None)


def test_whatever_else_a_doorbell_says_is_not_read(spectrocoin: SpectroCoin) -> None:
    bell = {"id": ORDER_ID.upper(), "merchantApiId": PROJECT_ID.upper()}
    inbound = doorbell({**bell, "status": "PAID", "receiveAmount": 1, "orderId": "x"})

    spectrocoin.verify(inbound, UUID_CREDENTIALS)

    assert spectrocoin.parse(inbound) == spectrocoin.parse(doorbell(payload("doorbell.json")))


@pytest.mark.parametrize("member", ["id", "merchantApiId"])
@pytest.mark.parametrize(
    "value",
    [None, True, 1, [], {}, [ORDER_ID], "", "1", f"{ORDER_ID}\n", f" {ORDER_ID}", ORDER_ID[:-1],
     f"{ORDER_ID}/../x", ORDER_ID.replace("-", ""), ORDER_ID.replace("6", "\uff16"), "../token"],
)  # fmt: skip
def test_v11_a_doorbell_with_anything_but_two_uuids_is_refused(
    spectrocoin: SpectroCoin, member: str, value: Any
) -> None:
    inbound = doorbell({"id": ORDER_ID, "merchantApiId": PROJECT_ID, member: value})

    code, status = refusal(spectrocoin, inbound, UUID_CREDENTIALS)

    assert (code, status) == ("spectrocoin.missing_field", 400)


def test_a_doorbell_for_another_project_is_refused(spectrocoin: SpectroCoin) -> None:
    inbound = doorbell({"id": ORDER_ID, "merchantApiId": MERCHANT_ID})

    assert refusal(spectrocoin, inbound, UUID_CREDENTIALS)[0] == "spectrocoin.wrong_project"
    assert refusal(spectrocoin, inbound, NUMERIC_CREDENTIALS)[0] == "spectrocoin.wrong_project"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"NaN", b"{", b'"x"', b"\xff", b"\xef\xbb\xbf{}", b"[" * 50_000,
     b'{"id": "a", "id": "b"}', b'{"a": {"b": 1, "b": 2}}', '{"id": "ą"}'.encode("utf-16")],
)  # fmt: skip
def test_v29_a_doorbell_must_be_one_unambiguous_json_object(
    spectrocoin: SpectroCoin, body: bytes
) -> None:
    assert refusal(spectrocoin, doorbell(body), UUID_CREDENTIALS) == ("bad_json", 400)


# --- both ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE", "post", ""])
def test_v02_only_post_is_taken(spectrocoin: SpectroCoin, method: str) -> None:
    inbound = callback()
    other = Inbound(body=inbound.body, headers=inbound.headers, method=method)

    assert refusal(spectrocoin, other, NUMERIC_CREDENTIALS) == ("spectrocoin.method", 405)


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "multipart/form-data", "application/json5", "application/xml"]
)
def test_v02_any_other_kind_of_content_is_refused_unread(
    spectrocoin: SpectroCoin, kind: str
) -> None:
    inbound = Inbound(body=callback().body, headers={"content-type": kind})

    answer = refusal(spectrocoin, inbound, NUMERIC_CREDENTIALS)

    assert answer == ("spectrocoin.content_type", 415)
    with pytest.raises(Rejected, match="content_type"):
        spectrocoin.parse(inbound)


def test_v02_the_kind_of_content_cannot_lift_the_signature(spectrocoin: SpectroCoin) -> None:
    as_json = doorbell(json.dumps({**SIGNED_FIELDS, "sign": ""}).encode())
    as_form = Inbound(
        body=payload("doorbell.json"), headers={"content-type": "application/x-www-form-urlencoded"}
    )

    assert refusal(spectrocoin, as_json, UUID_CREDENTIALS)[0] == "spectrocoin.missing_field"
    assert refusal(spectrocoin, as_form, UUID_CREDENTIALS)[0] == "spectrocoin.bad_form"


def test_v28_a_packed_or_oversized_body_is_refused(spectrocoin: SpectroCoin) -> None:
    inbound = callback()
    packed = Inbound(body=inbound.body, headers={**inbound.headers, "content-encoding": "gzip"})
    large = Inbound(body=inbound.body + b"&a=" + b"x" * BODY_CAP_BYTES, headers=inbound.headers)

    assert refusal(spectrocoin, packed, NUMERIC_CREDENTIALS)[1] == 415
    assert refusal(spectrocoin, large, NUMERIC_CREDENTIALS)[1] == 413


def test_the_acknowledgement_is_the_one_body_that_counts_as_delivered(
    spectrocoin: SpectroCoin,
) -> None:
    assert spectrocoin.acknowledgement == b"*ok*"


# --- statuses -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("number", "word", "status"),
    [
        ("1", "NEW", "new"),
        ("2", "PENDING", "pending"),
        ("3", "PAID", "paid"),
        ("4", "FAILED", "failed"),
        ("5", "EXPIRED", "expired"),
        ("6", "TEST", "test"),
        ("10", "LATE_CRYPTO_PAYMENT", "review"),
        ("11", "PARTIAL_PAYMENT", "pending"),
        ("12", "UNDERPAID", "review"),
        ("13", "CANCELLED", "failed"),
        ("14", "INVALID_PAYMENT", "failed"),
        ("15", "TEST_PAID", "test"),
        ("16", "TEST_EXPIRED", "test"),
        ("17", "PROCESSING_REFUND", "review"),
        ("18", "REFUNDED", "refunded"),
        ("19", "REJECTED_REFUND", "review"),
        ("20", "PENDING_LATE_CRYPTO_PAYMENT", "review"),
        ("21", "REJECTED", "failed"),
    ],
)
def test_every_status_of_spectrocoin_has_its_place(
    spectrocoin: SpectroCoin, number: str, word: str, status: str
) -> None:
    for said in (number, word, word.lower(), word.title()):
        (notice,) = spectrocoin.parse(callback(status=said))
        assert (notice.status, notice.provider_status) == (status, said)
        assert notice.status in STATUSES
        assert bool(notice.advice) == (status == "review")


@pytest.mark.parametrize(
    "said",
    [
        "0",
        "7",
        "8",
        "9",
        "22",
        "99",
        "-3",
        "03",
        "3.0",
        "\u0663",
        "\uff13",
        "pa\u0131d",
        "BRAND_NEW",
        "",
    ],
)
def test_an_unknown_status_is_believed_kept_and_never_guessed(
    spectrocoin: SpectroCoin, said: str
) -> None:
    inbound = callback(status=said)

    spectrocoin.verify(inbound, NUMERIC_CREDENTIALS)

    (notice,) = spectrocoin.parse(inbound)
    assert (notice.status, notice.provider_status) == ("unknown", said)


def test_a_partial_payment_says_so(spectrocoin: SpectroCoin) -> None:
    (notice,) = spectrocoin.parse(callback(status="11"))

    assert "partly paid" in notice.detail


@pytest.mark.parametrize(
    ("field", "value", "attribute"),
    [
        ("receiveCurrency", "eur", "asked"),
        ("receiveCurrency", "", "asked"),
        ("receiveCurrency", "\u0415UR", "asked"),  # a Cyrillic letter
        ("receiveAmount", "15.999", "asked"),
        ("payCurrency", "btc", "payable"),
        ("payCurrency", "btc", "received"),
        ("receivedAmount", "9999999999999999.0", "received"),
    ],
)
def test_v07_money_that_cannot_be_read_is_none_and_spelled_out(
    spectrocoin: SpectroCoin, field: str, value: str, attribute: str
) -> None:
    (notice,) = spectrocoin.parse(callback({field: value}))

    assert getattr(notice, attribute) is None
    assert "unreadable" in notice.detail
    assert value in notice.detail
