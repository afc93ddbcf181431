"""SpectroCoin's signed API: createOrder as a signed form, and the signed form callback.

Documented in SpectroFinance/SpectroCoin-Merchant-API; parameter names as the vendor's clients
have sent them since March 2022 (SpectroCoin/Bitcoin-Merchant-PHP).
"""

from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa

from gateways.providers.base import (
    Credentials,
    Inbound,
    Instructions,
    Notice,
    OpenRefused,
    OrderRequest,
    Rejected,
)
from gateways.providers.spectrocoin.asking import ask, base_url, plain
from gateways.providers.spectrocoin.instructions import (
    amount_due,
    read_instructions,
    safe_description,
    safe_url,
)
from gateways.providers.spectrocoin.keys import read_private_key, read_public_keys
from gateways.providers.spectrocoin.notices import Sum, make_notice
from gateways.providers.spectrocoin.refusals import read_object
from gateways.providers.spectrocoin.wire import (
    canonical_amount,
    encoded,
    is_signed,
    joined,
    read_form,
    sign,
)
from ledger.http import Call

PATH = "/api/merchant/1/createOrder"
FORM = "application/x-www-form-urlencoded"
# Exactly these, in this order, are under a callback's signature. Two code samples in the vendor's
# documentation leave receivedAmount out; its clients and recorded callbacks have it, and without
# it anyone could change it.
SIGNED = (
    "merchantId",
    "apiId",
    "orderId",
    "payCurrency",
    "payAmount",
    "receiveCurrency",
    "receiveAmount",
    "receivedAmount",
    "description",
    "orderRequestId",
    "status",
)
AMOUNTS = frozenset({"payAmount", "receiveAmount", "receivedAmount"})
# WHMCS speaks of languages by English name; the payment page knows these three.
CULTURES = {"lt": "lt", "lithuanian": "lt", "ru": "ru", "russian": "ru"}


def has_numeric_ids(credentials: Credentials) -> bool:
    """Accounts from before March 2022 have numbers where later ones have UUIDs."""
    ids = (credentials.get("merchant_id", ""), credentials.get("project_id", ""))
    return all(text.isascii() and text.isdigit() for text in ids)


def order_message(
    *,
    merchant_id: str,
    project_id: str,
    order_id: str,
    pay_currency: str,
    receive_currency: str,
    receive_amount: str,
    description: str,
    culture: str,
    callback_url: str,
    success_url: str,
    failure_url: str,
    payer: tuple[str, str, str] | None = None,
) -> str:
    """The exact text to sign. `payer` is e-mail, name and surname; left out where None, as most
    vendor clients do.

    Absent values are sent empty, never dropped. The payer's coin amount is always 0.0: the other
    amount decides. Raises ValueError for an amount that cannot be written.
    """
    numeric = has_numeric_ids({"merchant_id": merchant_id, "project_id": project_id})
    pairs = [
        ("merchantId" if numeric else "userId", merchant_id),
        ("apiId" if numeric else "merchantApiId", project_id),
        ("orderId", order_id),
        ("payCurrency", pay_currency),
        ("payAmount", "0.0"),
        ("receiveCurrency", receive_currency),
        ("receiveAmount", canonical_amount(receive_amount)),
        ("description", description),
    ]
    if payer is not None:
        pairs += zip(("payerEmail", "payerName", "payerSurname"), payer, strict=True)
    pairs += [
        ("culture", culture),
        ("callbackUrl", callback_url),
        ("successUrl", success_url),
        ("failureUrl", failure_url),
    ]
    return joined(pairs)


def signed_body(message: str, key: rsa.RSAPrivateKey) -> bytes:
    """The bytes to post: the signed text itself and the signature, so that a server that checks
    the raw body and one that rebuilds it from the fields agree."""
    return f"{message}&sign={encoded(sign(message, key))}".encode("ascii")


def open_order(request: OrderRequest, credentials: Credentials, http: Call) -> Instructions:
    """Raises OpenRefused or Unavailable."""
    amount, base = amount_due(request, credentials), base_url(credentials)
    try:
        key = read_private_key(credentials.get("private_key", ""))
    except ValueError as error:
        raise OpenRefused(
            "private_key",
            f"The merchant private key cannot be used. {error}",
            "Paste the private key again in the gateway's settings.",
        ) from None
    message = order_message(
        merchant_id=credentials.get("merchant_id", ""),
        project_id=credentials.get("project_id", ""),
        order_id=request.reference,
        pay_currency=credentials.get("pay_currency") or "BTC",
        receive_currency=request.due.currency,
        receive_amount=amount,
        description=safe_description(request),
        culture=CULTURES.get(request.language, "en"),
        callback_url=safe_url(request.callback_url),
        success_url=safe_url(request.success_url),
        failure_url=safe_url(request.failure_url),
    )
    try:
        body = signed_body(message, key)
    except UnsupportedAlgorithm:
        raise OpenRefused(
            "sha1",
            "This server's OpenSSL policy forbids SHA-1, which SpectroCoin's old API requires.",
            "Allow SHA-1 signatures on the server, or switch the gateway to the current API.",
        ) from None
    answer = read_object(
        ask(http, "POST", f"{base}{PATH}", data=body, headers={"Content-Type": FORM})
    )
    return read_instructions(answer, credentials, plain(answer.get("orderRequestId"), 40))


def verify_callback(inbound: Inbound, credentials: Credentials) -> None:
    """Raise Rejected unless SpectroCoin signed all eleven fields for this project."""
    fields = read_form(inbound.body)
    for name in (*SIGNED, "sign"):
        if name not in fields:
            raise Rejected("spectrocoin.missing_field", name)
    _check_project(fields, credentials)
    try:
        keys = read_public_keys(credentials.get("callback_public_key", ""))
    except ValueError as error:
        raise Rejected("spectrocoin.no_key", str(error), status=503, key_may_be_old=True) from None
    message = joined([(name, _as_signed(name, fields[name])) for name in SIGNED])
    try:
        genuine = is_signed(message, fields["sign"], keys)
    except UnsupportedAlgorithm:
        raise Rejected(
            "spectrocoin.sha1_forbidden",
            "this server's OpenSSL policy forbids SHA-1, which SpectroCoin's callbacks require",
            status=503,
        ) from None
    if not genuine:
        raise Rejected("spectrocoin.bad_signature", key_may_be_old=True)


def _check_project(fields: Mapping[str, str], credentials: Credentials) -> None:
    """Compare whose callback it is with the configuration.

    Under the signature: merchantId and apiId, the numbers. Not under it: userId and
    merchantApiId, the UUIDs that SpectroCoin has added since 2022, and the payer's fields (its own
    clients sign the numbers only). So where the configuration holds UUIDs, their comparison
    catches mistakes but stops no forger: every SpectroCoin merchant's callbacks bear the same
    key's signature, and the UUIDs beside it can be changed. The numbers of such a project can be
    given as callback_merchant_id and callback_api_id; then they are compared too.
    """
    merchant, project = credentials.get("merchant_id", ""), credentials.get("project_id", "")
    if not project:
        raise Rejected("spectrocoin.no_project", "no Project ID is configured", status=503)
    if has_numeric_ids(credentials):
        required = {"merchantId": merchant, "apiId": project}
    else:
        required = {
            "merchantId": credentials.get("callback_merchant_id", ""),
            "apiId": credentials.get("callback_api_id", ""),
        }
        stated = {"userId": merchant, "merchantApiId": project}
        required |= {name: value for name, value in stated.items() if name in fields}
    for name, value in required.items():
        if value and fields[name].lower() != value.lower():
            raise Rejected("spectrocoin.wrong_project", f"{name} is {fields[name][:60]!r}")


def _as_signed(name: str, value: str) -> str:
    """The signature is over normalised amounts, whatever they look like on the wire."""
    if name not in AMOUNTS:
        return value
    try:
        return canonical_amount(value)
    except ValueError as error:
        raise Rejected("spectrocoin.bad_amount", f"{name}: {error}") from None


def parse_callback(inbound: Inbound) -> Notice:
    """The signed fields as plain values. Raises Rejected for bytes that verify would refuse."""
    fields = read_form(inbound.body)
    for name in SIGNED:
        if name not in fields:
            raise Rejected("spectrocoin.missing_field", name)
    return make_notice(
        order_reference=fields["orderId"],
        provider_reference=fields["orderRequestId"],
        provider_status=fields["status"],
        asked=Sum(fields["receiveAmount"], fields["receiveCurrency"]),
        payable=Sum(fields["payAmount"], fields["payCurrency"]),
        # The coins that came in, so in the payer's currency: the vendor's WHMCS module had it
        # wrong in January 2015 and corrected it in February.
        received=Sum(fields["receivedAmount"], fields["payCurrency"]),
        account=f"{fields['merchantId']}/{fields['apiId']}",
    )
