"""Random weather at the relay: coins in any order and amount, faults, dying workers, passing time.

GATEBOOK_SEEDS as in test_swarm.py.
"""

import os
import random
from collections import Counter

import pytest

from gateways import accounts
from gateways.models import Order
from ledger import reconcile
from ledger.models import Attempt, Delivery
from ledger.money import Money
from tests.conftest import SetClock
from tests.flows.test_crashes import Steps, work_until_death
from tests.flows.test_swarm import WHMCS_CALLS, WHMCS_FAULTS
from tests.relay_world import RelayShop

SEEDS = int(os.environ.get("GATEBOOK_SEEDS", "4"))
RELAY_FAULTS = "refuse 500 503 html truncated 429 wrong_signature unsigned".split()
PAYMENTS = "exact partial partial rest over twice dust".split()


class Weather:
    def __init__(
        self, shop: RelayShop, clock: SetClock, seed: int, patch: pytest.MonkeyPatch
    ) -> None:
        self.shop, self.clock, self.patch = shop, clock, patch
        self.chance = random.Random(seed)
        self.orders: list[Order] = []
        # What ever came for each offer, also what a reorganised chain forgot again.
        self.ever: Counter[str] = Counter()
        self.forgotten: set[str] = set()

    def open_orders(self) -> None:
        for coin in ("XMR", "BTC", "XMR"):
            amount = f"{self.chance.randint(1, 300)}.{self.chance.randint(0, 99):02}"
            self.orders.append(self.shop.offer(self.shop.new_invoice(amount), coin))

    def step(self) -> None:
        happen = self.chance.choice(
            [self.pay, self.pay, self.mine, self.mine, self.fault, self.work, self.work, self.die]
        )
        if self.chance.random() < 0.04:
            happen = self.reorg
        happen()
        self.clock.forward(seconds=self.chance.choice([1, 20, 100, 400, 1000]))

    def pay(self) -> None:
        order, action = self.chance.choice(self.orders), self.chance.choice(PAYMENTS)
        held = self.shop.relay_offer(order)
        if action == "rest" and held["received"] >= held["amount"]:
            action = "dust"
        before = self.came(order)
        self.shop.send(order, action)
        self.ever[order.provider_reference] += self.came(order) - before

    def came(self, order: Order) -> int:
        held = self.shop.relay_offer(order)["received"]
        return Money.parse(held, order.pay_currency).units

    def reorg(self) -> None:
        order = self.chance.choice(self.orders)
        if self.came(order):
            self.forgotten.add(order.provider_reference)
        self.shop.reorg(order)

    def mine(self) -> None:
        self.shop.mine(self.chance.choice([1, 3, 10]), lost=self.chance.random() < 0.4)

    def fault(self) -> None:
        if self.chance.random() < 0.5:
            kind, on = self.chance.choice(WHMCS_FAULTS), self.chance.choice(WHMCS_CALLS)
            self.shop.sandbox.faults("whmcs", kind, on, times=self.chance.randint(1, 4))
        else:
            kind = self.chance.choice(RELAY_FAULTS)
            self.shop.sandbox.faults("haveno", kind, "offer", times=self.chance.randint(1, 3))

    def work(self) -> None:
        self.shop.work()
        self.shop.poll()

    def die(self) -> None:
        work_until_death(self.shop, Steps(self.chance.randint(0, 250)), self.patch)

    def clear_up(self) -> None:
        """Faults off, everything is mined, and two days pass."""
        for party in ("whmcs", "haveno"):
            self.shop.sandbox.no_faults(party)
        self.shop.mine(20)
        for _ in range(32):
            self.clock.forward(minutes=90)
            self.work()
            reconcile.read_back(clock=self.clock)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_is_lost_doubled_or_unearned_in_any_weather(
    relay_shop: RelayShop, clock: SetClock, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    accounts.forget()
    weather = Weather(relay_shop, clock, seed, monkeypatch)
    weather.open_orders()

    for _ in range(25):
        weather.step()
    weather.clear_up()

    for order in Order.objects.all():
        told = f"seed {seed}, {order}, {order.status}"
        came = Money.parse(relay_shop.relay_offer(order)["received"], order.pay_currency)
        assert order.confirmed == came, told
        booked = relay_shop.everything_booked(order)
        total = sum(units for _, units in booked)
        assert len({reference for reference, _ in booked}) == len(booked), told
        if order.provider_reference in weather.forgotten:
            # Whatever was booked for what is gone stays, and a person is told.
            ever = Money(weather.ever[order.provider_reference], order.pay_currency)
            assert total <= order.due.share(ever, order.asked).units, told
            gone = total > order.due.share(came, order.asked).units
            assert order.attention or not gone, told
        elif order.status == "paid":
            worth = order.due.share(came, order.asked).units
            # Each booking is rounded down by itself.
            assert worth - len(booked) < total <= worth, told
        else:
            assert total == 0, told
            assert order.status == ("review" if came.units else "expired"), told
            assert bool(order.attention) == bool(came.units), told
    assert not Attempt.objects.filter(outcome="open").exists()
    owed = Delivery.objects.exclude(status="delivered")
    assert list(owed.values_list("status", "last_message")) == []
