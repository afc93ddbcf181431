"""How forwarder apps sign and encrypt, each as its source has it."""

import base64
import hashlib
import hmac
import json
import secrets
from urllib.parse import quote_plus

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES


def smsgate(key: str, body: bytes, at: int) -> str:
    """X-Signature: over the body and the text of X-Timestamp, with nothing between."""
    return hmac.digest(key.encode(), body + str(at).encode(), "sha256").hex()


def smsforwarder(secret: str, at_ms: int) -> str:
    """`sign`, URL-encoded once. It covers the time alone."""
    seal = hmac.digest(secret.encode(), f"{at_ms}\n{secret}".encode(), "sha256")
    return quote_plus(base64.b64encode(seal).decode())


def httpsms(key: str, audience: str, at: int) -> str:
    """The JWT of httpSMS's server: ten minutes either way, and not a word about the body."""
    claims = {
        "iss": "api.httpsms.com",
        "sub": "sandbox-user",
        "aud": [audience],
        "exp": at + 600,
        "nbf": at - 600,
        "iat": at,
    }
    signed = ".".join(
        _part(json.dumps(m).encode()) for m in ({"alg": "HS256", "typ": "JWT"}, claims)
    )
    return f"{signed}.{_part(hmac.digest(key.encode(), signed.encode(), 'sha256'))}"


def encrypted(text: str, passphrase: str) -> str:
    """httpSMS's end-to-end form: base64 of IV and AES-256-CFB under SHA-256 of the passphrase."""
    key, start = hashlib.sha256(passphrase.encode()).digest(), secrets.token_bytes(16)
    cipher = Cipher(AES(key), CFB(start)).encryptor()
    return base64.b64encode(start + cipher.update(text.encode()) + cipher.finalize()).decode()


def fingerprint(sender: str, text: str, sent_ms: int) -> str:
    """Tahweel's name of a message."""
    return hashlib.sha256(f"{sender}|{text}|{sent_ms}".encode()).hexdigest()


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
