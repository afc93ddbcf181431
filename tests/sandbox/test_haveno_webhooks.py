"""Webhooks on demand: forged, misshapen, replayed, with and without the second lock."""

import base64
import json
import time
from typing import Any

import pytest
from nacl.exceptions import BadSignatureError
from standardwebhooks import Webhook, WebhookVerificationError

from tests.sandbox.relay import Merchant, body_of, verify
from tests.sandbox.stand_in import Received, Receiver, StandIn

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def merchant(sandbox: StandIn, shop: Receiver) -> Merchant:
    return Merchant(sandbox, shop.url)


def sent(merchant: Merchant, shop: Receiver, forge: str = "", **members: Any) -> Received:
    offer_id = merchant.open()
    done = merchant.act(offer_id, "webhook", forge=forge, **members)
    assert done["answers"] == [{"status": 200, "body": "*ok*"}]
    assert done["offer"]["state"] == "open"
    assert done["offer"]["webhooks"][0]["forge"] == forge
    return shop.received[-1]


def test_webhook_on_demand_is_genuine_and_claims_the_whole_amount(
    merchant: Merchant, shop: Receiver
) -> None:
    told = body_of(sent(merchant, shop))

    verify(told, merchant.relay_key)
    assert told["amount"] == "0.250000000000"
    assert abs(told["timestamp"] - time.time()) < 60


def test_claimed_amount_can_be_chosen(merchant: Merchant, shop: Receiver) -> None:
    told = body_of(sent(merchant, shop, amount="7.5"))

    verify(told, merchant.relay_key)
    assert told["amount"] == "7.500000000000"


ALTERED = {
    "amount": ("amount", "10.250000000000"),
    "currency": ("currency", "BTC"),
    "offer": ("offer_id", "HAV-OFF-SOMEBODYS"),
    "invoice": ("invoice_id", "WHMCS-INV-999999"),
}


@pytest.mark.parametrize("forge", list(ALTERED))
@pytest.mark.parametrize("signed", [False, True])
def test_altered_member_verifies_only_where_the_relay_itself_lies(
    merchant: Merchant, shop: Receiver, forge: str, signed: bool
) -> None:
    told = body_of(sent(merchant, shop, forge, signed=signed))

    name, value = ALTERED[forge]
    assert told[name] == value
    if signed:
        verify(told, merchant.relay_key)
    else:
        with pytest.raises(BadSignatureError):
            verify(told, merchant.relay_key)


def test_offer_forgery_names_another_real_offer(merchant: Merchant, shop: Receiver) -> None:
    other = merchant.open(order_ref="other-1")

    assert body_of(sent(merchant, shop, "offer"))["offer_id"] == other


@pytest.mark.parametrize("forge", ["signature", "key"])
def test_signature_of_nobody_known(merchant: Merchant, shop: Receiver, forge: str) -> None:
    told = body_of(sent(merchant, shop, forge))

    assert len(base64.b64decode(told["signature"], validate=True)) == 64
    with pytest.raises(BadSignatureError):
        verify(told, merchant.relay_key)


def test_missing_signature(merchant: Merchant, shop: Receiver) -> None:
    assert set(body_of(sent(merchant, shop, "missing_signature"))) == {
        "invoice_id", "amount", "currency", "offer_id", "timestamp",
    }  # fmt: skip


def test_member_twice_verifies_for_readers_that_keep_the_last(
    merchant: Merchant, shop: Receiver
) -> None:
    received = sent(merchant, shop, "duplicate_member")

    assert received.body.count(b'"amount"') == 2
    verify(body_of(received), merchant.relay_key)
    pairs = json.loads(received.body, object_pairs_hook=list)
    assert pairs[0] == ("amount", "10.250000000000")


def test_amount_as_a_number_is_truly_signed(merchant: Merchant, shop: Receiver) -> None:
    received = sent(merchant, shop, "float_amount")

    assert b'"amount": 0.25,' in received.body
    told = body_of(received)
    assert told["amount"] == 0.25
    verify(told, merchant.relay_key)


def test_unknown_and_nested_members_are_truly_signed(merchant: Merchant, shop: Receiver) -> None:
    extra = body_of(sent(merchant, shop, "extra_member"))
    verify(extra, merchant.relay_key)
    assert extra["relay_version"] == "1.4.0"

    nested = merchant.act("1043-7f3a5c0011223344", "webhook", forge="nested")
    assert nested["answers"][0]["status"] == 200
    told = body_of(shop.received[-1])
    verify(told, merchant.relay_key)
    assert isinstance(told["transfers"], list)


def test_signature_in_hex_is_genuine(merchant: Merchant, shop: Receiver) -> None:
    told = body_of(sent(merchant, shop, "hex_signature"))

    raw = bytes.fromhex(told["signature"])
    told["signature"] = base64.b64encode(raw).decode()
    verify(told, merchant.relay_key)


@pytest.mark.parametrize(
    ("forge", "shift", "scale"), [("stale", -600, 1), ("future", 600, 1), ("millis", 0, 1000)]
)
def test_wrong_times_are_truly_signed_in_body_and_headers(
    merchant: Merchant, shop: Receiver, forge: str, shift: int, scale: int
) -> None:
    merchant.set(webhook_secret=SECRET)

    received = sent(merchant, shop, forge)

    told = body_of(received)
    verify(told, merchant.relay_key)
    assert abs(told["timestamp"] / scale - time.time() - shift) < 60
    header = dict(received.headers)["webhook-timestamp"]
    assert int(header) == told["timestamp"] // scale


def test_relays_clock_can_be_moved(merchant: Merchant, shop: Receiver) -> None:
    merchant.set(clock_offset_seconds=-90)
    told = body_of(sent(merchant, shop))
    assert abs(told["timestamp"] + 90 - time.time()) < 60


def test_second_lock_is_read_by_the_standard_library(merchant: Merchant, shop: Receiver) -> None:
    assert not any(name.startswith("webhook-") for name, _ in sent(merchant, shop).headers)
    merchant.set(webhook_secret=SECRET)

    merchant.act("1043-7f3a5c0011223344", "exact", mine=10)
    merchant.act("1043-7f3a5c0011223344", "webhook")

    settled, again = shop.received[-2:]
    for received in (settled, again):
        Webhook(SECRET).verify(received.body, dict(received.headers))
        verify(body_of(received), merchant.relay_key)
    assert dict(settled.headers)["webhook-id"] == dict(again.headers)["webhook-id"]


def test_second_lock_can_be_wrong_or_missing(merchant: Merchant, shop: Receiver) -> None:
    merchant.set(webhook_secret=SECRET)

    wrong = sent(merchant, shop, "hmac")
    merchant.act("1043-7f3a5c0011223344", "webhook", forge="no_hmac")

    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(wrong.body, dict(wrong.headers))
    verify(body_of(wrong), merchant.relay_key)
    assert not any(name.startswith("webhook-") for name, _ in shop.received[-1].headers)


@pytest.mark.parametrize("how", [{"times": 5}, {"parallel": 20}])
def test_same_bytes_many_times_and_again(
    merchant: Merchant, shop: Receiver, how: dict[str, int]
) -> None:
    merchant.set(webhook_secret=SECRET)
    offer_id = merchant.open()
    merchant.act(offer_id, "webhook", **how)

    path = f"/haveno/_sandbox/offers/{offer_id}/resend"
    answers = merchant.sandbox.control(path, how)["answers"]

    number = next(iter(how.values()))
    assert answers == [{"status": 200, "body": "*ok*"}] * number
    assert len(shop.received) == 2 * number
    assert len(set(shop.received)) == 1


def test_old_key_signs_webhooks_where_that_is_set(merchant: Merchant, shop: Receiver) -> None:
    old = merchant.relay_key
    merchant.set(rotate_relay_key=True, sign_with="old")

    verify(body_of(sent(merchant, shop)), old)


def test_without_a_receiver_nothing_is_sent_and_nothing_breaks(merchant: Merchant) -> None:
    offer_id = merchant.open()
    merchant.set(webhook_url="http://127.0.0.1:9/")
    dead = merchant.act(offer_id, "exact", mine=10)
    merchant.set(webhook_url="")
    none = merchant.act(offer_id, "webhook")

    assert dead["answers"] == [{"status": None, "body": "not delivered: ConnectionError"}]
    assert none["answers"] == []
    path = f"/haveno/_sandbox/offers/{merchant.open(order_ref='2-b')}/resend"
    assert "no webhook yet" in merchant.sandbox.control(path, {}, status=400)["error"]
