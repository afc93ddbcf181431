"""Money arriving: provider accounts, tries to pay, and the messages that came."""

from gateways.models.callbacks import Callback
from gateways.models.gateways import (
    DEFAULT_RECEIVE_CURRENCIES,
    Gateway,
    HavenoGateway,
    SpectroCoinGateway,
)
from gateways.models.orders import Order, OrderEvent
from gateways.models.wallets import (
    EGP,
    Balance,
    Claim,
    Phone,
    Receipt,
    VodafoneCashGateway,
    Wallet,
)

__all__ = [
    "DEFAULT_RECEIVE_CURRENCIES",
    "EGP",
    "Balance",
    "Callback",
    "Claim",
    "Gateway",
    "HavenoGateway",
    "Order",
    "OrderEvent",
    "Phone",
    "Receipt",
    "SpectroCoinGateway",
    "VodafoneCashGateway",
    "Wallet",
]
