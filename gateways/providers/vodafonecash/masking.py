"""What of a message may be stored: everything but one-time codes, and the key in a callback's URL."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from gateways.providers.base import Inbound, Rejected
from gateways.wallet.forwarders.fields import read_form
from gateways.wallet.sms import is_otp, mask

KEPT_OUT = "(kept out)"


def without_codes(inbound: Inbound) -> Inbound:
    """The same message where nothing in it looks like a code, bytes and all.

    Else every text that does is masked in its place. A body that is neither JSON nor a form, and
    so may hide anything, becomes a mask as a whole.
    """
    if not inbound.body:
        return inbound
    if inbound.method == "GET":
        return _without_key(inbound)
    try:
        if inbound.body.lstrip(b" \t\r\n").startswith(b"{"):
            members = inbound.json()
            masked = _masked(members)
            if masked == members:
                return inbound
            text = json.dumps(masked, ensure_ascii=False, separators=(",", ":"))
        else:
            fields = read_form(inbound.body)
            shown = {_masked(name): _masked(value) for name, value in fields.items()}
            if shown == fields:
                return inbound
            text = urlencode(shown, errors="replace")
    except (Rejected, RecursionError):
        text = mask(inbound.body.decode("utf-8", "replace"))
    return replace(inbound, body=text.encode("utf-8", "replace"))


def _without_key(inbound: Inbound) -> Inbound:
    """The query of a callback; nothing of it where it cannot be told apart from its key."""
    try:
        fields = read_form(inbound.body.strip(b"?&"))
    except Rejected:
        return replace(inbound, body=KEPT_OUT.encode())
    if "key" not in fields:
        return inbound
    return replace(inbound, body=urlencode({**fields, "key": KEPT_OUT}, errors="replace").encode())


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value) if is_otp(value) else value
    if isinstance(value, list):
        return [_masked(each) for each in value]
    if isinstance(value, dict):
        return {_masked(name): _masked(each) for name, each in value.items()}
    return value
