"""SpectroCoin's side of the conversation, written without the code under test."""

import json
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA1, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateways.providers.base import Inbound, OrderRequest
from ledger.money import Money

PAYLOADS = Path(__file__).resolve().parents[2] / "payloads" / "spectrocoin"
VECTORS: dict[str, Any] = json.loads((PAYLOADS / "vectors.json").read_text())

MERCHANT_ID = "3f8b1c1e-6b1d-4c0e-9a55-0d4c1b7d2a10"
PROJECT_ID = "9c0a7d52-41f5-4f0b-8f0e-5a7e2f6b3c21"
ORDER_ID = "6e1d2a9c-93a4-4d5c-b0d0-0f6a4d1b7e55"
PRE_ORDER_ID = "0b1f7c5e-2a52-4a0e-8a8f-64a1f6f6a001"
REFERENCE = "1042-7f3a"

UUID_CREDENTIALS = {
    "merchant_id": MERCHANT_ID,
    "project_id": PROJECT_ID,
    "private_key": VECTORS["merchant_private_key_pem"],
    "api_generation": "current",
    "client_id": "client-1",
    "client_secret": "hush hush",
    "base_url": "https://spectrocoin.com",
    "callback_public_key": VECTORS["provider_public_key_pem"],
    "pay_currency": "BTC",
    "receive_currencies": "EUR,USD",
}
NUMERIC_CREDENTIALS = {
    **UUID_CREDENTIALS,
    "merchant_id": "169",
    "project_id": "3",
    "api_generation": "legacy",
    "client_id": "",
    "client_secret": "",
}

SIGNED_FIELDS = {
    "merchantId": "169",
    "apiId": "3",
    "orderId": REFERENCE,
    "payCurrency": "BTC",
    "payAmount": "0.00035512",
    "receiveCurrency": "EUR",
    "receiveAmount": "15.99",
    "receivedAmount": "0.00035512",
    "description": "Invoice 1042",
    "orderRequestId": "14799205",
    "status": "3",
}
UNSIGNED_FIELDS = {"userId": MERCHANT_ID, "merchantApiId": PROJECT_ID}


def payload(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


@cache
def provider_key() -> rsa.RSAPrivateKey:
    key = load_pem_private_key(VECTORS["provider_private_key_pem"].encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def signed_text(fields: Mapping[str, str]) -> str:
    return urlencode(fields).replace("~", "%7E")


def signature(
    text: str,
    key: rsa.RSAPrivateKey | None = None,
    digest: HashAlgorithm | Prehashed | None = None,
    pad: padding.AsymmetricPadding | None = None,
) -> bytes:
    signer = key or provider_key()
    return signer.sign(text.encode(), pad or padding.PKCS1v15(), digest or SHA1())  # noqa: S303


def form(pairs: Mapping[str, str] | list[tuple[str, str]], method: str = "POST") -> Inbound:
    """As the vendor's documentation shows it: blanks are %20 on the wire."""
    return Inbound(
        body=urlencode(pairs, quote_via=quote).encode(),
        headers={"content-type": "application/x-www-form-urlencoded; charset=UTF-8"},
        method=method,
    )


def callback(
    changes: Mapping[str, str] | None = None,
    /,
    *,
    on_the_wire: Mapping[str, str] | None = None,
    unsigned: Mapping[str, str] | None = None,
    key: rsa.RSAPrivateKey | None = None,
    seal: bytes | None = None,
    **signed: str,
) -> Inbound:
    """A genuine callback about SIGNED_FIELDS with `changes` and `signed` in it; `on_the_wire` then replaces
    values without signing them."""
    fields = {**SIGNED_FIELDS, **(changes or {}), **signed}
    given = signature(signed_text(fields), key) if seal is None else seal
    extra = UNSIGNED_FIELDS if unsigned is None else unsigned
    return form({**extra, **fields, **(on_the_wire or {}), "sign": b64encode(given).decode()})


def doorbell(body: object) -> Inbound:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Inbound(body=raw, headers={"content-type": "application/json"})


def order_request(**changes: Any) -> OrderRequest:
    values: dict[str, Any] = {
        "reference": REFERENCE,
        "due": Money.parse("15.99", "EUR"),
        "description": "Invoice 1042",
        "callback_url": "https://pay.example.com/webhooks/abc/",
        "success_url": "https://pay.example.com/pay/xyz/?back=1",
        "failure_url": "https://pay.example.com/pay/xyz/?back=0",
    }
    return OrderRequest(**{**values, **changes})
