"""Payers and staff read Arabic or English: every sentence that is marked has both, and fits."""

import ast
import re
from gettext import GNUTranslations
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import ngettext
from django.utils.translation.template import templatize

from tests.environment import ROOT

CATALOGUE = ROOT / "config" / "locale" / "ar" / "LC_MESSAGES"
SOURCES = ("config", "gateways", "ledger")
SINGLE, COUNTED = {"_", "gettext", "gettext_lazy"}, {"ngettext", "ngettext_lazy"}
MARKED = re.compile(
    r"""\b(?:ngettext|gettext|_)\(u?(['"])((?:\\.|(?!\1).)*)\1(?:, ?u?(['"])((?:\\.|(?!\3).)*)\3)?"""
)
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%s|%d|<[^>]+>")
ENTRY = re.compile(
    r'^msgid ((?:"(?:[^"\\]|\\.)*"\n?)+)'
    r'(?:msgid_plural (?:"(?:[^"\\]|\\.)*"\n?)+)?'
    r'((?:msgstr(?:\[\d\])? (?:"(?:[^"\\]|\\.)*"\n?)+)+)',
    re.M,
)
PIECE = re.compile(r'"((?:[^"\\]|\\.)*)"')
# One number of each Arabic plural form: none, one, two, few, many, other.
FORMS = (0, 1, 2, 3, 11, 100)


def said(text: str) -> str:
    return str(ast.literal_eval(f'"{text}"'))


def in_python(path: Path) -> tuple[set[str], set[tuple[str, str]]]:
    """The marked sentences of a module, and those that are counted, as singular and plural."""
    single, counted = set(), set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        words = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        if node.func.id in SINGLE:
            assert len(words) == len(node.args) == 1, f"{path}:{node.lineno}: mark one plain text"
            single.add(str(words[0]))
        elif node.func.id in COUNTED:
            counted.add((str(words[0]), str(words[1])))
    return single, counted


def in_template(path: Path) -> tuple[set[str], set[tuple[str, str]]]:
    single, counted = set(), set()
    for _q, one, _p, many in MARKED.findall(templatize(path.read_text())):
        one, many = (ast.literal_eval(f"'''{text}'''") for text in (one, many))
        if many:
            counted.add((one, many))
        else:
            single.add(one)
    return single, counted


def marked() -> tuple[set[str], set[tuple[str, str]]]:
    single, counted = set[str](), set[tuple[str, str]]()
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            one, many = in_python(path)
            single, counted = single | one, counted | many
    for path in sorted((ROOT / "templates").rglob("*.html")):
        one, many = in_template(path)
        single, counted = single | one, counted | many
    return single, counted


SENTENCES, NUMBERED = marked()


def source() -> dict[str, list[str]]:
    """Every entry of the source: what it translates, and its forms."""
    entries = {}
    for english, forms in ENTRY.findall((CATALOGUE / "django.po").read_text()):
        key = said("".join(PIECE.findall(english)))
        entries[key] = [
            said("".join(PIECE.findall(form)))
            for form in re.split(r"^msgstr", forms, flags=re.M)[1:]
        ]
    entries.pop("", None)
    return entries


def arabic() -> GNUTranslations:
    with (CATALOGUE / "django.mo").open("rb") as compiled:
        return GNUTranslations(compiled)


def test_every_marked_sentence_is_in_the_compiled_arabic_catalogue() -> None:
    catalogue = arabic()

    untranslated = sorted(text for text in SENTENCES if catalogue.gettext(text) == text)

    assert len(SENTENCES) > 500
    assert untranslated == [], "translate in config/locale, then run: make messages"


@pytest.mark.parametrize(("one", "many"), sorted(NUMBERED), ids=lambda text: str(text)[:20])
def test_numbers_in_words_have_all_six_arabic_forms(one: str, many: str) -> None:
    with translation.override("ar"):
        words = [ngettext(one, many, number) for number in FORMS]
    assert len(set(words)) >= 5, words
    assert not {one, many} & set(words)


def test_compiled_catalogue_is_the_one_made_from_the_source() -> None:
    catalogue, entries = arabic(), source()

    assert len(entries) > 500
    for english, forms in entries.items():
        if len(forms) == 1:
            assert catalogue.gettext(english) == forms[0], english


def test_source_holds_nothing_that_no_screen_says() -> None:
    known = SENTENCES | {one for one, _ in NUMBERED}
    assert set(source()) - known == set()
    assert "#, fuzzy" not in (CATALOGUE / "django.po").read_text()


def test_translations_keep_the_places_for_values() -> None:
    for english, forms in source().items():
        if len(forms) == 1:
            wanted = sorted(PLACEHOLDER.findall(english))
            assert sorted(PLACEHOLDER.findall(forms[0])) == wanted, english
