"""WHMCS as a biller: its API over HTTPS, read strictly, told once.

api      one call and what came of it; the root URL
faults   what WHMCS's error messages mean, and the way out of each
answers  the shapes in which WHMCS sends rows, ids and amounts
hits     which rows carry our reference, and whether they are what we booked
biller   the Biller itself: read a bill, look for a reference, book, leave notes
check    the lines of a connection test

Written after https://developers.whmcs.com/api/ (8.13 and 9.0, January 2026).
"""

from ledger.billing.whmcs.api import clean_root
from ledger.billing.whmcs.biller import Whmcs

__all__ = ["Whmcs", "clean_root"]
