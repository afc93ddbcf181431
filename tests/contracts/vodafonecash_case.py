"""What the provider contract needs to know of VodafoneCash: a phone with SMSGate's signatures."""

import json
from dataclasses import replace
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from gateways.providers.base import Credentials, Inbound, Provider
from gateways.providers.vodafonecash import VodafoneCash
from tests.gateways.providers import vodafonecash_messages as messages

STAMP = str(messages.NOW).encode()


class VodafoneCashCase:
    provider: Provider = VodafoneCash()
    credentials: Credentials = messages.PHONE
    named = ("", "")
    references: tuple[tuple[str, str], ...] = (
        ("1043-1", "012345678901"),
        ("1043-2", "012345678901-2"),
        ("1043-3", "8f3a09bc77d1e2f4"),
        ("1043-4", "a_b%c"),
        ("1043-5", "-012345678901"),
        ("1043-6", "x" * 128),
        ("1043-7", "x" * 127 + "y"),
        (f"claim-{2**63}-{'f' * 16}", "f" * 56),
    )

    genuine = messages.smsgate()
    seal = messages.smsgate_seal(messages.SMSGATE)
    doorbell: Inbound | None = None
    doorbell_credentials: Credentials = messages.PHONE
    content_types: tuple[str, ...] = ("application/json", "application/x-www-form-urlencoded")
    members: tuple[str, ...] = (
        "event", "id", "payload", "device_id", "messages", "specversion", "type", "data",
        "from", "text", "content", "timestamp", "sign",
    )  # fmt: skip

    @staticmethod
    def sealed(seal: bytes) -> Inbound:
        """The genuine message under another signature."""
        headers = {**VodafoneCashCase.genuine.headers, "x-signature": seal.hex()}
        return replace(VodafoneCashCase.genuine, headers=headers)

    @staticmethod
    def other_seals() -> dict[str, bytes]:
        """Signatures over the genuine text that are not made the one right way."""
        body, key = messages.SMSGATE, messages.SMSGATE_KEY.encode()
        long = HMAC(key, hashes.SHA512())
        long.update(body + STAMP)
        return {
            "another's key": messages.smsgate_seal(body, "another-phones-key"),
            "empty key": messages.smsgate_seal(body, "\0"),
            "stamp first": messages.hmac_of(key, STAMP + body),
            "with a dot": messages.hmac_of(key, body + b"." + STAMP),
            "without the stamp": messages.hmac_of(key, body),
            "of nothing": messages.hmac_of(key, b""),
            "a plain digest": sha256(key + body + STAMP).digest(),
            "sha-512": long.finalize(),
            "of another message": messages.smsgate_seal(body.replace(b"100", b"900")),
        }

    @staticmethod
    def tampered() -> dict[str, Inbound]:
        """The genuine signature over a message that is a little different."""
        genuine = VodafoneCashCase.genuine
        stamp = {**genuine.headers, "x-timestamp": str(messages.NOW + 1)}
        changes = {
            "amount": messages.SMSGATE.replace(b"100", b"900"),
            "sender": messages.SMSGATE.replace(b"VF-Cash", b"VF-Cas\\u0068"),
            "event": messages.SMSGATE.replace(b"evt-1", b"evt-2"),
            "a blank": messages.SMSGATE + b" ",
            "another format": json.dumps({"from": "VF-Cash", "text": messages.TEXT}).encode(),
            "a form": b"from=VF-Cash&content=100",
        }
        forged = {name: replace(genuine, body=body) for name, body in changes.items()}
        return {**forged, "time": replace(genuine, headers=stamp)}

    @staticmethod
    def repeated() -> list[Inbound]:
        """A message with one member twice, truly signed."""
        body = messages.SMSGATE
        found = []
        for name, value in json.loads(body).items():
            piece = json.dumps({name: value})[1:-1].encode()
            found += [body[:-1] + b"," + piece + b"}", b"{" + piece + b"," + body[1:]]
        return [messages.smsgate(each) for each in found]

    @staticmethod
    def unsigned() -> dict[str, Inbound]:
        """The genuine message without its signature, in every way to leave it out."""
        genuine = VodafoneCashCase.genuine
        kept = {name: text for name, text in genuine.headers.items() if name != "x-signature"}
        seal = VodafoneCashCase.seal.hex()
        ways = {
            "absent": kept,
            "empty": {**kept, "x-signature": ""},
            "under another name": {**kept, "signature": seal, "x-hub-signature-256": seal},
            "in capitals": {**kept, "x-signature": seal.upper()},
            "with a prefix": {**kept, "x-signature": f"sha256={seal}"},
            "without a stamp": {
                **{name: text for name, text in kept.items() if name != "x-timestamp"},
                "x-signature": seal,
            },
            "as a bearer": {**kept, "authorization": f"Bearer {seal}"},
        }
        return {name: replace(genuine, headers=headers) for name, headers in ways.items()}

    @staticmethod
    def strangers() -> dict[str, dict[str, str]]:
        """Credentials under which the genuine message is another phone's."""
        mine = messages.PHONE
        return {
            "another key": {**mine, "smsgate_key": "another-phones-key"},
            "another proof": {**mine, "smsgate_key": "", "header_key": "a-header-key"},
            "another app": {**mine, "smsgate_key": "", "httpsms_key": "a-jwt-key"},
            "no key in the URL": {**mine, "device_key": ""},
            "no phone": {**mine, "device": ""},
            "the platform": messages.UPSTREAM,
            "nothing configured": dict.fromkeys(mine, ""),
            "no credentials": {},
        }
