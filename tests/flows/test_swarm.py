"""Random weather: payments, faults of both parties, dying workers and passing time, by seed.

GATEBOOK_SEEDS sets how many seeds run (`make soak` runs many); a failing seed is printed, and the
same seed makes the same weather again.
"""

import os
import random

import pytest

from gateways.models import Order
from ledger import reconcile
from ledger.models import Attempt, Delivery
from tests.conftest import SetClock
from tests.flows.test_crashes import Steps, work_until_death
from tests.world import Shop, transid

SEEDS = int(os.environ.get("GATEBOOK_SEEDS", "6"))

WHMCS_FAULTS = "refuse lost_answer 500 503 504_after html empty truncated redirect 429".split()
WHMCS_CALLS = "GetTransactions GetInvoice AddInvoicePayment LogActivity GetActivityLog *".split()
PROVIDER_FAULTS = "refuse 500 503 html truncated 429".split()
# What a payer or the provider may do, and whether money has come by it.
HAPPENINGS = {"pay": True, "over": True, "pending": False, "expire": False, "test": False}


class Weather:
    def __init__(self, shop: Shop, clock: SetClock, seed: int, patch: pytest.MonkeyPatch) -> None:
        self.shop, self.clock, self.patch = shop, clock, patch
        self.chance = random.Random(seed)
        self.paid: set[int] = set()
        self.orders: list[Order] = []

    def open_orders(self) -> None:
        for _ in range(3):
            amount = f"{self.chance.randint(1, 300)}.{self.chance.randint(0, 99):02}"
            self.orders.append(self.shop.pay(self.shop.new_invoice(amount)))

    def step(self) -> None:
        self.chance.choice([self.happen, self.happen, self.fault, self.work, self.work, self.die])()
        self.clock.forward(seconds=self.chance.choice([1, 20, 100, 400, 4000]))

    def happen(self) -> None:
        order = self.chance.choice(self.orders)
        if order.pk in self.paid:
            self.shop.sandbox.resend(order, times=self.chance.randint(1, 3))
            return
        action = self.chance.choice(list(HAPPENINGS))
        lost = self.chance.random() < 0.2
        self.shop.sandbox.act(order, action, callback=not lost)
        if HAPPENINGS[action]:
            self.paid.add(order.pk)

    def fault(self) -> None:
        if self.chance.random() < 0.6:
            kind, on = self.chance.choice(WHMCS_FAULTS), self.chance.choice(WHMCS_CALLS)
            self.shop.sandbox.faults("whmcs", kind, on, times=self.chance.randint(1, 4))
        else:
            kind = self.chance.choice(PROVIDER_FAULTS)
            self.shop.sandbox.faults("spectrocoin", kind, "*", times=self.chance.randint(1, 3))

    def work(self) -> None:
        self.shop.work()
        self.shop.poll()

    def die(self) -> None:
        work_until_death(self.shop, Steps(self.chance.randint(0, 250)), self.patch)

    def clear_up(self) -> None:
        """Faults off, and two days pass."""
        for party in ("whmcs", "spectrocoin"):
            self.shop.sandbox.no_faults(party)
        for _ in range(32):
            self.clock.forward(minutes=90)
            self.work()
            reconcile.read_back(clock=self.clock)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_is_lost_doubled_or_unearned_in_any_weather(
    shop: Shop, clock: SetClock, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    shop.speak("current", "json" if seed % 2 else "form")
    weather = Weather(shop, clock, seed, monkeypatch)
    weather.open_orders()

    for _ in range(25):
        weather.step()
    weather.clear_up()

    for order in Order.objects.select_related("bill"):
        booked = shop.sandbox.booked_on(order.bill.reference)
        amount = order.due.amount
        # A test payment may come first, and then nothing of that order is ever settled.
        earned = order.pk in weather.paid and order.status != "test"
        assert booked == ([(transid(order), amount)] if earned else []), f"seed {seed}, {order}"
    assert not Attempt.objects.filter(outcome="open").exists()
    owed = Delivery.objects.exclude(status="delivered")
    assert list(owed.values_list("status", "last_message")) == []
