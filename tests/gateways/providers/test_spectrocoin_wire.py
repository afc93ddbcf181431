"""The bytes that are signed, against vectors made with SpectroCoin's own PHP clients."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.providers.base import Rejected
from gateways.providers.spectrocoin.keys import read_private_key
from gateways.providers.spectrocoin.legacy import order_message, signed_body
from gateways.providers.spectrocoin.wire import canonical_amount, encoded, read_form, sign
from tests.gateways.providers.spectrocoin_messages import VECTORS

REQUESTS = VECTORS["create_order_requests"]
AMOUNTS = VECTORS["amount_formatting"]["cases"]


def message_of(inputs: dict[str, Any]) -> str:
    merchant_id, project_id = (str(part) for part in inputs["idPair"])
    payer = None
    if "payerEmail" in inputs:
        payer = (inputs["payerEmail"], inputs["payerName"], inputs["payerSurname"])
    return order_message(
        merchant_id=merchant_id,
        project_id=project_id,
        order_id=inputs["orderId"] or "",
        pay_currency=inputs["payCurrency"],
        receive_currency=inputs["receiveCurrency"],
        receive_amount=inputs["receiveAmount"],
        description=inputs["description"],
        culture=inputs["culture"],
        callback_url=inputs["callbackUrl"],
        success_url=inputs["successUrl"],
        failure_url=inputs["failureUrl"],
        payer=payer,
    )


@pytest.mark.parametrize("vector", REQUESTS, ids=[vector["name"] for vector in REQUESTS])
def test_create_order_is_byte_for_byte_what_the_vendors_client_sends(
    vector: dict[str, Any],
) -> None:
    key = read_private_key(VECTORS["merchant_private_key_pem"])

    message = message_of(vector["inputs"])

    assert message == vector["signed_message"]
    assert sign(message, key) == vector["signature_base64"]
    assert signed_body(message, key) == vector["raw_request_body"].encode()


@pytest.mark.parametrize(("text", "canonical"), [c for c in AMOUNTS.items() if c[0] != "null"])
def test_amounts_are_written_as_the_vendors_formatter_writes_them(
    text: str, canonical: str
) -> None:
    assert canonical_amount(text) == canonical


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("5.0E-4", "0.0005"),
        ("1.0E7", "10000000.0"),
        ("1.5e+3", "1500.0"),
        ("12.345E1", "123.45"),
        ("0E10", "0.0"),
        ("0.00E-99", "0.0"),
        ("1E-8", "0.00000001"),
    ],
)
def test_javas_exponents_are_read_without_losing_a_digit(text: str, canonical: str) -> None:
    assert canonical_amount(text) == canonical


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "1\n", "-1", "+1", "1,5", "1_0", ".5", "1.", "01", "1e", "1E100",
     "1E99", "0.000000001", "15.990000001", "NaN", "inf", "Infinity", "0x10",
     "\uff11\uff12", "\u0661\u0662", "\u00b2", "1e\u0663"],
)  # fmt: skip
def test_v30_v31_what_is_no_plain_number_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals"):
        canonical_amount(text)


@given(
    whole=st.integers(0, 10**18 - 1), fraction=st.integers(0, 10**8 - 1), zeros=st.integers(0, 9)
)
@settings(max_examples=200, deadline=None)
def test_a_canonical_amount_is_its_own_canonical_form(
    whole: int, fraction: int, zeros: int
) -> None:
    text = f"{whole}.{fraction:08d}" + "0" * zeros

    once = canonical_amount(text)

    assert canonical_amount(once) == once
    assert (int(whole), fraction) == (
        int(once.partition(".")[0]),
        int(once.partition(".")[2].ljust(8, "0")),
    )


def test_text_is_encoded_as_php_does_it() -> None:
    encoding = VECTORS["text_encoding"]

    assert encoded(encoding["input"]) == encoding["php_http_build_query"]


@pytest.mark.parametrize(
    "body",
    [b"", b"a", b"=1", b"a=1&", b"&a=1", b"a=1&&b=2", b"a=%zz", b"a=%4", b"a=%", b"a=%ff",
     b"a=\xff", b"a=%00", b"a=\x00", b"%ff=1", b"&".join(b"f%d=1" % n for n in range(65))],
)  # fmt: skip
def test_a_form_that_parsers_could_read_differently_is_refused(body: bytes) -> None:
    with pytest.raises(Rejected, match="bad_form"):
        read_form(body)


@pytest.mark.parametrize("body", [b"a=1&a=1", b"a=1&b=2&%61=1", b"a=&a=2"])
def test_v29_a_repeated_field_is_refused_however_it_is_spelled(body: bytes) -> None:
    with pytest.raises(Rejected, match="repeated_field"):
        read_form(body)


def test_values_are_decoded_once_with_plus_as_blank() -> None:
    assert read_form(b"a=b+c%20d&e=%C4%85%2B%2541&f=") == {"a": "b c d", "e": "ą+%41", "f": ""}
