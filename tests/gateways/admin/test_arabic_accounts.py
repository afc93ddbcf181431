"""The settings of HavenoPay, SpectroCoin and billers, and the offers of orders, read in Arabic."""

import pytest
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.test import Client

from gateways.models import HavenoGateway, Order, SpectroCoinGateway
from ledger.models import AuditEvent, Biller, Merchant
from tests.config.admin_world import Shown, inside, superuser, url
from tests.gateways.admin.haveno_rows import offered
from tests.gateways.admin.test_haveno_settings import fields

pytestmark = pytest.mark.django_db


def reader() -> Client:
    client = superuser()
    client.cookies["django_language"] = "ar"
    return client


def without(page: str, english: tuple[str, ...]) -> None:
    assert 'dir="rtl"' in page
    assert [phrase for phrase in english if phrase in page] == []


HAVENO = (
    "Ask prices now", "Test the relay", "merchant key", "Copy into your relay", "Keys in use",
    "Fingerprint", "Published at", "Accepted Currencies", "Offer Expiry Time", "Merchant ID",
    "Public Key:", "Receive account", "Auto confirm", "Relay URL", "What counts as paid",
    "Confirmations", "Underpayment", "leave it for a person", "the relay", "Price service",
    "Largest deviation", "Oldest price", "Minutes", "Nobody can pay",
)  # fmt: skip
SPECTROCOIN = (
    "is paid here", "Copy into SpectroCoin", "Callback URL:", "Unguessable", "Public key",
    "Keys in use", "Private merchant key", "not fetched yet", "Merchant ID", "Receive currency",
    "Accepted currencies", "separated by commas", "Current API", "Legacy API", "Advanced",
    "API generation", "Leave empty to fetch",
)  # fmt: skip
BILLER = (
    "The last call", "Test connection", "New signing secret", "Last good call", "Failed calls",
    "Next call", "API identifier", "API secret", "Access key", "How it is told", "Book top-ups",
    "Money for an invoice", "as a transaction", "Longest WHMCS run", "Paused", "While ticked",
)  # fmt: skip


@pytest.mark.parametrize(
    ("model", "arabic", "english"),
    [
        (
            HavenoGateway,
            ("لا يمكن لأحد الدفع هنا الآن", "المفاتيح المستخدمة", "مهلة العرض"),
            HAVENO,
        ),
        (SpectroCoinGateway, ("للنسخ إلى SpectroCoin", "عملة الاستلام", "واجهة API"), SPECTROCOIN),
        (Biller, ("فشل آخر اتصال", "اختبار الاتصال", "طريقة الإبلاغ", "تسجيل شحن الرصيد"), BILLER),
    ],
)
def test_settings_are_told_in_arabic(
    model: type[Model], arabic: tuple[str, ...], english: tuple[str, ...]
) -> None:
    row, client = Shown("alpha").rows[model], reader()
    for address in (url(model, "change", row), url(model, "add")):
        answer = client.get(address)
        assert answer.status_code == 200
        without(answer.content.decode(), english)
    page = client.get(url(model, "change", row)).content.decode()
    assert [phrase for phrase in arabic if phrase not in page] == []


def test_a_website_is_told_of_as_one() -> None:
    row = Shown("alpha").rows[Biller]
    Biller.objects.filter(pk=row.pk).update(kind=Biller.Kind.WEBSITE, identifier="plugin:2")
    page = reader().get(url(Biller, "change", row)).content.decode()
    assert "أطول مدة تنفيذ في الموقع" in page
    assert "WHMCS" not in page[page.index('id="biller_form"') :]


def test_who_may_only_look_is_shown_no_inputs_of_secrets() -> None:
    shown = Shown("alpha")
    looking = User.objects.create_user("looking", is_staff=True)
    shown.rows[Merchant].members.add(looking)
    looking.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = inside(looking)
    for model in (SpectroCoinGateway, Biller):
        page = client.get(url(model, "change", shown.rows[model])).content.decode()
        without_inputs = ("New client secret", "New private key", "New secret", "Clear access key")
        assert [label for label in without_inputs if label in page] == []
    Biller.objects.update(kind=Biller.Kind.WEBSITE, identifier="plugin:2")
    page = client.get(url(Biller, "change", shown.rows[Biller])).content.decode()
    assert "GET as the WordPress plugin takes it" in page


def test_lists_tests_and_refusals_are_told_in_arabic() -> None:
    shown, client = Shown("alpha"), reader()
    haveno, spectrocoin = shown.rows[HavenoGateway], shown.rows[SpectroCoinGateway]
    lists = [client.get(url(model, "changelist")) for model in (HavenoGateway, Biller)]
    without(lists[0].content.decode(), ("Name", "no price", "Prices", "Accepted currencies"))
    without(lists[1].content.decode(), ("Kind", "resting after failures", "never", "Last good"))
    assert "لا يوجد سعر" in lists[0].content.decode()

    tried = client.post(url(HavenoGateway, "act", haveno, "test-relay")).content.decode()
    without(tried, ("Not tried, because", "Merchant key", "Try again"))
    assert "لم تتم التجربة لأن خادم الدفع لا يستجيب." in tried

    wrong = fields(haveno, offer_timeout_minutes=1, tolerance_bp="50")
    refused = client.post(url(HavenoGateway, "change", haveno), wrong).content.decode()
    without(refused, ("Enter a whole number", "At most 10 %"))
    assert "يُرجى إدخال عدد صحيح من 5 إلى 1440 دقيقة." in refused
    wrong = {"api_generation": "legacy", "name": "x", "base_url": "ftp://x", "project_id": "p"}
    refused = client.post(url(SpectroCoinGateway, "change", spectrocoin), wrong).content.decode()
    without(refused, ("Needed for", "Use https://", "Name at least"))


def test_what_is_written_down_stays_english() -> None:
    row, client = Shown("alpha").rows[HavenoGateway], reader()
    answer = client.post(url(HavenoGateway, "change", row), fields(row, offer_timeout_minutes=45))
    assert answer.status_code == 302
    written = AuditEvent.objects.filter(verb="change settings").latest("pk").detail
    assert written == "Offer Expiry Time: 60 → 45"


def test_an_offer_is_told_in_arabic() -> None:
    shown = Shown("alpha")
    order = shown.order(
        Order.Status.PENDING,
        gateway=shown.rows[HavenoGateway],
        confirmations=3,
        **offered("relay, agreed with web and fixed rate"),
    )
    page = reader().get(url(Order, "change", order)).content.decode()
    page = page[: page.index('id="order_form"')]  # behind it come the columns by their own names
    without(
        page,
        (
            "Asked of the payer", "Still missing", "Locked until", "agreed with", "Pay to",
            "Valid until", "First seen", "not yet", "Purged", "Signed offer", "3 of 10",
        ),
    )  # fmt: skip
    for phrase in ("المطلوب من الدافع", "خدمة الأسعار والسعر الثابت", "أول رصد", "العرض الموقّع"):
        assert phrase in page
