"""Gateways in the admin: provider accounts, orders and callbacks."""

from gateways.admin import callbacks, orders, spectrocoin

__all__ = ["callbacks", "orders", "spectrocoin"]
