"""What payers read: the state of their payment, the coins and the price, in their language."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class State(StrEnum):
    """Where a payment stands, as its payer sees it."""

    PREPARING = "preparing"
    NOT_OPENED = "not_opened"
    WAITING = "waiting"
    LOOKING = "looking"
    ON_ITS_WAY = "on_its_way"
    SEEN = "seen"
    CONFIRMING = "confirming"
    PARTIAL = "partial"
    SHORT = "short"
    PAID = "paid"
    PART_PAID = "part_paid"
    SETTLED = "settled"
    EXPIRED = "expired"
    LATE = "late"
    HELD = "held"
    REVIEW = "review"
    FAILED = "failed"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Words:
    """A state in a few words, and how it looks: calm, good or warn."""

    title: Text
    text: Text
    icon: str
    tone: str = "calm"


WORDS: Mapping[State, Words] = {
    State.PREPARING: Words(
        _("One moment"),
        _("We are preparing your payment. This page continues by itself."),
        "clock",
    ),
    State.NOT_OPENED: Words(
        _("The payment could not be started"),
        _("Nothing was charged. Please try again in a minute, or go back to the invoice."),
        "stop",
        "warn",
    ),
    State.WAITING: Words(
        _("Waiting for your payment"),
        _("Scan the code with your wallet, or copy the amount and the address into it."),
        "clock",
    ),
    State.LOOKING: Words(
        _("We are looking for your transfer"),
        _(
            "The wallet's message can take a few minutes. This page follows by itself; please do "
            "not send the money again."
        ),
        "search",
    ),
    State.ON_ITS_WAY: Words(
        _("Your transfer is being confirmed"),
        _("You do not need to send the money again. This page follows by itself."),
        "eye",
        "good",
    ),
    State.SEEN: Words(
        _("Your payment was seen"),
        _("It is being confirmed. You do not need to pay again."),
        "eye",
        "good",
    ),
    State.CONFIRMING: Words(
        _("Your payment is being confirmed"),
        _(
            "You do not need to pay again. You may close this page; the invoice is updated by itself."
        ),
        "blocks",
        "good",
    ),
    State.PARTIAL: Words(
        _("A part is still missing"),
        _("Please send the rest to the same address. What you have sent is kept."),
        "part",
        "warn",
    ),
    State.SHORT: Words(
        _("The time ran out before all of it came"),
        _("Please send nothing more. A person will look at your payment; it is not lost."),
        "person",
        "warn",
    ),
    State.PAID: Words(
        _("Paid. Thank you."), _("The invoice shows it in a moment."), "check", "good"
    ),
    State.PART_PAID: Words(
        _("A part of the invoice is paid"),
        _("Your payment was counted, but it did not cover the whole invoice."),
        "part",
        "warn",
    ),
    State.SETTLED: Words(
        _("This invoice is paid"), _("There is nothing left to pay. Thank you."), "check", "good"
    ),
    State.EXPIRED: Words(
        _("The time for this payment ran out"),
        _("The price is no longer held. Get a fresh price before you pay."),
        "clock",
        "warn",
    ),
    State.LATE: Words(
        _("Your payment came late"),
        _(
            "It came after the time ran out, so a person will look at it. It is not lost, and you "
            "do not need to pay again."
        ),
        "person",
        "warn",
    ),
    State.HELD: Words(
        _("Your payment has arrived"),
        _("The merchant looks at it before it is added to the invoice. You need to do nothing."),
        "person",
        "good",
    ),
    State.REVIEW: Words(
        _("A person will look at your payment"),
        _("We received something that does not quite fit. You do not need to do anything."),
        "person",
        "warn",
    ),
    State.FAILED: Words(
        _("This payment was not completed"),
        _("If you have sent money, please contact the merchant and name the offer below."),
        "stop",
        "warn",
    ),
    State.REFUNDED: Words(
        _("The payment was returned"),
        _("Please contact the merchant if this surprises you."),
        "back",
    ),
}

BANK_TEXT = _("Send a bank transfer with exactly this amount, account and reference.")

# What is different for a transfer from wallet to wallet.
WALLET_TEXTS: Mapping[State, Text] = {
    State.EXPIRED: _(
        "The price is no longer held. Get a fresh price, even if you have sent the money already: "
        "enter your number there, and we look for it."
    ),
    State.FAILED: _("If you have sent money, please contact the merchant and name the invoice."),
}
ASK_AGAIN = _(
    "It was not found yet. The wallet's message can take a few minutes: look again then. Please "
    "do not send the money again."
)
NOT_FOUND_IN_TIME = _(
    "We did not find your transfer in time. If you have sent the money, please do not send it "
    "again: when its message comes, a person adds it. Else get a fresh price."
)

# How the pounds were reckoned, and why piastres matter.
ROUNDED = _("Rounded up to whole pounds.")
ROUNDED_AND_MARKED = _(
    "Rounded up to whole pounds, with piastres on top that mark your transfer: send them as well."
)
MARKED = _("The piastres on top mark your transfer: send them as well.")
EXACT = _("Send the piastres as well: only the exact amount is found.")

# What can be wrong with a claim.
NO_NUMBER = _("Enter the number that you send from, or the transaction reference.")
WRONG_NUMBER = _("Enter the number that you send from: eleven digits that begin with 01.")
OUR_NUMBER = _("This is the number that you send to. Enter the one that you send from.")
TOO_MANY = _("These were many tries. Please wait ten minutes and try again; nothing is lost.")
CANNOT_LOOK = _("We cannot look right now. Please try again in a few minutes; nothing is lost.")

COINS: Mapping[str, Text] = {
    "XMR": _("Monero"),
    "BTC": _("Bitcoin"),
    "USDT": _("Tether"),
    "USD_BANK": _("Bank transfer"),
    "EGP": _("Wallet transfer"),
}

# A coin sent over the wrong network is lost, so it is said beside the address.
ETHEREUM, TRON = _("On Ethereum (ERC-20) only"), _("On Tron (TRC-20) only")

_SOURCES: Mapping[str, Text] = {
    "relay": _("The merchant's payment relay"),
    "web": _("A public price service"),
    "fixed rate": _("The merchant's fixed rate"),
    "store rate": _("The merchant's fixed rate"),
}


def source_words(rate_source: str) -> tuple[Text, bool]:
    """Who named the price, and whether another source agreed; "relay, agreed with web" is both."""
    first, _comma, agreed = rate_source.partition(", ")
    return _SOURCES.get(first, first), bool(agreed)
