"""SpectroCoin's number format, text encoding and signatures, from its documentation.

Number pattern `0.0#######`, signed text `name=value` joined by `&`, RSASSA-PKCS1-v1_5 with SHA-1:
https://github.com/SpectroFinance/SpectroCoin-Merchant-API
"""

import base64
import binascii
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from urllib.parse import quote_plus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

EIGHT_PLACES = Decimal("0.00000001")


def canonical_amount(amount: Decimal) -> str:
    """15 -> "15.0", 15.990 -> "15.99": at least one decimal, at most eight."""
    text = format(amount.quantize(EIGHT_PLACES, ROUND_HALF_UP), "f")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0') or '0'}"


def php_encode(text: str) -> str:
    """As PHP's http_build_query does, which the vendor's own clients use; it escapes `~` too."""
    return quote_plus(text).replace("~", "%7E")


def signed_text(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{name}={php_encode(value)}" for name, value in pairs)


def new_private_key() -> str:
    """A fresh 2048 bit RSA key as PKCS#8 PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode()


def public_pem(private_pem: str) -> str:
    """The public half as SPKI PEM."""
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = _private(private_pem).public_key().public_bytes(serialization.Encoding.PEM, spki)
    return pem.decode()


def is_rsa_public_key(pem: str) -> bool:
    try:
        _public(pem)
    except ValueError:
        return False
    return True


def sign(text: str, private_pem: str) -> str:
    """Base64 without line breaks."""
    signature = _private(private_pem).sign(
        text.encode(),
        padding.PKCS1v15(),
        hashes.SHA1(),  # noqa: S303 - the vendor's protocol
    )
    return base64.b64encode(signature).decode()


def verifies(message: bytes, signature: str, public: str) -> bool:
    """Whether that RSA key made this base64 signature over these very bytes."""
    try:
        _public(public).verify(
            base64.b64decode(signature, validate=True),
            message,
            padding.PKCS1v15(),
            hashes.SHA1(),  # noqa: S303 - the vendor's protocol
        )
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


@lru_cache(maxsize=16)
def _private(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key


@lru_cache(maxsize=64)
def _public(pem: str) -> rsa.RSAPublicKey:
    key = serialization.load_pem_public_key(pem.strip().encode())
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("not an RSA key")
    return key
