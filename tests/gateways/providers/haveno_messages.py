"""The relay's side of the conversation, written without the code under test."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateways.providers.base import Inbound, OrderRequest
from ledger.money import Money

PAYLOADS = Path(__file__).resolve().parents[2] / "payloads" / "haveno"
# RFC 8032, section 7.1, tests 1 to 3: keys that open nothing.
RELAY_SEED = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
RELAY_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
MERCHANT_SEED = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
MERCHANT_KEY = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
OTHER_SEED = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"
OTHER_KEY = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
# The project's own site, so that the address is one that Tor made.
MERCHANT_ID = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion:9999"
SECRET = "whsec_" + base64.b64encode(bytes(range(100, 132))).decode()

NOW = 1790000000
OFFER_ID = "HAV-OFF-XYZ123"
REFERENCE = "1043-7f3a9c51d0e2b486"
RELAY = "https://relay.example.org"

CREDENTIALS = {
    "relay_url": RELAY,
    "relay_keys": RELAY_KEY,
    "merchant_key": MERCHANT_SEED,
    "merchant_id": MERCHANT_ID,
    "receive_account": "shop@example.com",
    "webhook_secret": "",
    "confirmations": "10",
}
LOCKED_CREDENTIALS = {**CREDENTIALS, "webhook_secret": SECRET}

MEMBERS: dict[str, Any] = {
    "invoice_id": "WHMCS-INV-000123",
    "amount": "0.250000000000",
    "currency": "XMR",
    "offer_id": OFFER_ID,
    "timestamp": NOW,
}
XMR_ADDRESS = "8" + "AbCdEfGh2345" * 7 + "JKLMNPQRST"
BTC_ADDRESS = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
ERC20_ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"
TRC20_ADDRESS = "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"
BANK_ACCOUNT = "IBAN XX00 1234 5678, reference HAV-OFF-XYZ123"
OFFER: dict[str, Any] = {
    "offer_id": OFFER_ID,
    "order_ref": REFERENCE,
    "invoice_id": "WHMCS-INV-000123",
    "currency": "XMR",
    "amount": "0.250000000000",
    "pay_to": XMR_ADDRESS,
    "uri": f"monero:{XMR_ADDRESS}?tx_amount=0.25",
    "network": "mainnet",
    "expires_at": NOW + 3600,
    "confirmations_required": 10,
}


def payload(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


@cache
def _private(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))


def canonical(members: Mapping[str, Any]) -> bytes:
    """Enough of RFC 8785 for what is said here: ASCII names, text, small integers."""
    rest = {name: value for name, value in members.items() if name != "signature"}
    return json.dumps(
        rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def seal(message: bytes, seed: str = RELAY_SEED) -> bytes:
    return _private(seed).sign(message)


def signed(members: Mapping[str, Any], seed: str = RELAY_SEED) -> dict[str, Any]:
    made = base64.b64encode(seal(canonical(members), seed)).decode()
    return {**members, "signature": made}


def posted(body: object, *, at: int = NOW, headers: Mapping[str, str] | None = None) -> Inbound:
    """Any body as the relay posts one; `at` is when it reaches us."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Inbound(
        body=raw,
        headers={"content-type": "application/json", **(headers or {})},
        received_at=at,
    )


def webhook(*, at: int = NOW, seed: str = RELAY_SEED, **changes: Any) -> Inbound:
    """A genuine webhook about MEMBERS with `changes` in it; None takes a member out."""
    members = {name: value for name, value in {**MEMBERS, **changes}.items() if value is not None}
    return posted(signed(members, seed), at=at)


def hmac_headers(
    inbound: Inbound, *, attempt: int = NOW, secret: str = SECRET, identity: str = "msg_1"
) -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = hmac.digest(key, f"{identity}.{attempt}.".encode() + inbound.body, "sha256")
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(attempt),
        "webhook-signature": f"v1,{base64.b64encode(made).decode()}",
    }


def locked(inbound: Inbound, **changes: Any) -> Inbound:
    """The same message with its second lock."""
    return replace(inbound, headers={**inbound.headers, **hmac_headers(inbound, **changes)})


def order_request(**changes: Any) -> OrderRequest:
    values: dict[str, Any] = {
        "reference": REFERENCE,
        "due": Money.parse("28.50", "EUR"),
        "description": "Invoice 123",
        "callback_url": "https://console.example.com/webhooks/abc/",
        "success_url": "https://console.example.com/pay/xyz/?back=1",
        "failure_url": "https://console.example.com/pay/xyz/?back=0",
        "invoice": "123",
        "pay": Money.parse("0.25", "XMR"),
        "rate": "114.00",
        "rate_source": "relay",
        "created_at": NOW,
        "expires_at": NOW + 3600,
    }
    return OrderRequest(**{**values, **changes})


def onion(key: bytes, version: bytes = b"\x03") -> str:
    """The Tor name of any 32 bytes, with the right checksum."""
    checksum = hashlib.sha3_256(b".onion checksum" + key + version).digest()[:2]
    return base64.b32encode(key + checksum + version).decode().lower() + ".onion"
