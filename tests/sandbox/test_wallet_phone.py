"""The wallet phone: queues and retries, what comes twice or out of order, balances, wordings."""

import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import requests

from gateways.wallet import sms
from sandbox.wallet.settings import APPS
from sandbox.wallet.texts import TEMPLATES
from tests.sandbox.stand_in import Receiver, StandIn
from tests.sandbox.test_wallet_uploads import Phone, phone, told

__all__ = ["phone"]


def texts(shop: Receiver) -> list[str]:
    return [told(received)["text"] for received in shop.received]


def test_it_repeats_the_same_bytes_until_a_2xx(phone: Phone, shop: Receiver) -> None:
    shop.answers = [(500, b"no"), (302, b""), (204, b"")]

    sent = phone.send(text="one")

    assert [answer["status"] for answer in sent["answers"]] == [500, 302, 204]
    assert len({received.body for received in shop.received}) == 1
    (upload,) = sent["message"]["uploads"]
    assert upload["delivered"] is True
    assert [each["answer_status"] for each in upload["tries"]] == [500, 302, 204]


def test_it_gives_up_after_its_tries_and_begins_again_when_it_comes_online(
    phone: Phone, shop: Receiver
) -> None:
    phone.set(tries=2)
    shop.answers = [(401, b"")] * 2

    sent = phone.send(text="one")

    assert [answer["status"] for answer in sent["answers"]] == [401, 401]
    assert sent["message"]["uploads"][0]["delivered"] is False
    again = phone.online(True)
    assert [answer["status"] for answer in again["answers"]] == [200]
    assert again["waiting"] == 0
    assert phone.online(True)["answers"] == []


def test_nobody_listening_is_no_answer_and_no_url_is_no_try(phone: Phone, shop: Receiver) -> None:
    phone.set(upload_url="http://127.0.0.1:9/", tries=2)
    assert [answer["status"] for answer in phone.send(text="one")["answers"]] == [None, None]

    phone.set(upload_url="")
    assert phone.send(text="two")["answers"] == []

    phone.set(upload_url=shop.url)
    phone.online(True)
    assert texts(shop) == ["one", "two"]


def test_offline_it_holds_everything_and_then_sends_in_order(phone: Phone, shop: Receiver) -> None:
    phone.online(False)
    for number in range(8):
        assert phone.send(text=f"sms {number}")["answers"] == []
    assert shop.received == []

    flushed = phone.online(True)

    assert texts(shop) == [f"sms {number}" for number in range(8)]
    assert flushed["waiting"] == 0


def test_out_of_order_means_any_order_of_the_same_messages(phone: Phone, shop: Receiver) -> None:
    phone.online(False)
    expected = [f"sms {number}" for number in range(40)]
    for text in expected:
        phone.send(text=text)

    phone.online(True, order="random")

    assert sorted(texts(shop)) == sorted(expected)
    assert texts(shop) != expected


def test_tahweel_sends_what_waited_in_batches_and_repeats_only_what_was_not_accepted(
    phone: Phone, shop: Receiver
) -> None:
    phone.set(app="tahweel", online=False)
    for number in range(52):
        phone.send(text=f"sms {number}")
    prints = [
        hashlib.sha256(f"VF-Cash|{message['text']}|{message['sent_ms']}".encode()).hexdigest()
        for message in reversed(phone.messages())
    ]
    shop.answers = [
        (200, json.dumps({"accepted": prints[:49]}).encode()),
        (200, json.dumps({"accepted": prints[49:50]}).encode()),
        (200, json.dumps({"accepted": prints[50:]}).encode()),
    ]

    flushed = phone.online(True)

    sizes = [len(told(received)["messages"]) for received in shop.received]
    assert sizes == [50, 1, 2]
    assert flushed["waiting"] == 0


def test_times_are_uploads_in_a_row_and_parallel_is_a_crowd(phone: Phone, shop: Receiver) -> None:
    phone.send(text="row", times=3)
    phone.send(text="crowd", parallel=20)

    bodies = [received.body for received in shop.received]
    assert (len(bodies), len(set(bodies))) == (23, 2)
    assert len(phone.messages()) == 2


def test_two_apps_forward_one_sms_each_in_its_own_words(phone: Phone, shop: Receiver) -> None:
    other = Receiver()
    phone.set(second_upload_url=other.url, smsgate_key="k")

    phone.send(text="one", sent_at=1_777_618_800, twice_through="smsgate")

    assert texts(shop) == ["one"]
    assert told(other.received[0])["payload"]["message"] == "one"
    assert "x-signature" in dict(other.received[0].headers)
    other.close()


def test_balance_chain_runs_through_every_wording_and_out_again(phone: Phone) -> None:
    def balance_after(**members: str) -> Decimal:
        return Decimal(phone.send(**members)["message"]["balance"])

    assert balance_after(template="vodafone_cash_ar", amount="100") == Decimal("1100")
    assert balance_after(template="vodafone_cash_en", amount="0.50") == Decimal("1100.50")
    # It prints none, but the money came.
    phone.send(template="short", amount="9.50")
    assert balance_after(template="outgoing", amount="110") == Decimal("999")
    assert balance_after(template="e_money", amount="5") == Decimal("1005")
    assert phone.set()["balance"] == "999.00"
    refused = phone.sandbox.control(
        "/wallet/_sandbox/send", {"template": "outgoing", "amount": "999"}, status=400
    )
    assert "does not hold" in refused["error"]


def test_spoofed_sms_comes_from_a_number_and_moves_no_balance(phone: Phone, shop: Receiver) -> None:
    forged = phone.send(amount="2000", spoof=True)["message"]
    phone.send(amount="2000", spoof=True, sender="VF-Cash", balance="5000")
    genuine = phone.send(amount="10")["message"]

    assert (forged["sender"], forged["balance"]) == ("+201000000999", "3000.00")
    assert told(shop.received[0])["from"] == "+201000000999"
    assert "5000.00" in told(shop.received[1])["text"]
    assert (genuine["sender"], genuine["balance"]) == ("VF-Cash", "1010.00")


MONEY = [
    "vodafone_cash_ar", "vodafone_cash_ar_line", "vodafone_cash_en", "remittance", "short",
    "e_money", "orange", "orange_cash_in", "wepay", "instapay_nbe", "instapay_cib",
]  # fmt: skip


@pytest.mark.parametrize("digits", ["western", "arabic"])
@pytest.mark.parametrize("template", MONEY)
def test_genuine_wordings_say_what_was_sent(phone: Phone, template: str, digits: str) -> None:
    sent = phone.send(
        template=template, amount="1047.50", phone="01100000202", name="Rania H Sample",
        digits=digits,
    )["message"]  # fmt: skip

    read = sms.read(sent["sender"], sent["text"], datetime.now(UTC))

    assert isinstance(read, sms.Receipt), read
    assert read.amount.units == 104_750
    if read.sender_phone:
        assert read.sender_phone == "01100000202"
    if read.transaction_id:
        assert read.transaction_id == sent["reference"]
    if read.balance:
        assert read.balance.units == Decimal(sent["balance"]) * 100


@pytest.mark.parametrize("template", sorted(set(TEMPLATES) - set(MONEY)))
def test_no_other_wording_is_money(phone: Phone, template: str) -> None:
    sent = phone.send(template=template, amount="250")["message"]

    read = sms.read(sent["sender"], sent["text"], datetime.now(UTC))

    assert not isinstance(read, sms.Receipt)


def test_misspelt_and_impossible_wishes_are_refused(phone: Phone) -> None:
    for path, body in (
        ("settings", {"apps": "plain"}),
        ("settings", {"upload_url": "ftp://x"}),
        ("settings", {"tries": 0}),
        ("settings", {"app": "carrier_pigeon"}),
        ("send", {"template": "cheque"}),
        ("send", {"text": "x", "template": "otp"}),
        ("send", {"amount": "-5"}),
        ("online", {"order": "lifo"}),
    ):
        assert "error" in phone.sandbox.control(f"/wallet/_sandbox/{path}", body, status=400)


def test_reset_forgets_messages_and_settings(phone: Phone, sandbox: StandIn) -> None:
    phone.send(text="one")

    sandbox.control("/_sandbox/reset", {})

    assert phone.messages() == []
    assert sandbox.control("/wallet/_sandbox/settings")["upload_url"] == ""


def test_page_shows_the_phone_and_its_buttons_come_back_to_it(phone: Phone, shop: Receiver) -> None:
    url = phone.sandbox.url
    sent = requests.post(
        f"{url}/wallet/_sandbox/send",
        data={"template": "vodafone_cash_ar", "amount": "100", "name": "<b>", "reference": "",
              "then": "/wallet/"},
        timeout=10,
    )  # fmt: skip

    assert sent.url == f"{url}/wallet/"
    assert "&lt;b&gt;" in sent.text
    assert "1100.00 EGP" in sent.text
    assert all(f">{name}</option>" in sent.text for name in (*APPS, *TEMPLATES))
    for label in ("Wording nobody knows", "A code (OTP)", "Go online, out of order", "10 times"):
        assert label in sent.text
    assert "script" not in sent.headers["Content-Security-Policy"]
