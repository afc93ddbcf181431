"""Tries to pay, and their stories."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gateways.models.gateways import Gateway
from ledger.models import CURRENCY_LENGTH, Bill, Merchant, Payment
from ledger.money import Money
from ledger.ports import new_token


class Order(models.Model):
    """One try to pay one bill through one gateway.

    reference       our id of the order, repeated by the provider; unique within the gateway.
    due             the quote's bill side: what the bill gets when the order is paid in full.
    pay_currency    the coin that we quoted in; empty where the provider quotes.
    payable         what the payer is to send; received is what was seen of it, confirmed what is
                    deep enough to count, counted the coins that are dealt with: those the bookings
                    stand for, or that a person refused.
    rate            invoice currency for one whole coin, locked for the life of the offer.
    first_seen      when the provider first saw money for it: on time or late is judged by this.
    document        the signed offer as the payer may download it.
    token_digest    sha256 of the token in the payer's links; the token itself is not kept.
    attention       why a person must look, and what to do; empty where nobody must. flagged is the
                    reason last given, kept when it was dealt with.
    heard_at        when the newest news of its coins was true.
    opening_until   somebody is creating it at the provider right now.
    poll_at         when to ask the provider what is true, should no callback come.
    """

    class Status(models.TextChoices):
        NEW = "new", _("new")
        PENDING = "pending", _("pending")
        PAID = "paid", _("paid")
        FAILED = "failed", _("failed")
        EXPIRED = "expired", _("expired")
        TEST = "test", _("test")
        REVIEW = "review", _("review")
        REFUNDED = "refunded", _("refunded")

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT)
    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT, related_name="orders")
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="orders")
    reference = models.CharField(max_length=64)
    provider_reference = models.CharField(_("provider id"), max_length=128, blank=True)
    provider_status = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.NEW)
    due_units = models.BigIntegerField()
    currency = models.CharField(max_length=CURRENCY_LENGTH)
    received_units = models.BigIntegerField(null=True)
    payable_units = models.BigIntegerField(null=True)
    received_currency = models.CharField(max_length=CURRENCY_LENGTH, blank=True)
    pay_currency = models.CharField(max_length=CURRENCY_LENGTH, blank=True, default="")
    confirmed_units = models.BigIntegerField(null=True)
    counted_units = models.BigIntegerField(null=True)
    confirmations = models.PositiveIntegerField(null=True)
    confirmations_required = models.PositiveIntegerField(null=True)
    rate = models.CharField(max_length=80, blank=True, default="")
    rate_source = models.CharField(max_length=120, blank=True, default="")
    priced_at = models.DateTimeField(null=True)
    pay_to = models.CharField(max_length=200, blank=True, default="")
    document = models.TextField(blank=True, default="")
    first_seen = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)
    purged_at = models.DateTimeField(null=True)
    # When it was last asked about because a payer was looking at its page.
    looked_at = models.DateTimeField(null=True)
    payment = models.OneToOneField(
        Payment, on_delete=models.PROTECT, null=True, related_name="order"
    )
    payment_url = models.URLField(max_length=2000, blank=True)
    token_nonce = models.CharField(max_length=40, default=new_token)
    token_digest = models.CharField(max_length=64, unique=True)
    language = models.CharField(max_length=20, default="en")
    attention = models.TextField(blank=True)
    flagged = models.TextField(blank=True, default="")
    open_error = models.TextField(blank=True)
    opening_until = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    poll_at = models.DateTimeField(null=True)
    created = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    closed = models.DateTimeField(null=True)

    OPEN = (Status.NEW, Status.PENDING)

    class Meta:
        verbose_name, verbose_name_plural = _("order"), _("orders")
        permissions = (
            ("fetch_order", "Can fetch an order from its provider"),
            ("cancel_order", "Can cancel an order"),
            ("decide_order", "Can decide an order in review"),
        )
        constraints = (
            models.UniqueConstraint(fields=("gateway", "reference"), name="order_once"),
            models.UniqueConstraint(
                fields=("gateway", "bill", "due_units", "pay_currency"),
                condition=Q(status__in=("new", "pending")),
                name="order_one_open",
            ),
            # An offer found by its id must be one order's, whatever a relay hands out.
            models.UniqueConstraint(
                fields=("gateway", "provider_reference"),
                condition=~Q(provider_reference="") & ~Q(pay_currency=""),
                name="order_offer_once",
            ),
            # One payment must not count for two orders. A bank account or a wallet is everybody's;
            # there the reference or the sender of the transfer tells them apart.
            models.UniqueConstraint(
                fields=("merchant", "pay_to"),
                condition=~Q(pay_to="") & ~Q(pay_currency__in=("USD_BANK", "EGP")),
                name="order_address_once",
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
            models.Index(fields=("pay_to",), condition=~Q(pay_to=""), name="order_pay_to"),
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

    @property
    def asked(self) -> Money:
        """What we asked the payer for. Only of an order that we quoted."""
        return Money(self.payable_units or 0, self.pay_currency)

    @property
    def seen(self) -> Money:
        """What came so far, confirmed or not. Only of an order that we quoted."""
        return Money(self.received_units or 0, self.pay_currency)

    @property
    def confirmed(self) -> Money:
        """What came and counts. Only of an order that we quoted."""
        return Money(self.confirmed_units or 0, self.pay_currency)


class OrderEvent(models.Model):
    """One line of an order's story: what was said or done, by whom, and what it changed."""

    class Source(models.TextChoices):
        PAYER = "payer", _("payer")
        CALLBACK = "callback", _("callback")
        POLL = "poll", _("asked the provider")
        STAFF = "staff", _("staff")
        CLOCK = "clock", _("time")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    source = models.CharField(max_length=8, choices=Source.choices)
    actor = models.CharField(max_length=150, blank=True)
    callback = models.ForeignKey("gateways.Callback", on_delete=models.PROTECT, null=True)
    provider_status = models.CharField(max_length=40, blank=True)
    before = models.CharField(max_length=8, blank=True)
    after = models.CharField(max_length=8, blank=True)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return self.text
