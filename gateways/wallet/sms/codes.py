"""Messages that carry a one-time code: known before storage, and kept without the code."""

# ruff: noqa: RUF001 -- it is Arabic, and not Latin letters that look odd.

import re

from gateways.wallet.sms.templates import HEADS
from gateways.wallet.sms.wording import copy_of

# Words that announce a code, over folded text.
_WORDS = (
    r"(?:(?:ال)?(?:رمز|كود|رقم|مفتاح)\s(?:ال)?(?:تحقق|تفعيل|تاكيد|امان|مرور|دخول|سري|موقت|متغير|تسجيل)"
    r"|رقمك\s(?:ال)?سري|لمره\sواحده|كلمه\s(?:ال)?(?:مرور|سر)|(?:ال)?(?:كود|رمز)\s(?:هو|الخاص|بتاعك)"
    r"|\bo\.?t\.?p\b|one[\s-]?time|verification|\bverify\b|pass\s?code|password|\bpin\b|\bcode\sis\b"
    r"|(?:your|the|security|auth\w{0,14}|log\s?in|confirmation|activation)\s(?:code|key))"
)
# These may also mean a voucher or a branch, so the code must stand right behind them.
_WORDS_NEAR = r"(?:\bcode\b|\bcodes\b|(?:ال)?(?:كود|رمز)(?![^\W\d_]))"
# A code: four to eight digits (or 123-456, G-123456, A7K9Q2, Ab12cd) that are no amount, date or
# phone; spelled out (12 34 56, 1 2 3 4) only behind its word.
_CODE = (
    r"(?<![0-9A-Za-z.,/*#-])(?<![0-9]:)(?<![Ee][Gg][Pp]\s)(?:G-)?(?:[0-9]{4,8}|[0-9]{3}[ -][0-9]{3}"
    r"|(?=[A-Za-z]{0,9}[0-9])(?=[0-9]{0,9}[A-Za-z])[A-Za-z0-9]{5,10})"
    r"(?![0-9A-Za-z*#%-])(?![.,:/][0-9])(?!\s?(?:جنيه|ج\b|ج\.|(?i:egp|le\b|l\.e)))"
)
_SPELLED = r"(?<![0-9])(?:[0-9]{1,2}\s){2,7}[0-9]{1,2}(?![0-9.,])"
_ENTER = r"(?:\b(?:use|enter|type)|(?:^|\s)(?:ادخل|استخدم|اكتب))\s"
_TO_DO = (
    r"\s(?:to\s(?:log|sign|verify|confirm|complete|activate|continue)"
    r"|ل(?:ال)?(?:اتمام|تسجيل|تاكيد|تفعيل))"
)
# The word may stand well before its code; a code before its word is in the same sentence.
_OTP = re.compile(
    rf"(?i:{_WORDS})(?:[^\n]{{0,90}}?{_CODE}|[^\n0-9]{{0,12}}?{_SPELLED})"
    rf"|{_CODE}[^.!؟\n]{{0,30}}?(?i:{_WORDS})|(?i:{_WORDS_NEAR})[^\n0-9]{{0,12}}?{_CODE}|(?i:{_ENTER}){_CODE}(?i:{_TO_DO})"
)
# Nothing but a code stands right behind its word, whatever the message begins like.
_SURE = re.compile(rf"(?i:{_WORDS})\W{{0,3}}(?:(?:هو|is)\W{{1,3}})?{_CODE}")
# A receipt may warn "never tell the code to anybody" at its end and must not be masked for that.
_RECEIPT = re.compile(
    r"(?:تم\s(?:استلام|اضافه|ايداع|تحويل|سحب|دفع|شحن|خصم|سداد)\s|استلمت\s|لقد\sاستقبلت\s"
    r"|ipn\stransfer\s|kindly\snote\s|you\shave\sreceived\s|successful\scash-in\s|[a-z]{3}\s[0-9]{1,2},\s20[0-9]{2})",
    re.IGNORECASE,
)
AMOUNT_WITHIN = 120
_AMOUNT = re.compile(
    r"(?:egp|le|l\.e\.?)\s?[0-9]|[0-9]\s?(?:جنيه|جم\b|ج\b|ج\.|egp|le\b|l\.e)", re.IGNORECASE
)
_LINK = re.compile(r"https?:|www\.")


def is_otp(text: str) -> bool:
    """Whether the message tells a code that proves who its owner is.

    Receipts begin like a template, or like _RECEIPT and tell an amount right there.
    """
    folded = copy_of(text).folded
    if any(head.match(folded) for head in HEADS.values()):
        return False
    if _RECEIPT.match(folded) and _AMOUNT.search(folded[:AMOUNT_WITHIN]):
        return _SURE.search(folded) is not None
    return _OTP.search(folded) is not None


def mask(text: str) -> str:
    """What to store of it: every word with a digit in it, and every link, as dots; at most LONGEST."""
    return re.sub(r"\S+", lambda word: _hidden(word[0]), copy_of(text).shown)


def _hidden(word: str) -> str:
    tells = any(letter.isdigit() for letter in word) or _LINK.search(word)
    return "••••" if tells else word
