"""What was owed, what came."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from ledger.models.tenants import Biller, Merchant
from ledger.money import Money

CURRENCY_LENGTH = 12


class Immutable(Exception):
    """The row records what happened and is never changed."""


class Bill(models.Model):
    """What WHMCS wants paid: an invoice, or a client's top-up.

    due_units  what was still to pay when WHMCS was last asked, plus what we had booked by then.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("invoice")
        CREDIT = "credit", _("top-up")

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        PART_PAID = "part_paid", _("part paid")
        PAID = "paid", _("paid")
        OVERPAID = "overpaid", _("overpaid")

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT)
    biller = models.ForeignKey(Biller, on_delete=models.PROTECT)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.INVOICE)
    reference = models.CharField(_("invoice"), max_length=64)
    number = models.CharField(_("invoice number"), max_length=64, blank=True)
    client = models.CharField(_("client id"), max_length=64)
    currency = models.CharField(max_length=CURRENCY_LENGTH)
    due_units = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("bill"), _("bills")
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
    def english(self) -> str:
        """Its name in rows and logs, whoever acts; screens show it in the reader's language."""
        with translation.override("en"):
            return str(self)

    @property
    def due(self) -> Money:
        return Money(self.due_units, self.currency)


class Payment(models.Model):
    """Money received and booked against one bill, once. The row never changes.

    reference   the transaction id under which it is booked: "SC-1042-9f...", unique per gateway.
    credit      what it is worth to the bill, in the bill's currency.
    received    what the payer sent, where the provider told: units and currency, else null and "".
    payer       the wallet that paid, where it is known.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="payments")
    gateway = models.ForeignKey("gateways.Gateway", on_delete=models.PROTECT)
    method = models.CharField(max_length=40)
    reference = models.CharField(_("transaction id"), max_length=64)
    credit_units = models.BigIntegerField()
    currency = models.CharField(max_length=CURRENCY_LENGTH)
    received_units = models.BigIntegerField(null=True)
    received_currency = models.CharField(max_length=CURRENCY_LENGTH, blank=True)
    detail = models.TextField(blank=True)
    # Null, not "": so SQLite adds the column in place and keeps the table's triggers.
    payer = models.CharField(max_length=40, null=True, blank=True)
    booked_by = models.CharField(max_length=150, blank=True)
    created = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    class Meta:
        verbose_name, verbose_name_plural = _("payment"), _("payments")
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
