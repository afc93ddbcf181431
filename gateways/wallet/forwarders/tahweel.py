"""Tahweel Listener: batches of messages, and a heartbeat every minute.

    {"device_id": ..., "messages": [{"fingerprint": <64 hex>, "address": ..., "body": ...,
     "received_at": "2026-05-01T07:00:00.000Z", "sim_slot": 0}]}
    {"device_id": ..., "name": ..., "app_version": "1.0.0", "battery": 87, "network": "wifi",
     "pending_count": 0, "last_sms_at": null}

`received_at` is the carrier's stamp (its schemas.ts), or the phone's clock where there was none.
The fingerprint is sha256 of `address|body|stamp in ms` before the app cuts body at 4000; the
phone keeps a message until the answer names its fingerprint.
"""

import re

from gateways.wallet.forwarders.fields import (
    Members,
    iso_ms_of,
    line_of,
    misshapen,
    objects_of,
    sender_of,
    sim_of,
    text_of,
    whole_of,
    within,
)
from gateways.wallet.forwarders.upload import Heartbeat, Sms, Upload

MOST_PENDING = 10**6

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def parse_batch(members: Members) -> Upload:
    messages = tuple(_sms(each) for each in objects_of(members, "messages"))
    if len({sms.event_id for sms in messages}) != len(messages):
        raise misshapen("a fingerprint is repeated")
    return Upload("tahweel", messages=messages)


def parse_heartbeat(members: Members) -> Upload:
    return Upload(
        "tahweel",
        heartbeat=Heartbeat(
            battery=within(whole_of(members, "battery"), 0, 100),
            network=line_of(members, "network"),
            pending=within(whole_of(members, "pending_count"), 0, MOST_PENDING),
            app_version=line_of(members, "app_version"),
            last_sms_ms=iso_ms_of(members, "last_sms_at"),
        ),
    )


def _sms(each: Members) -> Sms:
    fingerprint = each.get("fingerprint")
    if not (isinstance(fingerprint, str) and _FINGERPRINT.fullmatch(fingerprint)):
        raise misshapen("fingerprint is not 64 hexadecimal digits")
    moment = iso_ms_of(each, "received_at")
    return Sms(
        sender=sender_of(each, "address"),
        text=text_of(each, "body"),
        sent_ms=moment,
        received_ms=moment,
        sim=sim_of(each, "sim_slot", first=0),
        event_id=fingerprint,
    )
