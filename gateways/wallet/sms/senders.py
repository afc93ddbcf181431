"""Which sender ids may speak for which wallet.

Exact ids after folding ASCII case. Anything else, and every subscriber's number, may say what it
likes: it is read, shown to a person, and never matched by itself.
"""

from gateways.wallet.sms.wording import ascii_fold

BANKS = ("instapay", "bank")
# As seen on received messages. WEPay comes from an app's list; no captured message confirms it.
SENDERS: dict[str, tuple[str, ...]] = {
    "VF-Cash": ("vodafone_cash",),
    "e& money": ("e_money",),
    "Etisalat": ("e_money",),
    "Orange Cash": ("orange_cash",),
    "OrangeCash": ("orange_cash",),
    "اورنج كاش": ("orange_cash",),
    "WEPay": ("we_pay",),
    "BanK-AlAhly": BANKS,
    "CIB": BANKS,
    "Mashreq-EGY": BANKS,
    "Mashreq NEO": BANKS,
    "QNB EGYPT": BANKS,
    "InstaPay": BANKS,
    # The hotlines of the banks, which send under their own short number.
    **dict.fromkeys("19623 19888 19666 19700 19123".split(), BANKS),
}
_FOLDED = {ascii_fold(sender): wallets for sender, wallets in SENDERS.items()}


def wallets_of(sender: str) -> tuple[str, ...]:
    """The wallets that this sender id speaks for; empty for a stranger."""
    return _FOLDED.get(ascii_fold(sender), ())
