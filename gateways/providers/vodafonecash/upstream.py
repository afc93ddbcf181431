"""Asking vodafoncash.com as a shop's plugin does: is the money of this claim there?

    GET <system URL>/api/payment_link_check?phone=&amount=&user_name=&store_id=&lang=&client_id=
    GET <system URL>/api/public/store/<store id>/rate

The check changes state there (what it finds is the customer's from then on) although it is a GET.
An answer counts only with HTTP 200 and a boolean `status`; its official module reads it so too.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from gateways.providers.base import Credentials, Inbound, Rejected, Unavailable
from ledger.http import Answer, Call, MaybeSent, NotSent, call
from ledger.money import Money

MATCHED, HOLD, NOT_FOUND, UNAVAILABLE, INVALID = (
    "matched", "hold", "not_found", "unavailable", "invalid",
)  # fmt: skip
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# Its own module waits as long; a payer waits with it.
TIMEOUT_SECONDS = 30
WORDS_CAP = 300
REFUSED = frozenset({400, 401, 402, 403, 404, 405, 409, 410, 422})

_PRICE = re.compile(r"(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,12})?")
_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True)
class UpstreamAnswer:
    """How the platform answered.

    code            matched, hold (a person there must approve it), not_found, unavailable (nothing
                    is known), invalid (it refuses the question: store, key or fields).
    transaction_id  the platform's, where a match tells it.
    message         the platform's own words, or ours; for the merchant, capped.
    maybe           the question may have been worked although no answer came: the platform's
                    callback will tell, and asking again may say "not found".
    """

    code: str
    transaction_id: str = ""
    message: str = ""
    maybe: bool = False


@dataclass(frozen=True, slots=True)
class StoreRate:
    """EGP for one unit of the store's currency, plain number text; label as the platform has it."""

    rate: str
    label: str


def check(
    credentials: Credentials,
    phone: str,
    amount: Money,
    user_name: str,
    client: str = "",
    lang: str = "en",
    http: Call = call,
) -> UpstreamAnswer:
    """Ask once; never raises for the outside's sake.

    amount  EGP, exactly what was sent.
    """
    pounds = amount.amount.rstrip("0").rstrip(".")
    fields = {
        "phone": phone,
        "amount": pounds,
        "user_name": user_name,
        "store_id": credentials.get("store_id", ""),
        "lang": "ar" if lang.startswith("ar") else "en",
    }
    if client:
        fields["client_id"] = client
    try:
        url = f"{system_url(credentials)}/api/payment_link_check?{urlencode(fields)}"
        answer = http("GET", url, headers=_headers(credentials), timeout_seconds=TIMEOUT_SECONDS)
    except ValueError as error:
        return UpstreamAnswer(INVALID, message=str(error))
    except NotSent as error:
        return UpstreamAnswer(UNAVAILABLE, message=f"The platform could not be reached: {error}")
    except MaybeSent as error:
        words = f"The platform was asked, but did not answer: {error}"
        return UpstreamAnswer(UNAVAILABLE, message=words, maybe=True)
    return _judged(answer)


def rate(credentials: Credentials, http: Call = call) -> StoreRate:
    """The store's rate as the platform has it. Raises Unavailable, one sentence for people."""
    try:
        store = quote(credentials.get("store_id", ""), safe="")
        url = f"{system_url(credentials)}/api/public/store/{store}/rate"
        answer = http("GET", url, headers={"Accept": "application/json"}, timeout_seconds=10)
    except (ValueError, NotSent, MaybeSent) as error:
        raise Unavailable(f"The platform's rate could not be read: {error}") from error
    said = _object(answer) or {}
    value = said.get("rate")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if answer.status != 200 or not said.get("status"):
        raise Unavailable(f"The platform gives no rate for this store (HTTP {answer.status}).")
    if not (isinstance(value, str) and _PRICE.fullmatch(value) and value.strip("0.")):
        raise Unavailable("The platform's rate is not a positive number.")
    return StoreRate(value, _words(said, "currency_label"))


def system_url(credentials: Credentials) -> str:
    """The configured address without trailing slash: https, or http to this very machine.

    Raises ValueError, one sentence for people.
    """
    url = credentials.get("system_url", "").strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host, usable = parts.hostname, parts.port is None or parts.port > 0
    except ValueError:
        host, usable, parts = None, False, urlsplit("")
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    secure = secure and not (parts.query or parts.fragment)
    if not (host and usable and secure) or parts.username is not None:
        raise ValueError("The VodafoneCash System URL is not usable: it must begin with https://.")
    return url


def _headers(credentials: Credentials) -> dict[str, str]:
    key = credentials.get("store_key", "")
    headers = {"Accept": "application/json"}
    if key.isascii() and key.isprintable() and key:
        headers["Authorization"] = f"Bearer {key}"
    return headers


def _judged(answer: Answer) -> UpstreamAnswer:
    said = _object(answer)
    words = _words(said or {}, "message")
    if answer.status != 200:
        code = INVALID if answer.status in REFUSED else UNAVAILABLE
        shown = f": {words}" if words else ""
        if 300 <= answer.status < 400:
            target = _line(answer.headers.get("Location", ""))
            shown += f": it redirects to {target or 'another address'}; enter that as System URL"
        # What broke behind a 5xx may have found the money first.
        maybe = answer.status >= 500
        return UpstreamAnswer(
            code, message=f"The platform answered HTTP {answer.status}{shown}", maybe=maybe
        )
    status = said.get("status") if said else None
    if said is None or not isinstance(status, bool):
        words = "The platform's answer is none that we know."
        return UpstreamAnswer(UNAVAILABLE, message=words, maybe=True)
    held = said.get("requires_verification") is True or said.get("pending_verification") is True
    if held or said.get("flow_state") == "waiting-for-approval":
        return UpstreamAnswer(HOLD, message=words)
    if not status:
        return UpstreamAnswer(NOT_FOUND, message=words)
    return UpstreamAnswer(MATCHED, _transaction_id(said), words)


def _object(answer: Answer) -> dict[str, Any] | None:
    try:
        return Inbound(answer.body).json()
    except Rejected:
        return None


def _transaction_id(said: dict[str, Any]) -> str:
    """ "" where it is left out, as the platform's documents do, or out of shape."""
    value = said.get("transaction_id")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def _words(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return _line(value) if isinstance(value, str) else ""


def _line(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:WORDS_CAP])
