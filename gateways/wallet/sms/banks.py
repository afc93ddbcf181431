"""What banks write when an instant transfer or a deposit came in. See templates.py."""

from gateways.wallet.sms.layouts import Template

BANKS = (
    Template(
        "nbe-card",
        "instapay",
        "تم اضافة تحويل لحظي لبطاقتكم مسبقة الدفع بمبلغ ?{amount} من {name} رقم مرجعي ?:? ?{ref12}",
        "تم إضافة تحويل لحظي لبطاقتكم مسبقة الدفع بمبلغ 550.00 جم من باسم نموذج رقم مرجعي"
        " 448900000821 يوم 08-12 الساعة 10:38",
        clauses=("nbe_when",),
    ),
    Template(
        "nbe-account",
        "instapay",
        "تم اضافة تحويل لحظي ل(?:حسابكم|بطاقتكم) رقم ?{last4} بمبلغ ?{amount} من {name} رقم مرجعي"
        " ?:? ?{ref12}",
        "تم إضافة تحويل لحظي لحسابكم رقم 1188 بمبلغ 550.00 جم من باسم نموذج رقم مرجعي"
        " 448900000822 يوم 08-12 الساعة 10:38",
        clauses=("nbe_when",),
        one_of=("nbe_when",),
    ),
    Template(
        "nbe-listed",
        "instapay",
        "تم اضافة تحويل لحظي ل(?:حسابكم|بطاقتكم)(?: رقم ?{last4})? بمبلغ ?{amount}(?: من {name})?"
        " رقم مرجعي ?:? ?{ref12}",
        "تم إضافة تحويل لحظي لحسابكم بمبلغ 90 جنيه رقم مرجعي 643111000336 يوم 20-04-2026",
        clauses=("nbe_when", "nbe_day"),
        captured=False,
    ),
    Template(
        "nbe-network",
        "instapay",
        "تم تحويل مبلغ ?{amount} لحسابكم المنتهي ب ?{last4} من {name}"
        "(?: عبر شبكة المدفوعات اللحظية)? مرجع رقم ?:? ?{bank_ref}",
        "تم تحويل مبلغ 90.00 جم لحسابكم المنتهي بـ 1188 من سامي نموذج عبر شبكة المدفوعات اللحظية"
        " مرجع رقم 448900000823",
        captured=False,
    ),
    Template(
        "ipn-listed",
        "instapay",
        r"Instant transfer of {amount} received from {name}\.? Reference ?:? ?{bank_ref}",
        "Instant transfer of 90.00 EGP received from SAMY SAMPLE. Reference: 123456789012.",
        captured=False,
    ),
    Template(
        "ipn-credited",
        "instapay",
        r"Dear customer, IPN transfer of {amount} credited to account {last4} from {name}\.?"
        " Reference ?:? ?{bank_ref}",
        "Dear customer, IPN transfer of 90.00 EGP credited to account 1188 from SAMY SAMPLE."
        " Reference: 123456789012",
        captured=False,
    ),
    Template(
        "ipn-added",
        "instapay",
        "تم اضافة مبلغ ?{amount} الى حسابك المنتهي ب ?{last4} من {name} تحويل لحظي"
        " مرجع ?:? ?{bank_ref}",
        "تم إضافة مبلغ 90 جم إلى حسابك المنتهي بـ 1188 من سامي نموذج تحويل لحظي مرجع: 123456789012",
        captured=False,
    ),
    Template(
        "misr",
        "instapay",
        "تم اضافة تحويل لحظي الى (?:بطاقة|حساب) رقم ?{last4} بمبلغ ?{bare_amount} من {name}"
        " رقم مرجعي ?:? ?{ref12}",
        "تم إضافة تحويل لحظي الي بطاقة رقم 507803******0101 بمبلغ 2 من SAMY SAMPLE رقم مرجعي"
        " 222200000819يوم 2026-06-12 الساعه 22:32",
        clauses=("misr_when",),
    ),
    Template(
        "misr-listed",
        "instapay",
        r"ايداع تحويل لحظي IPN بمبلغ ?{amount} بحسابك رقم ?\.{0,4}{last4} من {name} مرجع"
        " ?:? ?{bank_ref}",
        "إيداع تحويل لحظي IPN بمبلغ 90.50 جم بحسابك رقم ...1188 من سامي نموذج مرجع 123456789012",
        captured=False,
    ),
    Template(
        "hsbc",
        "instapay",
        "Your HSBC Account {last4} was credited with IPN inward transfer for {amount} on {dmy}"
        " {time} from {payee} with reference {bank_ref}",
        "Your HSBC Account ********3001 was credited with IPN inward transfer for EGP 1,080.00 on"
        " 03-05-2026 17:06 from sample29@instapay with reference 208ad0e4. For further details,"
        " please contact HSBC call centre",
    ),
    Template(
        "hsbc-listed",
        "instapay",
        r"Your account ending in {last4} has been credited with {amount} on {dmy_slash} from {name}"
        r"\.? Ref ?:? ?{bank_ref}",
        "Your account ending in 1188 has been credited with EGP 90.00 on 22/08/2026 from SAMY SAMPLE."
        " Ref: 123456789012 (IPN Inward Transfer)",
        captured=False,
    ),
    Template(
        "cib-en",
        "instapay",
        "Kindly note your account {last4} was credited with IPN Inward with amount {amount}"
        " on {dmy} at {time} from {name} with reference {bank_ref}",
        "Kindly note your account ********7002 was credited with IPN Inward with amount EGP"
        " 5750.00 on 30-04-2026 at 17:24 from DALIA SAMPLE with reference 2b860058",
    ),
    Template(
        "cib-en-listed",
        "instapay",
        "You have received an IPN transfer of {amount} to account ending {last4} from {name}"
        r"\.? Ref No ?:? ?{bank_ref}",
        "You have received an IPN transfer of EGP 90.00 to account ending 1188 from SAMY SAMPLE. Ref"
        " No: 123456789012.",
        captured=False,
    ),
    Template(
        "cib-ar",
        "instapay",
        r"تم استلام تحويل لحظي بمبلغ ?{amount} من {name} الى حسابكم المنتهي ب ?{last4}\.?"
        " رقم المرجع ?:? ?{bank_ref}",
        "تم استلام تحويل لحظي بمبلغ 640.00 جم من عايدة نموذج الي حسابكم المنتهي ب 7001. رقم"
        " المرجع 7aa10033",
        captured=False,
    ),
    Template(
        "cib-ar-executed",
        "instapay",
        "يرجى العلم انه تم تنفيذ تحويل لحظي بمبلغ ?{amount} الى حسابكم? المنتهي ب ?{last4}"
        " من {name} برقم مرجعي ?:? ?{bank_ref}",
        "يرجى العلم انه تم تنفيذ تحويل لحظي بمبلغ 900.00 جم الى حسابك المنتهي بـ ********1188 من"
        " سامي نموذج برقم مرجعي 123400000012 بتاريخ 05/03/26 09:10",
        clauses=("cib_when",),
        one_of=("cib_when",),
    ),
    Template(
        "mashreq",
        "instapay",
        "لقد استقبلت تحويل لحظي على ?{last4} بمبلغ ?{amount} عبر IPN من {name} يوم ?{dmy} الساعة"
        " ?{time} رقم المعاملة ?:? ?{hex8}",
        "لقد استقبلت تحويل لحظي على 7003 بمبلغ 1.00 جم عبر IPN من ZIAD SAMPLE يوم 14-08-2026"
        " الساعة 19:18 رقم المعاملة 162d008c",
    ),
    Template(
        "qnb",
        "instapay",
        r"IPN transfer received with amount of {amount} on {last4} on {day_month} at {time}"
        r" ?{half}\.? Ref ?# ?{hex8}",
        "IPN transfer received with amount of EGP 4000.00 on 7005 on 23/06 at 03:40 PM. Ref#"
        " 4a360042",
    ),
    Template(
        "bank-deposit",
        "bank",
        "تم ايداع {amount} الى حساب رقم ?#?{last4} يوم ?{dmy_slash} {time}",
        "تم إيداع EGP 7900 إلى حساب رقم #0021 يوم 06/04/2026 13:24 المتاح 20157.35 EGP",
        clauses=("available",),
        closed=False,
        kind="deposit",
    ),
)
