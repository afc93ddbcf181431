"""What WHMCS asks a module for, and what it says to wrong settings."""

import json
from typing import Any

import pytest

from tests.php.checkout import SETTINGS
from tests.php.conftest import GATEWAYS, Module


def test_module_has_the_functions_whmcs_calls_and_no_others_of_that_kind(
    any_module: Module,
) -> None:
    functions = any_module.value(
        "array_values(array_filter(get_defined_functions()['user'],"
        " function ($name) { return strpos($name, 'gateway_') === 0; }))"
    )
    called = {name.removeprefix(f"{any_module.name}_") for name in functions}

    # WHMCS judges the type of a module by its functions: a _capture would make it a card gateway,
    # a _refund would offer a button that nothing stands behind.
    assert {"metadata", "config", "config_validate", "link"} <= called
    assert not {"capture", "refund", "storeremote"} & called


def test_metadata_holds_only_documented_keys(any_module: Module) -> None:
    metadata = any_module.value("gateway_MetaData()")

    assert metadata == {
        "DisplayName": any_module.title,
        "APIVersion": "1.1",
        "DisableLocalCreditCardInput": True,
        "TokenisedStorage": False,
    }


def test_config_offers_the_three_settings_and_says_where_to_copy_them_from(
    any_module: Module,
) -> None:
    config = any_module.value("gateway_config()")

    assert config.pop("FriendlyName") == {"Type": "System", "Value": any_module.title}
    config.pop("UsageNotes", None)
    config.pop("payPage", None)
    assert {name: field["Type"] for name, field in config.items()} == {
        "consoleUrl": "text",
        "merchantToken": "text",
        "signingSecret": "password",
    }
    for field in config.values():
        assert set(field) == {"FriendlyName", "Type", "Size", "Default", "Description"}
        assert "Gatebook console" in field["Description"]


def test_apps_page_description_and_logo_are_readable(any_module: Module) -> None:
    described = json.loads((GATEWAYS / any_module.name / "whmcs.json").read_text("utf-8"))
    logo = (GATEWAYS / any_module.name / described["logo"]["filename"]).read_bytes()

    assert (described["schema"], described["type"]) == ("1.0", "whmcs-gateways")
    assert (described["name"], described["description"]["name"]) == (
        any_module.name,
        any_module.title,
    )
    assert logo.startswith(b"\x89PNG\r\n\x1a\n")
    # WHMCS takes logos up to 500 pixels wide; the width is the first number of a PNG's header.
    assert int.from_bytes(logo[16:20], "big") <= 500


def complaint(module: Module, **changes: Any) -> str:
    """What WHMCS would show the merchant on save; "" if the settings are taken."""
    printed = module.code(
        "try { gateway_config_validate($given); echo json_encode(''); }"
        " catch (Exception $e) { echo json_encode($e->getMessage()); }",
        given={**SETTINGS, **changes},
    )
    return str(json.loads(printed))


@pytest.mark.parametrize(
    "url",
    [
        "https://pay.example.com",
        "https://pay.example.com/",
        "HTTPS://Pay.Example.com/gate/",
        "https://pay.example.com:8443",
        "http://localhost:8000",
        "http://127.0.0.1:8000/",
        "https://localhost",
        "https://203.0.113.7",
    ],
)
def test_good_console_urls_are_saved(any_module: Module, url: str) -> None:
    assert complaint(any_module, consoleUrl=url) == ""


@pytest.mark.parametrize("url", ["", "   ", None])
def test_empty_console_url_says_where_to_find_it(any_module: Module, url: str | None) -> None:
    said = complaint(any_module, consoleUrl=url)

    assert "console URL is empty" in said
    assert "Copy it from the Gatebook console" in said


@pytest.mark.parametrize(
    "url",
    [
        "http://pay.example.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://192.168.0.10:8000",
    ],
)
def test_plain_http_is_refused_except_on_this_machine(any_module: Module, url: str) -> None:
    assert "must start with https://" in complaint(any_module, consoleUrl=url)


@pytest.mark.parametrize(
    "url",
    [
        "pay.example.com",
        "ftp://pay.example.com",
        "javascript:alert(1)",
        "//pay.example.com",
        "https://",
        "https:///checkout",
        "https://user:pass@pay.example.com",
        "https://127.0.0.1@evil.example",
        "https://pay.example.com?x=1",
        "https://pay.example.com/#top",
        "https://pay.example.com:99999",
        "https://pay.example .com",
        "https://pay.example.com\nhttps://evil.example",
        'https://pay.example.com/"onclick="',
        "https://دفع.example",
    ],
)
def test_anything_but_a_plain_address_is_refused_with_an_example(
    any_module: Module, url: str
) -> None:
    assert "plain address such as https://pay.example.com" in complaint(any_module, consoleUrl=url)


@pytest.mark.parametrize(
    "token", ["", "short", "has a blank in between", "sla/sh/sla/sh/slash", "x" * 41, "ü" * 20]
)
def test_wrong_token_shape_is_refused(any_module: Module, token: str) -> None:
    assert "merchant token must be 16 to 40" in complaint(any_module, merchantToken=token)


@pytest.mark.parametrize("secret", ["", "short", "x" * 31, "x" * 31 + "   "])
def test_short_secret_is_refused_and_not_repeated(any_module: Module, secret: str) -> None:
    said = complaint(any_module, signingSecret=secret)

    assert "signing secret must have at least 32 characters" in said
    assert not secret.strip() or secret.strip() not in said


@pytest.mark.parametrize("secret", ["x" * 32, "********", "*" * 43])
def test_long_secret_and_the_mask_of_an_unchanged_one_are_saved(
    any_module: Module, secret: str
) -> None:
    assert complaint(any_module, signingSecret=secret) == ""
