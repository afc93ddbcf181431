"""Orders, callbacks, bills, payments and deliveries in Arabic: nothing of ours stays English."""

import re

import pytest
from django.contrib.messages import get_messages
from django.db.models import Model
from django.test import Client

from gateways.models import Callback, Order, OrderEvent
from ledger.models import AuditEvent, Bill, Biller, Delivery, Payment
from tests.config.admin_world import Shown, superuser, url

pytestmark = pytest.mark.django_db

# What one of these pages says, and which English of ours would be left over on it.
PAGES: dict[tuple[type[Model], str], tuple[str, str]] = {
    (Order, "changelist"): (
        "المرجع|الحالة|المبلغ|وقت الفتح|قيد المراجعة|الاستعلام لدى مزود الدفع",
        "Status|Amount|Opened|Fetch from provider|quoted by|in full|review<",
    ),
    (Order, "change"): (
        "في انتظار قرار أحد الموظفين|المبالغ|الارتباطات|مرجع الطلب|موافقة|رفض",
        "waits for a person|Money|Where it belongs|Order reference|Approve|Refuse|Only open|provider:",
    ),
    (Callback, "changelist"): (
        "النتيجة|وقت الوصول|إعادة المعالجة|متعثر",
        "Verdict|Came|Process again|Times|failed<|in full",
    ),
    (Callback, "change"): (
        "تعذّرت معالجته ويلزم تدخل موظف|الإشعار الوارد|ترويسات الطلب|المحتوى كما وصل",
        "Could not be worked|Mend what|Body|Headers|Value|Came first|Tries|not yet",
    ),
    (Bill, "changelist"): ("الحالة|المستحق|أول ظهور|رقم العميل|فاتورة", "Due|Seen first|in full|invoice "),
    (Bill, "change"): (
        "المتبقي على فاتورة|لم يُبلَّغ WHMCS بمبلغ|الدفعات|الطلبات",
        "still to pay|does not know|Payments|Orders<|Invoice id|Client id|Difference",
    ),
    (Payment, "changelist"): ("رقم المعاملة|المبلغ|مقابل|الإبلاغ", "Transaction id|Amount|Delivery|Booked"),
    (Payment, "change"): (
        "سُجّلت دفعة بمبلغ|لم يُبلَّغ بها WHMCS بعد|ما أُبلغ به WHMCS|آخر رد",
        "booked for|What WHMCS|Last answer|Booked by|not told|Detail<",
    ),
    (Delivery, "changelist"): (
        "تسجيل دفعة|معلّق|المحاولة التالية|إعادة المحاولة الآن",
        "Transaction id|Next try|Retry now|Tries|Last answer|booking<|parked<",
    ),
    (Delivery, "change"): (
        "ليس لدى|ويلزم تدخل موظف|إعادة المحاولة الآن|تسوية يدوية|إرسال 1",
        "does not have|Retry now|Settled by hand|Request|Answer|parked|refused",
    ),
}  # fmt: skip


def arabic(client: Client) -> Client:
    client.cookies["django_language"] = "ar"
    return client


def told(html: str) -> str:
    """What is read on the page: no scripts, and not the columns' own names under All fields."""
    main = html[html.index('id="content-start"') :]
    main = re.sub(r"<script.*?</script>", "", main, flags=re.S)
    return re.sub(r'<fieldset class="module aligned collapse.*?</fieldset>', "", main, flags=re.S)


@pytest.mark.parametrize(
    ("model", "action"), PAGES, ids=[f"{m.__name__}-{action}" for m, action in PAGES]
)
def test_a_screen_is_arabic_throughout(model: type[Model], action: str) -> None:
    shown = Shown("alpha")
    row = shown.rows[model] if action == "change" else None
    answer = arabic(superuser()).get(url(model, action, row))

    html = answer.content.decode()
    page = re.sub(r"</?bdi>", "", told(html))
    expected, left_over = PAGES[model, action]
    assert answer.status_code == 200
    assert 'dir="rtl"' in html
    assert [text for text in expected.split("|") if text not in page] == []
    assert [text for text in left_over.split("|") if text in page] == []


def test_what_was_done_is_answered_in_arabic_and_kept_in_english() -> None:
    shown = Shown("alpha")
    order, client = shown.rows[Order], arabic(superuser())
    asked = client.get(url(Order, "act", order, "approve")).content.decode()
    assert "يُسجَّل المبلغ الذي تحدده على الفاتورة" in asked
    assert "This much is booked" not in asked

    fields = {"amount": "12.50", "reason": "paid short"}
    answer = client.post(url(Order, "act", order, "approve"), fields)

    said = "".join(str(message) for message in get_messages(answer.wsgi_request))
    assert said == f"سُجّل 12.50 EUR مقابل فاتورة {order.bill.number}؛ ويُبلَّغ WHMCS الآن."
    assert AuditEvent.objects.get(verb="approve order").detail == "12.50 EUR"
    assert OrderEvent.objects.latest("pk").text == "approved: 12.50 EUR booked; paid short"


@pytest.mark.parametrize(("language", "website"), [("en", "website"), ("ar", "الموقع")])
def test_what_a_website_is_told_does_not_speak_of_whmcs(language: str, website: str) -> None:
    shown = Shown("alpha")
    Biller.objects.update(kind=Biller.Kind.WEBSITE)
    client = superuser()
    client.cookies["django_language"] = language
    for model in (Bill, Payment, Delivery):
        page = told(client.get(url(model, "change", shown.rows[model])).content.decode())
        page = re.sub(r' title="[^"]*"', "", page)
        assert website in page
        assert "WHMCS" not in page
