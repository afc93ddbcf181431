"""How often somebody may come: counted in the cache, and what happens where it cannot be reached."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from gateways.limits import Limit
from gateways.models import Callback, Claim
from gateways.orders.links import pay_token
from ledger.models import Payment
from ledger.money import Money
from tests.gateways.coin_rows import a_wallet_order
from tests.gateways.rows import RINGS, FakeProvider
from tests.gateways.test_compat_check import ask
from tests.gateways.test_compat_claims import claim
from tests.gateways.test_webhooks import Door, door, forged
from tests.gateways.wallet_rows import PAYER, a_receipt, a_store
from tests.ledger.rows import FakeBiller, a_biller
from tests.world import free_port

__all__ = ["door"]

NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
LOCAL = "django.core.cache.backends.locmem.LocMemCache"


@pytest.fixture
def no_cache(settings: Any) -> None:
    """Redis is where nobody listens."""
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{free_port()}",
        }
    }


# --- counting -------------------------------------------------------------------------------------
def test_so_many_in_each_window_for_each_name() -> None:
    limit = Limit("tests", 2, 60, when_down=False)
    assert [limit.may("a", NOON) for _ in range(4)] == [True, True, False, False]
    assert limit.may("b", NOON)
    assert not limit.may("a", NOON + timedelta(seconds=59))
    assert limit.may("a", NOON + timedelta(seconds=60))
    assert not limit.may("a", NOON)


def test_limits_of_two_kinds_and_two_of_one_kind_count_apart_and_together() -> None:
    first, same = (Limit("tests", 1, when_down=False) for _ in range(2))
    other = Limit("others", 1, when_down=False)
    assert [each.may("a", NOON) for each in (first, same, other)] == [True, False, True]


def test_no_phone_and_no_address_can_be_read_from_the_cache(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": LOCAL, "LOCATION": "read"}}
    limit = Limit("tests", 1, when_down=False)
    for name in (PAYER, "192.0.2.77", "2001:db8::7", "نص \x00"):
        limit.may(name, NOON)
    kept = str(dict(cache._cache))  # type: ignore[attr-defined]
    assert kept.count("limit:tests:") == 4
    for part in (PAYER[1:], "192.0", "2001", "نص"):
        assert part not in kept


def test_a_full_cache_does_not_forget_the_flood_that_fills_it(settings: Any) -> None:
    options = {"MAX_ENTRIES": 30}
    settings.CACHES = {"default": {"BACKEND": LOCAL, "LOCATION": "full", "OPTIONS": options}}
    addresses = Limit("addresses", 5, when_down=False)
    phones = Limit("phones", 5, when_down=False)
    let_in = 0
    for number in range(500):
        let_in += addresses.may("attacker", NOON)
        phones.may(f"{number}", NOON)
    assert let_in == 5


# --- without a cache --------------------------------------------------------------------------------
@pytest.mark.usefixtures("no_cache")
def test_messages_are_stored_unasked_and_refusals_of_a_flood_are_not(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    assert door.send().status_code == 200
    assert "cannot be counted" not in caplog.text
    assert {door.send(forged(number)).status_code for number in range(3)} == {400}
    assert door.kept().status == "new"


@pytest.mark.usefixtures("no_cache")
def test_doorbells_are_heard(door: Door, provider: FakeProvider) -> None:
    assert door.send(RINGS).status_code == 200
    assert Callback.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("no_cache")
def test_nobody_guesses_while_nobody_counts_and_who_shows_a_key_is_served(
    client: Client, whmcs: FakeBiller
) -> None:
    whmcs.state["balance"] = Money(1599, "USD")
    store = a_store(a_biller().merchant, legacy_open=True)
    a_receipt(store)

    for key in ("", "wrong"):
        answer = ask(client, store, key=key)
        assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert not Claim.objects.exists()
    assert client.get(f"/api/public/store/{store.pk}/rate").status_code == 200
    assert ask(client, store).json()["code"] == "matched"
    assert claim(client, store)["code"] == "not_found"
    assert Payment.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("no_cache")
def test_the_pay_page_takes_claims(client: Client) -> None:
    order = a_wallet_order()
    answer = client.post(f"/pay/{pay_token(order)}/", {"act": "claim", "phone": PAYER})
    assert answer.status_code == 303
    assert Claim.objects.filter(order=order).exists()
