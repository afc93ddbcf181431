"""The door for phones, under the server that `make run` uses and under Django's test client."""

import json
from typing import Any

import pytest
from django.test import Client

from gateways import accounts, inbox
from gateways.models import Callback, Phone, Receipt, VodafoneCashGateway, Wallet
from gateways.webhooks import PHONE_CAP_BYTES
from ledger import ports
from tests.gateways.test_webhooks import answer, chunks, port, talking
from tests.ledger.rows import a_merchant

__all__ = ["port"]

SMS = (
    "تم استلام مبلغ 300.00 جنيه من رقم 01000000707؛ المسجل بإسم SALMA N رصيدك الحالي 1300.00 "
    "تاريخ العملية 14:12 26-11-21 رقم العملية 012600000780"
)


def a_phone(**fields: Any) -> Phone:
    merchant = a_merchant()
    store = VodafoneCashGateway.objects.create(
        merchant=merchant, name="Wallet", enabled=True, rate="50.00"
    )
    phone = Phone(merchant=merchant, gateway=store, name="Counter")
    for name, value in fields.items():
        phone.seal(name, value)
    phone.save()
    Wallet.objects.create(merchant=merchant, gateway=store, phone=phone, number="01000000101")
    accounts.forget()
    return phone


def message(text: str = SMS, sender: str = "VF-Cash", **more: Any) -> bytes:
    stamp = int(ports.system_now().timestamp() * 1000)
    body = {"from": sender, "text": text, "sentStamp": stamp, "receivedStamp": stamp, "sim": "sim1"}
    return json.dumps({**body, **more}).encode()


def post(client: Client, phone: Phone, body: bytes, tail: str = "", **headers: str) -> Any:
    return client.post(
        f"/webhooks/{phone.token}/{tail}",
        body,
        content_type="application/json",
        headers=headers,
    )


@pytest.mark.django_db(transaction=True)
def test_chunks_of_a_phone_arrive_whole_under_the_real_server(port: int) -> None:
    phone, body = a_phone(), message()
    lines = (
        f"POST /webhooks/{phone.token}/ HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json; charset=utf-8",
        "Transfer-Encoding: chunked",
    )
    with talking(port) as line:
        line.sendall("\r\n".join((*lines, "", "")).encode() + chunks(body, 50))
        assert answer(line) == (200, b"ok")
    callback = Callback.objects.get()
    assert (bytes(callback.body), callback.phone) == (body, phone)


@pytest.mark.django_db
def test_a_message_is_kept_noted_and_read(client: Client) -> None:
    phone = a_phone()
    assert post(client, phone, message()).status_code == 200
    inbox.drain(clock=ports.system_now)
    receipt = Receipt.objects.get()
    assert (str(receipt.amount), receipt.payer_phone) == ("300.00 EGP", "01000000707")
    phone.refresh_from_db()
    assert phone.last_seen and phone.last_message and phone.app == "incoming_sms"
    wallet = Wallet.objects.get()
    assert wallet.balance_units == 130_000


@pytest.mark.django_db
def test_a_wrong_key_is_401_and_nothing_is_noted(client: Client) -> None:
    phone = a_phone(header_key="a-long-header-key-of-this-phone-only")
    assert post(client, phone, message()).status_code == 401
    wrong = post(client, phone, message(), authorization="Bearer another-key-of-the-same-length-x")
    assert wrong.status_code == 401
    right = "Bearer a-long-header-key-of-this-phone-only"
    assert post(client, phone, message(), authorization=right).status_code == 200
    assert Callback.objects.filter(status="new").count() == 1


@pytest.mark.django_db
def test_repeats_are_answered_as_delivered_and_kept_once(client: Client) -> None:
    phone, body = a_phone(), message()
    assert {post(client, phone, body).status_code for _ in range(3)} == {200}
    assert Callback.objects.get().times == 3


@pytest.mark.django_db
def test_a_heartbeat_is_noted_and_not_kept(client: Client) -> None:
    phone = a_phone()
    beat = {"device_id": "x", "name": "n", "app_version": "2.1", "battery": 41,
            "network": "wifi", "pending_count": 3, "last_sms_at": None}  # fmt: skip
    answered = post(client, phone, json.dumps(beat).encode(), "ingest/heartbeat")
    assert answered.status_code == 200
    phone.refresh_from_db()
    assert (phone.battery, phone.pending, phone.last_message) == (41, 3, None)
    assert phone.last_seen is not None
    assert not Callback.objects.exists()


@pytest.mark.django_db
def test_a_long_batch_is_taken_up_to_the_cap(client: Client) -> None:
    phone = a_phone()
    rows = [{"fingerprint": f"{n:064x}", "address": "VF-Cash", "body": "م" * 1500, "sim_slot": 0,
             "received_at": "2026-11-21T10:00:00Z"} for n in range(50)]  # fmt: skip
    body = json.dumps({"device_id": "x", "messages": rows}).encode()
    assert 64 * 1024 < len(body) < PHONE_CAP_BYTES
    answered = post(client, phone, body, "ingest/sms")
    assert answered.status_code == 200
    assert len(answered.json()["accepted"]) == 50
    assert post(client, phone, b"x" * (PHONE_CAP_BYTES + 1), "ingest/sms").status_code == 413


@pytest.mark.django_db
def test_only_phones_have_paths_behind_their_address(client: Client) -> None:
    phone = a_phone()
    store = phone.gateway
    for path, status in ((f"{store.token}/ingest/sms", 401), (f"{phone.token}/other/path", 404)):
        answered = client.post(f"/webhooks/{path}", message(), content_type="application/json")
        assert answered.status_code == status
    assert client.get(f"/webhooks/{phone.token}/").status_code == 405


@pytest.mark.django_db
def test_one_time_codes_are_masked_before_they_are_kept(client: Client) -> None:
    phone = a_phone()
    code = message("Your verification code is 918273. Never share it.", "Bank")
    assert post(client, phone, code).status_code == 200
    assert b"918273" not in bytes(Callback.objects.get().body)


@pytest.mark.django_db
def test_what_is_wrong_with_messages_is_told_until_they_are_right(client: Client) -> None:
    phone = a_phone()
    good = {"fingerprint": "a" * 64, "address": "VF-Cash", "body": SMS}
    odd = {"fingerprint": "b" * 64, "address": "VF-Cash", "body": None}
    beat = json.dumps({"device_id": "x", "name": "x", "battery": 5, "pending_count": 1}).encode()

    def sends(*messages: dict[str, Any]) -> str:
        body = json.dumps({"device_id": "x", "messages": messages}).encode()
        assert post(client, phone, body, "ingest/sms").status_code == 200
        assert post(client, phone, beat, "ingest/heartbeat").status_code == 200
        phone.refresh_from_db()
        return phone.warning

    assert "cannot be read" in sends(good, odd)
    assert sends(good) == ""
