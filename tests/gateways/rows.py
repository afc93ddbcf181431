"""Orders to tell stories with, and a provider that says what the story wants."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from gateways import accounts
from gateways.accounts import Account
from gateways.models import Callback, Gateway, Order, SpectroCoinGateway
from gateways.orders.links import new_pay_token, token_digest
from gateways.providers.base import (
    Credentials,
    Inbound,
    Instructions,
    Notice,
    OrderRequest,
    Rejected,
)
from ledger import ports
from ledger.models import Bill
from ledger.money import Money
from tests.ledger.rows import a_bill, a_gateway

_numbers = count(1)
EUR = Money.parse("15.99", "EUR")
BTC = Money.parse("0.00035512", "BTC")
RINGS = b"ring"


@dataclass
class FakeProvider:
    """Answers from its queues, else as if all were well. A body that starts with RINGS rings."""

    slug: str = "spectrocoin"
    acknowledgement: bytes = b"*ok*"
    opens: deque[Instructions | Exception] = field(default_factory=deque)
    notices: deque[list[Notice] | Exception] = field(default_factory=deque)
    fetches: deque[Notice | Exception | None] = field(default_factory=deque)
    purges: deque[bool | Exception] = field(default_factory=deque)
    purged: list[str] = field(default_factory=list)
    refuses: Rejected | None = None
    asked_for: list[OrderRequest] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    during: dict[str, Callable[[], Any]] = field(default_factory=dict)

    def _meanwhile(self, call: str) -> None:
        if happens := self.during.pop(call, None):
            happens()

    def open(self, request: OrderRequest, credentials: Credentials) -> Instructions:
        self.asked_for.append(request)
        self._meanwhile("open")
        answer = self.opens.popleft() if self.opens else opened(request.reference)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def verify(self, inbound: Inbound, credentials: Credentials) -> None:
        if self.refuses:
            raise self.refuses

    def keepable(self, inbound: Inbound) -> Inbound:
        return inbound

    def is_doorbell(self, inbound: Inbound) -> bool:
        return inbound.body.startswith(RINGS)

    def parse(self, inbound: Inbound) -> list[Notice]:
        self._meanwhile("parse")
        answer = self.notices.popleft() if self.notices else []
        if isinstance(answer, Exception):
            raise answer
        return answer

    def fetch(self, reference: str, credentials: Credentials) -> Notice | None:
        self.fetched.append(reference)
        self._meanwhile("fetch")
        answer = self.fetches.popleft() if self.fetches else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def purge(
        self, order_reference: str, provider_reference: str, credentials: Credentials, now: int
    ) -> bool:
        self.purged.append(provider_reference)
        answer = self.purges.popleft() if self.purges else True
        if isinstance(answer, Exception):
            raise answer
        return answer

    def transaction_id(self, order_reference: str, provider_reference: str) -> str:
        if self.slug == "haveno":
            return provider_reference
        return f"SC-{order_reference}"

    def refresh_keys(self, credentials: Credentials) -> dict[str, str]:
        return {}


def opened(reference: str, **changes: Any) -> Instructions:
    values: dict[str, Any] = {"payment_url": f"https://spectrocoin.com/pay/{reference}"}
    return Instructions(**{**values, **changes})


def an_account(gateway: Gateway | None = None) -> Account:
    return accounts.load(gateway or a_gateway(a_bill().merchant))


def an_order(
    bill: Bill | None = None, *, gateway: SpectroCoinGateway | None = None, **fields: Any
) -> Order:
    """Open, with the payment page known, unless the story says otherwise."""
    bill = bill or a_bill()
    number = next(_numbers)
    nonce = ports.new_token()
    values: dict[str, Any] = {
        "merchant": bill.merchant,
        "gateway": gateway or a_gateway(bill.merchant),
        "bill": bill,
        "reference": f"{bill.reference}-{number:016x}",
        "due_units": bill.due_units,
        "currency": bill.currency,
        "payment_url": f"https://spectrocoin.com/pay/{number}",
        "token_nonce": nonce,
        "token_digest": token_digest(new_pay_token(nonce)),
        "created": ports.system_now(),
    }
    return Order.objects.create(**{**values, **fields})


def a_notice(order: Order, status: str = "paid", **changes: Any) -> Notice:
    """What the provider says of an order; of a paid one, that all of it came."""
    values: dict[str, Any] = {
        "order_reference": order.reference,
        "status": status,
        "provider_status": status.upper(),
        "asked": order.due,
        "payable": BTC,
        "received": BTC if status == "paid" else None,
        "provider_reference": "6e1d2a9c",
    }
    return Notice(**{**values, **changes})


def a_callback(gateway: Gateway, body: bytes = b"", **fields: Any) -> Callback:
    now = ports.system_now()
    values: dict[str, Any] = {
        "merchant": gateway.merchant,
        "gateway": gateway,
        "digest": next(_numbers).to_bytes(32, "big"),
        "body": body,
        "not_before": now,
        "received_at": now,
        "last_seen": now,
    }
    return Callback.objects.create(**{**values, **fields})
