"""What every provider must do, whatever its wire format. A provider without a case here fails."""

import importlib
import json
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways import providers
from gateways.providers.base import (
    STATUSES,
    Credentials,
    Inbound,
    Notice,
    Provider,
    Rejected,
    Unavailable,
)
from ledger.money import Money
from tests.contracts.haveno_case import HavenoCase
from tests.contracts.spectrocoin_case import SpectroCoinCase
from tests.contracts.vodafonecash_case import VodafoneCashCase


class Case(Protocol):
    """A provider with genuine and forged messages of its kind.

    named        the order's references in `genuine`: ours, and the provider's; either may be "",
                 both where no message names an order and the provider reads them by other doors.
    references   pairs of both, as long and odd as they come.
    seal         the raw signature of `genuine`; `sealed(x)` is the same message under x.
    doorbell     a message that only says which order to look at, or None where every message is
                 signed and there is none.
    members      names of the members of its messages.
    """

    provider: Provider
    credentials: Credentials
    named: tuple[str, str]
    references: tuple[tuple[str, str], ...]
    genuine: Inbound
    seal: bytes
    doorbell: Inbound | None
    doorbell_credentials: Credentials
    content_types: tuple[str, ...]
    members: tuple[str, ...]

    def sealed(self, seal: bytes) -> Inbound: ...
    def other_seals(self) -> Mapping[str, bytes]: ...
    def tampered(self) -> Mapping[str, Inbound]: ...
    def repeated(self) -> list[Inbound]: ...
    def unsigned(self) -> Mapping[str, Inbound]: ...
    def strangers(self) -> Mapping[str, Credentials]: ...


CASES: dict[str, Case] = {
    "haveno": HavenoCase(),
    "spectrocoin": SpectroCoinCase(),
    "vodafonecash": VodafoneCashCase(),
}


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def believed(case: Case, inbound: Inbound, credentials: Credentials | None = None) -> bool:
    try:
        case.provider.verify(inbound, case.credentials if credentials is None else credentials)
    except Rejected:
        return False
    return True


def provider_modules() -> Iterator[Any]:
    for module in pkgutil.iter_modules(providers.__path__, f"{providers.__name__}."):
        yield importlib.import_module(module.name)


def test_every_provider_module_is_registered_and_put_to_these_questions() -> None:
    found = {
        slug
        for module in provider_modules()
        for thing in vars(module).values()
        if isinstance(thing, type) and isinstance(slug := getattr(thing, "slug", None), str)
    }

    assert found == set(CASES) == set(providers.PROVIDERS)


# --- what is believed ---------------------------------------------------------------------------
def test_a_genuine_message_is_believed_again_and_again(case: Case) -> None:
    assert all(believed(case, case.genuine) for _ in range(3))


def test_v01_a_message_without_its_signature_is_refused(case: Case) -> None:
    assert [name for name, inbound in case.unsigned().items() if believed(case, inbound)] == []


def test_v01_a_signature_of_another_message_is_refused(case: Case) -> None:
    assert [name for name, inbound in case.tampered().items() if believed(case, inbound)] == []


def test_v02_only_the_method_of_the_sender_is_taken(case: Case) -> None:
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        other = replace(case.genuine, method=method)
        with pytest.raises(Rejected) as rejected:
            case.provider.verify(other, case.credentials)
        assert rejected.value.status == 405


def test_v04_no_header_opens_a_side_door(case: Case) -> None:
    forged = next(iter(case.tampered().values()))
    for extra in (
        {"host": "localhost"},
        {"host": "127.0.0.1", "x-forwarded-for": "127.0.0.1"},
        {"x-forwarded-host": "localhost", "x-test-mode": "1"},
        {"x-signature": case.seal.hex(), "authorization": "Bearer x"},
    ):
        assert not believed(case, replace(forged, headers={**forged.headers, **extra}))


def test_v05_the_message_of_another_merchant_is_refused(case: Case) -> None:
    wrong = [
        name for name, other in case.strangers().items() if believed(case, case.genuine, other)
    ]

    assert wrong == []


def test_v12_other_algorithms_and_keys_are_refused(case: Case) -> None:
    seals = case.other_seals()

    assert [name for name, seal in seals.items() if believed(case, case.sealed(seal))] == []


def test_v14_every_prefix_and_every_longer_signature_is_refused(case: Case) -> None:
    assert believed(case, case.sealed(case.seal))

    prefixes = [case.seal[:length] for length in range(len(case.seal))]
    longer = [case.seal + bytes([byte]) for byte in range(256)]
    shifted = [bytes([byte]) + case.seal for byte in range(256)]

    for seal in (*prefixes, *longer, *shifted):
        assert not believed(case, case.sealed(seal))


def test_v14_every_flipped_bit_is_refused(case: Case) -> None:
    for position in range(len(case.seal)):
        flipped = bytearray(case.seal)
        flipped[position] ^= 1 << (position % 8)
        assert not believed(case, case.sealed(bytes(flipped)))


def test_v29_no_member_may_come_twice(case: Case) -> None:
    assert [inbound.body for inbound in case.repeated() if believed(case, inbound)] == []


def test_a_refusal_has_a_stable_code_and_an_http_status(case: Case) -> None:
    for inbound in (*case.tampered().values(), *case.repeated(), *case.unsigned().values()):
        with pytest.raises(Rejected) as rejected:
            case.provider.verify(inbound, case.credentials)
        assert rejected.value.code.isascii()
        assert " " not in rejected.value.code
        assert 400 <= rejected.value.status < 600


# --- what is read -------------------------------------------------------------------------------
def test_a_message_is_read_as_plain_values_and_the_same_each_time(case: Case) -> None:
    notices = case.provider.parse(case.genuine)

    assert notices == case.provider.parse(case.genuine)
    if not any(case.named):
        assert notices == []
        return
    assert [(each.order_reference, each.provider_reference) for each in notices] == [case.named]
    for notice in notices:
        check_plain(notice)
        assert isinstance(notice.asked or notice.received, Money)


def test_a_doorbell_carries_nothing_to_believe(case: Case) -> None:
    if case.doorbell is None:
        messages = (case.genuine, *case.unsigned().values(), *case.tampered().values())
        assert not any(case.provider.is_doorbell(message) for message in messages)
        assert not any(notice.doorbell for notice in case.provider.parse(case.genuine))
        return

    case.provider.verify(case.doorbell, case.doorbell_credentials)
    (notice,) = case.provider.parse(case.doorbell)

    assert case.provider.is_doorbell(case.doorbell)
    assert not case.provider.is_doorbell(case.genuine)
    assert notice.doorbell
    assert (notice.status, notice.asked, notice.received) == ("unknown", None, None)


def check_plain(notice: Notice) -> None:
    assert notice.status in STATUSES | {"unknown"}
    for money in (notice.asked, notice.payable, notice.received, notice.confirmed):
        assert money is None or isinstance(money, Money)
    for text in (notice.order_reference, notice.provider_reference, notice.provider_status,
                 notice.advice, notice.detail, notice.account, notice.invoice):  # fmt: skip
        assert isinstance(text, str)
        assert "\0" not in text
        text.encode("utf-8", "strict")


MEMBERS = sorted({name for case in CASES.values() for name in case.members})
BODIES = st.one_of(
    st.binary(max_size=300),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*MEMBERS, "x"]), inner, max_size=8)
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
)


@pytest.mark.parametrize("name", list(CASES))
@given(body=BODIES, kind=st.integers(0, 1), method=st.sampled_from(["POST", "GET", "x"]))
@settings(max_examples=200, deadline=None)
def test_no_bytes_bring_anything_but_a_refusal(
    name: str, body: bytes, kind: int, method: str
) -> None:
    case = CASES[name]
    kinds = case.content_types
    headers = {"content-type": kinds[kind % len(kinds)]}
    inbound = Inbound(body, headers, method, case.genuine.received_at)

    with pytest.raises(Rejected):
        case.provider.verify(inbound, case.credentials)
    try:
        notices = case.provider.parse(inbound)
    except (Rejected, Unavailable):
        return
    for notice in notices:
        check_plain(notice)


@pytest.mark.parametrize("name", list(CASES))
@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_genuine_message_with_a_few_bytes_changed_brings_nothing_but_a_refusal_or_itself(
    name: str, data: st.DataObject
) -> None:
    case = CASES[name]
    genuine = case.genuine
    start = data.draw(st.integers(0, len(genuine.body)))
    length = data.draw(st.integers(0, 4))
    patch = data.draw(st.binary(max_size=4))
    body = genuine.body[:start] + patch + genuine.body[start + length :]
    inbound = replace(genuine, body=body)

    if not believed(case, inbound):
        return
    # Unsigned members and other spellings of one value may differ; the meaning may not.
    assert case.provider.parse(inbound) == case.provider.parse(genuine)


# --- what is booked -----------------------------------------------------------------------------
def test_booking_references_are_unique_stable_and_safe_to_search_for(case: Case) -> None:
    ids = [case.provider.transaction_id(*pair) for pair in case.references]

    assert ids == [case.provider.transaction_id(*pair) for pair in case.references]
    assert len(set(ids)) == len(case.references)
    for transaction_id in ids:
        assert 0 < len(transaction_id) <= 64
        assert transaction_id.isascii()
        assert transaction_id.isprintable()
        assert not set(transaction_id) & set("%_\\ ")


def test_what_is_no_order_has_no_booking_reference(case: Case) -> None:
    for nothing in ("", " ", "a b", "a\n", "\u0661"):
        with pytest.raises(ValueError, match=r"\bno\b"):
            case.provider.transaction_id(nothing, nothing)


def test_the_acknowledgement_and_slug_are_there(case: Case) -> None:
    assert case.provider.acknowledgement
    assert CASES[case.provider.slug] is case
