"""SpectroCoin's statuses and orders in the ledger's words.

Numbers come in form callbacks, words from the current API. The table is the one in the vendor's
WHMCS, WooCommerce, PrestaShop, OpenCart, Magento 2 and Drupal plugins of August 2026; test
projects may also send plain PAID and EXPIRED (WooCommerce plugin, changelog 1.5.1).
"""

from dataclasses import dataclass

from gateways.providers.base import Notice
from gateways.providers.spectrocoin.asking import plain
from gateways.providers.spectrocoin.wire import canonical_amount
from ledger.money import Money


@dataclass(frozen=True, slots=True)
class State:
    status: str
    note: str = ""
    advice: str = ""


_ACCEPT = (
    "Decide in SpectroCoin's order history: accept the payment there and PAID arrives here by "
    "itself, or refund it there. Do not book it by hand as well."
)
_WAIT_REFUND = "Nothing to book: SpectroCoin's order history shows when the refund is done."
_STATES = {
    (1, "NEW"): State("new"),
    (2, "PENDING"): State("pending", "the coins are seen and being confirmed"),
    (3, "PAID"): State("paid"),
    (4, "FAILED"): State("failed", "SpectroCoin could not complete the payment"),
    (5, "EXPIRED"): State("expired", "the time to pay ran out"),
    (6, "TEST"): State("test", "an order of a test project: no money moved"),
    (10, "LATE_CRYPTO_PAYMENT"): State("review", "the coins came after the time to pay", _ACCEPT),
    (11, "PARTIAL_PAYMENT"): State("pending", "partly paid; there is time to pay the rest"),
    (12, "UNDERPAID"): State("review", "less than asked for was paid, and the time is up", _ACCEPT),
    (13, "CANCELLED"): State("failed", "cancelled by the payer"),
    (14, "INVALID_PAYMENT"): State("failed", "SpectroCoin calls the payment invalid"),
    (15, "TEST_PAID"): State("test", "an order of a test project: no money moved"),
    (16, "TEST_EXPIRED"): State("test", "an order of a test project: no money moved"),
    (17, "PROCESSING_REFUND"): State("review", "a refund is under way", _WAIT_REFUND),
    (18, "REFUNDED"): State("refunded", "the coins went back to the payer"),
    (19, "REJECTED_REFUND"): State(
        "review",
        "a refund was refused",
        "Ask SpectroCoin's support why, and agree with the payer how the money goes back.",
    ),
    (20, "PENDING_LATE_CRYPTO_PAYMENT"): State(
        "review",
        "coins came after the time to pay and are being confirmed",
        "Wait until SpectroCoin has confirmed the coins. " + _ACCEPT,
    ),
    (21, "REJECTED"): State("failed", "rejected by SpectroCoin"),
}
STATES: dict[str, State] = {
    name: state for (number, word), state in _STATES.items() for name in (str(number), word)
}
_UNKNOWN = State("unknown", "a status this console does not know")


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount and a currency as they came; both may be empty or nonsense."""

    text: str
    currency: str

    def read(self) -> Money | None:
        try:
            return Money.parse(canonical_amount(self.text), self.currency)
        except ValueError:
            return None


def make_notice(
    *,
    order_reference: str,
    provider_reference: str,
    provider_status: str,
    asked: Sum,
    payable: Sum,
    received: Sum,
    account: str = "",
) -> Notice:
    """Plain values of one order. What cannot be read as money is None and spelled out in detail."""
    # upper() makes ASCII letters of some that are none (dotless i): such a word is not known here.
    word = provider_status.strip().upper() if provider_status.isascii() else ""
    state = STATES.get(word, _UNKNOWN)
    remarks = [state.note]
    sums = {"receive": asked, "pay": payable, "received": received}
    for name, stated in sums.items():
        if stated.text and stated.read() is None:
            remarks.append(f"unreadable {name} amount {stated.text!r} {stated.currency!r}")
    return Notice(
        order_reference=plain(order_reference),
        status=state.status,
        provider_status=plain(provider_status, 60),
        asked=asked.read(),
        payable=payable.read(),
        received=received.read(),
        provider_reference=plain(provider_reference, 100),
        advice=state.advice,
        detail=plain("; ".join(part for part in remarks if part), 500),
        account=plain(account, 80),
    )
