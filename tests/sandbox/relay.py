"""A merchant of the Haveno relay: signs with PyNaCl over rfc8785, and believes nothing unsigned."""

import base64
import hashlib
import json
import time
from typing import Any

import requests
import rfc8785
from nacl.signing import SigningKey, VerifyKey

from tests.sandbox.stand_in import Received, StandIn

# A key, its checksum and version 3, as Tor names an onion service.
_ONION_KEY = bytes(SigningKey(bytes(range(32))).verify_key)
_CHECK = hashlib.sha3_256(b".onion checksum" + _ONION_KEY + b"\x03").digest()[:2]
NODE = base64.b32encode(_ONION_KEY + _CHECK + b"\x03").decode().lower() + ".onion:9999"
ASKED = {"XMR": "0.250000000000", "BTC": "0.00100000", "USDT": "31.500000", "USD_BANK": "28.50"}


def key_id(key: SigningKey) -> str:
    return hashlib.sha256(bytes(key.verify_key)).hexdigest()[:16]


def unsigned(members: dict[str, Any]) -> bytes:
    return rfc8785.dumps({name: value for name, value in members.items() if name != "signature"})


def signed(members: dict[str, Any], key: SigningKey) -> dict[str, Any]:
    signature = key.sign(unsigned(members)).signature
    return {**members, "signature": base64.b64encode(signature).decode()}


def verify(members: dict[str, Any], public: str) -> None:
    """Raise BadSignatureError unless this key signed all the other members."""
    signature = base64.b64decode(members["signature"], validate=True)
    VerifyKey(bytes.fromhex(public)).verify(unsigned(members), signature)


def body_of(received: Received) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(received.body)
    return members


class Merchant:
    """Whose key the relay knows, and whose webhooks go to `hook`."""

    def __init__(self, sandbox: StandIn, hook: str = "", **settings: Any) -> None:
        self.sandbox = sandbox
        self.key = SigningKey.generate()
        public = bytes(self.key.verify_key).hex()
        self.set(merchant_public_keys=[public], webhook_url=hook, **settings)

    def set(self, **settings: Any) -> Any:
        return self.sandbox.control("/haveno/_sandbox/settings", settings)

    @property
    def relay_key(self) -> str:
        key: str = self.sandbox.control("/haveno/_sandbox/settings")["relay_public_key"]
        return key

    def offer(self, **members: Any) -> dict[str, Any]:
        """A signed offer, of a quarter XMR unless told otherwise."""
        now = int(time.time())
        currency = members.get("currency", "XMR")
        offer = {
            "type": "havenopay.offer", "version": 1, "network": "mainnet", "merchant_id": NODE,
            "order_ref": "1043-7f3a5c0011223344", "invoice_id": "WHMCS-INV-000123",
            "amount": ASKED.get(currency, "1.00"), "currency": currency, "pay_to": "",
            "quote": {"amount": "28.50", "currency": "EUR", "rate": "114.00", "source": "relay"},
            "confirmations": 10, "created_at": now, "expires_at": now + 3600,
            "callback_host": "console.example.com", "key_id": key_id(self.key), **members,
        }  # fmt: skip
        return signed(offer, self.key)

    def post(self, offer: dict[str, Any]) -> requests.Response:
        url = f"{self.sandbox.url}/haveno/v1/offers"
        return requests.post(url, json=offer, timeout=10, allow_redirects=False)

    def open(self, **members: Any) -> str:
        """Open an offer; answers its id, once the answer has verified."""
        answer = self.post(self.offer(**members))
        assert answer.status_code == 201, answer.text
        verify(answer.json(), self.relay_key)
        return str(answer.json()["offer_id"])

    def look(self, offer_id: str) -> dict[str, Any]:
        answer = requests.get(f"{self.sandbox.url}/haveno/v1/offers/{offer_id}", timeout=10)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        verify(told, self.relay_key)
        return told

    def cancel(self, named: str, **members: Any) -> requests.Response:
        wish = {
            "type": "havenopay.cancel", "version": 1, "offer_id": named,
            "order_ref": "1043-7f3a5c0011223344", "created_at": int(time.time()),
            "key_id": key_id(self.key), **members,
        }  # fmt: skip
        url = f"{self.sandbox.url}/haveno/v1/offers/{named}"
        return requests.delete(url, json=signed(wish, self.key), timeout=10)

    def act(self, key: str, action: str, **members: Any) -> Any:
        path = f"/haveno/_sandbox/offers/{key}/act"
        return self.sandbox.control(path, {"action": action, **members})

    def mine(self, blocks: int, **members: Any) -> Any:
        return self.sandbox.control("/haveno/_sandbox/mine", {"blocks": blocks, **members})

    def reorg(self, offer: str, **members: Any) -> Any:
        return self.sandbox.control("/haveno/_sandbox/reorg", {"offer": offer, **members})
