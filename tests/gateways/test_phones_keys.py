"""Who is let in by the door for phones: by the address, by the key alone, and who is not."""

import json
from typing import Any

import pytest
from django.test import Client

from gateways import accounts, webhooks
from gateways.models import Callback, Phone
from gateways.providers.base import BODY_CAP_BYTES
from tests.gateways.test_phones import SMS, a_phone, message, post
from tests.gateways.wallet_rows import a_store
from tests.ledger.rows import a_merchant

pytestmark = pytest.mark.django_db

KEY = "a-long-header-key-of-this-phone-only"
NOW = "2026-11-21T10:00:00.000Z"
BATCH = {
    "device_id": "x",
    "messages": [
        {"fingerprint": "a" * 64, "address": "VF-Cash", "body": SMS, "sim_slot": 0,
         "received_at": NOW}
    ],
}  # fmt: skip
BEAT = {"device_id": "x", "name": "n", "app_version": "2.1", "battery": 41, "network": "wifi",
        "pending_count": 3, "last_sms_at": None}  # fmt: skip
HTTPSMS = {"from": "VF-Cash", "to": "01000000101", "content": SMS, "encrypted": False,
           "sim": "SIM1", "timestamp": NOW}  # fmt: skip
CLOUD_EVENT = {"specversion": "1.0", "id": "1", "type": "message.phone.received", "data": {}}
SMSGATE = {"deviceId": "d", "event": "sms:received", "id": "e", "webhookId": "w", "payload": {}}
ROOTS = {"ingest/sms": BATCH, "ingest/heartbeat": BEAT, "v1/messages/receive": HTTPSMS}
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def at_root(client: Client, tail: str, **headers: str) -> Any:
    return client.post(f"/{tail}", json.dumps(ROOTS[tail]), content_type=JSON, headers=headers)


def shown(tail: str, key: str) -> dict[str, str]:
    """As the app that posts there shows its key."""
    return {"x-api-key": key} if tail.startswith("v1") else {"authorization": f"Bearer {key}"}


# --- an address that is no phone's ----------------------------------------------------------------
@pytest.mark.parametrize("tail", sorted(webhooks.PHONE_TAILS))
def test_an_unknown_key_in_a_phones_address_is_401(client: Client, tail: str) -> None:
    for body in (b"", b"{}", message()):
        answer = client.post(f"/webhooks/nobody/{tail}", body, content_type=JSON)
        assert (answer.status_code, answer.content) == (401, b"phone.bad_key")
    assert not Callback.objects.exists()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (message(), JSON),
        (json.dumps({"from": "VF-Cash", "text": "x"}), JSON),
        *((json.dumps(each), JSON) for each in (BATCH, BEAT, HTTPSMS, CLOUD_EVENT, SMSGATE)),
        ("from=VF-Cash&content=x&timestamp=1777618800123&sign=x", FORM),
    ],
)
def test_what_a_forwarder_sends_to_an_unknown_address_is_401(
    client: Client, body: Any, kind: str
) -> None:
    answer = client.post("/webhooks/nobody/", body, content_type=kind)
    assert (answer.status_code, answer.content) == (401, b"phone.bad_key")
    assert not Callback.objects.exists()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", JSON),
        (b"{", JSON),
        (b'{"event": "offer.paid", "offer_id": "1"}', JSON),
        (b'{"type": "payment.confirmed", "timestamp": "1", "data": {}}', JSON),
        (b"merchantId=1&apiId=2&orderId=3&sign=x", FORM),
        (b"\xff\x00", FORM),
        (message(text="x" * BODY_CAP_BYTES), JSON),
    ],
)
def test_anything_else_at_an_unknown_address_is_404(client: Client, body: Any, kind: str) -> None:
    assert client.post("/webhooks/nobody/", body, content_type=kind).status_code == 404


@pytest.mark.parametrize("token", ["%00", "%F0%9F%92%B6", "a b", "x" * 5000, "'"])
def test_an_address_that_nobody_could_have_is_404(client: Client, token: str) -> None:
    assert client.post(f"/webhooks/{token}/", b"", content_type=JSON).status_code == 404


def test_a_switched_off_phone_is_refused_like_an_unknown_one_and_sends_again(
    client: Client,
) -> None:
    phone = a_phone()
    Phone.objects.update(active=False)
    unknown = client.post("/webhooks/nobody/", message(), content_type=JSON)
    for tail, body in (("", message()), *((tail, b"{}") for tail in webhooks.PHONE_TAILS)):
        answer = post(client, phone, body, tail)
        assert (answer.status_code, answer.content) == (401, unknown.content)
        assert answer.headers.items() == unknown.headers.items()
    assert not Callback.objects.exists()

    Phone.objects.update(active=True)
    assert post(client, phone, message()).status_code == 200


def test_a_bad_key_in_the_header_is_answered_with_the_same_words(client: Client) -> None:
    phone = a_phone(header_key=KEY)
    unknown = client.post("/webhooks/nobody/", message(), content_type=JSON)
    assert post(client, phone, message()).content == unknown.content


# --- apps that keep only the host of the address ----------------------------------------------------
@pytest.mark.parametrize("tail", ROOTS)
def test_a_phone_is_known_by_its_header_key_alone(client: Client, tail: str) -> None:
    phone, other = a_phone(header_key=KEY), a_phone(header_key="the-key-of-another-phone-entirely")

    answer = at_root(client, tail, **shown(tail, KEY))

    assert answer.status_code == 200
    phone.refresh_from_db()
    other.refresh_from_db()
    assert phone.last_seen and other.last_seen is None
    assert [row.phone for row in Callback.objects.all()] == [phone] * (tail != "ingest/heartbeat")


def test_the_answer_at_the_root_is_the_one_that_the_app_waits_for(client: Client) -> None:
    a_phone(header_key=KEY)
    batch = at_root(client, "ingest/sms", **shown("ingest/sms", KEY)).json()
    assert batch["accepted"] == ["a" * 64]
    told = at_root(client, "v1/messages/receive", **shown("v1", KEY))
    assert told.json()["status"] == "success"
    assert told.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("tail", ROOTS)
def test_a_phone_without_a_header_key_shows_the_key_of_its_address(
    client: Client, tail: str
) -> None:
    phone = a_phone()
    assert at_root(client, tail, **shown(tail, phone.token)).status_code == 200


@pytest.mark.parametrize("tail", ROOTS)
@pytest.mark.parametrize("key", ["", "wrong", KEY[:-1], "é", "x" * 500, "\x00", "the store's"])
def test_an_unknown_key_at_the_root_is_401(client: Client, tail: str, key: str) -> None:
    phone = a_phone(header_key=KEY)
    if key == "the store's":
        key = phone.gateway.token
    for headers in ({}, shown(tail, key), {"authorization": f"Basic {KEY}"}):
        answer = at_root(client, tail, **headers)
        assert (answer.status_code, answer.content) == (401, b"phone.bad_key")
    assert not Callback.objects.exists()


def test_the_address_alone_does_not_stand_in_for_the_header_key(client: Client) -> None:
    phone = a_phone(header_key=KEY)
    assert at_root(client, "ingest/sms", **shown("ingest/sms", phone.token)).status_code == 401
    assert not Callback.objects.exclude(status="rejected").exists()


def test_a_signing_key_is_not_shown_around_by_the_root(client: Client) -> None:
    """Who must sign is not let in by the end of the address."""
    phone = a_phone(smsgate_key="AbC12xYz")
    assert at_root(client, "ingest/sms", **shown("ingest/sms", phone.token)).status_code == 401


def test_a_key_that_two_phones_have_tells_neither(client: Client) -> None:
    for _ in range(2):
        a_phone(header_key=KEY)
    assert at_root(client, "ingest/sms", **shown("ingest/sms", KEY)).status_code == 401


def test_a_switched_off_phone_and_a_broken_seal_keep_nobody_else_out(client: Client) -> None:
    off, broken = a_phone(header_key=KEY), a_phone(header_key="soon-nobody-can-open-this-one")
    Phone.objects.filter(pk=off.pk).update(active=False)
    Phone.objects.filter(pk=broken.pk).update(header_key=off.header_key)
    a_phone(header_key="the-key-of-another-phone-entirely")

    def status(key: str) -> int:
        return int(at_root(client, "ingest/sms", **shown("ingest/sms", key)).status_code)

    assert [status(KEY), status("the-key-of-another-phone-entirely")] == [401, 200]


def test_guessing_keys_opens_the_stored_ones_once_a_second(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    store = a_store(a_merchant())
    for number in range(20):
        phone = Phone(merchant=store.merchant, gateway=store, name=f"{number}")
        phone.seal("header_key", f"the-long-key-of-phone-number-{number}")
        phone.save()
    accounts.forget()
    with django_assert_max_num_queries(1):
        for number in range(20):
            at_root(client, "ingest/sms", **shown("ingest/sms", f"no such key {number}"))


def test_only_post_is_taken_at_the_root(client: Client) -> None:
    for method in ("get", "head", "put", "delete", "options"):
        assert getattr(client, method)("/ingest/sms").status_code == 405
    for path in ("/ingest/sms/", "/ingest/other", "/v1/messages/"):
        assert client.post(path, b"{}", content_type=JSON).status_code == 404
