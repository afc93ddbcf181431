"""Which keys are taken: what people paste, and what would let anybody sign."""

import base64
from hashlib import sha256

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.bindings import crypto_core_ed25519_add

from gateways.providers.base import Rejected
from gateways.providers.haveno import (
    Haveno,
    key_id,
    new_merchant_key,
    public_half,
    public_pem,
    read_public_keys,
)
from gateways.providers.haveno.keys import signing_key, verify_key
from tests.gateways.providers.haveno_messages import (
    CREDENTIALS,
    MEMBERS,
    MERCHANT_KEY,
    MERCHANT_SEED,
    OTHER_KEY,
    RELAY_KEY,
    RELAY_SEED,
    posted,
)

RAW = bytes.fromhex(RELAY_KEY)
BASE64 = base64.b64encode(RAW).decode()
SPKI, PEM = Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
RELAY_PEM = Ed25519PublicKey.from_public_bytes(RAW).public_bytes(SPKI, PEM).decode()

# The eight points of small order, each as it is encoded.
TORSION = {
    "order 1, the identity": "01" + "00" * 31,
    "order 2": "ec" + "ff" * 30 + "7f",
    "order 4, all zeros": "00" * 32,
    "order 4": "00" * 31 + "80",
    "order 8 (1)": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "order 8 (2)": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "order 8 (3)": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "order 8 (4)": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
}
# 2^255-19 and a little more: a second spelling of small numbers, with either sign.
NON_CANONICAL = {
    f"p + {more}, sign {sign}": ((2**255 - 19 + more) | sign << 255).to_bytes(32, "little").hex()
    for more in range(19)
    for sign in (0, 1)
}
SIGNED_ONES = {
    "identity with a sign": "01" + "00" * 30 + "80",
    "order 2 with a sign": "ec" + "ff" * 31,
}
OFF_CURVE = {"off the curve": "02" + "00" * 31, "all ones": "ff" * 32}
MIXED = {
    name: crypto_core_ed25519_add(RAW, bytes.fromhex(point)).hex()
    for name, point in TORSION.items()
    if "order 8" in name
}
WEAK = {**TORSION, **NON_CANONICAL, **SIGNED_ONES, **OFF_CURVE, **MIXED}
# R is the identity, S is zero: fits any message under many keys of small order.
FORGERY = b"\x01" + b"\x00" * 63


def private_pem(key: Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    "text",
    [RELAY_KEY, RELAY_KEY.upper(), BASE64, f"whpk_{BASE64}", RELAY_PEM, f"  {RELAY_KEY}\r\n",
     RELAY_PEM.replace("\n", "\r\n"), RELAY_PEM.replace("\n", "\n    "), RELAY_PEM.strip()],
)  # fmt: skip
def test_a_key_is_read_however_it_is_written(text: str) -> None:
    assert read_public_keys(text) == [RELAY_KEY]


@pytest.mark.parametrize("gap", [" ", "\n", "\r\n\r\n", "\t"])
def test_two_keys_are_read_in_their_order_in_any_mixture(gap: str) -> None:
    other = base64.b64encode(bytes.fromhex(OTHER_KEY)).decode()

    assert read_public_keys(gap.join([RELAY_PEM, other])) == [RELAY_KEY, OTHER_KEY]
    assert read_public_keys(gap.join([OTHER_KEY, RELAY_PEM])) == [OTHER_KEY, RELAY_KEY]


RSA = rsa.generate_private_key(65537, 2048)
WRONG = {
    "nothing": ("", "no key here"),
    "blanks": (" \n ", "no key here"),
    "private PEM": (private_pem(Ed25519PrivateKey.generate()), "private key"),
    "private RSA PEM": (private_pem(RSA), "private key"),
    "private Standard Webhooks key": (f"whsk_{BASE64}", "private key"),
    "OpenSSH private key": (
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----",
        "private key",
    ),
    "seed and public half": (RELAY_SEED + RELAY_KEY, "64 bytes"),
    "seed and public half in base64": (base64.b64encode(RAW + RAW).decode(), "64 bytes"),
    "webhook secret": (f"whsec_{BASE64}", "webhook secret"),
    "certificate": ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "certificate"),
    "RSA": (RSA.public_key().public_bytes(SPKI, PEM).decode(), "RSA"),
    "old RSA": (RSA.public_key().public_bytes(SPKI, PublicFormat.PKCS1).decode(), "RSA"),
    "X25519": (
        x25519.X25519PrivateKey.generate().public_key().public_bytes(SPKI, PEM).decode(),
        "not an Ed25519 key",
    ),
    "SSH": (f"ssh-ed25519 {BASE64} me@home", "SSH key"),
    "half a PEM": (RELAY_PEM.partition("-----END")[0], "not whole"),
    "damaged PEM": (RELAY_PEM.replace("MCow", "MC!w"), "damaged"),
    "cut PEM": (RELAY_PEM.replace(RELAY_PEM.splitlines()[1][-8:], "AAA="), "damaged"),
    "other PEM": ("-----BEGIN DH PARAMETERS-----\nAA==\n-----END DH PARAMETERS-----", "dh param"),
    "one digit short": (RELAY_KEY[:-1], "63 hex digits"),
    "one digit more": (f"{RELAY_KEY}0", "65 hex digits"),
    "no hex": (RELAY_KEY[:-1] + "g", "48 bytes"),
    "0x": (f"0x{RELAY_KEY}", "neither hex nor base64"),
    "31 bytes": (base64.b64encode(RAW[:-1]).decode(), "31 bytes"),
    "33 bytes": (base64.b64encode(RAW + b"\0").decode(), "33 bytes"),
    "no padding": (BASE64.rstrip("="), "neither hex nor base64"),
    "other padding bits": (BASE64[:-2] + chr(ord(BASE64[-2]) + 1) + "=", "neither hex nor base64"),
    "url-safe base64": (BASE64[:-3] + "-_=", "neither hex nor base64"),
    "words": ("the key I was given", "5 keys"),
    "a word": ("key?", "neither hex nor base64"),
    "three": (f"{RELAY_KEY} {OTHER_KEY} {MERCHANT_KEY}", "3 keys"),
    "twice": (f"{RELAY_KEY} {BASE64}", "twice"),
    "full-width digits": ("\uff10" * 64, "neither hex nor base64"),
    "too long": (RELAY_KEY * 1000, "far too long"),
    "all zeros": ("0" * 64, "all zeros"),
    "all zeros in base64": (base64.b64encode(bytes(32)).decode(), "all zeros"),
}


@pytest.mark.parametrize(("text", "says"), WRONG.values(), ids=WRONG)
def test_v13_what_is_no_relay_key_is_refused_with_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        read_public_keys(text)

    sentence = str(refused.value)
    assert sentence[0].isupper()
    assert sentence.endswith((".", ")"))
    assert not text.strip() or text.strip() not in sentence


@pytest.mark.parametrize("key", WEAK.values(), ids=WEAK)
def test_v13_a_weak_key_is_refused_when_saved(key: str) -> None:
    raw = bytes.fromhex(key)
    pem = RELAY_PEM.replace(
        RELAY_PEM.splitlines()[1],
        base64.b64encode(bytes.fromhex("302a300506032b6570032100") + raw).decode(),
    )

    for text in (key, base64.b64encode(raw).decode(), pem, f"{RELAY_KEY} {key}"):
        with pytest.raises(ValueError, match=r"weak|all zeros"):
            read_public_keys(text)


@pytest.mark.parametrize("key", WEAK.values(), ids=WEAK)
def test_v13_a_weak_key_that_was_saved_all_the_same_verifies_nothing(key: str) -> None:
    forged = posted({**MEMBERS, "signature": base64.b64encode(FORGERY).decode()})

    for keys in (key, f"{RELAY_KEY} {key}", f"{key} {RELAY_KEY}"):
        with pytest.raises(Rejected) as rejected:
            Haveno().verify(forged, {**CREDENTIALS, "relay_keys": keys})
        assert (rejected.value.code, rejected.value.status) == ("haveno.not_configured", 503)


def test_v13_the_forgery_is_a_real_one() -> None:
    """A library that does not look at the key takes it; else the test above would prove nothing."""
    identity = Ed25519PublicKey.from_public_bytes(bytes.fromhex(TORSION["order 1, the identity"]))
    identity.verify(FORGERY, b"anything")

    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(RAW).verify(FORGERY, b"anything")


@given(text=st.text(max_size=200) | st.text("0123456789abcdefABCDEF+/=-_ \n", max_size=140))
@settings(max_examples=150, deadline=None)
def test_no_text_brings_anything_but_a_sentence(text: str) -> None:
    try:
        keys = read_public_keys(text)
    except ValueError:
        return
    assert all(verify_key(key) for key in keys)


# --- the merchant's own key ---------------------------------------------------------------------
def test_a_new_merchant_key_is_new_and_has_a_good_public_half() -> None:
    seeds = {new_merchant_key() for _ in range(5)}

    assert len(seeds) == 5
    for seed in seeds:
        assert read_public_keys(public_half(seed)) == [public_half(seed)]
        assert len(seed) == 64


def test_the_public_half_is_the_one_of_rfc_8032() -> None:
    assert public_half(MERCHANT_SEED) == MERCHANT_KEY
    assert key_id(MERCHANT_KEY) == sha256(bytes.fromhex(MERCHANT_KEY)).hexdigest()[:16]


def test_the_pem_is_what_other_tools_read() -> None:
    key = load_pem_public_key(public_pem(MERCHANT_KEY).encode())

    assert isinstance(key, Ed25519PublicKey)
    assert key.public_bytes_raw().hex() == MERCHANT_KEY
    assert public_pem(RELAY_KEY) == RELAY_PEM


@pytest.mark.parametrize("seed", ["", "0" * 64, RELAY_SEED[:-1], "g" * 64, f"{RELAY_SEED} "])
def test_what_is_no_merchant_key_signs_nothing(seed: str) -> None:
    with pytest.raises(ValueError, match="merchant key"):
        signing_key(seed)
