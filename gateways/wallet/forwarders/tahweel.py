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
from collections.abc import Callable
from typing import TypeVar

from gateways.providers.base import Rejected
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

T = TypeVar("T")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def parse_batch(members: Members) -> Upload:
    """What can be read of it: one odd message must not keep the others on the phone, which sends the
    same batch until it is taken."""
    messages, odd = list[Sms](), ""
    for each in objects_of(members, "messages"):
        try:
            messages.append(_sms(each))
        except Rejected as refusal:
            odd = refusal.detail
    if not messages:
        raise misshapen(odd)
    messages = list(dict.fromkeys(messages))
    if len({sms.event_id for sms in messages}) != len(messages):
        raise misshapen("a fingerprint is repeated")
    warning = f"It holds back a message that cannot be read here: {odd}." if odd else ""
    return Upload("tahweel", messages=tuple(messages), warning=warning)


def parse_heartbeat(members: Members) -> Upload:
    """A sign of life, whatever else is odd in it."""
    return Upload(
        "tahweel",
        heartbeat=Heartbeat(
            battery=within(_or_none(whole_of, members, "battery"), 0, 100),
            network=_or_none(line_of, members, "network") or "",
            pending=within(_or_none(whole_of, members, "pending_count"), 0, MOST_PENDING),
            app_version=_or_none(line_of, members, "app_version") or "",
            last_sms_ms=_or_none(iso_ms_of, members, "last_sms_at"),
        ),
    )


def _or_none(read: Callable[[Members, str], T], members: Members, name: str) -> T | None:
    try:
        return read(members, name)
    except Rejected:
        return None


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
