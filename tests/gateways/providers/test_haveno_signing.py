"""What is signed, byte for byte, and that nothing beside it verifies."""

import base64
import hashlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.providers.base import Rejected
from gateways.providers.haveno import Haveno
from gateways.providers.haveno.signing import NotSigned, canonical_json, sign, verify
from tests.gateways.providers.haveno_messages import (
    CREDENTIALS,
    MEMBERS,
    MERCHANT_KEY,
    MERCHANT_SEED,
    NOW,
    OTHER_KEY,
    RELAY_KEY,
    RELAY_SEED,
    canonical,
    payload,
    posted,
    seal,
    signed,
    webhook,
)

VECTOR: dict[str, Any] = json.loads(payload("vector.json"))
PUBLISHED: dict[str, Any] = json.loads(payload("webhook_published.json"))
GENUINE = signed(MEMBERS)
SEAL: str = GENUINE["signature"]
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def believed(members: dict[str, Any], keys: str = RELAY_KEY) -> bool:
    try:
        Haveno().verify(posted(members), {**CREDENTIALS, "relay_keys": keys})
    except Rejected as rejected:
        assert rejected.status in (400, 401, 503)
        return False
    return True


def resealed(text: object) -> dict[str, Any]:
    return {**MEMBERS, "signature": text}


# --- vectors ------------------------------------------------------------------------------------
def test_the_vector_is_met_byte_for_byte() -> None:
    webhook = VECTOR["webhook"]
    members = {name: value for name, value in webhook.items() if name != "signature"}
    text = VECTOR["canonical"].encode()

    assert canonical_json(members) == text
    assert len(text) == VECTOR["canonical_bytes"] == 112
    assert hashlib.sha256(text).hexdigest() == VECTOR["canonical_sha256"]
    assert sign(members, RELAY_SEED) == webhook
    verify(webhook, [VECTOR["public_key_hex"]])
    Haveno().verify(posted(webhook), {**CREDENTIALS, "relay_keys": VECTOR["public_key_hex"]})


def test_the_published_sample_is_taken_as_it_is_printed() -> None:
    inbound = posted(payload("webhook_published.json"), at=PUBLISHED["timestamp"] + 5)

    Haveno().verify(inbound, CREDENTIALS)
    (notice,) = Haveno().parse(inbound)

    assert set(PUBLISHED) == {"invoice_id", "amount", "currency", "offer_id", "timestamp",
                              "signature"}  # fmt: skip
    assert (notice.invoice, notice.provider_reference) == ("123", "HAV-OFF-XYZ123")
    assert str(notice.received) == str(notice.confirmed) == "28.500000000000 XMR"


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"b": 1, "a": "x"}, b'{"a":"x","b":1}'),
        ({"\ufb33": 1, "\U0001f600": 2}, '{"\U0001f600":2,"\ufb33":1}'.encode()),
        ({"a": '\x00\n"\\/\x7f\u2028'}, '{"a":"\\u0000\\n\\"\\\\/\x7f\u2028"}'.encode()),
        ({"a": None, "b": True, "c": -1}, b'{"a":null,"b":true,"c":-1}'),
        ({"a": {"c": [1, {}], "b": ""}}, b'{"a":{"b":"","c":[1,{}]}}'),
    ],
)
def test_the_canonical_form_is_rfc_8785s(members: dict[str, Any], text: bytes) -> None:
    assert canonical_json(members) == text == rfc8785.dumps(members)


@pytest.mark.parametrize("members", [{"a": 2**53}, {"a": "\ud800"}, {"\udfff": 1}])
def test_what_has_no_canonical_form_is_an_error(members: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        canonical_json(members)
    with pytest.raises(ValueError, match=r".+"):
        sign(members, RELAY_SEED)


# --- keys ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("keys", [f"{RELAY_KEY} {OTHER_KEY}", f"{OTHER_KEY}\n{RELAY_KEY}"])
def test_while_the_relay_changes_its_key_both_sign(keys: str) -> None:
    assert believed(GENUINE, keys)


@pytest.mark.parametrize("keys", ["", " ", OTHER_KEY, MERCHANT_KEY, RELAY_KEY[:-1], "0" * 64,
                                  f"{OTHER_KEY} {MERCHANT_KEY} {RELAY_KEY}"])  # fmt: skip
def test_v03_v12_no_other_key_and_no_more_than_two(keys: str) -> None:
    assert not believed(GENUINE, keys)


def test_v12_the_message_has_no_say_in_key_or_algorithm() -> None:
    for name, value in (
        ("alg", "none"),
        ("algorithm", "hmac-sha256"),
        ("public_key", OTHER_KEY),
        ("key_id", OTHER_KEY[:16]),
        ("jwks_url", "https://relay.example.net/keys"),
    ):
        assert not believed(signed({**MEMBERS, name: value}, MERCHANT_SEED))
        assert believed(signed({**MEMBERS, name: value}))


@given(bit=st.integers(0, 255))
@settings(max_examples=100, deadline=None)
def test_v13_no_changed_bit_of_the_key_verifies(bit: int) -> None:
    raw = bytearray.fromhex(RELAY_KEY)
    raw[bit // 8] ^= 1 << bit % 8

    assert not believed(GENUINE, raw.hex())


# --- the message --------------------------------------------------------------------------------
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["0.25", "0.250000000001", 123, 1, True, [], {}, NOW + 1, str(NOW), "xmr"]),
)


@given(name=st.sampled_from(sorted(MEMBERS)), value=VALUES)
@settings(max_examples=200, deadline=None)
def test_v12_no_changed_member_verifies(name: str, value: Any) -> None:
    changed = {**GENUINE, name: value}
    if value == GENUINE[name] and type(value) is type(GENUINE[name]):
        return

    assert not believed(changed)


@given(name=st.text(max_size=10).filter(lambda name: name not in GENUINE), value=VALUES)
@settings(max_examples=150, deadline=None)
def test_v12_no_member_may_be_added_or_left_out(name: str, value: Any) -> None:
    assert not believed({**GENUINE, name: value})
    for left_out in GENUINE:
        assert not believed({key: value for key, value in GENUINE.items() if key != left_out})


@given(position=st.integers(0, 10_000), byte=st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_no_changed_byte_means_anything_else(position: int, byte: int) -> None:
    genuine = webhook()
    body = bytearray(genuine.body)
    body[position % len(body)] = byte
    inbound = posted(bytes(body))
    try:
        Haveno().verify(inbound, CREDENTIALS)
    except Rejected:
        return
    assert Haveno().parse(inbound) == Haveno().parse(genuine)


# --- the signature's spelling -------------------------------------------------------------------
def test_hex_is_taken_in_one_case_for_relays_that_write_it() -> None:
    raw = base64.b64decode(SEAL).hex()

    assert believed(resealed(raw))
    assert believed(resealed(raw.upper()))
    assert not believed(resealed(raw[:64] + raw[64:].upper()))


RAW = base64.b64decode(SEAL)
SPELLINGS: dict[str, object] = {
    "no padding": SEAL.rstrip("="),
    "half the padding": SEAL[:-1],
    "more padding": f"{SEAL}=",
    "url-safe": SEAL.replace("+", "-").replace("/", "_"),
    "a blank before": f" {SEAL}",
    "a newline after": f"{SEAL}\n",
    "a newline within": f"{SEAL[:76]}\n{SEAL[76:]}",
    "junk within": f"{SEAL[:40]}!{SEAL[40:]}",
    "with a name": f"ed25519:{SEAL}",
    "as a Standard Webhooks entry": f"v1a,{SEAL}",
    "twice": f"{SEAL} {SEAL}",
    "twice encoded": base64.b64encode(SEAL.encode()).decode(),
    "0x hex": f"0x{RAW.hex()}",
    "hex with blanks": RAW.hex(" "),
    "hex, one digit short": RAW.hex()[:-1],
    "hex, one byte more": RAW.hex() + "00",
    "base32": base64.b32encode(RAW).decode(),
    "base85": base64.b85encode(RAW).decode(),
    "with the message": base64.b64encode(RAW + canonical(MEMBERS)).decode(),
    "full-width": SEAL.translate({ord("A") + i: 0xFF21 + i for i in range(26)}),
    "a list": [SEAL],
    "a number": int.from_bytes(RAW[:6], "big"),
}


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_v14_no_other_spelling_of_the_signature_is_taken(text: object) -> None:
    assert text != SEAL
    assert not believed(resealed(text))


def test_v08_the_trailing_bits_of_base64_are_not_free() -> None:
    """Sixteen spellings of the last group decode to the same bytes; one is taken."""
    same = [text for letter in BASE64 if base64.b64decode(text := f"{SEAL[:-3]}{letter}==") == RAW]

    assert len(same) == 16
    assert [text for text in same if believed(resealed(text))] == [SEAL]


@given(position=st.integers(0, 87), letter=st.sampled_from(BASE64 + "=-_ \n\0\u0661"))
@settings(max_examples=200, deadline=None)
def test_v14_no_changed_letter_of_the_signature_verifies(position: int, letter: str) -> None:
    text = SEAL[:position] + letter + SEAL[position + 1 :]

    assert believed(resealed(text)) == (text == SEAL)


def test_v14_every_prefix_and_extension_of_the_text_is_refused() -> None:
    raw = RAW.hex()
    prefixes = [text[:length] for text in (SEAL, raw) for length in range(len(text))]
    longer = [text + letter for text in (SEAL, raw) for letter in f"{BASE64}= \n\0"]

    assert [text for text in (*prefixes, *longer) if believed(resealed(text))] == []


def test_v08_no_second_signature_of_a_message_can_be_made_from_the_first() -> None:
    """S + L fits the bare equation as well; a verifier that reduces it takes both."""
    order = 2**252 + 27742317777372353535851937790883648493
    again = int.from_bytes(RAW[32:], "little") + order

    assert not believed(
        resealed(base64.b64encode(RAW[:32] + again.to_bytes(32, "little")).decode())
    )


def test_whose_signature_it_is_is_told_apart_from_none_at_all() -> None:
    """Only a whole signature of somebody else's is worth a look for newer keys."""
    with pytest.raises(NotSigned) as theirs:
        verify(signed(MEMBERS, MERCHANT_SEED), [RELAY_KEY])
    with pytest.raises(NotSigned) as none:
        verify(MEMBERS, [RELAY_KEY])

    assert (theirs.value.key_may_be_old, none.value.key_may_be_old) == (True, False)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(members=st.dictionaries(st.text(max_size=8), JSON, max_size=5))
@settings(max_examples=100, deadline=None)
def test_what_is_signed_verifies_after_a_journey_as_json_and_only_under_its_key(
    members: dict[str, Any],
) -> None:
    try:
        arrived = json.loads(json.dumps(sign(members, MERCHANT_SEED)))
    except ValueError:
        return  # a lone surrogate

    verify(arrived, [MERCHANT_KEY])
    with pytest.raises(NotSigned):
        verify(arrived, [RELAY_KEY, OTHER_KEY])


def test_two_libraries_agree_on_the_signature() -> None:
    assert base64.b64decode(sign(MEMBERS, RELAY_SEED)["signature"]) == seal(canonical(MEMBERS))
