"""Rows for the admin's tests: merchants with one of everything, and the people who look at them."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

from django.contrib.admin import site
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from gateways.models import (
    Callback,
    Claim,
    HavenoGateway,
    Order,
    OrderEvent,
    Phone,
    Receipt,
    SpectroCoinGateway,
    VodafoneCashGateway,
)
from ledger import ports
from ledger.models import Attempt, AuditEvent, Bill, Biller, Delivery, Merchant, Payment
from tests.gateways.admin import haveno_rows, wallet_rows
from tests.world import PRIVATE_KEY

OWN_MODELS = [model for model in site._registry if model._meta.app_label in ("ledger", "gateways")]


@dataclass
class Shown:
    """A merchant with one row of each kind. Every text in them holds `mark`."""

    mark: str
    text: str = ""
    secrets: list[str] = field(default_factory=list)
    rows: dict[type[Model], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.text = self.text or self.mark
        now = ports.system_now()
        self.secrets = [f"canary-{name}-{self.mark}-0123456789" for name in "abcd"]
        merchant = Merchant(name=f"Merchant {self.mark}", time_zone="Africa/Cairo")
        merchant.seal("signing_secret", self.secrets[0])
        merchant.save()
        biller = Biller(
            merchant=merchant,
            url=f"https://{self.mark}.example.com",
            identifier=f"id-{self.mark}",
            last_error=self.text,
            failures=7,
            open_until=now + timedelta(minutes=5),
        )
        biller.seal("secret", self.secrets[1])
        biller.seal("access_key", self.secrets[2])
        biller.save()
        gateway = SpectroCoinGateway(
            merchant=merchant,
            name=f"Account {self.mark}",
            enabled=True,
            vendor_merchant_id=f"vendor-{self.mark}",
            project_id=f"project-{self.mark}",
            client_id=f"client-{self.mark}",
            # Nothing listens there: asking the provider fails at once.
            base_url="http://127.0.0.1:9",
        )
        gateway.seal("private_key", PRIVATE_KEY)
        gateway.seal("client_secret", self.secrets[3])
        gateway.save()
        haveno = haveno_rows.an_account(
            merchant, name=f"Haveno {self.mark}", price_trouble=self.text, price_trouble_at=now
        )
        self.secrets += [haveno.reveal("merchant_key"), haveno.reveal("webhook_secret")]
        self.rows = {
            Merchant: merchant,
            Biller: biller,
            SpectroCoinGateway: gateway,
            HavenoGateway: haveno,
        }
        self.wallet_service()
        self.rows[Order] = self.order(Order.Status.REVIEW, attention=self.text)
        bill = self.rows[Order].bill
        payment = Payment.objects.create(
            merchant=merchant,
            bill=bill,
            gateway=gateway,
            method="spectrocoin",
            reference=f"SC-{self.mark}",
            credit_units=500,
            currency="EUR",
            detail=self.text,
        )
        delivery = Delivery.objects.create(
            merchant=merchant,
            biller=biller,
            payment=payment,
            bill=bill,
            status=Delivery.Status.PARKED,
            last_message=self.text,
            way_out=self.text,
            not_before=now + timedelta(hours=5),
        )
        Attempt.objects.create(
            delivery=delivery,
            number=1,
            epoch=1,
            kind=Attempt.Kind.SEND,
            outcome=Attempt.Outcome.REFUSED,
            sent_at=now,
            finished_at=now,
            message=self.text,
            request={"description": self.text},
            response=self.text,
        )
        callback = self.callback(self.text.encode(), "text/plain")
        self.rows[Receipt] = wallet_rows.a_receipt(
            self.rows[Phone],
            callback,
            Receipt.Status.REVIEW,
            text=self.text,
            why=[["said", {"text": self.text}]],
            sender_id=self.text[:80],
            payer_name=self.text[:120],
            template=self.text[:60],
        )
        self.rows[Claim] = wallet_rows.a_claim(
            self.rows[VodafoneCashGateway],
            order=self.transfer(),
            status=Claim.Status.HELD,
            name=self.text[:120],
            user_name=self.text[:120],
            upstream_id=self.text[:64],
        )
        event = AuditEvent.objects.create(
            merchant=merchant,
            actor=self.mark,
            verb="look",
            target="gateways.order",
            target_id=self.rows[Order].pk,
            reason=self.text,
            detail=self.text,
            at=now,
        )
        self.rows |= {
            Bill: bill,
            Payment: payment,
            Delivery: delivery,
            Callback: callback,
            AuditEvent: event,
        }

    def wallet_service(self) -> None:
        """A VodafoneCash store with a wallet on a phone that was never seen."""
        store = wallet_rows.a_store(self.rows[Merchant], name=f"Store {self.mark}")
        phone = wallet_rows.a_phone(store, f"Phone {self.mark}", warning=self.text[:300])
        self.secrets += [store.reveal("store_key"), phone.token]
        self.secrets += [phone.reveal(column) for column in wallet_rows.PHONE_KEYS]
        self.rows |= {VodafoneCashGateway: store, Phone: phone}

    def order(self, status: str = Order.Status.NEW, **more: Any) -> Order:
        number = secrets.token_hex(6)
        bill = Bill.objects.create(
            merchant=self.rows[Merchant],
            biller=self.rows[Biller],
            reference=str(int(number, 16)),
            number=f"INV-{self.mark}-{number}",
            client="7",
            currency="EUR",
            due_units=1599,
        )
        values: dict[str, Any] = {
            "merchant": self.rows[Merchant],
            "gateway": self.rows[SpectroCoinGateway],
            "bill": bill,
            "reference": f"{bill.reference}-{self.mark}",
            "provider_reference": f"prov-{number}",
            "status": status,
            "due_units": 1599,
            "currency": "EUR",
            "token_digest": secrets.token_hex(32),
            **more,
        }
        order = Order.objects.create(**values)
        OrderEvent.objects.create(
            order=order,
            at=ports.system_now(),
            source=OrderEvent.Source.STAFF,
            actor=self.text[:150],
            after=status,
            text=self.text,
            provider_status=self.text[:40],
        )
        return order

    def quoted(self, status: str = Order.Status.PENDING, **more: Any) -> Order:
        """An offer of 0.25 XMR for 15.99 EUR."""
        offer = {**haveno_rows.offered(self.text), "gateway": self.rows[HavenoGateway], **more}
        return self.order(status, **offer)

    def transfer(self, status: str = Order.Status.NEW, **more: Any) -> Order:
        """A wallet transfer of 800.00 EGP for 15.99 EUR."""
        asked = {**wallet_rows.asked(), "gateway": self.rows[VodafoneCashGateway], **more}
        return self.order(status, **asked)

    def callback(self, body: bytes, content_type: str, **more: Any) -> Callback:
        now = ports.system_now()
        values: dict[str, Any] = {
            "status": Callback.Status.FAILED,
            "verdict": self.text,
            "traceback": self.text,
            "headers": {"content-type": content_type, "user-agent": self.text},
            "remote_address": self.text[:64],
            **more,
        }
        return Callback.objects.create(
            merchant=self.rows[Merchant],
            gateway=self.rows[SpectroCoinGateway],
            digest=hashlib.sha256(body).digest(),
            body=body,
            not_before=now,
            received_at=now,
            last_seen=now,
            **values,
        )

    def member(self, *permissions: str) -> Client:
        """Somebody of this merchant's staff, with the named permissions or with all there are."""
        user = User.objects.create_user(
            f"staff-{self.mark}-{secrets.token_hex(2)}", password="", is_staff=True
        )
        chosen = Permission.objects.all()
        if permissions:
            chosen = chosen.filter(codename__in=permissions)
        user.user_permissions.set(chosen)
        user.merchants.add(self.rows[Merchant])
        return inside(user)


def superuser() -> Client:
    return inside(User.objects.create_superuser(f"root-{secrets.token_hex(2)}"))


def inside(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(model: type[Model], action: str, row: Any = None, slug: str = "") -> str:
    args = [row.pk] if row is not None else []
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}"
    return reverse(name, args=[*args, slug] if slug else args)


def acts_of(model: type[Model]) -> list[str]:
    screen: Any = site._registry[model]
    return [act.slug for act in screen.get_acts()] if hasattr(screen, "get_acts") else []


class Elements(HTMLParser):
    """Every start tag of a page with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def what_csp_would_stop(html: str) -> list[str]:
    """Inline styles, inline scripts, event handlers and script addresses."""
    stopped = []
    for tag, attrs in Elements(html).found:
        stopped += [f"{tag} {name}" for name in attrs if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and not attrs.get("src")):
            stopped.append(tag)
        for name in ("href", "src", "action"):
            address = (attrs.get(name) or "").strip().lower()
            if address.startswith(("javascript:", "vbscript:", "data:text")):
                stopped.append(f"{tag} {name}={address}")
    return stopped
