"""What holds for every PHP file of the download: it parses, it is quiet, it is old enough."""

import json
from pathlib import Path

import pytest

from tests.php.conftest import GATEWAYS, ROOT, Php
from tests.php.newer_syntax import newer_syntax

FILES = sorted(ROOT.rglob("*.php"))
# WHMCS includes all others; a browser asks for these.
PAGES = [GATEWAYS / "callback" / "vodafoncash.php"]
# A class needs the one that it extends.
FIRST = {GATEWAYS / "gatebook" / "WalletForm.php": [GATEWAYS / "gatebook" / "CheckoutForm.php"]}

every_file = pytest.mark.parametrize(
    "file", FILES, ids=[str(file.relative_to(ROOT)) for file in FILES]
)

included = [file for file in FILES if file not in PAGES]
every_included_file = pytest.mark.parametrize(
    "file", included, ids=[str(file.relative_to(ROOT)) for file in included]
)


def test_files_lie_where_whmcs_looks_for_them() -> None:
    assert {str(file.relative_to(ROOT)) for file in FILES} >= {
        "modules/gateways/havenopay.php",
        "modules/gateways/spectrocoin.php",
        "modules/gateways/vodafoncash.php",
        "modules/gateways/callback/vodafoncash.php",
        "modules/gateways/gatebook/CheckoutForm.php",
    }


def test_nothing_outside_gateway_modules_is_shipped() -> None:
    shipped = {file.relative_to(ROOT).parts[:2] for file in ROOT.rglob("*") if file.is_file()}

    assert shipped == {("README.md",), ("modules", "gateways")}


def test_one_page_of_whmcs_takes_all_modules_together(php: Php) -> None:
    # The settings page includes every gateway, the checkout every active one.
    modules = sorted(GATEWAYS.glob("*.php"))
    calls = "".join(f"$all[] = {module.stem}_config();" for module in modules)

    printed = php.code(f"$all = []; {calls} echo json_encode(count($all));", modules=modules)

    assert json.loads(printed) == len(modules) == 3


def test_no_file_of_ours_books_a_payment_or_waits_for_a_message() -> None:
    # WHMCS books twice what two writers tell it; the one writer is the console.
    texts = {file: file.read_text("utf-8").lower() for file in FILES}
    writers = (
        "addinvoicepayment",
        "addcredit",
        "applycredit",
        "acceptorder",
        "localapi",
        "insert(",
    )
    readers = ("php://input", "$_post", "$_get", "capsule")

    assert sorted((GATEWAYS / "callback").iterdir()) == PAGES
    for file, text in texts.items():
        for call in (*writers, "update(", "php://input"):
            assert call not in text
        assert file in PAGES or not [call for call in readers if call in text]


@every_file
def test_file_parses(php: Php, file: Path) -> None:
    done = php.run(["-l", str(file)])

    assert done.returncode == 0, done.stdout
    assert "No syntax errors" in done.stdout


@every_included_file
def test_including_a_file_is_quiet_and_loads_nothing_else(php: Php, file: Path) -> None:
    printed = php.code(
        "echo json_encode([ob_get_level(), get_included_files(), session_status()]);",
        modules=[*FIRST.get(file, []), file],
    )

    # Anything printed by the file, a notice included, would stand before the JSON.
    no_session = 1
    assert json.loads(printed) == [
        0,
        [str(each) for each in (*FIRST.get(file, []), file)],
        no_session,
    ]


@every_included_file
def test_direct_access_is_refused(php: Php, file: Path) -> None:
    done = php.run([str(file)])

    assert done.stdout == "This file cannot be accessed directly"
    assert done.stderr == ""


@every_file
def test_file_is_plain_utf8_without_mark_or_closing_tag(file: Path) -> None:
    text = file.read_bytes().decode("utf-8")

    # Bytes before "<?php" or after "?>" are sent to the browser and break redirects and mails.
    assert text.startswith("<?php\n")
    assert "?>" not in text
    assert text.endswith("\n")
    assert "\r" not in text


@every_file
def test_file_keeps_to_the_syntax_of_php_7_4(php: Php, file: Path) -> None:
    assert newer_syntax(php, file.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("feature", "code"),
    [
        ("match", "$a = match (1) { 1 => 2 };"),
        ("nullsafe", "$a = $b?->c;"),
        ("attribute", "#[Pure] function f() {}"),
        ("enum", "enum Suit { case Hearts; }"),
        ("readonly", "final class A { public readonly int $b; }"),
        ("constructor promotion", "class A { public function __construct(private $b) {} }"),
        ("named argument", "f(1, name: 2);"),
        ("named argument", "f(array: [1]);"),
        ("union type", "function f(int|string $a) {}"),
        ("union type", "function f(): int|null {}"),
        ("union type", "class A { private int|string $b; }"),
        ("mixed type", "function f(mixed $a) {}"),
        ("static return type", "class A { function f(): static {} }"),
        ("never return type", "function f(): never {}"),
        ("trailing comma in parameters", "function f($a, ) {}"),
        ("trailing comma in parameters", "$f = function () use ($a, ) {};"),
        ("catch without variable", "try { f(); } catch (Exception) {}"),
        ("throw expression", "$a = $b ?? throw new Exception();"),
        ("first-class callable", "$a = strlen(...);"),
        ("::class on an object", "$a = $b::class;"),
        ("str_contains()", "if (str_contains($a, 'b')) {}"),
        ("array_is_list()", "if (\\array_is_list($a)) {}"),
    ],
)
def test_newer_syntax_is_noticed(php: Php, feature: str, code: str) -> None:
    assert newer_syntax(php, "<?php\n" + code) == [f"line 2: {feature}"]


def test_php_7_4_syntax_is_not_taken_for_newer(php: Php) -> None:
    old = (
        "<?php\nfinal class A { private ?int $b = null; private const C = 1;"
        " public function f(int $a, ?string $b = null, ...$rest): ?self {"
        " switch ($a) { case self::C: break; default: f(); }"
        " try { f($a,); } catch (Exception | Error $e) { throw $e; }"
        " $g = $a ? B : C; $h = f($a ? D : E, [1, 2,]); $i = fn($x) => $x | $a;"
        " htmlspecialchars($b, ENT_QUOTES | ENT_SUBSTITUTE); $this->match ?? A::class;"
        " return $this; } }"
    )

    assert newer_syntax(php, old) == []
