"""The outside world of the tests: the sandbox in its own process, and a merchant who uses it."""

import hmac
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import requests
from django.conf import settings

from gateways import inbox
from gateways.management.commands.seed_demo import new_private_key
from gateways.models import Callback, Order, SpectroCoinGateway
from gateways.orders import polling
from gateways.providers.spectrocoin import public_half
from ledger.models import Biller, Delivery, Merchant
from ledger.outbox import delivering
from ledger.ports import Clock
from tests.environment import ROOT

SIGNING_SECRET = "the-secret-of-the-forms-in-the-tests"
PRIVATE_KEY = new_private_key()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Sandbox:
    """The stand-ins, driven by their documented JSON calls."""

    def __init__(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        environ = {**os.environ, "SANDBOX_PORT": str(port), "SANDBOX_DB": ""}
        self._process = subprocess.Popen([sys.executable, "-m", "sandbox"], cwd=ROOT, env=environ)
        self._http = requests.Session()
        for _ in range(100):
            try:
                if self._http.get(f"{self.url}/healthz", timeout=5).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.1)
        raise AssertionError("the sandbox did not start")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)

    def get(self, path: str) -> Any:
        return self._answer(self._http.get(self.url + path, timeout=30))

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._answer(self._http.post(self.url + path, json=body or {}, timeout=60))

    def _answer(self, answer: requests.Response) -> Any:
        assert answer.ok, f"{answer.url}: {answer.status_code} {answer.text[:300]}"
        return answer.json()

    def reset(self) -> None:
        self.post("/_sandbox/reset")

    def faults(self, party: str, fault: str, on: str = "*", **more: Any) -> None:
        self.post(f"/{party}/_sandbox/faults", {"fault": fault, "on": on, "times": 1, **more})

    def no_faults(self, party: str) -> None:
        self._http.delete(f"{self.url}/{party}/_sandbox/faults", timeout=10).raise_for_status()

    # --- WHMCS ------------------------------------------------------------------------------
    def whmcs_settings(self, **changes: Any) -> Any:
        if changes:
            return self.post("/whmcs/_sandbox/settings", changes)
        return self.get("/whmcs/_sandbox/settings")

    def booked_on(self, invoice: str) -> list[tuple[str, str]]:
        """What WHMCS holds for an invoice: (transaction id, amount)."""
        held = self.get(f"/whmcs/_sandbox/invoices/{invoice}")["transactions"]
        return [(row["transid"], row["amountin"]) for row in held]

    def invoice(self, invoice: str) -> Any:
        return self.get(f"/whmcs/_sandbox/invoices/{invoice}")["invoice"]

    def whmcs(self) -> Any:
        return self.get("/whmcs/_sandbox/state")

    def calls(self, action: str) -> list[Any]:
        return [call for call in self.whmcs()["calls"] if call["action"] == action]

    # --- SpectroCoin --------------------------------------------------------------------------
    def spectrocoin_orders(self) -> list[Any]:
        orders: list[Any] = self.get("/spectrocoin/_sandbox/orders")["orders"]
        return orders

    def act(self, order: Order, action: str, **more: Any) -> list[Any]:
        """Let something happen to an order; the answers that our console gave to the callbacks."""
        path = f"/spectrocoin/_sandbox/orders/{order.reference}/act"
        answers: list[Any] = self.post(path, {"action": action, **more})["answers"]
        return answers

    def resend(self, order: Order, **more: Any) -> list[Any]:
        path = f"/spectrocoin/_sandbox/orders/{order.reference}/resend"
        answers: list[Any] = self.post(path, more)["answers"]
        return answers


@dataclass
class Shop:
    """A merchant with a WHMCS and a SpectroCoin account in the sandbox, and a console over HTTP."""

    # The provider that its pay button names.
    provider = "spectrocoin"

    sandbox: Sandbox
    console: str
    clock: Clock
    merchant: Merchant = field(init=False)
    biller: Biller = field(init=False)
    gateway: SpectroCoinGateway = field(init=False)
    client: int = field(init=False)

    def __post_init__(self) -> None:
        whmcs = self.sandbox.whmcs_settings()
        provider = self.sandbox.get("/spectrocoin/_sandbox/settings")
        self.merchant = Merchant(name="Shop")
        self.merchant.seal("signing_secret", SIGNING_SECRET)
        self.merchant.save()
        self.biller = Biller(
            merchant=self.merchant,
            url=f"{self.sandbox.url}/whmcs",
            identifier=whmcs["identifier"],
        )
        self.biller.seal("secret", whmcs["secret"])
        self.biller.save()
        self.gateway = SpectroCoinGateway(
            merchant=self.merchant,
            name="SpectroCoin",
            enabled=True,
            vendor_merchant_id=provider["merchant_id"],
            project_id=provider["project_id"],
            client_id=provider["client_id"],
            base_url=f"{self.sandbox.url}/spectrocoin",
        )
        self.gateway.seal("private_key", PRIVATE_KEY)
        self.gateway.seal("client_secret", provider["client_secret"])
        self.gateway.save()
        self.sandbox.post(
            "/spectrocoin/_sandbox/settings", {"merchant_public_key": public_half(PRIVATE_KEY)}
        )
        module = {
            "console_url": self.console,
            "merchant_token": self.merchant.token,
            "signing_secret": SIGNING_SECRET,
        }
        self.sandbox.whmcs_settings(module=module)
        self.client = self.new_client("EUR")

    def speak(self, api: str, callbacks: str) -> None:
        """Which generation of the API to use, and which kind of callback the project sends."""
        self.gateway.api_generation = api
        self.gateway.save()
        self.sandbox.post("/spectrocoin/_sandbox/settings", {"callback_kind": callbacks})

    def new_client(self, currency: str) -> int:
        names = {"firstname": "Ada", "lastname": "Byron", "email": "ada@example.com"}
        answer = self.sandbox.post("/whmcs/_sandbox/clients", {**names, "currency": currency})
        return int(answer["client_id"])

    def new_invoice(self, amount: str, *, client: int | None = None) -> str:
        body = {"client_id": client or self.client, "amount": amount, "description": "Hosting"}
        return str(self.sandbox.post("/whmcs/_sandbox/invoices", body)["invoice_id"])

    def form(
        self, invoice: str, changes: dict[str, str] | None = None, *, lang: str = "en"
    ) -> dict[str, str]:
        """The module's signed form; `changes` are made after signing, as a payer could."""
        fields = {
            "invoice": invoice,
            "client": str(self.client),
            "issued": str(int(time.time())),
            "lang": lang,
        }
        parts = ("gatebook-checkout.v1", self.merchant.token, self.provider, *fields.values())
        message = "\n".join(parts).encode()
        fields["signature"] = hmac.new(SIGNING_SECRET.encode(), message, sha256).hexdigest()
        return {**fields, **(changes or {})}

    def press(self, fields: dict[str, str]) -> requests.Response:
        """Press Pay: what the browser gets, unfollowed."""
        url = f"{self.console}/checkout/{self.merchant.token}/{self.provider}/"
        return requests.post(url, data=fields, allow_redirects=False, timeout=60)

    def pay(self, invoice: str) -> Order:
        """Press Pay on the invoice and arrive at SpectroCoin; the order that this opened."""
        answer = self.press(self.form(invoice))
        assert answer.status_code == 303, answer.text
        assert answer.headers["Location"].startswith(self.gateway.base_url), answer.headers
        return Order.objects.get(payment_url=answer.headers["Location"])

    def paid_order(self) -> tuple[str, Order]:
        """An invoice that is paid, and the callback for it has come."""
        invoice = self.new_invoice("15.99")
        order = self.pay(invoice)
        self.sandbox.act(order, "pay")
        return invoice, order

    def work(self) -> None:
        """Let the workers do what is due now."""
        inbox.drain(clock=self.clock)
        delivering.drain(clock=self.clock)
        inbox.drain(clock=self.clock)

    def poll(self) -> None:
        polling.poll(clock=self.clock)
        delivering.drain(clock=self.clock)

    def delivery(self, order: Order) -> Delivery:
        return Delivery.objects.get(payment__order=order, kind=Delivery.Kind.BOOKING)

    def callback(self) -> Callback:
        return Callback.objects.latest("pk")

    @property
    def webhook_url(self) -> str:
        return f"{settings.GATEBOOK_URL}/webhooks/{self.gateway.token}/"


def transid(order: Order) -> str:
    """What the payment is booked under: the id of the offer or of the transfer, or our reference."""
    if order.pay_currency == "EGP":
        return f"VFC-{Order.objects.get(pk=order.pk).provider_reference}"
    return order.provider_reference if order.pay_currency else f"SC-{order.reference}"
