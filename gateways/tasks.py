"""Wake-ups for arriving money, and what is done by the clock."""

import threading
from typing import Any

from django.db import connection
from django_q.models import Schedule

from gateways import accounts
from gateways.orders import polling
from gateways.receipts import claiming
from ledger import ports
from ledger.tasks import INBOX, POLLING, starting, wake, wake_outbox


def wake_inbox() -> None:
    wake(INBOX)


def drain_inbox() -> int:
    from gateways import inbox  # inbox wakes us when its budget runs out

    starting(INBOX)
    return inbox.drain(clock=ports.database_now)


def sweep() -> None:
    """Every minute: whatever a lost wake-up left lying. It only wakes, because both drains one after
    the other could take longer than a task may."""
    wake_inbox()
    wake_outbox()


def wake_polling() -> None:
    """Somebody looks at the page of an order that is to be asked about."""
    wake(POLLING)


def poll_orders() -> int:
    """Every few minutes, and while a payer looks: ask about open orders of which nothing was heard."""
    starting(POLLING)
    claiming.expire(ports.database_now())
    claiming.ask_platform_again(ports.database_now)
    return polling.poll(clock=ports.database_now)


def refresh_keys() -> int:
    """Hourly look for keys a day old: the providers' public keys, ahead of need."""
    return accounts.refresh_old_keys(ports.system_now())


# Name: path, every so many minutes.
SCHEDULES = {
    "sweep": ("gateways.tasks.sweep", 1),
    "poll orders": ("gateways.tasks.poll_orders", 3),
    "read delivered payments back": ("ledger.tasks.check_delivered", 10),
    "refresh provider keys": ("gateways.tasks.refresh_keys", 60),
}


def install_schedules(**kwargs: Any) -> None:
    """After every migrate: the schedules are what the code says, no more and no less."""
    for name, (path, minutes) in SCHEDULES.items():
        Schedule.objects.update_or_create(
            name=name,
            defaults={
                "func": path,
                "schedule_type": Schedule.MINUTES,
                "minutes": minutes,
                "repeats": -1,
            },
        )
    Schedule.objects.exclude(name__in=SCHEDULES).delete()


class _Waker(threading.Thread):
    """Wakes the inbox beside the request, at most a few times a second however many arrive."""

    def __init__(self) -> None:
        super().__init__(name="inbox-waker", daemon=True)
        self.rung = threading.Event()

    def run(self) -> None:
        while True:
            self.rung.wait()
            self.rung.clear()
            try:
                wake_inbox()
            except Exception:
                connection.close()
            ports.pause(0.2)


_waker: _Waker | None = None
_waker_lock = threading.Lock()


def wake_inbox_soon() -> None:
    """Wake the inbox without keeping the caller; enqueueing costs more than storing the message."""
    global _waker
    if _waker is None or not _waker.is_alive():
        with _waker_lock:
            if _waker is None or not _waker.is_alive():
                _waker = _Waker()
                _waker.start()
    _waker.rung.set()
