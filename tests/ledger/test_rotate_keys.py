"""manage.py rotate_keys: three generations of keys, interruptions, keys dropped too early."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from gateways.models import SpectroCoinGateway
from ledger import sealed
from ledger.cipher import new_key, read_keys
from ledger.models import Biller, Merchant
from tests.ledger.rows import a_biller, a_gateway

pytestmark = pytest.mark.django_db


def rotate() -> str:
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    return out.getvalue()


@pytest.fixture
def shop() -> Merchant:
    """A secret in each table that keeps any: four in all."""
    biller = a_biller()
    gateway = a_gateway(biller.merchant)
    gateway.seal("private_key", "the private key")
    gateway.seal("client_secret", "the client secret")
    gateway.save()
    return biller.merchant


def secrets_of(shop: Merchant) -> list[str]:
    biller, gateway = Biller.objects.get(), SpectroCoinGateway.objects.get()
    return [
        Merchant.objects.get().reveal("signing_secret"),
        biller.reveal("secret"),
        gateway.reveal("private_key"),
        gateway.reveal("client_secret"),
    ]


def test_secrets_outlive_three_generations_of_keys(shop: Merchant, settings: Settings) -> None:
    before = secrets_of(shop)
    for _ in range(3):
        new = read_keys(new_key())[0]
        settings.GATEBOOK_KEYS = [new, *settings.GATEBOOK_KEYS]
        assert rotate().startswith("4 secrets re-sealed")
        settings.GATEBOOK_KEYS = [new]
        assert secrets_of(shop) == before


def test_running_it_again_changes_nothing(shop: Merchant, settings: Settings) -> None:
    settings.GATEBOOK_KEYS = [read_keys(new_key())[0], *settings.GATEBOOK_KEYS]
    rotate()
    assert rotate().startswith("0 secrets re-sealed")


def test_interrupted_run_is_finished_by_the_next(
    shop: Merchant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = secrets_of(shop)
    new = read_keys(new_key())[0]
    settings.GATEBOOK_KEYS = [new, *settings.GATEBOOK_KEYS]
    done: list[Any] = []

    def interrupted(row: Any) -> int:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(row)
        return sealed.reseal(row)

    with monkeypatch.context() as patch:
        patch.setattr("ledger.management.commands.rotate_keys.reseal", interrupted)
        with pytest.raises(KeyboardInterrupt):
            rotate()
    assert secrets_of(shop) == before
    rotate()
    settings.GATEBOOK_KEYS = [new]
    assert secrets_of(shop) == before


def test_secret_that_does_not_open_is_named_and_the_others_are_done(
    shop: Merchant, settings: Settings
) -> None:
    Biller.objects.update(secret=Merchant.objects.get().signing_secret)
    new = read_keys(new_key())[0]
    settings.GATEBOOK_KEYS = [new, *settings.GATEBOOK_KEYS]
    with pytest.raises(CommandError) as error:
        rotate()
    told = str(error.value)
    assert "1 do not open" in told
    assert f"ledger.biller|{shop.pk}|secret|" in told
    assert "do not drop any key yet" in told
    settings.GATEBOOK_KEYS = [new]
    assert SpectroCoinGateway.objects.get().reveal("private_key") == "the private key"


def test_output_holds_no_secret(shop: Merchant, settings: Settings) -> None:
    settings.GATEBOOK_KEYS = [read_keys(new_key())[0], *settings.GATEBOOK_KEYS]
    told = rotate()
    assert not any(secret in told for secret in secrets_of(shop))
