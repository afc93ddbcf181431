"""Money booked and told: whose it is, what was owed, what came, what WHMCS must hear."""

from ledger.models.bookings import CURRENCY_LENGTH, Bill, Immutable, Payment
from ledger.models.deliveries import Attempt, Delivery
from ledger.models.records import AuditEvent, Lane
from ledger.models.tenants import Biller, Merchant

__all__ = [
    "CURRENCY_LENGTH",
    "Attempt",
    "AuditEvent",
    "Bill",
    "Biller",
    "Delivery",
    "Immutable",
    "Lane",
    "Merchant",
    "Payment",
]
