"""A Haveno node's address: a Tor v3 name and a port, checked without asking anybody."""

import re
from base64 import b32decode
from hashlib import sha3_256

from nacl.bindings import crypto_core_ed25519_is_valid_point

_NAME = re.compile(r"[a-z2-7]{56}")
_OLD_NAME = re.compile(r"[a-z2-7]{16}")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_EXAMPLE = "for example abc...xyz.onion:9999"


def check_merchant_id(text: str) -> str:
    """`<56 characters>.onion:<port>` in lower case. Raises ValueError, one sentence for people.

    Source  rend-spec-v3, "Encoding onion addresses": base32 of key, checksum and version 3, where
            the checksum is the first two bytes of SHA3-256(".onion checksum" | key | version).
    """
    address = text.strip().lower()
    if not address:
        raise ValueError(f"Fill in the address of your Haveno node, {_EXAMPLE}.")
    if "://" in address:
        raise ValueError(f"Leave out what stands before the name (http://, tcp://): {_EXAMPLE}.")
    host, colon, port = address.partition(":")
    name, dot, onion = host.rpartition(".")
    if not dot or onion != "onion":
        raise ValueError(f"This is not an onion address: it must be a name in .onion, {_EXAMPLE}.")
    if _OLD_NAME.fullmatch(name):
        raise ValueError(
            "This is an address of Tor's old version 2, which no longer works: copy the node's "
            "present address, which has 56 characters before .onion."
        )
    if "." in name:
        raise ValueError("Leave out what stands before the name and its dot.")
    if len(name) != 56:
        raise ValueError(
            f"There are {len(name)} characters before .onion where 56 belong: copy all of it."
        )
    if not _NAME.fullmatch(name):
        raise ValueError("Onion names have only the letters a to z and the digits 2 to 7.")
    _check_name(name)
    if not colon or not port:
        raise ValueError("The port is missing: write it after a colon, like .onion:9999.")
    if not _PORT.fullmatch(port) or int(port) > 65535:
        raise ValueError("The port after the colon must be a number from 1 to 65535.")
    return f"{name}.onion:{port}"


def _check_name(name: str) -> None:
    raw = b32decode(name.upper())
    key, checksum, version = raw[:32], raw[32:34], raw[34:]
    if version != b"\x03":
        raise ValueError(
            f"This onion address says it is of version {version[0]}; only version 3 is known. "
            "Probably a letter is wrong: copy it again."
        )
    if sha3_256(b".onion checksum" + key + version).digest()[:2] != checksum:
        raise ValueError("A letter of this onion address is wrong: copy it again, all of it.")
    if not crypto_core_ed25519_is_valid_point(key):
        raise ValueError("This onion address holds no usable key: copy it again from the node.")
