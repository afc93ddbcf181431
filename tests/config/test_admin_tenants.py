"""V18, V19: staff of one merchant neither see nor touch another merchant's rows, on any way in."""

from typing import Any

import pytest
from django.contrib.admin import site
from django.db.models import Model
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
from ledger.models import AuditEvent, Biller, Delivery, Merchant
from tests.config.admin_world import OWN_MODELS, Shown, acts_of, superuser, url
from tests.gateways.admin import wallet_rows

pytestmark = pytest.mark.django_db

by_name = pytest.mark.parametrize("model", OWN_MODELS, ids=lambda model: model.__name__)


def stored(row: Any) -> dict[str, Any]:
    values: dict[str, Any] = type(row).objects.filter(pk=row.pk).values().get()
    return values


@by_name
def test_v18_foreign_rows_are_absent_from_lists_and_closed_by_address(model: type[Model]) -> None:
    own, foreign = Shown("alpha"), Shown("zulu")
    client = own.member()
    row = foreign.rows[model]
    listed = client.get(url(model, "changelist"))
    assert url(model, "change", own.rows[model]) in listed.content.decode()
    assert "zulu" not in listed.content.decode()
    for query in (
        {"merchant": foreign.rows[Merchant].pk},
        {"q": foreign.rows[Order].bill.reference},
        {"all": ""},
    ):
        assert "zulu" not in client.get(url(model, "changelist"), query).content.decode()
    for action in ("change", "history", "delete"):
        for answer in (
            client.get(url(model, action, row), follow=True),
            client.post(url(model, action, row), {"post": "yes"}, follow=True),
        ):
            assert "zulu" not in answer.content.decode(), action
    assert client.get(url(model, "change", own.rows[model])).status_code == 200


@pytest.mark.parametrize("model", [model for model in OWN_MODELS if acts_of(model)])
def test_v18_buttons_do_not_reach_foreign_rows(model: type[Model]) -> None:
    own, foreign = Shown("alpha"), Shown("zulu")
    client, row = own.member(), foreign.rows[model]
    before, events = stored(row), AuditEvent.objects.count()
    for slug in [*acts_of(model), "no-such-act"]:
        where = url(model, "act", row, slug)
        assert client.get(where).status_code == 404
        assert client.post(where, {"reason": "mine", "amount": "1.00"}).status_code == 404
    assert stored(row) == before
    assert AuditEvent.objects.count() == events


@pytest.mark.parametrize(
    ("model", "action"),
    [
        (Delivery, "retry_now"),
        (Callback, "process_again"),
        (Order, "fetch_from_provider"),
        (Order, "delete_selected"),
        (Receipt, "read_again"),
    ],
)
@pytest.mark.parametrize("across", ["0", "1"])
def test_v18_actions_leave_posted_foreign_ids_alone(
    model: type[Model], action: str, across: str
) -> None:
    own, foreign = Shown("alpha"), Shown("zulu")
    row = foreign.rows[model]
    before = stored(row)
    own.member().post(
        url(model, "changelist"),
        {"action": action, "_selected_action": [row.pk], "select_across": across, "index": "0"},
    )
    assert stored(row) == before
    assert not AuditEvent.objects.filter(merchant=row.merchant).exclude(verb="look").exists()


@by_name
def test_v19_free_lookups_are_refused(model: type[Model]) -> None:
    client = Shown("alpha").member()
    for lookup in (
        "merchant__signing_secret__startswith",
        "merchant__token__startswith",
        "biller__secret__contains",
        "gateway__token__startswith",
        "signing_secret__startswith",
        "private_key__gte",
        "merchant_key__gte",
        "webhook_secret__startswith",
        "phone__token__startswith",
        "header_key__startswith",
        "gateway__store_key__startswith",
        "token__startswith",
        "body__contains",
        "members__password__startswith",
    ):
        answer = client.get(url(model, "changelist"), {lookup: "s"})
        assert answer.status_code == 400, lookup
    answer = client.get(url(model, "changelist"), {"_to_field": "signing_secret"})
    assert answer.status_code == 400


@by_name
def test_v18_autocomplete_tells_nothing(model: type[Model]) -> None:
    own, foreign = Shown("alpha"), Shown("zulu")
    name = "merchant" if model is not Merchant else "members"
    answer = own.member().get(
        reverse("admin:autocomplete"),
        {
            "term": "zulu",
            "app_label": model._meta.app_label,
            "model_name": model._meta.model_name or "",
            "field_name": name,
        },
    )
    assert answer.status_code in (403, 404) or not answer.json()["results"]
    assert foreign.mark not in answer.content.decode()


@pytest.mark.parametrize("model", [Biller, SpectroCoinGateway, HavenoGateway, VodafoneCashGateway])
def test_v18_a_new_row_is_for_an_own_merchant_only(model: type[Model]) -> None:
    own, foreign = Shown("alpha"), Shown("zulu")
    client = own.member()
    page = client.get(url(model, "add")).content.decode()
    assert "Merchant zulu" not in page
    before = model._default_manager.count()
    fields = {"merchant": foreign.rows[Merchant].pk, "name": "x", "url": "https://x.example"}
    answer = client.post(url(model, "add"), fields)
    assert answer.status_code == 200
    assert "That choice is not one of the available choices" in answer.content.decode()
    assert model._default_manager.count() == before


def test_v18_a_new_phone_is_for_an_own_store_only() -> None:
    own, foreign = Shown("alpha"), Shown("zulu")
    client, before = own.member(), Phone.objects.count()
    assert "Store zulu" not in client.get(url(Phone, "add")).content.decode()
    fields = {"name": "x", "gateway": foreign.rows[VodafoneCashGateway].pk}
    answer = client.post(url(Phone, "add"), fields)
    assert "That choice is not one of the available choices" in answer.content.decode()
    wallet = foreign.rows[VodafoneCashGateway].wallets.get()
    fields = {"name": "x", "gateway": own.rows[VodafoneCashGateway].pk, "wallets": wallet.pk}
    page = client.post(url(Phone, "add"), fields).content.decode()
    assert "not one of the available choices" in page
    assert Phone.objects.count() == before


def test_v18_a_wallet_goes_on_an_own_stores_phone_and_foreign_ones_stay_as_they_are() -> None:
    own, foreign = Shown("alpha"), Shown("zulu")
    store = own.rows[VodafoneCashGateway]
    mine, theirs = store.wallets.get(), foreign.rows[VodafoneCashGateway].wallets.get()
    before = stored(mine), stored(theirs)
    where, form = url(VodafoneCashGateway, "change", store), wallet_rows.form_of(store)
    answer = own.member().post(where, {**form, "wallets-0-phone": foreign.rows[Phone].pk})
    assert answer.status_code == 200
    own.member().post(where, {**form, "wallets-0-id": theirs.pk, "wallets-0-sim": "sim2"})
    assert (stored(mine), stored(theirs)) == before


@pytest.mark.parametrize("name", ["paste", "read_unread"])
def test_v18_what_stands_beside_the_receipts_needs_the_right_to_see_them(name: str) -> None:
    own, foreign = Shown("alpha"), Shown("zulu")
    where = reverse(f"admin:gateways_receipt_{name}")
    before = stored(foreign.rows[Receipt])
    Receipt.objects.update(status=Receipt.Status.UNREAD)
    outsider = own.member("view_order")
    for answer in (outsider.get(where), outsider.post(where, {"sender": "a", "text": "b"})):
        assert answer.status_code == 403
    own.member().post(where, {"sender": "a", "text": "b"})
    after = stored(foreign.rows[Receipt])
    assert {**after, "status": before["status"]} == before
    assert not AuditEvent.objects.filter(merchant=foreign.rows[Merchant]).exclude(verb="look")


def test_v18_a_row_never_moves_to_another_merchant() -> None:
    own, other = Shown("alpha"), Merchant.objects.create(name="Second own")
    row = own.rows[Biller]
    fields = {
        "merchant": other.pk,
        "url": row.url,
        "identifier": "changed",
        "when_paid": row.when_paid,
        "top_up_mode": row.top_up_mode,
        "longest_run_seconds": row.longest_run_seconds,
    }
    assert superuser().post(url(Biller, "change", row), fields).status_code == 302
    row.refresh_from_db()
    assert row.identifier == "changed"
    assert row.merchant_id == own.rows[Merchant].pk
    for model in (Biller, SpectroCoinGateway, HavenoGateway, VodafoneCashGateway, Phone):
        page = superuser().get(url(model, "change", own.rows[model])).content.decode()
        assert 'name="merchant"' not in page
    assert 'name="gateway"' not in page


def test_v19_a_member_neither_makes_merchants_nor_sees_nor_changes_members() -> None:
    own = Shown("alpha")
    client, merchant = own.member(), own.rows[Merchant]
    assert client.get(url(Merchant, "add")).status_code == 403
    assert "members" not in client.get(url(Merchant, "change", merchant)).content.decode()
    fields = {"name": "Alpha", "time_zone": "UTC", "active": "on", "members": []}
    assert client.post(url(Merchant, "change", merchant), fields).status_code == 302
    merchant.refresh_from_db()
    assert merchant.name == "Alpha"
    assert merchant.members.count() == 1


def test_v18_home_and_search_hold_own_rows_only() -> None:
    own, foreign = Shown("alpha"), Shown("zulu")
    client = own.member()
    home = client.get(reverse("admin:index")).content.decode()
    assert url(Order, "change", own.rows[Order]) in home
    assert "zulu" not in home
    for term in ("SC-zulu", foreign.rows[Order].reference, foreign.rows[Order].bill.number):
        page = client.get(reverse("admin:find"), {"q": term}).content.decode()
        assert "Nothing carries the id" in page


def test_home_leaves_out_what_the_user_may_not_view() -> None:
    own = Shown("alpha")
    home = own.member("view_delivery").get(reverse("admin:index")).content.decode()
    assert url(Delivery, "change", own.rows[Delivery]) in home
    assert url(Order, "change", own.rows[Order]) not in home
    assert url(Callback, "change", own.rows[Callback]) not in home


def test_staff_of_no_merchant_sees_no_rows() -> None:
    own = Shown("alpha")
    client = own.member()
    own.rows[Merchant].members.clear()
    for model in OWN_MODELS:
        assert "alpha" not in client.get(url(model, "changelist")).content.decode().replace(
            "staff-alpha", ""
        )


def test_every_screen_with_a_merchants_rows_stands_behind_the_wall() -> None:
    from ledger.admin.tenant import MerchantScoped

    assert len(OWN_MODELS) >= 9
    for model in OWN_MODELS:
        assert isinstance(site._registry[model], MerchantScoped), model
