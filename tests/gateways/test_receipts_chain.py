"""The balance chain in rows: genuine messages match in any order, what fits nowhere never does."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from gateways.models import Balance, Order, Receipt, VodafoneCashGateway, Wallet
from gateways.receipts import balances, claiming, deciding
from ledger import ports
from ledger.models import Payment
from ledger.money import Money
from tests.conftest import SetClock
from tests.gateways.test_receipts import an_order, claimed, forwarded, text_of
from tests.gateways.wallet_rows import PAYER, a_store
from tests.ledger.rows import FakeBiller, a_biller

pytestmark = pytest.mark.django_db

OTHER = "01100000202"


@pytest.fixture
def store(whmcs: FakeBiller) -> VodafoneCashGateway:
    """A wallet that was told to hold 1000.00 two hours ago."""
    store = a_store(a_biller().merchant)
    before = ports.system_now() - timedelta(hours=2)
    assert "waiting" in forwarded(
        store, text_of("100.00", balance="1000.00", phone=OTHER, at=before), sent=before
    )
    return store


def ago(minutes: int) -> datetime:
    return ports.system_now() - timedelta(minutes=minutes)


def money_in(
    store: VodafoneCashGateway,
    amount: int,
    balance: int | None,
    minutes: int,
    phone: str = OTHER,
    reference: str = "",
) -> Receipt:
    """A message that was sent so many minutes ago comes now."""
    at = ago(minutes)
    told = "" if balance is None else f"{balance}.00"
    text = text_of(f"{amount}.00", balance=told, phone=phone, at=at, reference=reference)
    forwarded(store, text, sent=at)
    return Receipt.objects.latest("pk")


def money_out(store: VodafoneCashGateway, amount: int, balance: int, minutes: int) -> None:
    text = f"تم تحويل مبلغ {amount}.00 جنيه لرقم 01000000999. رصيدك الحالي: {balance}.00 جنيه"
    forwarded(store, text, sent=ago(minutes))


def status(receipt: Receipt) -> str:
    receipt.refresh_from_db()
    return receipt.status


def test_a_late_message_that_fits_nowhere_waits_and_does_not_move_the_chain(
    store: VodafoneCashGateway,
) -> None:
    money_in(store, 100, 1_100, 10)
    forged = money_in(store, 500, 7_500, 60)

    assert status(forged) == "review"
    assert "does not follow from 1000.00 EGP" in forged.reason
    assert not Balance.objects.filter(receipt=forged).exists()
    assert status(money_in(store, 50, 1_150, 5)) == "new"


def test_a_late_message_that_fits_before_it_is_fine(store: VodafoneCashGateway) -> None:
    money_in(store, 100, 1_300, 10)
    assert status(money_in(store, 200, 1_200, 60)) == "new"
    assert not Receipt.objects.filter(status="review").exists()
    assert Wallet.objects.get().balance_units == 130_000


def test_what_could_not_be_checked_yet_matches_once_the_missing_message_comes(
    store: VodafoneCashGateway,
) -> None:
    order = an_order(store)
    claimed(store, order)
    late = money_in(store, 500, 1_700, 10, phone="01012345678")
    assert status(late) == "review"
    money_in(store, 200, 1_200, 20)

    assert status(late) == "matched"
    order.refresh_from_db()
    assert order.status == Order.Status.PAID


def test_money_that_went_out_is_a_part_of_the_chain(store: VodafoneCashGateway) -> None:
    after = money_in(store, 50, 250, 10)
    assert status(after) == "review"
    money_out(store, 800, 200, 20)
    assert status(after) == "new"
    # One that went out before comes late, and ends nothing.
    money_out(store, 10, 990, 90)
    assert status(money_in(store, 10, 1_000, 60)) == "new"
    assert Wallet.objects.get().balance_units == 25_000


def test_a_stamp_of_tomorrow_on_money_that_went_out_does_not_end_the_chain(
    store: VodafoneCashGateway,
) -> None:
    money_out(store, 10, 990, -24 * 60)
    at = ago(0) + timedelta(minutes=3)
    forwarded(store, text_of("500.00", balance="9999.00"), sent=at, clock=lambda: at)
    assert Receipt.objects.latest("pk").status == "review"


@pytest.fixture
def sparing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wallet whose messages print their balance only at times, as e& money's."""
    monkeypatch.setattr(balances, "PRINTING", frozenset())


def test_a_message_that_keeps_the_balance_to_itself_waits(store: VodafoneCashGateway) -> None:
    """Who forges one in the wallet's own name does not know the balance."""
    order = an_order(store)
    assert claimed(store, order) == "not_found"
    assert status(money_in(store, 10, 1_010, 40)) == "new"
    silent = money_in(store, 500, None, 30, PAYER)
    assert status(silent) == "review"
    assert "prints no balance" in silent.reason

    # Its money is missed by the next one, until a person has looked at the wallet.
    after = money_in(store, 20, 1_530, 20)
    assert status(after) == "review"
    deciding.match(silent.pk, order.pk, actor="ann", reason="it is there", now=ports.system_now())
    forwarded(store, text_of("30.00", balance="1560.00", phone=OTHER))
    assert status(after) == "new"


def test_the_first_messages_of_a_wallet_may_lack_their_balance(whmcs: FakeBiller) -> None:
    store = a_store(a_biller().merchant)
    assert status(money_in(store, 500, None, 30)) == "new"
    assert status(money_in(store, 600, None, 20)) == "new"


def test_messages_without_a_balance_count_at_the_next_one(
    store: VodafoneCashGateway, sparing: None
) -> None:
    silent = [money_in(store, amount, None, 40 - amount) for amount in (10, 20)]
    assert [status(each) for each in silent] == ["new", "new"]
    assert status(money_in(store, 500, 1_530, 5)) == "new"
    assert status(money_in(store, 500, 2_040, 4)) == "review"


@pytest.mark.parametrize("seed", range(6))
def test_a_genuine_series_matches_in_any_order_and_any_batches(
    store: VodafoneCashGateway, seed: int, sparing: None
) -> None:
    random = Random(seed)
    orders: list[Order] = []
    coming: list[tuple[Any, tuple[Any, ...]]] = []
    balance = 1_000
    for number in range(9):
        minutes, amount = 27 - 3 * number, 100 * (number + 1)
        payer = f"0100000070{number}"
        kind = random.choice(["in", "in", "out", "silent"])
        if kind == "out":
            balance -= 30
            coming.append((money_out, (30, balance, minutes)))
            continue
        balance += amount
        order = an_order(store, f"{amount // 50}.00", client=str(number))
        assert claimed(store, order, payer) == "not_found"
        orders.append(order)
        coming.append((money_in, (amount, None if kind == "silent" else balance, minutes, payer)))
    random.shuffle(coming)
    # In the midst of it somebody forges one more.
    coming.insert(random.randrange(len(coming)), (money_in, (300, 77_777, 14, "01000000799")))
    for arrives, told in coming:
        arrives(store, *told)

    for order in orders:
        order.refresh_from_db()
    assert {order.status for order in orders} == {"paid"}
    waiting = Receipt.objects.filter(status="review")
    assert [receipt.payer_phone for receipt in waiting] == ["01000000799"]


def test_whoever_matches_one_frees_those_that_follow_from_it(store: VodafoneCashGateway) -> None:
    order, paid = an_order(store), an_order(store, client="8")
    claimed(store, paid, OTHER)
    lost = money_in(store, 500, 3_500, 20, phone="01012345678")
    follows = money_in(store, 500, 4_000, 10)
    assert [status(lost), status(follows)] == ["review", "review"]

    deciding.match(lost.pk, order.pk, actor="ann", reason="seen", now=ports.system_now())

    assert status(follows) == "matched"
    assert Payment.objects.count() == 2


def test_a_message_is_not_freed_from_its_other_doubts(store: VodafoneCashGateway) -> None:
    old = money_in(store, 5, 885, 3 * 24 * 60)
    assert [code for code, _ in old.why] == ["too_old", "balance_before"]
    money_in(store, 15, 900, 3 * 24 * 60 - 30)
    assert status(old) == "review"
    assert [code for code, _ in old.why] == ["too_old"]


def test_nothing_is_freed_that_a_person_has_dismissed_or_that_is_too_old(
    store: VodafoneCashGateway, clock: SetClock
) -> None:
    mine = money_in(store, 500, 1_700, 10)
    deciding.dismiss(mine.pk, actor="ann", reason="mine", now=ports.system_now())
    money_in(store, 200, 1_200, 20)
    assert status(mine) == "dismissed"

    apart = money_in(store, 500, 9_000, 5)
    clock.forward(days=3)
    text = text_of("7300.00", balance="8500.00", at=ago(6))
    forwarded(store, text, sent=ago(6), clock=clock)
    assert status(apart) == "review"
    assert claiming.expire(clock()) == 0


def test_whoever_died_before_he_offered_it_is_made_up_for(store: VodafoneCashGateway) -> None:
    order, wallet = an_order(store), Wallet.objects.get()
    claimed(store, order)
    late = money_in(store, 500, 1_700, 10, phone="01012345678")
    balances.told(wallet, Money.parse("1200", "EGP"), ago(20))
    assert balances.heal(wallet, ports.system_now()) == [late.pk]
    assert status(late) == "new"

    money_in(store, 50, 1_750, 1)

    assert status(late) == "matched"
