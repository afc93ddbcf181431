"""Asking the relay over HTTP: where it is, what went wrong, and whose answer it is."""

from typing import Any
from urllib.parse import urlsplit

from gateways.providers.base import Credentials, OpenRefused, Unavailable
from gateways.providers.haveno.reading import MOST_CONFIRMATIONS, plain, read_object
from gateways.providers.haveno.signing import NotSigned, canonical_json, verify
from ledger.http import Answer, Call, MaybeSent, NotSent

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# A payer waits while an offer is opened.
TIMEOUT_SECONDS = 20
OFFERS = "/v1/offers"
DEFAULT_CONFIRMATIONS = "10"


def relay_url(credentials: Credentials) -> str:
    """The configured address without trailing slash: https, or http to this very machine.

    Raises ValueError, one sentence for people.
    """
    url = credentials.get("relay_url", "").strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host, usable = parts.hostname, parts.port is None or parts.port > 0
    except ValueError:
        host, usable, parts = None, False, urlsplit("")
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    secure = secure and not (parts.query or parts.fragment)
    if not (host and usable and secure) or parts.username is not None:
        raise ValueError("The relay URL is not usable: it must begin with https://.")
    return url


def relay_keys(credentials: Credentials) -> list[str]:
    return credentials.get("relay_keys", "").split()


def confirmations_wanted(credentials: Credentials) -> int:
    """How many the merchant asks for, 1 to 10000. Raises ValueError, one sentence for people."""
    text = credentials.get("confirmations") or DEFAULT_CONFIRMATIONS
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    if not 1 <= number <= MOST_CONFIRMATIONS:
        raise ValueError(f"The confirmations must be a number from 1 to {MOST_CONFIRMATIONS}.")
    return number


def ask(http: Call, method: str, url: str, members: dict[str, Any] | None = None) -> Answer:
    """One call, `members` as canonical JSON. Raises Unavailable, saying whether it may have
    reached the relay; also where the relay asks to come again later."""
    data = None if members is None else canonical_json(members)
    headers = {"Accept": "application/json"}
    if data is not None:
        headers["Content-Type"] = "application/json"
    try:
        answer = http(method, url, data=data, headers=headers, timeout_seconds=TIMEOUT_SECONDS)
    except NotSent as error:
        raise Unavailable(f"The relay could not be reached: {error}") from error
    except MaybeSent as error:
        raise Unavailable(f"The relay was asked, but did not answer: {error}") from error
    if answer.status in (408, 425, 429) or answer.status >= 500:
        raise Unavailable(f"The relay answered HTTP {answer.status}{_reason(answer)}")
    return answer


def _reason(answer: Answer) -> str:
    said = read_answer(answer) or {}
    words = plain(said.get("message"), 300)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    wait = plain(headers.get("retry-after", ""), 40)
    return (f": {words}" if words else "") + (f" (wait {wait} s)" if wait.isdecimal() else "")


def read_answer(answer: Answer) -> dict[str, Any] | None:
    """The strict JSON object of an answer, or None where it is none."""
    try:
        return read_object(answer.body)
    except ValueError:
        return None


def signed_answer(answer: Answer, credentials: Credentials) -> dict[str, Any]:
    """The object of a successful answer that a relay key signed.

    Raises NotSigned; Unavailable where it is no object, or no key is usable.
    """
    members = read_answer(answer)
    if members is None or not 200 <= answer.status < 300:
        raise unexpected(answer)
    try:
        verify(members, relay_keys(credentials))
    except ValueError as error:
        raise Unavailable(f"The relay's answer cannot be verified. {error}") from None
    return members


def told(answer: Answer, credentials: Credentials) -> dict[str, Any]:
    """As signed_answer, where somebody else's signature means that nothing is known."""
    try:
        return signed_answer(answer, credentials)
    except NotSigned as error:
        raise Unavailable(
            f"The relay's answer was not believed: {error}. Compare the Public Key in the "
            "gateway's settings with the one that the relay shows."
        ) from None


def unexpected(answer: Answer) -> Unavailable:
    """For an answer that says nothing about the offer: the relay's words, if there are any."""
    if read_answer(answer) is None:
        return Unavailable(
            f"The relay answered HTTP {answer.status} with something that is not its usual JSON"
        )
    return Unavailable(f"The relay answered HTTP {answer.status}{_reason(answer)}")


def unavailable(refusal: OpenRefused) -> Unavailable:
    return Unavailable(f"{str(refusal).rstrip('.')}. {refusal.way_out}")
