"""The apps whose body is a template that the owner may edit: a sender, a text and a few remarks.

incoming_sms  "Incoming SMS to URL forwarder" (bogkonstantin), its default body; the README quotes
              the stamps, the app does not:
    {"from": ..., "text": ..., "sentStamp": 1777618800000, "receivedStamp": 1777618800456,
     "sim": "sim1"}
smsforwarder  SmsForwarder (pppscn): a form by default, or the JSON that our guide tells:
    from=...&content=...&timestamp=1777618800123&sign=...
    {"from": ..., "text": ..., "timestamp": "1777618800123", "sign": ..., "sim": "SIM1_Vodafone"}
plain         ours, for anything that can send JSON; all but from and text may be left out:
    {"from": ..., "text": ..., "sent_ms": ..., "received_ms": ..., "sim": ..., "to": ..., "id": ...}

SmsForwarder's `timestamp` is when it sends, so that is no stamp of the carrier's.
"""

from gateways.wallet.forwarders.fields import (
    Members,
    id_of,
    line_of,
    misshapen,
    sender_of,
    sim_of,
    stamp_ms_of,
    text_of,
)
from gateways.wallet.forwarders.upload import Sms, Upload

RENDERED = (
    "SmsForwarder sent its own rendering of the message, which may not be read. "
    'Set the body to {"from":"[from]","text":"[org_content]","timestamp":"[timestamp]",'
    '"sign":"[sign]","sim":"[card_slot]"}.'
)


def parse_incoming_sms(members: Members) -> Upload:
    sms = Sms(
        sender=sender_of(members, "from"),
        text=text_of(members, "text"),
        sent_ms=stamp_ms_of(members, "sentStamp"),
        received_ms=stamp_ms_of(members, "receivedStamp"),
        sim=sim_of(members, "sim"),
    )
    return Upload("incoming_sms", messages=(sms,))


def parse_smsforwarder(members: Members) -> Upload:
    if "text" in members and "content" in members:
        raise misshapen("both text and content: which one is the message?")
    rendered = "content" in members
    sms = Sms(
        sender=sender_of(members, "from"),
        text=text_of(members, "content" if rendered else "text"),
        received_ms=stamp_ms_of(members, "timestamp"),
        sim=sim_of(members, "sim"),
    )
    return Upload("smsforwarder", messages=(sms,), warning=RENDERED if rendered else "")


def parse_plain(members: Members) -> Upload:
    sms = Sms(
        sender=sender_of(members, "from"),
        text=text_of(members, "text"),
        sent_ms=stamp_ms_of(members, "sent_ms"),
        received_ms=stamp_ms_of(members, "received_ms"),
        sim=sim_of(members, "sim"),
        receiver=line_of(members, "to"),
        event_id=id_of(members, "id"),
    )
    return Upload("plain", messages=(sms,))
