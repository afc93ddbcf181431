"""Payers read Arabic or English: every sentence of their pages has both."""

import re
from gettext import GNUTranslations
from pathlib import Path

from tests.environment import ROOT

CATALOGUE = ROOT / "gateways" / "locale" / "ar" / "LC_MESSAGES"
SENTENCE = re.compile(r"""(?:\b_\(\s*|\{% translate )"((?:[^"\\]|\\.)*)\"""")


def sentences() -> set[str]:
    sources = [ROOT / "gateways" / "pay.py", *(ROOT / "templates" / "pay").glob("*.html")]
    return {found for path in sources for found in SENTENCE.findall(Path(path).read_text())}


def test_every_sentence_of_the_payers_pages_is_in_the_compiled_arabic_catalogue() -> None:
    with (CATALOGUE / "django.mo").open("rb") as compiled:
        arabic = GNUTranslations(compiled)

    untranslated = [text for text in sentences() if arabic.gettext(text) == text]

    assert len(sentences()) > 30
    assert untranslated == [], "translate in django.po, then run: make messages"


def test_compiled_catalogue_is_the_one_made_from_the_source() -> None:
    source = (CATALOGUE / "django.po").read_text()
    pairs = re.findall(r'msgid "(.+)"\nmsgstr "(.+)"', source)
    with (CATALOGUE / "django.mo").open("rb") as compiled:
        arabic = GNUTranslations(compiled)

    assert len(pairs) > 30
    assert [arabic.gettext(english) for english, _ in pairs] == [text for _, text in pairs]
