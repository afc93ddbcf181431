"""Messages that came."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.models.gateways import Gateway
from gateways.models.orders import Order
from ledger.models import Merchant


class Callback(models.Model):
    """One message an outside party sent us, kept byte for byte, with our verdict on it.

    times  how often the same bytes came. A doorbell (unsigned, "look at order X") is worked
           again each time; a signed message is worked once.
    """

    class Status(models.TextChoices):
        NEW = "new", _("new")
        DONE = "done", _("done")
        FAILED = "failed", _("failed: a person must look")
        REJECTED = "rejected", _("rejected")

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT)
    # No index of its own where another leads with it: each one costs every webhook.
    gateway = models.ForeignKey(
        Gateway, on_delete=models.PROTECT, related_name="callbacks", db_index=False
    )
    # The phone that forwarded it, where it was one.
    phone = models.ForeignKey(
        "gateways.Phone",
        on_delete=models.PROTECT,
        null=True,
        related_name="callbacks",
        db_index=False,
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
        verbose_name, verbose_name_plural = _("callback"), _("callbacks")
        permissions = (("process_callback", "Can process a callback again"),)
        constraints = (models.UniqueConstraint(fields=("gateway", "digest"), name="callback_once"),)
        indexes = (
            models.Index(F("not_before"), condition=Q(status="new"), name="callback_due"),
            models.Index(F("order"), condition=Q(order__isnull=False), name="callback_of_order"),
            models.Index(fields=("status", "-last_seen"), name="callback_by_status"),
        )

    def __str__(self) -> str:
        return gettext("callback {number}").format(number=self.pk)
