"""The second lock: Standard Webhooks' HMAC over the raw body, by the secret both sides hold.

Source  Standard Webhooks 1.0.0: headers webhook-id, webhook-timestamp, webhook-signature; signed
        is id.timestamp.body; the secret is whsec_ and base64 of 24 to 64 bytes.
"""

import hmac
import re
from base64 import b64decode, b64encode
from functools import lru_cache
from hashlib import sha256

from gateways.providers.base import Inbound, Rejected

PREFIX = "whsec_"
LEAST_SECRET_BYTES = 24
# A placeholder repeats itself; 24 random bytes do not (less than one in 10^24).
LEAST_DIFFERENT_BYTES = 8

_ID = re.compile(r"[!-~]{1,256}")
_SECONDS = re.compile(r"[1-9][0-9]{0,10}")


@lru_cache(maxsize=256)
def read_secret(text: str) -> bytes:
    """The key within a webhook secret. Raises ValueError, one sentence for the settings form."""
    if not text.startswith(PREFIX):
        raise ValueError(f"A webhook secret begins with {PREFIX}: generate one here.")
    try:
        raw = b64decode(text.removeprefix(PREFIX).encode("ascii"), validate=True)
    except ValueError:
        raise ValueError("This webhook secret is damaged: copy it again, all of it.") from None
    if len(raw) < LEAST_SECRET_BYTES or len(set(raw)) < LEAST_DIFFERENT_BYTES:
        raise ValueError("This webhook secret is too short or too regular: generate one here.")
    return raw


def check_headers(inbound: Inbound, secret: bytes) -> int:
    """When this attempt was made, Unix seconds as signed. The caller judges its age.

    Raises Rejected unless one v1 entry fits; other versions are passed over. Entries are compared
    as text, so one signature has one spelling.
    """
    identity = inbound.headers.get("webhook-id", "")
    moment = inbound.headers.get("webhook-timestamp", "")
    entries = inbound.headers.get("webhook-signature", "")
    if not (_ID.fullmatch(identity) and _SECONDS.fullmatch(moment) and entries):
        raise _refused("webhook-id, -timestamp or -signature is missing or odd")
    content = b".".join((identity.encode("ascii"), moment.encode("ascii"), inbound.body))
    made = b64encode(hmac.new(secret, content, sha256).digest())
    wanted = b"v1," + made
    fits = [
        hmac.compare_digest(wanted, entry.encode("utf-8", "replace"))
        for entry in entries.split(" ")
    ]
    if not any(fits):
        raise _refused("no v1 signature fits the webhook secret")
    return int(moment)


def _refused(detail: str) -> Rejected:
    return Rejected("haveno.bad_hmac", detail, status=401, key_may_be_old=True)
