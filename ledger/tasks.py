"""Wake-ups. Rows carry the work; losing a task here delays it by at most a minute."""

from collections.abc import Callable
from datetime import timedelta

from django.db.models import Q
from django_q.tasks import async_task

from ledger import ports
from ledger.models import Lane

# A drain is woken again after this, even if the last wake-up seems to be waiting still: the Redis
# broker forgets what it handed to a cluster that died. Less than the minute between two sweeps.
WAKE_AGAIN = timedelta(seconds=50)
INBOX, OUTBOX, POLLING = "inbox", "outbox", "polling"
_DRAINS = {
    INBOX: "gateways.tasks.drain_inbox",
    OUTBOX: "ledger.tasks.drain_outbox",
    POLLING: "gateways.tasks.poll_orders",
}


def enqueue(path: str) -> None:
    """Hand one call to the queue."""
    async_task(path)


def wake(lane: str) -> None:
    """Ask a worker to drain a lane, unless one has been asked and has not started yet."""
    now = ports.system_now()
    waiting = Q(woken_at__isnull=True) | Q(woken_at__lt=now - WAKE_AGAIN)
    woken = Lane.objects.filter(waiting, name=lane).update(woken_at=now)
    if not woken:
        _, woken = Lane.objects.get_or_create(name=lane, defaults={"woken_at": now})
    if woken:
        enqueue(_DRAINS[lane])


def wake_outbox() -> None:
    wake(OUTBOX)


def starting(lane: str) -> None:
    """A drain begins: whatever comes from now on needs a new wake-up."""
    Lane.objects.update_or_create(
        name=lane, defaults={"woken_at": None, "ran_at": ports.system_now()}
    )


def drain_outbox() -> int:
    from ledger.outbox import delivering  # it books through settlement, which wakes us

    starting(OUTBOX)
    return _drained(delivering.drain)


def check_delivered() -> int:
    from ledger import reconcile

    return _drained(reconcile.read_back)


def _drained(work: Callable[..., int]) -> int:
    return work(clock=ports.database_now)
