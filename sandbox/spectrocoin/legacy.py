"""API A: createOrder as a signed form. Errors are a JSON array of {code, message}, HTTP 203.

Field order, signed bytes and error codes: https://github.com/SpectroFinance/SpectroCoin-Merchant-API
Names of the first two fields since March 2022: the vendor's Bitcoin-Merchant-PHP.
"""

import sqlite3
from dataclasses import replace
from decimal import Decimal
from urllib.parse import parse_qsl, unquote_plus

from sandbox.sending import acceptable_url
from sandbox.spectrocoin import market, orders, settings, signing
from sandbox.storage import Settings
from sandbox.web import AMOUNT, Request, Response, World, json_answer

NUMERIC_IDS = ("merchantId", "apiId")
UUID_IDS = ("userId", "merchantApiId")
ORDER_FIELDS = (
    "orderId", "payCurrency", "payAmount", "receiveCurrency", "receiveAmount", "description",
)  # fmt: skip
PAYER_FIELDS = ("payerEmail", "payerName", "payerSurname")
LAST_FIELDS = ("culture", "callbackUrl", "successUrl", "failureUrl")

VALIDATION, BAD_SIGN, CURRENCY, ACCOUNT, DUPLICATE, WRONG_IDS = 1, 2, 3, 4, 5, 6
MEDIA_TYPE, CHECK_REQUEST, UNEXPECTED = 97, 99, 100

Errors = list[tuple[int, str]]


def create_order(world: World, db: sqlite3.Connection, request: Request) -> Response:
    if not request.is_form:
        return _errors([(MEDIA_TYPE, "Unsupported Media Type")])
    project = settings.read(db)
    fields, errors = _checked(db, project, request.body)
    if errors:
        return _errors(errors)

    order = orders.create(
        db,
        orders.Wanted(
            api="legacy",
            order_id=fields["orderId"],
            description=fields["description"],
            pay_currency=fields["payCurrency"],
            pay_amount=Decimal(fields["payAmount"]),
            receive_currency=fields["receiveCurrency"],
            receive_amount=Decimal(fields["receiveAmount"]),
            callback_url=fields["callbackUrl"],
            success_url=fields["successUrl"],
            failure_url=fields["failureUrl"],
        ),
    )
    # Two ages of the answer: complete as documented for the old names; since 2023 a pre-order,
    # whose coin, amount and request id are not known before the payer has chosen.
    complete = "merchantId" in fields
    if complete:
        order = orders.choose_coin(db, order, fields["payCurrency"])
    return json_answer(
        {
            "depositAddress": market.deposit_address(order["pay_currency"]) if complete else None,
            "orderId": order["merchant_order_id"],
            "orderRequestId": order["number"] if complete else None,
            "payAmount": Decimal(order["pay_amount"]) if complete else None,
            "payCurrency": order["pay_currency"] if complete else None,
            "receiveAmount": Decimal(order["receive_amount"]),
            "receiveCurrency": order["receive_currency"],
            "redirectUrl": orders.payment_page(world.origin, order),
            "validUntil": orders.milliseconds(order["valid_until"]) if complete else None,
        }
    )


def instead(status: int, operation: str, request: Request) -> Response:
    """Out of order: the same array, under the HTTP status of the trouble."""
    return replace(_errors([(UNEXPECTED, "Unexpected error")]), status=status)


def _errors(errors: Errors) -> Response:
    # 203 is what the vendor documents for every refused createOrder.
    return json_answer([{"code": code, "message": text} for code, text in errors], 203)


def _checked(
    db: sqlite3.Connection, project: Settings, body: bytes
) -> tuple[dict[str, str], Errors]:
    """The fields by name, or what is wrong with them."""
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    fields = dict(pairs)
    errors = _invalid(fields, len(pairs) > len(fields))
    if errors:
        return fields, errors
    ids = NUMERIC_IDS if "merchantId" in fields else UUID_IDS
    known = ("numeric_merchant_id", "numeric_api_id") if ids is NUMERIC_IDS else (
        "merchant_id", "project_id",
    )  # fmt: skip
    if [fields[name] for name in ids] != [project[name] for name in known]:
        return fields, [(WRONG_IDS, "Check your merchantId and apiId")]
    if not _signed(project, [name for name, _ in pairs], body):
        return fields, [(BAD_SIGN, "Bad sign")]
    if not {fields["payCurrency"], fields["receiveCurrency"]} <= set(market.EUROS):
        return fields, [(CURRENCY, "Not supported currency")]
    if not project["account_enabled"]:
        text = "Can't create order, please check your merchant account"
        return fields, [(ACCOUNT, text)]
    if fields["orderId"] and orders.known_id(db, fields["orderId"]):
        return fields, [(DUPLICATE, "Merchant order id exist")]
    if not Decimal(fields["payAmount"]) and not Decimal(fields["receiveAmount"]):
        return fields, [(CHECK_REQUEST, "Please check your request")]
    return fields, []


def _invalid(fields: dict[str, str], repeated: bool) -> Errors:
    """One validation error for each field that is missing or malformed."""
    ids = UUID_IDS if "userId" in fields or "merchantApiId" in fields else NUMERIC_IDS
    errors: Errors = [
        (VALIDATION, f"{name} is required")
        for name in (*ids, *ORDER_FIELDS, *LAST_FIELDS, "sign")
        if name not in fields
    ]
    if repeated:
        errors.append((VALIDATION, "a field is repeated"))
    errors += [
        (VALIDATION, f"{name} is required")
        for name in (*ids, "payCurrency", "receiveCurrency")
        if name in fields and not fields[name]
    ]
    errors += [
        (VALIDATION, f"{name} must look like 0.0#######")
        for name in ("payAmount", "receiveAmount")
        if name in fields and not _is_canonical(fields[name])
    ]
    errors += [
        (VALIDATION, f"{name} is not a valid URL")
        for name in ("callbackUrl", "successUrl", "failureUrl")
        if not acceptable_url(fields.get(name, ""))
    ]
    return errors


def _is_canonical(text: str) -> bool:
    # A server that rebuilds the signed text prints amounts anew, so "15.990" could never verify.
    return bool(AMOUNT.fullmatch(text)) and signing.canonical_amount(Decimal(text)) == text


def _signed(project: Settings, names: list[str], body: bytes) -> bool:
    """The merchant's key signed the raw bytes before `&sign=`, fields in the documented order."""
    ids = UUID_IDS if "userId" in names else NUMERIC_IDS
    with_payer = [*ids, *ORDER_FIELDS, *PAYER_FIELDS, *LAST_FIELDS, "sign"]
    without_payer = [*ids, *ORDER_FIELDS, *LAST_FIELDS, "sign"]
    if names not in (with_payer, without_payer):
        return False
    message, _, sign = body.rpartition(b"&sign=")
    public_key = settings.text(project, "merchant_public_key")
    signature = unquote_plus(sign.decode("ascii", "replace"))
    return bool(public_key) and signing.verifies(message, signature, public_key)
