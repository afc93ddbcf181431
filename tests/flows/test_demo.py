"""The demo merchant: seeded twice it is the same one, and its relay and prices work at once."""

from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from gateways.models import Gateway, HavenoGateway, SpectroCoinGateway
from gateways.providers.haveno import check_merchant_id, read_secret
from ledger.models import Biller, Merchant
from tests.config.admin_world import superuser, url
from tests.world import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def seeded(sandbox: Sandbox, settings: Settings) -> HavenoGateway:
    settings.GATEBOOK_URL = "http://127.0.0.1:8000"
    for _ in range(2):
        call_command("seed_demo", sandbox=f"{sandbox.url}/")
    return HavenoGateway.objects.get()


def told(sandbox: Sandbox) -> Any:
    return sandbox.get("/haveno/_sandbox/settings")


def test_seeding_twice_keeps_what_is_there(sandbox: Sandbox, seeded: HavenoGateway) -> None:
    assert Merchant.objects.count() == 1
    assert Biller.objects.count() == 1
    assert Gateway.objects.count() == 3
    assert SpectroCoinGateway.objects.get().enabled
    assert seeded.enabled
    assert seeded.accepted_currencies == "XMR,USD_BANK,USDT,BTC"
    assert check_merchant_id(seeded.node_address) == seeded.node_address
    assert read_secret(seeded.reveal("webhook_secret"))
    before = (seeded.merchant_public_key, seeded.token, seeded.node_address)
    call_command("seed_demo", sandbox=sandbox.url)
    seeded.refresh_from_db()
    assert (seeded.merchant_public_key, seeded.token, seeded.node_address) == before


def test_the_relay_is_told_what_a_merchant_would_copy_into_it(
    sandbox: Sandbox, seeded: HavenoGateway
) -> None:
    relay = told(sandbox)
    assert relay["merchant_public_keys"] == [seeded.merchant_public_key]
    assert relay["webhook_url"] == f"http://127.0.0.1:8000/webhooks/{seeded.token}/"
    assert relay["webhook_secret"] == seeded.reveal("webhook_secret")
    assert seeded.relay_keys.split() == relay["relay_public_keys"]


def test_after_a_change_of_keys_the_relay_is_told_of_both(
    sandbox: Sandbox, seeded: HavenoGateway
) -> None:
    sandbox.post("/haveno/_sandbox/settings", {"rotate_relay_key": True})
    act = url(HavenoGateway, "act", seeded, "new-key")
    assert superuser().post(act, {"reason": "a trial"}).status_code == 302
    call_command("seed_demo", sandbox=sandbox.url)
    seeded.refresh_from_db()
    keys = [seeded.merchant_public_key, seeded.previous_public_key]
    assert told(sandbox)["merchant_public_keys"] == keys
    assert len(seeded.relay_keys.split()) == 2


@pytest.mark.parametrize(
    ("slug", "says"),
    [
        ("ask-prices", "There is a price for every currency"),
        ("ask-prices", "relay, agreed with web"),
        ("test-relay", "All that could be tried works"),
        ("test-relay", "The relay took a message signed with it"),
    ],
)
def test_prices_and_relay_work_at_once(seeded: HavenoGateway, slug: str, says: str) -> None:
    page = superuser().post(url(HavenoGateway, "act", seeded, slug)).content.decode()
    assert says in page


def test_a_merchant_key_that_the_relay_does_not_know_is_said(
    sandbox: Sandbox, seeded: HavenoGateway
) -> None:
    sandbox.post("/haveno/_sandbox/settings", {"merchant_public_keys": []})
    page = superuser().post(url(HavenoGateway, "act", seeded, "test-relay")).content.decode()
    assert "copy the Merchant public key" in page
    assert "1 of 3 checks failed" in page
