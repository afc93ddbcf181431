import json
import os
from base64 import b64decode
from typing import cast
from urllib.parse import unquote_to_bytes

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.http import HttpRequest, HttpResponse
from django.urls import path
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from bench.bare.models import Message

RSA = cast(rsa.RSAPublicKey, load_pem_public_key(os.environ["BENCH_SPECTROCOIN_KEY"].encode()))
PADDING, DIGEST = padding.PKCS1v15(), SHA1()  # noqa: S303  the provider knows no other
ED25519 = VerifyKey(bytes.fromhex(os.environ["BENCH_HAVENO_KEY"]))


def spectrocoin(request: HttpRequest, token: str) -> HttpResponse:
    """Verify over the bytes as they came: our own door parses and normalises the form first."""
    message, _, rest = request.body.partition(b"&sign=")
    try:
        seal = b64decode(unquote_to_bytes(rest.partition(b"&")[0]))
        RSA.verify(seal, message, PADDING, DIGEST)
    except (InvalidSignature, ValueError):
        return HttpResponse("bad signature", status=400)
    Message.objects.create(body=request.body)
    return HttpResponse("*ok*", content_type="text/plain")


def haveno(request: HttpRequest, token: str) -> HttpResponse:
    """The least that verifies it: what is signed are the sorted members, not the bytes as they came.

    Our own door reads strictly besides, and checks types and age.
    """
    members = json.loads(request.body)
    try:
        seal = b64decode(members.pop("signature"))
        message = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        ED25519.verify(message.encode(), seal)
    except (BadSignatureError, ValueError):
        return HttpResponse("bad signature", status=400)
    Message.objects.create(body=request.body)
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("spectrocoin/<str:token>/", spectrocoin),
    path("haveno/<str:token>/", haveno),
]
