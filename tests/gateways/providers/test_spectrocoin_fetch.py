"""Asking SpectroCoin: what is true of an order, its published key, and the token for it all."""

import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import rsa

from gateways.providers.base import Unavailable
from gateways.providers.spectrocoin import (
    SpectroCoin,
    key_fingerprint,
    read_public_keys,
)
from gateways.providers.spectrocoin.keys import public_pem
from ledger.http import Answer
from ledger.money import Money
from tests.gateways.providers.spectrocoin_messages import (
    MERCHANT_ID,
    NUMERIC_CREDENTIALS,
    ORDER_ID,
    PROJECT_ID,
    REFERENCE,
    UUID_CREDENTIALS,
    VECTORS,
    callback,
    payload,
)

HOST = "https://spectrocoin.com"
TOKEN = f"{HOST}/api/public/oauth/token"
LIST = f"{HOST}/api/public/merchants/orders"
ONE = f"{LIST}/{ORDER_ID}"
KEY = f"{HOST}/files/merchant.public.pem"
PAID: dict[str, Any] = json.loads(payload("order_paid.json"))
ODD_VALUES: list[Any] = [True, [], {}, ["15.99"]]
HTML = b"<html><body>Just a moment...</body></html>"


class Clock:
    seconds = 0

    def __call__(self) -> int:
        return self.seconds


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mocked:
        yield mocked


@pytest.fixture
def asked(web: responses.RequestsMock) -> responses.RequestsMock:
    """A SpectroCoin that hands out tokens."""
    web.post(TOKEN, body=payload("token.json"))
    return web


def order(**changes: Any) -> dict[str, Any]:
    return {**PAID, **changes}


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in PAID.items() if name not in names}


# --- one order ----------------------------------------------------------------------------------
def test_an_order_is_fetched_by_spectrocoins_id(asked: responses.RequestsMock) -> None:
    asked.get(ONE, body=payload("order_paid.json"))

    notice = SpectroCoin().fetch(ORDER_ID, UUID_CREDENTIALS)

    assert notice is not None
    assert notice.order_reference == REFERENCE
    assert notice.provider_reference == ORDER_ID
    assert (notice.status, notice.provider_status) == ("paid", "PAID")
    assert notice.asked == Money.parse("15.99", "EUR")
    assert notice.payable == notice.received == Money.parse("0.00035512", "BTC")
    assert not notice.doorbell
    assert asked.calls[1].request.headers["Authorization"].startswith("Bearer ")


def test_numbers_and_words_and_bare_answers_are_read_alike(asked: responses.RequestsMock) -> None:
    bare = without("id", "projectId", "payAmount", "payCurrencyCode", "receivedAmount")
    asked.get(ONE, body=json.dumps({**bare, "status": 3}).replace('"15.99"', "15.990"))

    notice = SpectroCoin().fetch(ORDER_ID, UUID_CREDENTIALS)

    assert notice is not None
    assert (notice.status, notice.asked) == ("paid", Money.parse("15.99", "EUR"))
    assert (notice.payable, notice.received) == (None, None)


@pytest.mark.parametrize(
    "body", [b"", b'{"errorCode": "GEN_404", "defaultMessage": "Order not found"}']
)
def test_an_order_spectrocoin_does_not_know_is_none(
    asked: responses.RequestsMock, body: bytes
) -> None:
    asked.get(ONE, status=404, body=body)

    assert SpectroCoin().fetch(ORDER_ID, UUID_CREDENTIALS) is None


def test_v05_an_order_of_another_project_is_not_ours(asked: responses.RequestsMock) -> None:
    asked.get(ONE, json=order(projectId=MERCHANT_ID))
    asked.get(ONE, json={**without("projectId"), "merchantApiId": MERCHANT_ID})
    asked.get(ONE, json=order(projectId=PROJECT_ID.upper()))
    spectrocoin = SpectroCoin()

    found = [spectrocoin.fetch(ORDER_ID, UUID_CREDENTIALS) for _ in range(3)]

    assert [notice is not None for notice in found] == [False, False, True]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, HTML),
        (200, HTML),
        (200, b""),
        (200, b"[]"),
        (200, b"{}"),
        (200, payload("order_paid.json")[:-30]),
        (200, b'{"status": "NEW",' + payload("order_paid.json")[1:]),
        (200, b'\xef\xbb\xbf{"orderId": "1042-7f3a"}'),
        (302, b""),
        (429, b"{}"),
        (500, payload("order_paid.json")),
        (400, payload("error_object.json")),
        (200, payload("error_object.json")),
        (200, b'{"orderId": "1042-7f3a", "status": NaN}'),
        (200, b"[" * 100_000),
    ],
)
def test_only_a_whole_answer_is_believed(
    asked: responses.RequestsMock, status: int, body: bytes
) -> None:
    asked.get(ONE, status=status, body=body)

    with pytest.raises(Unavailable):
        SpectroCoin().fetch(ORDER_ID, UUID_CREDENTIALS)


@pytest.mark.parametrize(
    "answer",
    [
        without("orderId"),
        without("status"),
        order(id=MERCHANT_ID),
        order(id=None),
        *(
            order(**{name: value})
            for name in ("orderId", "status", "receiveAmount", "receiveCurrencyCode")
            for value in ODD_VALUES
        ),
        order(receivedAmount=True),
        order(payCurrencyCode=[]),
    ],
)
def test_v11_an_answer_with_odd_types_is_not_believed_in_part(
    asked: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    asked.get(ONE, json=answer)

    with pytest.raises(Unavailable):
        SpectroCoin().fetch(ORDER_ID, UUID_CREDENTIALS)


@pytest.mark.parametrize(
    "change",
    [{"receiveAmount": None}, {"receiveAmount": "-15.99"}, {"receiveCurrencyCode": "eur"},
     {"receiveCurrencyCode": None}, {"receiveAmount": "1e400"}],
)  # fmt: skip
def test_v07_a_sum_that_is_missing_or_unreadable_is_none_and_never_assumed(
    asked: responses.RequestsMock, change: dict[str, Any]
) -> None:
    asked.get(ONE, json=order(**change))

    notice = SpectroCoin().fetch(ORDER_ID, UUID_CREDENTIALS)

    assert notice is not None
    assert notice.asked is None


def test_text_from_outside_cannot_break_a_row(asked: responses.RequestsMock) -> None:
    asked.get(ONE, body=json.dumps(order(orderId="1042-7f3a\x00", status="\ud800\n" + "X" * 500)))

    notice = SpectroCoin().fetch(ORDER_ID, UUID_CREDENTIALS)

    assert notice is not None
    assert notice.order_reference == "1042-7f3a?"
    assert notice.provider_status == "??" + "X" * 58


# --- by our own reference -----------------------------------------------------------------------
@pytest.mark.parametrize("wrap", [None, "orders", "content", "items", "data"])
def test_our_reference_is_found_in_the_list_by_equality_only(
    asked: responses.RequestsMock, wrap: str | None
) -> None:
    others = [order(orderId=text, status="NEW") for text in
              (f"Pre-{REFERENCE}-1", f"{REFERENCE}a", REFERENCE[:-1], REFERENCE.upper(), None)]  # fmt: skip
    listed = [*others[:3], PAID, *others[3:]]
    asked.get(LIST, json=listed if wrap is None else {wrap: listed, "totalElements": 6})

    notice = SpectroCoin().fetch(REFERENCE, UUID_CREDENTIALS)

    assert notice is not None
    assert (notice.order_reference, notice.status) == (REFERENCE, "paid")
    assert notice.provider_reference == ORDER_ID


def test_a_reference_that_is_not_listed_is_none(asked: responses.RequestsMock) -> None:
    asked.get(LIST, json=[order(orderId="1043-aaaa")])
    asked.get(LIST, json=[])
    asked.get(LIST, json=[order(projectId=MERCHANT_ID)])
    spectrocoin = SpectroCoin()

    assert [spectrocoin.fetch(REFERENCE, UUID_CREDENTIALS) for _ in range(3)] == [None] * 3


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, HTML),
        (200, b"{}"),
        (200, b'{"orders": {}}'),
        (200, b'{"orders": [], "data": []}'),
        (200, b"[1]"),
        (200, b'[{"code": 1, "message": "no"}]'),
        (200, b"[" + payload("order_paid.json")),
        (404, b"{}"),
        (500, b"[]"),
        (203, b"[]"),
    ],
)
def test_a_list_that_cannot_be_read_does_not_mean_that_there_is_no_order(
    asked: responses.RequestsMock, status: int, body: bytes
) -> None:
    asked.get(LIST, status=status, body=body)

    with pytest.raises(Unavailable):
        SpectroCoin().fetch(REFERENCE, UUID_CREDENTIALS)


def test_two_orders_of_one_name_are_for_a_person(asked: responses.RequestsMock) -> None:
    asked.get(LIST, json=[PAID, order(id=MERCHANT_ID, status="NEW")])

    with pytest.raises(Unavailable, match="2 orders named 1042-7f3a"):
        SpectroCoin().fetch(REFERENCE, UUID_CREDENTIALS)


@pytest.mark.parametrize("reference", ["../oauth/token", f"{ORDER_ID}/..", f"{ORDER_ID}?a=1", "*"])
def test_a_hostile_reference_never_becomes_part_of_an_address(
    asked: responses.RequestsMock, reference: str
) -> None:
    asked.get(LIST, json=[PAID])

    assert SpectroCoin().fetch(reference, UUID_CREDENTIALS) is None


def test_the_old_api_cannot_be_asked_and_says_so(web: responses.RequestsMock) -> None:
    with pytest.raises(Unavailable, match="Add a Client ID and Client Secret"):
        SpectroCoin().fetch(REFERENCE, NUMERIC_CREDENTIALS)


def test_wrong_settings_are_told_by_fetch_too(web: responses.RequestsMock) -> None:
    web.post(TOKEN, status=401, json={"error": "invalid_client"})

    with pytest.raises(Unavailable, match=r"invalid_client.*Copy Client ID"):
        SpectroCoin().fetch(REFERENCE, UUID_CREDENTIALS)
    with pytest.raises(Unavailable, match=r"Set it to https://spectrocoin\.com"):
        SpectroCoin().fetch(REFERENCE, {**UUID_CREDENTIALS, "base_url": "http://a.example"})


# --- tokens -------------------------------------------------------------------------------------
def token_calls(web: responses.RequestsMock) -> int:
    return sum(call.request.url == TOKEN for call in web.calls)


@pytest.mark.parametrize(
    ("lifetime", "kept_seconds"),
    [(3600, 3540), ("3600", 3540), (600, 540), (86_400, 3600), (10**30, 3600)],
)
def test_a_token_is_kept_a_minute_less_than_stated_and_an_hour_at_most(
    web: responses.RequestsMock, lifetime: object, kept_seconds: int
) -> None:
    web.post(TOKEN, json={"access_token": "t", "expires_in": lifetime, "token_type": "bearer"})
    web.get(ONE, json=PAID)
    clock = Clock()
    spectrocoin = SpectroCoin(clock=clock)
    counts = []

    for clock.seconds in (0, 1, kept_seconds - 1, kept_seconds, kept_seconds + 1):
        spectrocoin.fetch(ORDER_ID, UUID_CREDENTIALS)
        counts.append(token_calls(web))

    assert counts == [1, 1, 1, 2, 2]


@pytest.mark.parametrize("lifetime", [None, 0, 60, -5, True, "soon", [], "²"])
def test_a_token_of_unknown_or_tiny_lifetime_serves_once(
    web: responses.RequestsMock, lifetime: object
) -> None:
    web.post(TOKEN, json={"access_token": "t", "expires_in": lifetime, "token_type": "bearer"})
    web.get(ONE, json=PAID)
    spectrocoin = SpectroCoin(clock=Clock())

    for _ in range(2):
        spectrocoin.fetch(ORDER_ID, UUID_CREDENTIALS)

    assert token_calls(web) == 2


@pytest.mark.parametrize(
    "change",
    [{"client_id": "client-2"}, {"client_secret": "other"}, {"base_url": "https://a.example"},
     {"client_id": "client-1h", "client_secret": "ush hush"}],
)  # fmt: skip
def test_a_token_is_never_used_for_another_client_or_address(
    web: responses.RequestsMock, change: dict[str, str]
) -> None:
    other = {**UUID_CREDENTIALS, **change}
    web.post(TOKEN, json={"access_token": "ours", "expires_in": 3600})
    web.get(ONE, json=PAID)
    spectrocoin = SpectroCoin()
    spectrocoin.fetch(ORDER_ID, UUID_CREDENTIALS)
    host = other["base_url"]
    web.upsert("POST", f"{host}/api/public/oauth/token",
               json={"access_token": "theirs", "expires_in": 3600})  # fmt: skip
    web.upsert("GET", f"{host}/api/public/merchants/orders/{ORDER_ID}", json=PAID)

    spectrocoin.fetch(ORDER_ID, other)

    assert web.calls[-1].request.headers["Authorization"] == "Bearer theirs"


def test_many_threads_fetch_one_token() -> None:
    calls: list[str] = []
    together = threading.Barrier(8)

    def http(
        method: str,
        url: str,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: int = 30,
    ) -> Answer:
        calls.append(url)
        return Answer(200, payload("token.json" if url == TOKEN else "order_paid.json"))

    spectrocoin = SpectroCoin(http=http)

    def ask() -> None:
        together.wait(timeout=10)
        spectrocoin.fetch(ORDER_ID, UUID_CREDENTIALS)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert (calls.count(TOKEN), calls.count(ONE)) == (1, 8)


def test_a_failed_token_call_is_not_remembered(web: responses.RequestsMock) -> None:
    web.post(TOKEN, status=503)
    web.post(TOKEN, body=payload("token.json"))
    web.get(ONE, json=PAID)
    spectrocoin = SpectroCoin()

    with pytest.raises(Unavailable, match="HTTP 503"):
        spectrocoin.fetch(ORDER_ID, UUID_CREDENTIALS)

    assert spectrocoin.fetch(ORDER_ID, UUID_CREDENTIALS) is not None


# --- the published key --------------------------------------------------------------------------
def test_the_published_key_makes_callbacks_verifiable(web: responses.RequestsMock) -> None:
    published = VECTORS["provider_public_key_pem"].replace("\n", "\r\n")
    web.get(KEY, body=f"# merchant callbacks\r\n{published}")
    spectrocoin = SpectroCoin()
    stale = {**UUID_CREDENTIALS, "callback_public_key": VECTORS["merchant_public_key_pem"]}

    fresh = spectrocoin.refresh_keys(stale)

    assert fresh == {"callback_public_key": VECTORS["provider_public_key_pem"]}
    spectrocoin.verify(callback(), {**stale, **fresh})


def weak_key() -> str:
    return public_pem(rsa.generate_private_key(65537, 1024).public_key())  # noqa: S505


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, HTML),
        (200, b""),
        (404, VECTORS["provider_public_key_pem"].encode()),
        (302, b""),
        (500, b""),
        (200, VECTORS["provider_private_key_pem"].encode()),
        (200, VECTORS["provider_public_key_pem"].encode()[:-40]),
        (200, weak_key().encode()),
        (200, b"\xff" * 100),
    ],
)
def test_v13_what_is_no_strong_public_key_is_not_taken(
    web: responses.RequestsMock, status: int, body: bytes
) -> None:
    web.get(KEY, status=status, body=body)

    with pytest.raises(Unavailable, match=r"public key|ended before its body"):
        SpectroCoin().refresh_keys(UUID_CREDENTIALS)


def test_an_unreachable_key_is_unavailable(web: responses.RequestsMock) -> None:
    web.get(KEY, body=requests.exceptions.ConnectTimeout("slow"))

    with pytest.raises(Unavailable, match="could not be reached"):
        SpectroCoin().refresh_keys(UUID_CREDENTIALS)


def test_keys_are_never_fetched_over_plain_http(web: responses.RequestsMock) -> None:
    with pytest.raises(Unavailable, match="not usable"):
        SpectroCoin().refresh_keys({**UUID_CREDENTIALS, "base_url": "http://spectrocoin.com"})


def test_a_key_and_its_rewritten_form_are_the_same_key() -> None:
    (key,) = read_public_keys(VECTORS["provider_public_key_pem"])

    assert key_fingerprint(read_public_keys(public_pem(key))[0]) == key_fingerprint(key)


# --- booking reference --------------------------------------------------------------------------
def test_the_booking_reference_is_readable() -> None:
    assert SpectroCoin().transaction_id("1042-ab") == "SC-1042-ab"


@pytest.mark.parametrize("reference", ["", "a_b", "a%b", "a\\b", "a b", "ą", "a\n", "x" * 61])
def test_a_booking_reference_is_made_of_our_own_references_only(reference: str) -> None:
    with pytest.raises(ValueError, match="no order reference"):
        SpectroCoin().transaction_id(reference)
