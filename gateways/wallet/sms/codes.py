"""Messages that carry a one-time code: known before storage, and kept without the code."""

# ruff: noqa: RUF001 -- it is Arabic, and not Latin letters that look odd.

import re

from gateways.wallet.sms.wording import copy_of

# Words that announce a code, over folded text.
_WORDS = (
    r"(?:(?:ال)?(?:رمز|كود|رقم)\s(?:ال)?(?:تحقق|تفعيل|تاكيد|امان|مرور|دخول|سري|موقت|متغير)"
    r"|كلمه\s(?:ال)?(?:مرور|سر)|(?:ال)?كود\s(?:هو|الخاص)"
    r"|\bo\.?t\.?p\b|one[\s-]?time|verification|\bverify\b|pass\s?code|\bpin\b|\bcode\sis\b"
    r"|(?:your|the|security|auth\w{0,14}|log\s?in|confirmation|activation)\scode)"
)
# A code: four to eight digits (or 123-456, G-123456, A7K9Q2) that are no amount, date or phone.
_CODE = (
    r"(?<![0-9A-Za-z.,/*#-])(?<![0-9]:)(?<![Ee][Gg][Pp]\s)(?:G-)?(?:[0-9]{4,8}|[0-9]{3}[ -][0-9]{3}"
    r"|(?=[A-Z]{0,7}[0-9])(?=[0-9]{0,7}[A-Z])[A-Z0-9]{5,8})"
    r"(?![0-9A-Za-z*#%-])(?![.,:/][0-9])(?!\s?(?:جنيه|ج\b|ج\.|(?i:egp|le\b|l\.e)))"
)
# The word may stand well before its code; a code before its word is in the same sentence.
_OTP = re.compile(rf"(?i:{_WORDS})[^\n]{{0,90}}?{_CODE}|{_CODE}[^.!؟\n]{{0,30}}?(?i:{_WORDS})")
# A receipt may warn "never tell the code to anybody" at its end and must not be masked for that.
_RECEIPT = re.compile(
    r"(?:تم\s(?:استلام|اضافه|ايداع|تحويل)\s|استلمت\s|لقد\sاستقبلت\s|ipn\stransfer\s|kindly\snote\s"
    r"|you\shave\sreceived\s|successful\scash-in\s|[a-z]{3}\s[0-9]{1,2},\s20[0-9]{2})",
    re.IGNORECASE,
)
AMOUNT_WITHIN = 120
_AMOUNT = re.compile(
    r"(?:egp|le|l\.e\.?)\s?[0-9]|[0-9]\s?(?:جنيه|ج\b|ج\.|egp|le\b|l\.e)", re.IGNORECASE
)
_LINK = re.compile(r"https?:|www\.")


def is_otp(text: str) -> bool:
    """Whether the message tells a code that proves who its owner is.

    Receipts begin like _RECEIPT and tell an amount right there.
    """
    folded = copy_of(text).folded
    is_receipt = _RECEIPT.match(folded) and _AMOUNT.search(folded[:AMOUNT_WITHIN])
    return not is_receipt and _OTP.search(folded) is not None


def mask(text: str) -> str:
    """What to store of it: every word with a digit in it, and every link, as dots; at most LONGEST."""
    return re.sub(r"\S+", lambda word: _hidden(word[0]), copy_of(text).shown)


def _hidden(word: str) -> str:
    tells = any(letter.isdigit() for letter in word) or _LINK.search(word)
    return "••••" if tells else word
