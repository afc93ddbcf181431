"""The signed form: its fields and signature, who pays, in which language, and what is escaped."""

import json
import time
from typing import Any

import pytest

from tests.php.checkout import INVOICE, SECRET, SETTINGS, TOKEN, Page, render, signature
from tests.php.conftest import Php


def test_form_posts_exactly_the_contract_to_the_console(php: Php) -> None:
    before = int(time.time())
    page = render(php)
    after = int(time.time())

    assert page.form["method"] == "post"
    assert page.form["action"] == f"https://pay.example.com/checkout/{TOKEN}/spectrocoin/"
    assert list(page.hidden) == ["invoice", "client", "issued", "lang", "signature"]
    assert page.hidden["invoice"] == "1042"
    assert page.hidden["client"] == "7"
    assert before <= int(page.hidden["issued"]) <= after
    assert page.hidden["lang"] == "lithuanian"
    assert page.hidden["signature"] == signature(page.hidden)


def test_form_of_another_provider_has_its_own_address_and_signature(php: Php) -> None:
    html = php.value(
        "spectrocoin_loadCheckoutForm()"
        " ? (new \\Gatebook\\CheckoutForm('havenopay', $given))->html(1700000000) : ''",
        given={**SETTINGS, **INVOICE},
    )
    page = Page(html)

    assert page.form["action"] == f"https://pay.example.com/checkout/{TOKEN}/havenopay/"
    assert page.hidden["issued"] == "1700000000"
    assert page.hidden["signature"] == signature(page.hidden, provider="havenopay")


def test_convert_to_for_processing_changes_nothing(php: Php) -> None:
    converted = {"amount": "17.23", "currency": "USD", "basecurrencyamount": "15.99"}
    pages = []
    for changes in ({}, converted):
        html = php.value(
            "spectrocoin_loadCheckoutForm()"
            " ? (new \\Gatebook\\CheckoutForm('spectrocoin', $given))->html(1700000000) : ''",
            given={**SETTINGS, **INVOICE, **changes},
        )
        pages.append(html)

    assert Page(pages[0]).hidden["issued"] == "1700000000"
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    "pasted",
    [
        "https://pay.example.com",
        "https://pay.example.com/",
        "https://pay.example.com//",
        "  https://pay.example.com/ \n",
    ],
)
def test_slashes_and_blanks_around_the_console_url_do_no_harm(php: Php, pasted: str) -> None:
    page = render(php, consoleUrl=pasted)

    assert page.form["action"] == f"https://pay.example.com/checkout/{TOKEN}/spectrocoin/"


def test_blanks_around_a_pasted_token_and_secret_are_not_signed(php: Php) -> None:
    page = render(php, merchantToken=f" {TOKEN}\n", signingSecret=f"\t{SECRET} ")

    assert page.form["action"] == f"https://pay.example.com/checkout/{TOKEN}/spectrocoin/"
    assert page.hidden["signature"] == signature(page.hidden)


def test_console_in_a_sub_folder_is_reached(php: Php) -> None:
    page = render(php, consoleUrl="https://example.com:8443/gate/book/")

    assert page.form["action"] == (
        f"https://example.com:8443/gate/book/checkout/{TOKEN}/spectrocoin/"
    )


def test_button_can_be_pressed_by_script_and_carries_whmcs_text(php: Php) -> None:
    page = render(php, langpaynow="Apmokėti dabar")

    assert page.button["value"] == "Apmokėti dabar"
    assert "name" not in page.button


@pytest.mark.parametrize("label", ["", None])
def test_button_has_a_text_where_whmcs_gives_none(php: Php, label: str | None) -> None:
    assert render(php, langpaynow=label).button["value"] == "Pay Now"


@pytest.mark.parametrize(
    "label",
    [
        '"><script>alert(1)</script>',
        "' onmouseover='alert(1)",
        "</form><form action=//evil.example>",
        "ادفع الآن",
        "a & b &amp; c",
    ],
)
def test_hostile_and_foreign_button_text_stays_text(php: Php, label: str) -> None:
    page = render(php, langpaynow=label)

    assert page.button["value"] == label
    assert [tag for tag, _ in page.tags] == ["form", *["input"] * 6]
    assert page.text == ""
    assert page.hidden["signature"] == signature(page.hidden)


def test_text_in_a_broken_encoding_does_not_lose_the_button(php: Php) -> None:
    # Old language files are in Windows-1252, where "é" is one byte that is no UTF-8.
    page = Page(
        php.value(
            "spectrocoin_link(['langpaynow' => \"Pay\\xE9\"] + $given)",
            given={**SETTINGS, **INVOICE},
        )
    )

    assert page.button["value"] == "Pay\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    "details",
    [
        {"id": 7},
        {"id": "7"},
        {"userid": 7},
        {"client_id": "7"},
        {"model": {"id": 7}},
        {"client_id": 7, "userid": 8, "id": 9},
        {"userid": 7, "id": 9},
        {"client_id": "", "userid": 0, "id": 7},
        {"id": None, "model": {"userid": "7", "id": 9}},
    ],
)
def test_client_is_found_wherever_whmcs_keeps_the_id(php: Php, details: dict[str, Any]) -> None:
    assert render(php, clientdetails=details).hidden["client"] == "7"


def test_client_is_found_in_a_model_object_with_magic_properties(php: Php) -> None:
    # WHMCS's models answer through __isset and __get, like this one.
    html = php.value(
        "spectrocoin_link(['clientdetails' => ['model' => new class {"
        " public function __isset($name) { return $name === 'id'; }"
        " public function __get($name) { return 7; }"
        "}]] + $given)",
        given={**SETTINGS, **INVOICE},
    )

    assert Page(html).hidden["client"] == "7"


@pytest.mark.parametrize(
    ("language", "sent"),
    [
        ("english", "english"),
        ("Portuguese-BR", "portuguese-br"),
        ("ar", "ar"),
        ("", "en"),
        (None, "en"),
        (["arabic"], "en"),
        ("العربية", "en"),
        ('"><b>', "en"),
        ("a\nb", "en"),
        ("x" * 21, "en"),
    ],
)
def test_language_is_sent_in_lower_case_or_as_english(
    php: Php, language: object, sent: str
) -> None:
    page = render(php, clientdetails={"id": 7, "language": language})

    assert page.hidden["lang"] == sent
    assert page.hidden["signature"] == signature(page.hidden)


@pytest.mark.parametrize(
    ("own", "chosen", "sent"),
    [("", "Arabic", "arabic"), ("lithuanian", "Arabic", "lithuanian"), ("", '"><b>', "en")],
)
def test_language_of_the_visit_serves_a_client_without_one(
    php: Php, own: str, chosen: str, sent: str
) -> None:
    printed = php.code(
        "$_SESSION = ['Language' => $given['chosen']];"
        "echo json_encode(spectrocoin_link($given['params']));",
        given={
            "chosen": chosen,
            "params": {**SETTINGS, **INVOICE, "clientdetails": {"id": 7, "language": own}},
        },
    )

    assert Page(json.loads(printed)).hidden["lang"] == sent
