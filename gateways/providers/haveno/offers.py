"""Opening a signed offer at the relay, and withdrawing one that nobody paid."""

import re
from typing import Any
from urllib.parse import quote, urlsplit

from gateways.providers.base import (
    Credentials,
    Instructions,
    OpenRefused,
    OrderRequest,
    Unavailable,
)
from gateways.providers.haveno.addresses import CURRENCIES, is_plausible
from gateways.providers.haveno.asking import (
    OFFERS,
    ask,
    confirmations_wanted,
    read_answer,
    relay_keys,
    relay_url,
    signed_answer,
    told,
    unavailable,
    unexpected,
)
from gateways.providers.haveno.keys import key_id, public_half, verify_keys
from gateways.providers.haveno.onion import check_merchant_id
from gateways.providers.haveno.reading import (
    LATEST_SECONDS,
    MOST_CONFIRMATIONS,
    invoice_id,
    is_offer_id,
    plain,
    read_money,
    read_whole,
)
from gateways.providers.haveno.signing import NotSigned, canonical_json, sign
from ledger.http import Answer, Call
from ledger.money import Money

NETWORK = "mainnet"
# The relay may cut its offer's life to whole minutes.
EARLIER_SECONDS = 60

_REFERENCE = re.compile(r"[A-Za-z0-9-]{1,60}")
_SETTINGS = "Mend it in the gateway's settings."
_COMPARE_KEYS = (
    "No address was shown to the payer. Compare the Public Key in the gateway's settings with the "
    "one that the relay shows; if they are the same, do not use this relay."
)
_NOT_THE_OFFER = (
    "No address was shown to the payer. The relay answered about something else than it was asked "
    "for: send this message and the time to whoever runs the relay."
)
_WAYS_OUT = {
    400: "The relay did not understand the offer. Check relay URL and Merchant ID in the "
    "gateway's settings; if they are right, send this message to whoever runs the relay.",
    401: "Register the public half of the merchant key, shown in the gateway's settings, at the "
    "relay; and check that Merchant ID is the one registered there.",
    409: "Nothing to do: the order is tried again under a new reference.",
    422: "Take this currency out of Accepted Currencies, or ask whoever runs the relay which "
    "currencies and amounts it takes.",
}
_OTHER_WAY_OUT = "Check the relay URL in the gateway's settings."


def open_offer(request: OrderRequest, credentials: Credentials, http: Call) -> Instructions:
    """Post the offer; believe only an answer about this offer that a relay key signed.

    The relay repeats its answer for the same content under the same reference, so a try that
    broke off is safe to repeat. Raises OpenRefused or Unavailable.
    """
    asked, url = _offer(request, credentials), _relay(credentials)
    answer = ask(http, "POST", f"{url}{OFFERS}", sign(asked, credentials["merchant_key"]))
    if 400 <= answer.status < 500:
        raise _refusal(answer)
    try:
        opened = signed_answer(answer, credentials)
    except NotSigned as error:
        raise OpenRefused(
            "answer_signature", f"The relay's answer was not believed: {error}.", _COMPARE_KEYS
        ) from None
    return _bound(opened, asked, request, credentials)


def _relay(credentials: Credentials) -> str:
    """The relay's address, once its keys can be checked as well: before anything is sent."""
    try:
        url = relay_url(credentials)
    except ValueError as error:
        raise OpenRefused("relay_url", str(error), _SETTINGS) from None
    try:
        verify_keys(relay_keys(credentials))
    except ValueError as error:
        raise OpenRefused(
            "relay_keys", f"The Public Key cannot be used. {error}", _SETTINGS
        ) from None
    return url


def _offer(request: OrderRequest, credentials: Credentials) -> dict[str, Any]:
    """The published members, unsigned. Raises OpenRefused, before anything is sent."""
    pay = _pay(request)
    try:
        merchant_id = check_merchant_id(credentials.get("merchant_id", ""))
    except ValueError as error:
        raise OpenRefused("merchant_id", f"The Merchant ID is wrong. {error}", _SETTINGS) from None
    try:
        public, wanted = (
            public_half(credentials.get("merchant_key", "")),
            confirmations_wanted(credentials),
        )
    except ValueError as error:
        raise OpenRefused("settings", str(error), _SETTINGS) from None
    try:
        invoice = invoice_id(request.invoice)
    except ValueError as error:
        raise OpenRefused(
            "invoice",
            f"This bill cannot be named in an offer: {error}.",
            "Report this message to whoever runs this console.",
        ) from None
    offer: dict[str, Any] = {
        "type": "havenopay.offer",
        "version": 1,
        "network": NETWORK,
        "merchant_id": merchant_id,
        "order_ref": request.reference,
        "invoice_id": invoice,
        "amount": pay.amount,
        "currency": pay.currency,
        "pay_to": plain(credentials.get("receive_account", "")).strip(),
        "quote": {
            "amount": request.due.amount,
            "currency": request.due.currency,
            "rate": request.rate,
            "source": request.rate_source,
        },
        "confirmations": wanted,
        "created_at": request.created_at,
        "expires_at": request.expires_at,
        "callback_host": urlsplit(request.callback_url).hostname or "",
        "key_id": key_id(public),
    }
    return offer


def _pay(request: OrderRequest) -> Money:
    """The coins to ask for. Raises OpenRefused for an order that no offer can be made of."""
    pay = request.pay
    if pay is None or pay.units <= 0:
        raise OpenRefused("amount", "There is no amount of coins to ask for.", "Check the invoice.")
    if pay.currency not in CURRENCIES:
        raise OpenRefused(
            "currency",
            f"{pay.currency} cannot be paid through Haveno.",
            f"Accept only {', '.join(CURRENCIES)} in the gateway's settings.",
        )
    if not _REFERENCE.fullmatch(request.reference) or not (
        0 < request.created_at < request.expires_at <= LATEST_SECONDS
    ):
        raise OpenRefused(
            "request",
            "The order has no usable reference, or no time to be paid in.",
            "Check Offer Expiry Time in the gateway's settings.",
        )
    return pay


def _bound(
    opened: dict[str, Any], asked: dict[str, Any], request: OrderRequest, credentials: Credentials
) -> Instructions:
    """The signed answer as instructions. Raises OpenRefused where any of it is another offer's."""
    for name in ("invoice_id", "currency", "network"):
        if opened.get(name) != asked[name]:
            raise _mismatch(name, opened.get(name))
    if opened.get("order_ref", request.reference) != request.reference:
        raise _mismatch("order_ref", opened["order_ref"])
    currency = str(asked["currency"])
    offer_id, address, uri = opened.get("offer_id"), opened.get("pay_to"), opened.get("uri", "")
    try:
        name = "amount"
        if read_money(opened.get("amount"), currency) != request.pay:
            raise _mismatch(name, opened.get("amount"))
        name = "confirmations_required"
        required = read_whole(opened.get(name), asked["confirmations"], MOST_CONFIRMATIONS)
        name = "expires_at"
        theirs = read_whole(opened.get(name), request.created_at + 1, LATEST_SECONDS)
    except ValueError:
        raise _mismatch(name, opened.get(name)) from None
    if theirs < request.expires_at - EARLIER_SECONDS:
        raise _mismatch("expires_at", theirs)
    if not is_offer_id(offer_id):
        raise _mismatch("offer_id", offer_id)
    if not is_plausible(address, currency):
        raise _mismatch("pay_to", address)
    if not isinstance(uri, str) or (uri and str(address) not in uri):
        raise _mismatch("uri", uri)
    until = min(theirs, request.expires_at)
    document = {
        **asked,
        "offer_id": offer_id,
        "pay_to": address,
        "confirmations": required,
        "expires_at": until,
    }
    return Instructions(
        provider_reference=str(offer_id),
        valid_until=until,
        pay_to=str(address),
        confirmations=required,
        document=canonical_json(sign(document, credentials["merchant_key"])).decode("utf-8"),
    )


def _mismatch(name: str, value: object) -> OpenRefused:
    return OpenRefused(
        "answer_mismatch",
        f"The relay's signed answer has an unexpected {name}: {plain(value, 80) or 'nothing readable'}.",
        _NOT_THE_OFFER,
    )


def _refusal(answer: Answer) -> OpenRefused:
    """What a 4xx means. Raises Unavailable where the body is not the relay's."""
    body = read_answer(answer)
    if body is None:
        raise unexpected(answer)
    return OpenRefused(
        plain(body.get("code"), 60) or f"HTTP {answer.status}",
        plain(body.get("message"), 500) or "The relay gave no reason.",
        _WAYS_OUT.get(answer.status, _OTHER_WAY_OUT),
        fresh_reference=answer.status == 409,
    )


def purge_offer(
    order_reference: str, offer_id: str, credentials: Credentials, now: int, http: Call
) -> bool:
    """Withdraw the offer: True where it is gone there, False where money was seen for it.

    Raises Unavailable, also for settings that do not let us ask.
    """
    if not is_offer_id(offer_id):
        raise Unavailable("This order has no offer id to withdraw.")
    try:
        url, merchant_key = _relay(credentials), credentials.get("merchant_key", "")
        cancel = sign(
            {
                "type": "havenopay.cancel",
                "version": 1,
                "offer_id": offer_id,
                "order_ref": order_reference,
                "created_at": now,
                "key_id": key_id(public_half(merchant_key)),
            },
            merchant_key,
        )
    except OpenRefused as refusal:
        raise unavailable(refusal) from None
    except ValueError as error:
        raise Unavailable(str(error)) from None
    answer = ask(http, "DELETE", f"{url}{OFFERS}/{quote(offer_id, safe='')}", cancel)
    if answer.status == 409:
        return False
    if answer.status == 404 and is_unknown(answer):
        return True
    gone = told(answer, credentials)
    if (gone.get("offer_id"), gone.get("state")) != (offer_id, "cancelled"):
        raise Unavailable("The relay answered about something else than the offer to withdraw")
    return True


def is_unknown(answer: Answer) -> bool:
    """Whether a 404 is the relay's own, and not one of some server before it."""
    return answer.status == 404 and (not answer.body or read_answer(answer) is not None)
