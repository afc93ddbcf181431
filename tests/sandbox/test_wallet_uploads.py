"""What each forwarder app puts on the wire for one SMS, read as its own documentation tells."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import pytest
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from gateways.providers.base import Inbound
from gateways.wallet import forwarders
from sandbox.wallet import proofs
from tests.sandbox.stand_in import Received, Receiver, StandIn

TEXT = "تم استلام مبلغ 100 جنيه & <EGP> = '1'"
AT = 1_777_618_800


class Phone:
    """The wallet phone whose uploads go to `hook`."""

    def __init__(self, sandbox: StandIn, hook: str, **settings: Any) -> None:
        self.sandbox = sandbox
        self.set(upload_url=hook, retry_seconds="0", **settings)

    def set(self, **settings: Any) -> Any:
        return self.sandbox.control("/wallet/_sandbox/settings", settings)

    def send(self, **members: Any) -> Any:
        return self.sandbox.control("/wallet/_sandbox/send", members)

    def online(self, on: bool, **members: Any) -> Any:
        return self.sandbox.control("/wallet/_sandbox/online", {"online": on, **members})

    def heartbeat(self, **members: Any) -> Any:
        return self.sandbox.control("/wallet/_sandbox/heartbeat", members)

    def messages(self) -> Any:
        return self.sandbox.control("/wallet/_sandbox/messages")["messages"]


@pytest.fixture
def phone(sandbox: StandIn, shop: Receiver) -> Phone:
    return Phone(sandbox, shop.url)


def told(received: Received) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(received.body)
    return members


def headers(received: Received) -> dict[str, str]:
    return dict(received.headers)


def read_by_console(
    received: Received, device: forwarders.DeviceKeys | None = None
) -> forwarders.Upload:
    inbound = Inbound(body=received.body, headers=headers(received), received_at=int(time.time()))
    return forwarders.read(inbound, device or forwarders.DeviceKeys(key=""))


def test_incoming_sms_sends_its_default_body_in_chunks(phone: Phone, shop: Receiver) -> None:
    phone.send(text=TEXT, sent_at=AT)

    received = shop.received[0]
    assert headers(received)["transfer-encoding"] == "chunked"
    assert "content-length" not in headers(received)
    assert headers(received)["user-agent"] == "SMS Forwarder App"
    assert received.content_type == "application/json; charset=utf-8"
    assert received.body.isascii()
    body = told(received)
    assert list(body) == ["from", "text", "sentStamp", "receivedStamp", "sim"]
    assert (body["from"], body["text"], body["sentStamp"]) == ("VF-Cash", TEXT, AT * 1000)
    assert abs(body["receivedStamp"] / 1000 - time.time()) < 60


def test_its_switch_turns_chunks_off(phone: Phone, shop: Receiver) -> None:
    phone.set(chunked=False)

    phone.send(text=TEXT)

    assert headers(shop.received[0])["content-length"] == str(len(shop.received[0].body))


def test_smsgate_signs_body_and_stamp_as_in_the_published_vector() -> None:
    body = (
        '{"deviceId":"dev-1","event":"sms:received","id":"evt-1","payload":{"message":"تم استلام'
        ' مبلغ 100 جنيه","messageId":"5f3a","phoneNumber":"VF-Cash","receivedAt":'
        '"2026-05-01T10:00:00.000+03:00","recipient":null,"sender":"VF-Cash","simNumber":1},'
        '"webhookId":"wh-1"}'
    )

    assert proofs.smsgate("AbC12xYz", body.encode(), 1_777_618_800) == (
        "f9a08dc88388f19c0c92d03ab93551bd23081ed756b31f32440675c75b024700"
    )


def test_smsgate_repeats_the_bytes_and_signs_every_try_anew(phone: Phone, shop: Receiver) -> None:
    phone.set(app="smsgate", smsgate_key="AbC12xYz")
    shop.answers = [(503, b""), (500, b"")]

    answers = phone.send(text=TEXT, sent_at=AT)["answers"]

    assert [answer["status"] for answer in answers] == [503, 500, 200]
    assert len({received.body for received in shop.received}) == 1
    for received in shop.received:
        stamp = headers(received)["x-timestamp"]
        made = hmac.new(b"AbC12xYz", received.body + stamp.encode(), "sha256").hexdigest()
        assert headers(received)["x-signature"] == made
        assert abs(int(stamp) - time.time()) < 60
    assert rb"\u0026 \u003cEGP\u003e \u003d \u00271\u0027" in shop.received[0].body
    body = told(shop.received[0])
    assert (body["event"], body["payload"]["message"]) == ("sms:received", TEXT)
    assert body["payload"]["receivedAt"] == "2026-05-01T07:00:00.000+00:00"


def test_smsforwarder_signs_as_in_the_published_vector() -> None:
    assert proofs.smsforwarder("secret", 1_777_618_800_123) == (
        "kvwB4vN0L%2BemytfM7hbVZlMB7TsPGWPuyP4%2FuJuTPFA%3D"
    )


def test_smsforwarder_form_escapes_its_sign_twice(phone: Phone, shop: Receiver) -> None:
    phone.set(app="smsforwarder", smsforwarder_secret="secret")

    phone.send(text=TEXT)

    received = shop.received[0]
    fields = dict(received.pairs)
    assert received.content_type == "application/x-www-form-urlencoded"
    assert list(fields) == ["from", "content", "timestamp", "sign"]
    assert fields["content"] != TEXT
    assert TEXT in fields["content"]
    seal = hmac.digest(b"secret", f"{fields['timestamp']}\nsecret".encode(), "sha256")
    assert unquote_plus(fields["sign"]) == base64.b64encode(seal).decode()
    assert fields["sign"] == quote_plus(base64.b64encode(seal).decode())


def test_smsforwarder_json_carries_the_sms_itself(phone: Phone, shop: Receiver) -> None:
    phone.set(app="smsforwarder_json", smsforwarder_secret="secret", sim=2)

    phone.send(text=TEXT)

    body = told(shop.received[0])
    assert list(body) == ["from", "text", "timestamp", "sign", "sim"]
    assert (body["text"], body["sim"]) == (TEXT, "SIM2_Vodafone")


def test_httpsms_sends_a_cloud_event_under_a_jwt_for_this_url(phone: Phone, shop: Receiver) -> None:
    phone.set(app="httpsms", httpsms_key="jwt-key")

    phone.send(text=TEXT)

    received = shop.received[0]
    assert headers(received)["x-event-type"] == "message.phone.received"
    token = headers(received)["authorization"].removeprefix("Bearer ")
    signed, _, seal = token.rpartition(".")
    made = base64.urlsafe_b64encode(hmac.digest(b"jwt-key", signed.encode(), "sha256"))
    assert seal == made.decode().rstrip("=")
    claims = json.loads(base64.urlsafe_b64decode(signed.split(".")[1] + "=="))
    assert (claims["iss"], claims["aud"]) == ("api.httpsms.com", [shop.url])
    assert claims["nbf"] < time.time() < claims["exp"] < time.time() + 601
    body = told(received)
    assert (body["type"], body["data"]["contact"]) == ("message.phone.received", "VF-Cash")
    assert (body["data"]["content"], body["data"]["owner"]) == (TEXT, "+201000000101")


def test_httpsms_encrypts_with_the_passphrase(phone: Phone, shop: Receiver) -> None:
    phone.set(app="httpsms_phone", httpsms_passphrase="open sesame", header_key="phone-key")

    phone.send(text=TEXT)

    received = shop.received[0]
    assert received.path == "/hook/v1/messages/receive"
    assert headers(received)["x-api-key"] == "phone-key"
    body = told(received)
    assert body["encrypted"] is True
    sealed = base64.b64decode(body["content"])
    key = hashlib.sha256(b"open sesame").digest()
    opener = Cipher(AES(key), CFB(sealed[:16])).decryptor()
    assert (opener.update(sealed[16:]) + opener.finalize()).decode() == TEXT


def test_tahweel_posts_a_batch_with_a_bearer_and_a_fingerprint(
    phone: Phone, shop: Receiver
) -> None:
    phone.set(app="tahweel", header_key="phone-key", tries=1)

    phone.send(text=TEXT, sent_at=AT)

    received = shop.received[0]
    assert received.path == "/hook/ingest/sms"
    assert headers(received)["authorization"] == "Bearer phone-key"
    (message,) = told(received)["messages"]
    print_ = hashlib.sha256(f"VF-Cash|{TEXT}|{AT * 1000}".encode()).hexdigest()
    assert message == {
        "fingerprint": print_, "address": "VF-Cash", "body": TEXT,
        "received_at": "2026-05-01T07:00:00.000Z", "sim_slot": 0,
    }  # fmt: skip


def test_heartbeats_of_the_two_apps_that_give_any(phone: Phone, shop: Receiver) -> None:
    phone.set(smsgate_key="AbC12xYz")
    phone.heartbeat(app="tahweel", battery=12, pending=3)
    phone.heartbeat(app="smsgate", network="cellular")

    first, second = shop.received
    assert first.path == "/hook/ingest/heartbeat"
    assert (told(first)["battery"], told(first)["pending_count"]) == (12, 3)
    assert told(second)["event"] == "system:ping"
    assert headers(second)["x-signature"]
    beats = [read_by_console(received).heartbeat for received in shop.received]
    assert [beat and (beat.battery, beat.network) for beat in beats] == [
        (12, "wifi"), (12, "cellular"),
    ]  # fmt: skip
    refused = phone.sandbox.control("/wallet/_sandbox/heartbeat", {"app": "plain"}, status=400)
    assert "no heartbeat" in refused["error"]


@pytest.mark.parametrize(
    "app",
    ["incoming_sms", "smsgate", "httpsms", "httpsms_phone", "tahweel", "smsforwarder",
     "smsforwarder_json", "plain"],
)  # fmt: skip
def test_console_reads_the_same_message_from_every_app(
    phone: Phone, shop: Receiver, app: str
) -> None:
    phone.set(
        app=app, header_key="header", smsgate_key="sg-key", httpsms_key="jwt-key",
        httpsms_passphrase="open sesame", smsforwarder_secret="secret", tries=1,
    )  # fmt: skip
    phone.send(text=TEXT)

    device = forwarders.DeviceKeys(
        key="", header_key="header", smsgate_key="sg-key", httpsms_key="jwt-key",
        httpsms_passphrase="open sesame", smsforwarder_secret="secret", webhook_url=shop.url,
    )  # fmt: skip
    upload = read_by_console(shop.received[0], device)

    (sms,) = upload.messages
    assert (sms.sender, sms.sim) == ("VF-Cash", "" if app == "smsforwarder" else "sim1")
    assert sms.text == TEXT or (app == "smsforwarder" and TEXT in sms.text)
    assert upload.app == app.removesuffix("_json")
