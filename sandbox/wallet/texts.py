"""What wallets and banks text, composed after wordings that were seen; every value is invented."""

# ruff: noqa: RUF001 -- it is Arabic, and not Latin letters that look odd.

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
FEE = Decimal("1.00")
TAIL = "تابع كل مصروفاتك من تاريخ المعاملات على أبلكيشن أنا فودافون http://vf.eg/vfcash"


@dataclass(frozen=True)
class Told:
    """What a text says. `balance` is the one afterwards; `at` is the time in Cairo."""

    amount: Decimal
    phone: str
    name: str
    reference: str
    own: str
    balance: Decimal
    at: datetime

    @property
    def two(self) -> str:
        return f"{self.amount:.2f}"

    @property
    def left(self) -> str:
        return f"{self.balance:.2f}"

    @property
    def named(self) -> str:
        """The clause with the payer's name; nothing where it is empty."""
        return f" المسجل بإسم {self.name}" if self.name else ""


@dataclass(frozen=True)
class Template:
    """One wording.

    sender    the genuine sender id.
    wallet    the setting that holds this wallet's balance; "" where none is printed or moved.
    moves     1: money came; -1: it went; 0: nothing happened to the balance.
    digits    of the reference; 0: the wording has none. `hexadecimal`: of sixteen kinds.
    """

    sender: str
    wallet: str
    moves: int
    digits: int
    write: Callable[[Told], str]
    hexadecimal: bool = False
    fee: Decimal = Decimal(0)


def _vodafone_ar(told: Told) -> str:
    return (
        f"تم استلام مبلغ {told.two} جنيه من رقم {told.phone}{told.named} على رقم محفظتك"
        f" {told.own}.\nرصيدك الحالي: {told.left} جنيه\nتاريخ العملية: {told.at:%H:%M %y-%m-%d}\n"
        f"رقم العملية: {told.reference}\n{TAIL}"
    )


def _vodafone_ar_line(told: Told) -> str:
    return (
        f"تم استلام مبلغ {told.two} جنيه من رقم  {told.phone} ؛{told.named} رصيدك الحالي"
        f" {told.left} تاريخ العملية {told.at:%H:%M %y-%m-%d} رقم العملية  {told.reference}.دلوقتي"
        " تقدر تسحب من محفظتك برسوم 5 جنيه بس بدل 1%! كلم *9*999# واشترك علشان تسحب لحد 5000 جنيه"
        f" شهريًا {TAIL}"
    )


def _vodafone_en(told: Told) -> str:
    phone = f"002{told.phone}" if told.phone.startswith("01") else told.phone
    hour = told.at.hour % 12 or 12
    return (
        f"{_english_day(told.at)} {hour}:{told.at:%M:%S %p}: Received EGP{_short(told.amount)} from"
        f" {phone} to Mobile Account Number {told.own[-4:]}. Ref: {told.reference}"
        f" Available Balance: {told.left}"
    )


def _remittance(told: Told) -> str:
    return (
        f"تم استلام مبلغ {told.two} جنيه من ؛{told.named} على رقم محفظتك {told.own} بتاريخ"
        f" {told.at:%H:%M %y-%m-%d}. رصيدك الحالي: {told.left} جنيه رقم العملية: {told.reference}"
        f" تقدر {TAIL}"
    )


def _short_text(told: Told) -> str:
    return f"تم استلام مبلغ {_short(told.amount)} جنيه من رقم {told.phone}"


def _e_money(told: Told) -> str:
    named = f" المسجل باسم{told.name}" if told.name else ""
    return (
        f"تم إستلام مبلغ {told.two} ج.م من رقم {told.phone}{named} بنجاح. رصيد محفظتك الحالى"
        f" {told.left} ج.م.استخدم e& money هتكسب و العب هتكسب هدايا تانية كتير http://spr.ly/sample"
        " وكمان تقدر تستمتع بخصم %30على وجبة كومبو ب 160 جنيه بدل225"
    )


def _orange(told: Told) -> str:
    return (
        f"تم إستلام عملية تحويل أموال بمبلغ {told.two} جنيه من {told.name}، رصيدك الحالي"
        f" {told.left} جنيه. رقم المعاملة {told.reference}\n100 جنيه كاش باك لما تحول، تدفع او تودع"
        " فلوس في محفظة اورنچ كاش"
    )


def _orange_cash_in(told: Told) -> str:
    return (
        f"Successful cash-in with amount EGP {told.two}.\nYour current balance is EGP {told.left}\n"
        "\nTransfer, cash-in, pay and receive money from abroad with Orange Cash, and get a chance"
        " to win up to 10 grams of gold!\nDial #71# to join"
    )


def _wepay(told: Told) -> str:
    return (
        f"تم استلام مبلغ {told.two} جنيه من رقم {told.phone} رصيدك الحالي {told.balance:,.2f} جنيه"
        f" رقم العملية {told.reference}"
    )


def _instapay_nbe(told: Told) -> str:
    return (
        f"تم إضافة تحويل لحظي لبطاقتكم مسبقة الدفع بمبلغ {told.two} جم من {told.name[:20].strip()}"
        f" رقم مرجعي {told.reference} يوم {told.at:%m-%d} الساعة {told.at:%H:%M} للمزيد اتصل بـ"
        " 19623"
    )


def _instapay_cib(told: Told) -> str:
    return (
        f"Kindly note your account ********{told.own[-4:]} was credited with IPN Inward with amount"
        f" EGP {told.two} on {told.at:%d-%m-%Y} at {told.at:%H:%M} from"
        f" {told.name.upper()[:20].strip()} with reference {told.reference} For more information,"
        " please contact 19666."
    )


def _outgoing(told: Told) -> str:
    return (
        f"تم تحويل {told.two} جنيه لرقم {told.phone} مصاريف الخدمة {_short(FEE)} جنيه رصيد حسابك فى"
        f" فودافون كاش الحالي {told.left}. تاريخ العملية: {told.at:%H:%M %y-%m-%d} رقم العملية:"
        f" {told.reference}"
    )


def _reversed(told: Told) -> str:
    return (
        f"تم استرجاع مبلغ {told.two} جنيه من محفظتك الى رقم {told.phone} وذلك لإلغاء عملية رقم"
        f" {told.reference}. رصيدك الحالي: {told.left} جنيه"
    )


def _money_request(told: Told) -> str:
    return f"استلمت طلب تحويل مبلغ {told.two} جنيه من رقم {told.phone}. للموافقة اطلب *9*1#"


def _advert(told: Told) -> str:
    return (
        f"حول {_short(told.amount)} جنيه من رقم لرقم وهتستلم مبلغ 20 جنيه هدية على محفظتك! العرض"
        f" ساري لحد 30-09 كلم *9*100# او {told.phone}"
    )


def _otp(told: Told) -> str:
    return f"رمز التحقق الخاص بك هو {secrets.randbelow(900_000) + 100_000}. لا تشاركه مع احد"


def _new_wording(told: Told) -> str:
    """An operator's next layout, which nobody has a template for yet."""
    return (
        f"مبروك! وصلك دلوقتي على محفظتك {told.two} جنيه، والراسل {told.phone}. رصيد المحفظة بقى"
        f" {told.left} جنيه، والعملية اتسجلت برقم {told.reference}"
    )


VODAFONE, ORANGE = "VF-Cash", "Orange Cash"
TEMPLATES = {
    "vodafone_cash_ar": Template(VODAFONE, "balance", 1, 12, _vodafone_ar),
    "vodafone_cash_ar_line": Template(VODAFONE, "balance", 1, 12, _vodafone_ar_line),
    "vodafone_cash_en": Template(VODAFONE, "balance", 1, 12, _vodafone_en),
    "remittance": Template(VODAFONE, "balance", 1, 12, _remittance),
    "short": Template(VODAFONE, "balance", 1, 0, _short_text),
    "e_money": Template("e& money", "e_money_balance", 1, 0, _e_money),
    "orange": Template(ORANGE, "orange_balance", 1, 10, _orange),
    "orange_cash_in": Template(ORANGE, "orange_balance", 1, 0, _orange_cash_in),
    "wepay": Template("WEPay", "wepay_balance", 1, 12, _wepay),
    "instapay_nbe": Template("BanK-AlAhly", "", 1, 12, _instapay_nbe),
    "instapay_cib": Template("CIB", "", 1, 8, _instapay_cib, hexadecimal=True),
    "outgoing": Template(VODAFONE, "balance", -1, 12, _outgoing, fee=FEE),
    "reversed": Template(VODAFONE, "balance", -1, 12, _reversed),
    "money_request": Template(VODAFONE, "", 0, 0, _money_request),
    "advert": Template(VODAFONE, "", 0, 0, _advert),
    "otp": Template(VODAFONE, "", 0, 0, _otp),
    "new_wording": Template(VODAFONE, "balance", 1, 12, _new_wording),
}


def new_reference(template: Template) -> str:
    """As this wording has it; Vodafone's twelve digits begin with a nought."""
    if not template.digits:
        return ""
    if template.hexadecimal:
        return secrets.token_hex(template.digits // 2)
    first = "0" if template.digits == 12 else "1"
    rest = template.digits - 1
    return first + str(secrets.randbelow(10**rest)).zfill(rest)


def _short(amount: Decimal) -> str:
    """100, 47.5 and 10.01, as the shorter wordings print them."""
    text = f"{amount:.2f}"
    return text.rstrip("0").rstrip(".")


def _english_day(at: datetime) -> str:
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    return f"{months[at.month - 1]} {at.day}, {at.year}"
