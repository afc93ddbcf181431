"""Wallet and bank messages: `read` one, and know why not."""

from gateways.wallet.sms.checks import OLDEST, is_recent
from gateways.wallet.sms.codes import is_otp, mask
from gateways.wallet.sms.dates import CAIRO, cairo_time
from gateways.wallet.sms.reading import Receipt, Unread, read
from gateways.wallet.sms.refusals import REASONS
from gateways.wallet.sms.senders import SENDERS, wallets_of
from gateways.wallet.sms.wording import LONGEST, normalise, text_fingerprint

__all__ = [
    "CAIRO",
    "LONGEST",
    "OLDEST",
    "REASONS",
    "SENDERS",
    "Receipt",
    "Unread",
    "cairo_time",
    "is_otp",
    "is_recent",
    "mask",
    "normalise",
    "read",
    "text_fingerprint",
    "wallets_of",
]
