"""A merchant with a VodafoneCash store: a wallet, a phone that forwards its SMS, and payers."""

import hmac
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings

from gateways import accounts
from gateways.models import Claim, Order, Phone, Receipt, VodafoneCashGateway, Wallet
from gateways.orders import links
from gateways.receipts import claiming
from ledger import ports
from ledger.money import Money
from tests.world import SIGNING_SECRET, Shop

PAYER = "01000000707"


@dataclass
class StoreShop(Shop):
    """EUR invoices at 50 pounds a euro."""

    provider = "vodafonecash"
    store: VodafoneCashGateway = field(init=False)
    phone: Phone = field(init=False)
    wallet: Wallet = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.store = VodafoneCashGateway(
            merchant=self.merchant, name="Wallet", enabled=True, store_currency="EUR", rate="50.00"
        )
        self.store.seal("store_key", "the-key-of-the-store-in-the-tests")
        self.store.save()
        self.phone = Phone.objects.create(
            merchant=self.merchant, gateway=self.store, name="Counter phone"
        )
        self.wallet = Wallet.objects.create(
            merchant=self.merchant, gateway=self.store, phone=self.phone, number="01000000101"
        )
        self.set_phone(upload_url=self.upload_url, chunked=False)

    @property
    def upload_url(self) -> str:
        return f"{settings.GATEBOOK_URL}/webhooks/{self.phone.token}/"

    @property
    def store_url(self) -> str:
        """Where vodafoncash.com reports payments to."""
        return f"{settings.GATEBOOK_URL}/webhooks/{self.store.token}/"

    def rule(self, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(self.store, name, value)
        self.store.save()
        accounts.forget()

    # --- the payer ------------------------------------------------------------------------------
    def ask(self, invoice: str) -> Order:
        """Press Pay on the invoice: the order says how many pounds."""
        answer = self.press(self.form(invoice))
        assert answer.status_code == 303, answer.text
        order = links.by_token(urlsplit(answer.headers["Location"]).path.split("/")[2])
        assert order is not None
        return order

    def paid_order(self) -> tuple[str, Order]:
        if self.store.rate != "100.00":
            self.rule(rate="100.00")
        invoice = self.new_invoice("15.99")
        order = self.ask(invoice)
        self.claim(order)
        assert self.sms(order.asked) == [200]
        return invoice, order

    def claim(
        self, order: Order, phone: str = PAYER, *, reference: str = "", name: str = ""
    ) -> str:
        """The payer types the wallet's number on the page; how it stands now."""
        order = Order.objects.get(pk=order.pk)
        ask = claiming.Ask(
            source=Claim.Source.PAGE,
            order=order,
            phone=phone,
            client=order.bill.client,
            reference=reference,
            name=name,
        )
        return claiming.claim(self.store, ask, ports.system_now).code

    def module(self, invoice: str, phone: str = "", **more: str) -> Any:
        """The WHMCS module asks server to server."""
        fields = {
            "invoice": invoice,
            "client": str(self.client),
            "issued": str(int(time.time())),
            "lang": "en",
            "phone": phone,
            "reference": "",
            "name": "",
            **more,
        }
        message = "\n".join(("gatebook-claim.v1", self.merchant.token, *fields.values()))
        fields["signature"] = hmac.new(
            SIGNING_SECRET.encode(), message.encode(), sha256
        ).hexdigest()
        url = f"{self.console}/claims/{self.merchant.token}/"
        return requests.post(url, data=fields, timeout=60)

    def check(self, amount: str, phone: str = PAYER, *, key: bool = True, **more: str) -> Any:
        """What an official plugin asks."""
        fields = {
            "phone": phone,
            "amount": amount,
            "user_name": str(self.client),
            "store_id": str(self.store.pk),
            "lang": "en",
            **more,
        }
        headers = {"Authorization": "Bearer the-key-of-the-store-in-the-tests"} if key else {}
        url = f"{self.console}/api/payment_link_check"
        return requests.get(url, params=fields, headers=headers, timeout=60)

    # --- the phone ------------------------------------------------------------------------------
    def set_phone(self, **changes: Any) -> Any:
        return self.sandbox.post("/wallet/_sandbox/settings", changes)

    def sms(self, amount: str | Money, **more: Any) -> list[int | None]:
        """Money comes; the statuses with which the console answered the phone."""
        text = amount.amount if isinstance(amount, Money) else amount
        fields = {"amount": text, "phone": PAYER, **more}
        answers = self.sandbox.post("/wallet/_sandbox/send", fields)["answers"]
        return [answer["status"] for answer in answers]

    def online(self, online: bool, order: str = "fifo") -> Any:
        return self.sandbox.post("/wallet/_sandbox/online", {"online": online, "order": order})

    def receipt(self) -> Receipt:
        return Receipt.objects.latest("pk")
