"""Genuine webhooks of a HavenoPay relay: the published six members, each for another offer."""

import json
import uuid

from bench.events import Kind
from gateways.providers.haveno.keys import new_merchant_key, public_half
from gateways.providers.haveno.signing import sign


def new_key_pair() -> tuple[str, str]:
    """The relay's seed and its public key, 64 hex digits each."""
    seed = new_merchant_key()
    return seed, public_half(seed)


def body(private_key: str, number: int, now: int) -> bytes:
    members = {
        "invoice_id": f"WHMCS-INV-{number + 1:06}",
        "amount": "0.250000000000",
        "currency": "XMR",
        "offer_id": f"HAV-OFF-{uuid.uuid4().hex}",
        "timestamp": now,
    }
    return json.dumps(sign(members, private_key)).encode()


def forge(genuine: bytes) -> bytes:
    return genuine.replace(b'"0.250000000000"', b'"9.250000000000"')


KIND = Kind(
    slug="haveno",
    title="HavenoPay, Ed25519 over canonical JSON",
    content_type="application/json",
    refused=401,
    new_key_pair=new_key_pair,
    body=body,
    forge=forge,
)
