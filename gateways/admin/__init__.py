"""Gateways in the admin: provider accounts, orders and callbacks."""

from gateways.admin import callbacks, haveno, orders, spectrocoin

__all__ = ["callbacks", "haveno", "orders", "spectrocoin"]
