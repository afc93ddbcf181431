"""Genuine callbacks of SpectroCoin's old API, each for another order.

As its projects with UUIDs send them: eleven signed fields, the signature, two fields beside it.
"""

import uuid
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from bench.events import Kind
from gateways.providers.spectrocoin import public_half, read_private_key
from gateways.providers.spectrocoin.legacy import signed_body
from gateways.providers.spectrocoin.wire import joined

MERCHANT_UUID = "3f8b1c1e-6b1d-4c0e-9a55-0d4c1b7d2a10"
PROJECT_UUID = "9c0a7d52-41f5-4f0b-8f0e-5a7e2f6b3c21"


def new_key_pair() -> tuple[str, str]:
    """PEM of both halves, RSA-2048, which is what SpectroCoin uses."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem, public_half(pem)


# Reading a private key checks its primes, which takes fifty times as long as signing with it.
signing_key = lru_cache(maxsize=1)(read_private_key)


def body(private_key: str, number: int, now: int) -> bytes:
    """No time is signed."""
    fields = [
        ("merchantId", "169"),
        ("apiId", "3"),
        ("orderId", uuid.uuid4().hex),
        ("payCurrency", "BTC"),
        ("payAmount", "0.00024631"),
        ("receiveCurrency", "EUR"),
        ("receiveAmount", "15.99"),
        ("receivedAmount", "0.00024631"),
        ("description", f"Invoice {number}"),
        ("orderRequestId", str(1_000_000 + number)),
        ("status", "3"),
    ]
    signed = signed_body(joined(fields), signing_key(private_key))
    return signed + f"&userId={MERCHANT_UUID}&merchantApiId={PROJECT_UUID}".encode()


def forge(genuine: bytes) -> bytes:
    return genuine.replace(b"receiveAmount=15.99", b"receiveAmount=1599.0")


KIND = Kind(
    slug="spectrocoin",
    title="SpectroCoin, RSA-SHA1 over a form",
    content_type="application/x-www-form-urlencoded",
    refused=400,
    new_key_pair=new_key_pair,
    body=body,
    forge=forge,
)
