"""A WHMCS invoice or a client's credit paid by wallet transfer: section by section of the wire notes.

Each story asserts what the sandbox's WHMCS holds in the end.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from gateways.models import Callback, Claim, Order, Phone, Receipt
from gateways.orders import deciding as orders
from gateways.receipts import claiming, deciding
from ledger.models import Payment
from ledger.money import Money
from tests.store_world import PAYER, StoreShop


def booked(shop: StoreShop, invoice: str) -> list[tuple[str, str]]:
    shop.work()
    return shop.sandbox.booked_on(invoice)


def reference(receipt: Receipt) -> str:
    return f"VFC-{receipt.transaction_id}"


# --- the way of one payment ---------------------------------------------------------------------
@pytest.mark.parametrize("first", ["claim", "money"])
def test_exact_transfer_marks_the_invoice_paid(store_shop: StoreShop, first: str) -> None:
    shop = store_shop
    invoice = shop.new_invoice("15.99")
    order = shop.ask(invoice)
    assert str(order.asked) == "800.00 EGP"
    if first == "claim":
        assert shop.claim(order) == "not_found"
    assert shop.sms(order.asked) == [200]
    shop.work()
    assert shop.claim(order) == "matched"

    # 800 pounds are 16.00: the cent of rounding up becomes credit.
    assert booked(shop, invoice) == [(reference(shop.receipt()), "16.00")]
    assert shop.sandbox.invoice(invoice)["status"] == "Paid"
    payment = Payment.objects.get()
    assert (payment.method, str(payment.received)) == ("vodafoncash", "800.00 EGP")


@pytest.mark.parametrize(
    "app", ["incoming_sms", "smsgate", "httpsms", "tahweel", "smsforwarder_json", "plain"]
)
def test_every_forwarder_app_is_understood(store_shop: StoreShop, app: str) -> None:
    shop = store_shop
    shop.set_phone(app=app)
    invoice = shop.new_invoice("10.00")
    order = shop.ask(invoice)
    assert shop.sms(order.asked) == [200]
    shop.work()
    assert shop.claim(order) == "matched"
    shop.phone.refresh_from_db()
    assert shop.phone.last_message is not None and shop.phone.app


def test_one_sms_through_two_forwarders_is_one_receipt(store_shop: StoreShop) -> None:
    shop = store_shop
    shop.sms("500", twice_through="smsgate", times=3)
    shop.work()
    assert Receipt.objects.count() == 1


def test_a_spoofed_sender_waits_for_a_person(store_shop: StoreShop) -> None:
    shop = store_shop
    invoice = shop.new_invoice("10.00")
    order = shop.ask(invoice)
    shop.claim(order)
    shop.sms(order.asked, spoof=True)
    assert booked(shop, invoice) == []
    assert shop.receipt().status == "review"
    assert "anybody" in shop.receipt().reason


def test_a_balance_that_does_not_follow_waits_for_a_person(store_shop: StoreShop) -> None:
    shop = store_shop
    shop.sms("100")
    shop.work()
    invoice = shop.new_invoice("10.00")
    order = shop.ask(invoice)
    shop.claim(order)
    shop.sms(order.asked, balance="99999.00")
    assert booked(shop, invoice) == []
    assert "does not follow" in shop.receipt().reason


def test_one_pound_against_a_thousand_stays_unpaid(store_shop: StoreShop) -> None:
    shop = store_shop
    invoice = shop.new_invoice("20.00")
    order = shop.ask(invoice)
    shop.claim(order)
    shop.sms("1")
    assert booked(shop, invoice) == []
    assert shop.claim(order) == "not_found"
    assert shop.receipt().status == "review"
    assert shop.sandbox.invoice(invoice)["status"] == "Unpaid"


def test_fifty_claims_at_once_for_one_receipt_one_wins(store_shop: StoreShop) -> None:
    shop = store_shop
    shop.sms("500")
    shop.work()
    ids = [str(shop.new_client("EUR")) for _ in range(5)]

    def one(number: int) -> str:
        try:
            ask = claiming.Ask(
                source=Claim.Source.PLUGIN,
                amount=Money.parse("500", "EGP"),
                phone=PAYER,
                client=ids[number % 5],
                user_name=f"user {number}",
            )
            return claiming.claim(shop.store, ask, shop.clock).code
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as crowd:
        codes = list(crowd.map(one, range(50)))
    assert sorted(codes).count("matched") == 1
    assert set(codes) == {"matched", "not_found"}
    assert Payment.objects.count() == 1


def test_a_phone_that_was_offline_an_hour_loses_nothing(store_shop: StoreShop) -> None:
    shop = store_shop
    shop.set_phone(app="tahweel")
    invoices = [shop.new_invoice(amount) for amount in ("10.00", "20.00", "30.00")]
    pending = [shop.ask(invoice) for invoice in invoices]
    shop.online(False)
    for number, order in enumerate(pending):
        payer = f"0100000071{number}"
        shop.claim(order, payer)
        assert shop.sms(order.asked, phone=payer) == []
    shop.online(True, "random")
    shop.work()
    for invoice in invoices:
        assert len(booked(shop, invoice)) == 1


# --- a person decides ---------------------------------------------------------------------------
def test_hold_then_approve_credits_once_without_the_payer(store_shop: StoreShop) -> None:
    shop = store_shop
    shop.rule(hold_first=True)
    invoice = shop.new_invoice("10.00")
    order = shop.ask(invoice)
    shop.claim(order)
    shop.sms(order.asked)
    assert booked(shop, invoice) == []
    assert shop.claim(order) == "hold"
    order.refresh_from_db()
    orders.approve(order.pk, credit=order.due, actor="ann", reason="known", now=shop.clock())
    assert booked(shop, invoice) == [(reference(shop.receipt()), "10.00")]
    assert shop.claim(order) == "matched"

    second = shop.ask(shop.new_invoice("10.00"))
    shop.claim(second)
    shop.sms(second.asked)
    shop.work()
    assert shop.claim(second) == "matched"


def test_hold_then_refuse_frees_the_receipt(store_shop: StoreShop) -> None:
    shop = store_shop
    shop.rule(hold_above_units=10_000)
    invoice = shop.new_invoice("10.00")
    order = shop.ask(invoice)
    shop.claim(order)
    shop.sms(order.asked)
    shop.work()
    orders.refuse(order.pk, actor="ann", reason="stranger", now=shop.clock())
    receipt = shop.receipt()
    assert receipt.status == "review"

    right = shop.ask(shop.new_invoice("10.00"))
    deciding.match(receipt.pk, right.pk, actor="ann", reason="asked", now=shop.clock())
    assert len(booked(shop, right.bill.reference)) == 1
    assert booked(shop, invoice) == []


def test_too_much_and_too_little_are_matched_by_hand(store_shop: StoreShop) -> None:
    shop = store_shop
    invoice = shop.new_invoice("20.00")
    order = shop.ask(invoice)
    shop.claim(order)
    shop.sms("400")
    shop.work()
    receipt = shop.receipt()
    assert [found.pk for found, _ in deciding.candidates_for(receipt)] == [order.pk]
    deciding.match(receipt.pk, order.pk, actor="ann", reason="a part", now=shop.clock())
    assert booked(shop, invoice) == [(reference(receipt), "8.00")]
    assert shop.sandbox.invoice(invoice)["status"] == "Unpaid"


def test_a_receipt_is_split_over_two_orders(store_shop: StoreShop) -> None:
    shop = store_shop
    first, second = (shop.ask(shop.new_invoice("10.00")) for _ in range(2))
    shop.sms("1000")
    shop.work()
    half = Money.parse("500", "EGP")
    parts = [(first.pk, half), (second.pk, half)]
    deciding.split(shop.receipt().pk, parts, actor="ann", reason="both", now=shop.clock())
    for order in (first, second):
        assert [amount for _, amount in booked(shop, order.bill.reference)] == ["10.00"]
    assert len(set(Payment.objects.values_list("reference", flat=True))) == 2


def test_a_match_is_taken_back_until_whmcs_was_told(store_shop: StoreShop) -> None:
    shop = store_shop
    wrong, right = (shop.ask(shop.new_invoice("10.00")) for _ in range(2))
    shop.sms("500")
    shop.work()
    receipt = shop.receipt()
    deciding.match(receipt.pk, wrong.pk, actor="ann", reason="oops", now=shop.clock())
    deciding.undo(receipt.pk, actor="ann", reason="the other", now=shop.clock())
    assert booked(shop, wrong.bill.reference) == []
    deciding.match(receipt.pk, right.pk, actor="ann", reason="this", now=shop.clock())
    assert [amount for _, amount in booked(shop, right.bill.reference)] == ["10.00"]
    assert booked(shop, wrong.bill.reference) == []
    with pytest.raises(orders.NotNow):
        deciding.undo(receipt.pk, actor="ann", reason="again", now=shop.clock())


def test_late_money_finds_the_expired_claim_for_a_person(store_shop: StoreShop) -> None:
    shop = store_shop
    invoice = shop.new_invoice("10.00")
    order = shop.ask(invoice)
    shop.claim(order)
    past = shop.clock() - timedelta(hours=2)
    Order.objects.filter(pk=order.pk).update(valid_until=past)
    Claim.objects.update(expires=past)
    assert claiming.expire(shop.clock()) == 1
    shop.sms(order.asked)
    assert booked(shop, invoice) == []
    receipt = shop.receipt()
    assert (receipt.status, "expired" in receipt.reason) == ("review", True)


def test_wording_that_cannot_be_read_is_kept_and_read_again(
    store_shop: StoreShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = store_shop
    shop.sms("1", text="استلمت محفظتك مبلغ وقدره 500 جنيه مصري من حساب غير معروف", sender="VF-Cash")
    shop.work()
    receipt = shop.receipt()
    assert receipt.status == "unread"
    assert "still cannot" in deciding.read_again(receipt.pk, actor="ann", clock=shop.clock)


def test_one_time_passwords_are_masked_before_they_are_kept(store_shop: StoreShop) -> None:
    shop = store_shop
    code = "Your OTP is 482913. Do not share it with anyone."
    assert shop.sms("1", text=code, sender="BankMisr") == [200]
    shop.work()
    assert b"482913" not in bytes(Callback.objects.get().body)
    assert not Receipt.objects.exists()


def test_a_switched_off_phone_is_not_heard(store_shop: StoreShop) -> None:
    shop = store_shop
    Phone.objects.update(active=False)
    from gateways import accounts

    accounts.forget()
    assert 200 not in shop.sms("500")
    assert not Receipt.objects.exists()


# --- other ways to find it ------------------------------------------------------------------------
def test_a_reference_typed_by_the_payer_finds_the_transfer(store_shop: StoreShop) -> None:
    shop = store_shop
    order = shop.ask(shop.new_invoice("10.00"))
    shop.sms(order.asked, phone="01000000808")
    shop.work()
    typed = shop.receipt().transaction_id
    assert shop.claim(order, "", reference=typed) == "matched"


def status_of(order: Order) -> str:
    order.refresh_from_db()
    return order.status


def test_unique_amounts_tell_payers_apart(store_shop: StoreShop) -> None:
    shop = store_shop
    shop.rule(unique_amounts=True)
    first, second = (shop.ask(shop.new_invoice("10.00")) for _ in range(2))
    assert first.asked != second.asked
    assert {order.asked.units // 100 for order in (first, second)} == {500}

    # Nobody has told us anything, and this number is nobody's.
    shop.sms(second.asked, phone="01000000909")
    shop.work()
    assert [status_of(order) for order in (first, second)] == ["new", "paid"]
    # Whole pounds are nobody's mark.
    shop.sms("500", phone="01000000909")
    shop.work()
    assert (status_of(first), shop.receipt().status) == ("new", "new")


def test_an_amount_that_two_orders_ask_for_tells_nobody_apart(store_shop: StoreShop) -> None:
    shop = store_shop
    shop.rule(unique_amounts=True)
    both = [shop.ask(shop.new_invoice("10.00")) for _ in range(2)]
    Order.objects.update(payable_units=both[0].asked.units)
    shop.sms(both[0].asked, phone="01000000909")
    shop.work()
    assert [status_of(order) for order in both] == ["new", "new"]
    assert "2 claims over" in shop.receipt().reason


def test_two_equal_claims_of_one_phone_are_a_tie_for_a_person(store_shop: StoreShop) -> None:
    shop = store_shop
    pending = [shop.ask(shop.new_invoice("10.00")) for _ in range(2)]
    for order in pending:
        shop.claim(order)
    shop.sms("500")
    shop.work()
    receipt = shop.receipt()
    assert receipt.status == "review"
    found = {order.pk for order, _ in deciding.candidates_for(receipt)}
    assert found == {order.pk for order in pending}


# --- the compatibility surface --------------------------------------------------------------------
@pytest.mark.parametrize("mode", ["transaction", "credit"])
def test_an_official_plugin_credits_the_client(store_shop: StoreShop, mode: str) -> None:
    shop = store_shop
    shop.biller.top_up_mode = mode
    shop.biller.save()
    before = shop.check("500")
    assert (before.status_code, before.json()["status"]) == (200, False)
    assert before.json()["message"] == "No matching transaction found"
    shop.sms("500")
    shop.work()
    answer = shop.check("500").json()
    assert (answer["status"], answer["requires_verification"]) == (True, False)
    assert shop.check("500").json() == answer
    shop.work()
    shop.work()
    credits = shop.sandbox.whmcs()
    client = next(row for row in credits["clients"] if int(row["id"]) == shop.client)
    assert client["credit"] == "10.00"
    assert answer["transaction_id"] == reference(shop.receipt())
    if mode == "credit":
        [line] = [row["description"] for row in credits["credits"]]
        assert line == f"VodafoneCash payment - trans_id: {reference(shop.receipt())}"


def test_without_the_key_nothing_is_told(store_shop: StoreShop) -> None:
    shop = store_shop
    shop.sms("500")
    shop.work()
    assert shop.check("500", key=False).status_code in (401, 403)
    assert not Claim.objects.exists()


def test_open_mode_holds_the_first_pair(store_shop: StoreShop) -> None:
    shop = store_shop
    shop.rule(legacy_open=True)
    shop.sms("500")
    shop.work()
    answer = shop.check("500", key=False)
    said = answer.json()
    assert (answer.status_code, said["status"], said["flow_state"]) == (
        200, False, "waiting-for-approval",
    )  # fmt: skip
    order = Order.objects.get(status="review")
    orders.approve(order.pk, credit=order.due, actor="ann", reason="hers", now=shop.clock())
    assert shop.check("500", key=False).json()["status"] is True


def test_a_claim_by_the_module_pays_the_invoice(store_shop: StoreShop) -> None:
    shop = store_shop
    invoice = shop.new_invoice("10.00")
    quoted = shop.module(invoice).json()
    assert (quoted["code"], quoted["amount"], quoted["pay_to"]) == (
        "waiting", "500.00", shop.wallet.number,
    )  # fmt: skip
    assert shop.module(invoice, PAYER).json()["code"] == "not_found"
    shop.sms("500")
    shop.work()
    assert shop.module(invoice, PAYER).json()["code"] in ("matched", "paid")
    assert [amount for _, amount in booked(shop, invoice)] == ["10.00"]


# --- upstream: an account at vodafoncash.com ---------------------------------------------------------
def upstream(shop: StoreShop, **changes: object) -> None:
    """The console is the client of the platform's account; the platform reports to us."""
    made = shop.sandbox.post(
        "/vodafoncash/_sandbox/stores",
        {
            "rate": "50.00",
            "callback_url": shop.store_url,
            "key": "the-key-of-the-store-in-the-tests",
            **changes,
        },
    )
    shop.rule(
        mode="upstream",
        system_url=f"{shop.sandbox.url}/vodafoncash",
        store_id=str(made["store"]["id"]),
    )


def transfer(shop: StoreShop, amount: str, phone: str = PAYER) -> str:
    body = {"phone": phone, "amount": amount}
    made = shop.sandbox.post("/vodafoncash/_sandbox/transfers", body)
    return str(made["transfer"]["trans_id"])


def reported(shop: StoreShop, trans_id: str, times: int = 1) -> None:
    """The platform reports beside its answer; wait until it has done so."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        rows = shop.sandbox.get("/vodafoncash/_sandbox/transfers")["transfers"]
        row = next(each for each in rows if each["trans_id"] == trans_id)
        if sum(each["answer_status"] is not None for each in row["callbacks"]) >= times:
            return
        time.sleep(0.05)
    raise AssertionError(f"{trans_id} was not reported")


def test_upstream_matches_there_and_is_booked_here(store_shop: StoreShop) -> None:
    shop = store_shop
    upstream(shop)
    invoice = shop.new_invoice("10.00")
    order = shop.ask(invoice)
    assert shop.claim(order) == "not_found"
    told = transfer(shop, "500")
    assert shop.claim(order) == "on_its_way"
    reported(shop, told)
    assert booked(shop, invoice) == [(f"VFC-{told}", "10.00")]
    assert shop.claim(order) == "matched"


def test_upstream_repeats_are_booked_once(store_shop: StoreShop) -> None:
    shop = store_shop
    upstream(shop, callback="twice")
    invoice = shop.new_invoice("10.00")
    order = shop.ask(invoice)
    told = transfer(shop, "500")
    shop.claim(order)
    reported(shop, told, times=2)
    assert booked(shop, invoice) == [(f"VFC-{told}", "10.00")]


def test_upstream_hold_is_told_apart_from_not_found(store_shop: StoreShop) -> None:
    shop = store_shop
    upstream(shop, anti_spam=True)
    invoice = shop.new_invoice("10.00")
    order = shop.ask(invoice)
    assert shop.claim(order) == "not_found"
    transfer(shop, "500")
    assert shop.claim(order) == "hold"
    assert booked(shop, invoice) == []


def test_upstream_reports_under_a_wrong_key_are_refused(store_shop: StoreShop) -> None:
    shop = store_shop
    upstream(shop, callback="wrong_key")
    invoice = shop.new_invoice("10.00")
    order = shop.ask(invoice)
    told = transfer(shop, "500")
    shop.claim(order)
    reported(shop, told)
    assert booked(shop, invoice) == []
    assert Callback.objects.get().status == Callback.Status.REJECTED
