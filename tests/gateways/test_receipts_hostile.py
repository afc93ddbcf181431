"""Two workers at one transfer, forged and repeated references, and a worker that dies in between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gateways import inbox
from gateways.models import Callback, Claim, Order, Receipt, VodafoneCashGateway, Wallet
from gateways.orders import deciding as orders
from gateways.receipts import arriving, balances, claiming, deciding, joining
from ledger import ports
from ledger.models import Bill, Delivery, Payment
from ledger.money import Money
from ledger.outbox import deciding as outbox
from ledger.settlement import record_payment
from tests.conftest import SetClock
from tests.gateways.test_receipts import (
    E_MONEY,
    OTHER,
    Meanwhile,
    an_order,
    claimed,
    forwarded,
    joined,
    text_of,
    with_e_money,
)
from tests.gateways.wallet_rows import PAYER, a_receipt, a_store
from tests.ledger.rows import FakeBiller, a_bill, a_biller

pytestmark = pytest.mark.django_db

REFERENCE = "022200000777"
REVERSAL = (
    f"تم استرجاع مبلغ 500.00 جنيه من محفظتك الى رقم {PAYER} وذلك لإلغاء عملية رقم {REFERENCE}. "
    "رصيدك الحالي: 20.00 جنيه"
)


@pytest.fixture
def store(whmcs: FakeBiller) -> VodafoneCashGateway:
    return a_store(a_biller().merchant)


# --- two workers at one transfer --------------------------------------------------------------------
def test_two_apps_that_forward_one_sms_at_once_pay_once(store: VodafoneCashGateway) -> None:
    """One app tells the carrier's stamp and the other does not, so their copies look different."""
    with_e_money(store)
    first, second = an_order(store), an_order(store, client="8")
    at_once = Meanwhile(
        'INSERT INTO "gateways_receipt"', lambda: forwarded(store, E_MONEY, "e& money")
    )
    with connection.execute_wrapper(at_once):
        forwarded(store, E_MONEY, "e& money", sent=ports.system_now())
    assert at_once.done
    claimed(store, first)
    claimed(store, second)

    assert Payment.objects.count() == 1
    assert Receipt.objects.filter(status="review").get().why == [["repeat", {}]]


@pytest.mark.django_db(transaction=True)
def test_of_copies_in_many_workers_at_once_one_of_each_waits_for_its_claim(
    store: VodafoneCashGateway,
) -> None:
    with_e_money(store)
    now = ports.system_now()
    payers = [f"0101234567{number}" for number in range(6)]

    def copy(told: tuple[str, datetime | None]) -> str:
        try:
            return forwarded(store, E_MONEY.replace(PAYER, told[0]), "e& money", sent=told[1])
        finally:
            connection.close()

    copies = [(payer, sent) for payer in payers for sent in (None, now)]
    with ThreadPoolExecutor(len(copies)) as crowd:
        said = sorted(crowd.map(copy, copies))

    assert said == ["1 review"] * 6 + ["1 waiting"] * 6
    waiting = Receipt.objects.filter(status="new").values_list("payer_phone", flat=True)
    assert sorted(waiting) == payers


def test_a_transfer_that_is_matched_while_the_wallet_takes_it_back_is_before_a_person(
    store: VodafoneCashGateway,
) -> None:
    order = an_order(store)
    receipt = a_receipt(store, "500.00", transaction_id=REFERENCE)
    its_row = 'SELECT .* FROM "gateways_receipt" WHERE "gateways_receipt"."id" = '
    meanwhile = Meanwhile(its_row, lambda: claimed(store, order))
    with connection.execute_wrapper(meanwhile):
        forwarded(store, REVERSAL)
    assert meanwhile.done

    order.refresh_from_db()
    receipt.refresh_from_db()
    assert receipt.status == "matched"
    assert order.attention.startswith(f"The wallet took the transfer {REFERENCE} back")


def test_a_stranger_who_texts_it_first_does_not_hold_the_genuine_message_back(
    store: VodafoneCashGateway,
) -> None:
    with_e_money(store)
    order = an_order(store)
    claimed(store, order)
    forwarded(store, E_MONEY, "+201000000999")
    assert "matched" in forwarded(store, E_MONEY, "e& money")


def test_an_undone_match_still_says_that_the_wallet_took_the_transfer_back(
    store: VodafoneCashGateway,
) -> None:
    order = an_order(store)
    receipt = a_receipt(store, "500.00", transaction_id=REFERENCE)
    assert claimed(store, order) == "matched"
    forwarded(store, REVERSAL)
    deciding.undo(receipt.pk, actor="ann", reason="gone", now=ports.system_now())

    receipt.refresh_from_db()
    assert [code for code, _ in receipt.why] == ["match_undone", "wallet_took_back"]


def test_a_refused_claim_still_says_that_the_wallet_took_the_transfer_back(
    store: VodafoneCashGateway,
) -> None:
    store.hold_above_units = 100
    store.save()
    order = an_order(store)
    receipt = a_receipt(store, "500.00", transaction_id=REFERENCE)
    assert claimed(store, order) == "hold"
    forwarded(store, REVERSAL)
    orders.refuse(order.pk, actor="ann", reason="gone", now=ports.system_now())

    receipt.refresh_from_db()
    assert [code for code, _ in receipt.why] == ["claim_refused", "wallet_took_back"]


def test_the_second_of_two_that_came_at_once_is_before_a_person(store: VodafoneCashGateway) -> None:
    order = an_order(store)
    claimed(store, order)
    first, second = a_receipt(store, "500.00"), a_receipt(store, "500.00")
    quicker = Meanwhile('SELECT .* FROM "ledger_bill"', lambda: joined(store, first))
    with connection.execute_wrapper(quicker):
        assert not joined(store, second)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("matched", "review")
    assert second.why == [["paid_just_now", {}]]


# --- references ---------------------------------------------------------------------------------------
def test_a_forged_message_does_not_suppress_the_genuine_one_of_its_reference(
    store: VodafoneCashGateway,
) -> None:
    """The payer knows the reference as soon as the wallet does."""
    assert "waiting" in forwarded(store, text_of("100.00", balance="1000.00", phone=OTHER))
    forged = text_of("5000.00", reference=REFERENCE, phone=OTHER)
    genuine = text_of("500.00", reference=REFERENCE, balance="1500.00")
    assert "review" in forwarded(store, forged)
    assert "review" in forwarded(store, genuine)
    assert "repeated" in forwarded(store, genuine)

    told = {each.amount.amount: each for each in Receipt.objects.filter(status="review")}
    assert set(told) == {"5000.00", "500.00"}
    assert "5000.00 EGP" in told["500.00"].reason
    assert "prints no balance" in told["5000.00"].reason
    # The chain goes on from the genuine one.
    assert "waiting" in forwarded(store, text_of("50.00", balance="1550.00", phone=OTHER))


def test_one_transfer_in_two_wordings_is_one(store: VodafoneCashGateway) -> None:
    text = text_of("500.00", reference=REFERENCE)
    assert "waiting" in forwarded(store, text)
    assert "repeated" in forwarded(store, f"{text}\n")
    assert "repeated" in forwarded(store, text_of("500.00", reference=REFERENCE, balance="500.00"))
    assert Receipt.objects.count() == 1


def test_one_reference_in_two_wallets_is_held_for_both(store: VodafoneCashGateway) -> None:
    store.hold_above_units = 100
    store.save()
    first, second, third = (an_order(store, client=str(number)) for number in (7, 8, 9))
    kinds = ("vodafone_cash", "instapay", "orange_cash")
    receipts = [
        a_receipt(store, "500.00", transaction_id=REFERENCE, wallet_kind=kind, payer_phone=phone)
        for kind, phone in zip(kinds, (PAYER, OTHER, "01200000303"), strict=True)
    ]
    assert claimed(store, first, PAYER) == claimed(store, second, OTHER) == "hold"
    orders.refuse(first.pk, actor="ann", reason="no", now=ports.system_now())
    assert claimed(store, third, "01200000303") == "hold"

    for order in (second, third):
        orders.approve(order.pk, credit=order.due, actor="ann", reason="ok", now=ports.system_now())
    assert Payment.objects.count() == 2
    receipts[0].refresh_from_db()
    assert receipts[0].status == "review"


def test_a_reversal_that_was_dismissed_still_speaks_against_its_transfer(
    store: VodafoneCashGateway,
) -> None:
    order = an_order(store)
    claimed(store, order)
    forwarded(store, REVERSAL)
    now = ports.system_now()
    deciding.dismiss(Receipt.objects.get().pk, actor="ann", reason="unknown here", now=now)
    forwarded(store, text_of("500.00", reference=REFERENCE))

    order.refresh_from_db()
    assert order.status == Order.Status.NEW
    assert Receipt.objects.latest("pk").why[0][0] == "taken_back_before"


def test_strangers_who_name_a_payers_phone_do_not_have_him_held(
    store: VodafoneCashGateway,
) -> None:
    store.hold_after_failures = 3
    store.save()
    for number in range(4):
        ask = claiming.Ask(
            source="plugin", amount=Money(9_900 + number, "EGP"), phone=PAYER, client="66",
            user_name="66", hold="Anti-spam: nobody knows",
        )  # fmt: skip
        assert claiming.claim(store, ask, ports.system_now).code == "not_found"
    order = an_order(store)
    a_receipt(store, "500.00")
    assert claimed(store, order) == "matched"


# --- what cannot be booked ------------------------------------------------------------------------------
def test_a_transfer_that_cannot_be_booked_holds_up_no_other(store: VodafoneCashGateway) -> None:
    """The invoice's currency was changed in WHMCS after the order was opened."""
    order = an_order(store)
    claimed(store, order)
    Bill.objects.filter(pk=order.bill_id).update(currency="EUR")

    assert "review" in forwarded(store, text_of("500.00"))

    receipt = Receipt.objects.get()
    assert "is in EUR, the payment in USD" in receipt.reason
    assert Payment.objects.count() == 0
    order.refresh_from_db()
    assert order.status == Order.Status.NEW


def test_a_payer_who_claims_it_is_told_that_it_is_looked_for(store: VodafoneCashGateway) -> None:
    order = an_order(store)
    Bill.objects.filter(pk=order.bill_id).update(currency="EUR")
    receipt = a_receipt(store, "500.00")

    assert claimed(store, order) == "not_found"

    receipt.refresh_from_db()
    assert receipt.status == "review"


def test_what_was_settled_by_hand_is_not_taken_back_to_be_booked_again(
    store: VodafoneCashGateway,
) -> None:
    order = an_order(store)
    receipt = a_receipt(store, "500.00")
    now = ports.system_now()
    deciding.match(receipt.pk, order.pk, actor="ann", reason="his", now=now)
    delivery = Delivery.objects.get(kind=Delivery.Kind.BOOKING)
    Delivery.objects.filter(pk=delivery.pk).update(status="parked")
    outbox.settle_by_hand(delivery.pk, actor="bob", reason="booked in WHMCS", now=now)

    with pytest.raises(orders.NotNow, match="Book the refund there"):
        deciding.undo(receipt.pk, actor="ann", reason="wrong", now=now)

    receipt.refresh_from_db()
    assert receipt.status == "matched"


# --- a worker that dies -----------------------------------------------------------------------------------
def test_a_repeat_of_an_old_text_is_offered_again_by_whoever_takes_over(
    store: VodafoneCashGateway, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_e_money(store)
    forwarded(store, E_MONEY, "e& money")
    clock.forward(days=70)
    until = clock() + timedelta(hours=1)
    order = an_order(store, created=clock(), valid_until=until)
    Claim.objects.create(
        merchant=store.merchant, gateway=store, order=order, source="page", phone=PAYER,
        amount_units=50_000, client="7", created=clock(), expires=until,
    )  # fmt: skip

    def dies(*_args: object, **_named: object) -> bool:
        raise SystemExit

    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(joining, "find_claim", dies)
        forwarded(store, E_MONEY, "e& money", clock=clock)
    kept = Receipt.objects.latest("pk")
    assert kept.status == "new"
    callback = Callback.objects.select_related("gateway", "phone__gateway").latest("pk")
    assert arriving.take(callback, inbox.inbound_of(callback), clock).text == "1 repeated"

    kept.refresh_from_db()
    assert kept.status == "matched"


def test_what_was_offered_once_is_not_offered_with_every_message(
    store: VodafoneCashGateway,
) -> None:
    wallet, now = Wallet.objects.get(), ports.system_now()
    forwarded(store, text_of("100.00", balance="1000.00"), sent=now - timedelta(hours=1))
    for number in range(1, 6):
        text = text_of("10.00", balance=f"{1110 + 10 * number}.00", phone=OTHER)
        assert "review" in forwarded(store, text, sent=now - timedelta(minutes=40 - 5 * number))
    forwarded(store, text_of("110.00", balance="1110.00"), sent=now - timedelta(minutes=50))
    assert not Receipt.objects.exclude(status="new").exists()

    assert balances.heal(wallet, now) == []


def test_a_message_is_noted_with_few_queries(store: VodafoneCashGateway) -> None:
    forwarded(store, text_of("100.00", balance="1000.00", phone=OTHER))
    order = an_order(store)
    claimed(store, order)
    # Three are the test's own.
    with CaptureQueriesContext(connection) as unmatched:
        assert "waiting" in forwarded(store, text_of("70.00", balance="1070.00", phone=OTHER))
    with CaptureQueriesContext(connection) as matched:
        assert "matched" in forwarded(store, text_of("500.00", balance="1570.00"))
    assert len(unmatched) <= 29
    assert len(matched) <= 49


# --- what the biller keeps ----------------------------------------------------------------------------
@pytest.mark.parametrize("hold", ["", "Anti-spam: nobody knows"])
def test_what_is_worth_less_than_the_biller_keeps_becomes_nobodys_credit(
    store: VodafoneCashGateway, whmcs: FakeBiller, hold: str
) -> None:
    store.store_currency, store.rate = "KWD", "160.00"
    store.save()
    receipt = a_receipt(store, "1.00")
    ask = claiming.Ask(
        source="plugin", amount=receipt.amount, phone=PAYER, client="7", user_name="7", hold=hold
    )
    assert claiming.claim(store, ask, ports.system_now).code == "not_found"
    assert Order.objects.count() == Payment.objects.count() == 0
    receipt.refresh_from_db()
    assert receipt.status == "new"


def test_an_approval_says_what_was_booked(store: VodafoneCashGateway) -> None:
    order = an_order(store, status="review", currency="KWD", provider_reference="x")
    Bill.objects.filter(pk=order.bill_id).update(currency="KWD")
    said = orders.approve(
        order.pk, credit=Money(10_505, "KWD"), actor="ann", reason="ok", now=ports.system_now()
    )
    assert said.startswith("10.500 KWD is booked")


def test_news_that_comes_again_after_the_biller_changed_its_kind_is_the_same(
    store: VodafoneCashGateway,
) -> None:
    biller = store.merchant.biller
    bill = a_bill(biller, "10.500", currency="KWD")

    def pay(text: str) -> bool:
        return record_payment(
            bill_id=bill.pk, gateway_id=store.pk, method="vodafoncash", reference="VFC-1",
            credit=Money.parse(text, "KWD"), received=None, detail="", now=ports.system_now(),
        ).repeated  # fmt: skip

    type(biller).objects.update(kind="website")
    assert not pay("10.505")
    type(biller).objects.update(kind="whmcs")
    assert pay("10.505")
    assert Payment.objects.get().credit == Money(10_505, "KWD")
