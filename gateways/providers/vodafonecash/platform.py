"""The callback of vodafoncash.com to a merchant's API URL: a GET, all of it in the query string.

As its WordPress plugin takes it (the amount is in the store's currency):
    key=<API token>&action=addPayment&username=42&amount=20.00&from=01000000000&trans_id=...
and as its callback guide shows it, in pounds:
    transaction_id=...&phone=01000000000&amount=1000&currency=EGP&store_id=2&user_name=42&
    status=completed

There is no signature. The guide's example has no key either, and anybody could leave it out; so
`key` is demanded of both. Parameters are appended to whatever query the API URL has already:
a merchant whose store sends the second form enters the URL with ?key=<API token> at its end. How
they are appended is not documented, so a second "?" joins as well, and the key may come twice.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateways.providers.base import Credentials, Inbound, Rejected
from gateways.wallet.forwarders.fields import plain, read_form
from gateways.wallet.phones import local_phone
from ledger.money import Money, MoneyError

GENERIC_CURRENCY = "EGP"

# PHP's number_format as it is unless told otherwise.
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]{2}")
# How the platform rounds is not documented; no store currency has more decimals.
_TOO_FINE = re.compile(r"([0-9]+\.[0-9]{8})[0-9]{1,12}")
_TRANSACTION_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_PHONE_CAP = 20
_NAME_CAP = 120


@dataclass(frozen=True, slots=True)
class PlatformPayment:
    """What the platform says to have completed.

    trans_id   its own id, the same in every repeat.
    phone      the payer's wallet: eleven digits, or as it came; "" where the wallet hid it.
    amount     plain number text, more than nothing; as it came, but for commas between thousands
               and decimals beyond the eighth.
    user_name  what we named the customer in the check.
    currency   EGP, or "" for the store's own, which this form does not name.
    """

    trans_id: str
    phone: str
    amount: str
    user_name: str
    currency: str = ""


def verify_payment(inbound: Inbound, credentials: Credentials) -> None:
    """Raise Rejected unless it shows the store's key and is one of the two forms."""
    fields = _fields(inbound)
    key = credentials.get("store_key", "")
    if not key:
        raise Rejected("vodafonecash.not_configured", "enter the store's API token", status=503)
    stated = fields.get("key", "").encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(stated, key.encode("utf-8", "surrogatepass")):
        raise Rejected(
            "vodafonecash.bad_key",
            "key is not this store's API token",
            status=401,
            key_may_be_old=True,
        )
    _payment(fields)
    store = fields.get("store_id")
    if store is not None and store != credentials.get("store_id", ""):
        raise Rejected("vodafonecash.other_store", f"store {plain(store)}", status=401)


def read_payment(inbound: Inbound) -> PlatformPayment:
    """The payment of a verified callback. Raises Rejected for bytes that verify would refuse."""
    return _payment(_fields(inbound))


def joined(inbound: Inbound) -> Inbound:
    """The same callback with its query in one piece, however it was appended to the URL's own."""
    pieces = inbound.body.replace(b"?", b"&").split(b"&")
    query = b"&".join(dict.fromkeys(piece for piece in pieces if piece))
    return inbound if query == inbound.body else replace(inbound, body=query)


def _fields(inbound: Inbound) -> dict[str, str]:
    if inbound.method != "GET":
        raise Rejected("vodafonecash.method", "the platform sends a GET", status=405)
    try:
        return read_form(joined(inbound).body)
    except Rejected as refusal:
        raise Rejected("vodafonecash.bad_shape", refusal.detail) from None


def _payment(fields: Mapping[str, str]) -> PlatformPayment:
    if "action" in fields:
        if fields["action"] != "addPayment":
            raise _odd("action is not addPayment")
        return _read(fields, "trans_id", "from", "username", "")
    if _text(fields, "status") != "completed":
        raise _odd("status is not completed")
    if _text(fields, "currency") != GENERIC_CURRENCY:
        raise _odd("currency is not EGP")
    return _read(fields, "transaction_id", "phone", "user_name", GENERIC_CURRENCY)


def _read(
    fields: Mapping[str, str], trans_id: str, phone: str, user_name: str, currency: str
) -> PlatformPayment:
    reference, amount = _text(fields, trans_id), _text(fields, "amount")
    if _GROUPED.fullmatch(amount):
        amount = amount.replace(",", "")
    if not currency and (cut := _TOO_FINE.fullmatch(amount)):
        amount = cut[1]
    if not _TRANSACTION_ID.fullmatch(reference):
        raise _odd(f"{trans_id} is not a transaction's id")
    try:
        # A store's own currency is not named; it has no more digits than a coin.
        paid = Money.parse(amount, currency or "BTC")
    except MoneyError as error:
        raise Rejected("vodafonecash.bad_amount", str(error)) from None
    if paid.units <= 0:
        raise Rejected("vodafonecash.bad_amount", "nothing was paid")
    payer = fields.get(phone, "").strip()
    return PlatformPayment(
        trans_id=reference,
        phone=local_phone(payer) or plain(payer)[:_PHONE_CAP],
        amount=amount,
        user_name=_line(_text(fields, user_name)),
        currency=currency,
    )


def _text(fields: Mapping[str, str], name: str) -> str:
    if name not in fields:
        raise Rejected("vodafonecash.missing_field", name)
    return fields[name].strip()


def _line(text: str) -> str:
    if len(text) > _NAME_CAP:
        raise _odd(f"the user name has more than {_NAME_CAP} characters")
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _odd(detail: str) -> Rejected:
    return Rejected("vodafonecash.bad_field", detail)
