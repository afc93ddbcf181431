"""Keys as people paste them: what is read, and one sentence for each thing that is not."""

import hashlib
from base64 import b64decode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from gateways.providers.spectrocoin import (
    key_fingerprint,
    public_half,
    read_private_key,
    read_public_keys,
)
from tests.gateways.providers.spectrocoin_messages import VECTORS

PRIVATE, PUBLIC = VECTORS["merchant_private_key_pem"], VECTORS["merchant_public_key_pem"]
PROVIDER = VECTORS["provider_public_key_pem"]
RSA_KEY = read_private_key(PRIVATE)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_1024 = rsa.generate_private_key(65537, 1024)  # noqa: S505

AnyKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def private_pem(key: AnyKey, form: PrivateFormat = PrivateFormat.PKCS8, secret: bytes = b"") -> str:
    lock = BestAvailableEncryption(secret) if secret else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, lock).decode()


def public_pem(key: AnyKey) -> str:
    public = key.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "callbacks")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=1))
        .sign(key, SHA256())
    )
    return built.public_bytes(Encoding.PEM).decode()


PKCS1 = private_pem(RSA_KEY, PrivateFormat.TraditionalOpenSSL)


@pytest.mark.parametrize(
    "text",
    [
        PRIVATE,
        PKCS1,
        PRIVATE.replace("\n", "\r\n"),
        PKCS1.replace("\n", "\r\n"),
        f"  \r\n\t{PRIVATE}  \n\n",
        "\n".join(f"   {line}  " for line in PRIVATE.splitlines()),
        PRIVATE.replace("\n", " "),
        f"Bag Attributes\n    friendlyName: shop\n{PRIVATE}",
        f"\ufeff{PRIVATE}",
    ],
    ids=["pkcs8", "pkcs1", "pkcs8-crlf", "pkcs1-crlf", "blanks-around", "indented", "one-line",
         "pkcs12-preamble", "byte-order-mark"],
)  # fmt: skip
def test_a_merchant_key_is_read_however_it_was_pasted(text: str) -> None:
    assert read_private_key(text).private_numbers() == RSA_KEY.private_numbers()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no key here"),
        ("   \n", "There is no key here"),
        ("changeme", "There is no key here"),
        (PRIVATE.replace("-----END PRIVATE KEY-----", ""), "There is no key here"),
        (PUBLIC, "This is a public key"),
        (certificate(RSA_KEY), "This is a certificate"),
        (private_pem(RSA_KEY, secret=b"x"), "protected by a passphrase"),
        (
            private_pem(RSA_KEY, PrivateFormat.TraditionalOpenSSL, b"x"),
            "protected by a passphrase",
        ),
        (private_pem(RSA_KEY, PrivateFormat.OpenSSH), "OpenSSH's own format"),
        (private_pem(EC_KEY), "not an RSA key"),
        (private_pem(EC_KEY, PrivateFormat.TraditionalOpenSSL), "not an RSA key"),
        (private_pem(ed25519.Ed25519PrivateKey.generate()), "not an RSA key"),
        (private_pem(RSA_1024), "has 1024 bits"),
        (PRIVATE[:200] + PRIVATE[300:], "damaged"),
        (PRIVATE + PKCS1, "several keys"),
        (PRIVATE + "x" * 20_000, "far too long"),
    ],
)
def test_v13_each_thing_that_is_no_merchant_key_is_refused_in_its_own_words(
    text: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_private_key(text)


def test_no_refusal_repeats_the_pasted_secret() -> None:
    broken = PRIVATE[:200] + PRIVATE[300:]

    with pytest.raises(ValueError, match="damaged") as refusal:
        read_private_key(broken)

    assert PRIVATE[100:140] not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_spectrocoins_key_is_read_as_public_key_pkcs1_certificate_or_several() -> None:
    pkcs1 = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()

    keys = read_public_keys(PROVIDER + pkcs1 + certificate(RSA_KEY))

    assert len(keys) == 3
    assert key_fingerprint(keys[1]) == key_fingerprint(keys[2]) == key_fingerprint(RSA_KEY)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no key here"),
        ("changeme", "There is no key here"),
        (PRIVATE, "This is a private key"),
        (PROVIDER + PKCS1, "This is a private key"),
        (public_pem(EC_KEY), "not an RSA key"),
        (certificate(EC_KEY), "not an RSA key"),
        (public_pem(ed25519.Ed25519PrivateKey.generate()), "not an RSA key"),
        (public_pem(RSA_1024), "has 1024 bits"),
        (PROVIDER + public_pem(RSA_1024), "has 1024 bits"),
        (certificate(RSA_1024), "has 1024 bits"),
        (public_pem(rsa.generate_private_key(3, 2048)), "public exponent 3"),
        (PROVIDER[:100] + PROVIDER[140:], "damaged"),
        ("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----", "not a public key"),
        (PROVIDER * 6, "over 5 keys"),
    ],
)
def test_v13_each_thing_that_is_no_callback_key_is_refused_in_its_own_words(
    text: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_public_keys(text)


def test_the_public_half_is_what_spectrocoin_wants_pasted() -> None:
    assert public_half(PKCS1.replace("\n", "\r\n")) == PUBLIC


def test_the_fingerprint_is_the_sha256_of_the_public_key_in_der() -> None:
    der = b64decode("".join(PUBLIC.splitlines()[1:-1]))

    assert key_fingerprint(RSA_KEY) == hashlib.sha256(der).hexdigest()
    assert key_fingerprint(RSA_KEY) == key_fingerprint(read_public_keys(PUBLIC)[0])
    assert key_fingerprint(RSA_KEY) != key_fingerprint(read_public_keys(PROVIDER)[0])
