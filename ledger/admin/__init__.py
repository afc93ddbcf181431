"""The ledger in the admin. What all screens share comes first, then one module per screen.

tenant        nobody sees another merchant's rows
showing       chips, times, links and the parts of an object's page
records       machine-made rows: shown, found, never edited
acts          buttons and list actions that go through a service
secrets_form  write-only inputs for secrets
keeping       settings: saved field by field, each change written down
"""

from ledger.admin import audit, billers, bills, deliveries, merchants

__all__ = ["audit", "billers", "bills", "deliveries", "merchants"]
