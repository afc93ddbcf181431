"""Wake-ups: one is enough, a lost one is made good, and nothing depends on them."""

from datetime import timedelta

import pytest

from gateways import tasks as gateway_tasks
from ledger import ports, tasks
from ledger.models import Lane

pytestmark = pytest.mark.django_db

OUTBOX = "ledger.tasks.drain_outbox"


def test_many_wakes_before_the_drain_starts_are_one_task(no_queue: list[str]) -> None:
    for _ in range(5):
        tasks.wake_outbox()
    assert no_queue == [OUTBOX]


def test_wake_while_the_drain_runs_is_a_new_task(no_queue: list[str]) -> None:
    tasks.wake_outbox()
    tasks.starting(tasks.OUTBOX)
    tasks.wake_outbox()
    assert no_queue == [OUTBOX, OUTBOX]


def test_lost_wake_up_is_made_good_by_the_next_sweep(no_queue: list[str]) -> None:
    tasks.wake_outbox()
    Lane.objects.update(woken_at=ports.system_now() - timedelta(seconds=59))
    gateway_tasks.sweep()
    assert no_queue == [OUTBOX, "gateways.tasks.drain_inbox", OUTBOX]


def test_running_drain_shows_that_a_worker_lives() -> None:
    tasks.drain_outbox()
    lane = Lane.objects.get(name=tasks.OUTBOX)
    assert lane.ran_at is not None
    assert lane.woken_at is None


def test_schedules_are_what_the_code_says() -> None:
    from django_q.models import Schedule

    Schedule.objects.create(name="from an older version", func="os.getpid")
    gateway_tasks.install_schedules()
    assert set(Schedule.objects.values_list("name", flat=True)) == set(gateway_tasks.SCHEDULES)
