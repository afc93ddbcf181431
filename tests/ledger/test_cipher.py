"""Secrets at rest: opened only by their keys, only where they belong, only whole."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.cipher import (
    KEY_BYTES,
    NONCE_BYTES,
    SealBroken,
    key_id,
    new_key,
    read_keys,
    seal,
    unseal,
)

NEW, OLD, OTHER = (read_keys(new_key())[0] for _ in range(3))
BINDING = "ledger.biller|1|secret|1"


@given(st.text())
def test_what_is_sealed_opens_as_it_was(plaintext: str) -> None:
    assert unseal(seal(plaintext, BINDING, [NEW]), BINDING, [NEW]) == plaintext


def test_newest_key_seals_and_every_key_opens() -> None:
    sealed = seal("hush", BINDING, [OLD])
    assert sealed.split(".")[1] == key_id(OLD)
    assert unseal(sealed, BINDING, [NEW, OLD]) == "hush"
    assert seal("hush", BINDING, [NEW, OLD]).split(".")[1] == key_id(NEW)


def test_same_secret_never_looks_the_same() -> None:
    assert len({seal("hush", BINDING, [NEW]) for _ in range(100)}) == 100


def test_sealed_text_does_not_hold_the_secret() -> None:
    sealed = seal("hush hush", BINDING, [NEW])
    assert "hush" not in sealed
    assert b"hush" not in urlsafe_b64decode(sealed.split(".")[2])


@pytest.mark.parametrize(
    "elsewhere",
    [
        "ledger.merchant|1|secret|1",
        "ledger.biller|2|secret|1",
        "ledger.biller|1|access_key|1",
        "ledger.biller|1|secret|2",
        "",
    ],
)
def test_moved_to_another_model_merchant_field_or_row_it_does_not_open(elsewhere: str) -> None:
    with pytest.raises(SealBroken, match="moved from another row"):
        unseal(seal("hush", BINDING, [NEW]), elsewhere, [NEW])


def test_without_its_key_it_does_not_open_and_names_the_key() -> None:
    with pytest.raises(SealBroken, match=key_id(OLD)):
        unseal(seal("hush", BINDING, [OLD]), BINDING, [NEW, OTHER])


def test_every_changed_byte_is_noticed() -> None:
    sealed = seal("hush", BINDING, [NEW])
    prefix, kid, text = sealed.split(".")
    box = urlsafe_b64decode(text)
    for index in range(len(box)):
        changed = bytearray(box)
        changed[index] ^= 1
        with pytest.raises(SealBroken):
            unseal(f"{prefix}.{kid}.{urlsafe_b64encode(changed).decode()}", BINDING, [NEW])


@pytest.mark.parametrize(
    "stored",
    [
        "hush",
        "s1",
        "s1.",
        "s1..",
        f"s1.{key_id(NEW)}.",
        f"s1.{key_id(NEW)}.AAAA",
        f"s1.{key_id(NEW)}.{'A' * 40}",
        f"s1.{key_id(NEW)}.é",
        f"s2.{key_id(NEW)}." + seal("hush", BINDING, [NEW]).split(".")[2],
        seal("hush", BINDING, [NEW]) + ".more",
        seal("hush", BINDING, [NEW])[:-8],
    ],
)
def test_anything_else_does_not_open(stored: str) -> None:
    with pytest.raises(SealBroken):
        unseal(stored, BINDING, [NEW])


def test_error_never_shows_the_sealed_text_or_the_secret() -> None:
    sealed = seal("hush hush", BINDING, [OLD])
    with pytest.raises(SealBroken) as broken:
        unseal(sealed, BINDING, [NEW])
    assert sealed.split(".")[2] not in str(broken.value)
    assert "hush" not in str(broken.value)


# --- keys from the environment --------------------------------------------------------------------
def test_keys_are_read_newest_first_with_blanks_and_without_padding() -> None:
    texts = [new_key(), new_key()]
    keys = read_keys(f" {texts[0].rstrip('=')} , {texts[1]} ,")
    assert keys == [urlsafe_b64decode(text) for text in texts]


def test_new_keys_are_usable_and_different() -> None:
    keys = {read_keys(new_key())[0] for _ in range(20)}
    assert len(keys) == 20
    assert {len(key) for key in keys} == {KEY_BYTES}
    assert NONCE_BYTES == 12, "what AES-GCM is proven for"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("hush", "key 1 is not urlsafe base64 of 32 bytes"),
        (f"{new_key()},hush", "key 2 is not urlsafe base64 of 32 bytes"),
        (urlsafe_b64encode(bytes(range(16))).decode(), "key 1 is not urlsafe base64 of 32 bytes"),
        (urlsafe_b64encode(bytes(range(33))).decode(), "key 1 is not urlsafe base64 of 32 bytes"),
        ("ключ" * 11, "key 1 is not urlsafe base64 of 32 bytes"),
        ("A" * 43, "key 1 is a placeholder"),
        (urlsafe_b64encode(b"changeme" * 4).decode(), "key 1 is a placeholder"),
        (" , ,", "no key between the commas"),
    ],
)
def test_bad_key_is_named_by_its_place_and_not_shown(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what) as error:
        read_keys(text)
    assert "hush" not in str(error.value)


def test_no_keys_are_no_error_here() -> None:
    """What is missing altogether is told by the settings, together with all else that is."""
    assert read_keys("") == []
