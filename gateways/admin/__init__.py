"""Gateways in the admin: provider accounts, phones, receipts, orders and callbacks."""

from gateways.admin import (
    callbacks,
    claims,
    haveno,
    orders,
    phones,
    receipts,
    spectrocoin,
    vodafonecash,
)

__all__ = [
    "callbacks",
    "claims",
    "haveno",
    "orders",
    "phones",
    "receipts",
    "spectrocoin",
    "vodafonecash",
]
