"""Egyptian mobile numbers, in the one spelling that the console compares."""

import re

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_MOBILE = re.compile(r"01[0125][0-9]{8}")
# Longer than any number with its prefix, punctuation and blanks: not worth looking at.
_LONGEST = 40


def local_phone(text: str) -> str | None:
    """The number as eleven digits (01012345678), or None where it is no Egyptian mobile.

    Reads +20, 0020 and 20 in front, a missing first 0, blanks, dashes and Arabic digits. Which
    wallet it belongs to is never told by the number: numbers move between networks.
    """
    if len(text) > _LONGEST:
        return None
    digits = re.sub(r"[^0-9]", "", text.translate(_DIGITS))
    digits = digits.removeprefix("00").removeprefix("20")
    if not digits.startswith("0"):
        digits = "0" + digits
    return digits if _MOBILE.fullmatch(digits) else None
