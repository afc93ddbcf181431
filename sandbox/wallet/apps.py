"""What each forwarder app uploads for one SMS: the bytes once, the headers for every try.

incoming_sms       bogkonstantin/android_income_sms_gateway_webhook 2.3.0, default body, chunked
smsgate            capcom6/android-sms-gateway: one event, signed anew for every try
httpsms            NdoleStudio/httpsms, its server's webhook: a CloudEvent under a JWT
httpsms_phone      its app with our address in place of that server's
tahweel            Tahweel Listener: a batch of messages
smsforwarder       pppscn/SmsForwarder, its default form: a rendering of the message
smsforwarder_json  the same with the JSON body that a careful merchant sets
plain              anything that can send JSON
"""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from sandbox.sending import Message
from sandbox.storage import Settings
from sandbox.wallet import proofs, settings

JSON, FORM = "application/json; charset=utf-8", "application/x-www-form-urlencoded"
# Gson's own escapes, which SMSGate leaves on.
GSON = {"&": "\\u0026", "<": "\\u003c", ">": "\\u003e", "=": "\\u003d", "'": "\\u0027"}
PATHS = {
    "tahweel": "/ingest/sms",
    "tahweel_heartbeat": "/ingest/heartbeat",
    "httpsms_phone": "/v1/messages/receive",
}
AGENTS = {
    "incoming_sms": "SMS Forwarder App",
    "smsgate": "me.capcom.smsgateway/1.40.0 (sandbox)",
    "smsforwarder": "okhttp/4.12.0",
}


@dataclass(frozen=True)
class Sms:
    """One message as the phone has it. `sent_ms` is the carrier's stamp."""

    sender: str
    text: str
    sent_ms: int
    received_ms: int


def body(app: str, sms: Sms, phone: Settings) -> bytes:
    """What the app makes of it, once; every retry has the same bytes.

    Of tahweel it is one message, not yet in a batch.
    """
    made = {
        "incoming_sms": _incoming_sms,
        "smsgate": _smsgate,
        "httpsms": _httpsms,
        "httpsms_phone": _httpsms_phone,
        "tahweel": _tahweel,
        "smsforwarder": _smsforwarder,
        "smsforwarder_json": _smsforwarder_json,
        "plain": _plain,
    }[app]
    return made(sms, phone)


def batch(messages: list[bytes], phone: Settings) -> bytes:
    """Tahweel's request for so many of its messages."""
    told = [json.loads(message) for message in messages]
    return json.dumps({"device_id": phone["device_id"], "messages": told}).encode()


def heartbeat(app: str, phone: Settings, told: Settings) -> bytes:
    """A sign of life; `told` has battery, network, app_version, pending and last_sms_ms."""
    last = told["last_sms_ms"]
    if app == "tahweel":
        return json.dumps(
            {
                "device_id": phone["device_id"],
                "name": "Sandbox phone",
                "app_version": told["app_version"],
                "battery": told["battery"],
                "network": told["network"],
                "pending_count": told["pending"],
                "last_sms_at": _utc(int(str(last))) if last else None,
            }
        ).encode()
    flags = {"wifi": 4, "cellular": 2, "ethernet": 8}.get(str(told["network"]), 1)
    checks = {
        "battery:level": {"observedValue": told["battery"], "observedUnit": "percent"},
        "connection:transport": {"observedValue": flags, "observedUnit": "flags"},
    }
    health = {"status": "pass", "version": told["app_version"], "releaseId": 1, "checks": checks}
    return _event("system:ping", {"health": health}, phone)


def message(app: str, raw: bytes, url: str, phone: Settings) -> Message:
    """One try: stamps and signatures that an app makes anew are of now."""
    url = url.rstrip("/") + PATHS[app] if app in PATHS else url
    at = settings.now_ms(phone) // 1000
    kind, _, _ = app.partition("_heartbeat")
    headers = [("User-Agent", AGENTS.get(kind.removesuffix("_json"), "Sandbox-phone"))]
    key = settings.text(phone, "header_key")
    if kind == "smsgate":
        if phone["smsgate_key"]:
            signature = proofs.smsgate(settings.text(phone, "smsgate_key"), raw, at)
            headers += [("X-Timestamp", str(at)), ("X-Signature", signature)]
    elif kind == "httpsms":
        headers += [("X-Event-Type", "message.phone.received")]
        if phone["httpsms_key"]:
            token = proofs.httpsms(settings.text(phone, "httpsms_key"), url, at)
            headers += [("Authorization", f"Bearer {token}")]
    elif key and kind == "tahweel":
        headers += [("Authorization", f"Bearer {key}")]
    elif key:
        headers += [("x-api-key", key)]
    return Message(
        "POST",
        url,
        FORM if kind == "smsforwarder" else JSON,
        raw,
        tuple(headers),
        chunked=kind == "incoming_sms" and bool(phone["chunked"]),
    )


def _incoming_sms(sms: Sms, phone: Settings) -> bytes:
    # Its default template; the text is escaped to ASCII there, the sender is not escaped at all.
    return (
        f'{{\n  "from":"{sms.sender}",\n  "text":{json.dumps(sms.text)},\n'
        f'  "sentStamp":{sms.sent_ms},\n  "receivedStamp":{sms.received_ms},\n'
        f'  "sim":"sim{phone["sim"]}"\n}}'
    ).encode()


def _smsgate(sms: Sms, phone: Settings) -> bytes:
    payload = {
        "message": sms.text,
        "messageId": secrets.token_hex(4),
        "phoneNumber": sms.sender,
        "receivedAt": _zoned(sms.sent_ms),
        "recipient": None,
        "sender": sms.sender,
        "simNumber": phone["sim"],
    }
    return _event("sms:received", payload, phone)


def _event(name: str, payload: dict[str, object], phone: Settings) -> bytes:
    event = {
        "deviceId": phone["device_id"],
        "event": name,
        "id": secrets.token_urlsafe(16),
        "payload": payload,
        "webhookId": "sandbox-webhook",
    }
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return "".join(GSON.get(letter, letter) for letter in text).encode()


def _httpsms(sms: Sms, phone: Settings) -> bytes:
    data = {
        "message_id": secrets.token_hex(16),
        "user_id": "sandbox-user",
        "owner": f"+2{phone['number']}",
        "encrypted": bool(phone["httpsms_passphrase"]),
        "contact": sms.sender,
        "timestamp": _utc(sms.received_ms),
        "content": _content(sms, phone),
        "sim": f"SIM{phone['sim']}",
        "attachments": None,
    }
    event = {
        "specversion": "1.0",
        "id": secrets.token_hex(16),
        "source": "/v1/messages/receive",
        "type": "message.phone.received",
        "datacontenttype": "application/json",
        "time": _utc(sms.received_ms),
        "data": data,
    }
    return json.dumps(event, ensure_ascii=False).encode()


def _httpsms_phone(sms: Sms, phone: Settings) -> bytes:
    told = {
        "from": sms.sender,
        "to": f"+2{phone['number']}",
        "content": _content(sms, phone),
        "encrypted": bool(phone["httpsms_passphrase"]),
        "sim": f"SIM{phone['sim']}",
        "timestamp": _utc(sms.received_ms),
        "attachments": None,
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _tahweel(sms: Sms, phone: Settings) -> bytes:
    told = {
        "fingerprint": proofs.fingerprint(sms.sender, sms.text, sms.sent_ms),
        "address": sms.sender,
        "body": sms.text,
        "received_at": _utc(sms.sent_ms),
        "sim_slot": settings.whole(phone, "sim") - 1,
    }
    return json.dumps(told).encode()


def _smsforwarder(sms: Sms, phone: Settings) -> bytes:
    at = datetime.fromtimestamp(sms.received_ms // 1000, UTC)
    rendered = (
        f"{sms.sender}\n{sms.text}\nSIM{phone['sim']}_Vodafone\nSubId：1\n"  # noqa: RUF001
        f"{at:%Y-%m-%d %H:%M:%S}\n{phone['device_id']}"
    )
    fields = {"from": sms.sender, "content": rendered, "timestamp": str(sms.received_ms)}
    # Encoded once by the app, and once more as a field of the form.
    return urlencode(fields | _sign(sms, phone)).encode()


def _smsforwarder_json(sms: Sms, phone: Settings) -> bytes:
    told = {"from": sms.sender, "text": sms.text, "timestamp": str(sms.received_ms)}
    slot = {"sim": f"SIM{phone['sim']}_Vodafone"}
    return json.dumps(told | _sign(sms, phone) | slot, ensure_ascii=False).encode()


def _sign(sms: Sms, phone: Settings) -> dict[str, str]:
    secret = settings.text(phone, "smsforwarder_secret")
    return {"sign": proofs.smsforwarder(secret, sms.received_ms)} if secret else {}


def _plain(sms: Sms, phone: Settings) -> bytes:
    told = {
        "from": sms.sender,
        "text": sms.text,
        "sent_ms": sms.sent_ms,
        "received_ms": sms.received_ms,
        "sim": f"sim{phone['sim']}",
        "to": phone["number"],
        "id": secrets.token_hex(8),
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _content(sms: Sms, phone: Settings) -> str:
    passphrase = settings.text(phone, "httpsms_passphrase")
    return proofs.encrypted(sms.text, passphrase) if passphrase else sms.text


def _utc(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03}Z"


def _zoned(at_ms: int) -> str:
    return _utc(at_ms).removesuffix("Z") + "+00:00"
