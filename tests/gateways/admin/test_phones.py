"""Phones: enrolled with a URL and keys that are shown once, and told apart by how they are."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from gateways.models import Phone, VodafoneCashGateway, Wallet
from ledger import ports
from ledger.models import AuditEvent
from tests.config.admin_world import Shown, superuser, url, what_csp_would_stop
from tests.gateways.admin.wallet_rows import WALLET

pytestmark = pytest.mark.django_db

KEYS = ("header_key", "smsgate_key", "httpsms_key", "smsforwarder_secret")


def phone() -> Phone:
    row: Phone = Shown("alpha").rows[Phone]
    return row


def page_of(row: Phone) -> str:
    return " ".join(superuser().get(url(Phone, "change", row)).content.decode().split())


def fields(row: Phone, **changes: Any) -> dict[str, Any]:
    wallets = [wallet.pk for wallet in row.wallets.all()]
    return {"name": row.name, "active": "on", "wallets": wallets, **changes}


def test_a_phone_is_enrolled_and_its_url_and_keys_are_shown_this_once() -> None:
    shown = Shown("alpha")
    store, client = shown.rows[VodafoneCashGateway], superuser()
    wallet = store.wallets.get()
    entered = {"name": "Nokia", "gateway": store.pk, "wallets": wallet.pk, "active": "on"}
    answer = client.post(url(Phone, "add"), entered)
    assert answer.status_code == 200
    row = Phone.objects.get(name="Nokia")
    wallet.refresh_from_db()
    assert (row.merchant_id, wallet.phone) == (store.merchant_id, row)
    once = answer.content.decode()
    address = f"{settings.GATEBOOK_URL}/webhooks/{row.token}/"
    secrets = [address, *(row.reveal(column) for column in KEYS)]
    assert len(set(secrets)) == 5
    copied = re.findall(r'class="copied">(.*?)</', once)
    assert set(secrets) <= set(copied)
    assert once.count("<svg") >= 2
    assert "no-store" in answer.headers["Cache-Control"]
    assert not what_csp_would_stop(once)
    assert "keep only the host of the server" in once
    for app in ("SMSGate", "httpSMS", "Tahweel", "SmsForwarder", "Incoming SMS to URL"):
        assert app in once
    pages = [url(Phone, "changelist"), url(Phone, "change", row), url(Phone, "history", row)]
    for page in [*pages, reverse("admin:index"), url(AuditEvent, "changelist")]:
        html = client.get(page).content.decode()
        assert row.token not in html, page
        assert not any(secret in html for secret in secrets), page
    assert f"ends in …{row.token[-4:]}" in client.get(pages[1]).content.decode()


def test_a_new_url_replaces_the_old_one_and_leaves_the_keys() -> None:
    row = phone()
    was, key = row.token, row.reveal("header_key")
    assert "dead at once" in superuser().get(url(Phone, "act", row, "new-url")).content.decode()
    once = superuser().post(url(Phone, "act", row, "new-url")).content.decode()
    row.refresh_from_db()
    assert row.token != was
    assert f"/webhooks/{row.token}/" in once
    assert row.reveal("header_key") == key
    assert key not in once
    assert row.token not in AuditEvent.objects.get(verb="new upload URL").detail


def test_new_keys_replace_all_and_leave_the_url() -> None:
    row = phone()
    token, were = row.token, {column: row.reveal(column) for column in KEYS}
    once = superuser().post(url(Phone, "act", row, "new-keys")).content.decode()
    row.refresh_from_db()
    assert row.token == token
    assert token not in once
    for column in KEYS:
        assert row.reveal(column) != were[column]
        assert row.reveal(column) in once
    assert row.reveal("httpsms_passphrase").startswith("canary")


def test_a_key_that_the_app_made_can_be_entered_instead() -> None:
    row = phone()
    entered = fields(row, new_smsgate_key="AbC12xYz", clear_httpsms_passphrase="on")
    assert superuser().post(url(Phone, "change", row), entered).status_code == 302
    row.refresh_from_db()
    assert row.reveal("smsgate_key") == "AbC12xYz"
    assert row.httpsms_passphrase == ""
    assert "AbC12xYz" not in AuditEvent.objects.get(verb="change settings").detail


def test_switching_off_wants_a_reason_and_ends_the_alert() -> None:
    row = phone()
    Phone.objects.update(created=ports.system_now() - timedelta(days=1))
    assert "Phone alpha" in superuser().get(reverse("admin:index")).content.decode()
    where = url(Phone, "act", row, "switch-off")
    assert superuser().post(where, {"reason": ""}).status_code == 400
    assert superuser().post(where, {"reason": "stolen"}).status_code == 302
    row.refresh_from_db()
    assert not row.active
    assert AuditEvent.objects.get(verb="switch phone off").reason == "stolen"
    assert url(Phone, "change", row) not in superuser().get(reverse("admin:index")).content.decode()


def test_wallets_move_on_and_off_a_phone_within_the_store() -> None:
    row = phone()
    client = superuser()
    assert client.post(url(Phone, "change", row), fields(row, wallets=[])).status_code == 302
    assert Wallet.objects.get().phone is None
    entered = fields(row, wallets=[Wallet.objects.get().pk])
    assert client.post(url(Phone, "change", row), entered).status_code == 302
    assert Wallet.objects.get().phone == row
    stories = AuditEvent.objects.filter(verb="change settings").values_list("detail", flat=True)
    assert set(stories) == {"Wallets: now nobody", f"Wallets: now {WALLET} (vodafone_cash)"}


def test_a_wallet_of_another_store_is_refused() -> None:
    shown, other = Shown("alpha"), Shown("beta")
    store, stranger = shown.rows[VodafoneCashGateway], other.rows[VodafoneCashGateway]
    entered = {"name": "x", "gateway": store.pk, "wallets": stranger.wallets.get().pk}
    answer = superuser().post(url(Phone, "add"), entered)
    assert answer.status_code == 200
    assert f"{WALLET} (Vodafone Cash) is another store" in answer.content.decode()


@pytest.mark.parametrize(
    ("minutes", "chip", "sentence"),
    [
        (None, "never seen", "was never seen"),
        (29, "alive", "is alive"),
        (31, "silent", "is silent since"),
    ],
)
def test_how_a_phone_is(minutes: int | None, chip: str, sentence: str) -> None:
    row = phone()
    now = ports.system_now()
    seen = None if minutes is None else now - timedelta(minutes=minutes)
    Phone.objects.update(
        last_seen=seen, battery=17, network="wifi", pending=4, app="tahweel", warning=""
    )
    page = page_of(row)
    assert f"</span> {chip}</span>" in page
    assert sentence in page
    for told in ("17 %", "wifi", "tahweel", "Messages waiting on it"):
        assert told in page
    assert chip in superuser().get(url(Phone, "changelist")).content.decode()


def test_a_phones_receipts_are_one_click_away() -> None:
    shown = Shown("alpha")
    row = shown.rows[Phone]
    where = re.search(r'<a href="([^"]*/receipt/\?phone=\d+)"', page_of(row))
    assert where
    assert superuser().get(where[1]).status_code == 200
