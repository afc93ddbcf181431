"""Opening, asking about and cancelling offers: two readings of one protocol must meet."""

import json
import re
from typing import Any

import pytest
import requests
from nacl.signing import SigningKey

from tests.sandbox.relay import Merchant, key_id, signed, verify
from tests.sandbox.stand_in import StandIn


@pytest.fixture
def merchant(sandbox: StandIn) -> Merchant:
    return Merchant(sandbox)


ADDRESSES = {
    "XMR": r"8[1-9A-HJ-NP-Za-km-z]{94}",
    "BTC": r"bc1q[qpzry9x8gf2tvdw0s3jn54khce6mua7l]{38}",
    "USDT": r"0x[0-9a-f]{40}",
    "USD_BANK": r"IBAN .+ reference HAV-OFF-.+",
}


@pytest.mark.parametrize("currency", ["XMR", "BTC", "USDT", "USD_BANK"])
def test_signed_offer_is_answered_with_an_address_that_the_relay_signed(
    merchant: Merchant, currency: str
) -> None:
    offer = merchant.offer(currency=currency)
    answer = merchant.post(offer)

    assert answer.status_code == 201
    quoted = answer.json()
    verify(quoted, merchant.relay_key)
    same = ("order_ref", "invoice_id", "currency", "amount", "network", "expires_at")
    assert {name: quoted[name] for name in same} == {name: offer[name] for name in same}
    assert quoted["confirmations_required"] == 10
    assert re.fullmatch("HAV-OFF-[A-Z0-9]{10}", quoted["offer_id"])
    assert re.fullmatch(ADDRESSES[currency], quoted["pay_to"])
    links = {
        "XMR": f"monero:{quoted['pay_to']}?tx_amount=0.250000000000",
        "BTC": f"bitcoin:{quoted['pay_to']}?amount=0.00100000",
        "USDT": "ethereum:0xdAC17F958D2ee523a2206206994597C13D831ec7@1/transfer"
        f"?address={quoted['pay_to']}&uint256=31500000",
        "USD_BANK": "",
    }
    assert quoted["uri"] == links[currency]


def test_every_offer_has_an_address_of_its_own(merchant: Merchant) -> None:
    answers = [merchant.post(merchant.offer(order_ref=f"{n}-aa")).json() for n in range(5)]

    assert len({a["pay_to"] for a in answers}) == len({a["offer_id"] for a in answers}) == 5


def test_tether_may_live_on_the_other_chain(merchant: Merchant) -> None:
    merchant.set(tether_network="TRC-20")

    quoted = merchant.post(merchant.offer(currency="USDT")).json()

    assert re.fullmatch("T[1-9A-HJ-NP-Za-km-z]{33}", quoted["pay_to"])
    assert quoted["uri"] == ""


def test_same_order_again_is_the_same_offer_and_other_content_is_a_conflict(
    merchant: Merchant,
) -> None:
    first = merchant.post(merchant.offer()).json()
    quote = {"amount": "28.50", "currency": "EUR", "rate": "115.00", "source": "web"}

    again = merchant.post(
        merchant.offer(
            created_at=first["expires_at"] - 1, expires_at=first["expires_at"] + 1, quote=quote
        )
    )
    others = [
        merchant.post(merchant.offer(**change)).status_code
        for change in (
            {"amount": "0.250000000001"},
            {"currency": "BTC"},
            {"invoice_id": "WHMCS-INV-000124"},
            {"confirmations": 1},
            {"pay_to": "account-1"},
            {"note": "new"},
        )
    ]

    assert (again.status_code, again.json()) == (200, first)
    assert others == [409] * 6
    assert len(merchant.sandbox.control("/haveno/_sandbox/offers")["offers"]) == 1


def test_expired_repeat_still_finds_its_offer(merchant: Merchant) -> None:
    offer = merchant.offer()
    first = merchant.post(offer).json()
    merchant.set(clock_offset_seconds=4000)

    again = merchant.post(offer)

    assert (again.status_code, again.json()) == (200, first)


def other(character: str) -> str:
    return "B" if character == "A" else "A"


def test_only_the_merchants_key_opens_offers(merchant: Merchant) -> None:
    stranger = SigningKey.generate()
    genuine = merchant.offer()
    forgeries: list[dict[str, Any]] = [
        {**genuine, "amount": "9.250000000000"},
        {**genuine, "signature": other(genuine["signature"][0]) + genuine["signature"][1:]},
        {**genuine, "signature": ""},
        {**genuine, "signature": None},
        # The last group has unused bits: other text, same bytes.
        {**genuine, "signature": genuine["signature"].replace("==", "")},
        {**genuine, "added": "later"},
        {name: value for name, value in genuine.items() if name != "signature"},
        signed(genuine, stranger),
        signed({**genuine, "key_id": key_id(stranger)}, stranger),
        signed({**genuine, "key_id": "0" * 16}, merchant.key),
    ]
    for forged in forgeries:
        answer = merchant.post(forged)
        assert (answer.status_code, set(answer.json())) == (401, {"code", "message"})
    assert merchant.post(genuine).status_code == 201

    merchant.set(merchant_public_keys=[])
    assert merchant.post(genuine).status_code == 401


def test_two_merchant_keys_are_known_during_rotation(merchant: Merchant) -> None:
    old, new = merchant.key, SigningKey.generate()
    merchant.set(merchant_public_keys=[bytes(k.verify_key).hex() for k in (new, old)])

    assert merchant.post(merchant.offer(order_ref="1-a")).status_code == 201
    merchant.key = new
    assert merchant.post(merchant.offer(order_ref="2-b")).status_code == 201


@pytest.mark.parametrize(
    "change",
    [
        {"type": "havenopay.cancel"},
        {"version": 2},
        {"version": True},
        {"version": "1"},
        {"network": "moonnet"},
        {"merchant_id": "example.onion:9999"},
        {"merchant_id": "a" * 56 + ".onion:9999"},
        {"order_ref": ""},
        {"order_ref": "a b"},
        {"order_ref": 7},
        {"invoice_id": "123"},
        {"amount": 1},
        {"amount": "1e3"},
        {"amount": "-1.000000000000"},
        {"pay_to": None},
        {"quote": "28.50 EUR"},
        {"quote": {"amount": "28.50"}},
        {"quote": {"amount": 28, "currency": "EUR", "rate": "1", "source": "relay"}},
        {"confirmations": 0},
        {"confirmations": "10"},
        {"created_at": "2026-01-01T00:00:00Z"},
        {"expires_at": True},
        {"callback_host": "https://console.example.com/secret"},
        {"key_id": "XYZ"},
    ],
)
def test_misshapen_offer_is_400_although_signed(merchant: Merchant, change: dict[str, Any]) -> None:
    answer = merchant.post(merchant.offer(**change))

    assert (answer.status_code, set(answer.json())) == (400, {"code", "message"})


def test_every_member_of_an_offer_is_needed(merchant: Merchant) -> None:
    offer = merchant.offer()
    for name in set(offer) - {"signature"}:
        rest = {n: v for n, v in offer.items() if n != name}
        assert merchant.post(signed(rest, merchant.key)).status_code == 400, name


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"a":1.5}',
        b'{"a":NaN}',
        b'{"a":9007199254740993}',
        b'{"a":"\\ud800"}',
        b'{"type":"havenopay.offer","type":"havenopay.offer"}',
        b"[" * 50_000,
    ],
)
def test_body_that_cannot_be_signed_unambiguously_is_400(merchant: Merchant, body: bytes) -> None:
    url = f"{merchant.sandbox.url}/haveno/v1/offers"

    answer = requests.post(url, data=body, headers={"Content-Type": "application/json"}, timeout=10)

    assert (answer.status_code, answer.json()["code"]) == (400, "shape")
    as_form = requests.post(url, data={"a": "b"}, timeout=10)
    assert as_form.status_code == 400


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"currency": "DOGE"}, "currency"),
        ({"currency": "XMR", "amount": "0.25"}, "amount"),
        ({"currency": "BTC", "amount": "0.001000000"}, "amount"),
        ({"currency": "USD_BANK", "amount": "28.5"}, "amount"),
        ({"amount": "0.000000000000"}, "amount"),
        ({"expires_at": 1790000000}, "expired"),
    ],
)
def test_well_said_but_impossible_wish_is_422(
    merchant: Merchant, change: dict[str, Any], code: str
) -> None:
    merchant.set(clock_offset_seconds=300_000_000)
    future = {"created_at": 2_100_000_000, "expires_at": 2_200_000_000}
    answer = merchant.post(merchant.offer(**{**future, **change}))

    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_names_beyond_ascii_are_ordered_as_rfc_8785_orders_them(merchant: Merchant) -> None:
    note = {"\U0001f600": 1, "\ufb33": [True, None, 'quote " slash / \u2028 \x1f \x7f'], "é": {}}

    answer = merchant.post(merchant.offer(note=note))

    assert answer.status_code == 201
    verify(answer.json(), merchant.relay_key)


def test_offer_is_looked_up_by_the_relays_id_only(merchant: Merchant) -> None:
    offer_id = merchant.open()

    assert merchant.look(offer_id) == {
        "offer_id": offer_id, "state": "open", "received": "0.000000000000", "confirmations": 0,
        "confirmations_required": 10, "transfers": [],
        "signature": merchant.look(offer_id)["signature"],
    }  # fmt: skip
    for unknown in ("HAV-OFF-XYZ123", "1043-7f3a5c0011223344"):
        answer = requests.get(f"{merchant.sandbox.url}/haveno/v1/offers/{unknown}", timeout=10)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_offer")


def test_unpaid_offer_is_cancelled_once_and_for_all(merchant: Merchant) -> None:
    offer_id = merchant.open()

    for _ in range(2):
        answer = merchant.cancel(offer_id)
        assert answer.status_code == 200
        verify(answer.json(), merchant.relay_key)
        assert (answer.json()["offer_id"], answer.json()["state"]) == (offer_id, "cancelled")
    assert merchant.look(offer_id)["state"] == "cancelled"


def test_offer_that_saw_any_money_cannot_be_cancelled(merchant: Merchant) -> None:
    for number, action in enumerate(("dust", "other_currency")):
        reference = f"{number}-aa"
        offer_id = merchant.open(order_ref=reference)
        merchant.act(offer_id, action)
        answer = merchant.cancel(offer_id, order_ref=reference)
        assert (answer.status_code, answer.json()["code"]) == (409, "money_seen")


def test_cancelling_needs_the_merchants_signature_and_the_right_names(merchant: Merchant) -> None:
    offer_id = merchant.open()
    other_id = merchant.open(order_ref="2-bb")

    assert merchant.cancel("HAV-OFF-XYZ123").status_code == 404
    assert merchant.cancel(offer_id, order_ref="2-bb").status_code == 409
    assert merchant.cancel(offer_id, offer_id=other_id).status_code == 409
    assert merchant.cancel(offer_id, type="havenopay.offer").status_code == 400
    assert merchant.cancel(offer_id, created_at="now").status_code == 400
    merchant.key = SigningKey.generate()
    assert merchant.cancel(offer_id).status_code == 401
    assert merchant.look(offer_id)["state"] == "open"


def test_relay_key_rotates_while_the_old_one_stays_known(merchant: Merchant) -> None:
    old = merchant.relay_key
    after = merchant.set(rotate_relay_key=True)

    assert after["relay_public_keys"][1] == old != after["relay_public_key"]
    verify(merchant.post(merchant.offer()).json(), after["relay_public_keys"][0])
    merchant.set(sign_with="old")
    assert merchant.relay_key == old
    verify(merchant.post(merchant.offer(order_ref="2-bb")).json(), old)
    assert merchant.set(forget_old_key=True)["relay_public_keys"] == after["relay_public_keys"][:1]


def test_confirmations_can_be_set_for_all_offers(merchant: Merchant) -> None:
    merchant.set(confirmations=3)
    assert merchant.look(merchant.open())["confirmations_required"] == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"merchant_public_keys": "aa"},
        {"merchant_public_keys": ["aa"]},
        {"merchant_public_keys": ["a" * 64] * 3},
        {"webhook_url": "console"},
        {"webhook_secret": "supersecrethmac"},
        {"webhook_secret": "whsec_AAAA"},
        {"tether_network": "BEP-20"},
        {"prices": {"EUR": 145.2}},
        {"web_prices": {"monero": "145"}},
        {"clock_offset_seconds": "soon"},
        {"relay_public_key": "a" * 64},
    ],
)
def test_wrong_settings_are_refused(sandbox: StandIn, wrong: dict[str, Any]) -> None:
    assert "error" in sandbox.control("/haveno/_sandbox/settings", wrong, status=400)


def test_private_keys_are_not_shown(merchant: Merchant) -> None:
    shown = merchant.set(rotate_relay_key=True)

    assert "relay_key" not in shown
    seeds = re.findall("[0-9a-f]{64}", json.dumps(shown))
    assert set(seeds) <= {*shown["relay_public_keys"], *shown["merchant_public_keys"]}
