"""The matching screen as finance staff meet it: in both languages, at a desk and on a phone.

Screenshots land in the test's temporary folder, or where GATEBOOK_SCREENSHOTS says.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from gateways.models import Order, Receipt
from gateways.receipts import deciding
from gateways.wallet.matching import because
from ledger import ports
from ledger.models import AuditEvent, Payment
from ledger.money import Money
from tests.gateways.coin_rows import a_claim, a_wallet_order
from tests.gateways.wallet_rows import PAYER, a_receipt, a_store
from tests.ledger.conftest import whmcs
from tests.ledger.rows import FakeBiller, a_bill, a_biller, a_merchant

__all__ = ["whmcs"]

pytestmark = pytest.mark.django_db(transaction=True)

PHONE, DESK = 390, 1280
NAME, PASSWORD = "samira", "correct-horse-battery-staple"
AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHECK = """async (only) => {
  const found = await axe.run(document, {resultTypes: ["violations"], runOnly: only});
  return found.violations.map((each) => `${each.impact} ${each.id}: ${each.nodes[0].html}`);
}"""
SMS = (
    "تم استلام مبلغ 800.00 جنيه من رقم 01012345678 المسجل بإسم Ahmed M رصيدك الحالي 1900.00 جنيه"
    " تاريخ العملية 10:39 26-08-12 رقم العملية 012345678901"
)
UNREAD = "Dear customer, 250 EGP arrived in an account that is not named here."
WORDS = {
    "en": {
        "login": "Log in",
        "match": "Match",
        "undo": "Undo the match",
        "reason": "Reason:",
        "booked": "What it was booked for",
        "candidates": "What it may be for",
        "filter": "Filter",
        "dismiss": "Dismiss",
        "restore": "Take the dismissal back",
    },
    "ar": {
        "login": "دخول",
        "match": "مطابقة",
        "undo": "التراجع عن المطابقة",
        "reason": "السبب:",
        "booked": "ما سُجّل مقابله",
        "candidates": "ما قد يكون مقابله",
        "filter": "مرشح",
        "dismiss": "استبعاد",
        "restore": "إعادة بعد الاستبعاد",
    },
}


@dataclass(frozen=True)
class Desk:
    """What lies on the table this morning."""

    waiting: Receipt
    unread: Receipt
    matched: Receipt
    likely: Order


@pytest.fixture(scope="module", autouse=True)
def rows_beside_the_browser() -> Iterator[None]:
    """Playwright keeps an event loop in this thread, for which Django would refuse to touch rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def desk(whmcs: FakeBiller, settings: Any) -> Desk:
    settings.LANGUAGE_COOKIE_SECURE = settings.SESSION_COOKIE_SECURE = False
    settings.CSRF_COOKIE_SECURE = False
    User.objects.create_superuser(NAME, password=PASSWORD)
    merchant = a_merchant("Nile Hosting")
    merchant.time_zone = "Africa/Cairo"
    merchant.save()
    biller = a_biller(merchant)
    a_store(merchant, store_currency="EUR")
    a_merchant("Delta Web")
    now = ports.system_now()
    orders = [a_wallet_order(a_bill(biller, number=f"2026-00{number}")) for number in (43, 51, 57)]
    store = orders[0].gateway.vodafonecashgateway
    for order in orders[:2]:
        a_claim(order)
    a_claim(orders[2], phone="01155500011")
    settled = a_receipt(
        store, "800.00", text=SMS, payer_phone="01155500011", payer_name="Mona Sample",
        template="vodafone_cash_ar", balance_units=110_000,
        received_at=now - timedelta(minutes=30), sent_at=now - timedelta(minutes=31),
    )  # fmt: skip
    deciding.match(
        settled.pk, orders[2].pk, actor=NAME, reason="she called and named the invoice", now=now
    )
    waiting = a_receipt(
        store, "800.00", status=Receipt.Status.REVIEW, text=SMS, transaction_id="012345678901",
        payer_name="Ahmed M", template="vodafone_cash_ar", balance_units=190_000,
        happened_at=now - timedelta(minutes=5), received_at=now - timedelta(minutes=4),
        sent_at=now - timedelta(minutes=5),
        why=[because("several_fit", count=2, amount="800.00 EGP", by="phone"), because("decide")],
    )  # fmt: skip
    AuditEvent.objects.create(
        merchant=merchant, actor=NAME, verb="note", target="gateways.receipt",
        target_id=waiting.pk, reason="I asked the client which invoice he means", at=now,
    )  # fmt: skip
    unread = a_receipt(
        store, status=Receipt.Status.UNREAD, text=UNREAD, amount_units=None, left_units=0,
        payer_phone="", transaction_id="", received_at=now - timedelta(hours=2),
        why=[because("sms_unknown_wording")],
    )  # fmt: skip
    for number in range(3):
        a_receipt(
            store, f"{1250 + number}.00", status=Receipt.Status.DISMISSED, payer_phone="",
            payer_name="Mohamed Abdelrahman El-Sayed Ibrahim", transaction_id=f"IPN-88421007733{number}",
            why=[because("dismissed", actor=NAME, text="my brother's money")],
        )  # fmt: skip
    a_receipt(store, "12.00")
    return Desk(waiting, unread, settled, orders[1])


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": DESK, "height": 860}, locale="en-GB")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if is_ours(said) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def is_ours(said: ConsoleMessage) -> bool:
    """An error of the page. axe, which has no address, tries inline styles and is stopped; and
    Chromium says so of every form that is refused."""
    refused = "status of 400" in said.text
    return said.type == "error" and bool(said.location["url"]) and not refused


def looked_at(page: Page, name: str, language: str, folder: Path) -> list[str]:
    """What is wrong with the page, at a desk and on a phone."""
    kept = os.environ.get("GATEBOOK_SCREENSHOTS")
    folder = Path(kept) if kept else folder
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for width in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": 860})
        page.evaluate("window.scrollTo(0, 0)")
        page.screenshot(path=folder / f"{name}-{language}-{width}.png", full_page=True)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{name}: the page scrolls sideways at {width} px")
        page.evaluate(AXE)
        found += [f"{name} at {width}: {each}" for each in page.evaluate(CHECK, STANDARDS)]
    page.set_viewport_size({"width": DESK, "height": 860})
    return found


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_person_finds_the_receipt_compares_and_matches_it(
    page: Page, live_server: LiveServer, desk: Desk, tmp_path: Path, language: str
) -> None:
    words, found = WORDS[language], []
    page.goto(f"{live_server.url}/admin/")
    if language == "ar":
        page.get_by_role("button", name="العربية").click()
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
    found += looked_at(page, "login", language, tmp_path)
    page.locator("#id_username").fill(NAME)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name=words["login"]).or_(
        page.locator("input[type=submit]")
    ).first.click()
    found += looked_at(page, "home", language, tmp_path)

    page.locator("#nav-sidebar, .screens").locator(
        "a[href='/admin/gateways/receipt/']"
    ).first.click()
    expect(page.locator("#result_list tbody tr")).to_have_count(7)
    found += looked_at(page, "list", language, tmp_path)
    too_wide = page.locator(".results").evaluate("each => each.scrollWidth - each.clientWidth")
    assert too_wide <= 0, f"the list scrolls sideways in its box by {too_wide} px"

    row = page.locator("#result_list tbody tr").filter(has_text="012345678901")
    row.locator("th a").click()
    expect(page.get_by_role("heading", name=words["candidates"])).to_be_visible()
    expect(page.locator("pre").first).to_have_text(SMS)
    found += looked_at(page, "receipt", language, tmp_path)

    page.locator("a.button").filter(has_text=words["match"]).first.click()
    expect(page.locator("input[type=radio]")).to_have_count(2)
    found += looked_at(page, "match", language, tmp_path)
    page.locator("input[type=submit].default").click()
    expect(page.locator(".errornote")).to_be_visible()
    found += looked_at(page, "match-refused", language, tmp_path)

    page.locator(f"input[type=radio][value='{desk.likely.pk}']").check()
    page.get_by_label(words["reason"]).fill("he named the invoice on the phone")
    page.locator("input[type=submit].default").click()
    expect(page.get_by_role("heading", name=words["booked"])).to_be_visible()
    found += looked_at(page, "matched", language, tmp_path)
    desk.waiting.refresh_from_db()
    assert desk.waiting.status == Receipt.Status.MATCHED
    payment = Payment.objects.get(order=desk.likely)
    assert payment.credit == Money.parse("16.00", "EUR")

    page.locator("a.button").filter(has_text=words["undo"]).click()
    found += looked_at(page, "undo", language, tmp_path)
    page.get_by_label(words["reason"]).fill("it was the other invoice")
    page.locator("input[type=submit].grave").click()
    expect(page.get_by_role("heading", name=words["candidates"])).to_be_visible()
    found += looked_at(page, "undone", language, tmp_path)
    assert found == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_screens_beside_it_are_readable_too(
    page: Page, live_server: LiveServer, desk: Desk, tmp_path: Path, language: str
) -> None:
    words, found = WORDS[language], []
    base = f"{live_server.url}/admin/gateways"
    page.goto(f"{base}/receipt/{desk.unread.pk}/change/")
    page.locator("#id_username").fill(NAME)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("input[type=submit]").click()
    if language == "ar":
        page.get_by_role("button", name="العربية").click()
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        expect(page).to_have_url(f"{base}/receipt/{desk.unread.pk}/change/")
    found += looked_at(page, "unread", language, tmp_path)

    page.locator("a.button").filter(has_text=words["dismiss"]).click()
    page.get_by_label(words["reason"]).fill("an advert")
    page.locator("input[type=submit].grave").click()
    page.locator("a.button").filter(has_text=words["restore"]).click()
    page.get_by_label(words["reason"]).fill("no, it is money")
    page.locator("input[type=submit].default").click()
    desk.unread.refresh_from_db()
    assert desk.unread.status == Receipt.Status.UNREAD
    found += looked_at(page, "restored", language, tmp_path)

    page.goto(f"{base}/receipt/{desk.waiting.pk}/act/split/")
    found += looked_at(page, "split", language, tmp_path)
    page.goto(f"{base}/receipt/paste/")
    page.locator("#id_sender").fill("VF-Cash")
    page.locator("#id_text").fill(SMS)
    page.locator("input[type=submit].default").click()
    expect(page.locator(".sentence")).to_contain_text("800.00 EGP")
    found += looked_at(page, "try", language, tmp_path)
    page.goto(f"{base}/claim/")
    assert page.locator(".results").evaluate("each => each.scrollWidth - each.clientWidth") <= 0
    found += looked_at(page, "claims", language, tmp_path)
    page.locator("#result_list th a").first.click()
    found += looked_at(page, "claim", language, tmp_path)
    page.goto(f"{live_server.url}/admin/find/?q={PAYER}")
    found += looked_at(page, "find", language, tmp_path)
    page.goto(f"{live_server.url}/admin/ledger/auditevent/")
    found += looked_at(page, "people", language, tmp_path)
    assert found == []
