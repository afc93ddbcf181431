"""Every page of the admin: it opens, changes nothing by being looked at, and obeys the strict CSP."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gateways.models import (
    Callback,
    HavenoGateway,
    Order,
    Phone,
    Receipt,
    SpectroCoinGateway,
    VodafoneCashGateway,
)
from ledger import ports
from ledger.admin import records
from ledger.models import Bill, Biller, Delivery, Lane, Merchant, Payment
from tests.config.admin_world import (
    OWN_MODELS,
    Shown,
    acts_of,
    superuser,
    url,
    what_csp_would_stop,
)

pytestmark = pytest.mark.django_db

SETTINGS = (Merchant, Biller, SpectroCoinGateway, HavenoGateway, VodafoneCashGateway, Phone)


def pages_of(model: type[Model], row: Any) -> list[str]:
    pages = [url(model, "changelist"), url(model, "change", row), url(model, "history", row)]
    pages += [url(model, "act", row, slug) for slug in acts_of(model)]
    if model in SETTINGS:
        pages.append(url(model, "add"))
    return pages


@pytest.mark.parametrize("model", OWN_MODELS, ids=lambda model: model.__name__)
def test_pages_of_each_model_open_and_looking_changes_nothing(model: type[Model]) -> None:
    shown = Shown("alpha")
    client = superuser()
    for page in pages_of(model, shown.rows[model]):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = client.get(page)
        assert answer.status_code == 200, page
        writes = [
            query["sql"]
            for query in queries
            if query["sql"].lstrip('"( ').upper().startswith(("INSERT", "UPDATE", "DELETE"))
        ]
        assert not writes, (page, writes)
        assert not what_csp_would_stop(answer.content.decode()), page


@pytest.mark.parametrize(
    "name", ["index", "find", "password_change", "auth_user_changelist", "auth_group_changelist"]
)
def test_shared_pages_open_under_the_strict_policy(name: str) -> None:
    Shown("alpha")
    answer = superuser().get(reverse(f"admin:{name}"), {"q": "SC-alpha"} if name == "find" else {})
    assert answer.status_code == 200
    assert not what_csp_would_stop(answer.content.decode())
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_login_page_opens_under_the_strict_policy() -> None:
    answer = Client().get(reverse("admin:login"))
    assert answer.status_code == 200
    assert not what_csp_would_stop(answer.content.decode())


@pytest.mark.parametrize("model", OWN_MODELS, ids=lambda model: model.__name__)
def test_nothing_of_a_merchant_can_be_deleted_and_machine_rows_cannot_be_edited(
    model: type[Model],
) -> None:
    shown = Shown("alpha")
    client, row = superuser(), shown.rows[model]
    before = type(row).objects.filter(pk=row.pk).values().get()
    assert client.post(url(model, "delete", row), {"post": "yes"}).status_code == 403
    if model not in SETTINGS:
        assert client.get(url(model, "add")).status_code == 403
        assert client.post(url(model, "change", row), {"status": "paid"}).status_code == 403
    assert type(row).objects.filter(pk=row.pk).values().get() == before


def test_the_queue_is_not_in_the_admin() -> None:
    apps = {model._meta.app_label for model in site._registry}
    assert apps == {"auth", "ledger", "gateways"}


def test_home_lists_what_needs_a_person() -> None:
    shown = Shown("alpha", text="the cause of alpha")
    now = ports.system_now()
    delivery = shown.rows[Delivery]
    Delivery.objects.filter(pk=delivery.pk).update(
        status=Delivery.Status.UNKNOWN, first_failed=now - timedelta(minutes=16)
    )
    shown.callback(b"bad", "text/plain", status=Callback.Status.REJECTED, verdict="bad signature")
    Phone.objects.update(created=now - timedelta(minutes=31))
    page = superuser().get(reverse("admin:index")).content.decode()
    waiting = (Order, Callback, Biller, HavenoGateway, Receipt, Phone)
    for row in (delivery, *(shown.rows[model] for model in waiting)):
        assert url(type(row), "change", row) in page
    assert "1 callback was rejected in the last 24 hours" in page
    assert "Nothing needs you" not in page


def test_home_shows_the_address_to_whitelist_and_both_places() -> None:
    shown = Shown("alpha")
    Biller.objects.update(last_error="Invalid IP 203.0.113.7")
    page = superuser().get(reverse("admin:index")).content.decode()
    assert "Add 203.0.113.7 in WHMCS in both places" in page
    assert "API IP Access Restriction" in page
    assert "Manage API Credentials" in page
    assert "Add 203.0.113.7" in (
        superuser().get(url(Biller, "change", shown.rows[Biller])).content.decode()
    )


def test_home_says_since_when_there_is_no_price_and_what_to_do() -> None:
    shown = Shown("alpha", text="XMR for EUR: the relay could not be reached")
    account = shown.rows[HavenoGateway]
    page = superuser().get(reverse("admin:index")).content.decode()
    assert "Prices" in page
    assert "Nobody can pay there now. XMR for EUR: the relay could not be reached" in page
    assert "Ask prices now" in page
    home = reverse("admin:index")
    viewer = shown.member("view_order")
    assert url(HavenoGateway, "change", account) not in viewer.get(home).content.decode()
    HavenoGateway.objects.update(enabled=False)
    assert "Nobody can pay there" not in superuser().get(home).content.decode()
    HavenoGateway.objects.update(enabled=True, price_trouble="", price_trouble_at=None)
    assert "Nobody can pay there" not in superuser().get(home).content.decode()


def test_home_says_which_phone_is_silent_by_the_stores_own_measure() -> None:
    shown = Shown("alpha")
    phone, now = shown.rows[Phone], ports.system_now()
    home, where = reverse("admin:index"), url(Phone, "change", shown.rows[Phone])

    def listed(minutes: int, **more: object) -> bool:
        seen = now - timedelta(minutes=minutes)
        Phone.objects.update(**{"last_seen": seen, "active": True, **more})
        return where in superuser().get(home).content.decode()

    assert not listed(29)
    assert listed(31)
    VodafoneCashGateway.objects.update(silent_minutes=60)
    assert not listed(31)
    assert not listed(90, active=False)
    assert listed(90)
    assert "silent" in superuser().get(home).content.decode()
    assert where not in shown.member("view_order").get(home).content.decode()
    VodafoneCashGateway.objects.update(enabled=False)
    assert not listed(90)
    assert phone.pk


def test_home_tells_why_a_receipt_waits_and_leaves_settled_ones_out() -> None:
    shown = Shown("alpha")
    row, home = shown.rows[Receipt], reverse("admin:index")
    Receipt.objects.update(why=[["said", {"text": "Two claims fit it."}]])
    page = superuser().get(home).content.decode()
    assert url(Receipt, "change", row) in page
    assert "Two claims fit it." in page
    assert url(Receipt, "change", row) not in shown.member("view_order").get(home).content.decode()
    for status in (Receipt.Status.NEW, Receipt.Status.MATCHED, Receipt.Status.DISMISSED):
        Receipt.objects.update(status=status)
        assert url(Receipt, "change", row) not in superuser().get(home).content.decode(), status


def test_a_delivery_unknown_for_a_moment_needs_nobody() -> None:
    shown = Shown("alpha")
    Delivery.objects.update(status=Delivery.Status.UNKNOWN, first_failed=ports.system_now())
    page = superuser().get(reverse("admin:index")).content.decode()
    assert url(Delivery, "change", shown.rows[Delivery]) not in page


def test_home_is_calm_when_nothing_waits() -> None:
    page = superuser().get(reverse("admin:index")).content.decode()
    assert "Nothing needs you" in page


def test_silent_workers_are_said_on_every_page_until_one_drains() -> None:
    client = superuser()
    assert "workers are silent" in client.get(url(Order, "changelist")).content.decode()
    Lane.objects.create(name="outbox", ran_at=ports.system_now())
    assert "workers are silent" not in client.get(url(Order, "changelist")).content.decode()


@pytest.mark.parametrize("model", [Order, Payment, Delivery, Bill])
@pytest.mark.parametrize("quoted", ["invoice", "number", "order", "transid"])
def test_any_id_a_customer_quotes_finds_the_row(model: type[Model], quoted: str) -> None:
    shown, other = Shown("alpha"), Shown("beta")
    order, payment = shown.rows[Order], shown.rows[Payment]
    Order.objects.filter(pk=order.pk).update(status="paid", payment=payment)
    ids = {
        "invoice": order.bill.reference,
        "number": order.bill.number,
        "order": order.reference,
        "transid": payment.reference,
    }
    page = superuser().get(url(model, "changelist"), {"q": f"  #{ids[quoted]} "}).content.decode()
    assert url(model, "change", shown.rows[model]) in page
    assert url(model, "change", other.rows[model]) not in page


def test_the_search_of_the_home_page_finds_every_kind_of_row() -> None:
    shown = Shown("alpha")
    order = shown.rows[Order]
    Order.objects.filter(pk=order.pk).update(status="paid", payment=shown.rows[Payment])
    Callback.objects.filter(pk=shown.rows[Callback].pk).update(order=order)
    page = superuser().get(reverse("admin:find"), {"q": order.reference}).content.decode()
    for model in (Order, Payment, Delivery, Bill, Callback):
        assert url(model, "change", shown.rows[model]) in page
    nothing = superuser().get(reverse("admin:find"), {"q": "<b>no\x00thing"}).content.decode()
    assert "Nothing carries the id" in nothing
    assert "<b>no" not in nothing


def test_a_long_list_is_counted_up_to_a_cap_only(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown("alpha")
    monkeypatch.setattr(records, "COUNTED_AT_MOST", 3)
    for _ in range(6):
        shown.order()
    page = superuser().get(url(Order, "changelist")).content.decode()
    assert "more than 3 orders" in " ".join(page.split())


def test_people_are_for_superusers() -> None:
    client = Shown("alpha").member()
    for model in (User, Group):
        assert client.get(url(model, "changelist")).status_code == 403
        assert client.get(url(model, "add")).status_code == 403
    someone = User.objects.create_user("someone")
    assert client.get(url(User, "change", someone)).status_code == 403
    assert client.get(reverse("admin:app_list", args=("auth",))).status_code in (403, 404)
