"""A store for wallet transfers, its phone, and receipts that came to it."""

from itertools import count
from typing import Any

from gateways.models import Callback, Phone, Receipt, VodafoneCashGateway, Wallet
from ledger import ports
from ledger.models import Merchant
from ledger.money import Money
from tests.gateways.rows import a_callback

_numbers = count(1)
STORE_KEY = "store-key-of-37-letters-and-more-0123"
WALLET = "01000000101"
PAYER = "01012345678"


def a_store(merchant: Merchant, **fields: Any) -> VodafoneCashGateway:
    """Sells in dollars at 50 pounds, and has one wallet on one phone."""
    values: dict[str, Any] = {
        "merchant": merchant,
        "name": "VodafoneCash",
        "enabled": True,
        "store_currency": "USD",
        "rate": "50.00",
    }
    store = VodafoneCashGateway(**{**values, **fields})
    store.seal("store_key", STORE_KEY)
    store.save()
    phone = Phone.objects.create(merchant=merchant, gateway=store, name="Counter")
    Wallet.objects.create(merchant=merchant, gateway=store, phone=phone, number=WALLET)
    return store


def a_receipt(store: VodafoneCashGateway, amount: str = "100.00", **fields: Any) -> Receipt:
    """Read, trusted and waiting for its claim."""
    number, now = next(_numbers), ports.system_now()
    units = Money.parse(amount, "EGP").units
    callback: Callback = a_callback(store)
    values: dict[str, Any] = {
        "merchant": store.merchant,
        "gateway": store,
        "phone": store.phones.get(),
        "callback": callback,
        "wallet": store.wallets.get(),
        "sender_id": "VF-Cash",
        "text": f"receipt {number}",
        "fingerprint": f"{number:064x}",
        "wallet_kind": "vodafone_cash",
        "amount_units": units,
        "left_units": units,
        "payer_phone": PAYER,
        "transaction_id": f"{number:012d}",
        "trusted": True,
        "sent_at": now,
        "received_at": now,
    }
    return Receipt.objects.create(**{**values, **fields})
