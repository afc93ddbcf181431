"""What the payer and the chain do to an offer, and what the relay then says of it."""

import re
from typing import Any

import pytest
import requests

from tests.sandbox.relay import Merchant, body_of, verify
from tests.sandbox.stand_in import Receiver, StandIn


@pytest.fixture
def merchant(sandbox: StandIn, shop: Receiver) -> Merchant:
    return Merchant(sandbox, shop.url)


@pytest.mark.parametrize(
    ("action", "amounts", "received", "ends"),
    [
        ("exact", ["0.250000000000"], "0.250000000000", "settled"),
        ("partial", ["0.100000000000"], "0.100000000000", "partial"),
        ("rest", ["0.250000000000"], "0.250000000000", "settled"),
        ("over", ["0.312500000000"], "0.312500000000", "over"),
        ("twice", ["0.250000000000"] * 2, "0.500000000000", "over"),
        ("dust", ["0.000000000001"], "0.000000000001", "partial"),
    ],
)
def test_each_payment_is_seen_confirms_and_ends(
    merchant: Merchant, action: str, amounts: list[str], received: str, ends: str
) -> None:
    offer_id = merchant.open()

    merchant.act(offer_id, action)

    told = merchant.look(offer_id)
    assert [t["amount"] for t in told["transfers"]] == amounts
    assert all(re.fullmatch("[0-9a-f]{64}", t["txid"]) for t in told["transfers"])
    assert (told["state"], told["received"], told["confirmations"]) == ("seen", received, 0)
    merchant.mine(9)
    told = merchant.look(offer_id)
    assert (told["state"], told["confirmations"]) == ("confirming", 9)
    merchant.mine(1)
    told = merchant.look(offer_id)
    assert (told["state"], told["received"]) == (ends, received)
    assert {t["confirmations"] for t in told["transfers"]} == {10}


@pytest.mark.parametrize(
    ("currency", "dust", "forty_percent"),
    [("BTC", "0.00000001", "0.00040000"), ("USDT", "0.000001", "12.600000"),
     ("USD_BANK", "0.01", "11.40")],
)  # fmt: skip
def test_other_coins_have_their_own_smallest_unit(
    merchant: Merchant, currency: str, dust: str, forty_percent: str
) -> None:
    offer_id = merchant.open(currency=currency)

    merchant.act(offer_id, "dust")
    merchant.act(offer_id, "partial")
    merchant.act(offer_id, "rest", mine=10)

    told = merchant.look(offer_id)
    assert [t["amount"] for t in told["transfers"]][:2] == [dust, forty_percent]
    assert told["state"] == "settled"
    bank = "BANK-[0-9A-F]{16}" if currency == "USD_BANK" else "[0-9a-f]{64}"
    assert re.fullmatch(bank, told["transfers"][0]["txid"])


def test_money_in_another_currency_is_listed_and_not_counted(merchant: Merchant) -> None:
    offer_id = merchant.open()

    merchant.act(offer_id, "other_currency", mine=10)
    merchant.act(offer_id, "other_currency", currency="USDT", amount="31.5", mine=10)

    told = merchant.look(offer_id)
    assert (told["state"], told["received"], told["confirmations"]) == ("open", "0.000000000000", 0)
    assert [(t["currency"], t["amount"]) for t in told["transfers"]] == [
        ("BTC", "0.25000000"), ("USDT", "31.500000"),
    ]  # fmt: skip
    path = f"/haveno/_sandbox/offers/{offer_id}/act"
    same = {"action": "other_currency", "currency": "XMR"}
    assert "error" in merchant.sandbox.control(path, same, status=400)


def test_exact_amounts_can_be_chosen_and_nothing_cannot_be_paid(merchant: Merchant) -> None:
    offer_id = merchant.open()
    merchant.act(offer_id, "exact", amount="0.1")
    merchant.act("1043-7f3a5c0011223344", "rest", mine=10)

    amounts = [t["amount"] for t in merchant.look(offer_id)["transfers"]]
    assert amounts == ["0.100000000000", "0.150000000000"]
    path = f"/haveno/_sandbox/offers/{offer_id}/act"
    refused: list[dict[str, Any]] = [
        {"action": "rest"}, {"action": "exact", "amount": "0"}, {"action": "steal"},
        {"action": "exact", "amont": "1"}, {"action": "webhook", "forge": "luck"},
        {"action": "webhook", "forge": "key", "signed": True},
    ]  # fmt: skip
    for body in refused:
        assert "error" in merchant.sandbox.control(path, body, status=400)
    nobody = "/haveno/_sandbox/offers/none/act"
    assert "error" in merchant.sandbox.control(nobody, {"action": "exact"}, status=404)


def test_dust_first_does_not_lend_its_confirmations_to_the_rest(
    merchant: Merchant, shop: Receiver
) -> None:
    offer_id = merchant.open()
    merchant.act(offer_id, "dust", mine=10)
    merchant.act(offer_id, "rest")

    told = merchant.look(offer_id)
    assert (told["state"], told["confirmations"]) == ("seen", 0)
    merchant.mine(9)
    assert (merchant.look(offer_id)["state"], shop.received) == ("confirming", [])
    merchant.mine(1)
    assert merchant.look(offer_id)["state"] == "settled"
    assert len(shop.received) == 1


def test_locked_coins_never_count_as_confirmed(merchant: Merchant, shop: Receiver) -> None:
    offer_id = merchant.open()

    held = merchant.act(offer_id, "exact", locked=True, mine=60)["offer"]

    assert (held["transfers"][0]["locked"], held["confirmed"]) == (True, "0.000000000000")
    assert (held["state"], shop.received) == ("partial", [])


def test_time_ends_an_offer_and_late_money_is_called_late(merchant: Merchant) -> None:
    offer_id = merchant.open()
    expires_at = merchant.sandbox.control(f"/haveno/_sandbox/offers/{offer_id}")["offer"][
        "expires_at"
    ]
    merchant.set(clock_offset_seconds=3700)
    assert merchant.look(offer_id)["state"] == "expired"

    merchant.act(offer_id, "partial", seen_at=expires_at)
    merchant.mine(10)
    assert merchant.look(offer_id)["state"] == "partial"
    merchant.act(offer_id, "rest", late=True)
    told = merchant.look(offer_id)

    assert told["state"] == "late"
    assert [t["seen_at"] for t in told["transfers"]] == [expires_at, expires_at + 3600]


def test_surplus_that_comes_late_does_not_make_a_paid_offer_late(merchant: Merchant) -> None:
    offer_id = merchant.open()
    merchant.act(offer_id, "exact")
    merchant.act(offer_id, "partial", late=True, mine=10)
    assert merchant.look(offer_id)["state"] == "over"


def test_money_to_a_cancelled_offer_is_still_seen(merchant: Merchant) -> None:
    offer_id = merchant.open()
    merchant.cancel(offer_id)
    merchant.set(clock_offset_seconds=60)

    merchant.act(offer_id, "exact")

    assert merchant.look(offer_id)["state"] == "late"


def test_refunded_is_a_state_of_its_own(merchant: Merchant) -> None:
    offer_id = merchant.open()
    merchant.act(offer_id, "exact", mine=10)
    merchant.act(offer_id, "refund")
    assert merchant.look(offer_id)["state"] == "refunded"


def test_settling_sends_one_webhook_of_six_signed_members(
    merchant: Merchant, shop: Receiver
) -> None:
    offer_id = merchant.open()
    merchant.act(offer_id, "exact")

    mined = merchant.mine(10)
    merchant.mine(10)

    answer = {"offer_id": offer_id, "status": 200, "body": "*ok*"}
    assert (mined["settled"], mined["answers"]) == ([offer_id], [answer])
    assert len(shop.received) == 1
    received = shop.received[0]
    assert (received.method, received.content_type) == ("POST", "application/json")
    told = body_of(received)
    verify(told, merchant.relay_key)
    assert told == {
        "invoice_id": "WHMCS-INV-000123", "amount": "0.250000000000", "currency": "XMR",
        "offer_id": offer_id, "timestamp": told["timestamp"], "signature": told["signature"],
    }  # fmt: skip


def test_more_money_after_settling_is_told_again(merchant: Merchant, shop: Receiver) -> None:
    offer_id = merchant.open()
    merchant.act(offer_id, "exact", mine=10)
    merchant.act(offer_id, "partial", mine=10)

    assert [body_of(r)["amount"] for r in shop.received] == ["0.250000000000", "0.350000000000"]


def test_two_parts_are_told_once_both_are_confirmed(merchant: Merchant, shop: Receiver) -> None:
    offer_id = merchant.open()
    merchant.act(offer_id, "partial", mine=5)
    merchant.act(offer_id, "rest", mine=9)
    assert shop.received == []
    merchant.mine(1)
    assert [body_of(r)["amount"] for r in shop.received] == ["0.250000000000"]


def test_lost_webhook_can_be_sent_later_and_asking_tells_the_truth_meanwhile(
    merchant: Merchant, shop: Receiver
) -> None:
    offer_id = merchant.open()
    done = merchant.act(offer_id, "exact", mine=10, lost=True)

    assert (done["offer"]["state"], done["answers"], shop.received) == ("settled", [], [])
    merchant.mine(5)
    assert shop.received == []
    path = f"/haveno/_sandbox/offers/{offer_id}/resend"
    merchant.sandbox.control(path, {})
    assert body_of(shop.received[0])["offer_id"] == offer_id


def test_reorg_takes_confirmed_money_away_silently(merchant: Merchant, shop: Receiver) -> None:
    offer_id = merchant.open()
    merchant.act(offer_id, "partial")
    merchant.act(offer_id, "rest", mine=10)

    left = merchant.reorg(offer_id)["offer"]

    assert (left["state"], left["received"]) == ("partial", "0.100000000000")
    assert len(merchant.look(offer_id)["transfers"]) == 1
    merchant.reorg(offer_id, all=True)
    assert (merchant.look(offer_id)["state"], len(shop.received)) == ("open", 1)
    merchant.act(offer_id, "exact", mine=10)
    assert len(shop.received) == 2


def test_blocks_come_by_themselves_where_that_is_set(merchant: Merchant, shop: Receiver) -> None:
    height = merchant.set(auto_mine=True)["height"]
    offer_id = merchant.open()

    merchant.act(offer_id, "exact")

    assert merchant.look(offer_id)["state"] == "settled"
    assert len(shop.received) == 1
    assert merchant.set()["height"] == height + 10


def test_receiver_may_ask_about_the_offer_before_it_answers(
    merchant: Merchant, shop: Receiver
) -> None:
    offer_id = merchant.open()
    states = []
    shop.on_call = lambda: states.append(merchant.look(offer_id)["state"])

    merchant.act(offer_id, "exact", mine=10)

    assert states == ["settled"]


def test_pages_lead_from_the_start_to_every_button(merchant: Merchant, shop: Receiver) -> None:
    offer_id = merchant.open()
    url = merchant.sandbox.url
    assert "href='/haveno/'" in requests.get(url, timeout=10).text
    listing = requests.get(f"{url}/haveno/", timeout=10).text
    assert f"href='/haveno/pay/{offer_id}'" in listing
    html = requests.get(f"{url}/haveno/pay/{offer_id}", timeout=10).text
    assert "<b id='state'>open</b>" in html
    assert "/whmcs/viewinvoice.php?id=123" in html

    # Every button is pressed: none may be refused, and each leads back to the page.
    forms = re.findall(r'<form method="post" action="([^"]+)">(.*?)</form>', html)
    assert len(forms) > 35
    forms.sort(key=lambda form: "resend" in form[0] or "reorg" in form[0])
    for call, inputs in forms:
        fields = dict(re.findall(r'name="([^"]*)" value="([^"]*)"', inputs))
        if fields.get("action") == "rest":
            merchant.reorg(offer_id, all=True)
        answer = requests.post(url + call, data=fields, timeout=30, allow_redirects=False)
        assert (answer.status_code, answer.headers.get("Location")) == (
            303,
            f"/haveno/pay/{offer_id}",
        ), fields
    assert "Webhooks sent" in requests.get(f"{url}/haveno/pay/{offer_id}", timeout=10).text
    assert requests.get(f"{url}/haveno/pay/none", timeout=10).status_code == 404


def test_reset_forgets_offers_and_settings_but_not_the_relays_key(merchant: Merchant) -> None:
    key = merchant.relay_key
    merchant.open()

    merchant.sandbox.control("/_sandbox/reset", {})

    assert merchant.sandbox.control("/haveno/_sandbox/offers") == {"offers": []}
    after = merchant.sandbox.control("/haveno/_sandbox/settings")
    assert (after["relay_public_key"], after["merchant_public_keys"]) == (key, [])
