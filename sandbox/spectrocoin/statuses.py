"""Order statuses: the number a form callback carries, the word everything else carries.

https://docs.spectrocoin.com (order statuses); the words of 14-21 are those of the vendor's plugins.
"""

WORDS = {
    1: "NEW",
    2: "PENDING",
    3: "PAID",
    4: "FAILED",
    5: "EXPIRED",
    6: "TEST",
    10: "LATE_CRYPTO_PAYMENT",
    11: "PARTIAL_PAYMENT",
    12: "UNDERPAID",
    13: "CANCELLED",
    14: "INVALID_PAYMENT",
    15: "TEST_PAID",
    16: "TEST_EXPIRED",
    17: "PROCESSING_REFUND",
    18: "REFUNDED",
    19: "REJECTED_REFUND",
    20: "PENDING_LATE_CRYPTO_PAYMENT",
    21: "REJECTED",
}
CODES = {word: code for code, word in WORDS.items()}


def stored(text: str) -> str:
    """The word of a known number or word; anything else as given, so that drift can be tried."""
    if text.isascii() and text.isdigit():
        return WORDS.get(int(text), str(int(text)))
    return text


def on_form(status: str) -> str:
    """As the form callback prints it."""
    return str(CODES.get(status, status))


def in_json(status: str) -> str | int:
    """As the order in JSON carries it; an unassigned number stays a number."""
    return int(status) if status.isdigit() else status
