"""RSA keys as people paste them and as SpectroCoin publishes them.

Every ValueError here is one sentence for the person at the settings form.
"""

import hashlib
import re
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

LEAST_BITS = 2048
# A larger key only makes each check slower; SpectroCoin's own has 2048.
MOST_BITS = 8192
# Small public exponents made forged PKCS#1 v1.5 signatures possible (CVE-2016-1494).
LEAST_EXPONENT = 65537
MOST_PUBLIC_KEYS = 5
TEXT_CAP_CHARACTERS = 16 * 1024

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----(.*?)-----END \1-----", re.DOTALL)
_PUBLIC_LABELS = frozenset({"PUBLIC KEY", "RSA PUBLIC KEY"})


def _blocks(text: str) -> list[tuple[str, bytes]]:
    """The PEM blocks of pasted text as (label, PEM), with line ends and indentation mended."""
    if len(text) > TEXT_CAP_CHARACTERS:
        raise ValueError("This text is far too long for a key: paste only the key.")
    found = []
    for label, body in _BLOCK.findall(text):
        if "ENCRYPTED" in label or "ENCRYPTED" in body:
            raise ValueError(
                "This key is protected by a passphrase. Remove it first: "
                "openssl pkey -in key.pem -out plain.pem"
            )
        lines = "\n".join(re.findall(".{1,64}", "".join(body.split())))
        found.append((label, f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()))
    if not found:
        raise ValueError(
            "There is no key here: paste the whole text from -----BEGIN to -----END, "
            "with these two lines."
        )
    return found


def read_private_key(text: str) -> rsa.RSAPrivateKey:
    """The merchant key from pasted PEM: PKCS#1 or PKCS#8, any line ends, blanks around it.

    SpectroCoin's clients take both kinds, unencrypted: SpectroCoin/Bitcoin-Merchant-PHP and
    SpectroFinance/SpectroCoin-Merchant-Java. Raises ValueError.
    """
    blocks = _blocks(text)
    if len(blocks) > 1:
        raise ValueError("There are several keys here: paste only the merchant private key.")
    label, pem = blocks[0]
    if label in _PUBLIC_LABELS:
        raise ValueError("This is a public key. Paste the private key that belongs to it.")
    if label == "CERTIFICATE":
        raise ValueError("This is a certificate. Paste the private key that belongs to it.")
    if label == "OPENSSH PRIVATE KEY":
        raise ValueError(
            "This is a key in OpenSSH's own format. Convert a copy of it first: "
            "ssh-keygen -p -m PEM -f copy-of-key"
        )
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("This key is damaged: copy it again, all of it.") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("This is not an RSA key. SpectroCoin takes RSA keys only.")
    if key.key_size < LEAST_BITS:
        raise ValueError(
            f"This RSA key has {key.key_size} bits: make a new one with {LEAST_BITS} or more."
        )
    return key


@lru_cache(maxsize=1024)
def read_public_keys(text: str) -> tuple[rsa.RSAPublicKey, ...]:
    """The keys that SpectroCoin may sign callbacks with, from one or more PEM blocks.

    Public keys and X.509 certificates; the dates of a certificate are not looked at, it is only
    a holder of the key. Cached by text: parsing costs more than checking a signature.
    Raises ValueError where one block is no key or too weak.
    """
    blocks = _blocks(text)
    if len(blocks) > MOST_PUBLIC_KEYS:
        raise ValueError(f"There are over {MOST_PUBLIC_KEYS} keys here: keep the current ones.")
    return tuple(_public_key(label, pem) for label, pem in blocks)


def _public_key(label: str, pem: bytes) -> rsa.RSAPublicKey:
    if label.endswith("PRIVATE KEY"):
        raise ValueError(
            "This is a private key. Paste the public key of SpectroCoin here, never a private one."
        )
    if label not in _PUBLIC_LABELS and label != "CERTIFICATE":
        raise ValueError(f"This is a {label.lower()}, not a public key or certificate.")
    try:
        if label == "CERTIFICATE":
            key: object = x509.load_pem_x509_certificate(pem).public_key()
        else:
            key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("This public key is damaged: copy it again, all of it.") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("This is not an RSA key. SpectroCoin signs with RSA only.")
    if not LEAST_BITS <= key.key_size <= MOST_BITS:
        raise ValueError(
            f"This RSA key has {key.key_size} bits: only {LEAST_BITS} to {MOST_BITS} are taken."
        )
    exponent = key.public_numbers().e
    if exponent < LEAST_EXPONENT or exponent % 2 == 0:
        raise ValueError(
            f"This RSA key has the public exponent {exponent}: it must be odd and at least "
            f"{LEAST_EXPONENT}."
        )
    return key


def public_pem(key: rsa.RSAPublicKey) -> str:
    """SPKI, as SpectroCoin writes and reads it: BEGIN PUBLIC KEY."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def public_half(private_pem: str) -> str:
    """What the merchant pastes at SpectroCoin to go with the private key. Raises ValueError."""
    return public_pem(read_private_key(private_pem).public_key())


def key_fingerprint(key: rsa.RSAPrivateKey | rsa.RSAPublicKey) -> str:
    """64 hex digits, the same for both halves of a pair.

    It is what `openssl pkey -pubin -in public.pem -outform der | sha256sum` prints.
    """
    public = key.public_key() if isinstance(key, rsa.RSAPrivateKey) else key
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()
