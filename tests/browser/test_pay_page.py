"""The pay page as payers meet it: every state, on a phone and a desk, in both languages, by day and
by night, with JavaScript and without.

Screenshots land in the test's temporary folder, or where GATEBOOK_SCREENSHOTS says.
"""

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from gateways import accounts
from gateways.models import Claim, HavenoGateway, Order
from gateways.orders.links import pay_token
from ledger import ports
from ledger.models import Biller
from tests.gateways.coin_rows import ASKED, FakeRelay, a_coin_order, a_wallet_order, units
from tests.gateways.coin_states import STATES, TRANSFERS, a_shop, a_transfer_in, an_order_in
from tests.gateways.wallet_rows import PAYER, WALLET
from tests.ledger.conftest import whmcs
from tests.ledger.rows import FakeBiller, a_bill

__all__ = ["whmcs"]

pytestmark = pytest.mark.django_db(transaction=True)

PHONE, DESK, SMALLEST = 390, 1280, 320
AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHECK = """async (only) => {
  const found = await axe.run(document, {resultTypes: ["violations"], runOnly: only});
  return found.violations.map((each) => `${each.impact} ${each.id}: ${each.nodes[0].html}`);
}"""


@pytest.fixture(scope="module", autouse=True)
def rows_beside_the_browser() -> Iterator[None]:
    """Playwright keeps an event loop in this thread, for which Django would refuse to touch rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def shop(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Biller:
    monkeypatch.setattr(settings, "GATEBOOK_URL", live_server.url)
    return a_shop()


@pytest.fixture
def relay(whmcs: FakeBiller, monkeypatch: pytest.MonkeyPatch) -> FakeRelay:
    """Another currency can be had."""
    fake = FakeRelay()
    monkeypatch.setitem(accounts._providers, "haveno", fake)
    return fake


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(
        viewport={"width": PHONE, "height": 844}, permissions=["clipboard-read", "clipboard-write"]
    )
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, live_server: LiveServer) -> Iterator[Page]:
    """A page that may ask nobody but the console, and complains of nothing."""
    page = context.new_page()
    outside: list[str] = []
    complaints: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((live_server.url, "data:")):
            outside.append(request.url)

    page.on("request", note)
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert outside == []
    # Chromium says so of every answer of this kind; the page itself says what is wrong.
    expected = ("net::ERR_FAILED", "status of 422")
    assert [text for text in complaints if not any(each in text for each in expected)] == []


def address(order: Order) -> str:
    return f"{settings.GATEBOOK_URL}/pay/{pay_token(order)}/"


def an_open_order(shop: Biller, **fields: Any) -> Order:
    return a_coin_order(a_bill(shop, number="2026-0043"), **fields)


def folder_for(tmp_path: Path) -> Path:
    kept = os.environ.get("GATEBOOK_SCREENSHOTS")
    folder = Path(kept) if kept else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# --- how it looks -------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_state_is_readable_by_everybody_and_everywhere(
    page: Page, shop: Biller, tmp_path: Path, language: str
) -> None:
    folder, found = folder_for(tmp_path), []
    for name in STATES:
        page.emulate_media(color_scheme="light")
        page.goto(address(an_order_in(name, shop, language=language)))
        found += looked_at(page, folder / f"{name}-{language}")
    assert found == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_state_of_a_transfer_is_so_too(
    page: Page, shop: Biller, tmp_path: Path, language: str
) -> None:
    folder, found = folder_for(tmp_path), []
    for name in TRANSFERS:
        page.emulate_media(color_scheme="light")
        page.goto(address(a_transfer_in(name, shop, language=language)))
        found += looked_at(page, folder / f"{name}-{language}")
    page.emulate_media(color_scheme="light")
    page.goto(address(a_transfer_in("wallet-waiting", shop, language=language)))
    page.locator("summary").click()
    page.locator("#name").fill("Rania Sample")
    page.locator("#phone").fill("0101234")
    with page.expect_response(lambda answer: answer.status == 422):
        page.locator("#claim").click()
    found += looked_at(page, folder / f"wallet-wrong-{language}")
    assert found == []


def looked_at(page: Page, picture: Path) -> list[str]:
    """What is wrong with the page, on phone and desk, by day and by night."""
    page.set_viewport_size({"width": PHONE, "height": 844})
    page.evaluate(AXE)
    found = [f"{picture.name}: {each}" for each in page.evaluate(CHECK, STANDARDS)]
    for width in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": 844})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            file = picture.with_name(f"{picture.name}-{width}-{scheme}.png")
            page.screenshot(path=file, full_page=True)
    found += [f"{picture.name}, dark: {each}" for each in page.evaluate(CHECK, STANDARDS)]
    page.set_viewport_size({"width": SMALLEST, "height": 640})
    if page.evaluate("document.documentElement.scrollWidth") > SMALLEST:
        found.append(f"{picture.name}: scrolls sideways at {SMALLEST} px")
    return found


def test_details_and_long_names_fit_the_smallest_phone(page: Page, shop: Biller) -> None:
    order = an_open_order(shop, document="{}", payable_units=units("123456.123456789012"))
    shop.merchant.name = "Hosting" * 11
    shop.merchant.save()
    page.set_viewport_size({"width": SMALLEST, "height": 640})
    page.goto(address(order))
    page.locator("summary").click()
    page.evaluate(AXE)
    assert page.evaluate(CHECK, STANDARDS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALLEST


def test_what_is_pressed_is_large_enough_and_shows_its_focus(page: Page, shop: Biller) -> None:
    page.goto(address(an_open_order(shop, document="{}")))
    sizes = page.locator("a:visible, button:visible, summary:visible").evaluate_all(
        "all => all.map((each) => [each.id, each.getBoundingClientRect().height])"
    )
    assert len(sizes) >= 8
    assert [each for each in sizes if each[1] < (44 if each[0] != "copy-offer" else 24)] == []
    page.keyboard.press("Tab")
    outline = "getComputedStyle(document.activeElement).outlineWidth"
    assert page.evaluate(outline) == "3px"


# --- copying --------------------------------------------------------------------------------------
def test_copy_buttons_copy_bare_text_and_say_so(page: Page, shop: Biller) -> None:
    order = an_open_order(shop, language="ar")
    page.goto(address(order))
    for button, text in (
        ("copy-amount", ASKED["XMR"]),
        ("copy-address", order.pay_to),
        ("copy-offer", order.provider_reference),
    ):
        page.locator(f"#{button}").click()
        expect(page.locator(f"#{button}")).to_contain_text("تم النسخ")
        expect(page.get_by_role("status")).to_have_text("تم النسخ")
        assert page.evaluate("navigator.clipboard.readText()") == text
        assert page.evaluate("document.activeElement.id") == button


# --- live -----------------------------------------------------------------------------------------
def test_page_follows_the_payment_without_taking_the_focus(page: Page, shop: Biller) -> None:
    order = an_open_order(shop, document="{}")
    rows = Order.objects.filter(pk=order.pk)
    page.goto(address(order))
    page.locator("summary").click()
    page.locator("#copy-offer").focus()

    rows.update(received_units=units("0.1"), status="pending", first_seen=ports.system_now())
    expect(page).to_have_title(re.compile("^A part is still missing"), timeout=10_000)
    expect(page.get_by_role("status")).to_have_text("A part is still missing")
    expect(page.locator(".amount")).to_contain_text("0.04026315789")
    expect(page.locator("#wallet")).to_have_attribute(
        "href", re.compile("tx_amount=0.04026315789&")
    )
    expect(page.locator("details")).to_have_attribute("open", "")
    assert page.evaluate("document.activeElement.id") == "copy-offer"

    rows.update(received_units=order.payable_units, confirmations=4)
    expect(page.get_by_role("heading")).to_have_text(
        "Your payment is being confirmed", timeout=10_000
    )
    expect(page.get_by_text("4 of 10 confirmations")).to_be_visible()


def test_it_asks_less_and_less_often_and_not_while_hidden(page: Page, shop: Biller) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    page.goto(address(an_open_order(shop, ends_in=600)))

    def looks_again_after(milliseconds: int) -> None:
        asked.clear()
        page.clock.run_for(milliseconds - 500)
        assert asked == []
        with page.expect_response("**/live/"):
            page.clock.run_for(500)
        page.wait_for_timeout(10)

    for _ in range(40):
        looks_again_after(3000)
    looks_again_after(10_000)

    asked.clear()
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
    ring = "document.dispatchEvent(new Event('visibilitychange'))"
    page.evaluate(hide % "true" + ring)
    page.clock.run_for(300_000)
    assert asked == []
    page.evaluate(hide % "false" + ring)
    with page.expect_response("**/live/"):
        page.clock.run_for(100)


def test_it_goes_on_after_errors(page: Page, shop: Biller) -> None:
    page.clock.install()
    order = an_open_order(shop)
    page.goto(address(order))
    page.route("**/live/", lambda route: route.abort())
    for milliseconds in (3000, 6000, 12_000):
        with page.expect_event("requestfailed"):
            page.clock.run_for(milliseconds)
        page.wait_for_timeout(20)
    page.unroute("**/live/")
    Order.objects.update(received_units=order.payable_units, status="pending")
    page.clock.run_for(24_000)
    expect(page.get_by_role("heading")).to_have_text("Your payment was seen")


def test_countdown_runs_by_the_servers_clock_and_ends_in_a_fresh_price(
    page: Page, shop: Biller
) -> None:
    # A phone that is two hours ahead.
    page.clock.install(time=ports.system_now() + timedelta(hours=2))
    order = an_open_order(shop)
    page.goto(address(order))
    left = page.locator("[data-deadline]")
    expect(left).to_have_text(re.compile("^(40:00|39:5.)$"))
    page.clock.run_for(60_000)
    expect(left).to_have_text(re.compile("^(39:0.|38:5.)$"))

    Order.objects.update(valid_until=ports.system_now() - timedelta(seconds=1))
    page.clock.run_for(30_000)
    expect(page.get_by_role("button", name="Get a fresh price")).to_be_visible()


# --- wallet transfers -------------------------------------------------------------------------------
def test_typed_number_outlives_a_change_and_the_claim_is_followed(page: Page, shop: Biller) -> None:
    page.clock.install()
    order = a_wallet_order(a_bill(shop, number="2026-0043"))
    page.goto(address(order))
    for button, text in (("copy-amount", "800"), ("copy-address", WALLET)):
        page.locator(f"#{button}").click()
        assert page.evaluate("navigator.clipboard.readText()") == text
    page.locator("#phone").fill("٠١٠١٢٣٤٥٦٧٨")
    Order.objects.update(valid_until=ports.system_now() + timedelta(minutes=20))
    with page.expect_response("**/live/"):
        page.clock.run_for(3000)
    expect(page.locator("[data-deadline]")).to_have_text(re.compile("^(20:00|19:..)$"))
    expect(page.locator("#phone")).to_have_value("٠١٠١٢٣٤٥٦٧٨")
    assert page.evaluate("document.activeElement.id") == "phone"

    page.locator("#claim").click()
    expect(page.get_by_role("heading")).to_have_text("We are looking for your transfer")
    assert Claim.objects.get().phone == PAYER
    page.locator("#change").click()
    expect(page.locator("#phone")).to_have_value("")
    # It stays a form although we look.
    with page.expect_response("**/live/?change=1"):
        page.clock.run_for(3000)
    expect(page.locator("#phone")).to_be_visible()
    page.locator("#keep").click()
    expect(page.locator(".ending")).to_have_text("78")
    Order.objects.update(status="review", attention="Anti-spam: the first payment.")
    page.clock.run_for(3000)
    expect(page.get_by_role("heading")).to_have_text("Your payment has arrived")


def test_claim_works_with_javascript_off(chromium: Browser, shop: Biller) -> None:
    order = a_wallet_order(a_bill(shop, number="2026-0043"))
    context = chromium.new_context(
        viewport={"width": PHONE, "height": 844}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(address(order))
    page.locator("#phone").fill("12")
    page.locator("#claim").click()
    expect(page.locator("#phone-wrong")).to_contain_text("eleven digits")
    expect(page.locator("#phone")).to_have_value("12")
    page.locator("#phone").fill(PAYER)
    page.locator("#claim").click()
    expect(page.get_by_role("heading")).to_have_text("We are looking for your transfer")
    assert page.url == address(order)
    page.locator("#change").click()
    page.locator("summary").click()
    page.locator("#reference").fill("012345678901")
    page.locator("#claim").click()
    expect(page.get_by_role("heading")).to_have_text("We are looking for your transfer")
    assert [each.reference for each in Claim.objects.order_by("pk")] == ["", "012345678901"]
    context.close()


# --- without JavaScript -----------------------------------------------------------------------------
def test_all_of_it_works_with_javascript_off(
    chromium: Browser, shop: Biller, relay: FakeRelay
) -> None:
    order = an_open_order(shop, reference="1043-x", document="{}")
    context = chromium.new_context(
        viewport={"width": PHONE, "height": 844}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(address(order))
    expect(page.locator(".qr")).to_be_visible()
    expect(page.locator(".copy").first).to_be_hidden()
    expect(page.get_by_text("Price held until")).to_be_visible()
    page.get_by_role("button", name="Bitcoin").click()
    expect(page.locator("#wallet")).to_have_attribute("href", re.compile("^bitcoin:bc1"))
    assert page.url != address(order)

    chosen = Order.objects.filter(pay_currency="BTC")
    address_of_it = chosen.get().pay_to
    chosen.update(pay_to="", opening_until=ports.system_now() + timedelta(hours=1))
    page.reload()
    expect(page.get_by_role("heading")).to_have_text("One moment")
    chosen.update(pay_to=address_of_it, status="expired", opening_until=None)
    expect(page.get_by_role("heading")).to_have_text(
        "The time for this payment ran out", timeout=10_000
    )
    HavenoGateway.objects.update(fixed_rates="BTC EUR 50000")
    page.get_by_role("button", name="Get a fresh price").click()
    expect(page.get_by_text("1 BTC = 50000.00 EUR")).to_be_visible()
    context.close()
