"""What a phone shows to be believed, besides its secret URL. Everything raises Rejected, 401."""

import hmac
import re
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus

from gateways.providers.base import Inbound, Rejected
from gateways.wallet.forwarders.fields import Members, whole
from gateways.wallet.forwarders.upload import DeviceKeys

# Every retry of SMSGate is stamped and signed anew, so this is about clocks only.
SMSGATE_SECONDS = 300
# SmsForwarder repeats the first stamp in all its retries.
SMSFORWARDER_SECONDS = 900
ISSUER = "api.httpsms.com"

_SECONDS = re.compile(r"[1-9][0-9]{0,10}")
_JWT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


def check(app: str, inbound: Inbound, members: Members, device: DeviceKeys) -> None:
    """Raise Rejected unless the upload shows what the phone demands, as DeviceKeys tells it."""
    signed = False
    if app == "smsgate" and device.smsgate_key:
        _check_smsgate(inbound, device.smsgate_key)
        signed = True
    elif app == "httpsms" and device.httpsms_key:
        _check_jwt(inbound, device.httpsms_key, device.webhook_url)
        signed = True
    elif app == "smsforwarder" and device.smsforwarder_secret:
        _check_smsforwarder(inbound, members, device.smsforwarder_secret)
        signed = True
    if device.header_key:
        # SMSGate cannot send a header of one's own, and httpSMS sends its JWT there.
        if not (signed and app in ("smsgate", "httpsms")):
            _check_header(inbound, device.header_key)
    elif not signed and (device.smsgate_key or device.httpsms_key or device.smsforwarder_secret):
        raise _unsigned("this phone demands a signature, and this app gave none")


def _check_header(inbound: Inbound, header_key: str) -> None:
    stated = [inbound.headers.get("x-api-key", ""), bearer(inbound)]
    fits = [_same(each, header_key) for each in stated]
    if not any(fits):
        raise Rejected("phone.bad_key", "the header does not hold this phone's key", status=401)


def bearer(inbound: Inbound) -> str:
    """The token of `Authorization: Bearer`; "" where there is none."""
    scheme, _, token = inbound.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _check_smsgate(inbound: Inbound, key: str) -> None:
    """X-Signature is lower-case hex HMAC-SHA256 of the raw body and X-Timestamp, nothing between.

    Source  android-sms-gateway, PayloadSigningPlugin; docs.sms-gate.app, "Payload signing"
    """
    stamp = inbound.headers.get("x-timestamp", "")
    if not _SECONDS.fullmatch(stamp):
        raise _unsigned("X-Timestamp is missing or odd")
    made = hmac.new(_bytes(key), inbound.body + stamp.encode("ascii"), sha256).hexdigest()
    if not _same(inbound.headers.get("x-signature", ""), made):
        raise _unsigned("X-Signature does not fit this phone's SMSGate key")
    _check_age(inbound.received_at - (whole(stamp) or 0), SMSGATE_SECONDS)


def _check_smsforwarder(inbound: Inbound, members: Members, secret: str) -> None:
    """sign is base64 HMAC-SHA256 of `<timestamp>\\n<secret>`, escaped for a URL once by the app and,
    in a form, once more; settings decide which, so both spellings are read.

    Source  SmsForwarder, WebhookUtils.kt
    """
    stamp, stated = members.get("timestamp"), members.get("sign")
    number = whole(stamp)
    if number is None or not isinstance(stated, str):
        raise _unsigned("timestamp or sign is missing or odd")
    seal = hmac.new(_bytes(secret), _bytes(f"{stamp}\n{secret}"), sha256).digest()
    spelling = b64encode(seal).decode("ascii")
    fits = [_same(stated, spelling), _same(stated, quote_plus(spelling))]
    if not any(fits):
        raise _unsigned("sign does not fit this phone's SmsForwarder secret")
    _check_age(inbound.received_at - number // 1000, SMSFORWARDER_SECONDS)


def _check_jwt(inbound: Inbound, key: str, webhook_url: str) -> None:
    """A JWT of httpSMS: HS256 and nothing else, for this address, now.

    Source  httpsms, webhook_service.go
    """
    match = _JWT.fullmatch(bearer(inbound))
    if match is None:
        raise _unsigned("Authorization holds no JWT")
    header, claims, stated = match.groups()
    said = _json(header)
    if said.get("alg") != "HS256" or "crit" in said:
        raise _unsigned("the JWT is not a plain HS256 one")
    seal = hmac.new(_bytes(key), f"{header}.{claims}".encode("ascii"), sha256).digest()
    if not _same(stated, urlsafe_b64encode(seal).decode("ascii").rstrip("=")):
        raise _unsigned("the JWT does not fit this phone's httpSMS key")
    claimed = _json(claims)
    audience = claimed.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if claimed.get("iss") != ISSUER or not webhook_url or webhook_url not in audiences:
        raise _unsigned("the JWT is from or for somebody else")
    expires, begins = claimed.get("exp"), claimed.get("nbf", 0)
    if isinstance(expires, str) or isinstance(begins, str):
        raise _unsigned("the JWT's times are not whole numbers")
    end, start = whole(expires), whole(begins)
    if end is None or start is None:
        raise _unsigned("the JWT's times are missing or odd")
    if not start <= inbound.received_at < end:
        raise Rejected("phone.stale", "the JWT is not valid at this time", status=401)


def _json(part: str) -> dict[str, Any]:
    """One part of a JWT as a strict JSON object."""
    try:
        return Inbound(urlsafe_b64decode(part + "=" * (-len(part) % 4))).json()
    except (ValueError, Rejected):
        raise _unsigned("Authorization holds no JWT") from None


def _check_age(seconds: int, most: int) -> None:
    if seconds > most:
        raise Rejected("phone.stale", f"signed {seconds} s ago", status=401)
    if -seconds > SMSGATE_SECONDS:
        raise Rejected("phone.stale", f"signed {-seconds} s ahead of our clock", status=401)


def _unsigned(detail: str) -> Rejected:
    return Rejected("phone.bad_signature", detail, status=401)


def _same(stated: str, wanted: str) -> bool:
    return hmac.compare_digest(_bytes(stated), _bytes(wanted))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
