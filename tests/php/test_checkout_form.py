"""The signed form: its fields and signature, who pays, in which language, and what is escaped."""

import json
import time
from html import unescape
from typing import Any

import pytest

from tests.php.checkout import INVOICE, LINK, SECRET, SETTINGS, TOKEN, Page, render, signature
from tests.php.conftest import Module


def address(module: Module) -> str:
    return f"https://pay.example.com/checkout/{TOKEN}/{module.provider}/"


def test_form_posts_exactly_the_contract_to_the_console(module: Module) -> None:
    before = int(time.time())
    page = render(module)
    after = int(time.time())

    assert page.form["method"] == "post"
    assert page.form["action"] == address(module)
    assert list(page.hidden) == ["invoice", "client", "issued", "lang", "signature"]
    assert page.hidden["invoice"] == "1042"
    assert page.hidden["client"] == "7"
    assert before <= int(page.hidden["issued"]) <= after
    assert page.hidden["lang"] == "lithuanian"
    assert page.hidden["signature"] == signature(module, page.hidden)


def test_signing_secret_never_reaches_the_page(module: Module) -> None:
    html = module.value(LINK, given={**SETTINGS, **INVOICE})

    # Nor in pieces: every run of eight letters of it is looked for.
    pieces = {SECRET[at : at + 8] for at in range(len(SECRET) - 7)}
    assert f'value="{Page(html).hidden["signature"]}"' in html
    assert not [piece for piece in pieces if piece in unescape(html)]


def test_convert_to_for_processing_changes_nothing(module: Module) -> None:
    converted = {"amount": "17.23", "currency": "USD", "basecurrencyamount": "15.99"}
    pages = []
    for changes in ({}, converted):
        html = module.value(
            "gateway_loadCheckoutForm()"
            f" ? (new \\Gatebook\\CheckoutForm('{module.provider}', $given))->html(1700000000) : ''",
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
def test_slashes_and_blanks_around_the_console_url_do_no_harm(module: Module, pasted: str) -> None:
    page = render(module, consoleUrl=pasted)

    assert page.form["action"] == address(module)


def test_blanks_around_a_pasted_token_and_secret_are_not_signed(module: Module) -> None:
    page = render(module, merchantToken=f" {TOKEN}\n", signingSecret=f"\t{SECRET} ")

    assert page.form["action"] == address(module)
    assert page.hidden["signature"] == signature(module, page.hidden)


def test_console_in_a_sub_folder_is_reached(module: Module) -> None:
    page = render(module, consoleUrl="https://example.com:8443/gate/book/")

    path = f"gate/book/checkout/{TOKEN}/{module.provider}/"
    assert page.form["action"] == f"https://example.com:8443/{path}"


def test_button_can_be_pressed_by_script_and_carries_whmcs_text(module: Module) -> None:
    page = render(module, langpaynow="Apmokėti dabar")

    assert page.button["value"] == "Apmokėti dabar"
    assert "name" not in page.button


@pytest.mark.parametrize("label", ["", None])
def test_button_has_a_text_where_whmcs_gives_none(module: Module, label: str | None) -> None:
    assert render(module, langpaynow=label).button["value"] == "Pay Now"


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
def test_hostile_and_foreign_button_text_stays_text(module: Module, label: str) -> None:
    page, plain = render(module, langpaynow=label), render(module)

    assert page.button["value"] == label
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    assert page.text == plain.text
    assert page.hidden["signature"] == signature(module, page.hidden)


def test_text_in_a_broken_encoding_does_not_lose_the_button(module: Module) -> None:
    # Old language files are in Windows-1252, where "é" is one byte that is no UTF-8.
    page = Page(
        module.value(
            "gateway_link(['langpaynow' => \"Pay\\xE9\"] + $given)",
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
def test_client_is_found_wherever_whmcs_keeps_the_id(
    module: Module, details: dict[str, Any]
) -> None:
    assert render(module, clientdetails=details).hidden["client"] == "7"


def test_client_is_found_in_a_model_object_with_magic_properties(module: Module) -> None:
    # WHMCS's models answer through __isset and __get, like this one.
    html = module.value(
        "gateway_link(['clientdetails' => ['model' => new class {"
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
    module: Module, language: object, sent: str
) -> None:
    page = render(module, clientdetails={"id": 7, "language": language})

    assert page.hidden["lang"] == sent
    assert page.hidden["signature"] == signature(module, page.hidden)


@pytest.mark.parametrize(
    ("own", "chosen", "sent"),
    [("", "Arabic", "arabic"), ("lithuanian", "Arabic", "lithuanian"), ("", '"><b>', "en")],
)
def test_language_of_the_visit_serves_a_client_without_one(
    module: Module, own: str, chosen: str, sent: str
) -> None:
    printed = module.code(
        "$_SESSION = ['Language' => $given['chosen']];"
        "echo json_encode(gateway_link($given['params']));",
        given={
            "chosen": chosen,
            "params": {**SETTINGS, **INVOICE, "clientdetails": {"id": 7, "language": own}},
        },
    )

    assert Page(json.loads(printed)).hidden["lang"] == sent
