"""Every receipt that the console can read: one entry per layout, each with an example.

A message is a head, which stands at its very start, and then clauses in any order, each at most
once, with nothing but punctuation between. What follows the last clause is an advert and never
read for values. To teach a new layout, add an entry with its example; messages that nobody could
read are then read again.

Wording: captured messages and public lists of wording; names and numbers are invented.
"""

# ruff: noqa: RUF001 -- it is Arabic, and not Latin letters that look odd.

from gateways.wallet.sms.banks import BANKS
from gateways.wallet.sms.layouts import Template
from gateways.wallet.sms.slots import written

_FROM = "تم استلام مبلغ ?{amount} من ?(?:رقم)? ?:? ?"
# Lists of wording have it without the word "amount" too.
_FROM_LISTED = "تم استلام (?:مبلغ ?)?{amount} من رقم ?:? ?"

VODAFONE_CASH = (
    Template(
        "vf-ar",
        "vodafone_cash",
        _FROM + "{phone}",
        "تم استلام مبلغ 50.00 جنيه من رقم 01100000909 ؛ المسجل بإسم Yahia M Lotfy رصيدك الحالي"
        " 2604.35 تاريخ العملية 14:12 25-12-05 رقم العملية 015900000966.",
        clauses=("name", "wallet", "via", "when", "when_turned", "balance", "reference"),
        then_reference=("via", "balance", "when", "when_turned"),
        closed=False,
    ),
    Template(
        "vf-ar-listed",
        "vodafone_cash",
        "تم استلام {amount} من ?(?:رقم)? ?:? ?{phone}",
        "تم استلام 90.00 جنيه من 01000000707 رصيدك الحالي 410.00 جنيه رقم العملية 022300000521",
        clauses=("name", "wallet", "when", "balance", "reference"),
        closed=False,
        captured=False,
    ),
    Template(
        "vf-ar-remittance",
        "vodafone_cash",
        _FROM + "[؛;،,]?(?= ?المسجل)",
        "تم استلام مبلغ 9250.75 جنيه من ؛ المسجل بإسم MAHER SAMPLE على رقم محفظتك 01000000101"
        " بتاريخ 23:25 26-07-13. رصيدك الحالي: 10021.60 جنيه رقم العملية: 021600000839",
        clauses=("name", "wallet", "when", "when_turned", "balance", "reference"),
        needs=("name", "wallet", "reference"),
    ),
    Template(
        "vf-ar-received",
        "vodafone_cash",
        "استلمت {amount} من ?(?:رقم)? ?{phone}",
        "استلمت 1000.00 جنيه من 01200000303. رقم العملية 987654321000",
        clauses=("balance", "reference"),
        closed=False,
        captured=False,
    ),
    Template(
        "vf-ar-to-wallet",
        "vodafone_cash",
        "تم تحويل (?:مبلغ ?)?{amount} (?:لمحفظتك|الى محفظتك) من ?(?:رقم)? ?{phone}",
        "تم تحويل مبلغ 1500 جنيه لمحفظتك من رقم 01100000202 المسجل بإسم Salma Test على رقم"
        " 01000000101",
        clauses=("name", "number", "when", "balance", "reference"),
        closed=False,
        captured=False,
    ),
    Template(
        "vf-en",
        "vodafone_cash",
        "{english_date} ?:? ?Received {amount} from {phone} ?to Mobile Account Number {last4}",
        "Apr 30, 2026 4:44:09 PM: Received EGP10 from 00201100000202 to Mobile Account Number 0101."
        " Ref: 019500000303 Available Balance: 2040.75",
        clauses=("english_reference", "english_balance"),
        needs=("english_reference",),
    ),
    Template(
        "vf-en-wallet",
        "vodafone_cash",
        r"You have received {amount} from {phone}"
        r"(?: in your Vodafone Cash wallet|(?=\.? ?Transaction ID))",
        "You have received EGP 350.00 from 01200000303 in your Vodafone Cash wallet. Transaction"
        " ID: 0123456789",
        clauses=("transaction_id", "new_balance"),
        closed=False,
        captured=False,
    ),
    Template(
        "vf-en-from",
        "vodafone_cash",
        "You have received {amount} in your Vodafone Cash wallet from {phone}",
        "You have received EGP 100.00 in your Vodafone Cash wallet from 01100000202",
        closed=False,
        captured=False,
    ),
)

E_MONEY = (
    Template(
        "em-ar",
        "e_money",
        _FROM + "{phone}",
        "تم إستلام مبلغ 200.00 ج.م من رقم 01000000707 المسجل باسمMAHA N SAMPLE بنجاح. رصيد محفظتك"
        " الحالى 433.60 ج.م.",
        clauses=("name", "done", "etisalat", "balance"),
        one_of=("done", "etisalat"),
        closed=False,
    ),
    Template(
        "em-ar-deposit",
        "e_money",
        "تم ايداع مبلغ ?{bare_amount} في حسابك بنجاح من رقم حساب ?{phone}",
        "تم إيداع مبلغ 1.00  في حسابك بنجاح من رقم حساب 00201000000707 المسجل باسم SALMA SAMPLE",
        clauses=("last_name",),
        needs=("last_name",),
    ),
    Template(
        "em-en",
        "e_money",
        "You have received {amount} in your e& money wallet from {phone}",
        "You have received EGP 75.00 in your e& money wallet from 01100000202",
        closed=False,
        captured=False,
    ),
    Template(
        "em-ar-reference",
        "e_money",
        _FROM_LISTED + "{phone}",
        "تم استلام 90.00 جنيه من رقم 01100000202 رصيدك الحالي 410.00 جنيه رقم المرجع 123456789012",
        clauses=("balance", "any_reference"),
        needs=("balance", "any_reference"),
        captured=False,
    ),
)

ORANGE_CASH = (
    Template(
        "orange-ar",
        "orange_cash",
        "تم استلام عملية تحويل اموال بمبلغ ?{amount} من {name}(?: ?- ?{phone})?"
        r"(?: ?[،,؛;]|(?: ?\.)?(?= ?(?:رصيدك|رقم (?:المعاملة|العملية)) ))",
        "تم إستلام عملية تحويل أموال بمبلغ 150.00 جنيه من RANIA H Sample، رصيدك الحالي 371.05"
        " جنيه. رقم المعاملة 1908000136",
        clauses=("balance", "orange_reference"),
        needs=("orange_reference",),
    ),
    Template(
        "orange-en-cash-in",
        "orange_cash",
        r"Successful cash-in with amount {amount}\.?(?= )",
        "Successful cash-in with amount EGP 6.43.\nYour current balance is EGP 6.43\n",
        clauses=("your_balance",),
        needs=("your_balance",),
        kind="cash_in",
    ),
    Template(
        "orange-ar-short",
        "orange_cash",
        _FROM + "{phone}",
        "تم استلام مبلغ 250 جنيه من رقم 01200000303 رقم العملية 88776600",
        clauses=("balance", "short_reference"),
        closed=False,
        captured=False,
        own_senders_only=True,
    ),
    Template(
        "orange-ar-reference",
        "orange_cash",
        _FROM_LISTED + "{phone}",
        "تم استلام مبلغ 90.00 جنيه من رقم 01200000303 رصيدك الحالي 410.00 جنيه كود العملية"
        " 123456789012",
        clauses=("balance", "any_reference"),
        needs=("balance", "any_reference"),
        captured=False,
    ),
)

WE_PAY = (
    Template(
        "we-ar",
        "we_pay",
        _FROM_LISTED + "{phone}",
        "تم استلام مبلغ 320.00 جنيه من رقم 01500000404 رصيدك الحالي 1,020.00 جنيه رقم العملية"
        " 440000000012",
        clauses=("name", "balance", "reference"),
        closed=False,
        captured=False,
    ),
)

TEMPLATES = (*VODAFONE_CASH, *E_MONEY, *ORANGE_CASH, *WE_PAY, *BANKS)
# Made here and not where they are first wanted, or the first message would wait for it.
HEADS = {template.id: written(template.head) for template in TEMPLATES}
