"""Words that turn what a receipt says: refunded, failed, waiting, asked for."""

# ruff: noqa: RUF001 -- it is Arabic, and not Latin letters that look odd.

from gateways.wallet.sms.slots import whole_words, written

# In a payer's name, or anywhere behind the receipt.
DOUBT = written(
    whole_words(
        "لم لن ليس لغاء إلغاء ألغي ألغيت ملغي ملغاة استرداد استرجاع إرجاع مرتجع مسترد مستردة عكس عكسها"
        " معكوس معكوسة مرفوض مرفوضة رفض رفضت فشل فشلت فاشل فاشلة تعذر معلق معلقة محجوز محجوزة"
        " مجمد مجمدة تجميد موقوف موقوفة مؤجل مؤجلة سيتم سوف انتظار نزاع خطأ خاطئ خاطئة طلب طلبك"
        " للموافقة مراجعة جاري"
        # As people say it, and as operators write to them.
        " مستني مستنية متعلق متعلقة عالق عالقة متجمد متجمدة متعطل متعطلة مرتد مرتدة غلط موافقتك"
        " هيتسحب هيتضاف هيتأكد هيتخصم هيرجع هيترجع سيرجع سترجع سيضاف ستضاف اترفض اترفضت اتعكس"
        " اتعكست اتلغى اتلغت اتوقف اتوقفت اتحجز اتحجزت"
    )
    + "|قيد (?:ال)?(?:معالجة|تنفيذ|مراجعة|انتظار|تأكيد)|غير (?:ناجح|مكتمل|مقبول|مؤكد)"
    + r"|\b(?:not|fail(?:ed|ure|s)?|declin\w*|reject\w*|revers\w*|refund\w*|cancel\w*|pending|expired"
    r"|unsuccessful\w*|disput\w*|void(?:ed)?|return(?:ed|s)|request(?:s|ed)?|held|on hold|awaiting"
    r"|under (?:review|processing)|will be|unconfirmed|uncleared|undelivered|provisional|revert(?:ed)?"
    r"|revoked|abort(?:ed)?|rolled back)\b|n't\b"
    # A second message behind the first.
     + r"|\bتم (?:استلام|تحويل|خصم|سحب|ايداع|اضافة|رد|دفع|شحن|عكس|الغاء|استرداد|استرجاع|رفض)\b"
    r"|\bوتم |you have received|received egp"
)
# The usual ends of adverts and warnings, which undo nothing.
HARMLESS = written(
    r"(?:do not|don't|never) (?:share|disclose)\b|\bif you (?:did not|didn't|do not|don't)\b"
    r"|\b(?:will|would) not ask\b|\b(?:اذا|لو|ان) (?:كنت )?لم (?:تقم|تكن)\b|\bلن (?:نطلب|يطلب|تطلب)\b"
    r"|[لب]?إلغاء (?:ال)?(?:اشتراك|خدمة)|\bللإلغاء (?:اطلب|كلم|ارسل|اتصل)"
)
# Money of the merchant's own that a bank reports in the same words as a customer's.
OWN_MONEY_WORDS = (
    "جهة العمل|"
    + whole_words("راتب راتبك راتبكم مرتب مرتبك مرتبكم معاش معاشكم قرض تمويل سلفة فوائد عائد")
    + r"|\b(?:salary|payroll|loan|interest)\b"
)
OWN_MONEY = written(OWN_MONEY_WORDS)
# Where a payer's name belongs, these say that the words before it were misread.
NO_NAME = written(
    r"حساب|محفظ|بطاق|رصيد|مبلغ|جنيه|رقم|تحويل|عملية|كاش ?باك|غير متاح|\b(?:account|wallet|card|egp|your"
    r"|amount|ref|awaits?|needs?|approval|acceptance|on ?hold|hold|cash ?back)\b|"
    + whole_words("محتاج محتاجة موافقة قبول لسه")
)
