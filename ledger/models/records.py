"""What people did, and when workers ran."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger.models.bookings import Immutable
from ledger.models.tenants import Merchant


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
        verbose_name, verbose_name_plural = _("audit event"), _("audit events")
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
