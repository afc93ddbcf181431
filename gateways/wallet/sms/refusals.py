"""Why a message is no receipt: a closed set of reasons, and the wording that tells them apart."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from gateways.wallet.sms.doubts import OWN_MONEY_WORDS
from gateways.wallet.sms.slots import whole_words, written

# Marks the sentences for the catalogue; no framework is known here.
_ = str
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "unknown_wording": _(
            "It mentions money in wording that is not known yet. Read it yourself."
        ),
        "cut_short": _("It begins like a receipt, but its end is missing."),
        "doubtful": _(
            "It begins like a receipt, but also says that something was undone or waits."
        ),
        "odd_date": _("It begins like a receipt, but its date cannot be right."),
        "too_long": _("It is longer than any receipt."),
        "reversal": _("Money went back, or came back. Look for the payment that it undoes."),
        "not_egp": _("The money is not in Egyptian pounds."),
        "not_a_customer_payment": _("Money came in from no customer: a salary, a loan, a card."),
        "outgoing": _("Money left this wallet or account."),
        "failed": _("A payment that did not happen."),
        "request_not_payment": _("Somebody asks for money; nothing was paid."),
        "balance_only": _("It only tells the balance."),
        "airtime_not_money": _("Airtime for a line, no money in the wallet."),
        "otp": _("A one-time code. It is kept without the code."),
        "promo": _("An advert."),
        "misconfigured_forwarder": _("The forwarder app sent its own placeholder, or nothing."),
        "not_money": _("It does not speak of money."),
    }
)
# Somebody should look: money may have come in, or gone back.
LOUD = frozenset("unknown_wording cut_short doubtful odd_date reversal not_egp".split())
QUIET = frozenset(
    "otp request_not_payment airtime_not_money not_money outgoing misconfigured_forwarder".split()
)
# These may print the balance after money moved.
MOVES_BALANCE = frozenset("outgoing reversal balance_only".split())

_COINS = "(?:usd|eur|gbp|sar|aed|kwd|qar|omr|bhd|jod)"
# The same verbs bring money where it goes to your wallet, or comes from a number.
_BRINGS = "(?:لمحفظتك|الى محفظتك|الى حسابك|لحسابك|على حسابك|محفظتك بمبلغ|اليك| لك | من (?:رقم )?[+]?[0-9])"
_RULES = tuple(
    (reason, written("|".join(patterns)))
    for reason, *patterns in (
        (
            "request_not_payment",
            r"^(?:money|payment) request\b|[ap]m: ?money request\b|^you have received a money request\b",
            r"\brequest(?:s|ed|ing)? (?:money|payment|egp|to pay|a payment)",
            r"\bو?طلب (?:تحويل|دفع|سحب|مبلغ|سداد|اموال|فلوس)|\bيطلب (?:منك|مبلغ)",
        ),
        (
            "reversal",
            r"^(?:عميلنا العزيز ?،? ?)?(?:لقد )?تم (?:استرجاع|استرداد|رد|عكس|ارجاع|الغاء)\b",
            whole_words("مرتجع استرداد استرجاع") + " (?:مبلغ|عملية|معاملة)",
            r"\b(?:refunded|reversed|reversal|returned|refund of|charge ?back)\b",
        ),
        (
            "failed",
            r"^(?:عفوا|ناسف|نعتذر|لم |لا يوجد رصيد|تعذر|فشل|sorry)",
            r"\b[وف]?لم (?:يتم|تتم|تكتمل|تنجح)\b|غير ناجحة?\b",
            whole_words("فشل فشلت تعذر مرفوض مرفوضة"),
            r"\b(?:failed|declined|rejected|unsuccessful|could not|was not|insufficient|not completed)\b",
        ),
        (
            "not_a_customer_payment",
            OWN_MONEY_WORDS,
            r"credited to your (?:credit )?card|سداد.{0,40}بطاقتكم الائتمانية",
        ),
        ("airtime_not_money", r"على خطك\b|\bairtime\b"),
        (
            "not_egp",
            rf"\b{_COINS} ?[0-9]|[0-9] ?{_COINS}\b",
            "[0-9] ?(?:دولار|يورو|ريال|درهم|دينار|جنيه استرليني)",
        ),
        (
            "balance_only",
            r"^(?:رصيدك|رصيد (?:حسابك|محفظتك)|الرصيد) .{0,40}[0-9]",
            r"^your (?:current )?.{0,30}balance is\b",
        ),
        (
            "outgoing",
            rf"^(?:يرجى العلم انه )?(?!.{{0,80}}{_BRINGS})(?:تم (?:تنفيذ )?"
            r"(?:خصم|سحب|دفع|شحن رصيد|سداد|شراء|ارسال) "
            r"|(?:تم|عملية) (?:تنفيذ )?تحويل .{0,60}(?: لرقم | الى | من (?:حساب|محفظت|بطاقت)))",
            # e& writes a slogan on the line before.
            r"^[^\n]{0,40}\nتم تحويل مبلغ ?[0-9.,]{1,12} ?{pounds} الى رقم ?[+]?[0-9]|^لقد قمت بتحويل ",
            r"^ipn transfer (?:sent\b|with .{0,30} deducted\b)|^successful cash-out\b"
            r"|^you have a trx on your card\b"
            r"|^[a-z]{3,9} [0-9]{1,2}, 20[^a-z]{6,16}[ap]m: ?(?:sent|paid)\b",
            r"^(?:egp ?[0-9.,]{1,12}|[0-9.,]{1,12} ?(?:egp|l\.?e\.?)) (?:was|were|has been|have been)"
            r" (?:successfully )?(?:transferred|sent|paid|recharged|withdrawn)\b",
            r"\b(?:was|been) (?:debited|charged|deducted)\b|\bhad a successful transaction\b",
            r"^you have (?:successfully )?(?:sent|paid|transferred|recharged|withdrawn)\b",
        ),
    )
)
_PLACEHOLDER = re.compile(
    r"(?:\[[\w ]*\]|%+[\w ]*%*|\{+[\w ]*\}+|<[\w ]*>|\$\{?\w*\}?|null|undefined)?"
)
_PROMO = written(
    whole_words("عرض عروض هدية هدايا خصم اشترك استمتع جوائز جائزة ساري سحب اكسب كسب مجانا كاش")
    + r"|\b(?:offers?|win|cash ?back|discount|prizes?|gift|promo\w*|enjoy|chance)\b"
)
# How messages speak that tell of money that came in.
_INCOMING = written(
    r"\bتم (?:استلام|إيداع|إضافة|تحويل)\b|\b(?:استلمت|استقبلت|وصلك|وصلت|حولك)\b|لمحفظتك من"
    r"|\b(?:received|credited|deposited|deposit|inward|incoming|cash-in)\b"
)
_MONEY = written(r"{pounds} ?:? ?[0-9]|[0-9] ?{pounds}|مبلغ ?:? ?[0-9]|\bamount\b.{0,12}[0-9]")
_BALANCE = written(
    r"(?:(?:رصيدك|رصيد حسابك(?: في فودافون كاش)?|رصيد محفظتك) الحالي"
    r"|current (?:Vodafone Cash )?balance is|Available Balance) ?:? ?{balance}"
)
_UNDONE = written("الغاء عملية رقم ?:? ?{ref12}")


def why_not(folded: str) -> str:
    """The reason for a message that no template reads; "otp" is told apart before this."""
    if _PLACEHOLDER.fullmatch(folded):
        return "misconfigured_forwarder"
    for reason, pattern in _RULES:
        if pattern.search(folded):
            return reason
    if _PROMO.search(folded) and not _INCOMING.search(folded):
        return "promo"
    return "unknown_wording" if speaks_of_money(folded) else "not_money"


def speaks_of_money(folded: str) -> bool:
    return _MONEY.search(folded) is not None or (
        _INCOMING.search(folded) is not None and re.search(r"[0-9]", folded) is not None
    )


def needs_a_look(reason: str, folded: str) -> bool:
    """Whether the message belongs on the list of unread ones."""
    if reason in LOUD:
        return True
    return reason not in QUIET and _INCOMING.match(folded) is not None


def balance_in(folded: str) -> re.Match[str] | None:
    """The one labelled balance of a message; None where there is none, or more than one."""
    found = list(_BALANCE.finditer(folded))
    return found[0] if len(found) == 1 else None


def undone_reference(folded: str) -> str | None:
    """The reference of the receipt that a reversal names."""
    found = _UNDONE.search(folded)
    return found["reference"] if found else None
