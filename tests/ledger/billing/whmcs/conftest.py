"""A WHMCS that answers from a script, below the HTTP library; what it was sent is kept."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
import responses
from requests import PreparedRequest

from ledger.billing.base import BillRef
from ledger.billing.whmcs import Whmcs
from ledger.money import Money

ROOT = "https://billing.example/whmcs"
ENDPOINT = f"{ROOT}/includes/api.php"

# Recognisable anywhere they must not turn up. The access key uses every character WHMCS allows.
IDENTIFIER = "CANARYidentifier0123456789abcdef"
SECRET = "CANARYsecret0123456789abcdefABCD"
ACCESS_KEY = "CANARY-key_!@#$%.()*[]"

INVOICE = BillRef("invoice", "7", "5", "spectrocoin")
TOP_UP = BillRef("credit", "top-up-1", "5", "vodafoncash")
CREDIT = Money.parse("15.99", "EUR")
AT = datetime(2026, 1, 31, 23, 59, 1, tzinfo=ZoneInfo("Africa/Cairo"))


class Wire:
    def __init__(self, mock: responses.RequestsMock) -> None:
        self._mock = mock

    def answers(self, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Queue one answer; the last one queued goes on answering. An exception is raised."""
        if not isinstance(body, (str, bytes, Exception)):
            body = json.dumps(body)
        self._mock.post(
            ENDPOINT, body=body, status=status, headers=headers, auto_calculate_content_length=True
        )

    @property
    def requests(self) -> list[PreparedRequest]:
        return [call.request for call in self._mock.calls]

    @property
    def forms(self) -> list[dict[str, str]]:
        """What was sent, in order, without the four members that every call carries."""
        everywhere = ("identifier", "secret", "accesskey", "responsetype")
        forms = [dict(parse_qsl(body_of(request))) for request in self.requests]
        return [{k: v for k, v in form.items() if k not in everywhere} for form in forms]


def body_of(request: PreparedRequest) -> str:
    body = request.body
    return body.decode() if isinstance(body, bytes) else str(body)


@pytest.fixture
def wire() -> Iterator[Wire]:
    with responses.RequestsMock(
        registry=responses.registries.FirstMatchRegistry, assert_all_requests_are_fired=False
    ) as mock:
        yield Wire(mock)


@pytest.fixture
def whmcs() -> Whmcs:
    return Whmcs(ROOT, IDENTIFIER, SECRET, ACCESS_KEY)


def error(message: str, key: str = "result") -> dict[str, str]:
    return {key: "error", "message": message}


def transaction(**changed: Any) -> dict[str, Any]:
    return {
        "id": "42",
        "userid": "5",
        "currency": "0",
        "gateway": "spectrocoin",
        "date": "2026-01-31 23:59:01",
        "description": "Invoice Payment",
        "amountin": "15.99",
        "fees": "0.00",
        "amountout": "0.00",
        "rate": "1.00000",
        "transid": "SC-1",
        "invoiceid": "7",
        "refundid": "0",
        **changed,
    }


def transactions(*rows: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "result": "success",
        "totalresults": len(rows),
        "startnumber": 0,
        "numreturned": len(rows),
        "transactions": {"transaction": list(rows)},
        **changed,
    }


def credits(*rows: dict[str, Any]) -> dict[str, Any]:
    return {
        "result": "success",
        "totalresults": len(rows),
        "clientid": "5",
        "credits": {"credit": list(rows)},
    }


def credit_row(description: str | None, amount: str = "15.99", id: str = "3") -> dict[str, Any]:
    return {
        "id": id, "date": "2026-01-31", "description": description, "amount": amount, "relid": "0",
    }  # fmt: skip


def invoice(**changed: Any) -> dict[str, Any]:
    return {
        "result": "success",
        "invoiceid": "7",
        "invoicenum": "",
        "userid": "5",
        "date": "2026-01-01",
        "duedate": "2026-01-15",
        "datepaid": "0000-00-00 00:00:00",
        "subtotal": "15.99",
        "credit": "0.00",
        "tax": "0.00",
        "tax2": "0.00",
        "total": "15.99",
        "balance": "15.99",
        "taxrate": "0.000",
        "status": "Unpaid",
        "paymentmethod": "spectrocoin",
        "notes": "",
        "ccgateway": False,
        "items": {"item": [{"id": "9", "type": "", "relid": "0", "amount": "15.99", "taxed": "0"}]},
        "transactions": "",
        **changed,
    }


def client(**changed: Any) -> dict[str, Any]:
    nested = {"id": 5, "userid": 5, "currency": 1, "currency_code": "EUR", "credit": "0.00"}
    return {"result": "success", "client": {**nested, **changed}}
