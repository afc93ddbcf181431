"""Money arriving: provider accounts, tries to pay, and the messages that came."""

from gateways.models.callbacks import Callback
from gateways.models.gateways import (
    DEFAULT_RECEIVE_CURRENCIES,
    Gateway,
    HavenoGateway,
    SpectroCoinGateway,
)
from gateways.models.orders import Order, OrderEvent

__all__ = [
    "DEFAULT_RECEIVE_CURRENCIES",
    "Callback",
    "Gateway",
    "HavenoGateway",
    "Order",
    "OrderEvent",
    "SpectroCoinGateway",
]
