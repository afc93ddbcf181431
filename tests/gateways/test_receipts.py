"""Receipts, claims and what a person does with them, row by row: no pound counts twice or for nobody."""

# ruff: noqa: RUF001 -- it is Arabic, and not Latin letters that look odd.

import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from gateways import accounts, inbox
from gateways.models import (
    Callback,
    Claim,
    Order,
    Phone,
    Receipt,
    VodafoneCashGateway,
    Wallet,
)
from gateways.orders import deciding as orders
from gateways.orders.links import new_pay_token, token_digest
from gateways.providers.vodafonecash.upstream import UpstreamAnswer
from gateways.receipts import arriving, claiming, deciding, joining
from gateways.tasks import poll_orders
from gateways.wallet import sms as wallet_sms
from ledger import ports
from ledger.models import Delivery, Payment
from ledger.money import Money
from ledger.outbox import deciding as outbox
from tests.conftest import SetClock
from tests.gateways.rows import a_callback
from tests.gateways.wallet_rows import PAYER, WALLET, a_receipt, a_store
from tests.ledger.rows import FakeBiller, a_bill, a_biller, a_merchant, now_deliver

pytestmark = pytest.mark.django_db

OTHER = "01100000202"
_numbers = count(1)


@pytest.fixture
def store(whmcs: FakeBiller) -> VodafoneCashGateway:
    return a_store(a_biller().merchant)


# --- helpers ------------------------------------------------------------------------------------
def an_order(store: VodafoneCashGateway, due: str = "10.00", **fields: Any) -> Order:
    """Open for an hour, at 50 pounds a dollar."""
    now = ports.system_now()
    bill = a_bill(store.merchant.biller, due, currency="USD", client=fields.pop("client", "7"))
    nonce = ports.new_token()
    values: dict[str, Any] = {
        "merchant": store.merchant,
        "gateway": store,
        "bill": bill,
        "reference": f"{bill.reference}-{next(_numbers):016x}",
        "due_units": bill.due_units,
        "currency": "USD",
        "pay_currency": "EGP",
        "received_currency": "EGP",
        "payable_units": bill.due_units * 50,
        "rate": "50.00",
        "pay_to": WALLET,
        "valid_until": now + timedelta(hours=1),
        "token_nonce": nonce,
        "token_digest": token_digest(new_pay_token(nonce)),
        "created": now,
    }
    return Order.objects.create(**{**values, **fields})


def claimed(store: VodafoneCashGateway, order: Order, phone: str = PAYER, **more: Any) -> str:
    order.refresh_from_db()
    ask = claiming.Ask(
        source=Claim.Source.PAGE,
        order=order,
        phone=phone,
        client=order.bill.client,
        **more,
    )
    return claiming.claim(store, ask, ports.system_now).code


def text_of(
    amount: str,
    *,
    phone: str = PAYER,
    balance: str = "",
    reference: str = "",
    own: str = WALLET,
    at: datetime | None = None,
) -> str:
    """Vodafone Cash's Arabic wording."""
    at = wallet_sms.cairo_time(at or ports.system_now())
    left = f"\nرصيدك الحالي: {balance} جنيه" if balance else ""
    reference = reference or f"{next(_numbers):012d}"
    return (
        f"تم استلام مبلغ {amount} جنيه من رقم {phone} على رقم محفظتك {own}.{left}"
        f"\nتاريخ العملية: {at:%H:%M %y-%m-%d}\nرقم العملية: {reference}"
    )


def forwarded(
    store: VodafoneCashGateway,
    text: str,
    sender: str = "VF-Cash",
    *,
    sent: datetime | None = None,
    came: datetime | None = None,
    clock: ports.Clock = ports.system_now,
    phone: Phone | None = None,
) -> str:
    """One SMS through a forwarder; the verdict. Without `sent` the app does not tell the stamp."""
    came = came or clock()
    body: dict[str, Any] = {"from": sender, "text": text, "id": f"{next(_numbers)}"}
    if sent:
        body["sent_ms"] = int(sent.timestamp() * 1000)
    callback = a_callback(
        store,
        json.dumps(body).encode(),
        phone=phone or store.phones.get(),
        received_at=came,
        headers={"content-type": "application/json"},
    )
    callback = Callback.objects.select_related("gateway", "phone__gateway").get(pk=callback.pk)
    return arriving.take(callback, inbox.inbound_of(callback), clock).text


def joined(store: VodafoneCashGateway, receipt: Receipt) -> bool:
    return joining.find_claim(accounts.load(store), receipt.pk, clock=ports.system_now)


def is_accounted_for(receipt: Receipt) -> bool:
    """A receipt is booked, held for an order that waits for a person, or waits for one itself."""
    receipt.refresh_from_db()
    if receipt.status != Receipt.Status.MATCHED:
        return True
    claim = Claim.objects.filter(receipt=receipt).select_related("order", "payment").first()
    if claim is None:
        return False
    if claim.status == Claim.Status.HELD:
        return bool(claim.order and claim.order.status == Order.Status.REVIEW)
    if claim.payment is None or claim.payment.received is None:
        return False
    # The pounds of the payment are this receipt's own.
    others = Claim.objects.filter(payment=claim.payment).exclude(pk=claim.pk)
    return not others.exclude(receipt=None).exists()


class Meanwhile:
    """Lets something happen once, right before a statement that begins so."""

    def __init__(self, begins: str, happens: Callable[[], Any]) -> None:
        self.begins, self.happens = begins, happens
        self.done = False

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not self.done and re.match(self.begins, sql):
            self.done = True
            self.happens()
        return execute(sql, params, many, context)


def approve(order: Order) -> str:
    return orders.approve(
        order.pk, credit=order.due, actor="ann", reason="ok", now=ports.system_now()
    )


# --- several claims of one order -------------------------------------------------------------------
def test_money_for_an_order_that_is_paid_already_is_not_swallowed(
    store: VodafoneCashGateway,
) -> None:
    order = an_order(store)
    claimed(store, order, PAYER)
    claimed(store, order, OTHER)
    assert joined(store, a_receipt(store, "500.00", payer_phone=PAYER))
    second = a_receipt(store, "500.00", payer_phone=OTHER)
    joined(store, second)

    second.refresh_from_db()
    assert second.status == Receipt.Status.REVIEW
    order.refresh_from_db()
    assert order.payment and f"VFC-{order.provider_reference}" == order.payment.reference
    right = an_order(store)
    deciding.match(second.pk, right.pk, actor="ann", reason="hers", now=ports.system_now())
    assert Payment.objects.count() == 2


def test_two_held_receipts_of_one_order_are_not_both_used_up_by_one_approval(
    store: VodafoneCashGateway,
) -> None:
    store.hold_first = True
    store.save()
    order = an_order(store)
    claimed(store, order, PAYER)
    claimed(store, order, OTHER)
    receipts = [a_receipt(store, "500.00", payer_phone=phone) for phone in (PAYER, OTHER)]
    for receipt in receipts:
        joined(store, receipt)

    approve(order)

    assert Payment.objects.count() == 1
    assert [is_accounted_for(receipt) for receipt in receipts] == [True, True]


def test_an_order_under_review_is_not_paid_past_the_person(store: VodafoneCashGateway) -> None:
    store.hold_first = True
    store.save()
    known = an_order(store)
    claimed(store, known, OTHER)
    joined(store, a_receipt(store, "500.00", payer_phone=OTHER))
    approve(known)
    order = an_order(store)
    claimed(store, order, PAYER)
    claimed(store, order, OTHER)
    held = a_receipt(store, "500.00", payer_phone=PAYER)
    joined(store, held)
    order.refresh_from_db()
    assert order.status == Order.Status.REVIEW
    joined(store, a_receipt(store, "500.00", payer_phone=OTHER))

    order.refresh_from_db()
    assert order.status == Order.Status.REVIEW
    assert is_accounted_for(held)


def test_a_receipt_matched_by_hand_onto_a_held_order_does_not_lose_the_held_one(
    store: VodafoneCashGateway,
) -> None:
    store.hold_first = True
    store.save()
    order = an_order(store)
    claimed(store, order)
    held = a_receipt(store, "500.00")
    joined(store, held)
    other = a_receipt(store, "500.00", payer_phone=OTHER, status="review")

    with suppress(orders.NotNow):
        deciding.match(other.pk, order.pk, actor="ann", reason="this", now=ports.system_now())

    assert is_accounted_for(held)


# --- undo ---------------------------------------------------------------------------------------
def test_undo_takes_back_only_this_receipts_match(store: VodafoneCashGateway) -> None:
    """An Orange reference has ten digits, of which a Vodafone one of twelve may be a continuation."""
    mine, hers = an_order(store), an_order(store, client="8")
    short = a_receipt(store, "500.00", transaction_id="0123456789", wallet_kind="orange_cash")
    longer = a_receipt(store, "500.00", transaction_id="012345678901")
    now = ports.system_now()
    deciding.match(longer.pk, hers.pk, actor="ann", reason="hers", now=now)
    deciding.match(short.pk, mine.pk, actor="ann", reason="oops", now=now)

    deciding.undo(short.pk, actor="ann", reason="wrong", now=now)

    hers.refresh_from_db()
    assert hers.status == Order.Status.PAID


def test_undo_of_the_same_reference_in_another_wallet_leaves_this_one(
    store: VodafoneCashGateway,
) -> None:
    mine, hers = an_order(store), an_order(store, client="8")
    first = a_receipt(store, "500.00", transaction_id="012345678901", wallet_kind="instapay")
    second = a_receipt(store, "500.00", transaction_id="012345678901")
    now = ports.system_now()
    deciding.match(first.pk, mine.pk, actor="ann", reason="his", now=now)
    deciding.match(second.pk, hers.pk, actor="ann", reason="hers", now=now)

    deciding.undo(first.pk, actor="ann", reason="wrong", now=now)

    hers.refresh_from_db()
    assert hers.status == Order.Status.PAID


def test_a_match_that_was_taken_back_cannot_be_sent_by_pressing_retry(
    store: VodafoneCashGateway, whmcs: FakeBiller, clock: SetClock
) -> None:
    whmcs.state["balance"] = Money(1000, "USD")
    wrong, right = an_order(store), an_order(store)
    receipt = a_receipt(store, "500.00")
    now = ports.system_now()
    deciding.match(receipt.pk, wrong.pk, actor="ann", reason="oops", now=now)
    deciding.undo(receipt.pk, actor="ann", reason="wrong", now=now)
    deciding.match(receipt.pk, right.pk, actor="ann", reason="right", now=now)
    withdrawn = Delivery.objects.get(payment__bill=wrong.bill, kind=Delivery.Kind.BOOKING)
    outbox.retry(withdrawn.pk, actor="bob", now=now)
    for _ in range(6):
        now_deliver(clock)

    assert len(whmcs.booked) == 1


def test_an_order_whose_match_was_taken_back_is_not_approved_with_a_crash(
    store: VodafoneCashGateway,
) -> None:
    order = an_order(store)
    receipt = a_receipt(store, "500.00")
    now = ports.system_now()
    deciding.match(receipt.pk, order.pk, actor="ann", reason="oops", now=now)
    deciding.undo(receipt.pk, actor="ann", reason="wrong", now=now)

    with pytest.raises(orders.NotNow):
        approve(order)


def test_a_bill_whose_match_was_taken_back_is_open_again(store: VodafoneCashGateway) -> None:
    order = an_order(store)
    receipt = a_receipt(store, "500.00")
    now = ports.system_now()
    deciding.match(receipt.pk, order.pk, actor="ann", reason="oops", now=now)
    deciding.undo(receipt.pk, actor="ann", reason="wrong", now=now)

    order.bill.refresh_from_db()
    assert order.bill.status == "open"


# --- forged, late, doubled and out of order --------------------------------------------------------
def balanced(store: VodafoneCashGateway) -> None:
    """The wallet's balance is known."""
    assert "waiting" in forwarded(store, text_of("100.00", balance="1100.00", phone=OTHER))


def test_two_forged_messages_do_not_vouch_for_each_other(store: VodafoneCashGateway) -> None:
    balanced(store)
    order = an_order(store)
    claimed(store, order)
    assert "review" in forwarded(store, text_of("5.00", balance="7000.00"))
    forwarded(store, text_of("500.00", balance="7500.00"))

    order.refresh_from_db()
    assert order.status == Order.Status.NEW


def test_a_stamp_from_the_future_does_not_switch_the_balance_check_off(
    store: VodafoneCashGateway,
) -> None:
    balanced(store)
    order = an_order(store)
    claimed(store, order)
    ahead = ports.system_now() + timedelta(days=30)
    forwarded(store, text_of("5.00", balance="1105.00"), sent=ahead)
    forwarded(store, text_of("500.00", balance="99999.00"))

    order.refresh_from_db()
    assert order.status == Order.Status.NEW


def test_a_forged_message_does_not_hold_the_genuine_ones_after_it(
    store: VodafoneCashGateway,
) -> None:
    balanced(store)
    assert "review" in forwarded(store, text_of("5.00", balance="7000.00"))
    order = an_order(store)
    claimed(store, order)
    assert "matched" in forwarded(store, text_of("500.00", balance="1600.00"))


def test_a_wallet_that_the_store_does_not_have_pays_nothing_by_itself(
    store: VodafoneCashGateway,
) -> None:
    """Whoever can forge VF-Cash can forge "e& money" too, of which no balance is known."""
    balanced(store)
    order = an_order(store)
    claimed(store, order)
    forwarded(store, f"تم استلام مبلغ 500.00 ج.م من رقم {PAYER} بنجاح", "e& money")

    order.refresh_from_db()
    assert order.status == Order.Status.NEW


def test_a_copy_by_a_stranger_does_not_suppress_the_genuine_message(
    store: VodafoneCashGateway,
) -> None:
    """Somebody texts the wallet's phone his own version first, under the reference that he knows."""
    reference = "000111222333"
    forwarded(store, text_of("5000.00", reference=reference), sender="+201000000999")
    order = an_order(store)
    claimed(store, order)
    forwarded(store, text_of("500.00", reference=reference, balance="500.00"))

    assert Receipt.objects.filter(trusted=True, amount_units=50_000).exists()


E_MONEY = f"تم استلام مبلغ 500.00 ج.م من رقم {PAYER} بنجاح"


def with_e_money(store: VodafoneCashGateway) -> None:
    Wallet.objects.create(
        merchant=store.merchant,
        gateway=store,
        phone=store.phones.get(),
        kind="e_money",
        number=OTHER,
    )


def test_two_equal_payments_without_stamp_or_reference_are_not_taken_for_one_silently(
    store: VodafoneCashGateway, clock: SetClock
) -> None:
    with_e_money(store)
    order = an_order(store)
    claimed(store, order)
    forwarded(store, E_MONEY, "e& money")
    clock.forward(days=30)
    forwarded(store, E_MONEY, "e& money", clock=clock)

    assert Receipt.objects.count() == 2
    assert Receipt.objects.latest("pk").status == Receipt.Status.REVIEW


def test_one_sms_through_a_second_phone_a_day_later_pays_once(
    store: VodafoneCashGateway, clock: SetClock
) -> None:
    with_e_money(store)
    first = an_order(store)
    claimed(store, first)
    assert "matched" in forwarded(store, E_MONEY, "e& money", sent=ports.system_now())
    clock.forward(hours=25)
    later = an_order(store, created=clock(), valid_until=clock() + timedelta(hours=1))
    ask = claiming.Ask(source=Claim.Source.PAGE, order=later, phone=PAYER, client=later.bill.client)
    claiming.claim(store, ask, clock)
    # The other app tells no stamp, and its phone had been off.
    forwarded(store, E_MONEY, "e& money", clock=clock)

    later.refresh_from_db()
    assert later.status == Order.Status.NEW
    assert Payment.objects.count() == 1


def test_v37_one_transfer_forwarded_to_two_merchants_pays_once(
    store: VodafoneCashGateway,
) -> None:
    second = a_store(a_biller(a_merchant()).merchant)
    first_order, second_order = an_order(store), an_order(second)
    claimed(store, first_order)
    claimed(second, second_order)
    text = text_of("500.00", balance="500.00")
    assert "matched" in forwarded(store, text)
    forwarded(second, text)

    assert Payment.objects.count() == 1


def test_money_that_was_taken_back_before_its_receipt_came_waits_for_a_person(
    store: VodafoneCashGateway,
) -> None:
    order = an_order(store)
    claimed(store, order)
    reference = "022200000777"
    forwarded(
        store,
        f"تم استرجاع مبلغ 500.00 جنيه من محفظتك الى رقم {PAYER} وذلك لإلغاء عملية رقم {reference}. "
        "رصيدك الحالي: 20.00 جنيه",
    )
    forwarded(store, text_of("500.00", reference=reference))

    order.refresh_from_db()
    assert order.status == Order.Status.NEW


def test_reading_again_two_copies_of_one_sms_does_not_crash(store: VodafoneCashGateway) -> None:
    text = text_of("500.00", balance="500.00")
    copies = [
        a_receipt(store, status="unread", amount_units=None, left_units=0, transaction_id="",
                  wallet_kind="", text=text)
        for _ in range(2)
    ]  # fmt: skip
    deciding.read_again(copies[0].pk, actor="ann", clock=ports.system_now)
    with suppress(orders.NotNow):
        deciding.read_again(copies[1].pk, actor="ann", clock=ports.system_now)
    assert Receipt.objects.filter(status="new").count() == 1


def test_reading_again_does_not_overrule_whoever_was_quicker(store: VodafoneCashGateway) -> None:
    text = text_of("500.00", balance="500.00")
    row = a_receipt(
        store, status="unread", amount_units=None, left_units=0, transaction_id="", text=text
    )
    meanwhile = Meanwhile(
        'UPDATE "gateways_receipt"',
        lambda: deciding.dismiss(row.pk, actor="bob", reason="mine", now=ports.system_now()),
    )
    with connection.execute_wrapper(meanwhile), suppress(orders.NotNow):
        deciding.read_again(row.pk, actor="ann", clock=ports.system_now)
    row.refresh_from_db()
    assert row.status == Receipt.Status.DISMISSED


# --- many at once ----------------------------------------------------------------------------------
def test_a_popular_price_does_not_hide_the_claim(store: VodafoneCashGateway) -> None:
    for number in range(55):
        claimed(store, an_order(store), f"010000{number:05d}")
    order = an_order(store)
    claimed(store, order)
    assert joined(store, a_receipt(store, "500.00"))


def test_a_popular_price_does_not_hide_a_tie(store: VodafoneCashGateway) -> None:
    first = an_order(store)
    claimed(store, first)
    for number in range(55):
        claimed(store, an_order(store), f"010000{number:05d}")
    claimed(store, an_order(store, client="8"))
    assert not joined(store, a_receipt(store, "500.00"))


def test_unclaimed_receipts_do_not_hide_the_one_that_is_claimed(
    store: VodafoneCashGateway,
) -> None:
    for number in range(25):
        a_receipt(store, "500.00", payer_phone=f"010000{number:05d}")
    a_receipt(store, "500.00")
    assert claimed(store, an_order(store)) == "matched"


# --- nobody told -----------------------------------------------------------------------------------
def test_too_little_money_that_came_before_its_claim_is_before_a_person(
    store: VodafoneCashGateway,
) -> None:
    receipt = a_receipt(store, "400.00")
    claimed(store, an_order(store))
    receipt.refresh_from_db()
    assert receipt.status == Receipt.Status.REVIEW


def test_money_that_came_an_hour_before_its_claim_is_before_a_person(
    store: VodafoneCashGateway,
) -> None:
    before = ports.system_now() - timedelta(minutes=45)
    receipt = a_receipt(store, "500.00", sent_at=before, received_at=before)
    assert claimed(store, an_order(store)) == "not_found"
    receipt.refresh_from_db()
    assert receipt.status == Receipt.Status.REVIEW


def test_a_second_payment_of_a_paid_order_is_before_a_person(store: VodafoneCashGateway) -> None:
    order = an_order(store)
    claimed(store, order)
    joined(store, a_receipt(store, "500.00"))
    again = a_receipt(store, "500.00")
    joined(store, again)
    again.refresh_from_db()
    assert again.status == Receipt.Status.REVIEW


def test_money_of_a_stranger_is_before_a_person_in_the_end(store: VodafoneCashGateway) -> None:
    before = ports.system_now() - timedelta(days=3)
    receipt = a_receipt(store, "500.00", sent_at=before, received_at=before)
    poll_orders()
    receipt.refresh_from_db()
    assert receipt.status == Receipt.Status.REVIEW


def test_late_money_finds_an_expired_claim_by_its_reference(store: VodafoneCashGateway) -> None:
    order = an_order(store)
    claimed(store, order, "", reference="000111222333")
    past = ports.system_now() - timedelta(hours=2)
    Claim.objects.update(expires=past)
    Order.objects.update(valid_until=past)
    claiming.expire(ports.system_now())
    receipt = a_receipt(
        store, "500.00", payer_phone="", payer_name="Maha Sample", transaction_id="000111222333"
    )
    joined(store, receipt)
    receipt.refresh_from_db()
    assert receipt.status == Receipt.Status.REVIEW


# --- anti-spam ---------------------------------------------------------------------------------------
def test_a_claim_without_a_phone_does_not_evade_the_first_payment_rule(
    store: VodafoneCashGateway,
) -> None:
    """The pair is the phone that paid and the client, whatever the client typed."""
    first = an_order(store)
    claimed(store, first, "", reference="000111222331")
    joined(store, a_receipt(store, "500.00", transaction_id="000111222331"))
    store.hold_first = True
    store.save()
    order = an_order(store)
    claimed(store, order, "", reference="000111222332")
    joined(store, a_receipt(store, "500.00", payer_phone=OTHER, transaction_id="000111222332"))

    order.refresh_from_db()
    assert order.status == Order.Status.REVIEW


def test_changing_the_phone_does_not_evade_the_rule_on_failed_claims(
    store: VodafoneCashGateway,
) -> None:
    store.hold_after_failures = 2
    store.save()
    order = an_order(store)
    for number in range(5):
        claimed(store, order, f"010000{number:05d}")
    a_receipt(store, "500.00")
    claimed(store, order)

    order.refresh_from_db()
    assert order.status == Order.Status.REVIEW


def test_strangers_without_a_phone_do_not_have_everybody_held(store: VodafoneCashGateway) -> None:
    store.hold_after_failures = 2
    store.save()
    for number in range(3):
        ask = claiming.Ask(
            source=Claim.Source.PLUGIN,
            amount=Money.parse("5", "EGP"),
            reference=f"99900000000{number}",
            client="66",
        )
        assert claiming.claim(store, ask, ports.system_now).code == "not_found"
    order = an_order(store)
    claimed(store, order, "", reference="000111222333")
    assert joined(store, a_receipt(store, "500.00", transaction_id="000111222333"))
    order.refresh_from_db()
    assert order.status == Order.Status.PAID


def plugin(store: VodafoneCashGateway, client: str, hold: str = "", phone: str = PAYER) -> str:
    ask = claiming.Ask(
        source=Claim.Source.PLUGIN,
        amount=Money.parse("500", "EGP"),
        phone=phone,
        client=client,
        user_name=client,
        hold=hold,
    )
    return claiming.claim(store, ask, ports.system_now).code


def test_who_loses_a_race_without_the_key_is_still_held_later(store: VodafoneCashGateway) -> None:
    """The forced hold of open mode belongs to the claim, not to the request."""
    a_receipt(store, "500.00")
    meanwhile = Meanwhile('UPDATE "gateways_claim"', lambda: plugin(store, "8"))
    with connection.execute_wrapper(meanwhile):
        assert plugin(store, "66", hold="Anti-spam: first") == "not_found"
    assert meanwhile.done
    joined(store, a_receipt(store, "500.00"))

    assert not Payment.objects.filter(bill__client="66").exists()


def test_the_same_check_twice_at_once_is_answered_twice(store: VodafoneCashGateway) -> None:
    a_receipt(store, "500.00")
    codes: list[str] = []
    meanwhile = Meanwhile(
        'INSERT (OR IGNORE )?INTO "ledger_bill"', lambda: codes.append(plugin(store, "7"))
    )
    with connection.execute_wrapper(meanwhile):
        codes.append(plugin(store, "7"))
    assert meanwhile.done
    assert codes == ["matched", "matched"]
    assert Payment.objects.count() == 1


def test_a_second_transfer_of_the_same_day_is_not_answered_by_the_first(
    store: VodafoneCashGateway,
) -> None:
    a_receipt(store, "500.00")
    assert plugin(store, "7") == "matched"
    a_receipt(store, "500.00")
    assert plugin(store, "7") == "matched"
    assert Payment.objects.count() == 2


# --- what is stored ------------------------------------------------------------------------------------
OTP = "Your OTP is 482913. Do not share it with anyone."


def test_a_refused_upload_is_kept_without_its_one_time_password(
    store: VodafoneCashGateway, client: Client
) -> None:
    phone = store.phones.get()
    phone.seal("header_key", "the-key-of-this-phone-123456")
    phone.save()
    accounts.forget()
    body = {"from": "BankMisr", "text": OTP}
    answer = client.post(
        f"/webhooks/{phone.token}/", json.dumps(body), content_type="application/json"
    )
    assert answer.status_code == 401
    for callback in Callback.objects.all():
        assert b"482913" not in bytes(callback.body)


@pytest.mark.parametrize(
    "text",
    [
        "تم استلام طلب تسجيل الدخول. رمز التحقق الخاص بك هو 482913",
        "You have received a one-time password: 482913. Do not share it.",
        "تم تحويل طلبك. كود التحقق 482913",
    ],
)
def test_a_code_in_words_like_a_receipts_is_masked(text: str) -> None:
    assert wallet_sms.is_otp(text)


def test_the_platforms_key_is_not_stored_with_its_report(
    store: VodafoneCashGateway, client: Client
) -> None:
    store.mode = "upstream"
    store.save()
    accounts.forget()
    key = store.reveal("store_key")
    client.get(
        f"/webhooks/{store.token}/",
        {"key": key, "action": "addPayment", "username": "7", "amount": "10.00", "from": PAYER,
         "trans_id": "000111222333"},
    )  # fmt: skip
    callback = Callback.objects.get()
    assert key.encode() not in bytes(callback.body)


# --- upstream ------------------------------------------------------------------------------------------
def reported(
    store: VodafoneCashGateway, amount: str, trans_id: str, client: str = "7", phone: str = PAYER
) -> arriving.Arrived:
    query = f"key=x&action=addPayment&username={client}&amount={amount}&from={phone}&trans_id={trans_id}"
    callback = a_callback(store, query.encode())
    return arriving.take(callback, inbox.inbound_of(callback), ports.system_now)


def asked_platform(store: VodafoneCashGateway, order: Order) -> Claim:
    """A claim that the platform was asked about."""
    return Claim.objects.create(
        merchant=store.merchant,
        gateway=store,
        order=order,
        source=Claim.Source.PAGE,
        phone=PAYER,
        amount_units=order.asked.units,
        client=order.bill.client,
        expires=order.valid_until or order.created,
    )


@pytest.fixture
def upstream(store: VodafoneCashGateway) -> VodafoneCashGateway:
    store.mode = "upstream"
    store.save()
    return store


@pytest.mark.parametrize("amount", ["10.004", "10.00000001", "9.99999999", "9.995"])
def test_a_report_with_more_decimals_than_the_currency_is_booked(
    upstream: VodafoneCashGateway, amount: str
) -> None:
    """How the platform rounds is not documented: 500 pounds at 49.98 are 10.0040016 dollars."""
    order = an_order(upstream)
    asked_platform(upstream, order)
    reported(upstream, amount, "000111222333")
    order.refresh_from_db()
    assert order.status == "paid"
    assert order.payment
    assert order.payment.credit == Money(1000, "USD")


def test_v05_a_report_is_booked_on_the_order_of_its_amount(
    upstream: VodafoneCashGateway,
) -> None:
    """One client, one phone, two invoices: what was paid is told by the amount."""
    paid = an_order(upstream, "10.00")
    asked_platform(upstream, paid)
    cheap = an_order(upstream, "5.00")
    asked_platform(upstream, cheap)
    reported(upstream, "10.00", "000111222333")

    paid.refresh_from_db()
    cheap.refresh_from_db()
    assert (paid.status, cheap.status) == ("paid", "new")


def test_a_report_repeated_with_another_amount_is_before_a_person(
    upstream: VodafoneCashGateway,
) -> None:
    order = an_order(upstream)
    asked_platform(upstream, order)
    reported(upstream, "10.00", "000111222333")
    again = reported(upstream, "99.00", "000111222333")
    order.refresh_from_db()
    assert again.shout or order.attention


def test_a_report_of_store_currency_for_an_invoice_in_pounds_is_converted(
    upstream: VodafoneCashGateway,
) -> None:
    """The plugin's shape tells the store's currency: 10.00 are 500 pounds."""
    order = an_order(upstream, "10.00")
    order.bill.currency, order.bill.due_units = "EGP", 50_000
    order.bill.save()
    order.currency, order.due_units, order.payable_units, order.rate = "EGP", 50_000, 50_000, "1"
    order.save()
    asked_platform(upstream, order)
    reported(upstream, "10.00", "000111222333")

    order.refresh_from_db()
    assert order.status == "paid"
    assert order.payment and order.payment.credit == Money(50_000, "EGP")


def test_two_reports_at_once_for_one_claim_do_not_lose_the_second(
    upstream: VodafoneCashGateway,
) -> None:
    order = an_order(upstream)
    asked_platform(upstream, order)
    answers: list[arriving.Arrived] = []
    meanwhile = Meanwhile(
        'SELECT "ledger_bill"',
        lambda: answers.append(reported(upstream, "10.00", "000111222334")),
    )
    with connection.execute_wrapper(meanwhile):
        answers.append(reported(upstream, "10.00", "000111222333"))
    assert meanwhile.done
    assert Payment.objects.count() == 1
    assert any(answer.shout for answer in answers)


def test_many_claims_that_find_nothing_do_not_keep_the_next_from_being_asked_for(
    upstream: VodafoneCashGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def nothing(credentials: Any, phone: str, *more: Any) -> UpstreamAnswer:
        asked.append(phone)
        return UpstreamAnswer("not_found")

    monkeypatch.setattr(claiming, "check", nothing)
    for _ in range(claiming.MOST_ASKED + 5):
        asked_platform(upstream, an_order(upstream))
    last = asked_platform(upstream, an_order(upstream))
    Claim.objects.filter(pk=last.pk).update(phone=OTHER)
    for _ in range(4):
        claiming.ask_platform_again(ports.system_now)
    assert OTHER in asked


def test_one_store_whose_secret_does_not_open_does_not_stop_the_others(
    upstream: VodafoneCashGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def nothing(credentials: Any, phone: str, *more: Any) -> UpstreamAnswer:
        asked.append(phone)
        return UpstreamAnswer("not_found")

    monkeypatch.setattr(claiming, "check", nothing)
    asked_platform(upstream, an_order(upstream))
    second = a_store(a_biller(a_merchant()).merchant, mode="upstream")
    claim = asked_platform(second, an_order(second))
    Claim.objects.filter(pk=claim.pk).update(phone=OTHER)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE gateways_vodafonecashgateway SET store_key = 'broken'"
            " WHERE gateway_ptr_id = %s",
            [upstream.pk],
        )
    claiming.ask_platform_again(ports.system_now)
    assert asked == [OTHER]


def test_a_hold_at_the_platform_that_outlives_the_offer_is_before_a_person(
    upstream: VodafoneCashGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The payer has paid; approved there after an hour, nobody here would ever ask again."""
    monkeypatch.setattr(claiming, "check", lambda *given: UpstreamAnswer("hold"))
    order = an_order(upstream)
    assert claimed(upstream, order) == "hold"
    past = ports.system_now() - timedelta(hours=3)
    Claim.objects.update(expires=past)
    Order.objects.update(valid_until=past, poll_at=past)
    poll_orders()
    order.refresh_from_db()
    assert order.attention or order.status == Order.Status.REVIEW
