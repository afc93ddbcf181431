"""Opening an offer: what is posted, which answers are believed, and what a refusal says."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
import responses
import rfc8785

from gateways.providers.base import Instructions, OpenRefused, OrderRequest, Unavailable
from gateways.providers.haveno import Haveno, key_id
from gateways.providers.haveno.signing import verify
from ledger.money import Money
from tests.gateways.providers.haveno_messages import (
    BANK_ACCOUNT,
    BTC_ADDRESS,
    CREDENTIALS,
    ERC20_ADDRESS,
    MERCHANT_ID,
    MERCHANT_KEY,
    MERCHANT_SEED,
    NOW,
    OFFER,
    OFFER_ID,
    OTHER_KEY,
    OTHER_SEED,
    REFERENCE,
    RELAY,
    RELAY_KEY,
    TRC20_ADDRESS,
    XMR_ADDRESS,
    canonical,
    order_request,
    payload,
    seal,
    signed,
)

OFFERS = f"{RELAY}/v1/offers"
HTML = b"<html><body>Just a moment...</body></html>"


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mocked:
        yield mocked


@pytest.fixture
def silent() -> Iterator[responses.RequestsMock]:
    """No call may be made at all."""
    with responses.RequestsMock() as mocked:
        yield mocked
        assert len(mocked.calls) == 0


def opened(request: OrderRequest | None = None, /, **credentials: str) -> Instructions:
    return Haveno().open(request or order_request(), {**CREDENTIALS, **credentials})


def refusal(request: OrderRequest | None = None, /, **credentials: str) -> OpenRefused:
    with pytest.raises(OpenRefused) as refused:
        opened(request, **credentials)
    error = refused.value
    assert error.message[0].isupper()
    assert error.way_out.endswith(".")
    return error


# --- what is posted -----------------------------------------------------------------------------
def test_the_offer_is_posted_as_published_and_signed_by_the_merchant(
    web: responses.RequestsMock,
) -> None:
    web.post(OFFERS, status=201, body=payload("offer_created.json"))

    opened()

    request = web.calls[0].request
    posted = json.loads(request.body or b"")
    assert request.headers["Content-Type"] == "application/json"
    assert {name: value for name, value in posted.items() if name != "signature"} == {
        "type": "havenopay.offer",
        "version": 1,
        "network": "mainnet",
        "merchant_id": MERCHANT_ID,
        "order_ref": REFERENCE,
        "invoice_id": "WHMCS-INV-000123",
        "amount": "0.250000000000",
        "currency": "XMR",
        "pay_to": "shop@example.com",
        "quote": {"amount": "28.50", "currency": "EUR", "rate": "114.00", "source": "relay"},
        "confirmations": 10,
        "created_at": NOW,
        "expires_at": NOW + 3600,
        "callback_host": "console.example.com",
        "key_id": key_id(MERCHANT_KEY),
    }
    assert posted == signed(posted, MERCHANT_SEED)


def test_no_secret_leaves(web: responses.RequestsMock) -> None:
    web.post(OFFERS, status=201, json=signed(OFFER))

    opened(webhook_secret="whsec_hush")

    sent = str(web.calls[0].request.body) + str(web.calls[0].request.headers)
    assert "hush" not in sent
    assert MERCHANT_SEED not in sent
    assert "/webhooks/abc/" not in sent


# --- what is believed ---------------------------------------------------------------------------
@pytest.mark.parametrize("status", [200, 201])
def test_the_answer_becomes_instructions_for_our_own_page(
    web: responses.RequestsMock, status: int
) -> None:
    web.post(OFFERS, status=status, body=payload("offer_created.json"))

    instructions = opened()

    assert instructions == Instructions(
        payment_url="",
        provider_reference=OFFER_ID,
        valid_until=NOW + 3600,
        pay_to=XMR_ADDRESS,
        confirmations=10,
        document=instructions.document,
    )


def test_the_document_is_the_published_offer_signed_by_the_merchant(
    web: responses.RequestsMock,
) -> None:
    web.post(OFFERS, status=201, json=signed({**OFFER, "confirmations_required": 12}))

    document = opened().document

    offer = json.loads(document)
    posted = json.loads(web.calls[0].request.body or b"")
    verify(offer, [MERCHANT_KEY])
    assert document.encode() == rfc8785.dumps(offer)
    assert {**offer, "signature": ""} == {
        **posted,
        "offer_id": OFFER_ID,
        "pay_to": XMR_ADDRESS,
        "confirmations": 12,
        "signature": "",
    }


@pytest.mark.parametrize(
    ("amount", "currency", "address", "uri"),
    [
        ("0.25", "XMR", XMR_ADDRESS, ""),
        ("0.00035512", "BTC", BTC_ADDRESS, f"bitcoin:{BTC_ADDRESS}?amount=0.00035512"),
        ("28.5", "USDT", ERC20_ADDRESS, f"ethereum:0xdAC1@1/transfer?address={ERC20_ADDRESS}"),
        ("28.5", "USDT", TRC20_ADDRESS, ""),
        ("28.50", "USD_BANK", BANK_ACCOUNT, ""),
    ],
)
def test_every_accepted_currency_can_be_opened(
    web: responses.RequestsMock, amount: str, currency: str, address: str, uri: str
) -> None:
    pay = Money.parse(amount, currency)
    answer = {**OFFER, "amount": amount, "currency": currency, "pay_to": address, "uri": uri}
    web.post(OFFERS, status=201, json=signed(answer))

    instructions = opened(order_request(pay=pay))

    assert instructions.pay_to == address
    assert json.loads(instructions.document)["amount"] == pay.amount


def test_what_the_relay_need_not_say_may_be_missing(web: responses.RequestsMock) -> None:
    bare = {name: value for name, value in OFFER.items() if name not in ("order_ref", "uri")}
    web.post(OFFERS, status=201, json=signed({**bare, "note": {"new": [1]}}))

    assert opened().pay_to == XMR_ADDRESS


def test_of_two_relay_keys_either_may_answer(web: responses.RequestsMock) -> None:
    web.post(OFFERS, status=201, json=signed(OFFER, OTHER_SEED))

    assert opened(relay_keys=f"{RELAY_KEY} {OTHER_KEY}").pay_to == XMR_ADDRESS


SEALED = signed(OFFER)
UNTRUE: dict[str, dict[str, Any]] = {
    "nobody": OFFER,
    "another relay": signed(OFFER, OTHER_SEED),
    "ourselves": signed(OFFER, MERCHANT_SEED),
    "another address": {**SEALED, "pay_to": "8" + "A" * 94},
    "another amount": {**SEALED, "amount": "0.25"},
    "one member more": {**SEALED, "note": ""},
    "half a signature": {**SEALED, "signature": SEALED["signature"][:44]},
    "hex of nothing": {**SEALED, "signature": "0" * 128},
    "a list": {**SEALED, "signature": [SEALED["signature"]]},
}


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("answer", UNTRUE.values(), ids=UNTRUE)
def test_v12_an_address_that_the_relay_did_not_sign_is_never_shown(
    web: responses.RequestsMock, answer: dict[str, Any], status: int
) -> None:
    web.post(OFFERS, status=status, json=answer)

    error = refusal()

    assert error.code == "answer_signature"
    assert "Public Key" in error.way_out
    assert str(answer["pay_to"]) not in str(error)
    assert not error.fresh_reference


MISMATCHES: list[tuple[str, Any]] = [
    ("order_ref", "1043-0000000000000000"), ("order_ref", None), ("order_ref", 1043),
    ("invoice_id", "WHMCS-INV-000124"), ("invoice_id", "123"), ("invoice_id", 123),
    ("currency", "BTC"), ("currency", "xmr"), ("currency", None),
    ("amount", "0.250000000001"), ("amount", "0.26"), ("amount", 1), ("amount", "0.2500000000000"),
    ("amount", ""), ("amount", None),
    ("network", "stagenet"), ("network", "Mainnet"), ("network", None), ("network", 1),
    ("offer_id", ""), ("offer_id", "a b"), ("offer_id", "x" * 129), ("offer_id", ".."),
    ("offer_id", "é"), ("offer_id", "a\n"), ("offer_id", 7), ("offer_id", None),
    ("confirmations_required", 9), ("confirmations_required", 10_001),
    ("confirmations_required", "10"), ("confirmations_required", True),
    ("confirmations_required", None),
    ("expires_at", NOW), ("expires_at", NOW - 1), ("expires_at", NOW + 3539), ("expires_at", 0),
    ("expires_at", str(NOW + 3600)), ("expires_at", (NOW + 3600) * 1000), ("expires_at", None),
    ("pay_to", ""), ("pay_to", None), ("pay_to", BTC_ADDRESS), ("pay_to", XMR_ADDRESS[:-1]),
    ("pay_to", f"{XMR_ADDRESS}\n"), ("pay_to", "shop@example.com"), ("pay_to", [XMR_ADDRESS]),
    ("uri", "monero:8" + "A" * 94), ("uri", 1), ("uri", None), ("uri", [XMR_ADDRESS]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), MISMATCHES)
def test_v05_v06_v07_a_signed_answer_about_something_else_is_refused(
    web: responses.RequestsMock, name: str, value: Any
) -> None:
    answer = {**OFFER, name: value}
    if name == "pay_to" and isinstance(value, str):
        answer["uri"] = ""
    web.post(OFFERS, status=201, json=signed(answer))

    error = refusal()

    assert error.code == "answer_mismatch"
    assert name in error.message
    assert error.message.isprintable()


@pytest.mark.parametrize("name", [name for name in OFFER if name not in ("order_ref", "uri")])
def test_v07_a_member_that_is_missing_is_not_taken_for_granted(
    web: responses.RequestsMock, name: str
) -> None:
    web.post(OFFERS, status=201, json=signed({k: v for k, v in OFFER.items() if k != name}))

    assert refusal().code == "answer_mismatch"


@pytest.mark.parametrize(
    ("theirs", "until"), [(3540, 3540), (3599, 3599), (3600, 3600), (7200, 3600)]
)
def test_the_offer_ends_when_either_side_says_so(
    web: responses.RequestsMock, theirs: int, until: int
) -> None:
    web.post(OFFERS, status=201, json=signed({**OFFER, "expires_at": NOW + theirs}))

    instructions = opened()

    assert instructions.valid_until == NOW + until
    assert json.loads(instructions.document)["expires_at"] == NOW + until


def test_an_offer_shorter_than_a_minute_still_has_to_end_after_it_began(
    web: responses.RequestsMock,
) -> None:
    web.post(OFFERS, status=201, json=signed({**OFFER, "expires_at": NOW}))

    assert refusal(order_request(expires_at=NOW + 30)).code == "answer_mismatch"


def test_a_relay_may_want_more_confirmations_than_the_merchant(web: responses.RequestsMock) -> None:
    web.post(OFFERS, status=201, json=signed({**OFFER, "confirmations_required": 60}))

    assert opened(confirmations="1").confirmations == 60


# --- refusals of the relay ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "hint"),
    [(400, "Merchant ID"), (401, "public half"), (409, "tried again"), (422, "Accepted Currencies"),
     (403, "relay URL"), (404, "relay URL")],
)  # fmt: skip
def test_a_refusal_has_the_relays_words_and_a_way_out(
    web: responses.RequestsMock, status: int, hint: str
) -> None:
    web.post(OFFERS, status=status, body=payload("error.json"))

    error = refusal()

    assert error.code == "currency_refused"
    assert error.message == "This relay does not take BTC."
    assert hint in error.way_out
    assert error.fresh_reference == (status == 409)


def test_the_relays_words_are_cleaned(web: responses.RequestsMock) -> None:
    web.post(OFFERS, status=400, json={"code": "a\0b\n", "message": "X\u202e\n" + "y" * 5000})

    error = refusal()

    assert (error.code, error.message.isprintable()) == ("a?b?", True)
    assert len(error.message) <= 500


@pytest.mark.parametrize("body", [{}, {"code": 7}, {"code": None, "message": []}])
def test_a_refusal_without_words_still_says_something(
    web: responses.RequestsMock, body: dict[str, Any]
) -> None:
    web.post(OFFERS, status=400, json=body)

    error = refusal()

    assert error.code in ("7", "HTTP 400")
    assert error.message == "The relay gave no reason."


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *[(status, payload("error.json")) for status in (408, 425, 429, 500, 502, 503, 504)],
        *[(status, HTML) for status in (200, 201, 400, 401, 404, 409, 422, 429, 503)],
        *[(status, b"") for status in (200, 201, 204, 400, 404, 503)],
        *[(status, payload("offer_created.json")) for status in (301, 302, 307, 308)],
        (201, b"[1]"),
        (201, b'{"a": 1.5}'),
        (201, b'{"a": 1, "a": 1}'),
        (201, b'{"a": NaN}'),
        (201, payload("offer_created.json")[:-20]),
        (201, b"\xff\xfe"),
        (201, b"[" * 50_000),
    ],
)
def test_busy_broken_or_unreadable_means_that_nothing_is_known(
    web: responses.RequestsMock, status: int, body: bytes
) -> None:
    web.post(OFFERS, status=status, body=body, headers={"Content-Length": str(len(body))})

    with pytest.raises(Unavailable, match=rf"HTTP {status}"):
        opened()


def test_a_busy_relays_words_and_wait_are_passed_on(web: responses.RequestsMock) -> None:
    body = {"code": "busy", "message": "The node is behind."}
    web.post(OFFERS, status=503, json=body, headers={"Retry-After": "30"})

    with pytest.raises(Unavailable, match=r"HTTP 503: The node is behind\. \(wait 30 s\)"):
        opened()


@pytest.mark.parametrize(
    "broken",
    [requests.ConnectTimeout(), requests.ReadTimeout(), requests.ConnectionError("reset")],
)
def test_no_answer_means_that_nothing_is_known(
    web: responses.RequestsMock, broken: Exception
) -> None:
    web.post(OFFERS, body=broken)

    with pytest.raises(Unavailable, match="The relay"):
        opened()


# --- refusals of our own, before anything is sent -----------------------------------------------
@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        *[("relay_url", url, "relay_url") for url in
          ("", "relay.example.org", "http://relay.example.org", "ftp://relay.example.org",
           "https://", "https://a@relay.example.org", "https://relay.example.org?x=1",
           "https://relay.example.org:99999", "javascript:alert(1)")],
        *[("relay_keys", keys, "relay_keys") for keys in
          ("", " ", "0" * 64, RELAY_KEY[:-1], f"{RELAY_KEY} {OTHER_KEY} {MERCHANT_KEY}")],
        *[("merchant_id", text, "merchant_id") for text in ("", "node.example.com:9999")],
        *[("merchant_key", seed, "settings") for seed in ("", "0" * 64, "x")],
        *[("confirmations", text, "settings") for text in
          ("0", "-1", "10001", "1.5", "ten", "\u0661", "1" * 9, " 10")],
    ],
)  # fmt: skip
def test_v03_unusable_settings_are_named_before_anything_is_sent(
    silent: responses.RequestsMock, name: str, value: str, code: str
) -> None:
    error = refusal(None, **{name: value})

    assert error.code == code
    assert "settings" in error.way_out


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"pay": None}, "amount"),
        ({"pay": Money(0, "XMR")}, "amount"),
        ({"pay": Money(-1, "XMR")}, "amount"),
        ({"pay": Money.parse("1", "EUR")}, "currency"),
        ({"reference": "a b"}, "request"),
        ({"reference": ""}, "request"),
        ({"expires_at": NOW}, "request"),
        ({"created_at": 0}, "request"),
        ({"invoice": ""}, "invoice"),
        ({"invoice": "007"}, "invoice"),
        ({"invoice": "a b"}, "invoice"),
        ({"invoice": "INV-7"}, "invoice"),
        ({"invoice": "\u0661"}, "invoice"),
    ],
)
def test_v06_an_order_that_no_offer_can_be_made_of_is_not_sent(
    silent: responses.RequestsMock, changes: dict[str, Any], code: str
) -> None:
    assert refusal(order_request(**changes)).code == code


@pytest.mark.parametrize("url", ["http://127.0.0.1:8003", "http://localhost:8003/"])
def test_the_sandbox_beside_us_may_be_asked_without_tls(
    web: responses.RequestsMock, url: str
) -> None:
    web.post(f"{url.rstrip('/')}/v1/offers", status=201, json=signed(OFFER))

    assert opened(relay_url=url).pay_to == XMR_ADDRESS


def test_settings_that_are_not_filled_in_at_all_are_a_refusal(
    silent: responses.RequestsMock,
) -> None:
    with pytest.raises(OpenRefused):
        Haveno().open(order_request(), {})


def test_ten_confirmations_are_asked_for_unless_set(web: responses.RequestsMock) -> None:
    web.post(OFFERS, status=201, json=signed(OFFER))

    opened(confirmations="")

    assert json.loads(web.calls[0].request.body or b"")["confirmations"] == 10


def test_the_same_try_is_the_same_offer_for_the_relay(web: responses.RequestsMock) -> None:
    """What may differ between two tries: times, quote, signature."""
    web.post(OFFERS, status=201, json=signed(OFFER))
    web.post(OFFERS, status=200, json=signed(OFFER))
    first = order_request()

    assert opened(first).pay_to == opened(replace(first, created_at=NOW + 9)).pay_to

    one, two = (json.loads(call.request.body or b"") for call in web.calls)
    assert {name for name in one if one[name] != two[name]} == {"created_at", "signature"}


def test_two_libraries_agree_on_the_posted_signature(web: responses.RequestsMock) -> None:
    web.post(OFFERS, status=201, json=signed(OFFER))

    opened(receive_account="Ünïcode konto")

    body = web.calls[0].request.body
    assert isinstance(body, bytes)
    posted = json.loads(body)
    assert signed(posted, MERCHANT_SEED)["signature"] == posted["signature"]
    assert len(seal(canonical(posted), MERCHANT_SEED)) == 64
