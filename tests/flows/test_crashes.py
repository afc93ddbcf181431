"""The worker dies between any two steps: nothing is lost, nothing is booked twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.db import Error, connection, connections
from django.db.models import F

from gateways import accounts
from gateways.models import Order
from gateways.orders import polling
from ledger.models import Attempt, Delivery
from tests.conftest import SetClock
from tests.environment import ROOT
from tests.relay_world import RelayShop
from tests.world import Shop, transid


class Died(BaseException):
    """The process is gone: no handler for ordinary errors may see it."""


class Steps:
    """Counts every SQL statement, commit and HTTP call, and dies at the one that is asked for.

    A statement, a commit and a call are two steps each: before it, and after it took effect but
    before our code heard of it. The connection is cut first, so that nothing on the way out can
    still commit.
    """

    def __init__(self, die_at: int | None) -> None:
        self.die_at, self.count, self.died_in = die_at, 0, ""

    def step(self, where: str) -> None:
        if self.count == self.die_at:
            self.died_in = where
            cut()
            raise Died(where)
        self.count += 1

    def sql(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        self.step(f"before {sql}"[:90])
        answer = execute(sql, params, many, context)
        self.step(f"after {sql}"[:90])
        return answer

    @contextmanager
    def watching(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        really_commit: Any = connection._commit  # type: ignore[attr-defined]
        really_send = requests.Session.send

        def commit() -> Any:
            self.step("before COMMIT")
            really_commit()
            self.step("after COMMIT")

        def send(session: requests.Session, request: Any, **options: Any) -> Any:
            self.step(f"before {request.method} {request.body or request.url}"[:90])
            answer = really_send(session, request, **options)
            self.step(f"after {request.method} {request.body or request.url}"[:90])
            return answer

        with monkeypatch.context() as patch, connection.execute_wrapper(self.sql):
            patch.setattr(connection, "_commit", commit)
            patch.setattr(requests.Session, "send", send)
            yield


def cut() -> None:
    """End the connection as a dead process would: nothing uncommitted stays."""
    raw = connection.connection
    if raw is None:
        return
    if connection.vendor == "sqlite":
        # A closed SQLite connection keeps its lock while an unread cursor is alive somewhere.
        raw.rollback()
    raw.close()


def work_until_death(shop: Shop, steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    perish(shop.work, steps, monkeypatch)


def perish(work: Callable[[], object], steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        with steps.watching(monkeypatch):
            work()
    except (Died, Error) as error:
        # On the way out Django trips over the connection that is gone.
        assert steps.died_in, error
        del connections["default"]
        # What the dead process remembered is gone with it.
        accounts.forget()


def heal(shop: Shop, clock: SetClock) -> None:
    for _ in range(8):
        clock.forward(seconds=200)
        shop.work()
        owed = Delivery.objects.filter(status__in=Delivery.OWED)
        if Order.objects.get(pk=shop_order(shop)).status == "paid" and not owed.exists():
            return


def shop_order(shop: Shop) -> int:
    return Order.objects.latest("pk").pk


@pytest.fixture(params=["form", "json", "coins", "wallet"])
def any_shop(request: pytest.FixtureRequest, transactional_db: None) -> Shop:
    """With SpectroCoin's callbacks of both kinds, with the relay's, or with a phone's SMS."""
    if request.param == "coins":
        relay_shop: Shop = request.getfixturevalue("relay_shop")
        return relay_shop
    if request.param == "wallet":
        store_shop: Shop = request.getfixturevalue("store_shop")
        return store_shop
    shop: Shop = request.getfixturevalue("shop")
    shop.speak("current", request.param)
    return shop


def test_death_between_any_two_steps_books_exactly_once(
    any_shop: Shop, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = any_shop
    shop.paid_order()
    quiet = Steps(die_at=None)
    with quiet.watching(monkeypatch):
        shop.work()
    assert quiet.count > 100

    # The steps are the same on both databases; a third of them shows what only PostgreSQL does.
    every = 3 if connection.vendor == "postgresql" else 1
    for die_at in range(0, quiet.count, every):
        invoice, order = shop.paid_order()
        steps = Steps(die_at)
        work_until_death(shop, steps, monkeypatch)
        heal(shop, clock)

        told = f"died at step {die_at}, {steps.died_in}"
        assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")], told
        order.refresh_from_db()
        assert order.status == "paid", told
        assert order.payment
        statuses = set(order.payment.deliveries.values_list("status", flat=True))
        assert statuses == {"delivered"}, told
        assert not Attempt.objects.filter(outcome="open").exists(), told


def test_death_during_the_last_look_leaves_no_money_without_a_person(
    transactional_db: None, relay_shop: RelayShop, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Money was seen for an offer and never became final; then the watch over it ends."""
    order = relay_shop.offer(relay_shop.new_invoice("15.99"))
    relay_shop.send(order)
    relay_shop.look(order)

    def look_last(steps: Steps) -> None:
        Order.objects.filter(pk=order.pk).update(attention="", flagged="", poll_at=clock())
        relay_shop.ends(order, polling.WATCHED + timedelta(hours=1))
        perish(lambda: polling.poll(clock=clock), steps, monkeypatch)

    quiet = Steps(die_at=None)
    look_last(quiet)
    assert quiet.count > 30
    order.refresh_from_db()
    assert "never became final" in order.attention
    assert order.poll_at is None

    for die_at in range(quiet.count):
        steps = Steps(die_at)
        look_last(steps)
        clock.forward(seconds=200)
        polling.poll(clock=clock)

        order.refresh_from_db()
        assert "never became final" in order.attention, f"died at {die_at}, {steps.died_in}"
        assert order.poll_at is None, f"died at {die_at}, {steps.died_in}"


def test_killed_cluster_is_replaced_and_the_payment_is_booked_once(shop: Shop) -> None:
    """Real processes: kill -9 while WHMCS is at work on AddInvoicePayment."""
    shop.speak("current", "form")
    invoice, order = shop.paid_order()
    shop.sandbox.faults("whmcs", "slow_after", "AddInvoicePayment", seconds=20)

    first = cluster()
    try:
        wait_for(lambda: bool(shop.sandbox.booked_on(invoice)), "the first send")
    finally:
        kill(first)
    assert shop.delivery(order).status == "sending"

    # The time that leases and the quiet period take, without waiting for it.
    passed = timedelta(minutes=10)
    Delivery.objects.update(lease_until=F("lease_until") - passed)
    Attempt.objects.update(sent_at=F("sent_at") - passed)

    second = cluster()
    try:
        wait_for(lambda: shop.delivery(order).status == "delivered", "the delivery")
    finally:
        kill(second)

    assert shop.sandbox.booked_on(invoice) == [(transid(order), "15.99")]


def cluster() -> "subprocess.Popen[bytes]":
    """A django-q2 cluster of its own, on the database of the tests."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{database['NAME']}"
    else:
        user, host, port = database["USER"], database["HOST"], database["PORT"]
        url = f"postgres://{user}:{database['PASSWORD']}@{host}:{port}/{database['NAME']}"
    environ = {**os.environ, "DATABASE_URL": url}
    wake = "from gateways import tasks; tasks.install_schedules()"
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", wake],
        cwd=ROOT,
        env=environ,
        check=True,
    )
    return subprocess.Popen(
        [sys.executable, "manage.py", "qcluster"], cwd=ROOT, env=environ, start_new_session=True
    )


def kill(process: "subprocess.Popen[bytes]") -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)


def wait_for(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        if happened():
            return
        time.sleep(0.3)
    raise AssertionError(f"{what} did not happen")
