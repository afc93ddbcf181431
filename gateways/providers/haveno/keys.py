"""Ed25519 keys as people paste them: two relay keys at most, and the merchant's own.

libsodium (PyNaCl) judges every key, when it is saved and again before each verify: under keys of
small order, the all-zero one included, one fixed signature fits any message.
Every ValueError here is one sentence for the person at the settings form.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256

from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.signing import SigningKey, VerifyKey

MOST_PUBLIC_KEYS = 2
TEXT_CAP_CHARACTERS = 16 * 1024
# RFC 8410: SubjectPublicKeyInfo of an Ed25519 key is these bytes and the 32 of the key.
SPKI = bytes.fromhex("302a300506032b6570032100")
RSA_OID = bytes.fromhex("2a864886f70d010101")

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----(.*?)-----END \1-----", re.DOTALL)
_HEX = re.compile(r"[0-9A-Fa-f]+")
_DAMAGED = "This public key is damaged: copy it again, all of it."
_PRIVATE = (
    "This is a private key. Paste the relay's public key here, never a private one; and make a new "
    "pair, if this one has left its place."
)


def read_public_keys(text: str) -> list[str]:
    """The relay's keys as 64 hex digits each, in the order given: one, or two while it changes.

    Takes hex, standard base64, `whpk_` and base64 (Standard Webhooks), and PEM, with blanks or
    line ends between. Raises ValueError where one is no key or a weak one.
    """
    if len(text) > TEXT_CAP_CHARACTERS:
        raise ValueError("This text is far too long for a key: paste only the key.")
    pieces: list[str] = []
    rest = _BLOCK.sub(lambda block: f" {_of_pem(block[1], block[2]).hex()} ", text)
    if "-----" in rest:
        raise ValueError(
            "This PEM text is not whole: paste it from -----BEGIN to -----END, with these two lines."
        )
    pieces = rest.split()
    if not pieces:
        raise ValueError(
            "There is no key here: paste the Public Key that the relay shows, as PEM, hex or base64."
        )
    _refuse_other_kinds(pieces)
    if len(pieces) > MOST_PUBLIC_KEYS:
        raise ValueError(
            f"There are {len(pieces)} keys here, or blanks within one: keep the current key and, "
            "while the relay changes it, the next one."
        )
    keys = [_of_text(piece).hex() for piece in pieces]
    for key in keys:
        verify_key(key)
    if len(set(keys)) < len(keys):
        raise ValueError("The same key is here twice: keep it once.")
    return keys


def _of_pem(label: str, body: str) -> bytes:
    if label.endswith("PRIVATE KEY"):
        raise ValueError(_PRIVATE)
    if label == "CERTIFICATE":
        raise ValueError("This is a certificate. Paste the relay's public key itself.")
    if label == "RSA PUBLIC KEY":
        raise ValueError("This is an RSA key. The relay signs with Ed25519 only.")
    if label != "PUBLIC KEY":
        raise ValueError(f"This is a {label.lower()}, not a public key.")
    try:
        der = _unbase64("".join(body.split()))
    except ValueError:
        raise ValueError(_DAMAGED) from None
    if RSA_OID in der[:24]:
        raise ValueError("This is an RSA key. The relay signs with Ed25519 only.")
    if not der.startswith(SPKI[:9]):
        raise ValueError("This is not an Ed25519 key. The relay signs with Ed25519 only.")
    if not der.startswith(SPKI) or len(der) != len(SPKI) + 32:
        raise ValueError(_DAMAGED)
    return der[len(SPKI) :]


def _refuse_other_kinds(pieces: list[str]) -> None:
    """What is pasted by mistake and would otherwise only be called the wrong length."""
    for piece in pieces:
        if piece.startswith("whsk_"):
            raise ValueError(_PRIVATE)
        if piece.startswith("whsec_"):
            raise ValueError(
                "This is a webhook secret. Paste the relay's public key here, and the secret in "
                "its own field."
            )
        if piece.startswith("ssh-"):
            raise ValueError("This is an SSH key. Paste the Public Key that the relay shows.")


def _of_text(piece: str) -> bytes:
    if piece.startswith("whpk_"):
        piece = piece.removeprefix("whpk_")
    elif _HEX.fullmatch(piece) and len(piece) in (64, 128):
        return _of_length(bytes.fromhex(piece))
    elif _HEX.fullmatch(piece) and len(piece) != 44:
        raise ValueError(
            f"This key has {len(piece)} hex digits: an Ed25519 public key has 64. Copy all of it."
        )
    try:
        raw = _unbase64(piece)
    except ValueError:
        raise ValueError(
            "This is neither hex nor base64: copy the key again, all of it and nothing else."
        ) from None
    return _of_length(raw)


def _of_length(raw: bytes) -> bytes:
    if len(raw) == 64:
        raise ValueError(
            "This has 64 bytes, like a private key with its public half, or a signature. An "
            "Ed25519 public key has 32."
        )
    if len(raw) != 32:
        raise ValueError(f"This has {len(raw)} bytes: an Ed25519 public key has 32.")
    return raw


def _unbase64(text: str) -> bytes:
    """Standard base64 in its one spelling. Raises ValueError."""
    raw = b64decode(text.encode("ascii"), validate=True)
    if b64encode(raw).decode("ascii") != text:
        raise ValueError("not the one spelling of these bytes")
    return raw


@lru_cache(maxsize=1024)
def verify_key(public: str) -> VerifyKey:
    """The key behind 64 hex digits, judged. Raises ValueError for what must not verify anything."""
    raw = bytes.fromhex(public) if _HEX.fullmatch(public) and len(public) == 64 else b""
    if not raw:
        raise ValueError("This is not a public key of 64 hex digits.")
    if not any(raw):
        raise ValueError("This key is all zeros: a placeholder. Paste the relay's real key.")
    if not crypto_core_ed25519_is_valid_point(raw):
        raise ValueError(
            "This key is weak, or no Ed25519 key at all: signatures under it prove nothing. Copy "
            "the Public Key from the relay again."
        )
    return VerifyKey(raw)


def verify_keys(publics: Iterable[str]) -> list[VerifyKey]:
    """One or two judged keys. Raises ValueError where one is weak, and where there is none."""
    keys = [verify_key(public) for public in publics]
    if not keys:
        raise ValueError("There is no public key: paste the one that the relay shows.")
    if len(keys) > MOST_PUBLIC_KEYS:
        raise ValueError(f"There are over {MOST_PUBLIC_KEYS} keys: keep the current ones.")
    return keys


def new_merchant_key() -> str:
    """A new private seed, 64 hex digits, from libsodium's randomness."""
    return SigningKey.generate().encode().hex()


@lru_cache(maxsize=256)
def signing_key(seed: str) -> SigningKey:
    """Raises ValueError for anything but 64 hex digits, and for a seed that is all zeros."""
    raw = bytes.fromhex(seed) if _HEX.fullmatch(seed) and len(seed) == 64 else b""
    if not any(raw):
        raise ValueError("This is not a merchant key of 64 hex digits: make a new one.")
    return SigningKey(raw)


def public_half(seed: str) -> str:
    """64 hex digits: what the merchant registers at the relay. Raises ValueError."""
    return signing_key(seed).verify_key.encode().hex()


def public_pem(public: str) -> str:
    """SPKI, for `openssl pkeyutl -verify` and the well-known path. Raises ValueError."""
    der = SPKI + verify_key(public).encode()
    return (
        f"-----BEGIN PUBLIC KEY-----\n{b64encode(der).decode('ascii')}\n-----END PUBLIC KEY-----\n"
    )


def key_id(public: str) -> str:
    """Which key signed: the first 16 hex digits of the SHA-256 of the 32 key bytes."""
    return sha256(bytes.fromhex(public)).hexdigest()[:16]
