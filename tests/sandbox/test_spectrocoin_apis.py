"""SpectroCoin's two APIs: what they accept, what they refuse, and in which shape."""

import re
import uuid
from base64 import b64encode
from typing import Any
from urllib.parse import quote_plus

import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.sandbox.stand_in import VECTORS, StandIn

USER, PROJECT = "3f8b1c1e-6b1d-4c0e-9a55-0d4c1b7d2a10", "9c0a7d52-41f5-4f0b-8f0e-5a7e2f6b3c21"
NUMERIC, UUIDS = (request["raw_request_body"] for request in VECTORS["requests"])


@pytest.fixture
def merchant(sandbox: StandIn) -> StandIn:
    """The sandbox, told the ids and the key that the recorded requests were made with."""
    sandbox.control(
        "/spectrocoin/_sandbox/settings",
        {
            "merchant_id": USER, "project_id": PROJECT, "numeric_merchant_id": "169",
            "numeric_api_id": "3", "merchant_public_key": VECTORS["merchant_public_key_pem"],
        },
    )  # fmt: skip
    return sandbox


def signed(**changes: str) -> str:
    """A createOrder body with valid signature; `changes` are made before signing."""
    fields = {
        "userId": USER, "merchantApiId": PROJECT, "orderId": "1042-7f3a", "payCurrency": "BTC",
        "payAmount": "0.0", "receiveCurrency": "EUR", "receiveAmount": "100.0", "description": "",
        "culture": "en", "callbackUrl": "", "successUrl": "", "failureUrl": "", **changes,
    }  # fmt: skip
    return sign("&".join(f"{name}={quote_plus(value)}" for name, value in fields.items()))


def sign(message: str) -> str:
    pem = VECTORS["merchant_private_key_pem"].encode()
    key = serialization.load_pem_private_key(pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    sha1 = hashes.SHA1()  # noqa: S303 - the vendor's protocol
    signature = key.sign(message.encode(), padding.PKCS1v15(), sha1)
    return f"{message}&sign={quote_plus(b64encode(signature).decode())}"


def codes(answer: requests.Response) -> list[int]:
    assert answer.status_code == 203
    return [error["code"] for error in answer.json()]


def test_request_signed_by_the_vendors_v11_client_opens_a_complete_order(
    merchant: StandIn,
) -> None:
    answer = merchant.legacy(NUMERIC)

    assert answer.status_code == 200
    order = answer.json()
    assert '"receiveAmount":15.99,' in answer.text
    assert '"payAmount":0.00035534,' in answer.text
    assert order["orderId"] == str(order["orderRequestId"])
    assert isinstance(order["validUntil"], int)
    assert re.search("/spectrocoin/en/payment/preorder/[0-9a-f-]{36}$", order["redirectUrl"])


def test_request_signed_by_the_vendors_2022_client_opens_a_pre_order(merchant: StandIn) -> None:
    order = merchant.legacy(UUIDS).json()

    assert order["orderId"] == "1042-7f3a"
    unknown_yet = ("orderRequestId", "depositAddress", "payAmount", "payCurrency", "validUntil")
    assert [order[name] for name in unknown_yet] == [None] * 5


@pytest.mark.parametrize("body", [NUMERIC, UUIDS])
def test_any_field_changed_after_signing_is_noticed(merchant: StandIn, body: str) -> None:
    message, _, signature = body.rpartition("&sign=")
    pairs = message.split("&")
    for at, pair in enumerate(pairs):
        if "Amount=" in pair or at < 2:
            continue  # A changed id or a malformed amount is refused before the signature is.
        altered = "&".join([*pairs[:at], f"{pair}x", *pairs[at + 1 :]])
        assert codes(merchant.legacy(f"{altered}&sign={signature}")) == [2], pair

    assert codes(merchant.legacy(body.replace("Amount=1", "Amount=2", 1))) == [2]
    assert merchant.legacy(body).status_code == 200


def test_same_values_in_other_bytes_do_not_verify(merchant: StandIn) -> None:
    assert codes(merchant.legacy(UUIDS.replace("Hosting+plan", "Hosting%20plan"))) == [2]


def test_fields_in_another_order_are_refused_although_signed_as_sent(merchant: StandIn) -> None:
    message = signed().rpartition("&sign=")[0]
    pairs = message.split("&")
    swapped = "&".join([pairs[1], pairs[0], *pairs[2:]])

    assert codes(merchant.legacy(sign(swapped))) == [2]


def test_payer_fields_may_be_there_or_not(merchant: StandIn) -> None:
    without = signed()
    assert "payerEmail" in UUIDS
    assert "payerEmail" not in without

    assert merchant.legacy(without).status_code == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"userId": str(uuid.UUID(int=1))}, 6),
        ({"receiveCurrency": "XYZ"}, 3),
        ({"receiveAmount": "0.0"}, 99),
        ({"receiveAmount": "100"}, 1),
        ({"receiveAmount": "1,000.0"}, 1),
        ({"callbackUrl": "shop.example.com/hook"}, 1),
    ],
)
def test_refused_request_gets_the_documented_code(
    merchant: StandIn, changes: dict[str, str], code: int
) -> None:
    assert codes(merchant.legacy(signed(**changes))) == [code]


def test_each_missing_field_is_an_error_of_its_own(merchant: StandIn) -> None:
    answer = merchant.legacy("merchantId=169&orderId=")

    assert set(codes(answer)) == {1}
    assert "apiId is required" in [error["message"] for error in answer.json()]
    assert len(answer.json()) == 11


def test_order_id_used_before_is_refused_in_both_apis(merchant: StandIn) -> None:
    assert merchant.legacy(signed()).status_code == 200

    assert codes(merchant.legacy(signed())) == [5]
    assert merchant.create(merchant.bearer(), orderId="1042-7f3a").status_code == 400


def test_json_body_is_an_unsupported_media_type(merchant: StandIn) -> None:
    url = f"{merchant.url}/spectrocoin/api/merchant/1/createOrder"
    assert codes(requests.post(url, json={}, timeout=10)) == [97]


def test_without_a_pasted_public_key_no_signature_verifies(sandbox: StandIn) -> None:
    assert codes(sandbox.legacy(NUMERIC)) == [2]


def test_token_needs_the_right_client_and_secret(sandbox: StandIn) -> None:
    answer = requests.post(
        f"{sandbox.url}/spectrocoin/api/public/oauth/token",
        data={
            "grant_type": "client_credentials",
            "client_id": sandbox.project()["client_id"],
            "client_secret": "wrong",
        },
        timeout=10,
    )

    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_created_pre_order_knows_no_coin_yet(sandbox: StandIn) -> None:
    order = sandbox.create(sandbox.bearer()).json()

    uuid.UUID(order["preOrderId"])
    assert order["receiveAmount"] == "15.99"
    unknown_yet = (
        "payCurrencyCode", "payNetworkCode", "payAmount", "depositAddress", "memo", "validUntil",
    )  # fmt: skip
    assert [order[name] for name in unknown_yet] == [None] * 6
    assert order["redirectUrl"].endswith(order["preOrderId"])


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({"projectId": str(uuid.UUID(int=1))}, 400),
        ({"receiveAmount": None}, 400),
        ({"receiveAmount": "1e3"}, 400),
        ({"receiveAmount": True}, 400),
        ({"receiveCurrencyCode": "XYZ"}, 400),
        ({"callbackUrl": "javascript:alert(1)"}, 400),
        ({"receiveAmount": 10}, 200),
        ({"receiveAmount": 10.25}, 200),
        ({"receiveAmount": None, "payAmount": "0.001", "payCurrencyCode": "BTC"}, 200),
    ],
)
def test_create_checks_its_members(sandbox: StandIn, members: dict[str, Any], status: int) -> None:
    answer = sandbox.create(sandbox.bearer(), **members)

    assert answer.status_code == status
    if status == 400:
        assert set(answer.json()) == {"defaultMessage", "errorCode", "spanId", "traceId"}


def test_malformed_json_and_other_media_types_have_their_own_status(sandbox: StandIn) -> None:
    url = f"{sandbox.url}/spectrocoin/api/public/merchants/orders/create"
    headers = sandbox.bearer()
    as_json = {**headers, "Content-Type": "application/json"}

    assert requests.post(url, data="{", headers=as_json, timeout=10).status_code == 422
    assert requests.post(url, data={"a": "b"}, headers=headers, timeout=10).status_code == 415


def test_nothing_of_api_b_answers_without_a_live_token(sandbox: StandIn) -> None:
    headers = sandbox.bearer()
    sandbox.control("/spectrocoin/_sandbox/settings", {"revoke_tokens": True})

    answer = sandbox.create(headers)
    orders = f"{sandbox.url}/spectrocoin/api/public/merchants/orders"

    assert answer.status_code == 401
    assert set(answer.json()) == {"defaultMessage", "errorCode", "spanId", "traceId"}
    assert requests.get(orders, headers=headers, timeout=10).status_code == 401
    assert requests.get(f"{orders}/x", timeout=10).status_code == 401


def test_only_the_orders_own_uuid_fetches_it_and_only_after_the_coin_was_chosen(
    sandbox: StandIn,
) -> None:
    headers = sandbox.bearer()
    pre_order = sandbox.create(headers).json()
    orders = f"{sandbox.url}/spectrocoin/api/public/merchants/orders"
    assert requests.get(orders, headers=headers, timeout=10).json() == []

    order = sandbox.act("7-aa", "pay", callback=False, coin="ETH")["order"]

    for other in (pre_order["preOrderId"], "7-aa", str(order["orderRequestId"])):
        assert requests.get(f"{orders}/{other}", headers=headers, timeout=10).status_code == 404
    fetched = requests.get(f"{orders}/{order['id']}", headers=headers, timeout=10).json()
    assert fetched["orderId"] == "7-aa"
    assert fetched["merchantPreOrderId"] == pre_order["preOrderId"]
    assert (fetched["status"], fetched["receiveAmount"]) == ("PAID", "15.99")
    assert (fetched["payCurrencyCode"], fetched["payAmount"]) == ("ETH", "0.006396")
    listed = requests.get(f"{orders}?status=PAID", headers=headers, timeout=10).json()
    assert listed == [fetched]
