"""Orders that we quoted, for stories about the payer's page."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from gateways.models import EGP, Claim, HavenoGateway, Order, VodafoneCashGateway
from gateways.orders.links import new_pay_token, token_digest
from gateways.providers.base import Credentials, Instructions, OrderRequest
from gateways.providers.haveno.keys import new_merchant_key, public_half
from ledger import ports
from ledger.models import Bill, Merchant
from ledger.money import Money
from tests.gateways.rows import FakeProvider
from tests.gateways.wallet_rows import PAYER, WALLET, a_store
from tests.ledger.rows import a_bill

_numbers = count(1)
XMR_ADDRESS = "8" + "4Ab7kQ9mTzRw2pXe"[:16] * 5 + "4Ab7kQ9mTzRw2p"
ERC20_ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"
TRC20_ADDRESS = "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"
BTC_ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
BANK_ACCOUNT = "Example Bank, account 000123456789, routing 021000021"
PAY_TO = {
    "XMR": XMR_ADDRESS,
    "BTC": BTC_ADDRESS,
    "USDT": ERC20_ADDRESS,
    "USD_BANK": BANK_ACCOUNT,
}
ASKED = {"XMR": "0.14026315789", "BTC": "0.00031", "USDT": "17.25", "USD_BANK": "17.20"}
RATES = {"XMR": "114.00", "BTC": "51580.64", "USDT": "0.92", "USD_BANK": "0.93"}
FIXED_RATES = "XMR EUR 114.00\nBTC EUR 51580.64\nUSDT EUR 0.92\nUSD_BANK EUR 0.93"


@dataclass
class FakeRelay(FakeProvider):
    """Opens every offer, unless the story says otherwise."""

    slug: str = "haveno"
    method: str = "havenopay"

    def open(self, request: OrderRequest, credentials: Credentials) -> Instructions:
        if not self.opens:
            assert request.pay
            self.opens.append(
                Instructions(
                    provider_reference=f"HAV-OFF-{next(_numbers):06d}",
                    pay_to=fresh_address(request.pay.currency),
                    valid_until=request.expires_at,
                    confirmations=10,
                )
            )
        return super().open(request, credentials)


def a_haveno_gateway(merchant: Merchant, **fields: Any) -> HavenoGateway:
    """Takes every currency at fixed rates, unless the story says otherwise."""
    if existing := HavenoGateway.objects.filter(merchant=merchant).first():
        return existing
    key = new_merchant_key()
    values: dict[str, Any] = {
        "merchant": merchant,
        "name": "Haveno",
        "enabled": True,
        "accepted_currencies": "XMR,USD_BANK,USDT,BTC",
        "relay_url": "https://relay.example.com",
        "relay_keys": public_half(new_merchant_key()),
        "node_address": f"{'a' * 56}.onion:9999",
        "merchant_public_key": public_half(key),
        "price_source": "fixed",
        "fixed_rates": FIXED_RATES,
    }
    gateway = HavenoGateway(**{**values, **fields})
    gateway.seal("merchant_key", key)
    gateway.save()
    return gateway


def a_coin_order(
    bill: Bill | None = None, *, coin: str = "XMR", ends_in: float = 40, **fields: Any
) -> Order:
    """Open at the relay and waiting for its coins; `ends_in` are minutes from now."""
    bill = bill or a_bill()
    number, nonce, now = next(_numbers), ports.new_token(), ports.system_now()
    values: dict[str, Any] = {
        "merchant": bill.merchant,
        "gateway": fields.get("gateway") or a_haveno_gateway(bill.merchant),
        "bill": bill,
        "reference": f"{bill.reference}-{number:016x}",
        "provider_reference": f"HAV-OFF-{number:06d}",
        "due_units": bill.due_units,
        "currency": bill.currency,
        "pay_currency": coin,
        "received_currency": coin,
        "payable_units": units(ASKED[coin], coin),
        "rate": RATES[coin],
        "rate_source": "relay",
        "priced_at": now - timedelta(minutes=21),
        "pay_to": fresh_address(coin),
        "confirmations_required": 10,
        "valid_until": now + timedelta(minutes=ends_in),
        "token_nonce": nonce,
        "token_digest": token_digest(new_pay_token(nonce)),
        "created": now - timedelta(minutes=20),
    }
    return Order.objects.create(**{**values, **fields})


def a_wallet_order(
    bill: Bill | None = None, *, asked: str = "800.00", ends_in: float = 40, **fields: Any
) -> Order:
    """Waiting for its transfer: 15.99 EUR at 50 pounds; `ends_in` are minutes from now."""
    bill = bill or a_bill()
    merchant = bill.merchant
    store = VodafoneCashGateway.objects.filter(merchant=merchant).first()
    values: dict[str, Any] = {
        "gateway": store or a_store(merchant, store_currency="EUR"),
        "provider_reference": "",
        "payable_units": units(asked, EGP),
        "pay_currency": EGP,
        "received_currency": EGP,
        "rate": "50.00",
        "rate_source": "store rate",
        "pay_to": WALLET,
        "confirmations_required": 0,
        "ends_in": ends_in,
    }
    return a_coin_order(bill, **{**values, **fields})


def a_claim(order: Order, phone: str = PAYER, **fields: Any) -> Claim:
    """The payer said on the page to have sent it."""
    values: dict[str, Any] = {
        "merchant": order.merchant,
        "gateway_id": order.gateway_id,
        "order": order,
        "source": Claim.Source.PAGE,
        "phone": phone,
        "amount_units": order.asked.units,
        "client": order.bill.client,
        "expires": order.valid_until,
    }
    return Claim.objects.create(**{**values, **fields})


def fresh_address(coin: str) -> str:
    """The well-known one, as long as no order has it."""
    if coin == "USD_BANK" or not Order.objects.filter(pay_to=PAY_TO[coin]).exists():
        return PAY_TO[coin]
    tail = str(next(_numbers)).replace("0", "x")
    return PAY_TO[coin][: -len(tail)] + tail


def units(amount: str, coin: str = "XMR") -> int:
    return Money.parse(amount, coin).units
