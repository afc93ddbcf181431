"""What each app wants to hear, with a 2xx, before it takes an upload for delivered."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from gateways.wallet.forwarders.upload import Sms, Upload

OK = b"ok"


def answer(upload: Upload, verdicts: Sequence[str]) -> bytes:
    """The body of the answer.

    verdicts  a word for each message in order, "stored" or "known" say; "" for one that was not
              stored, which Tahweel then keeps and sends again. The other apps know only the status
              of the whole request: answer 5xx where their message was not stored.

    Raises ValueError where the verdicts are not as many as the messages.
    """
    told = list(zip(upload.messages, verdicts, strict=True))
    if upload.app == "tahweel" and upload.messages:
        return _json(
            {
                "accepted": [sms.event_id for sms, verdict in told if verdict],
                "results": [
                    {"fingerprint": sms.event_id, "status": verdict or "not_stored"}
                    for sms, verdict in told
                ],
            }
        )
    if upload.app == "tahweel":
        return _json({"ok": True})
    if upload.app == "httpsms_phone":
        return _json(_stored_message(upload.messages[0]))
    return OK


def content_type(upload: Upload) -> str:
    has_json = upload.app in ("tahweel", "httpsms_phone")
    return "application/json" if has_json else "text/plain"


def _stored_message(sms: Sms) -> dict[str, object]:
    """httpSMS's app reads its own server's answer and fails without each of these members
    (its Models.kt). The text stays out of it."""
    seconds = (sms.received_ms or 0) // 1000
    moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    moments = "created_at order_timestamp request_received_at updated_at"
    return {
        "status": "success",
        "message": "message received",
        "data": {
            "id": "",
            "owner": sms.receiver,
            "contact": sms.sender,
            "content": "",
            "sim": sms.sim.upper() or "DEFAULT",
            "type": "mobile-originated",
            "status": "received",
            **dict.fromkeys(moments.split(), moment),
        },
    }


def _json(value: dict[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")
