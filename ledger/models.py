"""Money booked and told: whose it is, what was owed, what came, what WHMCS must hear."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from ledger.money import Money
from ledger.ports import new_token
from ledger.sealed import SealedField, SealedModel

CURRENCY_LENGTH = 12


class Immutable(Exception):
    """The row records what happened and is never changed."""


class Merchant(SealedModel):
    """A business with its own WHMCS: the tenant every row belongs to.

    token           public, names the merchant in checkout URLs.
    signing_secret  the WHMCS modules sign their forms with it.
    members         staff who see this merchant's rows and nobody else's.
    """

    name = models.CharField(max_length=120, unique=True)
    token = models.CharField(max_length=40, unique=True, editable=False, default=new_token)
    signing_secret = SealedField()
    time_zone = models.CharField(
        max_length=60, default="UTC", help_text="For dates told to WHMCS, such as Europe/Vilnius."
    )
    active = models.BooleanField(default=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="merchants")
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def tenant_id(self) -> int:
        return int(self.pk)


class Biller(SealedModel):
    """A merchant's WHMCS connection, and how it wants to be told.

    top_up_mode      how a client's top-up is booked.
    when_paid        what to do with money for an invoice that is paid already.
    longest_run_seconds  the longest time WHMCS may go on working on a call we gave up on.
    open_until, failures  the breaker: after several failed calls in a row only one probe at a time.
    """

    class TopUp(models.TextChoices):
        TRANSACTION = "transaction", "as a transaction (WHMCS refuses repeats)"
        CREDIT = "credit", "as credit only (the published VodafoneCash way)"

    class WhenPaid(models.TextChoices):
        CREDIT = "credit", "add it to the client's credit"
        PARK = "park", "park it for a person"

    merchant = models.OneToOneField(Merchant, on_delete=models.PROTECT, related_name="biller")
    kind = models.CharField(max_length=20, default="whmcs", editable=False)
    url = models.URLField(
        "WHMCS URL",
        max_length=300,
        help_text="The root of WHMCS, such as https://billing.example.com",
    )
    identifier = models.CharField("API identifier", max_length=200)
    secret = SealedField()
    access_key = SealedField()
    top_up_mode = models.CharField(
        max_length=12, choices=TopUp.choices, default=TopUp.TRANSACTION, verbose_name="Book top-ups"
    )
    when_paid = models.CharField(
        max_length=8,
        choices=WhenPaid.choices,
        default=WhenPaid.CREDIT,
        verbose_name="Money for an invoice that is paid already",
    )
    longest_run_seconds = models.PositiveIntegerField(
        "Longest WHMCS run (s)",
        default=120,
        help_text="How long your WHMCS may go on working on a call after we stop waiting for it: "
        "PHP's max_execution_time plus any queue in front of it.",
    )
    paused = models.BooleanField(default=False, help_text="While ticked, WHMCS is told nothing.")
    failures = models.PositiveIntegerField(default=0, editable=False)
    open_until = models.DateTimeField(null=True, editable=False)
    last_ok = models.DateTimeField(null=True, editable=False)
    last_error = models.TextField(blank=True, editable=False)
    created = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"WHMCS of {self.merchant}"


class Bill(models.Model):
    """What WHMCS wants paid: an invoice, or a client's top-up.

    due_units  what was still to pay when WHMCS was last asked, plus what we had booked by then.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", "invoice"
        CREDIT = "credit", "top-up"

    class Status(models.TextChoices):
        OPEN = "open", "open"
        PART_PAID = "part_paid", "part paid"
        PAID = "paid", "paid"
        OVERPAID = "overpaid", "overpaid"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT)
    biller = models.ForeignKey(Biller, on_delete=models.PROTECT)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.INVOICE)
    reference = models.CharField("invoice", max_length=64)
    number = models.CharField("invoice number", max_length=64, blank=True)
    client = models.CharField("client id", max_length=64)
    currency = models.CharField(max_length=CURRENCY_LENGTH)
    due_units = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("biller", "kind", "reference"), name="bill_once"),
            models.CheckConstraint(condition=Q(due_units__gte=0), name="bill_due_not_negative"),
        )
        # What a customer may quote, looked up exactly; bill_once leads with the biller.
        indexes = (
            models.Index(fields=("reference",), name="bill_reference"),
            models.Index(fields=("number",), name="bill_number"),
            models.Index(fields=("client",), name="bill_client"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number or self.reference}"

    @property
    def due(self) -> Money:
        return Money(self.due_units, self.currency)


class Payment(models.Model):
    """Money received and booked against one bill, once. The row never changes.

    reference   the transaction id under which it is booked: "SC-1042-9f...", unique per gateway.
    credit      what it is worth to the bill, in the bill's currency.
    received    what the payer sent, where the provider told: units and currency, else null and "".
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="payments")
    gateway = models.ForeignKey("gateways.Gateway", on_delete=models.PROTECT)
    method = models.CharField(max_length=40)
    reference = models.CharField("transaction id", max_length=64)
    credit_units = models.BigIntegerField()
    currency = models.CharField(max_length=CURRENCY_LENGTH)
    received_units = models.BigIntegerField(null=True)
    received_currency = models.CharField(max_length=CURRENCY_LENGTH, blank=True)
    detail = models.TextField(blank=True)
    booked_by = models.CharField(max_length=150, blank=True)
    created = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("gateway", "reference"), name="payment_once"),
            models.CheckConstraint(condition=Q(credit_units__gt=0), name="payment_positive"),
        )
        indexes = (models.Index(fields=("reference",), name="payment_reference"),)

    def __str__(self) -> str:
        return f"{self.reference} ({self.credit})"

    @property
    def credit(self) -> Money:
        return Money(self.credit_units, self.currency)

    @property
    def received(self) -> Money | None:
        if self.received_units is None:
            return None
        return Money(self.received_units, self.received_currency)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise Immutable(f"payment {self.pk} is booked and does not change")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise Immutable(f"payment {self.pk} is booked and is not deleted")


class Delivery(models.Model):
    """What we owe WHMCS to know about one payment: the booking itself, then a line in its log.

    not_before   the next try; stored, so that a restart waits as long as a running worker would.
    lease_until, epoch  one worker at a time; each claim raises the epoch, a late writer sees it.
    mode         how the last send booked it; a top-up is looked for where it was sent, whatever
                 the biller's settings say by then.
    check_at     when a delivered row is read back from WHMCS (after an hour, after a day).
    """

    class Kind(models.TextChoices):
        BOOKING = "booking", "booking"
        NOTE = "note", "log line"

    class Status(models.TextChoices):
        READY = "ready", "ready"
        SENDING = "sending", "sending"
        UNKNOWN = "unknown", "unknown: may have happened"
        DELIVERED = "delivered", "delivered"
        PARKED = "parked", "parked: a person must look"
        REFUSED = "refused", "refused"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT)
    biller = models.ForeignKey(Biller, on_delete=models.PROTECT)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="deliveries")
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="deliveries")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.BOOKING)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.READY)
    not_before = models.DateTimeField("next try")
    lease_until = models.DateTimeField(null=True)
    epoch = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    mode = models.CharField(max_length=12, blank=True)
    code = models.CharField(max_length=20, blank=True)
    last_message = models.TextField(blank=True)
    way_out = models.TextField(blank=True)
    first_failed = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    check_at = models.DateTimeField("read back at", null=True)
    created = models.DateTimeField(default=timezone.now, editable=False)

    OWED = (Status.READY, Status.SENDING, Status.UNKNOWN)

    class Meta:
        verbose_name_plural = "deliveries"
        permissions = (("retry_delivery", "Can retry a delivery"),)
        constraints = (
            models.UniqueConstraint(fields=("payment", "kind"), name="delivery_once"),
            models.CheckConstraint(
                condition=~Q(status="delivered") | Q(delivered_at__isnull=False),
                name="delivery_delivered_has_time",
            ),
        )
        indexes = (
            models.Index(
                F("not_before"),
                condition=Q(status__in=("ready", "sending", "unknown")),
                name="delivery_owed",
            ),
            models.Index(
                F("check_at"), condition=Q(check_at__isnull=False), name="delivery_to_check"
            ),
            models.Index(fields=("status", "-created"), name="delivery_by_status"),
            models.Index(
                fields=("biller",), condition=Q(lease_until__isnull=False), name="delivery_leased"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.payment.reference}"


class Attempt(models.Model):
    """One call to WHMCS about a delivery. A send is written before it leaves.

    request, response  without secrets, capped.
    """

    class Kind(models.TextChoices):
        LOOK = "look", "look"
        SEND = "send", "send"

    class Outcome(models.TextChoices):
        OPEN = "open", "open: no answer yet"
        DONE = "done", "done"
        REFUSED = "refused", "refused"
        LATER = "later", "did not happen, again later"
        UNKNOWN = "unknown", "unknown: may have happened"
        FOUND = "found", "found in WHMCS"
        ABSENT = "absent", "not in WHMCS"

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    epoch = models.PositiveIntegerField()
    kind = models.CharField(max_length=4, choices=Kind.choices)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.OPEN)
    sent_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=20, blank=True)
    message = models.TextField(blank=True)
    http_status = models.PositiveIntegerField(null=True)
    request = models.JSONField(default=dict)
    response = models.TextField(blank=True)

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("delivery", "number"), name="attempt_once"),
            models.UniqueConstraint(
                fields=("delivery",), condition=Q(outcome="open"), name="attempt_one_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"


class AuditEvent(models.Model):
    """What a person did to money or settings: who, when, what, why. Rows are only ever added."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, null=True)
    actor = models.CharField(max_length=150)
    verb = models.CharField(max_length=60)
    target = models.CharField(max_length=120)
    target_id = models.BigIntegerField()
    reason = models.TextField(blank=True)
    detail = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-pk")
        indexes = (models.Index(fields=("target", "target_id"), name="audit_target"),)

    def __str__(self) -> str:
        return f"{self.actor}: {self.verb} {self.target} {self.target_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise Immutable("audit events are only ever added")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise Immutable("audit events are not deleted")


class Lane(models.Model):
    """A stretch of the road that a worker drains: when it was last woken and last ran."""

    name = models.CharField(max_length=20, primary_key=True)
    woken_at = models.DateTimeField(null=True)
    ran_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
