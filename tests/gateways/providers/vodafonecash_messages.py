"""Messages as phones and vodafoncash.com send them, and the credentials they are held to."""

import json
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from gateways.providers.base import Credentials, Inbound, OrderRequest
from ledger.money import Money

NOW = 1_790_000_000
SMSGATE_KEY = "AbC12xYz"
STORE_KEY = "store-key-of-37-letters-and-more-0123"
SYSTEM = "https://vodafoncash.com"
TEXT = "تم استلام مبلغ 100 جنيه"
OTP = "Your verification code is 493021. Do not share it."

STORE: Credentials = {
    "mode": "own",
    "system_url": SYSTEM,
    "store_id": "2",
    "store_key": STORE_KEY,
    "wallet_number": "01000000101",
}
UPSTREAM: dict[str, str] = {**STORE, "mode": "upstream"}
PHONE: dict[str, str] = {
    **STORE,
    "device": "1",
    "device_key": "a-long-and-random-key-in-the-url",
    "header_key": "",
    "smsgate_key": SMSGATE_KEY,
    "httpsms_key": "",
    "httpsms_passphrase": "",
    "smsforwarder_secret": "",
    "webhook_url": "https://pay.example.com/phones/a-long-and-random-key-in-the-url/",
}
OPEN_PHONE = {**PHONE, "smsgate_key": ""}

EVENT: dict[str, Any] = {
    "deviceId": "dev-1",
    "event": "sms:received",
    "id": "evt-1",
    "payload": {
        "messageId": "5f3a",
        "message": TEXT,
        "receivedAt": "2026-09-21T14:13:20.000+00:00",
        "sender": "VF-Cash",
        "simNumber": 1,
    },
    "webhookId": "wh-1",
}
SMSGATE = json.dumps(EVENT, ensure_ascii=False, separators=(",", ":")).encode()

PLUGIN = {
    "key": STORE_KEY,
    "action": "addPayment",
    "username": "Mona Adel (42)",
    "amount": "20.00",
    "from": "01000000000",
    "trans_id": "012345678901",
}
GENERIC = {
    "transaction_id": "012345678901",
    "phone": "01000000000",
    "amount": "1000",
    "currency": "EGP",
    "store_id": "2",
    "user_name": "Mona Adel (42)",
    "status": "completed",
    "key": STORE_KEY,
}


def hmac_of(key: bytes, data: bytes) -> bytes:
    mac = HMAC(key, hashes.SHA256())
    mac.update(data)
    return mac.finalize()


def smsgate_seal(body: bytes, key: str = SMSGATE_KEY) -> bytes:
    return hmac_of(key.encode(), body + str(NOW).encode())


def smsgate(body: bytes = SMSGATE) -> Inbound:
    headers = {
        "content-type": "application/json",
        "x-timestamp": str(NOW),
        "x-signature": smsgate_seal(body).hex(),
    }
    return Inbound(body, headers, received_at=NOW)


def posted(body: object, content_type: str = "application/json") -> Inbound:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Inbound(data, {"content-type": content_type}, received_at=NOW)


def called(fields: dict[str, str] | str) -> Inbound:
    """A callback of the platform: a GET whose body is its query string."""
    query = fields if isinstance(fields, str) else urlencode(fields)
    return Inbound(query.encode(), {}, "GET", received_at=NOW)


def request() -> OrderRequest:
    return OrderRequest(
        reference="1043-7f3a7f3a7f3a7f3a",
        due=Money.parse("15.99", "USD"),
        description="Invoice 1043",
        callback_url="https://pay.example.com/webhooks/x/",
        success_url="https://pay.example.com/pay/x/done/",
        failure_url="https://pay.example.com/pay/x/cancelled/",
        pay=Money.parse("800.00", "EGP"),
    )
