"""Trying a HavenoPay account out: each line says what works, and nothing is claimed untried."""

from typing import Any

import pytest

from gateways.admin.haveno_trying import usual_currencies
from gateways.models import HavenoGateway
from ledger.models import AuditEvent, Bill, Merchant
from tests.config.admin_world import Shown, superuser, url
from tests.gateways.admin.haveno_rows import an_account

pytestmark = pytest.mark.django_db


def tried(row: HavenoGateway, slug: str) -> str:
    answer: Any = superuser().post(url(HavenoGateway, "act", row, slug))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def with_fixed_rates(rates: str) -> HavenoGateway:
    row: HavenoGateway = Shown("alpha").rows[HavenoGateway]
    row.price_source, row.fixed_rates = HavenoGateway.Source.FIXED, rates
    row.accepted_currencies = "XMR,BTC"
    row.save()
    return row


def test_prices_are_asked_for_what_the_merchants_bills_are_in() -> None:
    row = with_fixed_rates("XMR EUR 150\nBTC EUR 60000\nXMR USD 165")
    assert "There is a price for every currency" in tried(row, "ask-prices")
    Bill.objects.update(currency="USD")
    page = tried(row, "ask-prices")
    assert "1 XMR = 165.00 USD (fixed rate)" in page
    assert "There is no fixed rate for BTC in USD" in page
    assert "1 of 2 checks failed" in page


def test_a_merchant_without_bills_is_told_prices_in_euro() -> None:
    merchant = Merchant(name="Fresh")
    merchant.save()
    Shown("alpha")
    assert usual_currencies(an_account(merchant)) == ["EUR"]


def test_good_prices_take_the_account_off_the_list_and_bad_ones_leave_it() -> None:
    row = with_fixed_rates("XMR EUR 150")
    tried(row, "ask-prices")
    row.refresh_from_db()
    assert row.price_trouble == "alpha"
    HavenoGateway.objects.update(fixed_rates="XMR EUR 150\nBTC EUR 60000")
    tried(row, "ask-prices")
    row.refresh_from_db()
    assert row.price_trouble == ""
    assert row.price_trouble_at is None


def test_a_relay_that_does_not_answer_is_said_once_and_the_rest_is_not_tried() -> None:
    row = Shown("alpha").rows[HavenoGateway]
    page = tried(row, "test-relay")
    assert "The relay could not be reached" in page
    assert "check the relay URL" in page
    assert page.count("not tried</span>") == 2
    assert not AuditEvent.objects.exclude(verb="look").exists()
