"""As a client and as finance staff see it: invoice, pay, paid; then every step in the admin."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PASSWORD, Running

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_client_pays_an_invoice_and_staff_find_every_step(
    running: Running, chromium: Browser, tmp_path: Path, size: dict[str, int]
) -> None:
    page = chromium.new_page(viewport=size)  # type: ignore[arg-type]
    outside: list[str] = []
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((running.console, running.sandbox, "data:"))
            else outside.append(request.url)
        ),
    )

    reference = pay_first_open_invoice(page, running)
    find_it_in_the_admin(page, running, reference)

    assert outside == []
    page.close()


def pay_first_open_invoice(page: Page, running: Running) -> str:
    page.goto(f"{running.sandbox}/whmcs/")
    page.get_by_role("row").filter(has_text="Unpaid").first.get_by_role("link").first.click()
    invoice = page.url
    page.locator("form[action*='/checkout/']").get_by_role("button").click()

    expect(page).to_have_url(re.compile("/spectrocoin/en/payment/preorder/"))
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page).to_have_url(invoice)

    for _ in range(60):
        if page.get_by_text(re.compile("SC-[0-9]+-[0-9a-f]{16}")).count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.get_by_text("Paid", exact=False).first).to_be_visible()
    return page.get_by_text(re.compile("^SC-[0-9]+-[0-9a-f]{16}$")).first.inner_text()


def find_it_in_the_admin(page: Page, running: Running, reference: str) -> None:
    page.goto(f"{running.console}/admin/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()

    for path in ("ledger/payment", "ledger/delivery"):
        page.goto(f"{running.console}/admin/{path}/?q={reference}")
        expect(page.locator("#result_list")).to_contain_text(reference)
    page.goto(f"{running.console}/admin/gateways/order/?q={reference.removeprefix('SC-')}")
    page.locator("#result_list tbody tr").first.get_by_role("link").first.click()
    expect(page.get_by_text("paid", exact=False).first).to_be_visible()
