"""Money arriving: provider accounts, tries to pay, and the messages that came."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from ledger.models import CURRENCY_LENGTH, Bill, Merchant, Payment
from ledger.money import Money
from ledger.ports import new_token
from ledger.sealed import SealedField, SealedModel


class Gateway(SealedModel):
    """A merchant's configured provider account; each provider adds a child table.

    provider  the slug in gateways.providers.
    token     unguessable part of the webhook URL.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="gateways")
    provider = models.CharField(max_length=20, editable=False)
    name = models.CharField(max_length=80, help_text="How your staff call this account.")
    token = models.CharField(max_length=40, unique=True, editable=False, default=new_token)
    enabled = models.BooleanField(
        default=False, help_text="While off, no new orders are opened; payments still arrive."
    )
    # A provider that signs for all its merchants with one key lets any of them pass as another;
    # what its signature says of the account is pinned here with the first settled order.
    provider_account = models.CharField(
        "Account named in callbacks",
        max_length=80,
        blank=True,
        help_text="Learnt from the first settled payment; callbacks that name another are refused. "
        "Empty it only when the provider gave you a new account.",
    )
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("merchant", "provider"),
                condition=Q(enabled=True),
                name="gateway_one_enabled",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.provider})"


DEFAULT_RECEIVE_CURRENCIES = "EUR,USD,PLN,CHF,SEK,GBP,AUD,CAD,CZK,DKK,NOK"


class SpectroCoinGateway(Gateway):
    """SpectroCoin's own settings screen, and which generation of its API to speak."""

    class Api(models.TextChoices):
        CURRENT = "current", "current (client id and secret)"
        LEGACY = "legacy", "legacy (private merchant key)"

    # "merchant_id" is the column of the tenant.
    vendor_merchant_id = models.CharField("Merchant ID", max_length=64)
    project_id = models.CharField("Project ID", max_length=64)
    private_key = SealedField("Private merchant key")
    api_generation = models.CharField(
        "API generation", max_length=8, choices=Api.choices, default=Api.CURRENT
    )
    client_id = models.CharField("Client ID", max_length=200, blank=True)
    client_secret = SealedField("Client secret")
    receive_currency = models.CharField(
        max_length=CURRENCY_LENGTH,
        blank=True,
        help_text="What SpectroCoin credits you in. Leave empty to use each invoice's own currency.",
    )
    accepted_currencies = models.CharField(
        max_length=200,
        default=DEFAULT_RECEIVE_CURRENCIES,
        help_text="Invoice currencies that may be paid here, separated by commas.",
    )
    callback_public_key = models.TextField(
        blank=True,
        help_text="SpectroCoin's public key for callbacks. Leave empty to fetch it from SpectroCoin.",
    )
    base_url = models.URLField(max_length=300, default="https://spectrocoin.com")
    # What was fetched where callback_public_key is empty; kept a day.
    fetched_public_key = models.TextField(blank=True, editable=False)
    fetched_at = models.DateTimeField(null=True, editable=False)
    # The last try, successful or not: failed verifications may ask again once a minute, no more.
    key_asked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "SpectroCoin account"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.provider = "spectrocoin"
        super().save(*args, **kwargs)

    def accepts(self, currency: str) -> bool:
        """Whether invoices of this currency may be paid here. No rate is kept for this provider,
        so a fixed receive currency takes invoices of that currency only."""
        wanted = {code.strip() for code in self.accepted_currencies.split(",")}
        return currency in wanted and self.receive_currency in ("", currency)

    def credentials(self) -> dict[str, str]:
        """What gateways.providers.spectrocoin needs. Raises SealBroken."""
        pinned_merchant, _, pinned_project = self.provider_account.partition("/")
        return {
            "merchant_id": self.vendor_merchant_id,
            "project_id": self.project_id,
            "private_key": self.reveal("private_key"),
            "api_generation": self.api_generation,
            "client_id": self.client_id,
            "client_secret": self.reveal("client_secret"),
            "base_url": self.base_url.rstrip("/"),
            "callback_public_key": self.callback_public_key or self.fetched_public_key,
            "callback_merchant_id": pinned_merchant,
            "callback_api_id": pinned_project,
            "pay_currency": "BTC",
            "receive_currencies": self.accepted_currencies,
        }


class Order(models.Model):
    """One try to pay one bill through one gateway.

    reference       our id of the order, repeated by the provider; unique within the gateway.
    due             the quote's bill side: what the bill gets when the order is paid in full.
    token_digest    sha256 of the token in the payer's links; the token itself is not kept.
    attention       why a person must look, and what to do; empty where nobody must.
    opening_until   somebody is creating it at the provider right now.
    poll_at         when to ask the provider what is true, should no callback come.
    """

    class Status(models.TextChoices):
        NEW = "new", "new"
        PENDING = "pending", "pending"
        PAID = "paid", "paid"
        FAILED = "failed", "failed"
        EXPIRED = "expired", "expired"
        TEST = "test", "test"
        REVIEW = "review", "review"
        REFUNDED = "refunded", "refunded"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT)
    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT, related_name="orders")
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="orders")
    reference = models.CharField(max_length=64)
    provider_reference = models.CharField("provider id", max_length=64, blank=True)
    provider_status = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.NEW)
    due_units = models.BigIntegerField()
    currency = models.CharField(max_length=CURRENCY_LENGTH)
    received_units = models.BigIntegerField(null=True)
    payable_units = models.BigIntegerField(null=True)
    received_currency = models.CharField(max_length=CURRENCY_LENGTH, blank=True)
    payment = models.OneToOneField(
        Payment, on_delete=models.PROTECT, null=True, related_name="order"
    )
    payment_url = models.URLField(max_length=2000, blank=True)
    token_nonce = models.CharField(max_length=40, default=new_token)
    token_digest = models.CharField(max_length=64, unique=True)
    language = models.CharField(max_length=20, default="en")
    attention = models.TextField(blank=True)
    open_error = models.TextField(blank=True)
    opening_until = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    poll_at = models.DateTimeField(null=True)
    created = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    closed = models.DateTimeField(null=True)

    OPEN = (Status.NEW, Status.PENDING)

    class Meta:
        permissions = (
            ("fetch_order", "Can fetch an order from its provider"),
            ("cancel_order", "Can cancel an order"),
            ("decide_order", "Can decide an order in review"),
        )
        constraints = (
            models.UniqueConstraint(fields=("gateway", "reference"), name="order_once"),
            models.UniqueConstraint(
                fields=("gateway", "bill", "due_units"),
                condition=Q(status__in=("new", "pending")),
                name="order_one_open",
            ),
            models.CheckConstraint(condition=Q(due_units__gt=0), name="order_due_positive"),
            models.CheckConstraint(
                condition=~Q(status="paid") | Q(payment__isnull=False),
                name="order_paid_has_payment",
            ),
        )
        indexes = (
            models.Index(fields=("reference",), name="order_reference"),
            models.Index(fields=("provider_reference",), name="order_provider_reference"),
            models.Index(F("poll_at"), condition=Q(poll_at__isnull=False), name="order_to_poll"),
            models.Index(fields=("status", "-created"), name="order_by_status"),
            models.Index(F("created"), condition=~Q(attention=""), name="order_flagged"),
        )

    def __str__(self) -> str:
        return f"{self.reference} ({self.due})"

    @property
    def due(self) -> Money:
        return Money(self.due_units, self.currency)

    @property
    def received(self) -> Money | None:
        if self.received_units is None:
            return None
        return Money(self.received_units, self.received_currency)

    @property
    def payable(self) -> Money | None:
        if self.payable_units is None:
            return None
        return Money(self.payable_units, self.received_currency)


class Callback(models.Model):
    """One message an outside party sent us, kept byte for byte, with our verdict on it.

    times  how often the same bytes came. A doorbell (unsigned, "look at order X") is worked
           again each time; a signed message is worked once.
    """

    class Status(models.TextChoices):
        NEW = "new", "new"
        DONE = "done", "done"
        FAILED = "failed", "failed: a person must look"
        REJECTED = "rejected", "rejected"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT)
    # No index of its own where another leads with it: each one costs every webhook.
    gateway = models.ForeignKey(
        Gateway, on_delete=models.PROTECT, related_name="callbacks", db_index=False
    )
    digest = models.BinaryField(max_length=32)
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    remote_address = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.NEW)
    verdict = models.TextField(blank=True)
    traceback = models.TextField(blank=True)
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, related_name="callbacks", db_index=False
    )
    times = models.PositiveIntegerField(default=1)
    tries = models.PositiveIntegerField(default=0)
    epoch = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    last_seen = models.DateTimeField()
    worked_at = models.DateTimeField(null=True)

    class Meta:
        permissions = (("process_callback", "Can process a callback again"),)
        constraints = (models.UniqueConstraint(fields=("gateway", "digest"), name="callback_once"),)
        indexes = (
            models.Index(F("not_before"), condition=Q(status="new"), name="callback_due"),
            models.Index(F("order"), condition=Q(order__isnull=False), name="callback_of_order"),
            models.Index(fields=("status", "-last_seen"), name="callback_by_status"),
        )

    def __str__(self) -> str:
        return f"callback {self.pk}"


class OrderEvent(models.Model):
    """One line of an order's story: what was said or done, by whom, and what it changed."""

    class Source(models.TextChoices):
        PAYER = "payer", "payer"
        CALLBACK = "callback", "callback"
        POLL = "poll", "asked the provider"
        STAFF = "staff", "staff"
        CLOCK = "clock", "time"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    source = models.CharField(max_length=8, choices=Source.choices)
    actor = models.CharField(max_length=150, blank=True)
    callback = models.ForeignKey(Callback, on_delete=models.PROTECT, null=True)
    provider_status = models.CharField(max_length=40, blank=True)
    before = models.CharField(max_length=8, blank=True)
    after = models.CharField(max_length=8, blank=True)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return self.text
