"""Where WHMCS renders the pay button: pages, mails and cron, half-configured or cut off."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.php.checkout import CALM, INVOICE, LINK, SETTINGS, Page, render, signature
from tests.php.conftest import Module


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"consoleUrl": ""}, "settings"),
        ({"consoleUrl": None}, "settings"),
        ({"consoleUrl": "http://pay.example.com"}, "settings"),
        ({"consoleUrl": "javascript:alert(1)"}, "settings"),
        ({"consoleUrl": 'https://pay.example.com/"><script>'}, "settings"),
        ({"merchantToken": ""}, "settings"),
        ({"merchantToken": "../../another-merchant"}, "settings"),
        ({"signingSecret": ""}, "settings"),
        ({"signingSecret": ["a", "list"]}, "settings"),
        ({"signingSecret": "*" * 43}, "settings"),
        ({"invoiceid": None}, "invoice"),
        ({"invoiceid": 0}, "invoice"),
        ({"invoiceid": True}, "invoice"),
        ({"invoiceid": "12abc"}, "invoice"),
        ({"invoiceid": "12\n"}, "invoice"),
        ({"invoiceid": "١٢"}, "invoice"),
        ({"invoiceid": -5}, "invoice"),
        ({"clientdetails": None}, "client"),
        ({"clientdetails": "7"}, "client"),
        ({"clientdetails": []}, "client"),
        ({"clientdetails": {"id": 0}}, "client"),
        ({"clientdetails": {"id": "", "model": None}}, "client"),
        ({"clientdetails": {"model": "7"}}, "client"),
    ],
)
def test_payer_reads_a_calm_sentence_where_no_form_can_be_made(
    any_module: Module, changes: dict[str, Any], reason: str
) -> None:
    page = render(any_module, **changes)

    assert page.tags == [("p", {"data-gatebook-reason": reason})]
    assert page.text == CALM


def test_fresh_activation_without_any_value_is_calm(any_module: Module) -> None:
    assert Page(any_module.value(LINK, given={})).text == CALM


def test_half_finished_upload_is_calm_for_the_payer_and_plain_for_the_merchant(
    any_module: Module, tmp_path: Path
) -> None:
    alone = Path(shutil.copy(any_module.file, tmp_path))

    printed = any_module.code(
        "$said = ''; try { gateway_config_validate($given); }"
        " catch (Exception $e) { $said = $e->getMessage(); }"
        "echo json_encode([gateway_link($given), $said, gateway_config()]);",
        given={**SETTINGS, **INVOICE},
        file=alone,
    )
    link, said, config = json.loads(printed)

    assert Page(link).text == CALM
    assert Page(link).tags == [("p", {"data-gatebook-reason": "upload"})]
    assert "modules/gateways/gatebook is missing" in said
    assert config["FriendlyName"]["Value"] == any_module.title
    assert config["UsageNotes"]["Value"] == said


def test_rendering_opens_no_connection_even_where_none_can_be_opened(module: Module) -> None:
    doors = (
        "curl_init,curl_exec,curl_multi_exec,fsockopen,pfsockopen,stream_socket_client,"
        "socket_create,socket_connect,dns_get_record,gethostbyname,mail,exec,shell_exec,"
        "system,passthru,popen,proc_open"
    )
    shut = ("allow_url_fopen=0", "allow_url_include=0", f"disable_functions={doors}")

    # The doors are really shut: else the rendering below would prove nothing.
    assert module.value(
        "function_exists('curl_exec') || function_exists('fsockopen')", ini=shut
    ) is (False)
    page = Page(module.value(LINK, given={**SETTINGS, **INVOICE}, ini=shut))

    assert page.hidden["signature"] == signature(module, page.hidden)


def test_rendering_touches_no_url_through_php_streams(any_module: Module) -> None:
    tripwire = (
        "final class Tripwire { public $context; public static $opened = [];"
        " public function stream_open($path) { self::$opened[] = $path; return false; } }"
        "foreach (['http', 'https', 'ftp'] as $scheme) {"
        " stream_wrapper_unregister($scheme); stream_wrapper_register($scheme, 'Tripwire'); }"
    )
    trip = "@file_get_contents('http://example.com/');" + "echo json_encode(Tripwire::$opened);"
    rendering = "gateway_link($given); echo json_encode(Tripwire::$opened);"

    assert json.loads(any_module.code(tripwire + trip)) == ["http://example.com/"]
    assert json.loads(any_module.code(tripwire + rendering, given={**SETTINGS, **INVOICE})) == []


def test_rendering_needs_no_session_and_starts_none(module: Module) -> None:
    printed = module.code(
        "$html = gateway_link($given);"
        "echo json_encode([isset($_SESSION), session_status() === PHP_SESSION_NONE, $html]);",
        given={**SETTINGS, **INVOICE, "clientdetails": {"id": 7}},
    )
    has_session, never_started, html = json.loads(printed)

    assert (has_session, never_started) == (False, True)
    assert Page(html).hidden["lang"] == "en"


def test_many_invoices_render_in_one_run_as_in_cron(module: Module) -> None:
    invoices = module.value(
        "array_map(function ($id) use ($given) {"
        " return gateway_link(['invoiceid' => $id] + $given); }, range(1, 50))",
        given={**SETTINGS, **INVOICE},
    )

    assert [Page(html).hidden["invoice"] for html in invoices] == [str(n) for n in range(1, 51)]
