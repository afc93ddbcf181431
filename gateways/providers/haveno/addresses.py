"""Whether an address can be one of its currency: its shape, not its checksum."""

import re

CURRENCIES = ("XMR", "USD_BANK", "USDT", "BTC")
MOST_CHARACTERS = 200

_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_SHAPES = {
    # Standard addresses begin with 4, subaddresses with 8; with a payment id inside, 106 long.
    "XMR": re.compile(f"[48]{_BASE58}{{94}}|4{_BASE58}{{105}}"),
    "BTC": re.compile(f"[13]{_BASE58}{{25,34}}|bc1[02-9ac-hj-np-z]{{11,71}}"),
    # ERC-20 and TRC-20: the currency code does not say which network.
    "USDT": re.compile(f"0x[0-9a-fA-F]{{40}}|T{_BASE58}{{33}}"),
}


def is_plausible(pay_to: object, currency: str) -> bool:
    """Mainnet only. A bank account is any one line of printable text."""
    if not isinstance(pay_to, str) or len(pay_to) > MOST_CHARACTERS:
        return False
    if currency == "USD_BANK":
        return bool(pay_to.strip()) and pay_to.isprintable()
    shape = _SHAPES.get(currency)
    return shape is not None and shape.fullmatch(pay_to) is not None
