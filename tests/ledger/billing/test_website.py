"""Websites that are told of payments: both documented callbacks, and the signed one."""

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from ledger.billing.base import Absent, BillerError, BillRef, Outcome, Verdict
from ledger.billing.website import PaidRef, Website
from ledger.http import MaybeSent, NotSent
from ledger.money import Money

URL = "https://shop.example.com/wp-json/vodafoncash/v1/callback"
KEY = "store-key-of-the-shop"
RAW = bytes(range(32))
SECRET = f"whsec_{b64encode(RAW).decode()}"
AT = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
CREDIT = Money.parse("20.00", "USD")
REFERENCE = "VFC-012345678901"
BILL = PaidRef(
    "credit", "claim-1", "Mona Adel (7)", "vodafoncash", "01012345678", Money(100_000, "EGP")
)


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mocked:
        yield mocked


def website(shape: str = "plugin", url: str = URL, key: str = KEY, **more: Any) -> Website:
    return Website(url, f"{shape}:2", key, SECRET if shape == "signed" else "", **more)


def tell(shop: Website, credit: Money = CREDIT, bill: BillRef = BILL) -> Outcome:
    return shop.book(REFERENCE, bill, credit, mode="credit", at=AT)


def query(web: responses.RequestsMock) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(web.calls[0].request.url or "").query, keep_blank_values=True)


def test_the_plugins_callback_has_the_documented_fields(web: responses.RequestsMock) -> None:
    web.get(URL, body="OK")

    outcome = tell(website())

    assert outcome.verdict is Verdict.DONE
    assert query(web) == [
        ("key", KEY),
        ("action", "addPayment"),
        ("username", "Mona Adel (7)"),
        ("amount", "20.00"),
        ("from", "01012345678"),
        ("trans_id", REFERENCE),
    ]


def test_the_other_callback_tells_the_pounds_behind_the_urls_own_query(
    web: responses.RequestsMock,
) -> None:
    web.get(URL, body="OK")

    assert tell(website("generic", f"{URL}?key=its-own")).verdict is Verdict.DONE
    assert query(web) == [
        ("key", "its-own"),
        ("transaction_id", REFERENCE),
        ("phone", "01012345678"),
        ("amount", "1000.00"),
        ("currency", "EGP"),
        ("store_id", "2"),
        ("user_name", "Mona Adel (7)"),
        ("status", "completed"),
    ]


@pytest.mark.parametrize("end", ["?", "?site=1&", "?site=1&&", ""])
def test_the_fields_join_whatever_the_url_ends_in(web: responses.RequestsMock, end: str) -> None:
    web.get(URL, body="OK")

    tell(website("plugin", f"{URL}{end}"))

    before = [("site", "1")] if "site" in end else []
    assert query(web)[: len(before) + 1] == [*before, ("key", KEY)]


def test_the_signed_callback_verifies_as_standard_webhooks_do(web: responses.RequestsMock) -> None:
    web.post(URL, status=204)

    assert tell(website("signed")).verdict is Verdict.DONE

    sent = web.calls[0].request
    body = sent.body if isinstance(sent.body, bytes) else b""
    stamp = str(sent.headers["webhook-timestamp"])
    mac = HMAC(RAW, hashes.SHA256())
    mac.update(b".".join((REFERENCE.encode(), stamp.encode(), body)))
    assert sent.headers["webhook-signature"] == f"v1,{b64encode(mac.finalize()).decode()}"
    assert (sent.headers["webhook-id"], stamp) == (REFERENCE, "1790000000")
    told = json.loads(body)
    assert (told["type"], told["data"]["transaction_id"]) == ("payment.completed", REFERENCE)
    assert (told["data"]["credit"], told["data"]["credit_currency"]) == ("20.00", "USD")
    assert (told["data"]["amount"], told["data"]["currency"]) == ("1000.00", "EGP")


@pytest.mark.parametrize("shape", ["plugin", "generic", "signed"])
@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.DONE),
        (201, Verdict.DONE),
        (204, Verdict.DONE),
        (302, Verdict.UNKNOWN),
        (400, Verdict.REFUSED),
        (401, Verdict.REFUSED),
        (404, Verdict.REFUSED),
        (408, Verdict.LATER),
        (429, Verdict.LATER),
        (500, Verdict.UNKNOWN),
        (503, Verdict.UNKNOWN),
    ],
)
def test_the_answers_status_decides(
    web: responses.RequestsMock, shape: str, status: int, verdict: Verdict
) -> None:
    web.add(
        "POST" if shape == "signed" else "GET",
        URL,
        body="" if status == 204 else "x",
        status=status,
    )

    outcome = tell(website(shape))

    assert (outcome.verdict, outcome.http_status) == (verdict, status)
    assert bool(outcome.way_out) == (verdict is Verdict.REFUSED or status == 302)


def test_a_lost_answer_is_told_again_under_the_same_id() -> None:
    def lost(*_: Any, **__: Any) -> Any:
        raise MaybeSent("no whole answer within 30 s")

    def closed(*_: Any, **__: Any) -> Any:
        raise NotSent("no connection (refused or unreachable)")

    assert tell(website(call=lost)).verdict is Verdict.UNKNOWN
    assert tell(website(call=closed)).verdict is Verdict.LATER
    assert website().look_up(REFERENCE, BILL, CREDIT, mode="credit") == Absent()


@pytest.mark.parametrize("shape", ["plugin", "generic", "signed"])
def test_the_log_holds_no_key(web: responses.RequestsMock, shape: str) -> None:
    method = "POST" if shape == "signed" else "GET"
    web.add(method, URL, body=f"no such key: {KEY}", status=403)

    kept = tell(website(shape))

    assert KEY not in str(kept)
    assert SECRET not in str(kept)
    assert REFERENCE in kept.request.values()


def test_a_wallet_that_hid_its_payer_leaves_the_field_empty(web: responses.RequestsMock) -> None:
    web.get(URL, body="OK")
    tell(website(), bill=BillRef("credit", "claim-1", "7", "vodafoncash"))
    assert ("from", "") in query(web)


@pytest.mark.parametrize("units", [0, -1])
def test_nothing_and_less_is_never_told(web: responses.RequestsMock, units: int) -> None:
    assert tell(website(), Money(units, "USD")).verdict is Verdict.REFUSED


def test_without_a_store_key_the_plugin_is_not_told(web: responses.RequestsMock) -> None:
    assert tell(website(key="")).verdict is Verdict.LATER


@pytest.mark.parametrize(
    ("url", "identifier", "access_key"),
    [
        ("http://shop.example.com/", "plugin:2", ""),
        ("ftp://shop.example.com/", "plugin:2", ""),
        ("https://u:p@shop.example.com/", "plugin:2", ""),
        ("https://shop.example.com/#x", "plugin:2", ""),
        ("", "plugin:2", ""),
        (URL, "other:2", ""),
        (URL, "plugin", ""),
        (URL, "signed:2", ""),
        (URL, "signed:2", "whsec_short"),
        (URL, "signed:2", "whsec_****"),
    ],
)
def test_settings_that_cannot_work_are_told_to_the_merchant(
    url: str, identifier: str, access_key: str
) -> None:
    with pytest.raises(ValueError, match=r"[a-z]"):
        Website(url, identifier, KEY, access_key)


def test_a_website_has_no_invoices_and_no_log(web: responses.RequestsMock) -> None:
    with pytest.raises(BillerError):
        website().read_bill("1")
    assert website().write_note("x", BILL).verdict is Verdict.DONE
    assert website().check(["vodafoncash"]) == []
