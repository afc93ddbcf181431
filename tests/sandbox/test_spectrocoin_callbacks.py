"""Callbacks: who signs what, what a forgery looks like, and that nothing locks up."""

import json
from collections import Counter
from typing import Any

import pytest
import requests
from cryptography.exceptions import InvalidSignature

from tests.sandbox.stand_in import ELEVEN, Received, Receiver, StandIn, verify_callback


def pay(sandbox: StandIn, shop: Receiver, **members: Any) -> Received:
    order = sandbox.order(shop.url + "?shop=1", description="Invoice 7 ~ * ą")
    answers = sandbox.act(order, "pay", **members)["answers"]
    assert answers == [{"status": 200, "body": "*ok*"}]
    return shop.received[-1]


def test_form_callback_signs_eleven_fields_with_the_published_key(
    sandbox: StandIn, shop: Receiver
) -> None:
    received = pay(sandbox, shop)

    published = requests.get(f"{sandbox.url}/spectrocoin/files/merchant.public.pem", timeout=10)
    verify_callback(received, published.text)
    project = sandbox.project()
    fields = dict(received.pairs)
    assert received.path == "/hook?shop=1"
    assert received.content_type == "application/x-www-form-urlencoded"
    assert [name for name, _ in received.pairs][2:] == [*ELEVEN, "sign"]
    assert (fields["merchantId"], fields["apiId"]) == ("169", "3")
    assert (fields["userId"], fields["merchantApiId"]) == (
        project["merchant_id"],
        project["project_id"],
    )
    assert (fields["status"], fields["receiveAmount"]) == ("3", "15.99")
    assert fields["receivedAmount"] == fields["payAmount"] == "0.00035534"


def test_blanks_travel_as_percent_20_so_raw_bytes_never_verify(
    sandbox: StandIn, shop: Receiver
) -> None:
    assert b"Invoice%207" in pay(sandbox, shop).body


def test_json_callback_says_only_which_order(sandbox: StandIn, shop: Receiver) -> None:
    sandbox.control("/spectrocoin/_sandbox/settings", {"callback_kind": "json"})

    received = pay(sandbox, shop)

    order = sandbox.control("/spectrocoin/_sandbox/orders")["orders"][0]
    assert received.content_type == "application/json"
    assert json.loads(received.body) == {
        "id": order["id"],
        "merchantApiId": sandbox.project()["project_id"],
    }


def test_receiver_may_ask_about_the_order_before_it_answers(
    sandbox: StandIn, shop: Receiver
) -> None:
    headers = sandbox.bearer()
    statuses = []

    def fetch() -> None:
        order = json.loads(shop.received[-1].body)["id"]
        url = f"{sandbox.url}/spectrocoin/api/public/merchants/orders/{order}"
        statuses.append(requests.get(url, headers=headers, timeout=10).json()["status"])

    shop.on_call = fetch
    pay(sandbox, shop, kind="json")

    assert statuses == ["PAID"]


@pytest.mark.parametrize(
    ("action", "code", "received"),
    [
        ("pending", "2", "0.00035534"),
        ("partial", "11", "0.00017767"),
        ("underpaid", "12", "0.00031981"),
        ("over", "3", "0.00044418"),
        ("twice", "3", "0.00071068"),
        ("late", "10", "0.00035534"),
        ("late_pending", "20", "0.00035534"),
        ("expire", "5", "0.0"),
        ("fail", "4", "0.0"),
        ("cancel", "13", "0.0"),
        ("reject", "21", "0.0"),
        ("refund", "18", "0.0"),
        ("test", "6", "0.00035534"),
        ("test_paid", "15", "0.00035534"),
    ],
)
def test_each_action_tells_its_status_and_the_coins_received(
    sandbox: StandIn, shop: Receiver, action: str, code: str, received: str
) -> None:
    sandbox.act(sandbox.order(shop.url), action)

    fields = dict(shop.received[-1].pairs)
    assert (fields["status"], fields["receivedAmount"]) == (code, received)
    verify_callback(shop.received[-1], sandbox.project()["provider_public_key"])


@pytest.mark.parametrize(
    ("given", "on_form", "in_json"),
    [(99, "99", 99), ("BRAND_NEW", "BRAND_NEW", "BRAND_NEW"), ("19", "19", "REJECTED_REFUND")],
)
def test_any_status_can_be_told_known_or_not(
    sandbox: StandIn, shop: Receiver, given: object, on_form: str, in_json: object
) -> None:
    order = sandbox.act(sandbox.order(shop.url), "status", status=given)["order"]

    assert dict(shop.received[-1].pairs)["status"] == on_form
    url = f"{sandbox.url}/spectrocoin/api/public/merchants/orders/{order['id']}"
    assert requests.get(url, headers=sandbox.bearer(), timeout=10).json()["status"] == in_json


@pytest.mark.parametrize("forge", ["signature", "amount", "status", "key", "empty_sign"])
def test_forged_form_does_not_verify_and_changes_nothing_at_spectrocoin(
    sandbox: StandIn, shop: Receiver, forge: str
) -> None:
    received = pay(sandbox, shop, forge=forge)

    with pytest.raises(InvalidSignature):
        verify_callback(received, sandbox.project()["provider_public_key"])
    assert dict(received.pairs)["status"] == "3"
    order = sandbox.control("/spectrocoin/_sandbox/orders")["orders"][0]
    assert (order["status"], order["receivedAmount"]) == ("NEW", "0.0")


def test_callback_of_another_merchant_is_genuine_but_not_ours(
    sandbox: StandIn, shop: Receiver
) -> None:
    received = pay(sandbox, shop, forge="merchant")

    verify_callback(received, sandbox.project()["provider_public_key"])
    fields, project = dict(received.pairs), sandbox.project()
    assert fields["merchantId"] != project["numeric_merchant_id"]
    assert fields["merchantApiId"] != project["project_id"]


def test_misshapen_forgeries_are_what_they_say(sandbox: StandIn, shop: Receiver) -> None:
    as_get = pay(sandbox, shop, forge="get")
    assert (as_get.method, as_get.body) == ("GET", b"")
    assert as_get.path.startswith("/hook?shop=1&userId=")

    order = sandbox.order(shop.url, orderId="8-bb")
    sandbox.act(order, "pay", forge="duplicate_field")
    assert Counter(name for name, _ in shop.received[-1].pairs)["receiveAmount"] == 2
    sandbox.act(order, "pay", forge="missing_field")
    assert "receivedAmount" not in dict(shop.received[-1].pairs)
    sandbox.act(order, "pay", forge="duplicate_field", kind="json")
    assert shop.received[-1].body.count(b'"id"') == 2


def test_lie_about_the_currency_is_told_in_callback_and_fetch(
    sandbox: StandIn, shop: Receiver
) -> None:
    order = sandbox.order(shop.url)
    truth = sandbox.act(order, "pay", receive_currency="USD", receive_amount="1.00")["order"]

    fields = dict(shop.received[-1].pairs)
    verify_callback(shop.received[-1], sandbox.project()["provider_public_key"])
    assert (fields["receiveCurrency"], fields["receiveAmount"]) == ("USD", "1.0")
    url = f"{sandbox.url}/spectrocoin/api/public/merchants/orders/{truth['id']}"
    fetched = requests.get(url, headers=sandbox.bearer(), timeout=10).json()
    assert (fetched["receiveCurrencyCode"], fetched["receiveAmount"]) == ("USD", "1.0")
    assert (truth["receiveCurrencyCode"], truth["receiveAmount"]) == ("EUR", "15.99")


@pytest.mark.parametrize("how", [{"times": 10}, {"parallel": 20}])
def test_resend_repeats_the_exact_bytes(
    sandbox: StandIn, shop: Receiver, how: dict[str, int]
) -> None:
    order = sandbox.order(shop.url)
    sandbox.act(order, "pay")

    path = f"/spectrocoin/_sandbox/orders/{order}/resend"
    answers = sandbox.control(path, how)["answers"]

    number = next(iter(how.values()))
    assert answers == [{"status": 200, "body": "*ok*"}] * number
    assert len(shop.received) == number + 1
    assert len(set(shop.received)) == 1


def test_lost_callback_changes_the_order_and_can_still_be_sent(
    sandbox: StandIn, shop: Receiver
) -> None:
    order = sandbox.order(shop.url)

    done = sandbox.act(order, "pay", callback=False)

    assert (done["order"]["status"], done["answers"], shop.received) == ("PAID", [], [])
    assert done["order"]["callbacks"] == []
    sandbox.control(f"/spectrocoin/_sandbox/orders/{order}/resend", {})
    assert dict(shop.received[-1].pairs)["status"] == "3"


def test_unreachable_shop_is_an_answer_without_status(sandbox: StandIn) -> None:
    done = sandbox.act(sandbox.order("http://127.0.0.1:9/"), "pay")

    assert done["answers"] == [{"status": None, "body": "not delivered: ConnectionError"}]
    assert done["order"]["status"] == "PAID"


def test_rotated_key_signs_and_is_published(sandbox: StandIn, shop: Receiver) -> None:
    old = sandbox.project()["provider_public_key"]

    sandbox.control("/spectrocoin/_sandbox/settings", {"rotate_provider_key": True})

    received = pay(sandbox, shop)
    verify_callback(received, sandbox.project()["provider_public_key"])
    with pytest.raises(InvalidSignature):
        verify_callback(received, old)


def test_pay_button_of_the_hosted_page_pays_and_leads_back_to_the_shop(
    sandbox: StandIn, shop: Receiver
) -> None:
    created = sandbox.create(
        sandbox.bearer(), callbackUrl=shop.url, successUrl="https://shop.example.com/ok",
        failureUrl="https://shop.example.com/no", description="<b>Invoice</b>",
    ).json()  # fmt: skip
    html = requests.get(created["redirectUrl"], timeout=10).text
    call = f"{sandbox.url}/spectrocoin/_sandbox/orders/{created['preOrderId']}/act"
    assert f"action='{call.removeprefix(sandbox.url)}'" in html
    assert "&lt;b&gt;Invoice" in html

    paid = requests.post(
        call, data={"action": "pay", "coin": "USDT", "then": "success"}, timeout=10,
        allow_redirects=False,
    )  # fmt: skip
    cancelled = requests.post(
        call, data={"action": "cancel", "then": "failure"}, timeout=10, allow_redirects=False
    )

    assert (paid.status_code, paid.headers["Location"]) == (303, "https://shop.example.com/ok")
    assert cancelled.headers["Location"] == "https://shop.example.com/no"
    assert dict(shop.received[0].pairs)["payCurrency"] == "USDT"
