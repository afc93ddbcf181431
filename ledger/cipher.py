"""Secrets at rest: AES-256-GCM under rotatable keys, bound to model, merchant, field and row.

The binding is the cipher's associated data, so a ciphertext copied into another row, field or
merchant does not open. A column holds "s1.<key id>.<base64 of nonce and ciphertext>".
"""

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
PREFIX = "s1"


class SealBroken(Exception):
    """The stored secret does not open: its key is gone, or it was moved or changed."""


def read_keys(text: str) -> list[bytes]:
    """Keys from "new,old,older", each urlsafe base64 of 32 bytes. Raises ValueError naming which."""
    keys = []
    for number, part in enumerate(filter(None, (p.strip() for p in text.split(","))), start=1):
        try:
            key = urlsafe_b64decode(part + "=" * (-len(part) % 4))
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise ValueError(f"key {number} is not urlsafe base64 of {KEY_BYTES} bytes")
        if len(set(key)) < 8:
            raise ValueError(f"key {number} is a placeholder, not random bytes")
        keys.append(key)
    if text.strip() and not keys:
        raise ValueError("no key between the commas")
    return keys


def new_key() -> str:
    return urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def key_id(key: bytes) -> str:
    return hashlib.sha256(b"gatebook key id" + key).hexdigest()[:8]


def seal(plaintext: str, binding: str, keys: Sequence[bytes]) -> str:
    nonce = secrets.token_bytes(NONCE_BYTES)
    box = AESGCM(keys[0]).encrypt(nonce, plaintext.encode(), binding.encode())
    return f"{PREFIX}.{key_id(keys[0])}.{urlsafe_b64encode(nonce + box).decode()}"


def unseal(sealed: str, binding: str, keys: Sequence[bytes]) -> str:
    """Raises SealBroken; never returns the ciphertext, so no later save can seal it twice."""
    try:
        prefix, kid, text = sealed.split(".")
        box = urlsafe_b64decode(text)
    except ValueError:
        raise SealBroken(f"{binding}: not a sealed value") from None
    key = next((key for key in keys if key_id(key) == kid), None)
    if prefix != PREFIX or key is None:
        raise SealBroken(f"{binding}: sealed under key {kid[:8]}, which GATEBOOK_KEYS lacks")
    try:
        opened = AESGCM(key).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], binding.encode())
    except (InvalidTag, ValueError):
        raise SealBroken(f"{binding}: moved from another row, or changed") from None
    return opened.decode()
