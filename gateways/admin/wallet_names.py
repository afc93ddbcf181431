"""What wallets, phones and payers are called on the screens."""

from datetime import datetime, timedelta

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.models import Claim, Phone, Receipt, Wallet
from gateways.wallet.sms import SENDERS
from ledger.admin.showing import BAD, BUSY, GOOD, QUIET, WARN, Chip, visible

_NAMES = {
    "vodafone_cash": "Vodafone Cash",
    "e_money": "e& money",
    "orange_cash": "Orange Cash",
    "we_pay": "WE Pay",
    "instapay": "InstaPay",
    "bank": _("bank account"),
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
    Receipt.Status.NEW: _("waiting"),
    Receipt.Status.MATCHED: _("matched"),
    Receipt.Status.REVIEW: _("review"),
    Receipt.Status.UNREAD: _("unread"),
    Receipt.Status.DISMISSED: _("dismissed"),
}
MASKED_FROM, MASKED_TO = 3, -3


def receipt_chip(receipt: Receipt) -> Chip:
    status = Receipt.Status(receipt.status)
    return Chip(RECEIPT_WORDS[status], RECEIPT_TONES[status])


def claim_chip(claim: Claim) -> Chip:
    return Chip(claim.get_status_display(), CLAIM_TONES[Claim.Status(claim.status)])


def kind_name(kind: str) -> str:
    return str(KINDS.get(kind, kind))


def receipt_name(receipt: Receipt) -> str:
    if receipt.amount_units is None:
        return gettext("unread message from {sender}").format(sender=visible(receipt.sender_id))
    phone = f"…{receipt.payer_phone[-4:]}" if receipt.payer_phone else ""
    payer = phone or visible(receipt.payer_name or receipt.sender_id)
    return gettext("{amount} from {payer}").format(amount=receipt.amount, payer=payer)


def claim_name(claim: Claim) -> str:
    payer = visible(claim.phone or claim.name or claim.reference)
    return gettext("{amount} from {payer}").format(amount=claim.amount, payer=payer)


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
        return Chip(gettext("off"), QUIET)
    if phone.last_seen is None:
        return Chip(gettext("never seen"), BAD if is_silent(phone, now) else WARN)
    return Chip(gettext("silent"), BAD) if is_silent(phone, now) else Chip(gettext("alive"), GOOD)
