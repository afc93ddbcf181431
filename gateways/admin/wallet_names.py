"""What wallets, phones and payers are called on the screens."""

from datetime import datetime, timedelta

from gateways.models import Claim, Phone, Receipt, Wallet
from gateways.wallet.sms import SENDERS
from ledger.admin.showing import BAD, BUSY, GOOD, QUIET, WARN, Chip, visible

_NAMES = {
    "vodafone_cash": "Vodafone Cash",
    "e_money": "e& money",
    "orange_cash": "Orange Cash",
    "we_pay": "WE Pay",
    "instapay": "InstaPay",
    "bank": "bank account",
}
KINDS = {
    kind: _NAMES.get(kind, kind)
    for kind in dict.fromkeys(kind for kinds in SENDERS.values() for kind in kinds)
}
RECEIPT_TONES = {
    Receipt.Status.NEW: BUSY,
    Receipt.Status.MATCHED: GOOD,
    Receipt.Status.REVIEW: BAD,
    Receipt.Status.UNREAD: BAD,
    Receipt.Status.DISMISSED: QUIET,
}
CLAIM_TONES = {
    Claim.Status.OPEN: BUSY,
    Claim.Status.MATCHED: GOOD,
    Claim.Status.HELD: BAD,
    Claim.Status.FAILED: QUIET,
    Claim.Status.EXPIRED: QUIET,
}
# One word each, so that a list of them stays narrow.
RECEIPT_WORDS = {
    Receipt.Status.NEW: "waiting",
    Receipt.Status.MATCHED: "matched",
    Receipt.Status.REVIEW: "review",
    Receipt.Status.UNREAD: "unread",
    Receipt.Status.DISMISSED: "dismissed",
}
MASKED_FROM, MASKED_TO = 3, -3


def receipt_chip(receipt: Receipt) -> Chip:
    status = Receipt.Status(receipt.status)
    return Chip(RECEIPT_WORDS[status], RECEIPT_TONES[status])


def claim_chip(claim: Claim) -> Chip:
    return Chip(claim.get_status_display(), CLAIM_TONES[Claim.Status(claim.status)])


def kind_name(kind: str) -> str:
    return KINDS.get(kind, kind)


def wallet_name(wallet: Wallet) -> str:
    return f"{visible(wallet.number)} ({kind_name(wallet.kind)})"


def masked(phone: str) -> str:
    """A payer's number for lists: 010•••••678."""
    if len(phone) <= MASKED_FROM - MASKED_TO:
        return phone
    hidden = "•" * (len(phone) - MASKED_FROM + MASKED_TO)
    return f"{phone[:MASKED_FROM]}{hidden}{phone[MASKED_TO:]}"


def is_silent(phone: Phone, now: datetime) -> bool:
    """Whether its alert is due: no sign of life for as long as the store allows."""
    since = phone.last_seen or phone.created
    return phone.active and since < now - timedelta(minutes=phone.gateway.silent_minutes)


def phone_chip(phone: Phone, now: datetime) -> Chip:
    if not phone.active:
        return Chip("off", QUIET)
    if phone.last_seen is None:
        return Chip("never seen", BAD if is_silent(phone, now) else WARN)
    return Chip("silent", BAD) if is_silent(phone, now) else Chip("alive", GOOD)
