"""Websites as billers: how they are entered, what is refused in words, and the secret shown once."""

from typing import Any

import pytest

from ledger.models import AuditEvent, Biller, Merchant
from tests.config.admin_world import Shown, superuser, url

pytestmark = pytest.mark.django_db

HOOK = "https://shop.example.com/callback?site=1"


def fields(**changes: Any) -> dict[str, Any]:
    return {
        "merchant": Merchant.objects.get_or_create(name="Fresh")[0].pk,
        "kind": "website",
        "url": HOOK,
        "shape": "plugin",
        "store": "2",
        "new_key": "key-of-the-plugin",
        "when_paid": "credit",
        "top_up_mode": "transaction",
        "longest_run_seconds": 120,
        **changes,
    }


def added(**changes: Any) -> Biller:
    answer = superuser().post(url(Biller, "add"), fields(**changes))
    assert answer.status_code == 302, answer.content.decode()
    return Biller.objects.get()


def test_a_website_is_added_and_changed() -> None:
    row = added()
    assert (row.kind, row.url, row.identifier) == ("website", HOOK, "plugin:2")
    assert row.reveal("secret") == "key-of-the-plugin"

    page = superuser().get(url(Biller, "change", row)).content.decode()
    assert 'name="shape"' in page
    for absent in ('name="kind"', 'name="identifier"', 'name="new_access_key"', "WHMCS has not"):
        assert absent not in page
    answer = superuser().post(
        url(Biller, "change", row), fields(shape="signed", store="", new_key="")
    )
    assert answer.status_code == 302, answer.content.decode()
    row.refresh_from_db()
    assert (row.identifier, row.reveal("secret")) == ("signed:", "key-of-the-plugin")
    assert "Told as signed:" in AuditEvent.objects.get(verb="change settings").detail

    again = superuser().post(
        url(Biller, "change", row), fields(kind="whmcs", shape="signed", store="", new_key="")
    )
    assert again.status_code == 302
    row.refresh_from_db()
    assert (row.kind, row.identifier) == ("website", "signed:")


def test_who_may_only_look_sees_no_inputs() -> None:
    row = added()
    client = Shown("alpha").member("view_biller")
    row.merchant.members.set(Merchant.objects.get(name="Merchant alpha").members.all())
    page = client.get(url(Biller, "change", row)).content.decode()
    assert HOOK in page
    assert 'name="new_key"' not in page
    assert "key-of-the-plugin" not in page


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"url": "http://shop.example.com"}, "the API URL must begin with https://"),
        ({"url": "https://u:p@shop.example.com"}, "the API URL must begin with https://"),
        ({"url": "javascript:alert(1)"}, "the API URL must begin with https://"),
        ({"url": "https://[shop"}, "This cannot be told"),
        ({"shape": ""}, "Choose how the website is told"),
        ({"shape": "fax"}, "Select a valid choice"),
        ({"store": "two"}, "The Store ID is a number"),
        ({"new_key": ""}, "Enter the key that your plugin holds"),
        ({"kind": "whmcs", "url": "https://b.example.com"}, "Enter the API identifier"),
        ({"kind": "phone"}, "Select a valid choice"),
    ],
)
def test_a_wrong_field_says_what_is_wrong(changes: dict[str, str], says: str) -> None:
    answer = superuser().post(url(Biller, "add"), fields(**changes))
    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert not Biller.objects.exists()


def test_the_signing_secret_is_made_here_and_shown_once() -> None:
    row, client = added(shape="signed", new_key=""), superuser()
    change, act = url(Biller, "change", row), url(Biller, "act", row, "new-secret")
    assert "Press “New signing secret”" in client.get(change).content.decode()
    tried = client.post(url(Biller, "act", row, "test")).content.decode()
    assert "The test could not be made" in tried and "signing secret" in tried

    answer = client.post(act)
    row.refresh_from_db()
    secret = row.reveal("access_key")
    assert secret.startswith("whsec_")
    assert secret in answer.content.decode().replace("&#x2B;", "+")
    assert secret not in client.get(change).content.decode().replace("&#x2B;", "+")
    assert AuditEvent.objects.filter(verb="new signing secret").exists()
    tried = client.post(url(Biller, "act", row, "test")).content.decode()
    assert "The settings are whole" in tried
    row.refresh_from_db()
    assert row.last_ok is None
