"""SpectroCoin's current API: orders/create and reading orders, with a bearer token; and the
unsigned JSON callback, which only says which order to look at.
"""

import json
import re
from typing import Any
from urllib.parse import quote

from gateways.providers.base import (
    Credentials,
    Inbound,
    Instructions,
    Notice,
    OpenRefused,
    OrderRequest,
    Rejected,
    Unavailable,
)
from gateways.providers.spectrocoin.asking import ask, base_url, plain, read_json
from gateways.providers.spectrocoin.instructions import (
    amount_due,
    read_instructions,
    safe_description,
    safe_url,
)
from gateways.providers.spectrocoin.notices import Sum, make_notice
from gateways.providers.spectrocoin.refusals import HTTP_WAYS_OUT, read_object
from gateways.providers.spectrocoin.tokens import Tokens
from ledger.http import Answer, Call

ORDERS = "/api/public/merchants/orders"
JSON = "application/json"
# Where a list of orders may lie: the shape of the list is not documented.
LIST_MEMBERS = ("orders", "content", "items", "data")

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_uuid(text: object) -> bool:
    return isinstance(text, str) and _UUID.fullmatch(text) is not None


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


class CurrentApi:
    def __init__(self, tokens: Tokens, http: Call) -> None:
        self._tokens, self._http = tokens, http

    def open_order(self, request: OrderRequest, credentials: Credentials) -> Instructions:
        """Raises OpenRefused or Unavailable."""
        # Amounts as text, like every vendor plugin sends them.
        order = {
            "orderId": request.reference,
            "description": safe_description(request),
            "receiveAmount": amount_due(request, credentials),
            "receiveCurrencyCode": request.due.currency,
            "callbackUrl": safe_url(request.callback_url),
            "successUrl": safe_url(request.success_url),
            "failureUrl": safe_url(request.failure_url),
            "projectId": credentials.get("project_id", ""),
        }
        body = json.dumps(order).encode("ascii")
        answer = read_object(self._ask("POST", f"{ORDERS}/create", credentials, body))
        return read_instructions(answer, credentials, plain(answer.get("preOrderId"), 40))

    def fetch(self, reference: str, credentials: Credentials) -> Notice | None:
        """Raises OpenRefused or Unavailable."""
        if is_uuid(reference):
            order = self._by_id(reference, credentials)
        else:
            order = self._by_our_reference(reference, credentials)
        return read_order(order, credentials) if order is not None else None

    def _by_id(self, order_id: str, credentials: Credentials) -> dict[str, Any] | None:
        answer = self._ask("GET", f"{ORDERS}/{quote(order_id, safe='')}", credentials)
        if answer.status == 404 and (not answer.body or isinstance(read_json(answer.body), dict)):
            return None
        order = read_object(answer)
        stated = order.get("id", order_id)
        if not (isinstance(stated, str) and _same(stated, order_id)):
            raise Unavailable("SpectroCoin answered with another order than was asked for")
        return {**order, "id": order_id}

    def _by_our_reference(self, reference: str, credentials: Credentials) -> dict[str, Any] | None:
        """The order with exactly our orderId, among those SpectroCoin lists.

        Inferred: no filter by the merchant's orderId is documented, so the list is read as it
        comes (newest first) and an order missing from it may still exist. Never by prefix: later
        orders of a reusable pre-order are called Pre-<orderId>-<n> (vendor's create reference).
        """
        listed = _read_list(self._ask("GET", ORDERS, credentials))
        found = [order for order in listed if order.get("orderId") == reference]
        ours = [order for order in found if _is_of_project(order, credentials)]
        if len(ours) > 1:
            raise Unavailable(
                f"SpectroCoin lists {len(ours)} orders named {reference}: look at its order history"
            )
        return ours[0] if ours else None

    def _ask(
        self, method: str, path: str, credentials: Credentials, data: bytes | None = None
    ) -> Answer:
        """One call with a token. A refused token (401, and 403 as the vendor's Drupal client
        reads it) is replaced once; nothing was done at SpectroCoin by then."""
        if not (credentials.get("client_id") and credentials.get("client_secret")):
            raise OpenRefused(
                "credentials",
                "No Client ID and Client Secret are configured for SpectroCoin's current API.",
                "Create an API key at SpectroCoin and fill both in, or switch to the old API.",
            )
        for _ in range(2):
            bearer = self._tokens.bearer(credentials)
            headers = {"Authorization": f"Bearer {bearer}", "Accept": JSON}
            if data is not None:
                headers["Content-Type"] = JSON
            answer = ask(
                self._http, method, f"{base_url(credentials)}{path}", data=data, headers=headers
            )
            if answer.status not in (401, 403):
                return answer
            self._tokens.drop(credentials, bearer)
        body = read_json(answer.body)
        said = plain(body.get("defaultMessage"), 500) if isinstance(body, dict) else ""
        raise OpenRefused(
            f"HTTP {answer.status}",
            "SpectroCoin refused a fresh access token" + (f": {said}" if said else "."),
            HTTP_WAYS_OUT[answer.status],
        )


def _read_list(answer: Answer) -> list[dict[str, Any]]:
    """Orders from an array, or from the one known member of an object. Raises Unavailable for
    anything else: a list that cannot be read does not mean that there is no order."""
    body = read_json(answer.body)
    if not (isinstance(body, list) and answer.status == 200):
        page = read_object(answer)
        lists = [page[name] for name in LIST_MEMBERS if isinstance(page.get(name), list)]
        body = lists[0] if len(lists) == 1 else None
    if isinstance(body, list) and all(isinstance(o, dict) and "status" in o for o in body):
        return body
    raise Unavailable("SpectroCoin's list of orders has an unknown shape")


def _is_of_project(order: dict[str, Any], credentials: Credentials) -> bool:
    """Whether the order is of the configured project, where it says so."""
    stated = [order[name] for name in ("projectId", "merchantApiId") if order.get(name) is not None]
    project = credentials.get("project_id", "")
    return all(isinstance(text, str) and _same(text, project) for text in stated)


def read_order(order: dict[str, Any], credentials: Credentials) -> Notice | None:
    """One fetched order as plain values; None for one of another project.

    Raises Unavailable where a member has a type that SpectroCoin does not send: such an answer
    is not believed in part.
    """
    if not _is_of_project(order, credentials):
        return None
    for name in ("orderId", "status"):
        if not plain(order.get(name)):
            raise Unavailable(f"SpectroCoin's answer about the order holds no usable {name}")
    asked, payable, received = (
        Sum(_text(order, amount), _text(order, currency))
        for amount, currency in (
            ("receiveAmount", "receiveCurrencyCode"),
            ("payAmount", "payCurrencyCode"),
            ("receivedAmount", "payCurrencyCode"),
        )
    )
    return make_notice(
        order_reference=str(order["orderId"]),
        provider_reference=_text(order, "id"),
        provider_status=str(order["status"]),
        asked=asked,
        payable=payable,
        received=received,
    )


def _text(order: dict[str, Any], name: str) -> str:
    """Text or number of a member, "" where absent or null. Raises Unavailable for other types."""
    value = order.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unavailable(f"SpectroCoin's answer about the order holds an odd {name}")
    return str(value)


def verify_callback(inbound: Inbound, credentials: Credentials) -> None:
    """Raise Rejected unless it is a well-formed doorbell for this project. Proves nothing more:
    anyone can ring."""
    _, project_id = _read_doorbell(inbound)
    if not _same(project_id, credentials.get("project_id", "")):
        raise Rejected("spectrocoin.wrong_project", f"merchantApiId is {project_id}")


def parse_callback(inbound: Inbound) -> Notice:
    """Which order to look at, as SpectroCoin's UUID in lower case. Raises Rejected."""
    order_id, _ = _read_doorbell(inbound)
    return Notice(order_reference=order_id, provider_reference=order_id, doorbell=True)


def _read_doorbell(inbound: Inbound) -> tuple[str, str]:
    """The order's and the project's UUIDs; other members are not looked at."""
    body = inbound.json()
    for name in ("id", "merchantApiId"):
        if not is_uuid(body.get(name)):
            raise Rejected("spectrocoin.missing_field", f"{name} is no UUID")
    return body["id"].lower(), body["merchantApiId"].lower()
