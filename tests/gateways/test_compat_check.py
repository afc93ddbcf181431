"""Plugins made for vodafoncash.com, pointed at the console: the documented answers and no more."""

# ruff: noqa: RUF001 -- Arabic digits

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from gateways.compat import checks
from gateways.limits import Limit
from gateways.models import Claim, Order, Receipt, VodafoneCashGateway
from gateways.orders import deciding
from ledger import ports
from ledger.models import Bill, Merchant, Payment
from ledger.money import Money
from tests.gateways.wallet_rows import PAYER, STORE_KEY, a_receipt, a_store
from tests.ledger.rows import FakeBiller, a_biller, a_merchant

pytestmark = pytest.mark.django_db

PATH = "/api/payment_link_check"
NOT_FOUND = "No matching transaction found"


@pytest.fixture
def merchant(whmcs: FakeBiller) -> Merchant:
    return a_biller().merchant


@pytest.fixture
def store(merchant: Merchant) -> VodafoneCashGateway:
    return a_store(merchant)


@pytest.fixture
def opened(store: VodafoneCashGateway) -> VodafoneCashGateway:
    store.legacy_open = True
    store.save()
    return store


def ask(
    client: Client,
    store: VodafoneCashGateway,
    *,
    key: str = STORE_KEY,
    post: str = "",
    **changes: Any,
) -> Any:
    """What the official module sends; `None` leaves a field out, `key` "" the header."""
    fields = {
        "phone": PAYER,
        "amount": "100",
        "user_name": "Mona Adel (7)",
        "store_id": str(store.pk),
        "lang": "en",
        "client_id": "7",
        **changes,
    }
    sent = {name: value for name, value in fields.items() if value is not None}
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    if post == "json":
        return client.post(PATH, sent, content_type="application/json", headers=headers)
    return (client.post if post else client.get)(PATH, sent, headers=headers)


def paid_before(client: Client, store: VodafoneCashGateway, **changes: Any) -> None:
    """The pair has a payment that was booked."""
    a_receipt(store, "1.00")
    assert ask(client, store, amount="1", **changes).json()["status"] is True


# --- the documented answers ---------------------------------------------------------------------
@pytest.mark.parametrize("post", ["", "form", "json"])
def test_money_that_came_is_matched_and_booked_once(
    client: Client, store: VodafoneCashGateway, post: str
) -> None:
    receipt = a_receipt(store)

    answer = ask(client, store, post=post)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == {
        "status": True,
        "requires_verification": False,
        "message": "Your payment was found. Thank you.",
        "code": "matched",
        "transaction_id": f"VFC-{receipt.transaction_id}",
    }
    (payment,) = Payment.objects.all()
    assert (payment.credit, payment.bill.client) == (Money(200, "USD"), "7")
    assert payment.bill.kind == Bill.Kind.CREDIT


def test_money_that_did_not_come_is_the_documented_no(
    client: Client, store: VodafoneCashGateway
) -> None:
    answer = ask(client, store)

    assert answer.status_code == 200
    assert answer.json() == {"status": False, "message": NOT_FOUND, "code": "not_found"}
    assert not Payment.objects.exists()


def test_money_that_waits_for_a_person_is_the_documented_hold(
    client: Client, store: VodafoneCashGateway
) -> None:
    store.hold_first = True
    store.save()
    a_receipt(store)

    answer = ask(client, store)

    said = answer.json()
    assert answer.status_code == 200
    assert {name: said[name] for name in said if name not in ("message", "code")} == {
        "status": False,
        "requires_verification": True,
        "pending_verification": True,
        "flow_state": "waiting-for-approval",
    }
    assert said["code"] == "hold"
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    ("lang", "begins"), [("ar", "لم يتم"), ("arabic", "لم يتم"), ("en", "No m"), ("", "No m")]
)
def test_messages_come_in_the_language_asked_for(
    client: Client, store: VodafoneCashGateway, lang: str, begins: str
) -> None:
    assert ask(client, store, lang=lang).json()["message"].startswith(begins)


@pytest.mark.parametrize("amount", ["100", "100.0", "100.00", "0100", " 100 ", "١٠٠", "١٠٠٫٠"])
@pytest.mark.parametrize("phone", [PAYER, f"+2{PAYER}", "010 1234-5678"])
def test_amounts_are_compared_as_numbers_and_phones_in_one_spelling(
    client: Client, store: VodafoneCashGateway, amount: str, phone: str
) -> None:
    a_receipt(store)
    assert ask(client, store, amount=amount, phone=phone).json()["code"] == "matched"


@pytest.mark.parametrize("amount", ["99.99", "100.01", "1000", "10", "1,000"])
def test_another_amount_is_not_found(
    client: Client, store: VodafoneCashGateway, amount: str
) -> None:
    a_receipt(store)
    assert ask(client, store, amount=amount).json()["code"] == "not_found"
    assert Receipt.objects.get().status == Receipt.Status.NEW


def test_older_plugins_send_the_clients_number_as_user_name(
    client: Client, store: VodafoneCashGateway
) -> None:
    a_receipt(store)
    assert ask(client, store, client_id=None, user_name="9").json()["status"] is True
    assert Payment.objects.get().bill.client == "9"


# --- once -----------------------------------------------------------------------------------------
def test_the_same_claim_again_answers_the_same_and_books_nothing(
    client: Client, store: VodafoneCashGateway
) -> None:
    a_receipt(store)

    answers = [ask(client, store).json() for _ in range(3)]

    assert answers[0] == answers[1] == answers[2]
    assert (Payment.objects.count(), Claim.objects.count()) == (1, 1)


def test_a_hold_that_is_approved_answers_matched_without_a_new_claim(
    client: Client, store: VodafoneCashGateway
) -> None:
    store.hold_first = True
    store.save()
    a_receipt(store)
    assert [ask(client, store).json()["code"] for _ in range(2)] == ["hold", "hold"]
    order = Order.objects.get()

    deciding.approve(
        order.pk, credit=order.due, actor="staff", reason="known", now=ports.system_now()
    )

    assert ask(client, store).json()["code"] == "matched"
    assert Payment.objects.count() == 1


def test_money_that_is_somebody_elses_is_not_found(
    client: Client, store: VodafoneCashGateway
) -> None:
    a_receipt(store)
    ask(client, store)

    answer = ask(client, store, client_id="8", user_name="Other (8)")

    assert answer.json() == {"status": False, "message": NOT_FOUND, "code": "not_found"}
    assert Payment.objects.count() == 1


def test_money_that_came_after_a_no_is_found_by_the_next_try(
    client: Client, store: VodafoneCashGateway
) -> None:
    assert ask(client, store).json()["status"] is False
    a_receipt(store)
    assert ask(client, store).json()["status"] is True


def test_money_of_another_store_is_not_found(client: Client, store: VodafoneCashGateway) -> None:
    other = a_store(a_biller(a_merchant()).merchant)
    a_receipt(other)
    assert ask(client, store).json()["code"] == "not_found"


# --- who may --------------------------------------------------------------------------------------
@pytest.mark.parametrize("key", ["", "wrong", STORE_KEY[:-1], STORE_KEY + "x", "é"])
def test_without_the_stores_key_nothing_is_looked_for(
    client: Client, store: VodafoneCashGateway, key: str
) -> None:
    a_receipt(store)

    answer = ask(client, store, key=key)

    assert answer.status_code == 401
    assert answer.json() == {
        "status": False,
        "message": "The store key is missing or wrong",
        "code": "invalid",
    }
    assert not Claim.objects.exists()


def test_a_store_without_a_key_lets_nobody_in(client: Client, store: VodafoneCashGateway) -> None:
    store.seal("store_key", "")
    store.save()
    assert ask(client, store, key="").status_code == 401
    header = {"Authorization": "Bearer "}
    assert (
        client.get(PATH, {"store_id": str(store.pk), "phone": PAYER}, headers=header).status_code
        == 401
    )


@pytest.mark.parametrize("change", ["disabled", "closed", "0", "x", "١", "999999", str(10**17)])
def test_an_unknown_store_is_404(client: Client, store: VodafoneCashGateway, change: str) -> None:
    number = str(store.pk)
    if change == "disabled":
        VodafoneCashGateway.objects.update(enabled=False)
    elif change == "closed":
        Merchant.objects.update(active=False)
    else:
        number = change

    answer = ask(client, store, store_id=number)

    assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (
        404,
        False,
        "invalid",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"phone": None},
        {"phone": ""},
        {"phone": "12345"},
        {"phone": "01312345678"},
        {"amount": None},
        {"amount": "0"},
        {"amount": "0.00"},
        {"amount": "-5"},
        {"amount": "1e3"},
        {"amount": "100.001"},
        {"amount": "1,50"},
        {"amount": "NaN"},
        {"amount": "9" * 30},
        {"store_id": None},
        {"client_id": None},
        {"client_id": "7; DROP"},
        {"user_name": "x" * 121},
        {"user_name": "a\0b"},
        {"phone": [PAYER, PAYER]},
    ],
)
def test_a_field_missing_or_out_of_shape_is_400(
    client: Client, store: VodafoneCashGateway, change: dict[str, Any]
) -> None:
    answer = ask(client, store, **change)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert set(answer.json()) == {"status", "message", "code"}
    assert not Claim.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"phone": {"a": 1}}', b'{"amount": true}'])
def test_json_that_is_none_is_400(client: Client, store: VodafoneCashGateway, body: bytes) -> None:
    answer = client.post(PATH, body, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("method", ["head", "put", "delete", "options"])
def test_nothing_else_claims(client: Client, store: VodafoneCashGateway, method: str) -> None:
    assert getattr(client, method)(PATH).status_code == 405


def test_an_answer_is_kept_nowhere(client: Client, store: VodafoneCashGateway) -> None:
    assert ask(client, store).headers["Cache-Control"] == "no-store"
    assert ask(client, store, key="x").headers["Cache-Control"] == "no-store"


# --- open to plugins without a key ----------------------------------------------------------------
def test_a_first_pair_without_a_key_waits_for_a_person(
    client: Client, opened: VodafoneCashGateway
) -> None:
    a_receipt(opened)

    assert ask(client, opened, key="").json()["code"] == "hold"

    order = Order.objects.get()
    assert order.status == Order.Status.REVIEW
    assert PAYER in order.attention
    assert not Payment.objects.exists()


def test_a_pair_that_paid_before_is_matched_without_a_key(
    client: Client, opened: VodafoneCashGateway
) -> None:
    paid_before(client, opened)
    a_receipt(opened)

    assert ask(client, opened, key="").json()["code"] == "matched"


@pytest.mark.parametrize(
    "change", [{"user_name": "Thief (7)"}, {"client_id": "8"}, {"phone": "01112345678"}]
)
def test_half_a_known_pair_is_a_first_one(
    client: Client, opened: VodafoneCashGateway, change: dict[str, str]
) -> None:
    paid_before(client, opened)
    a_receipt(opened, payer_phone=change.get("phone", PAYER))

    assert ask(client, opened, key="", **change).json()["code"] == "hold"
    assert Payment.objects.count() == 1


def test_a_wrong_key_is_refused_even_where_none_is_needed(
    client: Client, opened: VodafoneCashGateway
) -> None:
    assert ask(client, opened, key="wrong").status_code == 401


def test_a_stranger_learns_nothing_but_not_found(
    client: Client, opened: VodafoneCashGateway
) -> None:
    a_receipt(opened)
    ask(client, opened)
    doubtful = a_receipt(opened, "300.00", status=Receipt.Status.REVIEW)

    taken = ask(client, opened, key="", client_id="8").json()
    review = ask(client, opened, key="", amount="300").json()
    nothing = ask(client, opened, key="", amount="555").json()

    assert (
        taken
        == review
        == nothing
        == {
            "status": False,
            "message": NOT_FOUND,
            "code": "not_found",
        }
    )
    assert doubtful.status == Receipt.Status.REVIEW


def statuses(client: Client, store: VodafoneCashGateway, many: int, **changes: Any) -> list[int]:
    return [ask(client, store, **changes).status_code for _ in range(many)]


@pytest.fixture
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = ports.system_now()
    monkeypatch.setattr("gateways.compat.checks.ports.system_now", lambda: now)


@pytest.mark.usefixtures("one_minute")
def test_guessing_amounts_for_one_phone_ends_soon(
    client: Client, opened: VodafoneCashGateway
) -> None:
    for amount in range(1, 7):
        assert ask(client, opened, key="", amount=str(amount)).status_code == 200

    answer = ask(client, opened, key="", amount="7")

    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert answer.headers["Retry-After"] == "60"
    assert ask(client, opened, key="", phone="01112345678").status_code == 200


@pytest.mark.usefixtures("one_minute")
def test_guessing_phones_from_one_address_ends_soon(
    client: Client, opened: VodafoneCashGateway
) -> None:
    seen = [
        ask(client, opened, key="", phone=f"0101234{number:04d}").status_code
        for number in range(21)
    ]
    assert seen == [200] * 20 + [429]


@pytest.mark.usefixtures("one_minute")
def test_guessing_keys_ends_soon_and_the_shop_is_not_kept_out_by_it(
    client: Client, store: VodafoneCashGateway
) -> None:
    assert statuses(client, store, 21, key="wrong") == [401] * 20 + [429]
    assert statuses(client, store, 30) == [200] * 30


@pytest.mark.usefixtures("one_minute")
def test_one_store_is_not_asked_without_end_from_many_addresses(
    client: Client, opened: VodafoneCashGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "STORES", Limit("stores", 3, when_down=False))
    seen = []
    for number in range(4):
        client.defaults["REMOTE_ADDR"] = f"192.0.2.{number}"
        seen.append(ask(client, opened, key="", phone=f"0101234{number:04d}").status_code)
    assert seen == [200] * 3 + [429]


def test_a_minute_later_a_phone_may_be_asked_about_again(
    client: Client, opened: VodafoneCashGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = {"now": ports.system_now()}
    monkeypatch.setattr(checks, "PHONES", Limit("phones", 2, when_down=False))
    monkeypatch.setattr("gateways.compat.checks.ports.system_now", lambda: moment["now"])
    assert statuses(client, opened, 3, key="") == [200, 200, 429]
    moment["now"] += timedelta(seconds=61)
    assert statuses(client, opened, 1, key="") == [200]


@pytest.mark.usefixtures("one_minute")
def test_behind_our_proxy_the_address_is_the_one_that_the_proxy_saw(
    client: Client, opened: VodafoneCashGateway, settings: Any
) -> None:
    def asked(forwarded: str, number: int) -> int:
        client.defaults["HTTP_X_FORWARDED_FOR"] = forwarded
        return int(ask(client, opened, key="", phone=f"0101234{number:04d}").status_code)

    settings.BEHIND_PROXY = True
    seen = [asked(f"10.9.9.{number}, 192.0.2.1", number) for number in range(21)]
    assert seen == [200] * 20 + [429]
    assert asked("192.0.2.1, 192.0.2.2", 50) == 200
    settings.BEHIND_PROXY = False
    seen = [asked(f"10.9.9.{number}", 60 + number) for number in range(21)]
    assert seen[-1] == 429


# --- the rate -------------------------------------------------------------------------------------
def test_the_rate_is_told_to_any_site(client: Client, store: VodafoneCashGateway) -> None:
    answer = client.get(f"/api/public/store/{store.pk}/rate")

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json() == {"status": True, "rate": "50.00", "currency_label": "USD"}


@pytest.mark.parametrize("number", ["999999", "0", "x", "1.5"])
def test_an_unknown_store_has_no_rate(client: Client, number: str) -> None:
    answer = client.get(f"/api/public/store/{number}/rate")

    assert answer.status_code == 404
    assert answer.json()["status"] is False
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_store_without_a_rate_hides_it(client: Client, store: VodafoneCashGateway) -> None:
    VodafoneCashGateway.objects.update(rate="")
    answer = client.get(f"/api/public/store/{store.pk}/rate")
    assert (answer.status_code, answer.json()["status"]) == (503, False)


def test_browsers_may_ask_first(client: Client, store: VodafoneCashGateway) -> None:
    answer = client.options(f"/api/public/store/{store.pk}/rate")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert client.post(f"/api/public/store/{store.pk}/rate").status_code == 405


def test_a_store_whose_rate_is_no_number_says_so_calmly(
    client: Client, store: VodafoneCashGateway
) -> None:
    VodafoneCashGateway.objects.update(rate="fifty")
    a_receipt(store)

    answer = ask(client, store)

    assert (answer.status_code, json.loads(answer.content)["code"]) == (503, "unavailable")
    assert not Payment.objects.exists()
