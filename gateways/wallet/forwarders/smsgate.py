"""SMSGate (capcom6/android-sms-gateway): one event in each request, sent by the phone itself.

    {"deviceId": ..., "event": "sms:received", "id": ..., "webhookId": ..., "payload":
     {"messageId": ..., "sender": ..., "recipient": null, "simNumber": 1, "message": ...,
      "receivedAt": "2026-05-01T10:00:00.000+03:00", "phoneNumber": <the sender, in old versions>}}

`messageId` is 32 bits of a hash and not read; the event's `id` is kept. `receivedAt` is the
carrier's stamp in spite of its name (its MessagesReceiver reads timestampMillis).
"""

from typing import Any

from gateways.wallet.forwarders.fields import (
    Members,
    id_of,
    iso_ms_of,
    line_of,
    misshapen,
    object_of,
    objects_of,
    plain,
    sender_of,
    sim_of,
    text_of,
    whole,
    within,
)
from gateways.wallet.forwarders.upload import Heartbeat, Sms, Upload

# Its TransportType, as flags; the first that is up is named.
TRANSPORTS = ((4, "wifi"), (2, "cellular"), (8, "ethernet"), (1, "other"))


def parse(members: Members) -> Upload:
    event = members.get("event")
    if not isinstance(event, str):
        raise misshapen("event is not text")
    if event == "sms:received":
        sms = _sms(object_of(members, "payload"), id_of(members, "id"))
        return Upload("smsgate", messages=(sms,))
    if event == "sms:batch:received":
        payloads = objects_of(object_of(members, "payload"), "messages")
        event_id = id_of(members, "id")
        return Upload(
            "smsgate",
            messages=tuple(
                _sms(payload, f"{event_id}:{place}" if event_id else "")
                for place, payload in enumerate(payloads)
            ),
        )
    if event == "system:ping":
        return Upload("smsgate", heartbeat=_heartbeat(members))
    if event == "app:started":
        return Upload("smsgate", heartbeat=Heartbeat())
    return Upload("smsgate", ignored=f"SMSGate's event {plain(event)} is not about a received SMS")


def _sms(payload: Members, event_id: str) -> Sms:
    sender = "sender" if payload.get("sender") is not None else "phoneNumber"
    moment = iso_ms_of(payload, "receivedAt")
    return Sms(
        sender=sender_of(payload, sender),
        text=text_of(payload, "message"),
        sent_ms=moment,
        received_ms=moment,
        sim=sim_of(payload, "simNumber"),
        receiver=line_of(payload, "recipient"),
        event_id=event_id,
    )


def _heartbeat(members: Members) -> Heartbeat:
    """Of what its health report says; a part that is not as expected is left out, because the
    phone is alive whatever it says."""
    health = _inside(_inside(members, "payload"), "health")
    checks = _inside(health, "checks")
    flags = whole(_inside(checks, "connection:transport").get("observedValue")) or 0
    version = health.get("version")
    return Heartbeat(
        battery=within(whole(_inside(checks, "battery:level").get("observedValue")), 0, 100),
        network=next((name for flag, name in TRANSPORTS if flags & flag), ""),
        app_version=plain(version) if isinstance(version, str) else "",
    )


def _inside(members: Members, name: str) -> dict[str, Any]:
    value = members.get(name)
    return value if isinstance(value, dict) else {}
