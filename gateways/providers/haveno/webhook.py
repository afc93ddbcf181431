"""The published webhook: six members, signed by the relay when an offer settles.

    {"invoice_id": "WHMCS-INV-000123", "amount": "28.50", "currency": "XMR",
     "offer_id": "HAV-OFF-XYZ123", "timestamp": 1720112841, "signature": "<base64>"}

Order of work: size, parse, signatures, types, freshness. Nothing is believed before the
signature, and members that this build does not know are verified with the rest.
"""

import re
from calendar import timegm
from datetime import datetime
from typing import Any

from gateways.providers.base import Credentials, Inbound, Notice, Rejected
from gateways.providers.haveno.keys import verify_keys
from gateways.providers.haveno.reading import (
    LARGEST,
    LATEST_SECONDS,
    invoice_of,
    is_offer_id,
    is_text,
    plain,
    read_money,
    read_object,
    read_whole,
)
from gateways.providers.haveno.signing import SEAL, NotSigned, verify
from gateways.providers.haveno.standard_webhooks import check_headers, read_secret
from ledger.money import Money

JSON = "application/json"
BODY_CAP_BYTES = 16 * 1024
SIGNED = ("invoice_id", "amount", "currency", "offer_id", "timestamp")
AHEAD_SECONDS = 300
FRESH_SECONDS = 300
# The body's own age where a fresh second lock says that this attempt is made now.
RESENT_SECONDS = 7 * 24 * 3600

_RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z")


def verify_webhook(inbound: Inbound, credentials: Credentials) -> None:
    """Raise Rejected unless the relay signed these six members now, for this merchant.

    503 where no usable relay key, or an unusable webhook secret, is configured: sent again then.
    """
    members = _read(inbound)
    keys = credentials.get("relay_keys", "").split()
    secret_text = credentials.get("webhook_secret", "")
    try:
        verify_keys(keys)
        secret = read_secret(secret_text) if secret_text else b""
    except ValueError as error:
        raise Rejected(
            "haveno.not_configured", str(error), status=503, key_may_be_old=True
        ) from None
    attempt = check_headers(inbound, secret) if secret else None
    try:
        verify(members, keys)
    except NotSigned as error:
        raise Rejected(
            "haveno.bad_signature",
            str(error),
            status=401,
            key_may_be_old=error.key_may_be_old,
        ) from None
    except ValueError as error:
        raise Rejected("haveno.bad_json", str(error)[:200]) from None
    offer_id, moment = _check_types(members)
    _check_freshness(inbound.received_at, moment, attempt, offer_id)


def parse_webhook(inbound: Inbound) -> Notice:
    """The six members as plain values. Raises Rejected for bytes that verify would refuse."""
    members = _read(inbound)
    offer_id, _ = _check_types(members)
    paid = _money(members)
    unknown = sorted(plain(name, 40) for name in members if name not in (*SIGNED, SEAL))
    return Notice(
        order_reference="",
        status="paid",
        provider_status="SETTLED",
        received=paid,
        confirmed=paid,
        provider_reference=offer_id,
        invoice=invoice_of(_invoice_id(members)),
        detail=f"ignored, but signed: {', '.join(unknown)}"[:500] if unknown else "",
    )


def _read(inbound: Inbound) -> dict[str, Any]:
    """The members, not yet believed."""
    if inbound.method != "POST":
        raise Rejected("haveno.method", "webhooks are POSTed", status=405)
    if inbound.headers.get("content-encoding", "identity").lower() != "identity":
        raise Rejected("haveno.content_encoding", "send the body as it is", status=415)
    if inbound.content_type != JSON:
        raise Rejected("haveno.content_type", repr(inbound.content_type[:80]), status=415)
    if len(inbound.body) > BODY_CAP_BYTES:
        raise Rejected("haveno.too_large", f"{len(inbound.body)} bytes", status=413)
    try:
        return read_object(inbound.body, flat=True)
    except ValueError as error:
        raise Rejected("haveno.bad_json", plain(str(error))) from None


def _check_types(members: dict[str, Any]) -> tuple[str, int]:
    """The offer's id and the signed time, once every member is what it must be."""
    for name in (*SIGNED, SEAL):
        if name not in members:
            raise Rejected("haveno.missing_field", name)
    offer_id = members["offer_id"]
    if not is_offer_id(offer_id):
        raise Rejected("haveno.bad_field", "offer_id is not an offer's id")
    _invoice_id(members)
    _money(members)
    return str(offer_id), _moment(members["timestamp"])


def _invoice_id(members: dict[str, Any]) -> str:
    """Text, or the integer that some billers' invoice ids are, as text."""
    value = members["invoice_id"]
    if is_text(value):
        return str(value)
    try:
        return str(read_whole(value, 1, LARGEST))
    except ValueError:
        raise Rejected("haveno.bad_field", "invoice_id is not an invoice's id") from None


def _money(members: dict[str, Any]) -> Money:
    try:
        paid = read_money(members["amount"], members["currency"])
    except ValueError as error:
        raise Rejected("haveno.bad_amount", plain(str(error))) from None
    if paid.units <= 0:
        raise Rejected("haveno.bad_amount", "nothing was paid")
    return paid


def _moment(value: object) -> int:
    """Unix seconds from an integer, or from RFC 3339 text in UTC; parts of a second are dropped."""
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        try:
            return timegm(datetime.fromisoformat(value[:19]).timetuple())
        except ValueError:
            raise Rejected("haveno.bad_timestamp", f"{value} is no moment") from None
    try:
        return read_whole(value, 1, LATEST_SECONDS)
    except ValueError:
        raise Rejected(
            "haveno.bad_timestamp", "neither Unix seconds nor RFC 3339 text in UTC"
        ) from None


def _check_freshness(now: int, moment: int, attempt: int | None, offer_id: str) -> None:
    """A resend cannot change what is signed, so with the second lock the body may be older."""
    for stated, name in ((moment, "timestamp"), (attempt, "webhook-timestamp")):
        if stated is not None and stated > now + AHEAD_SECONDS:
            raise Rejected("haveno.future", f"{name} is {stated - now} s ahead of our clock")
    oldest = FRESH_SECONDS if attempt is None else RESENT_SECONDS
    if now - moment > oldest:
        raise Rejected("haveno.stale", f"signed {now - moment} s ago", known_as=offer_id)
    if attempt is not None and now - attempt > FRESH_SECONDS:
        raise Rejected("haveno.stale", f"sent {now - attempt} s ago", known_as=offer_id)
