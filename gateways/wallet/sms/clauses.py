"""The labelled parts that follow a template's head, written once for all that use them."""

import re

from gateways.wallet.sms.slots import written
from gateways.wallet.sms.wording import fold

# What may stand between two clauses, and nothing else may.
BETWEEN = written(r"[\s.,;:،؛-]{0,6}")


def clause(label: str, value: str) -> re.Pattern[str]:
    return written(f"{label} ?[:;؛]? ?{value}")


_NAME_ENDS = r"(?= ?[.؛;،,-]? ?(?:على رقم|على محفظة|رصيد|تاريخ|بتاريخ|رقم العملية|بنجاح)|[؛;،,])"
# Nothing marks the end of the name in a deposit but the advert's line, the other script, or the end.
_LAST_NAME_ENDS = (
    r"(?= ?\.| ?$| (?:استخدم|استمتع|دلوقتي|للمزيد|http)|(?<=[a-z]) [\u0621-\u064a]"
    r"|(?<=[\u0621-\u064a]) [a-z]|\n[\u0621-\u064a])"
)
_BALANCE = (
    "(?:رصيدك الحالى|رصيد محفظتك الحالى|رصيد حسابك(?: فى فودافون كاش)? الحالى(?: فى فودافون كاش)?)"
)
_WHEN = "(?:بتاريخ|تاريخ العملية)"

CLAUSES = {
    "name": clause("المسجل باسم", "{name}" + _NAME_ENDS),
    "last_name": clause("المسجل باسم", "{name}" + _LAST_NAME_ENDS),
    "wallet": clause("على رقم محفظتك", "{own_phone}"),
    "number": clause("على رقم", "{own_phone}"),
    "when": clause(_WHEN, "{time} {ymd_short}"),
    "when_turned": clause(_WHEN, "{dmy_dash_short} {time}"),
    "balance": clause(_BALANCE, "{balance}"),
    "reference": clause("رقم العملية", "{ref12}"),
    "orange_reference": clause("رقم (?:المعاملة|العملية)", "{ref10}"),
    "short_reference": clause("رقم العملية", "{ref8}"),
    "any_reference": clause("(?:رقم المرجع|كود العملية|رقم العملية)", "{ref12}"),
    "via": clause("عبر (?:محفظة فودافون|فودافون كاش)", r"(?![^\W\d_])"),
    "done": clause("بنجاح", r"(?![^\W\d_])"),
    "etisalat": clause("على محفظة اتصالات كاش", r"(?![^\W\d_])"),
    "english_reference": clause("Ref", "{ref12}"),
    "transaction_id": clause("Transaction ID", "{ref10}"),
    "new_balance": clause("New balance", "{balance}"),
    "english_balance": clause("Available Balance", "{balance}"),
    "your_balance": clause("Your current balance is", "{balance}"),
    "nbe_when": clause("يوم", "{month_day} الساعة ?{time}"),
    "nbe_day": clause("يوم", "{dmy}(?: الساعة ?{time})?"),
    "misr_when": clause("يوم", "{iso} الساعة ?{time}"),
    "cib_when": clause("بتاريخ", "{dmy_any} {time}"),
    "available": clause("المتاح", "{balance}"),
}
# After these the sentence may go on with anything: the receipt has ended. After a phone or a name
# going on would change what it says ("... from 010... for your line").
CLOSING = frozenset(CLAUSES) - {"name", "wallet", "number"}

# Every label, to know a message that stops in the middle of one.
LABELS = tuple(
    fold(label).lower()
    for label in (
        "رقم العملية",
        "رقم المعاملة",
        "رقم المرجع",
        "تاريخ العملية",
        "بتاريخ",
        "على رقم محفظتك",
        "على محفظة اتصالات كاش",
        "المسجل باسم",
        "رصيدك الحالى",
        "رصيد حسابك الحالى",
        "رصيد حسابك فى فودافون كاش الحالى",
        "رصيد محفظتك الحالى",
        "بنجاح",
        "يوم",
        "المتاح",
        "Ref",
        "Transaction ID",
        "New balance",
        "Available Balance",
        "Your current balance is",
    )
)
_AND_NUMBER = r" ?[#:;؛.]{0,3} ?(?:egp)? ?[0-9]"
# A value that was left behind its label: a layout that nobody has taught yet. A day or an hour
# counts only where a clause would stand, for adverts tell until when they hold.
UNREAD_LABEL = written(
    r"(?:(?:رقم|كود) (?:ال)?(?:عملية|معاملة|مرجع|مرجعى)|تاريخ العملية|على رقم محفظتك|المسجل باسم"
    r"|\bref(?:erence)?\b(?: no)?|\btransaction (?:id|date))" + _AND_NUMBER
)
# Adverts speak of balances too, so this counts only where the balance itself was not read.
UNREAD_BALANCE = written(
    r"(?:(?:رصيدك|رصيد محفظتك|رصيد حسابك(?: فى فودافون كاش)?)(?: الحالى)?|\bbalance(?: is)?)"
    + _AND_NUMBER
)
UNREAD_DATE = written(r"[\s.,;:،؛-]{0,4}(?:يوم|الساعة|بتاريخ|المتاح|on|at) ?:? ?[0-9]")


def is_start_of_label(text: str) -> bool:
    """Whether the message stops in the middle of a label, or right behind one."""
    rest = text.strip(" \n.,;:،؛-#").replace("\n", " ").lower()
    return bool(rest) and any(label.startswith(rest) for label in LABELS)
