"""The SpectroCoin screen: what it takes, what it refuses in words, and what it offers to copy."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.conf import settings
from django.utils import timezone

from gateways.models import SpectroCoinGateway
from gateways.providers.spectrocoin import key_fingerprint, public_half, read_public_keys
from ledger.models import AuditEvent, Merchant
from tests.config.admin_world import Shown, superuser, url
from tests.world import PRIVATE_KEY

pytestmark = pytest.mark.django_db

Pem, Format = serialization.Encoding.PEM, serialization.PrivateFormat
Bare = serialization.NoEncryption()


def fields(row: SpectroCoinGateway, **changes: Any) -> dict[str, Any]:
    filled = {
        "name": row.name,
        "enabled": "on",
        "api_generation": row.api_generation,
        "vendor_merchant_id": row.vendor_merchant_id,
        "project_id": row.project_id,
        "client_id": row.client_id,
        "receive_currency": "",
        "accepted_currencies": row.accepted_currencies,
        "callback_public_key": "",
        "base_url": row.base_url,
        **changes,
    }
    return {name: value for name, value in filled.items() if value is not None}


def saved(row: SpectroCoinGateway, **changes: Any) -> SpectroCoinGateway:
    answer = superuser().post(url(SpectroCoinGateway, "change", row), fields(row, **changes))
    assert answer.status_code == 302, answer.content.decode()
    return SpectroCoinGateway.objects.get(pk=row.pk)


def refused(row: SpectroCoinGateway, **changes: Any) -> str:
    before = SpectroCoinGateway.objects.filter(pk=row.pk).values().get()
    answer = superuser().post(url(SpectroCoinGateway, "change", row), fields(row, **changes))
    assert answer.status_code == 200
    assert SpectroCoinGateway.objects.filter(pk=row.pk).values().get() == before
    page: str = answer.content.decode()
    return page


def test_empty_secrets_keep_what_is_stored() -> None:
    shown = Shown("alpha")
    row = saved(shown.rows[SpectroCoinGateway], name="Renamed")
    assert row.name == "Renamed"
    assert row.reveal("client_secret") == shown.secrets[3]
    assert row.reveal("private_key") == PRIVATE_KEY


@pytest.mark.parametrize("kind", [Format.TraditionalOpenSSL, Format.PKCS8])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_both_kinds_of_private_key_are_taken_with_any_line_ends(
    kind: serialization.PrivateFormat, ends: str
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Pem, kind, Bare).decode()
    row = saved(
        Shown("alpha").rows[SpectroCoinGateway],
        new_private_key=f"  {ends}{pem.replace(chr(10), ends)}",
    )
    assert public_half(row.reveal("private_key")) == public_half(pem)


def test_a_key_that_is_weak_or_of_another_kind_is_refused_in_words() -> None:
    row = Shown("alpha").rows[SpectroCoinGateway]
    # 1024 bits are what has to be refused.
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
    short = weak.private_bytes(Pem, Format.PKCS8, Bare).decode()
    curve = ec.generate_private_key(ec.SECP256R1())
    other = curve.private_bytes(Pem, Format.PKCS8, Bare).decode()
    assert "has 1024 bits" in refused(row, new_private_key=short)
    assert "not an RSA key" in refused(row, new_private_key=other)
    assert "There is no key here" in refused(row, new_private_key="hello")
    assert "This is a private key" in refused(row, callback_public_key=PRIVATE_KEY)


def test_each_generation_of_the_api_needs_its_own_fields() -> None:
    shown = Shown("alpha")
    row = shown.rows[SpectroCoinGateway]
    page = refused(row, api_generation="legacy", vendor_merchant_id="")
    assert "Needed for the legacy API." in page
    page = refused(row, api_generation="current", client_id="")
    assert "Needed for the current API." in page
    row.seal("client_secret", "")
    row.save()
    assert "Needed for the current API." in refused(row)
    assert saved(row, new_client_secret="fresh-client-secret").reveal("client_secret") == (
        "fresh-client-secret"
    )
    assert saved(row, api_generation="legacy").api_generation == "legacy"


def test_a_second_enabled_account_is_a_form_error() -> None:
    shown = Shown("alpha")
    second = SpectroCoinGateway(merchant=shown.rows[Merchant], name="Second", project_id="p")
    second.client_id = "c"
    second.seal("client_secret", "a-second-client-secret")
    second.save()
    assert "is enabled for Merchant alpha already" in refused(second)
    assert not saved(second, enabled=None, name="Still off").enabled


def test_a_new_account_is_added_and_its_callback_url_shown() -> None:
    merchant = Merchant(name="Fresh")
    merchant.save()
    client = superuser()
    blank = SpectroCoinGateway(name="New", project_id="p1", client_id="c1")
    more = {"merchant": merchant.pk, "new_client_secret": "s" * 30}
    answer = client.post(
        url(SpectroCoinGateway, "add"), fields(blank, **more, _continue="1"), follow=True
    )
    row = SpectroCoinGateway.objects.get(merchant=merchant)
    assert row.reveal("client_secret") == "s" * 30
    assert f"{settings.GATEBOOK_URL}/webhooks/{row.token}/" in answer.content.decode()
    story = AuditEvent.objects.get(verb="create")
    assert "Client secret: changed" in story.detail
    assert "sss" not in story.detail


@pytest.mark.parametrize(
    "address",
    [
        "http://spectrocoin.com",
        "https://user:pass@spectrocoin.com",
        "https://spectrocoin.com/?x=1",
        "javascript:alert(1)",
        "ftp://spectrocoin.com",
    ],
)
def test_an_address_that_is_not_plain_https_is_refused(address: str) -> None:
    assert "Use https:// and a plain address" in refused(
        Shown("alpha").rows[SpectroCoinGateway], base_url=address
    )


def test_currencies_are_tidied_and_checked() -> None:
    row = Shown("alpha").rows[SpectroCoinGateway]
    assert saved(row, accepted_currencies=" eur, USD ;eur,").accepted_currencies == "EUR,USD"
    assert "is not a currency code" in refused(row, accepted_currencies="EUR,€€")
    assert "is not among the accepted" in refused(
        row, accepted_currencies="EUR", receive_currency="USD"
    )


def test_another_address_forgets_the_key_fetched_from_the_old_one() -> None:
    row = Shown("alpha").rows[SpectroCoinGateway]
    row.fetched_public_key, row.fetched_at = public_half(PRIVATE_KEY), timezone.now()
    row.save()
    fingerprint = key_fingerprint(read_public_keys(row.fetched_public_key)[0])
    assert fingerprint in superuser().get(url(SpectroCoinGateway, "change", row)).content.decode()
    assert saved(row, name="Same address").fetched_public_key
    row = saved(row, base_url="https://other.example")
    assert row.fetched_public_key == ""
    assert row.fetched_at is None


def test_the_page_offers_the_public_half_and_never_the_private_one() -> None:
    row = Shown("alpha").rows[SpectroCoinGateway]
    page = superuser().get(url(SpectroCoinGateway, "change", row)).content.decode()
    assert public_half(PRIVATE_KEY).splitlines()[1].replace("+", "&#x2B;") in page.replace(
        "+", "&#x2B;"
    )
    assert "PRIVATE KEY-----" not in page


def test_changes_are_written_down_with_old_and_new_but_secrets_only_as_changed() -> None:
    shown = Shown("alpha")
    saved(
        shown.rows[SpectroCoinGateway],
        name="Renamed",
        enabled=None,
        new_client_secret="fresh-client-secret",
    )
    story = AuditEvent.objects.get(verb="change settings")
    assert story.merchant == shown.rows[Merchant]
    assert "Account alpha → Renamed" in story.detail
    assert "Client secret: changed" in story.detail
    assert "fresh-client-secret" not in story.detail


def test_saving_without_a_change_writes_nothing() -> None:
    saved(Shown("alpha").rows[SpectroCoinGateway])
    assert not AuditEvent.objects.filter(verb="change settings").exists()
