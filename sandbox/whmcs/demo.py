"""What a first start finds: two clients and their unpaid invoices, one each for HavenoPay."""

import sqlite3
from decimal import Decimal

from sandbox.whmcs import accounts


def create(db: sqlite3.Connection) -> None:
    ada = accounts.add_client(db, ("Ada", "Byron"), "ada@example.com", "EUR", Decimal(0), "english")
    grace = accounts.add_client(
        db, ("Grace", "Hopper"), "grace@example.com", "USD", Decimal(0), "english"
    )
    for client, text in ((ada, "Dedicated server, one month"), (grace, "Backup space, one month")):
        accounts.add_invoice(db, client, Decimal("28.50"), text, "Unpaid", "havenopay")
    for amount, text in (
        ("15.99", "Web hosting, one month"),
        ("49.90", "Virtual server, one month"),
        ("120.00", "Domain transfer and support"),
    ):
        accounts.add_invoice(db, ada, Decimal(amount), text, "Unpaid")
    accounts.add_invoice(db, grace, Decimal("25.00"), "Web hosting, one month", "Unpaid")
