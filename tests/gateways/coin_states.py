"""One order in every state that a payer can see, as rows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from gateways.models import HavenoGateway, Order
from gateways.pay.words import State
from gateways.receipts.joining import ANTI_SPAM
from ledger import ports
from ledger.models import Bill, Biller
from tests.gateways.coin_rows import (
    ASKED,
    TRC20_ADDRESS,
    a_claim,
    a_coin_order,
    a_wallet_order,
    units,
)
from tests.ledger.rows import a_bill, a_biller, a_gateway, a_merchant, a_payment

NOW = ports.system_now
Make = Callable[..., Order]


def _paid(credit: str, **fields: Any) -> Order:
    bill = fields.pop("bill")
    payment = a_payment(bill, credit)
    bill.refresh_from_db()
    return a_coin_order(bill, status="paid", payment=payment, **_came(confirmations=10), **fields)


def _came(part: str = "1", *, of: str = "XMR", confirmations: int | None = None) -> dict[str, Any]:
    """What came: all of it ("1"), or the amount given."""
    amount = units(ASKED[of] if part == "1" else part, of)
    return {
        "received_units": amount,
        "confirmed_units": amount if confirmations and confirmations >= 10 else 0,
        "confirmations": confirmations,
        "first_seen": NOW() - timedelta(minutes=5),
    }


def _settled_elsewhere(bill: Bill, **fields: Any) -> Order:
    a_payment(bill, "15.99")
    bill.refresh_from_db()
    return a_coin_order(bill, **fields)


LATE = {"first_seen": NOW() - timedelta(minutes=1), "ends_in": -30}
# Each is given the bill and the language; a name may stand for a state shown in another currency.
STATES: dict[str, tuple[State, Make]] = {
    "preparing": (
        State.PREPARING,
        lambda **f: a_coin_order(
            **f, pay_to="", provider_reference="", opening_until=NOW() + timedelta(hours=1)
        ),
    ),
    "not-opened": (
        State.NOT_OPENED,
        lambda **f: a_coin_order(**f, pay_to="", provider_reference="", open_error="canary-error"),
    ),
    "waiting": (State.WAITING, lambda **f: a_coin_order(**f, document='{"signature":""}')),
    "waiting-btc": (State.WAITING, lambda **f: a_coin_order(**f, coin="BTC")),
    "waiting-erc20": (State.WAITING, lambda **f: a_coin_order(**f, coin="USDT")),
    "waiting-trc20": (
        State.WAITING,
        lambda **f: a_coin_order(**f, coin="USDT", pay_to=TRC20_ADDRESS),
    ),
    "waiting-bank": (State.WAITING, lambda **f: a_coin_order(**f, coin="USD_BANK")),
    "seen": (
        State.SEEN,
        lambda **f: a_coin_order(**f, status="pending", **_came(confirmations=0)),
    ),
    "confirming": (
        State.CONFIRMING,
        lambda **f: a_coin_order(**f, status="pending", **_came(confirmations=3)),
    ),
    "partial": (
        State.PARTIAL,
        lambda **f: a_coin_order(**f, status="pending", **_came("0.1", confirmations=2)),
    ),
    "short": (
        State.SHORT,
        lambda **f: a_coin_order(
            **f, status="pending", ends_in=-1, **_came("0.1", confirmations=2)
        ),
    ),
    "paid": (State.PAID, lambda **f: _paid("15.99", **f)),
    "part-paid": (State.PART_PAID, lambda **f: _paid("14.90", **f)),
    "settled": (State.SETTLED, lambda **f: _settled_elsewhere(**f)),
    "expired": (State.EXPIRED, lambda **f: a_coin_order(**f, status="expired", ends_in=-30)),
    "late": (
        State.LATE,
        lambda **f: a_coin_order(**f, status="expired", **{**_came(confirmations=1), **LATE}),
    ),
    "held": (
        State.HELD,
        lambda **f: a_coin_order(**f, status="review", **_came(confirmations=12)),
    ),
    "review": (
        State.REVIEW,
        lambda **f: a_coin_order(**f, status="review", **_came("0.1", confirmations=12)),
    ),
    "failed": (State.FAILED, lambda **f: a_coin_order(**f, status="failed")),
    "refunded": (State.REFUNDED, lambda **f: a_coin_order(**f, status="refunded", **_came())),
}


def _claimed(**fields: Any) -> Order:
    phone, status = fields.pop("phone", "01012345678"), fields.pop("claim", "open")
    order = a_wallet_order(**fields)
    a_claim(order, phone, status=status)
    return order


def _transferred(bill: Bill, **fields: Any) -> Order:
    payment = a_payment(bill, "16.00")
    bill.refresh_from_db()
    return a_wallet_order(bill, status="paid", payment=payment, **_SENT, **fields)


_SENT: dict[str, Any] = {"received_units": 80000, "confirmed_units": 80000, "first_seen": NOW()}
# The same for transfers from wallet to wallet.
TRANSFERS: dict[str, tuple[State, Make]] = {
    "wallet-waiting": (State.WAITING, lambda **f: a_wallet_order(**f)),
    "wallet-marked": (State.WAITING, lambda **f: a_wallet_order(**f, asked="800.37")),
    "wallet-looking": (State.LOOKING, lambda **f: _claimed(**f)),
    "wallet-on-its-way": (State.ON_ITS_WAY, lambda **f: _claimed(**f, status="pending")),
    "wallet-hold": (
        State.HELD,
        lambda **f: _claimed(
            **f, **_SENT, claim="held", status="review", attention=f"{ANTI_SPAM} canary-attention"
        ),
    ),
    "wallet-review": (
        State.REVIEW,
        lambda **f: _claimed(
            **f, **_SENT, claim="held", status="review", attention="canary-attention"
        ),
    ),
    "wallet-paid": (State.PAID, lambda **f: _transferred(**f)),
    "wallet-just-over": (State.EXPIRED, lambda **f: a_wallet_order(**f, ends_in=-5)),
    "wallet-expired": (
        State.EXPIRED,
        lambda **f: a_wallet_order(**f, status="expired", ends_in=-30),
    ),
    "wallet-not-found": (
        State.EXPIRED,
        lambda **f: _claimed(**f, claim="expired", status="expired", ends_in=-30),
    ),
}


def a_transfer_in(name: str, biller: Biller | None = None, **fields: Any) -> Order:
    bill = a_bill(biller or a_biller(), number="2026-0043")
    return TRANSFERS[name][1](bill=bill, **fields)


def an_order_in(name: str, biller: Biller | None = None, **fields: Any) -> Order:
    bill = a_bill(biller or a_biller(), number="2026-0043")
    a_gateway(bill.merchant)
    order = STATES[name][1](bill=bill, **fields)
    if name == "held":
        HavenoGateway.objects.filter(pk=order.gateway_id).update(auto_confirm=False)
    return order


def a_shop(name: str = "Northwind Hosting") -> Biller:
    return a_biller(a_merchant(name))
