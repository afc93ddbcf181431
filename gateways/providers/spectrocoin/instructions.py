"""What both generations share when opening an order: texts safe to sign, and the answer."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from gateways.providers.base import (
    Credentials,
    Instructions,
    OpenRefused,
    OrderRequest,
    Unavailable,
)
from gateways.providers.spectrocoin.asking import LOOPBACK, base_url, plain
from gateways.providers.spectrocoin.wire import canonical_amount

DESCRIPTION_CAP_CHARACTERS = 200

_REFERENCE = re.compile(r"[A-Za-z0-9-]{1,60}")
_UNSAFE_IN_DESCRIPTION = re.compile(r"[^A-Za-z0-9 .,:;#/()_+-]+")


def is_reference(text: str) -> bool:
    """Whether the text has the shape of our own order ids."""
    return _REFERENCE.fullmatch(text) is not None


def amount_due(request: OrderRequest, credentials: Credentials) -> str:
    """What the merchant is to be credited, in SpectroCoin's number format.

    Raises OpenRefused for sums that SpectroCoin cannot be asked for, before anything is sent.
    """
    if not is_reference(request.reference):
        raise OpenRefused(
            "reference",
            "The order's reference may hold only letters, digits and hyphens.",
            "Report this message to whoever runs this console.",
        )
    wanted = {code.strip() for code in credentials.get("receive_currencies", "").split(",")} - {""}
    if wanted and request.due.currency not in wanted:
        raise OpenRefused(
            "currency",
            f"{request.due.currency} is not among the currencies accepted through SpectroCoin.",
            "Add it to the gateway's settings if SpectroCoin credits you in it.",
        )
    if request.due.units <= 0:
        raise OpenRefused("amount", f"Nothing is due: {request.due}.", "Check the invoice.")
    try:
        return canonical_amount(request.due.amount)
    except ValueError:
        raise OpenRefused(
            "amount",
            f"SpectroCoin takes amounts with up to eight decimals, not {request.due}.",
            "Let the payer pay in another currency.",
        ) from None


def safe_description(request: OrderRequest) -> str:
    """The description in plain ASCII.

    No asterisk or tilde, which encoders disagree about, and none of the signs, tags and double
    blanks that vendor plugins strip before they verify a callback (seen in their legacy callback
    classes): a shop plugin in the same project would refuse its own callbacks over them.
    """
    ascii_only = unicodedata.normalize("NFKD", request.description).encode("ascii", "ignore")
    text = _UNSAFE_IN_DESCRIPTION.sub(" ", ascii_only.decode("ascii"))
    words = " ".join(text.split())[:DESCRIPTION_CAP_CHARACTERS].strip()
    return words or f"Order {request.reference}"


def safe_url(url: str) -> str:
    """The same address without literal asterisks and tildes, which encoders disagree about."""
    return url.replace("*", "%2A").replace("~", "%7E")


def read_instructions(
    answer: dict[str, Any], credentials: Credentials, provider_reference: str
) -> Instructions:
    """Only redirectUrl is needed of the answer: the rest may be absent or null until the payer
    has chosen a coin (pre-orders, in vendor clients since February 2023).

    Raises OpenRefused for an address elsewhere, Unavailable where there is none.
    """
    address = answer.get("redirectUrl")
    base = base_url(credentials)
    if not isinstance(address, str) or not address:
        raise Unavailable("SpectroCoin's answer holds no address to send the payer to")
    if not _belongs_to(address, base):
        raise OpenRefused(
            "redirect",
            f"SpectroCoin's answer leads the payer to an unexpected address: {plain(address)}",
            f"Nobody was sent there. Check the base URL in the gateway's settings, now {base}.",
        )
    return Instructions(
        payment_url=address,
        provider_reference=provider_reference,
        valid_until=read_valid_until(answer.get("validUntil")),
    )


def _belongs_to(address: str, base: str) -> bool:
    """https at the base address's host or below it; http only where the base itself is local."""
    if not address.isascii() or not address.isprintable() or set(address) & set(' \\"<>^`{|}'):
        return False
    try:
        there, here = urlsplit(address), urlsplit(base)
        host, home, ports = there.hostname or "", here.hostname or "", (there.port, here.port)
    except ValueError:
        return False
    if there.username is not None or there.password is not None:
        return False
    if here.scheme == "http":
        return (there.scheme, host, ports[0]) == ("http", home, ports[1]) and home in LOOPBACK
    same_or_below = host == home or host.endswith(f".{home}")
    return there.scheme == "https" and same_or_below and ports[0] in (None, 443, ports[1])


def read_valid_until(value: object) -> int | None:
    """Unix seconds from milliseconds (old API) or ISO 8601 text (current API; UTC if unsaid)."""
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, int) or (isinstance(value, str) and value.isdigit()):
            seconds = int(value) // 1000
        elif isinstance(value, str):
            moment = datetime.fromisoformat(value)
            seconds = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < 2**35 else None
