"""The WHMCS module as clients meet it: real Chromium, PHP's own web server, and the console behind it.

Screenshots land in the test's temporary folder, or where GATEBOOK_SCREENSHOTS says.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from gateways.models import Claim, Order, VodafoneCashGateway
from ledger.models import Payment
from ledger.money import Money
from tests.browser.test_pay_page import (
    AXE,
    CHECK,
    DESK,
    PHONE,
    SMALLEST,
    STANDARDS,
    folder_for,
    rows_beside_the_browser,
)
from tests.gateways.wallet_rows import PAYER, WALLET, a_receipt, a_store
from tests.ledger.conftest import whmcs
from tests.ledger.rows import FakeBiller, a_biller
from tests.php.checkout import SECRET
from tests.php.conftest import Php, php, php_with_curl
from tests.php.wallet import Whmcs, certificate, installed

__all__ = ["php", "php_with_curl", "rows_beside_the_browser", "whmcs"]

pytestmark = pytest.mark.django_db(transaction=True)

LANGUAGES = ["english", "arabic"]
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def running(php_with_curl: Php, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whmcs]:
    trusted = certificate(tmp_path_factory.mktemp("tls"), "trusted")
    with installed(php_with_curl.path, tmp_path_factory.mktemp("whmcs"), trusted) as site:
        yield site


@pytest.fixture
def store(
    live_server: LiveServer, whmcs: FakeBiller, monkeypatch: pytest.MonkeyPatch
) -> VodafoneCashGateway:
    monkeypatch.setattr(settings, "GATEBOOK_URL", live_server.url)
    whmcs.state["balance"] = Money(1599, "USD")
    merchant = a_biller().merchant
    merchant.seal("signing_secret", SECRET)
    merchant.save()
    return a_store(merchant)


@pytest.fixture
def site(running: Whmcs, store: VodafoneCashGateway) -> Whmcs:
    running.set(settings.GATEBOOK_URL)
    return running


@pytest.fixture
def visit(chromium: Browser, site: Whmcs, store: VodafoneCashGateway) -> Iterator[Visit]:
    """Client 7's browser at his unpaid invoice; it asks nobody but WHMCS."""
    contexts: list[BrowserContext] = []
    outside: list[str] = []

    def opened(language: str, *, script: bool = True) -> Page:
        site.set(
            settings.GATEBOOK_URL,
            settings={
                "consoleUrl": settings.GATEBOOK_URL,
                "merchantToken": store.merchant.token,
                "signingSecret": SECRET,
            },
            tblclients=[{"id": 7, "language": language}],
        )
        context = chromium.new_context(
            viewport={"width": PHONE, "height": 844}, java_script_enabled=script
        )
        contexts.append(context)
        page = context.new_page()
        page.on(
            "request",
            lambda asked: None if asked.url.startswith(site.url) else outside.append(asked.url),
        )
        page.goto(f"{site.url}/login.php?uid=7")
        page.goto(f"{site.url}/viewinvoice.php?id=1042")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert outside == []
    assert [entry for entry in site.trace if entry[0] != "log"] == []


def looked_at(page: Page, picture: Path, only: str = "main") -> list[str]:
    """What is wrong with a part of the page, on a phone and a desk."""
    for width in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": 844})
        page.screenshot(path=picture.with_name(f"{picture.name}-{width}.png"), full_page=True)
    page.evaluate(AXE)
    check = CHECK.replace("axe.run(document", f"axe.run('{only}'")
    found = [f"{picture.name}: {each}" for each in page.evaluate(check, STANDARDS)]
    page.set_viewport_size({"width": SMALLEST, "height": 640})
    if page.evaluate("document.documentElement.scrollWidth") > SMALLEST:
        found.append(f"{picture.name}: scrolls sideways at {SMALLEST} px")
    return found


def pay(page: Page, number: str = PAYER) -> None:
    page.locator("[name=wallet_phone]").fill(number)
    page.locator("[type=submit]").click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_readable_by_everybody_and_everywhere(
    visit: Visit, store: VodafoneCashGateway, whmcs: FakeBiller, tmp_path: Path, language: str
) -> None:
    folder, found = folder_for(tmp_path), []

    def seen(page: Page, name: str, only: str = "main") -> None:
        found.extend(looked_at(page, folder / f"module-{name}-{language[:2]}", only))

    page = visit(language)
    values = page.locator("[readonly]").evaluate_all("all => all.map((each) => each.value)")
    assert values == ["800.00", WALLET]
    seen(page, "form", ".gatebook-wallet")
    page.locator("summary").click()
    seen(page, "form-open", ".gatebook-wallet")

    pay(page, "0101234")
    seen(page, "invalid")
    page.go_back()
    pay(page)
    seen(page, "looking")
    Order.objects.update(status="review", attention="Anti-spam: the first payment.")
    page.locator("button").click()
    seen(page, "hold")
    Order.objects.update(attention="too little came")
    page.locator("button").click()
    seen(page, "review")
    page.locator("a").click()
    seen(page, "form-review", ".gatebook-wallet")

    Order.objects.update(status="new", attention="")
    page.reload()
    seen(page, "form-looking", ".gatebook-wallet")
    a_receipt(store, "800.00")
    page.locator("a").click()
    seen(page, "matched")
    assert found == []


def test_client_without_a_script_waits_is_found_and_is_taken_back(
    visit: Visit, store: VodafoneCashGateway
) -> None:
    page = visit("english", script=False)
    invoice = page.url
    pay(page, "٠١٠١٢٣٤٥٦٧٨")
    expect(page.get_by_role("heading")).to_have_text("Not found yet")
    receipt = a_receipt(store, "800.00")

    expect(page.get_by_role("heading")).to_have_text("Your payment was found", timeout=20_000)
    expect(page.locator("dl")).to_contain_text(f"VFC-{receipt.transaction_id}")
    page.wait_for_url(invoice, timeout=15_000)
    expect(page.locator("strong")).to_have_text("Your payment was found")
    assert Payment.objects.get().credit >= Order.objects.get().due
    assert Claim.objects.get().phone == PAYER
