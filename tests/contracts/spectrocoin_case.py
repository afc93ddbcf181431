"""What the provider contract needs to know of SpectroCoin to put its list of questions."""

from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.hmac import HMAC

from gateways.providers.base import Credentials, Inbound, Provider
from gateways.providers.spectrocoin import SpectroCoin
from tests.gateways.providers import spectrocoin_messages as messages


class SpectroCoinCase:
    provider: Provider = SpectroCoin()
    credentials: Credentials = messages.NUMERIC_CREDENTIALS
    named = (messages.REFERENCE, messages.SIGNED_FIELDS["orderRequestId"])
    # Longest the console makes: a bill's number, a hyphen, 64 random bits in hex.
    references: tuple[tuple[str, str], ...] = (
        (messages.REFERENCE, ""),
        (f"{2**63}-{'f' * 16}", messages.ORDER_ID),
    )

    genuine = messages.callback()
    seal = messages.signature(messages.signed_text(messages.SIGNED_FIELDS))
    doorbell: Inbound | None = messages.doorbell(messages.payload("doorbell.json"))
    doorbell_credentials: Credentials = messages.UUID_CREDENTIALS
    content_types: tuple[str, ...] = ("application/x-www-form-urlencoded", "application/json")
    members: tuple[str, ...] = ("id", "merchantApiId")

    @staticmethod
    def sealed(seal: bytes) -> Inbound:
        """The genuine message under another signature."""
        return messages.callback(seal=seal)

    @staticmethod
    def other_seals() -> dict[str, bytes]:
        """Signatures over the genuine text that are not made the one right way."""
        text = messages.signed_text(messages.SIGNED_FIELDS)
        pss = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32)
        forged = {}
        for name, public in (
            ("pem", messages.VECTORS["provider_public_key_pem"].encode()),
            ("empty", b""),
            ("default", b"changeme"),
        ):
            mac = HMAC(public or b"\0", SHA256())
            mac.update(text.encode())
            forged[f"hmac keyed with the {name} secret"] = mac.finalize()
        return {
            **forged,
            "sha-256": messages.signature(text, digest=SHA256()),
            "sha-512": messages.signature(text, digest=SHA512()),
            "pss": messages.signature(text, pad=pss),
            "another's key": messages.signature(text, key=rsa.generate_private_key(65537, 2048)),
            "of nothing": messages.signature(""),
            "of another message": messages.signature(text.replace("status=3", "status=5")),
        }

    @staticmethod
    def tampered() -> dict[str, Inbound]:
        """The genuine signature over a message that is a little different."""
        changes = {
            "amount": {"receiveAmount": "15.98"},
            "received": {"receivedAmount": "1.0"},
            "currency": {"receiveCurrency": "USD"},
            "order": {"orderId": "1043-7f3a"},
            "status": {"status": "5"},
            "provider's number": {"orderRequestId": "14799206"},
        }
        return {name: messages.callback(on_the_wire=change) for name, change in changes.items()}

    @staticmethod
    def repeated() -> list[Inbound]:
        """The genuine message with one member twice."""
        body, headers = SpectroCoinCase.genuine.body, SpectroCoinCase.genuine.headers
        pieces = body.split(b"&")
        return [Inbound(body=b"&".join([*pieces, piece]), headers=headers) for piece in pieces]

    @staticmethod
    def unsigned() -> dict[str, Inbound]:
        """The genuine message without its signature, in every way to leave it out."""
        fields = {**messages.UNSIGNED_FIELDS, **messages.SIGNED_FIELDS}
        sealed = b64encode(SpectroCoinCase.seal).decode()
        return {
            "absent": messages.form(fields),
            "empty": messages.form({**fields, "sign": ""}),
            "blank": messages.form({**fields, "sign": " "}),
            "null": messages.form({**fields, "sign": "null"}),
            "under another name": messages.form({**fields, "signature": sealed}),
            "in capitals": messages.form({**fields, "SIGN": sealed}),
        }

    @staticmethod
    def strangers() -> dict[str, dict[str, str]]:
        """Credentials under which the genuine message is another merchant's."""
        mine = SpectroCoinCase.credentials
        return {
            "another merchant": {**mine, "merchant_id": "170"},
            "another project": {**mine, "project_id": "4"},
            "another key": {
                **mine,
                "callback_public_key": messages.VECTORS["merchant_public_key_pem"],
            },
            "nothing configured": dict.fromkeys(mine, ""),
            "no credentials": {},
        }
