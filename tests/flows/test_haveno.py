"""A WHMCS invoice paid in coins through the relay: every rule, in Monero and in another currency.

Each story asserts what the sandbox's WHMCS holds in the end.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.conf import settings

from gateways import accounts
from gateways.models import Callback, Order
from gateways.orders import deciding, links
from gateways.providers.haveno.keys import public_half
from gateways.providers.haveno.signing import verify
from ledger.models import Delivery, Payment
from ledger.money import Money
from ledger.ports import unix_seconds
from tests.conftest import SetClock
from tests.relay_world import MERCHANT_KEY, RelayShop
from tests.world import transid

COINS = ["XMR", "BTC"]
AN_HOUR = timedelta(hours=1)


@pytest.fixture(params=COINS)
def coin(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def accepted(answers: list[Any]) -> bool:
    return [(a["status"], a["body"]) for a in answers] == [(200, "ok")] * len(answers) != []


def booked(shop: RelayShop, invoice: str) -> list[tuple[str, str]]:
    shop.work()
    return shop.sandbox.booked_on(invoice)


# --- the way of one payment ---------------------------------------------------------------------
@pytest.mark.parametrize("coin", ["XMR", "BTC", "USDT", "USD_BANK"])
def test_exact_payment_marks_the_invoice_paid(relay_shop: RelayShop, coin: str) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice, coin)

    shop.send(order)
    assert shop.look(order).status == "pending"
    assert booked(shop, invoice) == []
    assert accepted(shop.mine()["answers"])

    assert booked(shop, invoice) == [(transid(order), "15.99")]
    assert shop.sandbox.invoice(invoice)["status"] == "Paid"
    order.refresh_from_db()
    assert (order.status, order.attention) == ("paid", "")
    payment = Payment.objects.get()
    assert (payment.method, payment.received) == ("havenopay", order.asked)
    [row] = shop.sandbox.get(f"/whmcs/_sandbox/invoices/{invoice}")["transactions"]
    assert row["gateway"] == "havenopay"


def test_settles_only_when_every_transfer_that_counts_is_deep_enough(
    relay_shop: RelayShop, coin: str
) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice, coin)

    shop.send(order, "dust")
    shop.mine(10)
    shop.send(order, "rest")
    shop.mine(9)
    assert shop.look(order).status == "pending"
    assert booked(shop, invoice) == []

    shop.mine(1)
    assert booked(shop, invoice) == [(transid(order), "15.99")]


def test_a_lost_webhook_is_a_delay_and_no_loss(relay_shop: RelayShop, coin: str) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice, coin)
    shop.send(order)
    shop.mine(lost=True)
    assert booked(shop, invoice) == []

    shop.look(order)
    assert booked(shop, invoice) == [(transid(order), "15.99")]


def test_repeats_book_nothing_more(relay_shop: RelayShop, clock: SetClock) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.send(order)
    shop.mine()
    shop.work()

    assert accepted(shop.webhook(order, times=5)["answers"])
    assert accepted(shop.resend(order, times=3)["answers"])
    assert accepted(shop.webhook(order, parallel=20)["answers"])
    shop.look(order)

    assert booked(shop, invoice) == [(transid(order), "15.99")]


def test_an_old_repeat_of_a_recorded_event_is_answered_as_delivered(
    relay_shop: RelayShop,
) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.send(order)
    shop.mine()
    shop.work()

    assert accepted(shop.webhook(order, forge="stale")["answers"])
    assert booked(shop, invoice) == [(transid(order), "15.99")]


def test_a_true_word_that_comes_too_late_is_asked_about(relay_shop: RelayShop) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.send(order)
    shop.mine(lost=True)

    [answer] = shop.webhook(order, forge="stale")["answers"]
    assert answer["status"] == 400
    assert booked(shop, invoice) == []
    order.refresh_from_db()
    assert order.poll_at is not None and order.poll_at <= shop.clock()
    shop.poll()
    assert booked(shop, invoice) == [(transid(order), "15.99")]


@pytest.mark.parametrize(
    "forge",
    [
        "signature", "amount", "currency", "offer", "invoice", "key", "duplicate_member",
        "float_amount", "missing_signature", "nested", "future", "millis",
    ],
)  # fmt: skip
def test_nothing_forged_changes_anything(relay_shop: RelayShop, forge: str) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)

    answers = shop.webhook(order, forge=forge)["answers"]
    assert all(400 <= answer["status"] < 500 for answer in answers)
    assert booked(shop, invoice) == []
    order.refresh_from_db()
    assert order.status == "new"
    assert not Callback.objects.exclude(status=Callback.Status.REJECTED).exists()


@pytest.mark.parametrize("forge", ["extra_member", "hex_signature"])
def test_what_is_genuine_in_an_unusual_form_is_taken(relay_shop: RelayShop, forge: str) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.send(order)
    shop.mine(lost=True)

    assert accepted(shop.webhook(order, forge=forge)["answers"])
    assert booked(shop, invoice) == [(transid(order), "15.99")]


def test_a_second_lock_wants_both_keys(relay_shop: RelayShop) -> None:
    shop = relay_shop
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    shop.haveno.seal("webhook_secret", secret)
    shop.haveno.save()
    accounts.forget()
    shop.relay_settings(webhook_secret=secret)
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.send(order)
    shop.mine(lost=True)

    for forge in ("hmac", "no_hmac"):
        [answer] = shop.webhook(order, forge=forge)["answers"]
        assert 400 <= answer["status"] < 500
    assert booked(shop, invoice) == []
    assert accepted(shop.webhook(order)["answers"])
    assert booked(shop, invoice) == [(transid(order), "15.99")]


def test_two_relay_keys_are_believed_during_a_rotation(relay_shop: RelayShop) -> None:
    shop = relay_shop
    rotated = shop.relay_settings(rotate_relay_key=True)
    shop.rule(relay_keys="\n".join(rotated["relay_public_keys"]))
    accounts.forget()
    for signer in ("old", "new"):
        shop.relay_settings(sign_with=signer)
        invoice = shop.new_invoice("15.99")
        order = shop.offer(invoice)
        shop.send(order)
        assert accepted(shop.mine()["answers"])
        assert booked(shop, invoice) == [(transid(order), "15.99")]


# --- the rules ----------------------------------------------------------------------------------
def test_parts_add_up_on_one_offer(relay_shop: RelayShop, coin: str) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice, coin)
    address = order.pay_to

    shop.send(order, "partial")
    shop.mine()
    order = shop.look(order)
    assert (order.status, order.pay_to) == ("pending", address)
    assert booked(shop, invoice) == []
    # Whoever presses Pay again comes to the same offer, whatever its coin.
    assert links.pay_token(order) in shop.press(shop.form(invoice)).headers["Location"]

    shop.send(order, "rest")
    shop.mine()
    assert booked(shop, invoice) == [(transid(order), "15.99")]


def test_part_of_it_is_decided_by_a_person_after_the_end(relay_shop: RelayShop, coin: str) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice, coin)
    shop.send(order, "partial")
    shop.mine()
    shop.ends(order, AN_HOUR)
    order = shop.look(order)
    assert order.status == "review"
    worth = order.due.share(order.confirmed, order.asked)
    assert str(worth) in order.attention

    deciding.approve(order.pk, credit=worth, actor="ann", reason="kept", now=shop.clock())
    assert booked(shop, invoice) == [(transid(order), worth.amount)]
    assert shop.sandbox.invoice(invoice)["status"] == "Unpaid"


@pytest.mark.parametrize("action", ["over", "twice"])
def test_surplus_becomes_the_clients_credit(relay_shop: RelayShop, coin: str, action: str) -> None:
    shop = relay_shop
    shop.rule(over="credit")
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice, coin)
    shop.send(order, action)
    shop.mine()

    [(reference, amount)] = booked(shop, invoice)
    order.refresh_from_db()
    assert reference == transid(order)
    assert Money.parse(amount, "EUR") == order.due.share(order.confirmed, order.asked) > order.due
    surplus = Money.parse(amount, "EUR") - order.due
    assert shop.credit() == surplus
    assert order.attention == ""


def test_surplus_waits_for_a_person(relay_shop: RelayShop, coin: str) -> None:
    shop = relay_shop
    shop.rule(over="review")
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice, coin)
    shop.send(order, "over")
    shop.mine()

    assert booked(shop, invoice) == [(transid(order), "15.99")]
    order.refresh_from_db()
    assert "Overpaid" in order.attention


def test_a_second_payment_after_settling_becomes_credit(relay_shop: RelayShop, coin: str) -> None:
    shop = relay_shop
    shop.rule(over="credit")
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice, coin)
    shop.send(order)
    shop.mine()
    shop.work()
    shop.send(order)
    shop.mine()
    shop.work()
    shop.look(order)

    assert booked(shop, invoice)[:1] == [(transid(order), "15.99")]
    first, second = Payment.objects.order_by("pk")
    assert (second.reference, second.credit) == (f"{transid(order)}-2", first.credit)
    assert shop.credit() == second.credit
    assert not Delivery.objects.exclude(status=Delivery.Status.DELIVERED).exists()


def test_late_money_is_booked_at_the_lower_of_both_quotes(relay_shop: RelayShop, coin: str) -> None:
    shop = relay_shop
    shop.rule(late="lower")
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice, coin)
    shop.ends(order, AN_HOUR)
    assert shop.look(order).status == "expired"
    shop.prices("0.5")
    shop.send(order)
    shop.mine()

    [(reference, amount)] = booked(shop, invoice)
    half = Money.parse("7.99", "EUR")
    assert reference == transid(order)
    assert abs(Money.parse(amount, "EUR").units - half.units) <= 2
    order.refresh_from_db()
    assert order.status == "paid"


def test_late_money_never_gains(relay_shop: RelayShop) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.ends(order, AN_HOUR)
    shop.look(order)
    shop.prices("2")
    shop.send(order)
    shop.mine()
    assert booked(shop, invoice) == [(transid(order), "15.99")]


def test_late_money_waits_for_a_person(relay_shop: RelayShop, coin: str) -> None:
    shop = relay_shop
    shop.rule(late="review")
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice, coin)
    shop.ends(order, AN_HOUR)
    shop.send(order)
    shop.mine()

    assert booked(shop, invoice) == []
    order.refresh_from_db()
    assert order.status == "review"
    assert "too late" in order.attention
    deciding.refuse(order.pk, actor="ann", reason="refunded", now=shop.clock())
    assert booked(shop, invoice) == []


def test_late_money_waits_when_today_has_no_price(relay_shop: RelayShop) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.ends(order, AN_HOUR)
    shop.prices(age=3600)
    shop.send(order)
    shop.mine()
    assert booked(shop, invoice) == []
    order.refresh_from_db()
    assert order.status == "review"


def test_money_of_days_later_always_waits_for_a_person(relay_shop: RelayShop) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    shop.ends(order, timedelta(hours=49))
    shop.send(order)
    shop.mine()
    assert booked(shop, invoice) == []
    order.refresh_from_db()
    assert order.status == "review"


def test_seen_in_time_and_confirmed_after_the_end_is_paid_in_time(
    relay_shop: RelayShop, coin: str
) -> None:
    shop = relay_shop
    shop.rule(late="review")
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice, coin)
    shop.send(order)
    shop.look(order)
    # It was seen a moment ago: the offer ended a moment after that.
    shop.ends(order, timedelta(minutes=11))
    Order.objects.filter(pk=order.pk).update(valid_until=order.created + timedelta(seconds=30))
    shop.mine()
    assert booked(shop, invoice) == [(transid(order), "15.99")]


def test_without_auto_confirm_a_person_approves(relay_shop: RelayShop, coin: str) -> None:
    shop = relay_shop
    shop.rule(auto_confirm=False)
    accounts.forget()
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice, coin)
    shop.send(order)
    shop.mine()
    assert booked(shop, invoice) == []
    order.refresh_from_db()
    assert order.status == "review"

    deciding.approve(order.pk, credit=order.due, actor="ann", reason="seen", now=shop.clock())
    assert booked(shop, invoice) == [(transid(order), "15.99")]
    # The relay goes on telling what it told before.
    shop.webhook(order)
    shop.look(order)
    assert booked(shop, invoice) == [(transid(order), "15.99")]


def test_another_currency_is_not_taken_for_the_one_asked(relay_shop: RelayShop, coin: str) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice, coin)
    shop.send(order, "other_currency")
    shop.mine()
    order = shop.look(order)
    assert order.status == "review"
    assert booked(shop, invoice) == []


def test_other_coins_for_a_paid_order_are_told_once(relay_shop: RelayShop) -> None:
    shop = relay_shop
    _, order = shop.paid_order()
    shop.work()
    shop.send(order, "other_currency")
    order = shop.look(order)
    assert (order.status, bool(order.attention)) == ("paid", True)
    deciding.settle_attention(order.pk, actor="ann", reason="sent back", now=shop.clock())
    assert shop.look(order).attention == ""


def test_a_payment_that_disappears_after_settling_is_for_a_person(
    relay_shop: RelayShop, coin: str
) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice, coin)
    shop.send(order)
    shop.mine()
    shop.work()
    shop.reorg(order)

    order = shop.look(order)
    assert order.status == "paid"
    assert "disappeared" in order.attention
    assert booked(shop, invoice) == [(transid(order), "15.99")]
    deciding.settle_attention(order.pk, actor="ann", reason="paid again", now=shop.clock())
    assert shop.look(order).attention == ""


def test_a_payment_that_disappears_before_settling_books_nothing(
    relay_shop: RelayShop, coin: str
) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice, coin)
    shop.send(order)
    shop.mine(5)
    assert shop.look(order).status == "pending"
    shop.reorg(order)
    shop.mine(20)
    assert shop.look(order).seen.units == 0
    assert booked(shop, invoice) == []
    shop.ends(order, AN_HOUR)
    assert shop.look(order).status == "expired"


def test_an_unpaid_offer_is_purged_when_even_late_money_is_over(relay_shop: RelayShop) -> None:
    shop = relay_shop
    order = shop.offer(shop.new_invoice("15.99"))
    shop.ends(order, AN_HOUR)
    assert shop.look(order).purged_at is None
    assert shop.relay_offer(order)["state"] in ("open", "expired")

    shop.ends(order, timedelta(hours=49))
    order = shop.look(order)
    assert order.purged_at is not None and order.poll_at is None
    assert shop.relay_offer(order)["state"] == "cancelled"


def test_an_offer_withdrawn_at_the_relay_is_not_offered_any_longer(relay_shop: RelayShop) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    order = shop.offer(invoice)
    account = accounts.load(order.gateway)
    now = unix_seconds(shop.clock())
    assert account.provider.purge(
        order.reference, order.provider_reference, account.credentials, now
    )
    assert shop.look(order).status == "failed"
    assert shop.offer(invoice) != order


def test_an_offer_with_money_is_not_purged(relay_shop: RelayShop) -> None:
    shop = relay_shop
    order = shop.offer(shop.new_invoice("15.99"))
    shop.send(order, "partial")
    shop.ends(order, timedelta(hours=49))
    shop.look(order)
    assert shop.look(order).purged_at is None
    assert shop.relay_offer(order)["state"] != "cancelled"


# --- offers -------------------------------------------------------------------------------------
def test_an_expired_offer_gets_a_fresh_quote(relay_shop: RelayShop) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    first = shop.offer(invoice)
    shop.ends(first, AN_HOUR)
    shop.look(first)
    shop.prices("0.5")

    second = shop.offer(invoice)
    assert second != first and second.pay_to != first.pay_to
    assert second.asked.units > first.asked.units
    # The old address is still watched: what comes for it late is not lost.
    shop.send(first)
    shop.mine()
    assert [reference for reference, _ in booked(shop, invoice)] == [transid(first)]


def test_an_open_offer_is_offered_again_and_each_coin_has_its_own(relay_shop: RelayShop) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    first = shop.offer(invoice)
    assert shop.offer(invoice) == first
    bitcoin = shop.offer(invoice, "BTC")
    assert bitcoin != first
    assert shop.offer(invoice, "BTC") == bitcoin
    assert Order.objects.count() == 2


def test_fifty_presses_at_once_open_one_offer(relay_shop: RelayShop) -> None:
    shop = relay_shop
    fields = shop.form(shop.new_invoice("15.99"))
    with ThreadPoolExecutor(10) as crowd:
        answers = list(crowd.map(lambda _: shop.press(fields).status_code, range(50)))
    assert set(answers) == {303}
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    "lie", ["wrong_signature", "unsigned", "wrong_amount", "wrong_invoice", "other_address_in_uri"]
)
def test_an_address_the_relay_did_not_sign_is_never_shown(relay_shop: RelayShop, lie: str) -> None:
    shop = relay_shop
    shop.lie("offers", lie)
    answer = shop.press(shop.form(shop.new_invoice("15.99")))
    order = Order.objects.get()
    assert (order.pay_to, order.document) == ("", "")
    assert order.status == "failed"
    assert order.attention
    page = requests.get(answer.headers["Location"], timeout=30).text
    offered = shop.sandbox.get("/haveno/_sandbox/offers")["offers"]
    assert offered
    assert all(offer["pay_to"] not in page for offer in offered)


@pytest.mark.parametrize(
    "fault", ["refuse", "503", "lost_answer", "truncated", "html", "504_after"]
)
def test_a_relay_in_trouble_is_a_calm_page_and_the_same_offer_later(
    relay_shop: RelayShop, fault: str
) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    shop.sandbox.faults("haveno", fault, "offers")
    answer = shop.press(shop.form(invoice))
    assert answer.status_code == 303
    assert Order.objects.get().pay_to == ""

    order = shop.offer(invoice)
    assert Order.objects.count() == 1
    assert len(shop.sandbox.get("/haveno/_sandbox/offers")["offers"]) == 1
    shop.send(order)
    shop.mine()
    assert booked(shop, invoice) == [(transid(order), "15.99")]


@pytest.mark.parametrize("trouble", ["deviates", "stale", "down", "unchecked"])
def test_no_quote_is_better_than_a_bad_one(relay_shop: RelayShop, trouble: str) -> None:
    shop = relay_shop
    match trouble:
        case "deviates":
            shop.web_prices("1.2")
        case "stale":
            shop.prices(age=3600)
        case "down":
            shop.sandbox.faults("haveno", "503", "prices", times=None)
        case _:
            shop.sandbox.faults("haveno", "503", "web_prices", times=None)
    answer = shop.press(shop.form(shop.new_invoice("15.99")))
    assert answer.status_code == 503
    assert "<h1>" in answer.text
    assert not Order.objects.exists()
    shop.haveno.refresh_from_db()
    assert shop.haveno.price_trouble
    assert shop.haveno.price_trouble not in answer.text


def test_the_signed_offer_can_be_downloaded_and_verified(relay_shop: RelayShop) -> None:
    shop = relay_shop
    order = shop.offer(shop.new_invoice("15.99"))
    url = f"{settings.GATEBOOK_URL}/pay/{links.pay_token(order)}/offer.json"
    offer = json.loads(requests.get(url, timeout=30).content)
    verify(offer, [public_half(MERCHANT_KEY)])
    assert (offer["offer_id"], offer["pay_to"]) == (order.provider_reference, order.pay_to)
    assert (offer["amount"], offer["currency"]) == (order.asked.amount, "XMR")


def test_money_for_the_offers_of_two_coins_is_all_booked(relay_shop: RelayShop) -> None:
    shop = relay_shop
    invoice = shop.new_invoice("15.99")
    monero, bitcoin = shop.offer(invoice), shop.offer(invoice, "BTC")
    shop.send(monero)
    shop.send(bitcoin)
    shop.mine()
    shop.work()
    references = {transid(monero), transid(bitcoin)}
    assert set(Payment.objects.values_list("reference", flat=True)) == references
    assert shop.credit() == Money.parse("15.99", "EUR")
