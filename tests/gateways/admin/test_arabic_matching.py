"""The matching screen and what all screens share, in Arabic: our words are there, English ones are not."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.html import strip_tags

from gateways.models import Callback, Claim, Phone, Receipt
from ledger.admin.showing import isolated
from ledger.models import AuditEvent
from tests.config.admin_world import Shown, superuser, url
from tests.gateways.admin.wallet_rows import PAYER, SENDER, a_receipt

pytestmark = pytest.mark.django_db

Status = Receipt.Status
VF = (
    "تم استلام مبلغ 800.00 جنيه من رقم 01012345678 المسجل بإسم Ahmed M رصيدك الحالي 1900.00 جنيه"
    " تاريخ العملية 10:39 26-08-12 رقم العملية 012345678901"
)


def arabic(client: Client | None = None) -> Client:
    client = client or superuser()
    client.cookies["django_language"] = "ar"
    return client


def told(answer: Any) -> str:
    """What the page says below its header and beside its menu, without the markup."""
    html = answer.content.decode()
    assert '<html lang="ar" dir="rtl">' in html
    body = html.partition('id="content"')[2] or html
    return " ".join(unescape(strip_tags(re.sub(r"(?s)<(script|style).*?</\1>", "", body))).split())


def has(page: str, *phrases: str) -> None:
    assert [phrase for phrase in phrases if phrase not in page] == []


def lacks(page: str, *phrases: str) -> None:
    assert [phrase for phrase in phrases if re.search(rf"\b{re.escape(phrase)}\b", page)] == []


def came(shown: Shown, status: str = Status.REVIEW, **fields: Any) -> Receipt:
    return a_receipt(shown.rows[Phone], shown.rows[Callback], status, **fields)


def test_the_list_of_receipts() -> None:
    shown = Shown("alpha")
    came(shown, why=[["decide", {}]])
    came(shown, Status.UNREAD, amount_units=None, left_units=0, why=[["sms_odd_date", {}]])
    page = told(arabic().get(url(Receipt, "changelist")))
    has(
        page,
        "تجربة رسالة…",
        "قراءة كل غير المقروء من جديد",
        "قيد المراجعة",
        "قد يكون مقابل",
        "حسب الحالة",
    )
    lacks(
        page, "Try", "Read", "review", "unread", "May be", "Amount", "From", "wallet", "status",
        "Match",
    )  # fmt: skip


def test_a_receipts_page_and_what_can_be_done() -> None:
    shown = Shown("alpha")
    row = came(shown, balance_units=190_000, text=VF, why=[["decide", {}]])
    shown.transfer()
    client = arabic()
    page = told(client.get(url(Receipt, "change", row)))
    has(
        page, f"وصل مبلغ 800.00 EGP من {PAYER} وينتظر قرارك.", "ما قد يكون مقابله", "كيف وصل",
        "تسلسل رصيد المحفظة", "إعادة بعد الاستبعاد", "لم تتم مطابقته.", "نص الرسالة كما وصلت من VF-Cash",
    )  # fmt: skip
    lacks(
        page.partition("كل الحقول")[0], "came", "waits", "Match", "Split", "Dismiss", "none", "yes",
        "Balance", "Sender", "asked", "Why", "new", "invoice",
    )  # fmt: skip
    for slug, says in (
        ("match", "يُسجَّل المبلغ كله على الطلب المختار"),
        ("split", "يجب أن يكون مجموع الأجزاء 800.00 EGP."),
        ("note", "ملاحظة"),
        ("dismiss", "يُزال من القائمة"),
        ("undo", "لا يمكن تنفيذ ذلك الآن: لم تتم مطابقته."),
        ("restore", "لا يمكن تنفيذ ذلك الآن: لم يُستبعد."),
    ):
        asked = told(client.get(url(Receipt, "act", row, slug)))
        has(asked, says, "رجوع")
        lacks(asked, "Back", "Reason", "Kept", "Books", "asked", "invoice", "cannot")
    refused = client.post(url(Receipt, "act", row, "match"), {"other": "none", "reason": "x"})
    assert refused.status_code == 400
    has(told(refused), "لا يوجد في هذا المتجر طلب يحمل «none».", "لم يتغيّر شيء.")


def test_what_was_done_is_told_in_arabic_and_kept_in_english() -> None:
    shown = Shown("alpha")
    row, client = came(shown), arabic()
    client.post(url(Receipt, "act", row, "dismiss"), {"reason": "مال أخي"})
    page = told(client.get(url(Receipt, "change", row)))
    has(page, "استبعاد إيصال", "مال أخي", "إعادة بعد الاستبعاد")
    lacks(page.partition("كل الحقول")[0], "dismissed", "dismiss receipt")
    event = AuditEvent.objects.get(verb="dismiss receipt")
    assert (event.reason, event.detail) == ("مال أخي", "was review")
    assert LogEntry.objects.latest("pk").change_message == "Dismiss"
    listed = told(client.get(url(AuditEvent, "changelist")))
    has(listed, "استبعاد إيصال", "المنفِّذ", "الإجراء")
    lacks(listed, "Actor", "Verb", "dismiss")

    client.post(url(Receipt, "act", row, "restore"), {"reason": "لا"})
    row.refresh_from_db()
    assert row.status == Status.REVIEW


def test_the_box_to_paste_into_and_claims() -> None:
    shown, client = Shown("alpha"), arabic()
    where = reverse("admin:gateways_receipt_paste")
    page = told(client.post(where, {"sender": SENDER, "text": VF}))
    has(page, "ورد مبلغ 800.00 EGP.", "هاتف الدافع", "مرسِل معروف", "نعم")
    lacks(page, "came", "Payer", "Known", "yes", "Read")
    page = told(client.post(where, {"sender": SENDER, "text": "عرض: خصم 100 جنيه"}))
    has(page, "ليست إيصالًا.")
    for row in (shown.rows[Claim],):
        has(told(client.get(url(Claim, "changelist"))), "صاحب المطالبة", "العميل 7", "حسب المصدر")
        page = told(client.get(url(Claim, "change", row))).partition("كل الحقول")[0]
        has(page, f"يقول {PAYER} إنه أرسل 800.00 EGP", "تجب الموافقة على الطلب أو رفضه.")
        lacks(page, "says", "Approve", "Made", "Expires", "Payer", "Order")


def test_home_search_and_login() -> None:
    Shown("alpha", text="canary")
    client = arabic()
    page = told(client.get(reverse("admin:index")))
    has(
        page,
        "ما يحتاج إلى تدخّل اليوم",
        "إيصالات التحويل",
        "دفعات ليست لدى WHMCS أو الموقع",
        "الدفعات",
    )
    lacks(
        page, "What needs", "Nobody", "Prices", "for", "ago", "Screens", "Settings",
        "resting",
    )  # fmt: skip
    has(told(client.get(reverse("admin:find"), {"q": PAYER})), f"بحث: {PAYER}")
    has(told(client.get(reverse("admin:find"), {"q": "zz"})), "لا يوجد ما يحمل المعرّف «zz».")
    has(told(arabic(Client()).get(reverse("admin:login"))), "كلمة المرور")


def test_latin_parts_keep_their_order_in_arabic_only() -> None:
    text = "فاتورة 2026-0051، <b> 800.00 EGP"
    assert isolated(text) == text
    with translation.override("ar"):
        assert isolated(text) == (
            "فاتورة <bdi>2026-0051</bdi>، &lt;<bdi>b</bdi>&gt; <bdi>800.00 EGP</bdi>"
        )
        assert isolated(isolated(text)) == isolated(text)
