"""Asking vodafoncash.com: only what is certainly a match is one."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from gateways.providers.base import Unavailable
from gateways.providers.vodafonecash import StoreRate, UpstreamAnswer, check, rate
from ledger.http import MaybeSent, NotSent
from ledger.money import Money
from tests.gateways.providers.vodafonecash_messages import STORE_KEY, SYSTEM, UPSTREAM

CHECK = f"{SYSTEM}/api/payment_link_check"
RATE = f"{SYSTEM}/api/public/store/2/rate"
HELD = {
    "status": False,
    "requires_verification": True,
    "pending_verification": True,
    "flow_state": "waiting-for-approval",
}
EMPTY: dict[str, Any] = {}


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mocked:
        yield mocked


def ask(amount: str = "800.00", **more: Any) -> UpstreamAnswer:
    return check(UPSTREAM, "01000000000", Money.parse(amount, "EGP"), "Mona (42)", "42", **more)


def answers(web: responses.RequestsMock, body: Any, status: int = 200) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    web.get(CHECK, body=text, status=status, content_type="application/json")


def test_the_question_is_the_one_that_its_own_module_asks(web: responses.RequestsMock) -> None:
    answers(web, {"status": True, "requires_verification": False})

    ask(lang="arabic")

    asked = web.calls[0].request
    assert parse_qs(urlsplit(asked.url or "").query) == {
        "phone": ["01000000000"],
        "amount": ["800"],
        "user_name": ["Mona (42)"],
        "store_id": ["2"],
        "lang": ["ar"],
        "client_id": ["42"],
    }
    assert asked.headers["Authorization"] == f"Bearer {STORE_KEY}"


@pytest.mark.parametrize(
    ("amount", "sent"), [("100.50", "100.5"), ("100.00", "100"), ("0.01", "0.01"), ("10", "10")]
)
def test_amounts_are_sent_without_idle_zeros(
    web: responses.RequestsMock, amount: str, sent: str
) -> None:
    answers(web, {"status": False, "message": "No matching transaction found"})
    ask(amount)
    assert parse_qs(urlsplit(web.calls[0].request.url or "").query)["amount"] == [sent]


@pytest.mark.parametrize(
    ("body", "code", "transaction"),
    [
        ({"status": True, "requires_verification": False}, "matched", ""),
        ({"status": True, "transaction_id": "012345678901"}, "matched", "012345678901"),
        ({"status": True, "transaction_id": 12345}, "matched", "12345"),
        ({"status": True, "transaction_id": "a b"}, "matched", ""),
        ({"status": True, "transaction_id": True}, "matched", ""),
        ({"status": False, "message": "No matching transaction found"}, "not_found", ""),
        (HELD, "hold", ""),
        ({**HELD, "status": True}, "hold", ""),
        ({"status": False, "flow_state": "waiting-for-approval"}, "hold", ""),
        ({"status": "true"}, "unavailable", ""),
        ({"status": 1}, "unavailable", ""),
        ({"status": None}, "unavailable", ""),
        (EMPTY, "unavailable", ""),
        ("[true]", "unavailable", ""),
        ('{"status": false, "status": true}', "unavailable", ""),
        ("<html>Just a moment...</html>", "unavailable", ""),
        ("", "unavailable", ""),
    ],
)
def test_an_answer_is_read_strictly(
    web: responses.RequestsMock, body: Any, code: str, transaction: str
) -> None:
    answers(web, body)
    found = ask()
    assert (found.code, found.transaction_id) == (code, transaction)


@pytest.mark.parametrize(
    ("status", "code", "maybe"),
    [
        (400, "invalid", False),
        (401, "invalid", False),
        (404, "invalid", False),
        (422, "invalid", False),
        (302, "unavailable", False),
        (429, "unavailable", False),
        (500, "unavailable", True),
        (503, "unavailable", True),
        (201, "unavailable", False),
    ],
)
def test_only_200_decides(web: responses.RequestsMock, status: int, code: str, maybe: bool) -> None:
    answers(web, {"status": True, "message": "Store is off"}, status)
    found = ask()
    assert (found.code, found.maybe, "Store is off" in found.message) == (code, maybe, True)


def test_a_redirect_is_not_followed_but_told(web: responses.RequestsMock) -> None:
    target = "https://www.vodafoncash.com/api/payment_link_check"
    web.get(CHECK, status=301, headers={"Location": target})

    found = ask()

    assert (found.code, len(web.calls)) == ("unavailable", 1)
    assert f"it redirects to {target}; enter that" in found.message


def test_an_answer_that_never_came_may_have_taken_the_money() -> None:
    def lost(*_: Any, **__: Any) -> Any:
        raise MaybeSent("no whole answer within 30 s")

    def closed(*_: Any, **__: Any) -> Any:
        raise NotSent("no connection (refused or unreachable)")

    assert (ask(http=lost).code, ask(http=lost).maybe) == ("unavailable", True)
    assert (ask(http=closed).code, ask(http=closed).maybe) == ("unavailable", False)


def test_a_certificate_that_does_not_verify_is_no_connection(web: responses.RequestsMock) -> None:
    web.get(CHECK, body=requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED"))
    assert ask().code == "unavailable"


@pytest.mark.parametrize(
    "url", ["", "http://vodafoncash.com", "https://u:p@vodafoncash.com", "ftp://x", "https://x?y=1"]
)
def test_an_unsafe_system_url_is_never_called(web: responses.RequestsMock, url: str) -> None:
    found = check({**UPSTREAM, "system_url": url}, "01000000000", Money(100, "EGP"), "x")
    assert (found.code, "https://" in found.message) == ("invalid", True)
    with pytest.raises(Unavailable):
        rate({**UPSTREAM, "system_url": url})


@pytest.mark.parametrize(("value", "text"), [(50, "50"), (50.5, "50.5"), ("49.75", "49.75")])
def test_the_rate_is_a_number_or_its_text(
    web: responses.RequestsMock, value: Any, text: str
) -> None:
    web.get(RATE, json={"status": True, "rate": value, "currency_label": "USD"})
    assert rate(UPSTREAM) == StoreRate(text, "USD")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"status": False, "rate": 50}, 200),
        ({"rate": 50}, 200),
        ({"status": True}, 200),
        ({"status": True, "rate": 0}, 200),
        ({"status": True, "rate": "0.00"}, 200),
        ({"status": True, "rate": -1}, 200),
        ({"status": True, "rate": True}, 200),
        ({"status": True, "rate": "1e3"}, 200),
        ({"status": True, "rate": 50}, 404),
        ([], 200),
    ],
)
def test_a_rate_that_is_none_is_unavailable(
    web: responses.RequestsMock, body: Any, status: int
) -> None:
    web.get(RATE, json=body, status=status)
    with pytest.raises(Unavailable, match="platform"):
        rate(UPSTREAM)
