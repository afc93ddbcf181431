"""The relay's one way to sign: Ed25519 over the canonical JSON (RFC 8785) of every other member."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from typing import Any

import rfc8785
from nacl.exceptions import BadSignatureError

from gateways.providers.haveno.keys import signing_key, verify_keys

SEAL = "signature"

_BASE64 = re.compile(r"[A-Za-z0-9+/]{86}==")
_HEX = re.compile(r"[0-9a-f]{128}|[0-9A-F]{128}")


class NotSigned(Exception):
    """None of the keys signed this.

    key_may_be_old  there is a whole signature, so another key may fit it.
    """

    def __init__(self, reason: str, *, key_may_be_old: bool = False) -> None:
        super().__init__(reason)
        self.key_may_be_old = key_may_be_old


def canonical_json(members: Mapping[str, Any]) -> bytes:
    """RFC 8785. Raises ValueError for integers beyond 2^53, lone surrogates, deep nesting."""
    try:
        return rfc8785.dumps(dict(members))
    except RecursionError:
        raise ValueError("nested too deep") from None


def sign(members: Mapping[str, Any], seed: str) -> dict[str, Any]:
    """The members with their signature under the merchant's seed. Raises ValueError."""
    unsigned = _unsigned(members)
    seal = signing_key(seed).sign(canonical_json(unsigned)).signature
    return {**unsigned, SEAL: b64encode(seal).decode("ascii")}


def verify(members: Mapping[str, Any], publics: Iterable[str]) -> None:
    """Raise NotSigned unless one of the keys signed all members but `signature`.

    Algorithm and keys are fixed here; nothing in the message has a say.
    Raises ValueError where a key is weak, none is given, or the members have no canonical form.
    """
    keys = verify_keys(publics)
    message = canonical_json(_unsigned(members))
    seal = _decoded(members.get(SEAL))
    for key in keys:
        try:
            key.verify(message, seal)
        except BadSignatureError:
            continue
        return
    raise NotSigned("the signature is not the relay's", key_may_be_old=True)


def _unsigned(members: Mapping[str, Any]) -> dict[str, Any]:
    rest = dict(members)
    rest.pop(SEAL, None)
    return rest


def _decoded(text: object) -> bytes:
    """The 64 bytes of a signature in standard base64, or in hex of one case: one spelling each.

    Trailing bits of base64 can be changed without changing the bytes, hence the way back.
    """
    if not isinstance(text, str):
        raise NotSigned("there is no signature")
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    if not _BASE64.fullmatch(text):
        raise NotSigned("the signature is not 64 bytes in base64")
    raw = b64decode(text)
    if b64encode(raw).decode("ascii") != text:
        raise NotSigned("the signature is not spelled the one right way")
    return raw
