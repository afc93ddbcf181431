"""The VodafoneCash screen: the store settings, what it refuses in words, wallets and keys."""

import logging
import re
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from gateways.models import VodafoneCashGateway, Wallet
from ledger.models import AuditEvent, Biller, Merchant
from tests.config.admin_world import Shown, superuser, url
from tests.gateways.admin.wallet_rows import WALLET, a_store, form_of

pytestmark = pytest.mark.django_db

Store = VodafoneCashGateway


def store(mark: str = "alpha") -> Store:
    row: Store = Shown(mark).rows[Store]
    return row


def page_of(row: Store) -> str:
    return " ".join(superuser().get(url(Store, "change", row)).content.decode().split())


def saved(row: Store, **changes: Any) -> Store:
    answer = superuser().post(url(Store, "change", row), form_of(row, **changes))
    assert answer.status_code == 302, errors_in(answer.content.decode())
    return Store.objects.get(pk=row.pk)


def refused(row: Store, **changes: Any) -> str:
    before = Store.objects.filter(pk=row.pk).values().get()
    answer = superuser().post(url(Store, "change", row), form_of(row, **changes))
    assert answer.status_code == 200
    assert Store.objects.filter(pk=row.pk).values().get() == before
    return errors_in(answer.content.decode())


def errors_in(page: str) -> str:
    lists = re.findall(r'<ul class="errorlist[^>]*>(.*?)</ul>', page, re.DOTALL)
    return " ".join(" ".join(lists).split())


# --- the screen -----------------------------------------------------------------------------------
def test_the_store_settings_stand_in_their_order_and_words() -> None:
    form = page_of(store())
    form = form[form.index('id="vodafonecashgateway_form"') :]
    places = [
        form.index(label)
        for label in (
            "Enable VodafoneCash", "VodafoneCash System URL:", "Store ID:", "API URL:",
            "WHMCS Identifier:", "WHMCS Secret:", "Store key:", "Currency:", "Rate:",
            "Anti-Spam", "Hold first payments", "Hold above:", "Hold after failed claims:",
            "Legacy open mode", "Alert when a phone is silent for:",
            "Wallets: the numbers that payers send to",
        )
    ]  # fmt: skip
    assert places == sorted(places)


def test_plugins_are_given_our_address_and_the_rows_own_number() -> None:
    row = store()
    copied = re.findall(r'class="copied">(.*?)</', page_of(row))
    assert settings.GATEBOOK_URL in copied
    assert str(row.pk) in copied
    assert not any(row.token in value for value in copied)
    upstream = saved(row, mode="upstream", store_id="2")
    assert f"{settings.GATEBOOK_URL}/webhooks/{row.token}/" in page_of(upstream)


def test_whmcs_is_the_billers_and_shown_as_hints_with_a_link_to_it() -> None:
    row = store()
    biller = Biller.objects.get()
    page = page_of(row)
    assert "https://alpha.example.com" in page
    assert url(Biller, "change", biller) in page
    assert biller.hint("secret") in page
    assert biller.reveal("secret") not in page
    Biller.objects.update(identifier="abcdefghijklmnopWXYZ")
    assert "ends in …WXYZ" in page_of(row)
    assert "abcdefghijklmnop" not in page_of(row)


def test_a_website_stands_in_the_place_of_whmcs() -> None:
    row = store()
    Biller.objects.update(
        kind="website", url="https://shop.example.com/cb?pin=4711", identifier="plugin:2"
    )
    page = page_of(row)
    assert "WHMCS Identifier" not in page
    assert "GET as the WordPress plugin takes it" in page
    assert "https://shop.example.com/cb" in page
    assert "4711" not in page
    assert Biller.objects.get().hint("secret") in page
    assert "is paid here in EGP" in page
    row.seal("store_key", "")
    row.save()
    assert "Still needed: a store key, which the website" in page_of(row)


def test_what_is_missing_before_anybody_can_pay_is_said() -> None:
    row = store()
    assert "is paid here in EGP, at 50.00 for 1 EUR" in page_of(row)
    Wallet.objects.update(active=False)
    row.phones.update(active=False)
    page = page_of(row)
    assert "Nobody can pay here yet" in page
    assert "a wallet (below), a phone that forwards its messages" in page
    alone = a_store(Merchant.objects.create(name="Fresh"))
    assert "Still needed: a biller: your WHMCS or website" in page_of(alone)


def test_legacy_open_mode_is_warned_of_wherever_the_store_is_shown() -> None:
    row = saved(store(), legacy_open="on")
    page = page_of(row)
    assert "tone-warn" in page
    assert "Anybody who knows the store number can try to take" in page
    assert "open to claims" in superuser().get(url(Store, "changelist")).content.decode()


def test_whoever_may_only_look_sees_pounds_and_no_inputs() -> None:
    shown = Shown("alpha")
    row = shown.rows[Store]
    Store.objects.update(hold_above_units=123_456)
    client = shown.member("view_vodafonecashgateway", "view_wallet")
    page = client.get(url(Store, "change", row)).content.decode()
    assert "1234.56 EGP" in page
    assert "123456" not in page
    assert WALLET in page
    assert 'type="password"' not in page
    for slug in ("check", "new-key", "remove-key"):
        assert client.post(url(Store, "act", row, slug)).status_code == 403


# --- what the form takes and refuses --------------------------------------------------------------
def test_what_is_typed_in_other_ways_is_stored_in_one() -> None:
    row = saved(
        store(),
        system_url=" https://vodafoncash.com/ ",
        store_currency="usdt",
        rate=" 48.255 ",
        hold_above_units="1500.5 EGP",
    )
    assert row.system_url == "https://vodafoncash.com"
    assert (row.store_currency, row.rate) == ("USDT", "48.255")
    assert row.hold_above_units == 150_050
    page = superuser().get(url(Store, "change", row)).content.decode()
    assert 'value="1500.50"' in page
    story = AuditEvent.objects.get(verb="change settings").detail
    assert "Hold above: None → 1500.50 EGP" in story
    assert saved(row).hold_above_units is None


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("rate", "", "This field is required"),
        ("rate", "0", "a number above zero"),
        ("rate", "-50", "a number above zero"),
        ("rate", "50,00", "a number above zero"),
        ("rate", "5e1", "a number above zero"),
        ("rate", "\u0665\u0660", "a number above zero"),
        ("rate", "NaN", "a number above zero"),
        ("store_currency", "dollars", "is no currency that is known here"),
        ("store_currency", "EGP", "One pound costs one pound"),
        ("store_id", "two", "The Store ID is a number"),
        ("system_url", "http://vodafoncash.com", "Use https://"),
        ("system_url", "https://user:pw@vodafoncash.com", "Use https://"),
        ("hold_above_units", "a lot", "not an amount"),
        ("hold_above_units", "0", "above zero"),
        ("hold_above_units", "1.001", "at most two decimals"),
        ("hold_after_failures", "101", "from 0 to 100 claims"),
        ("silent_minutes", "4", "from 5 to 1440 minutes"),
        ("offer_timeout_minutes", "4", "from 5 to 1440 minutes"),
        ("receipt_age_hours", "0", "from 1 to 720 hours"),
        ("mode", "upstream", "Enter the Store ID of your account"),
        ("wallets-0-number", "0101234567", "11 digits"),
        ("wallets-0-number", "", "This field is required"),
        ("wallets-0-kind", "cheque", "Select a valid choice"),
    ],
)
def test_a_wrong_field_says_what_is_wrong_with_it(name: str, value: str, says: str) -> None:
    assert says in refused(store(), **{name: value})


def test_an_account_at_vodafoncash_needs_its_token() -> None:
    row = store()
    row.seal("store_key", "")
    row.save()
    assert "Enter the API Token" in refused(row, mode="upstream", store_id="2")
    kept = saved(row, mode="upstream", store_id="2", new_store_key="their-api-token")
    assert kept.reveal("store_key") == "their-api-token"
    assert "their-api-token" not in AuditEvent.objects.get(verb="change settings").detail


def test_saving_without_a_change_writes_nothing_down() -> None:
    row = store()
    key = row.reveal("store_key")
    assert saved(row).reveal("store_key") == key
    assert not AuditEvent.objects.exclude(verb="look").exists()


def test_a_new_store_is_made_with_its_wallet() -> None:
    merchant = Merchant.objects.create(name="Fresh")
    fields = {
        **form_of(store()), "merchant": merchant.pk, "name": "New", "enabled": "on", "rate": "50",
        "wallets-TOTAL_FORMS": 1, "wallets-INITIAL_FORMS": 0, "wallets-0-id": "",
        "wallets-0-kind": "vodafone_cash", "wallets-0-number": "+20 100 000 0202",
        "wallets-0-phone": "", "wallets-0-sim": "sim2", "wallets-0-active": "on",
    }  # fmt: skip
    answer = superuser().post(url(Store, "add"), fields)
    assert answer.status_code == 302, errors_in(answer.content.decode())
    row = Store.objects.get(merchant=merchant)
    wallet = Wallet.objects.get(gateway=row)
    assert (wallet.number, wallet.sim, wallet.merchant) == ("01000000202", "sim2", merchant)
    assert (row.provider, row.method) == ("vodafonecash", "vodafoncash")


# --- wallets --------------------------------------------------------------------------------------
def test_wallets_are_added_changed_and_written_down() -> None:
    row = store()
    added = {"wallets-1-number": "٠١٠٠٠٠٠٠٣٠٣", "wallets-1-kind": "orange_cash"}
    saved(row, **added, **{"wallets-0-active": None})
    numbers = dict(Wallet.objects.values_list("number", "active"))
    assert numbers == {WALLET: False, "01000000303": True}
    assert Wallet.objects.get(number="01000000303").merchant_id == row.merchant_id
    story = AuditEvent.objects.get(verb="change wallets").detail
    assert f"{WALLET} (vodafone_cash) changed: on Phone alpha, off" in story
    assert "01000000303 (orange_cash) added: on no phone, in use" in story


def test_a_bank_account_keeps_its_number_as_it_is_written() -> None:
    saved(store(), **{"wallets-1-number": "1234-56", "wallets-1-kind": "bank"})
    assert Wallet.objects.get(kind="bank").number == "1234-56"


def test_a_wallet_is_entered_once() -> None:
    row = store()
    assert "already exists" in refused(row, **{"wallets-1-number": "0020 1000000101"}) or (
        "duplicate" in refused(row, **{"wallets-1-number": "0020 1000000101"})
    )
    assert Wallet.objects.count() == 1


# --- keys -----------------------------------------------------------------------------------------
def test_a_key_is_shown_once_and_never_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    row, client = store(), superuser()
    was, where = row.reveal("store_key"), url(Store, "act", row, "new-key")
    assert "shows it once" in client.get(where).content.decode()
    answer = client.post(where)
    row.refresh_from_db()
    secret = row.reveal("store_key")
    assert secret != was
    once = answer.content.decode().replace("&#x2B;", "+")
    assert secret in once
    assert "only time the store key is shown" in once
    assert "no-store" in answer.headers["Cache-Control"]
    pages = [url(Store, "change", row), url(Store, "history", row), reverse("admin:index")]
    for page in [*pages, url(AuditEvent, "changelist")]:
        html = client.get(page).content.decode().replace("&#x2B;", "+")
        assert secret not in html, page
    assert secret not in caplog.text
    assert AuditEvent.objects.filter(verb="new store key").exists()


def test_the_store_key_is_removed_with_a_reason() -> None:
    row = store()
    where = url(Store, "act", row, "remove-key")
    assert superuser().post(where, {"reason": " "}).status_code == 400
    assert superuser().post(where, {"reason": "no plugin any more"}).status_code == 302
    row.refresh_from_db()
    assert row.store_key == ""
    assert AuditEvent.objects.get(verb="remove store key").reason == "no plugin any more"
