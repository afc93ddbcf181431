"""Payers read Arabic or English: every sentence of their pages has both."""

import re
from gettext import GNUTranslations
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import ngettext

from tests.environment import ROOT

CATALOGUE = ROOT / "gateways" / "locale" / "ar" / "LC_MESSAGES"
# Strings that Python writes in pieces on several lines are one sentence.
CALL = re.compile(r"""\b_\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\)""")
PIECE = re.compile(r'"((?:[^"\\]|\\.)*)"')
TAG = re.compile(r"""\{% translate (["'])(.*?)\1""")
COUNTED = re.compile(
    r"\{% blocktranslate count (\w+)=.*?%\}(.*?)\{% plural %\}(.*?)\{% endblocktranslate %\}", re.S
)
VARIABLE = re.compile(r"\{\{ (\w+) \}\}")
# One number of each Arabic plural form: none, one, two, few, many, other.
FORMS = (0, 1, 2, 3, 11, 100)


def sentences() -> set[str]:
    found = set()
    for path in sorted((ROOT / "gateways" / "pay").glob("*.py")):
        for call in CALL.findall(path.read_text()):
            found.add("".join(PIECE.findall(call)))
    for path in sorted((ROOT / "templates" / "pay").glob("*.html")):
        found |= {text for _, text in TAG.findall(Path(path).read_text())}
    return found


def counted() -> list[tuple[str, str, str]]:
    """The variable that is counted, with the singular and plural as the catalogue has them."""
    texts = [path.read_text() for path in (ROOT / "templates" / "pay").glob("*.html")]
    found = [match for text in texts for match in COUNTED.findall(text)]
    return [
        (variable, VARIABLE.sub(r"%(\1)s", one), VARIABLE.sub(r"%(\1)s", many))
        for variable, one, many in found
    ]


def arabic() -> GNUTranslations:
    with (CATALOGUE / "django.mo").open("rb") as compiled:
        return GNUTranslations(compiled)


def test_every_sentence_of_the_payers_pages_is_in_the_compiled_arabic_catalogue() -> None:
    catalogue = arabic()

    untranslated = [text for text in sentences() if catalogue.gettext(text) == text]

    assert len(sentences()) > 80
    assert untranslated == [], "translate in django.po, then run: make messages"


@pytest.mark.parametrize(("variable", "one", "many"), counted(), ids=lambda text: str(text)[:20])
def test_numbers_in_words_have_all_six_arabic_forms(variable: str, one: str, many: str) -> None:
    with translation.override("ar"):
        words = [ngettext(one, many, number) for number in FORMS]
    assert len(set(words)) >= 5, words
    assert not {one, many} & set(words)


def test_compiled_catalogue_is_the_one_made_from_the_source() -> None:
    source = (CATALOGUE / "django.po").read_text()
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"', source, re.M)
    catalogue = arabic()

    assert len(pairs) > 80
    assert [catalogue.gettext(english) for english, _ in pairs] == [text for _, text in pairs]


def test_source_holds_nothing_that_no_page_says() -> None:
    source = (CATALOGUE / "django.po").read_text()
    known = sentences() | {one for _, one, _ in counted()}
    assert set(re.findall(r'^msgid "(.+)"', source, re.M)) - known == set()
    assert "#, fuzzy" not in source
