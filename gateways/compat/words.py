"""What plugins show their customers, in the two languages that they ask for."""

from collections.abc import Mapping

# The English not_found is the documented one, which plugins may compare.
MESSAGES: Mapping[str, tuple[str, str]] = {
    "matched": ("Your payment was found. Thank you.", "تم العثور على دفعتك. شكرًا لك."),
    "not_found": ("No matching transaction found", "لم يتم العثور على معاملة مطابقة"),
    "hold": (
        "Your payment is under review. You do not need to pay again.",
        "دفعتك قيد المراجعة. لا داعي للدفع مرة أخرى.",
    ),
    "on_its_way": (
        "Your payment was found and is being confirmed. You do not need to pay again.",
        "تم العثور على دفعتك ويجري تأكيدها. لا داعي للدفع مرة أخرى.",
    ),
    "review": (
        "Your payment is being checked by a person. You do not need to pay again.",
        "تتم مراجعة دفعتك من قبل أحد الموظفين. لا داعي للدفع مرة أخرى.",
    ),
    "waiting": (
        "Send the amount from your wallet, then enter the number that you sent it from.",
        "أرسل المبلغ من محفظتك، ثم أدخل الرقم الذي أرسلت منه.",
    ),
    "looking": (
        "Not found yet. We keep looking: an SMS may take a few minutes.",
        "لم يتم العثور عليها بعد. نواصل البحث: قد تستغرق الرسالة بضع دقائق.",
    ),
    "expired": (
        "The time for this payment has run out. Open the invoice again for a new amount. If you "
        "have sent the money already, contact the merchant.",
        "انتهت مهلة هذه الدفعة. افتح الفاتورة من جديد للحصول على مبلغ جديد. إذا كنت قد أرسلت "
        "المبلغ بالفعل فتواصل مع التاجر.",
    ),
    "paid": ("This invoice is paid. Thank you.", "هذه الفاتورة مدفوعة. شكرًا لك."),
    "bad_phone": (
        "Enter the wallet number that you paid from: eleven digits that begin with 01.",
        "أدخل رقم المحفظة التي دفعت منها: أحد عشر رقمًا تبدأ بـ 01.",
    ),
    "bad_amount": (
        "Enter the amount that you sent in Egyptian pounds, such as 100 or 100.50.",
        "أدخل المبلغ الذي أرسلته بالجنيه المصري، مثل 100 أو 100.50.",
    ),
    "bad_fields": (
        "A field is missing or cannot be read",
        "أحد الحقول ناقص أو لا يمكن قراءته",
    ),
    "bad_client": (
        "Name the client who pays: client_id is missing",
        "حدد العميل الذي يدفع: الحقل client_id ناقص",
    ),
    "bad_store": ("There is no such store", "لا يوجد متجر بهذا الرقم"),
    "bad_key": ("The store key is missing or wrong", "مفتاح المتجر ناقص أو غير صحيح"),
    "rate_limited": (
        "Too many attempts. Wait a minute and try again.",
        "محاولات كثيرة. انتظر دقيقة ثم حاول مرة أخرى.",
    ),
    "unavailable": (
        "We cannot look for the payment right now. Please try again in a few minutes.",
        "لا يمكننا البحث عن الدفعة الآن. يرجى المحاولة بعد بضع دقائق.",
    ),
}


def say(name: str, language: str) -> str:
    """The sentence in Arabic for "ar" and "arabic", in English for everything else."""
    english, arabic = MESSAGES[name]
    return arabic if language.lower().startswith("ar") else english
