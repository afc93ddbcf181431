"""A merchant with a HavenoPay account at the sandbox's relay."""

from base64 import b32encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha3_256
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from nacl.signing import SigningKey

from gateways import inbox
from gateways.models import HavenoGateway, Order
from gateways.orders import links, polling, pricing
from gateways.providers.haveno.keys import new_merchant_key, public_half
from ledger.money import Money
from ledger.outbox import delivering
from tests.world import Shop

MERCHANT_KEY = new_merchant_key()


def onion_address() -> str:
    """A Tor v3 address of a key made here, with a port."""
    key, version = bytes(SigningKey.generate().verify_key), b"\x03"
    checksum = sha3_256(b".onion checksum" + key + version).digest()[:2]
    return f"{b32encode(key + checksum + version).decode().lower()}.onion:9999"


@dataclass
class RelayShop(Shop):
    """Its payers stay on the console's own page; the sandbox's relay watches the chain."""

    provider = "haveno"
    haveno: HavenoGateway = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        pricing.forget()
        relay = self.relay_settings(merchant_public_keys=[public_half(MERCHANT_KEY)])
        self.haveno = HavenoGateway(
            merchant=self.merchant,
            name="HavenoPay",
            enabled=True,
            accepted_currencies="XMR,USD_BANK,USDT,BTC",
            node_address=onion_address(),
            relay_keys="\n".join(relay["relay_public_keys"]),
            relay_url=f"{self.sandbox.url}/haveno",
            price_checks="web",
            price_url=f"{self.sandbox.url}/haveno/simple/price",
        )
        self.haveno.seal("merchant_key", MERCHANT_KEY)
        self.haveno.save()
        self.relay_settings(webhook_url=f"{settings.GATEBOOK_URL}/webhooks/{self.haveno.token}/")

    def relay_settings(self, **changes: Any) -> Any:
        return self.sandbox.post("/haveno/_sandbox/settings", changes)

    def rule(self, **changes: Any) -> None:
        """Change the merchant's settings, as its screen would."""
        for name, value in changes.items():
            setattr(self.haveno, name, value)
        self.haveno.save()

    # --- the payer ------------------------------------------------------------------------------
    def offer(self, invoice: str, coin: str = "XMR") -> Order:
        """Press Pay, choose the coin on the page, and look at the offer."""
        answer = self.press(self.form(invoice))
        assert answer.status_code == 303, answer.text
        order = self._at(answer)
        if order.pay_currency != coin:
            order = self._at(self.choose(order, coin))
        assert order.pay_to, order.open_error
        return order

    def paid_order(self) -> tuple[str, Order]:
        invoice = self.new_invoice("15.99")
        order = self.offer(invoice)
        self.send(order)
        self.mine()
        return invoice, order

    def choose(self, order: Order, coin: str) -> requests.Response:
        """Press a coin's button on the pay page, or ask for a fresh quote in it."""
        url = f"{self.console}/pay/{links.pay_token(order)}/"
        return requests.post(url, data={"coin": coin}, allow_redirects=False, timeout=60)

    def page(self, order: Order) -> str:
        answer = requests.get(f"{self.console}/pay/{links.pay_token(order)}/", timeout=60)
        assert answer.status_code == 200, answer.status_code
        return answer.text

    def _at(self, answer: requests.Response) -> Order:
        assert answer.status_code == 303, answer.text
        token = urlsplit(answer.headers["Location"]).path.split("/")[2]
        order = links.by_token(token)
        assert order is not None
        return order

    def send(self, order: Order, action: str = "exact", **more: Any) -> Any:
        """The payer's wallet sends coins; nothing is confirmed by that."""
        path = f"/haveno/_sandbox/offers/{order.provider_reference}/act"
        return self.sandbox.post(path, {"action": action, **more})

    def webhook(self, order: Order, **more: Any) -> Any:
        """The relay tells of the offer now, whether it is true or not."""
        return self.send(order, "webhook", **more)

    def resend(self, order: Order, **more: Any) -> Any:
        return self.sandbox.post(f"/haveno/_sandbox/offers/{order.provider_reference}/resend", more)

    def relay_offer(self, order: Order) -> Any:
        offers = self.sandbox.get("/haveno/_sandbox/offers")["offers"]
        return next(each for each in offers if each["offer_id"] == order.provider_reference)

    def everything_booked(self, order: Order) -> list[tuple[str, int]]:
        """All that WHMCS holds for one offer, also as credit: (transaction id, units)."""
        return [
            (row["transid"], Money.parse(row["amountin"], "EUR").units)
            for row in self.sandbox.whmcs()["transactions"]
            if row["transid"].startswith(order.provider_reference)
        ]

    def credit(self) -> Money:
        """What the client has as credit in WHMCS."""
        clients = self.sandbox.whmcs()["clients"]
        mine = next(each for each in clients if int(each["id"]) == self.client)
        return Money.parse(str(mine["credit"]), "EUR")

    # --- time and the chain ---------------------------------------------------------------------
    def mine(self, blocks: int = 10, **more: Any) -> Any:
        return self.sandbox.post("/haveno/_sandbox/mine", {"blocks": blocks, **more})

    def reorg(self, order: Order) -> Any:
        """The chain forgets all that came for the offer. Nobody is told."""
        return self.sandbox.post(
            "/haveno/_sandbox/reorg", {"offer": order.provider_reference, "all": True}
        )

    def lie(self, operation: str, lie: str) -> None:
        self.sandbox.faults("haveno", lie, operation)

    def prices(self, times: str = "1", age: int = 0) -> None:
        """All coins are worth so many times what they were, at both sources; so old."""
        euros = Decimal(self.sandbox.get("/haveno/v1/prices")["prices"]["EUR"]) * Decimal(times)
        self.relay_settings(prices={"EUR": str(euros)}, price_age_seconds=age)
        self.web_prices(times, age)

    def web_prices(self, times: str = "1", age: int = 0) -> None:
        """Only the price service says so."""
        asked = "ids=monero,bitcoin,tether&vs_currencies=eur"
        now = self.sandbox.get(f"/haveno/simple/price?{asked}")
        changed = {
            coin: {"eur": str(Decimal(str(price["eur"])) * Decimal(times))}
            for coin, price in now.items()
        }
        self.relay_settings(web_prices=changed, web_price_age_seconds=age)
        pricing.forget()

    def ends(self, order: Order, ago: timedelta) -> None:
        """The offer ended so long ago; the clocks of all others stay right."""
        ended: datetime = self.clock() - ago
        Order.objects.filter(pk=order.pk).update(valid_until=ended)

    def look(self, order: Order) -> Order:
        """The poller asks the relay now, and the workers do what follows."""
        Order.objects.filter(pk=order.pk).update(poll_at=self.clock())
        polling.poll(clock=self.clock)
        inbox.drain(clock=self.clock)
        delivering.drain(clock=self.clock)
        return Order.objects.get(pk=order.pk)
