"""What is signed and how: canonical JSON, Ed25519, the second lock of a webhook, onion names.

https://www.rfc-editor.org/rfc/rfc8785, https://www.rfc-editor.org/rfc/rfc8032,
https://github.com/standard-webhooks/standard-webhooks, Tor's rend-spec-v3 section 6.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from functools import cache, lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LARGEST_WHOLE = 2**53 - 1
KEY = re.compile(r"[0-9a-f]{64}")
ONION = re.compile(r"([a-z2-7]{56})\.onion:([0-9]{1,5})")


def canonical(value: object) -> str:
    """RFC 8785 for what the protocol carries: objects, lists, texts, whole numbers, truths.

    Raises ValueError for anything else: a fraction has too many spellings to be signed.
    """
    if isinstance(value, Mapping):
        # Names are ordered by their UTF-16 units, which is not the order of code points.
        names = sorted(value, key=lambda name: str(name).encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(n)}:{canonical(value[n])}" for n in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int) and abs(value) <= LARGEST_WHOLE:
        return str(value)
    if isinstance(value, str):
        value.encode()
        return json.dumps(value, ensure_ascii=False)
    raise ValueError(f"cannot be signed: {value!r}")


def signed_part(members: Mapping[str, object]) -> bytes:
    """The bytes a signature is over: everything but the signature."""
    return canonical({n: v for n, v in members.items() if n != "signature"}).encode()


def with_signature(members: Mapping[str, object], seed: str) -> dict[str, object]:
    """The members and their signature, base64 with padding."""
    return {**members, "signature": sign(signed_part(members), seed)}


def sign(message: bytes, seed: str) -> str:
    return base64.b64encode(_private(seed).sign(message)).decode()


def verifies(members: Mapping[str, object], public: str) -> bool:
    """Whether this key signed all other members, and spelled the signature the only way."""
    signature = members.get("signature")
    if not isinstance(signature, str):
        return False
    try:
        raw = base64.b64decode(signature, validate=True)
        if base64.b64encode(raw).decode() != signature:
            return False
        _public(public).verify(raw, signed_part(members))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def new_seed() -> str:
    """The 32 private bytes of a fresh key, in hex."""
    return secrets.token_hex(32)


def public_half(seed: str) -> str:
    return _private(seed).public_key().public_bytes_raw().hex()


def key_id(public: str) -> str:
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]


@cache
def stranger() -> str:
    """The seed of somebody who has no business here."""
    return new_seed()


def is_node_address(text: str) -> bool:
    """A Tor v3 onion name whose checksum is right, and a port."""
    match = ONION.fullmatch(text)
    if match is None or not 0 < int(match[2]) < 65536:
        return False
    raw = base64.b32decode(match[1].upper())
    key, check, version = raw[:32], raw[32:34], raw[34:]
    expected = hashlib.sha3_256(b".onion checksum" + key + version).digest()[:2]
    return version == b"\x03" and check == expected


def webhook_key(secret: str) -> bytes:
    """The HMAC key in a `whsec_` secret. Raises ValueError."""
    prefix, _, text = secret.partition("_")
    if prefix != "whsec":
        raise ValueError("a webhook secret begins with whsec_")
    key = base64.b64decode(text, validate=True)
    if not 24 <= len(key) <= 64:
        raise ValueError("a webhook secret has 24 to 64 bytes")
    return key


def webhook_headers(key: bytes, name: str, at: int, body: bytes) -> tuple[tuple[str, str], ...]:
    """The three headers of Standard Webhooks. `name` is the same for every try of one event."""
    mac = hmac.digest(key, f"{name}.{at}.".encode() + body, "sha256")
    return (
        ("webhook-id", name),
        ("webhook-timestamp", str(at)),
        ("webhook-signature", f"v1,{base64.b64encode(mac).decode()}"),
    )


@lru_cache(maxsize=16)
def _private(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))


@lru_cache(maxsize=16)
def _public(key: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
