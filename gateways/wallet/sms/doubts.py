"""Words that turn what a receipt says: refunded, failed, waiting, asked for."""

from gateways.wallet.sms.slots import whole_words, written

# In a payer's name, or anywhere behind the receipt.
DOUBT = written(
    whole_words(
        "لم لن ليس لغاء إلغاء ألغي ألغيت ملغي ملغاة استرداد استرجاع إرجاع مرتجع مسترد مستردة عكس عكسها"
        " معكوس معكوسة مرفوض مرفوضة رفض رفضت فشل فشلت فاشل فاشلة تعذر معلق معلقة محجوز محجوزة"
        " مجمد مجمدة تجميد موقوف موقوفة مؤجل مؤجلة سيتم سوف انتظار نزاع خطأ خاطئ خاطئة طلب طلبك"
        " للموافقة مراجعة جاري"
    )
    + "|قيد (?:ال)?(?:معالجة|تنفيذ|مراجعة|انتظار|تأكيد)|غير (?:ناجح|مكتمل|مقبول|مؤكد)"
    + r"|\b(?:not|fail(?:ed|ure|s)?|declin\w*|reject\w*|revers\w*|refund\w*|cancel\w*|pending|expired"
    r"|unsuccessful\w*|disput\w*|void(?:ed)?|return(?:ed|s)|request(?:s|ed)?|held|on hold|awaiting"
    r"|under (?:review|processing)|will be)\b|n't\b"
    # A second message behind the first.
     + r"|\bتم (?:استلام|تحويل|خصم|سحب|ايداع|اضافة|رد|دفع|شحن|عكس|الغاء|استرداد|استرجاع|رفض)\b"
    r"|\bوتم |you have received|received egp"
)
# The usual ends of adverts and warnings, which undo nothing.
HARMLESS = written(r"(?:do not|don't|never) (?:share|disclose)\b|[لب]?إلغاء (?:ال)?(?:اشتراك|خدمة)")
# Money of the merchant's own that a bank reports in the same words as a customer's.
OWN_MONEY_WORDS = (
    "جهة العمل|"
    + whole_words("راتب راتبك راتبكم مرتب مرتبك مرتبكم معاش معاشكم قرض تمويل سلفة فوائد عائد")
    + r"|\b(?:salary|payroll|loan|interest)\b"
)
OWN_MONEY = written(OWN_MONEY_WORDS)
# Where a payer's name belongs, these say that the words before it were misread.
NO_NAME = written(
    r"حساب|محفظ|بطاق|رصيد|مبلغ|جنيه|رقم|تحويل|عملية|\b(?:account|wallet|card|egp|your|amount|ref)\b"
)
