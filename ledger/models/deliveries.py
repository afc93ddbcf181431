"""What WHMCS must hear, and every call about it."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ledger.models.bookings import Bill, Payment
from ledger.models.tenants import Biller, Merchant


class Delivery(models.Model):
    """What we owe WHMCS to know about one payment: the booking itself, then a line in its log.

    not_before   the next try; stored, so that a restart waits as long as a running worker would.
    lease_until, epoch  one worker at a time; each claim raises the epoch, a late writer sees it.
    mode         how the last send booked it; a top-up is looked for where it was sent, whatever
                 the biller's settings say by then.
    check_at     when a delivered row is read back from WHMCS (after an hour, after a day).
    """

    class Kind(models.TextChoices):
        BOOKING = "booking", _("booking")
        NOTE = "note", _("log line")

    class Status(models.TextChoices):
        READY = "ready", _("ready")
        SENDING = "sending", _("sending")
        UNKNOWN = "unknown", _("unknown: may have happened")
        DELIVERED = "delivered", _("delivered")
        PARKED = "parked", _("parked: a person must look")
        REFUSED = "refused", _("refused")

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT)
    biller = models.ForeignKey(Biller, on_delete=models.PROTECT)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="deliveries")
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="deliveries")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.BOOKING)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.READY)
    not_before = models.DateTimeField(_("next try"))
    lease_until = models.DateTimeField(null=True)
    epoch = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    mode = models.CharField(max_length=12, blank=True)
    code = models.CharField(max_length=20, blank=True)
    last_message = models.TextField(blank=True)
    way_out = models.TextField(blank=True)
    first_failed = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    check_at = models.DateTimeField(_("read back at"), null=True)
    created = models.DateTimeField(default=timezone.now, editable=False)

    OWED = (Status.READY, Status.SENDING, Status.UNKNOWN)

    class Meta:
        verbose_name, verbose_name_plural = _("delivery"), _("deliveries")
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
        return gettext("{kind} of {reference}").format(
            kind=self.get_kind_display(), reference=self.payment.reference
        )


class Attempt(models.Model):
    """One call to WHMCS about a delivery. A send is written before it leaves.

    request, response  without secrets, capped.
    """

    class Kind(models.TextChoices):
        LOOK = "look", _("look")
        SEND = "send", _("send")

    class Outcome(models.TextChoices):
        OPEN = "open", _("open: no answer yet")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")
        LATER = "later", _("did not happen, again later")
        UNKNOWN = "unknown", _("unknown: may have happened")
        FOUND = "found", _("found in WHMCS")
        ABSENT = "absent", _("not in WHMCS")

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
        verbose_name, verbose_name_plural = _("attempt"), _("attempts")
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("delivery", "number"), name="attempt_once"),
            models.UniqueConstraint(
                fields=("delivery",), condition=Q(outcome="open"), name="attempt_one_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"
