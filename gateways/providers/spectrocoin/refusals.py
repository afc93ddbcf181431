"""SpectroCoin's error answers, told apart by the shape of the body, with a way out for each.

Shapes: the old API's array of {code, message}, sent with HTTP 203 (its documentation,
SpectroFinance/SpectroCoin-Merchant-API) or 4xx (its Guzzle clients read the array there too);
the current API's object with errorCode and defaultMessage; OAuth's object with error. Anything
else (HTML, nothing, half an answer) says nothing about the order.
"""

from typing import Any

from gateways.providers.base import OpenRefused, Unavailable
from gateways.providers.spectrocoin.asking import plain, read_json
from ledger.http import Answer

LEGACY_DUPLICATE = 5
LEGACY_UNEXPECTED = 100
LEGACY_WAYS_OUT = {
    1: "Compare Merchant ID, Project ID and the receive currency in the gateway's settings with "
    "SpectroCoin's project settings; the message names the field.",
    2: "Paste the merchant public key shown in the gateway's settings into the SpectroCoin project "
    "again, or use the private key that belongs to the one there.",
    3: "Take this currency out of the accepted currencies, or ask SpectroCoin to enable it.",
    4: "Log in at SpectroCoin and see whether the merchant account is verified and enabled; if it "
    "is, write to SpectroCoin's support.",
    5: "Nothing to do: the order is tried again under a new reference. Use one SpectroCoin "
    "project for one shop.",
    6: "Copy Merchant ID and Project ID from SpectroCoin's project settings again.",
    97: "SpectroCoin did not understand the form of the request. Check the base URL in the "
    "gateway's settings; if it is right, report this message to whoever runs this console.",
    99: "Check all fields of the gateway's settings; if they are right, send this message and the "
    "time to SpectroCoin's support.",
}
LEGACY_OTHER_WAY_OUT = "Send this code, the message and the time to SpectroCoin's support."

KEY_OR_ADDRESS = (
    "In SpectroCoin's API settings, check that the key has the scopes to view and create merchant "
    "preorders and to view, create and cancel merchant orders, and that its IP allow-list, if it "
    "has one, holds the address of this server."
)
HTTP_WAYS_OUT = {
    400: "Compare Project ID, currencies and the console's public address in the settings with "
    "SpectroCoin's project settings; the message names what is wrong.",
    401: "Copy Client ID and Client Secret from SpectroCoin's API settings again; the secret is "
    "shown once, so a new key may be needed. " + KEY_OR_ADDRESS,
    403: KEY_OR_ADDRESS,
    404: "Check Project ID and base URL in the gateway's settings: SpectroCoin does not know what "
    "was asked for.",
    409: "Nothing to do: the order is tried again under a new reference.",
    422: "SpectroCoin could not read the request: report this to whoever runs this console.",
}
HTTP_OTHER_WAY_OUT = "Send this message and the time to SpectroCoin's support."
# RFC 6749, section 5.2. The vendor's test double answers the token call in this form.
OAUTH_ERRORS = ("invalid_client", "invalid_grant", "unauthorized_client", "invalid_request")
OAUTH_WAY_OUT = (
    "Copy Client ID and Client Secret from SpectroCoin's API settings again, without blanks; the "
    "secret is shown once, so a new key may be needed."
)
# The current API's error code for a repeated orderId is not documented, so the words decide. A
# wrong guess costs one more try under a new reference.
DUPLICATE_WORDS = ("duplicate", "already exist", "already used", "not unique", "must be unique")


def read_object(answer: Answer) -> dict[str, Any]:
    """The JSON object of a successful answer. Raises OpenRefused or Unavailable."""
    if answer.status == 429 or answer.status >= 500:
        raise Unavailable(f"SpectroCoin answered HTTP {answer.status}{_wait(answer)}")
    body = read_json(answer.body)
    if isinstance(body, list) and body:
        _refuse_array(body)
    if isinstance(body, dict):
        refused = any(isinstance(body.get(name), str) for name in ("errorCode", "error"))
        if refused or 400 <= answer.status < 500:
            raise _refusal(answer.status, body)
        if 200 <= answer.status < 300:
            return body
    raise Unavailable(
        f"SpectroCoin answered HTTP {answer.status} with something that is not its usual JSON"
    )


def _wait(answer: Answer) -> str:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    wait = plain(headers.get("retry-after", ""), 40)
    return f" and asks to wait {wait}" + (" seconds" if wait.isdigit() else "") if wait else ""


def _refuse_array(elements: list[Any]) -> None:
    """Raises for the old API's errors; returns where the array is none."""
    found: dict[int, list[str]] = {}
    for element in elements:
        number = plain(element.get("code"), 9) if isinstance(element, dict) else ""
        if not (number.isascii() and number.isdigit()):
            return
        found.setdefault(int(number), []).append(plain(element.get("message")))
    message = "; ".join(text for texts in found.values() for text in texts if text)[:1000]
    if LEGACY_UNEXPECTED in found:
        raise Unavailable(f"SpectroCoin had an unexpected error: {message}")
    # One element per field may come; a new reference helps only where that is all that is wrong.
    first = next((n for n in found if n != LEGACY_DUPLICATE), LEGACY_DUPLICATE)
    raise OpenRefused(
        str(first),
        message or "SpectroCoin gave no reason.",
        LEGACY_WAYS_OUT.get(first, LEGACY_OTHER_WAY_OUT),
        fresh_reference=first == LEGACY_DUPLICATE,
    )


def _refusal(status: int, body: dict[str, Any]) -> OpenRefused:
    oauth = body.get("error") in OAUTH_ERRORS
    stated = plain(body.get("errorCode")) or plain(body.get("error"))
    message = next(
        (
            text
            for name in ("defaultMessage", "error_description", "message", "error")
            if (text := plain(body.get(name), 1000))
        ),
        "SpectroCoin gave no reason.",
    )
    trace = plain(body.get("traceId"), 80)
    words = f"{stated} {message}".lower()
    duplicate = status == 409 or (
        status in (200, 203, 400, 422) and any(word in words for word in DUPLICATE_WORDS)
    )
    if duplicate:
        way_out = HTTP_WAYS_OUT[409]
    elif oauth:
        way_out = OAUTH_WAY_OUT
    else:
        way_out = HTTP_WAYS_OUT.get(status, HTTP_OTHER_WAY_OUT)
    return OpenRefused(
        stated or f"HTTP {status}",
        f"{message} (trace {trace})" if trace else message,
        way_out,
        fresh_reference=duplicate,
    )
