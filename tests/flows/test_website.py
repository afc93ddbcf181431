"""A shop that is a website: its plugin asks, and it is told of the payment once, with retries."""

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from gateways.models import Order, VodafoneCashGateway
from gateways.orders import deciding as orders
from ledger import ports, reconcile
from ledger.models import Biller, Delivery, Payment
from ledger.outbox import deciding, delivering
from tests.conftest import SetClock
from tests.gateways.wallet_rows import PAYER, STORE_KEY, a_receipt, a_store
from tests.ledger.rows import a_merchant

pytestmark = pytest.mark.django_db

KEY = "the key that the plugin holds"
NAME = "Mona Adel (7)"


@dataclass
class Told:
    method: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def fields(self) -> dict[str, str]:
        if self.method == "GET":
            return self.query
        data: dict[str, str] = json.loads(self.body)["data"]
        return data


@dataclass
class Site:
    """A website that answers what is queued, else 200."""

    told: list[Told] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/callback?site=1"


@pytest.fixture
def site() -> Iterator[Site]:
    shop = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = self.headers.get("Content-Length") or "0"
            query = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
            body = self.rfile.read(int(length))
            headers = {name.lower(): value for name, value in self.headers.items()}
            shop.told.append(Told(self.command, query, headers, body))
            self.send_response(shop.answers.pop(0) if shop.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    shop.port = server.server_port
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield shop
    server.shutdown()
    server.server_close()


def a_website(site: Site, shape: str = "plugin") -> VodafoneCashGateway:
    biller = Biller(merchant=a_merchant(), kind="website", url=site.url, identifier=f"{shape}:2")
    biller.seal("secret", KEY)
    biller.seal("access_key", ports.new_webhook_secret())
    biller.save()
    return a_store(biller.merchant)


def check(store: VodafoneCashGateway, *, key: str = STORE_KEY, **changes: str) -> dict[str, Any]:
    """What its plugin asks."""
    fields = {
        "phone": PAYER,
        "amount": "1000",
        "user_name": NAME,
        "store_id": str(store.pk),
        **changes,
    }
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    answer: dict[str, Any] = Client().get("/api/payment_link_check", fields, headers=headers).json()
    return answer


def paid(store: VodafoneCashGateway) -> Payment:
    a_receipt(store, "1000.00")
    assert check(store)["status"] is True
    return Payment.objects.get()


def work(clock: SetClock, **ahead: float) -> None:
    clock.forward(**ahead)
    delivering.drain(clock=clock)


@pytest.mark.parametrize("shape", ["plugin", "generic", "signed"])
def test_the_website_is_told_of_a_matched_payment_once(
    site: Site, clock: SetClock, shape: str
) -> None:
    store = a_website(site, shape)
    assert check(store)["status"] is False
    payment = paid(store)
    assert check(store)["transaction_id"] == payment.reference
    assert (payment.payer, payment.bill.client) == (PAYER, NAME)
    for _ in range(3):
        work(clock, hours=2)
        reconcile.read_back(clock=clock)

    [told] = site.told
    said = told.fields()
    if shape == "plugin":
        assert said == {
            "site": "1", "key": KEY, "action": "addPayment", "username": NAME,
            "amount": "20.00", "from": PAYER, "trans_id": payment.reference,
        }  # fmt: skip
    else:
        said.pop("site", None)
        credit = {"credit": "20.00", "credit_currency": "USD"} if shape == "signed" else {}
        assert said == {
            "transaction_id": payment.reference, "phone": PAYER, "amount": "1000.00",
            "currency": "EGP", "store_id": "2", "user_name": NAME, "status": "completed", **credit,
        }  # fmt: skip
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.check_at) == ("delivered", None)
    kept = json.dumps(list(delivery.attempts.values("request", "response", "message")))
    assert KEY not in kept


def test_a_signed_callback_is_believed_by_a_standard_webhooks_reader(
    site: Site, clock: SetClock
) -> None:
    payment = paid(a_website(site, "signed"))
    work(clock)
    [told] = site.told
    secret = b64decode(Biller.objects.get().reveal("access_key").removeprefix("whsec_"))
    number, moment = told.headers["webhook-id"], told.headers["webhook-timestamp"]
    content = b".".join((number.encode(), moment.encode(), told.body))
    seal = b64encode(hmac.digest(secret, content, sha256)).decode()
    assert told.headers["webhook-signature"] == f"v1,{seal}"
    assert number == payment.reference


@pytest.mark.parametrize("answer", [429, 500, 503])
def test_a_website_in_trouble_is_told_again_under_the_same_id(
    site: Site, clock: SetClock, answer: int
) -> None:
    site.answers = [answer]
    payment = paid(a_website(site))
    work(clock)
    delivery = Delivery.objects.get()
    assert delivery.status in ("ready", "unknown")
    assert "WHMCS" not in delivery.way_out + delivery.last_message

    work(clock, minutes=30)
    delivery.refresh_from_db()
    assert delivery.status == "delivered"
    assert [each.query["trans_id"] for each in site.told] == [payment.reference] * 2
    assert [each.kind for each in delivery.attempts.all()] == ["send", "send"]


def test_a_refusal_parks_with_a_way_out_and_is_retried_by_a_person(
    site: Site, clock: SetClock
) -> None:
    site.answers = [403]
    paid(a_website(site))
    work(clock)
    work(clock, hours=1)
    delivery = Delivery.objects.get()
    assert (delivery.status, len(site.told)) == ("parked", 1)
    assert "Check the API URL and the key" in delivery.way_out

    said = deciding.retry(delivery.pk, actor="ann", now=clock())
    assert said.startswith("The website will be told of")
    work(clock)
    delivery.refresh_from_db()
    assert (delivery.status, len(site.told)) == ("delivered", 2)


def test_a_website_that_is_down_for_a_day_is_parked(site: Site, clock: SetClock) -> None:
    site.answers = [500] * 200
    paid(a_website(site))
    for _ in range(60):
        work(clock, hours=1)
    delivery = Delivery.objects.get()
    assert delivery.status == "parked"
    assert "by hand on the website" in delivery.way_out


def test_what_a_person_approves_is_told_with_the_payers_phone(site: Site, clock: SetClock) -> None:
    store = a_website(site)
    store.legacy_open = True
    store.save()
    a_receipt(store, "1000.00")
    assert check(store, key="")["flow_state"] == "waiting-for-approval"
    work(clock)
    assert site.told == []
    order = Order.objects.get()
    orders.approve(order.pk, credit=order.due, actor="ann", reason="hers", now=clock())
    work(clock)
    [told] = site.told
    assert (told.query["from"], told.query["username"]) == (PAYER, NAME)


def test_a_name_that_is_too_long_to_be_told_back_is_refused(site: Site) -> None:
    store = a_website(site)
    for name in ("", "x" * 65):
        said = check(store, user_name=name)
        assert (said["status"], said["code"]) == (False, "invalid")
