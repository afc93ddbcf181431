"""A biller's breaker: after several failed calls in a row it is probed by one call at a time."""

from datetime import datetime, timedelta

from django.db.models import F

from ledger.models import Biller

AFTER = 5
STEP, MOST = timedelta(seconds=60), timedelta(minutes=15)


def answered(biller: Biller, now: datetime) -> None:
    """The biller gave a whole answer: it is in order, and so are we with it."""
    Biller.objects.filter(pk=biller.pk).update(
        failures=0, open_until=None, last_ok=now, last_error=""
    )


def failed(biller: Biller, message: str, now: datetime) -> None:
    """A call brought nothing; from some number on the next ones wait."""
    Biller.objects.filter(pk=biller.pk).update(failures=F("failures") + 1, last_error=message)
    failures = Biller.objects.values_list("failures", flat=True).get(pk=biller.pk)
    if failures >= AFTER:
        pause = min(STEP * 2 ** min(failures - AFTER, 5), MOST)
        Biller.objects.filter(pk=biller.pk).update(open_until=now + pause)


def reported(biller: Biller, message: str) -> None:
    """A call beside the outbox failed: shown to staff, without slowing the outbox down."""
    Biller.objects.filter(pk=biller.pk).update(last_error=message)
