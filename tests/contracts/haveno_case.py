"""What the provider contract needs to know of Haveno to put its list of questions."""

import json
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hmac import HMAC

from gateways.providers.base import Credentials, Inbound, Provider
from gateways.providers.haveno import Haveno
from tests.gateways.providers import haveno_messages as messages

CANONICAL = messages.canonical(messages.MEMBERS)


class HavenoCase:
    provider: Provider = Haveno()
    credentials: Credentials = messages.CREDENTIALS
    named = ("", messages.OFFER_ID)
    references: tuple[tuple[str, str], ...] = (
        (messages.REFERENCE, messages.OFFER_ID),
        ("1043-1", "of_7Q2M"),
        ("1043-1", "of%7Q2M"),
        ("1043-1", "a\\b"),
        ("1043-2", "x" * 128),
        ("1043-2", "x" * 127 + "y"),
        (f"{2**63}-{'f' * 16}", f"HAV-OFF-{'f' * 120}"),
    )

    genuine = messages.webhook()
    seal = messages.seal(CANONICAL)
    doorbell: Inbound | None = None
    doorbell_credentials: Credentials = messages.CREDENTIALS
    content_types: tuple[str, ...] = ("application/json",)
    members: tuple[str, ...] = (*messages.MEMBERS, "signature")

    @staticmethod
    def sealed(seal: bytes) -> Inbound:
        """The genuine message under another signature."""
        return messages.posted({**messages.MEMBERS, "signature": b64encode(seal).decode()})

    @staticmethod
    def other_seals() -> dict[str, bytes]:
        """Signatures over the genuine text that are not made the one right way."""
        macs = {}
        for name, key in (
            ("public key", bytes.fromhex(messages.RELAY_KEY)),
            ("public key's hex", messages.RELAY_KEY.encode()),
            ("empty secret", b"\0"),
            ("default secret", b"changeme"),
        ):
            mac = HMAC(key, hashes.SHA512())
            mac.update(CANONICAL)
            macs[f"hmac keyed with the {name}"] = mac.finalize()
        curve = ec.generate_private_key(ec.SECP256R1())
        r, s = decode_dss_signature(curve.sign(CANONICAL, ec.ECDSA(hashes.SHA256())))
        pretty = json.dumps(messages.MEMBERS, indent=1).encode()
        with_member = json.dumps({**messages.MEMBERS, "signature": ""}, sort_keys=True).encode()
        changed = CANONICAL.replace(b"0.25", b"9.25")
        return {
            **macs,
            "ecdsa": r.to_bytes(32, "big") + s.to_bytes(32, "big"),
            "another's key": messages.seal(CANONICAL, messages.OTHER_SEED),
            "our own key": messages.seal(CANONICAL, messages.MERCHANT_SEED),
            "of nothing": messages.seal(b""),
            "of the digest": messages.seal(sha256(CANONICAL).digest()),
            "of other spelling": messages.seal(pretty),
            "with a newline": messages.seal(CANONICAL + b"\n"),
            "with the signature's member": messages.seal(with_member),
            "of another message": messages.seal(changed),
        }

    @staticmethod
    def tampered() -> dict[str, Inbound]:
        """The genuine signature over a message that is a little different."""
        changes: dict[str, dict[str, object]] = {
            "amount": {"amount": "0.250000000001"},
            "the same amount otherwise": {"amount": "0.25"},
            "currency": {"currency": "BTC"},
            "offer": {"offer_id": "HAV-OFF-XYZ124"},
            "invoice": {"invoice_id": "WHMCS-INV-000124"},
            "the same invoice otherwise": {"invoice_id": 123},
            "time": {"timestamp": messages.NOW + 1},
            "the same time otherwise": {"timestamp": "2026-09-21T14:13:20Z"},
            "one member more": {"note": ""},
            "another key": {"public_key": messages.OTHER_KEY},
        }
        genuine = json.loads(HavenoCase.genuine.body)
        return {name: messages.posted({**genuine, **change}) for name, change in changes.items()}

    @staticmethod
    def repeated() -> list[Inbound]:
        """The genuine message with one member twice, before or after the rest."""
        body = HavenoCase.genuine.body
        found = []
        for name, value in json.loads(body).items():
            piece = json.dumps({name: value})[1:-1].encode()
            found += [body[:-1] + b", " + piece + b"}", b"{" + piece + b", " + body[1:]]
        return [replace(HavenoCase.genuine, body=each) for each in found]

    @staticmethod
    def unsigned() -> dict[str, Inbound]:
        """The genuine message without its signature, in every way to leave it out."""
        members = messages.MEMBERS
        sealed = b64encode(HavenoCase.seal).decode()
        headers = {"signature": sealed, "x-signature": sealed}
        return {
            "absent": messages.posted(members),
            "empty": messages.posted({**members, "signature": ""}),
            "blank": messages.posted({**members, "signature": " "}),
            "null": messages.posted({**members, "signature": None}),
            "false": messages.posted({**members, "signature": False}),
            "a number": messages.posted({**members, "signature": 0}),
            "a list": messages.posted({**members, "signature": [sealed]}),
            "under another name": messages.posted({**members, "sign": sealed}),
            "in capitals": messages.posted({**members, "SIGNATURE": sealed}),
            "in a header": messages.posted(members, headers=headers),
            "hmac alone": messages.locked(messages.posted(members)),
        }

    @staticmethod
    def strangers() -> dict[str, dict[str, str]]:
        """Credentials under which the genuine message is another merchant's."""
        mine = messages.CREDENTIALS
        return {
            "another relay": {**mine, "relay_keys": messages.OTHER_KEY},
            "two other relays": {
                **mine,
                "relay_keys": f"{messages.OTHER_KEY} {messages.MERCHANT_KEY}",
            },
            "our own key": {**mine, "relay_keys": messages.MERCHANT_KEY},
            "a second lock": {**mine, "webhook_secret": messages.SECRET},
            "a placeholder key": {**mine, "relay_keys": "0" * 64},
            "nothing configured": dict.fromkeys(mine, ""),
            "no credentials": {},
        }
