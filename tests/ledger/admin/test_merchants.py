"""Merchants: the signing secret is shown once, and the WHMCS module's values are there to copy."""

import re

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from ledger.models import AuditEvent, Biller, Merchant
from tests.config.admin_world import Shown, superuser, url

pytestmark = pytest.mark.django_db


def test_a_new_merchant_gets_a_secret_that_is_shown_once() -> None:
    client = superuser()
    member = User.objects.create_user("member")
    fields = {
        "name": "Fresh",
        "time_zone": "Europe/Vilnius",
        "active": "on",
        "members": [member.pk],
    }
    answer = client.post(url(Merchant, "add"), fields)
    merchant = Merchant.objects.get(name="Fresh")
    secret = merchant.reveal("signing_secret")
    assert len(secret) >= 32
    page = answer.content.decode()
    assert secret in page
    assert settings.GATEBOOK_URL in page
    assert merchant.token in page
    assert "no-store" in answer.headers["Cache-Control"]
    assert secret not in str(client.cookies)
    assert list(merchant.members.all()) == [member]
    later = client.get(url(Merchant, "change", merchant)).content.decode()
    assert secret not in later
    assert "fingerprint" in later
    assert merchant.token in later
    assert secret not in AuditEvent.objects.get(verb="create").detail


def test_a_new_signing_secret_is_asked_for_first_then_shown_once() -> None:
    shown = Shown("alpha")
    merchant, client = shown.rows[Merchant], shown.member()
    where = url(Merchant, "act", merchant, "new-secret")
    assert "stop working" in client.get(where).content.decode()
    merchant.refresh_from_db()
    assert merchant.reveal("signing_secret") == shown.secrets[0]
    answer = client.post(where)
    merchant.refresh_from_db()
    fresh = merchant.reveal("signing_secret")
    assert fresh != shown.secrets[0]
    assert fresh in answer.content.decode()
    assert fresh not in client.get(url(Merchant, "change", merchant)).content.decode()
    assert AuditEvent.objects.filter(verb="new signing secret", target_id=merchant.pk).exists()


def test_what_a_merchant_lacks_depends_on_its_biller() -> None:
    client, merchant = superuser(), Merchant.objects.create(name="Fresh")
    page = client.get(url(Merchant, "change", merchant)).content.decode()
    assert "a biller (its WHMCS or website), an enabled payment account, a signing secret" in page
    Biller.objects.create(merchant=merchant, kind="website", url="https://shop.example.com/cb")
    page = client.get(url(Merchant, "change", merchant)).content.decode()
    assert "Still needed: an enabled payment account." in page
    assert "WHMCS module" not in page
    assert "Only for a WHMCS" in page


def test_a_new_signing_secret_needs_the_right_to_change_the_merchant() -> None:
    shown = Shown("alpha")
    client = shown.member("view_merchant")
    assert client.post(url(Merchant, "act", shown.rows[Merchant], "new-secret")).status_code == 403
    shown.rows[Merchant].refresh_from_db()
    assert shown.rows[Merchant].reveal("signing_secret") == shown.secrets[0]


def test_a_time_zone_that_does_not_exist_is_refused() -> None:
    shown = Shown("alpha")
    fields = {"name": "Alpha", "time_zone": "Mars/Olympus", "active": "on"}
    answer = superuser().post(url(Merchant, "change", shown.rows[Merchant]), fields)
    assert answer.status_code == 200
    assert re.search(r"Mars/Olympus is not one of the available choices", answer.content.decode())


def test_times_are_shown_in_the_merchants_own_zone() -> None:
    shown = Shown("alpha")
    page = superuser().get(url(AuditEvent, "changelist")).content.decode()
    event = shown.rows[AuditEvent]
    assert event.at.strftime("%Y-%m-%d %H:%M:%S+00:00") not in page
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+0[23]:00", page)
