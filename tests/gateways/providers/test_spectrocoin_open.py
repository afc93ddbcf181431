"""Opening orders through both generations of the API: what is sent, and what each answer means."""

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1

from gateways.providers.base import Instructions, OpenRefused, OrderRequest, Unavailable
from gateways.providers.spectrocoin import SpectroCoin, read_public_keys
from gateways.providers.spectrocoin.instructions import read_valid_until
from gateways.providers.spectrocoin.refusals import LEGACY_WAYS_OUT
from ledger.money import Money
from tests.gateways.providers.spectrocoin_messages import (
    MERCHANT_ID,
    NUMERIC_CREDENTIALS,
    PRE_ORDER_ID,
    PROJECT_ID,
    UUID_CREDENTIALS,
    VECTORS,
    order_request,
    payload,
)

HOST = "https://spectrocoin.com"
CREATE_LEGACY = f"{HOST}/api/merchant/1/createOrder"
TOKEN = f"{HOST}/api/public/oauth/token"
CREATE = f"{HOST}/api/public/merchants/orders/create"
LEGACY = {**UUID_CREDENTIALS, "api_generation": "legacy"}
CURRENT = UUID_CREDENTIALS
HTML = b"<html><body>Just a moment...</body></html>"


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mocked:
        yield mocked


def open_at(
    web: responses.RequestsMock,
    credentials: dict[str, str],
    body: bytes | Exception,
    status: int = 200,
    request: OrderRequest | None = None,
) -> Instructions:
    """Open an order at a SpectroCoin that gives this one answer."""
    if credentials["api_generation"] == "current":
        web.post(TOKEN, body=payload("token.json"))
        web.post(CREATE, body=body, status=status)
    else:
        web.post(CREATE_LEGACY, body=body, status=status)
    return SpectroCoin().open(request or order_request(), credentials)


def sent_body(web: responses.RequestsMock, position: int) -> bytes:
    body = web.calls[position].request.body
    assert isinstance(body, bytes)
    return body


def sent_form(web: responses.RequestsMock) -> dict[str, str]:
    return dict(parse_qsl(sent_body(web, 0).decode(), keep_blank_values=True))


def sent_json(web: responses.RequestsMock) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(sent_body(web, -1))
    return members


def object_error(**members: str) -> bytes:
    return json.dumps({"defaultMessage": "No.", "errorCode": "GEN_1 - No", **members}).encode()


def array_error(*numbers: object) -> bytes:
    return json.dumps([{"code": n, "message": f"reason {n}"} for n in numbers]).encode()


# --- the signed API -----------------------------------------------------------------------------
def test_a_legacy_order_is_posted_exactly_as_it_was_signed(web: responses.RequestsMock) -> None:
    instructions = open_at(web, LEGACY, payload("created_legacy.json"))

    sent = web.calls[0].request
    message, _, _ = sent_body(web, 0).partition(b"&sign=")
    (key,) = read_public_keys(VECTORS["merchant_public_key_pem"])
    key.verify(b64decode(sent_form(web)["sign"]), message, padding.PKCS1v15(), SHA1())  # noqa: S303
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert list(sent_form(web).items())[:-1] == [
        ("userId", MERCHANT_ID),
        ("merchantApiId", PROJECT_ID),
        ("orderId", "1042-7f3a"),
        ("payCurrency", "BTC"),
        ("payAmount", "0.0"),
        ("receiveCurrency", "EUR"),
        ("receiveAmount", "15.99"),
        ("description", "Invoice 1042"),
        ("culture", "en"),
        ("callbackUrl", "https://pay.example.com/webhooks/abc/"),
        ("successUrl", "https://pay.example.com/pay/xyz/?back=1"),
        ("failureUrl", "https://pay.example.com/pay/xyz/?back=0"),
    ]
    assert instructions == Instructions(
        payment_url="https://spectrocoin.com/en/pay/order/14799205-abcd.html",
        provider_reference="14799205",
        valid_until=1795250400,
    )


def test_numeric_accounts_are_named_as_in_2016(web: responses.RequestsMock) -> None:
    open_at(web, NUMERIC_CREDENTIALS, payload("created_legacy.json"))

    assert list(sent_form(web).items())[:2] == [("merchantId", "169"), ("apiId", "3")]


def test_a_legacy_answer_needs_nothing_but_the_address(web: responses.RequestsMock) -> None:
    instructions = open_at(web, LEGACY, payload("created_legacy_preorder.json"))

    assert instructions.payment_url.endswith(f"/preorder/{PRE_ORDER_ID}")
    assert (instructions.provider_reference, instructions.valid_until) == ("", None)


@pytest.mark.parametrize(
    ("language", "culture"),
    [("english", "en"), ("lithuanian", "lt"), ("lt", "lt"), ("russian", "ru"), ("ru", "ru"),
     ("arabic", "en"), ("", "en")],
)  # fmt: skip
def test_the_payment_page_speaks_a_language_it_knows(
    web: responses.RequestsMock, language: str, culture: str
) -> None:
    open_at(web, LEGACY, payload("created_legacy.json"), request=order_request(language=language))

    assert sent_form(web)["culture"] == culture


@pytest.mark.parametrize("status", [200, 203, 400, 401, 403])
@pytest.mark.parametrize("number", sorted(LEGACY_WAYS_OUT))
def test_every_legacy_error_has_its_words_and_a_way_out(
    web: responses.RequestsMock, number: int, status: int
) -> None:
    with pytest.raises(OpenRefused) as refused:
        open_at(web, LEGACY, array_error(number), status)

    assert refused.value.code == str(number)
    assert refused.value.message == f"reason {number}"
    assert refused.value.way_out == LEGACY_WAYS_OUT[number]
    assert refused.value.fresh_reference == (number == 5)


def test_all_legacy_errors_of_one_answer_are_told(web: responses.RequestsMock) -> None:
    with pytest.raises(OpenRefused) as refused:
        open_at(web, LEGACY, payload("error_array.json"), 203)

    assert refused.value.message == "apiId is required; callbackUrl is not valid"


def test_a_new_reference_is_offered_only_where_it_would_help(web: responses.RequestsMock) -> None:
    with pytest.raises(OpenRefused) as refused:
        open_at(web, LEGACY, array_error(5, 1), 203)

    assert (refused.value.code, refused.value.fresh_reference) == ("1", False)


def test_an_unknown_legacy_error_is_final_and_told(web: responses.RequestsMock) -> None:
    with pytest.raises(OpenRefused, match="41: reason 41") as refused:
        open_at(web, LEGACY, array_error(41), 203)

    assert refused.value.way_out


def test_an_unexpected_legacy_error_may_pass(web: responses.RequestsMock) -> None:
    with pytest.raises(Unavailable, match="reason 100"):
        open_at(web, LEGACY, array_error(1, 100), 203)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "There is no key here"),
        (VECTORS["merchant_public_key_pem"], "This is a public key"),
    ],
)
def test_a_key_that_cannot_sign_is_told_before_anything_is_sent(
    web: responses.RequestsMock, key: str, words: str
) -> None:
    with pytest.raises(OpenRefused, match=words):
        SpectroCoin().open(order_request(), {**LEGACY, "private_key": key})


# --- the current API ----------------------------------------------------------------------------
def test_a_current_order_is_json_with_the_amount_as_text(web: responses.RequestsMock) -> None:
    instructions = open_at(web, CURRENT, payload("created_current.json"))

    token_call, create_call = (call.request for call in web.calls)
    assert token_call.body == (
        b"grant_type=client_credentials&client_id=client-1&client_secret=hush+hush"
    )
    assert "Authorization" not in token_call.headers
    assert create_call.headers["Authorization"] == "Bearer eyJhbGciOiJub25lIn0.dGVzdA.x"
    assert create_call.headers["Content-Type"] == "application/json"
    assert list(sent_json(web).items()) == [
        ("orderId", "1042-7f3a"),
        ("description", "Invoice 1042"),
        ("receiveAmount", "15.99"),
        ("receiveCurrencyCode", "EUR"),
        ("callbackUrl", "https://pay.example.com/webhooks/abc/"),
        ("successUrl", "https://pay.example.com/pay/xyz/?back=1"),
        ("failureUrl", "https://pay.example.com/pay/xyz/?back=0"),
        ("projectId", PROJECT_ID),
    ]
    assert instructions.provider_reference == PRE_ORDER_ID
    assert instructions.valid_until == 1795255200


@pytest.mark.parametrize("status", [400, 404, 422])
def test_every_current_error_has_its_words_and_a_way_out(
    web: responses.RequestsMock, status: int
) -> None:
    with pytest.raises(OpenRefused) as refused:
        open_at(web, CURRENT, payload("error_object.json"), status)

    assert refused.value.code == "GEN_1 - Missing or invalid parameter"
    assert "receiveAmount" in refused.value.message
    assert "9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d" in refused.value.message
    assert refused.value.way_out
    assert not refused.value.fresh_reference


@pytest.mark.parametrize(
    ("status", "words"),
    [(400, "An order with this orderId already exists"), (422, "Duplicate orderId"), (409, "No.")],
)
def test_a_repeated_reference_is_tried_again_under_a_new_one(
    web: responses.RequestsMock, status: int, words: str
) -> None:
    with pytest.raises(OpenRefused) as refused:
        open_at(web, CURRENT, object_error(defaultMessage=words), status)

    assert refused.value.fresh_reference


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_replaced_exactly_once(web: responses.RequestsMock, status: int) -> None:
    spectrocoin = SpectroCoin()
    old = web.post(TOKEN, json={"access_token": "old", "expires_in": 3600, "token_type": "Bearer"})
    new = web.post(TOKEN, json={"access_token": "new", "expires_in": 3600, "token_type": "bearer"})
    web.post(CREATE, status=status, body=object_error())
    web.post(CREATE, body=payload("created_current.json"))

    spectrocoin.open(order_request(), CURRENT)

    assert (old.call_count, new.call_count) == (1, 1)
    bearers = [c.request.headers.get("Authorization") for c in web.calls]
    assert bearers == [None, "Bearer old", None, "Bearer new"]


@pytest.mark.parametrize("body", [object_error(), HTML, b""])
def test_a_second_403_names_scopes_and_the_address_list(
    web: responses.RequestsMock, body: bytes
) -> None:
    web.post(TOKEN, body=payload("token.json"))
    created = web.post(CREATE, status=403, body=body)

    with pytest.raises(OpenRefused, match="HTTP 403") as refused:
        SpectroCoin().open(order_request(), CURRENT)

    assert created.call_count == 2
    assert "scopes" in refused.value.way_out
    assert "IP allow-list" in refused.value.way_out


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, b'{"error": "invalid_client", "error_description": "Bad client"}'),
        (400, b'{"error": "invalid_client"}'),
        (401, object_error()),
        (401, b""),
        (401, HTML),
    ],
)
def test_a_wrong_client_secret_is_told_and_not_repeated(
    web: responses.RequestsMock, status: int, body: bytes
) -> None:
    asked = web.post(TOKEN, status=status, body=body)

    with pytest.raises(OpenRefused) as refused:
        SpectroCoin().open(order_request(), CURRENT)

    assert asked.call_count == 1
    assert "Client ID and Client Secret" in refused.value.way_out
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "body",
    [b"", HTML, b"[]", b"{}", b'{"access_token": ""}', b'{"access_token": 5}',
     b'{"access_token": "a\\nb"}', b'{"access_token": "x", "token_type": "mac"}'],
)  # fmt: skip
def test_an_answer_without_a_usable_token_is_no_token(
    web: responses.RequestsMock, body: bytes
) -> None:
    web.post(TOKEN, body=body)

    with pytest.raises(Unavailable):
        SpectroCoin().open(order_request(), CURRENT)


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_missing_credentials_are_told_before_anything_is_sent(
    web: responses.RequestsMock, missing: str
) -> None:
    with pytest.raises(OpenRefused, match="Client ID and Client Secret"):
        SpectroCoin().open(order_request(), {**CURRENT, missing: ""})


# --- both ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("credentials", [LEGACY, CURRENT], ids=["legacy", "current"])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        *((status, object_error()) for status in (429, 500, 502, 503, 504)),
        (500, array_error(1)),
        (200, HTML),
        (200, b""),
        (200, b"{}"),
        (200, b'{"redirectUrl": null}'),
        (200, b'{"redirectUrl": "https://spectrocoin.com/x", "redirectUrl": "https://x.com"}'),
        (200, payload("created_current.json")[:-40]),
        (203, b"[]"),
        (203, b'["no"]'),
        (203, b'[{"message": "no code"}]'),
        (302, b""),
        (400, HTML),
        (404, HTML),
    ],
)
def test_an_answer_that_says_nothing_clear_leaves_the_order_unknown(
    web: responses.RequestsMock, credentials: dict[str, str], status: int, body: bytes
) -> None:
    with pytest.raises(Unavailable):
        open_at(web, credentials, body, status)


@pytest.mark.parametrize("credentials", [LEGACY, CURRENT], ids=["legacy", "current"])
def test_a_broken_connection_leaves_the_order_unknown(
    web: responses.RequestsMock, credentials: dict[str, str]
) -> None:
    with pytest.raises(Unavailable, match="did not answer"):
        open_at(web, credentials, requests.exceptions.ReadTimeout("slow"))


def test_a_rate_limit_says_how_long_to_wait(web: responses.RequestsMock) -> None:
    web.post(CREATE_LEGACY, status=429, headers={"Retry-After": "30"})

    with pytest.raises(Unavailable, match="HTTP 429 and asks to wait 30 seconds"):
        SpectroCoin().open(order_request(), LEGACY)


@pytest.mark.parametrize("credentials", [LEGACY, CURRENT], ids=["legacy", "current"])
@pytest.mark.parametrize(
    "address",
    [
        "http://spectrocoin.com/en/pay",
        "https://evil.example/en/pay",
        "https://spectrocoin.com.evil.example/",
        "https://notspectrocoin.com/",
        "https://spectrocoin.com@evil.example/",
        "https://me:pw@spectrocoin.com/",
        "https://spectrocoin.com\\@evil.example/",
        "https://evil.example\\.spectrocoin.com/",
        "https://spectrocoin.com:8443/",
        "https://spectrocoin.com:x/",
        "https://[spectrocoin.com/",
        "https:spectrocoin.com",
        "https:///spectrocoin.com",
        "//spectrocoin.com/",
        "/en/pay",
        "javascript:alert(1)//spectrocoin.com",
        "https://spectrocoin.com/ x",
        "https://spectrocoin.com/\r\nSet-Cookie: a=b",
        " https://spectrocoin.com/",
        "https://spectr\u043ecoin.com/",  # a Cyrillic letter
    ],
)
def test_v23_the_payer_is_sent_nowhere_but_to_spectrocoin(
    web: responses.RequestsMock, credentials: dict[str, str], address: str
) -> None:
    with pytest.raises(OpenRefused, match="unexpected address"):
        open_at(web, credentials, json.dumps({"redirectUrl": address}).encode())


@pytest.mark.parametrize(
    ("base", "address"),
    [
        (HOST, "https://spectrocoin.com/en/payment/preorder/1?x=y#z"),
        (HOST, "https://pay.spectrocoin.com/p"),
        (HOST, "https://SpectroCoin.com:443/p"),
        ("http://127.0.0.1:8001/spectrocoin", "http://127.0.0.1:8001/spectrocoin/en/payment/1"),
    ],
)
def test_addresses_at_the_configured_host_and_below_are_followed(
    web: responses.RequestsMock, base: str, address: str
) -> None:
    web.post(f"{base}/api/merchant/1/createOrder", json={"redirectUrl": address})

    instructions = SpectroCoin().open(order_request(), {**LEGACY, "base_url": base})

    assert instructions.payment_url == address


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/x", "https://127.0.0.1:8001/x", "http://localhost:8001/x"]
)
def test_a_local_stand_in_leads_only_to_itself(web: responses.RequestsMock, address: str) -> None:
    base = "http://127.0.0.1:8001/spectrocoin"
    web.post(f"{base}/api/merchant/1/createOrder", json={"redirectUrl": address})

    with pytest.raises(OpenRefused, match="unexpected address"):
        SpectroCoin().open(order_request(), {**LEGACY, "base_url": base})


@pytest.mark.parametrize("credentials", [LEGACY, CURRENT], ids=["legacy", "current"])
@pytest.mark.parametrize(
    "base",
    ["http://spectrocoin.com", "ftp://spectrocoin.com", "spectrocoin.com", "https://",
     "https://a:b@spectrocoin.com", "https://spectrocoin.com?x=1", "https://spectrocoin.com:x",
     "http://127.0.0.1.evil.example"],
)  # fmt: skip
def test_an_unsafe_base_address_is_told_before_anything_is_sent(
    web: responses.RequestsMock, credentials: dict[str, str], base: str
) -> None:
    with pytest.raises(OpenRefused, match="address in the gateway's settings"):
        SpectroCoin().open(order_request(), {**credentials, "base_url": base})


@pytest.mark.parametrize("credentials", [LEGACY, CURRENT], ids=["legacy", "current"])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"due": Money.parse("0", "EUR")}, "amount"),
        ({"due": Money(-1, "EUR")}, "amount"),
        ({"due": Money.parse("1", "GBP")}, "currency"),
        ({"reference": "1042*7f3a"}, "reference"),
        ({"reference": ""}, "reference"),
        ({"reference": "x" * 61}, "reference"),
    ],
)
def test_what_cannot_be_asked_for_is_told_before_anything_is_sent(
    web: responses.RequestsMock, credentials: dict[str, str], change: dict[str, Any], code: str
) -> None:
    with pytest.raises(OpenRefused) as refused:
        SpectroCoin().open(order_request(**change), credentials)

    assert refused.value.code == code


def test_more_decimals_than_spectrocoin_takes_are_refused_not_rounded() -> None:
    request = order_request(due=Money.parse("0.123456789012", "XMR"))

    with pytest.raises(OpenRefused, match="eight decimals"):
        SpectroCoin().open(request, {**LEGACY, "receive_currencies": ""})


@pytest.mark.parametrize(
    ("description", "sent"),
    [
        ("Rēķins Nr. 1042 \u2013 Ačiū!", "Rekins Nr. 1042 Aciu"),
        ("a*b~c <b>d</b>  100%25 & \n e", "a b c b d /b 100 25 e"),
        ("فاتورة", "Order 1042-7f3a"),
        ("", "Order 1042-7f3a"),
        ("x" * 500, "x" * 200),
    ],
)
def test_descriptions_are_plain_ascii_that_every_encoder_agrees_about(
    web: responses.RequestsMock, description: str, sent: str
) -> None:
    open_at(
        web,
        CURRENT,
        payload("created_current.json"),
        request=order_request(description=description),
    )

    assert sent_json(web)["description"] == sent


@pytest.mark.parametrize("credentials", [LEGACY, CURRENT], ids=["legacy", "current"])
def test_no_asterisk_or_tilde_leaves_in_an_address(
    web: responses.RequestsMock, credentials: dict[str, str]
) -> None:
    request = order_request(callback_url="https://pay.example.com/~shop/*/", description="*~")

    open_at(web, credentials, payload("created_current.json"), request=request)

    body = sent_body(web, -1)
    assert b"*" not in body
    assert b"~" not in body
    assert b"%7Eshop/%2A/" in body or b"%257Eshop%2F%252A%2F" in body


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1795250400000, 1795250400),
        ("1795250400000", 1795250400),
        ("2026-11-21T10:00:00Z", 1795255200),
        ("2026-11-21T12:00:00+02:00", 1795255200),
        ("2026-11-21T10:00:00", 1795255200),
        ("2026-11-21T10:00:00.123Z", 1795255200),
        (None, None),
        ("", None),
        ("soon", None),
        (True, None),
        (-5, None),
        (0, None),
        (10**30, None),
        ("9999-12-31T23:59:59-23:59", None),
        ("0001-01-01T00:00:00+23:59", None),
        ([], None),
        ("²", None),
    ],
)
def test_the_time_to_pay_is_read_in_both_notations(value: object, seconds: int | None) -> None:
    assert read_valid_until(value) == seconds


def test_an_unset_api_generation_is_told() -> None:
    with pytest.raises(OpenRefused, match="which of SpectroCoin's APIs"):
        SpectroCoin().open(order_request(), {**CURRENT, "api_generation": ""})
