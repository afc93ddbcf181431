"""Rows that keep secrets: sealed on save, opened on purpose, never shown."""

import pytest
from django.core import serializers
from django.db import IntegrityError, transaction
from django.forms import modelform_factory
from pytest_django import Settings

from ledger.cipher import SealBroken, key_id, new_key, read_keys
from ledger.models import Biller, Merchant
from ledger.sealed import reseal
from tests.ledger.rows import a_biller, a_merchant

pytestmark = pytest.mark.django_db

SECRET = "q9Zr-the-secret-of-the-API"


def stored(biller: Biller) -> str:
    return Biller.objects.values_list("secret", flat=True).get(pk=biller.pk)


def reloaded(biller: Biller) -> Biller:
    return Biller.objects.get(pk=biller.pk)


def test_new_row_is_sealed_with_its_own_id() -> None:
    biller = Biller(merchant=a_merchant(), url="https://b.example.com", identifier="i")
    biller.seal("secret", SECRET)
    assert biller.secret == ""
    biller.save()
    assert stored(biller).startswith("s1.")
    assert reloaded(biller).reveal("secret") == SECRET


def test_kept_row_is_sealed_again_with_the_next_save() -> None:
    biller = a_biller()
    biller.seal("secret", "another secret")
    biller.save()
    assert reloaded(biller).reveal("secret") == "another secret"
    biller.seal("secret", "")
    biller.save()
    assert stored(biller) == reloaded(biller).reveal("secret") == ""


def test_clear_text_cannot_be_stored_by_mistake() -> None:
    biller = a_biller()
    biller.secret = SECRET
    with pytest.raises(TypeError, match="takes sealed text only"):
        biller.save()
    with pytest.raises(TypeError, match="takes sealed text only"):
        Biller.objects.filter(pk=biller.pk).update(secret=SECRET)


def test_only_sealed_fields_take_secrets() -> None:
    with pytest.raises(TypeError, match="identifier is no sealed field"):
        a_biller().seal("identifier", SECRET)


def test_secret_is_in_no_form_and_no_dump() -> None:
    biller = a_biller()
    biller.seal("secret", SECRET)
    biller.save()
    assert "secret" not in modelform_factory(Biller, exclude=["url"]).base_fields
    assert SECRET not in serializers.serialize("json", [reloaded(biller)])
    assert SECRET not in repr(biller.__dict__)


def test_secret_copied_from_another_merchants_row_does_not_open() -> None:
    mine, theirs = a_biller(), a_biller()
    Biller.objects.filter(pk=mine.pk).update(secret=theirs.secret)
    with pytest.raises(SealBroken):
        reloaded(mine).reveal("secret")


def test_row_that_changes_hands_does_not_take_its_secret_along() -> None:
    biller = a_biller()
    Biller.objects.filter(pk=biller.pk).update(merchant=a_merchant())
    with pytest.raises(SealBroken):
        reloaded(biller).reveal("secret")


@pytest.mark.parametrize(
    ("secret", "hint"),
    [
        ("", "not set"),
        ("abcdefghijklmnop", "set, ends in …mnop, fingerprint f39dac6c"),
        ("too short to show", "set, ends in …show, fingerprint "),
        ("fifteen letters", "set, fingerprint "),
        ("-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----", "set, fingerprint "),
    ],
)
def test_hint_shows_enough_to_recognise_and_no_more(secret: str, hint: str) -> None:
    biller = a_biller()
    biller.seal("secret", secret)
    assert biller.hint("secret").startswith(hint)
    assert not secret or secret not in biller.hint("secret")


def test_hint_of_what_does_not_open_says_what_to_do(settings: Settings) -> None:
    biller = a_biller()
    settings.GATEBOOK_KEYS = read_keys(new_key())
    assert biller.hint("secret") == "cannot be opened: enter it again"


def test_reseal_brings_secrets_under_the_newest_key_and_only_once(settings: Settings) -> None:
    biller = a_biller()
    biller.seal("access_key", "the access key")
    biller.save()
    old, new = settings.GATEBOOK_KEYS[0], read_keys(new_key())[0]
    settings.GATEBOOK_KEYS = [new, old]

    assert reseal(reloaded(biller)) == 2
    assert reseal(reloaded(biller)) == 0
    settings.GATEBOOK_KEYS = [new]
    assert reloaded(biller).reveal("secret") == "the secret of the API"
    assert reloaded(biller).reveal("access_key") == "the access key"
    assert stored(biller).split(".")[1] == key_id(new)


def test_reseal_leaves_a_secret_alone_that_somebody_changes_meanwhile(settings: Settings) -> None:
    biller = a_biller()
    settings.GATEBOOK_KEYS = [read_keys(new_key())[0], *settings.GATEBOOK_KEYS]
    read_before = reloaded(biller)
    biller.seal("secret", "entered meanwhile")
    biller.save()
    assert reseal(read_before) == 0
    assert reloaded(biller).reveal("secret") == "entered meanwhile"


def test_failed_insert_keeps_no_half_sealed_row() -> None:
    merchant = a_merchant()
    twin = Merchant(name=merchant.name)
    twin.seal("signing_secret", SECRET)
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()
    assert Merchant.objects.count() == 1
