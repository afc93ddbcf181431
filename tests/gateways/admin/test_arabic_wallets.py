"""The VodafoneCash store, its checklist, its phones and the merchant, read in Arabic."""

from collections.abc import Callable

import pytest
from django.test import Client

from gateways.models import Phone, VodafoneCashGateway
from ledger.models import AuditEvent, Biller, Merchant
from tests.config.admin_world import Shown, superuser, url
from tests.gateways.admin.wallet_rows import a_store, form_of

pytestmark = pytest.mark.django_db

Store = VodafoneCashGateway
Read = Callable[[Client, Shown], str]


def reader() -> Client:
    client = superuser()
    client.cookies["django_language"] = "ar"
    return client


def store(client: Client, shown: Shown) -> str:
    return client.get(url(Store, "change", shown.rows[Store])).content.decode()


def stores(client: Client, shown: Shown) -> str:
    return client.get(url(Store, "changelist")).content.decode()


def refused(client: Client, shown: Shown) -> str:
    row = shown.rows[Store]
    wrong = {"rate": "x", "hold_above_units": "a", "silent_minutes": "1", "mode": "upstream"}
    return client.post(url(Store, "change", row), form_of(row, **wrong)).content.decode()


def checklist(client: Client, shown: Shown) -> str:
    Biller.objects.update(url="http://127.0.0.1:9")
    return client.post(url(Store, "act", shown.rows[Store], "check")).content.decode()


def website(client: Client, shown: Shown) -> str:
    merchant = Merchant.objects.create(name="Site")
    Biller.objects.create(
        merchant=merchant, kind="website", url="https://shop.example.com/cb", identifier="plugin:2"
    )
    row = a_store(merchant)
    answer = client.post(url(Store, "act", row, "check"))
    page = client.get(url(Merchant, "change", merchant))
    return answer.content.decode() + page.content.decode()


def key(client: Client, shown: Shown) -> str:
    return client.post(url(Store, "act", shown.rows[Store], "new-key")).content.decode()


def phone(client: Client, shown: Shown) -> str:
    return client.get(url(Phone, "change", shown.rows[Phone])).content.decode()


def phones(client: Client, shown: Shown) -> str:
    return client.get(url(Phone, "changelist")).content.decode()


def setup(client: Client, shown: Shown) -> str:
    row = shown.rows[Phone]
    url_page = client.post(url(Phone, "act", row, "new-url"))
    keys_page = client.post(url(Phone, "act", row, "new-keys"))
    return url_page.content.decode() + keys_page.content.decode()


def merchant(client: Client, shown: Shown) -> str:
    return client.get(url(Merchant, "change", shown.rows[Merchant])).content.decode()


@pytest.mark.parametrize(
    ("read", "arabic", "english"),
    [
        (
            store,
            ("تنفيذ قائمة التحقق", "للنسخ إلى الإضافة", "العملة وسعر الصرف", "تعليق الدفعات الأولى"),
            (
                "is paid here", "Copy into", "Store settings", "Store key", "Change them", "Booked",
                "Payments are read", "our own phones", "Currency and", "Hold ", "Oldest", "Legacy",
                "Alert when", "Wallets:", "not on a phone", "either", "Leave empty", "change it at",
            ),
        ),
        (stores, ("الوضع", "سعر الصرف", "مفعّل"), ("Mode", "Rate", "Name", "> enabled")),
        (
            refused,
            ("ليس مبلغًا بالجنيه", "من 5 إلى 1440 دقيقة", "يُكتب سعر الصرف"),
            ("Write the rate", "whole number", "not an amount", "Enter the Store ID"),
        ),
        (
            checklist,
            ("قائمة التحقق: ", "بيانات الدخول", "لم يظهر بعد", "مفتاح المتجر", "إعادة الفحص"),
            ("Credentials", "checks failed", "It was never seen", "works", "not tried", "Back"),
        ),
        (
            website,
            ("إعداداته مكتملة", "لأن التجربة تُبلغه بدفعة", "استلام المدفوعات."),
            ("Telling the", "whole", "Website", "can take", "Still needed", "Only for a WHMCS"),
        ),
        (key, ("يُعرض مفتاح المتجر هذه المرة فقط", "للنسخ الآن"), ("only time", "stored it")),
        (
            phone,
            ("لم يظهر", "آخر ظهور", "رابط الإرسال", "المحافظ التي عليه", "مفتاح الترويسة"),
            (
                "was never seen", "Last seen", "Battery", "Waiting", "Upload URL", "Header key",
                "New URL", "New keys", "Switch off", "signing key", "httpSMS passphrase", "See them",
            ),
        ),
        (phones, ("آخر رسالة", "البطارية", "ينتظر عليه"), ("Last", "Battery", "Waiting", "Gateway")),
        (
            setup,
            ("المسح بكاميرا الهاتف", "أين تُدخل", "بعض الإصدارات لا تحتفظ", "على كل هاتف"),
            (
                "only time", "Scan with", "Where to", "Upload URL", "Header key", "Add a", "Headers:\n",
                "Register", "Some versions", "On every phone", "charger", "I have entered",
            ),
        ),
        (
            merchant,
            ("يمكن للتاجر", "رابط المنصة", "المنطقة الزمنية", "سر توقيع جديد"),
            ("can take", "Copy these", "It was shown once", "Time zone", "New signing"),
        ),
    ],
)  # fmt: skip
def test_a_screen_is_told_in_arabic(
    read: Read, arabic: tuple[str, ...], english: tuple[str, ...]
) -> None:
    page = read(reader(), Shown("alpha"))
    assert 'dir="rtl"' in page
    assert [phrase for phrase in arabic if phrase not in page] == []
    assert [phrase for phrase in english if phrase in page] == []


def test_what_is_written_down_stays_english() -> None:
    row, client = Shown("alpha").rows[Store], reader()
    entered = form_of(row, rate="51", new_store_key="another-key-of-the-store")
    assert client.post(url(Store, "change", row), entered).status_code == 302
    story = AuditEvent.objects.get(verb="change settings").detail
    assert "Rate: 50.00 → 51" in story
    assert "Store key: changed" in story
    assert story.replace("→", "").isascii()
    phone = row.phones.get()
    assert (
        client.post(url(Phone, "act", phone, "switch-off"), {"reason": "lost"}).status_code == 302
    )
    assert AuditEvent.objects.filter(verb="switch phone off").exists()
