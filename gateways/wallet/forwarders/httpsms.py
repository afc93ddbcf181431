"""httpSMS (NdoleStudio): its server's webhook, and its app pointed straight at us.

Webhook, a CloudEvent; `contact` is the sender, untouched where it is a name:
    {"specversion": "1.0", "id": ..., "type": "message.phone.received", "time": ..., "data":
     {"message_id": ..., "owner": <our number>, "contact": ..., "content": ..., "sim": "SIM1",
      "encrypted": false, "timestamp": "2026-05-01T07:00:00.123456789Z"}}
Phone, to <server>/v1/messages/receive:
    {"from": ..., "to": <our number>, "content": ..., "encrypted": false, "sim": "SIM1",
     "timestamp": ...}

`timestamp` is when the app had the message. An encrypted text is base64 of a 16-byte IV and
AES-256-CFB under SHA-256 of the passphrase (its Encrypter.kt).
"""

from base64 import b64decode
from hashlib import sha256

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from gateways.providers.base import Rejected
from gateways.wallet.forwarders.fields import (
    Members,
    id_of,
    iso_ms_of,
    line_of,
    misshapen,
    object_of,
    plain,
    sender_of,
    sim_of,
    text_of,
)
from gateways.wallet.forwarders.upload import Sms, Upload

IV_BYTES = 16


def parse_webhook(members: Members, passphrase: str) -> Upload:
    kind = members.get("type")
    if not isinstance(kind, str):
        raise misshapen("type is not text")
    if kind != "message.phone.received":
        return Upload("httpsms", ignored=f"httpSMS's event {plain(kind)} is not a received SMS")
    event_id, data = id_of(members, "id"), object_of(members, "data")
    return Upload("httpsms", messages=(_sms(data, "contact", "owner", event_id, passphrase),))


def parse_phone(members: Members, passphrase: str) -> Upload:
    return Upload("httpsms_phone", messages=(_sms(members, "from", "to", "", passphrase),))


def _sms(data: Members, sender: str, receiver: str, event_id: str, passphrase: str) -> Sms:
    encrypted = data.get("encrypted")
    if not (encrypted is None or isinstance(encrypted, bool)):
        raise misshapen("encrypted is neither true nor false")
    return Sms(
        sender=sender_of(data, sender),
        text=text_of(_opened(data, passphrase) if encrypted else data, "content"),
        received_ms=iso_ms_of(data, "timestamp"),
        sim=sim_of(data, "sim"),
        receiver=line_of(data, receiver),
        event_id=event_id,
    )


def _opened(data: Members, passphrase: str) -> Members:
    """The data with its content decrypted. A wrong passphrase yields noise, which is not UTF-8."""
    if not passphrase:
        raise _no_key("the text is encrypted: store the passphrase of httpSMS with this phone")
    content = data.get("content")
    try:
        sealed = b64decode(content if isinstance(content, str) else "", validate=True)
    except ValueError:
        raise misshapen("the encrypted content is not base64") from None
    if len(sealed) < IV_BYTES:
        raise misshapen("the encrypted content is cut short")
    key = sha256(passphrase.encode("utf-8", "surrogatepass")).digest()
    opener = Cipher(AES(key), CFB(sealed[:IV_BYTES])).decryptor()
    try:
        text = (opener.update(sealed[IV_BYTES:]) + opener.finalize()).decode("utf-8")
    except ValueError:
        raise _no_key("the stored passphrase does not open the text") from None
    return {**data, "content": text}


def _no_key(detail: str) -> Rejected:
    return Rejected("phone.bad_key", detail, status=401)
