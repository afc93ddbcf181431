"""What `vodafoncash` says outside a client's invoice page: in settings, in mails, half uploaded."""

import json
import shutil
from pathlib import Path

import pytest

from tests.php.checkout import CALM, INVOICE, LINK, SETTINGS, TOKEN, Page, render, signature
from tests.php.conftest import GATEWAYS, Module

ADDRESS = "https://billing.example.com/viewinvoice.php?id=1042"


@pytest.mark.parametrize(
    ("language", "label", "direction"),
    [
        ("english", "Open the invoice and pay with VodafoneCash", "ltr"),
        ("lithuanian", "Open the invoice and pay with VodafoneCash", "ltr"),
        ("Arabic", "افتح الفاتورة وادفع عبر فودافون كاش", "rtl"),
        ("ar", "افتح الفاتورة وادفع عبر فودافون كاش", "rtl"),
    ],
)
def test_mail_leads_to_the_invoice_in_the_clients_language(
    vodafoncash: Module, language: str, label: str, direction: str
) -> None:
    page = render(vodafoncash, clientdetails={"id": 7, "language": language})

    ((tag, attributes),) = page.tags
    assert (tag, attributes["href"], attributes["dir"]) == ("a", ADDRESS, direction)
    assert page.text == label


@pytest.mark.parametrize(
    ("root", "address"),
    [
        ("https://billing.example.com", ADDRESS),
        ("https://billing.example.com/whmcs//", "https://billing.example.com/whmcs/viewinvoice.php?id=1042"),
        ("", "viewinvoice.php?id=1042"),
        (None, "viewinvoice.php?id=1042"),
    ],
)  # fmt: skip
def test_link_stays_whole_however_whmcs_writes_its_address(
    vodafoncash: Module, root: str | None, address: str
) -> None:
    (_, attributes) = render(vodafoncash, systemurl=root).tags[0]

    assert attributes["href"] == address


@pytest.mark.parametrize(
    ("language", "note"), [("english", "Already paid?"), ("arabic", "هل دفعت بالفعل؟")]
)
def test_merchants_may_link_to_the_pay_page_of_the_console(
    vodafoncash: Module, language: str, note: str
) -> None:
    details = {"id": 7, "language": language}

    page = render(vodafoncash, payPage="on", clientdetails=details)

    assert page.form["action"] == f"https://pay.example.com/checkout/{TOKEN}/vodafonecash/"
    assert page.hidden["signature"] == signature(vodafoncash, page.hidden)
    assert page.text.startswith(note)
    # As WHMCS keeps a box that is not ticked.
    assert render(vodafoncash, payPage="", clientdetails=details).tags[0][0] == "a"


def test_mail_opens_no_connection_even_where_none_can_be_opened(vodafoncash: Module) -> None:
    shut = ("allow_url_fopen=0", "disable_functions=curl_init,curl_exec,fsockopen,mail,exec")

    page = Page(vodafoncash.value(LINK, given={**SETTINGS, **INVOICE}, ini=shut))

    assert page.tags[0][1]["href"] == ADDRESS


def test_invoice_page_without_curl_still_has_its_form(vodafoncash: Module) -> None:
    printed = vodafoncash.code(
        "$_SERVER['SCRIPT_NAME'] = '/whmcs/viewinvoice.php'; echo json_encode(gateway_link($given));",
        given={**SETTINGS, **INVOICE},
        ini=("disable_functions=curl_init",),
    )

    page = Page(json.loads(printed))
    assert page.form["action"] == "modules/gateways/callback/vodafoncash.php"
    assert "cannot be shown just now" in page.text


@pytest.mark.parametrize(
    "lost", ["CheckoutForm", "Console", "WalletWords", "WalletForm", "WalletPage"]
)
def test_each_lost_file_is_missed(vodafoncash: Module, tmp_path: Path, lost: str) -> None:
    alone = Path(shutil.copy(vodafoncash.file, tmp_path))
    shutil.copytree(GATEWAYS / "gatebook", tmp_path / "gatebook")
    (tmp_path / "gatebook" / f"{lost}.php").unlink()

    printed = vodafoncash.code(
        "echo json_encode(gateway_link($given));", given={**SETTINGS, **INVOICE}, file=alone
    )

    assert Page(json.loads(printed)).text == CALM


def test_merchants_of_the_published_module_find_its_settings(vodafoncash: Module) -> None:
    config = vodafoncash.value("gateway_config()")

    assert config["consoleUrl"]["FriendlyName"].startswith("VodafoneCash System URL")
    assert "Store ID" in config["merchantToken"]["FriendlyName"]
    assert "Anti-Spam" in config["UsageNotes"]["Value"]
