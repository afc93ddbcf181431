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

from bench.bare.models import Message

KEY = cast(rsa.RSAPublicKey, load_pem_public_key(os.environ["BENCH_PUBLIC_KEY"].encode()))
PADDING, DIGEST = padding.PKCS1v15(), SHA1()  # noqa: S303  the provider knows no other


def receive(request: HttpRequest, token: str) -> HttpResponse:
    """Verify over the bytes as they came: our own door parses and normalises the form first."""
    message, _, rest = request.body.partition(b"&sign=")
    try:
        seal = b64decode(unquote_to_bytes(rest.partition(b"&")[0]))
        KEY.verify(seal, message, PADDING, DIGEST)
    except (InvalidSignature, ValueError):
        return HttpResponse("bad signature", status=400)
    Message.objects.create(body=request.body)
    return HttpResponse("*ok*", content_type="text/plain")


urlpatterns = [path("webhooks/<str:token>/", receive)]
