"""The pretend vodafoncash.com: the documented answers byte for byte, holds, and the callbacks."""

import time
from typing import Any

import pytest
import requests

from tests.sandbox.stand_in import Receiver, StandIn

NOT_FOUND = b'{"status":false,"message":"No matching transaction found"}'
MATCHED = b'{"status":true,"requires_verification":false}'
HOLD = (
    b'{"status":false,"requires_verification":true,"pending_verification":true,'
    b'"flow_state":"waiting-for-approval"}'
)


class Account:
    """A merchant's account there, with store 5 whose callbacks go to `hook`."""

    def __init__(self, sandbox: StandIn, hook: str) -> None:
        self.sandbox = sandbox
        self.store(key="store-key", rate="50.00", callback_url=hook)

    def store(self, **members: Any) -> Any:
        return self.sandbox.control("/vodafoncash/_sandbox/stores", {"id": 5, **members})["store"]

    def transfer(self, **members: Any) -> str:
        made = {"phone": "01000000707", "amount": "800", **members}
        told = self.sandbox.control("/vodafoncash/_sandbox/transfers", made)["transfer"]
        return str(told["trans_id"])

    def held(self, trans_id: str) -> Any:
        rows = self.sandbox.control("/vodafoncash/_sandbox/transfers")["transfers"]
        return next(row for row in rows if row["trans_id"] == trans_id)

    def check(self, **members: str) -> requests.Response:
        asked = {
            "phone": "01000000707", "amount": "800", "user_name": "42", "store_id": "5",
            "lang": "en", **members,
        }  # fmt: skip
        url = f"{self.sandbox.url}/vodafoncash/api/payment_link_check"
        return requests.get(url, params=asked, timeout=10, allow_redirects=False)

    def act(self, trans_id: str, what: str, **members: Any) -> Any:
        path = f"/vodafoncash/_sandbox/transfers/{trans_id}/{what}"
        return self.sandbox.control(path, members)


@pytest.fixture
def account(sandbox: StandIn, shop: Receiver) -> Account:
    return Account(sandbox, shop.url)


def arrived(shop: Receiver, count: int) -> list[dict[str, str]]:
    """The callbacks, once so many have come; the live service sends them in its own time too."""
    until = time.monotonic() + 10
    while len(shop.received) < count and time.monotonic() < until:
        time.sleep(0.01)
    assert len(shop.received) == count
    return [dict(received.pairs) for received in shop.received]


def test_check_without_a_transfer_is_the_documented_no(account: Account) -> None:
    answer = account.check()

    assert (answer.status_code, answer.content) == (200, NOT_FOUND)
    assert "message" in account.check(lang="ar").json()


def test_match_completes_the_transfer_and_calls_the_merchant(
    account: Account, shop: Receiver
) -> None:
    trans_id = account.transfer(amount="800.00")

    answer = account.check(user_name="Ada Byron (42)", client_id="42")

    assert (answer.status_code, answer.content) == (200, MATCHED)
    assert arrived(shop, 1) == [
        {
            "key": "store-key", "action": "addPayment", "username": "Ada Byron (42)",
            "amount": "16.00", "from": "01000000707", "trans_id": trans_id,
        }
    ]  # fmt: skip
    assert shop.received[0].method == "GET"
    assert account.held(trans_id)["state"] == "completed"
    assert account.check().content == NOT_FOUND


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"amount": "800.000"}, True),
        ({"phone": " 01000000707 "}, True),
        ({"amount": "799.99"}, False),
        ({"phone": "01000000708"}, False),
        ({"phone": "+201000000707"}, False),
    ],
)
def test_it_compares_phone_and_number(account: Account, asked: dict[str, str], found: bool) -> None:
    account.transfer()

    assert account.check(**asked).json()["status"] is found


def test_of_two_equal_transfers_each_is_matched_once(account: Account, shop: Receiver) -> None:
    expected = [account.transfer(), account.transfer()]

    answers = [account.check().json()["status"] for _ in range(3)]

    assert answers == [True, True, False]
    assert sorted(told["trans_id"] for told in arrived(shop, 2)) == sorted(expected)


def test_hold_until_approved_and_then_the_next_check_matches(
    account: Account, shop: Receiver
) -> None:
    account.store(anti_spam=True)
    trans_id = account.transfer()

    assert [account.check().content for _ in range(2)] == [HOLD, HOLD]
    account.act(trans_id, "approve")
    assert shop.received == []
    assert account.check().content == MATCHED
    assert arrived(shop, 1)[0]["username"] == "42"


def test_approval_may_complete_by_itself(account: Account, shop: Receiver) -> None:
    account.store(anti_spam=True)
    trans_id = account.transfer()
    account.check(user_name="42")

    done = account.act(trans_id, "approve", complete=True)

    assert done["transfer"]["state"] == "completed"
    assert arrived(shop, 1)[0]["username"] == "42"
    assert account.check().content == NOT_FOUND
    path = f"/vodafoncash/_sandbox/transfers/{trans_id}/approve"
    assert "not held" in account.sandbox.control(path, {}, status=409)["error"]


def test_success_may_tell_the_transaction(account: Account) -> None:
    account.store(tells_id=True)
    trans_id = account.transfer()

    assert account.check().json()["transaction_id"] == trans_id


def test_what_is_wrong_with_the_question_is_4xx(account: Account) -> None:
    account.transfer()
    for asked, status in (
        ({"phone": ""}, 422),
        ({"amount": "lots"}, 422),
        ({"store_id": "6"}, 404),
        ({"store_id": "five"}, 404),
    ):
        answer = account.check(**asked)
        assert (answer.status_code, answer.json()["status"]) == (status, False)
    account.store(enabled=False)
    assert account.check().status_code == 404


def test_rate_is_for_every_origin(account: Account) -> None:
    answer = requests.get(f"{account.sandbox.url}/vodafoncash/api/public/store/5/rate", timeout=10)

    assert answer.content == b'{"status":true,"rate":"50.00","currency_label":"USD"}'
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    missing = requests.get(f"{account.sandbox.url}/vodafoncash/api/public/store/6/rate", timeout=10)
    assert (missing.status_code, missing.json()["status"]) == (404, False)


def test_callback_is_appended_to_a_url_with_a_query(account: Account, shop: Receiver) -> None:
    account.store(callback_url=f"{shop.url}?site=1")
    account.transfer()
    account.check()

    assert arrived(shop, 1)[0]["site"] == "1"
    assert shop.received[0].path.startswith("/hook?site=1&key=store-key&action=addPayment&")


def test_second_documented_shape(account: Account, shop: Receiver) -> None:
    account.store(shape=2)
    trans_id = account.transfer()
    account.check()

    assert arrived(shop, 1) == [
        {
            "transaction_id": trans_id, "phone": "01000000707", "amount": "800",
            "currency": "EGP", "store_id": "5", "user_name": "42", "status": "completed",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(("how", "count"), [("twice", 2), ("wrong_key", 1)])
def test_stores_whose_callbacks_go_wrong(
    account: Account, shop: Receiver, how: str, count: int
) -> None:
    account.store(callback=how)
    account.transfer()
    account.check()

    keys = {told["key"] for told in arrived(shop, count)}
    assert keys == {"store-key" if how == "twice" else "not-the-key-of-this-store"}


def test_lost_callback_can_still_be_sent(account: Account, shop: Receiver) -> None:
    account.store(callback="lost")
    trans_id = account.transfer()
    account.check()
    until = time.monotonic() + 5
    while not account.held(trans_id)["callbacks"] and time.monotonic() < until:
        time.sleep(0.01)
    assert shop.received == []

    done = account.act(trans_id, "resend", times=2, parallel=5)

    assert [answer["status"] for answer in done["answers"]] == [200] * 5
    assert len({received.path for received in shop.received}) == 1


FORGED = {
    "key": ("key", "not-the-key-of-this-store"),
    "no_key": ("key", None),
    "amount": ("amount", "116.00"),
    "user": ("username", "999999"),
    "trans_id": ("trans_id", "099999999999"),
    "action": ("action", "removePayment"),
}


@pytest.mark.parametrize("forge", list(FORGED))
def test_forged_callbacks_on_demand(account: Account, shop: Receiver, forge: str) -> None:
    trans_id = account.transfer()

    done = account.act(trans_id, "callback", forge=forge)

    assert done["answers"] == [{"status": 200, "body": "*ok*"}]
    assert done["transfer"]["state"] == "pending"
    name, value = FORGED[forge]
    assert dict(shop.received[0].pairs).get(name) == value


def test_callback_by_post_and_in_the_other_shape_on_demand(
    account: Account, shop: Receiver
) -> None:
    trans_id = account.transfer()
    account.act(trans_id, "callback", forge="post")
    account.act(trans_id, "callback", shape="2")
    account.act(trans_id, "callback", lost=True)

    assert [received.method for received in shop.received] == ["POST", "GET"]
    assert "transaction_id=" in shop.received[1].path


def test_merchant_that_is_down_is_noted_and_not_tried_again(account: Account) -> None:
    account.store(callback_url="http://127.0.0.1:9/")
    trans_id = account.transfer()
    account.check()

    until = time.monotonic() + 10
    while not account.held(trans_id)["callbacks"] and time.monotonic() < until:
        time.sleep(0.01)
    assert account.held(trans_id)["state"] == "completed"


@pytest.mark.parametrize(
    ("kind", "body", "state"),
    [
        ("denied", NOT_FOUND, "completed"),
        ("granted", MATCHED, "completed"),
        ("text_status", b'{"status":"true","requires_verification":false}', "completed"),
        ("500", b'{"status":false,"message":"Server Error"}', "pending"),
        ("429", b'{"status":false,"message":"Too Many Attempts."}', "pending"),
    ],
)
def test_it_can_lie_and_fail(account: Account, kind: str, body: bytes, state: str) -> None:
    trans_id = account.transfer()
    account.sandbox.fault("vodafoncash", kind, "check")

    answer = account.check()

    assert answer.content == body
    assert account.held(trans_id)["state"] == state


def test_lost_answer_has_completed_the_transfer_all_the_same(
    account: Account, shop: Receiver
) -> None:
    trans_id = account.transfer()
    account.sandbox.fault("vodafoncash", "lost_answer", "check")

    with pytest.raises(requests.ConnectionError):
        account.check()

    assert account.held(trans_id)["state"] == "completed"
    assert len(arrived(shop, 1)) == 1
    calls = account.sandbox.control("/vodafoncash/_sandbox/calls")["calls"]
    assert [(call["action"], call["answer_status"]) for call in calls] == [("check", None)]


def test_granted_without_money_is_a_lie_that_nothing_follows(
    account: Account, shop: Receiver
) -> None:
    account.sandbox.fault("vodafoncash", "granted", "check")

    assert account.check().content == MATCHED
    assert shop.received == []


def test_wrong_control_calls_are_refused(account: Account) -> None:
    for path, body in (
        ("stores", {"rate": "0"}),
        ("stores", {"currency": "EUR"}),
        ("stores", {"callback_url": "nowhere"}),
        ("transfers", {"phone": "01000000707"}),
        ("transfers", {"amount": "5"}),
    ):
        answer = account.sandbox.control(f"/vodafoncash/_sandbox/{path}", body, status=400)
        assert "error" in answer
    account.transfer(trans_id="012345678901")
    taken = {"phone": "01000000707", "amount": "1", "trans_id": "012345678901"}
    account.sandbox.control("/vodafoncash/_sandbox/transfers", taken, status=409)
    account.sandbox.control("/vodafoncash/_sandbox/transfers/none/approve", {}, status=404)


def test_page_shows_transfers_and_approves_held_ones(account: Account) -> None:
    account.store(anti_spam=True)
    trans_id = account.transfer()
    account.check(user_name="<42>")
    page = requests.get(f"{account.sandbox.url}/vodafoncash/", timeout=10)
    assert "&lt;42&gt;" in page.text
    assert "Approve and complete" in page.text

    back = requests.post(
        f"{account.sandbox.url}/vodafoncash/_sandbox/transfers/{trans_id}/approve",
        data={"complete": "true", "then": "/vodafoncash/"}, timeout=10,
    )  # fmt: skip

    assert back.url == f"{account.sandbox.url}/vodafoncash/"
    assert account.held(trans_id)["state"] == "completed"
