"""What only `havenopay` says: its name is not its provider's, and payments there take their time."""

import pytest

from tests.php.checkout import CALM, TOKEN, render, signature
from tests.php.conftest import Module

NOTE = (
    "Already paid? You do not need to pay again: this invoice turns to Paid by itself once the"
    " payment is confirmed. The button shows where it stands."
)


def test_console_is_asked_for_haveno_and_not_for_havenopay(havenopay: Module) -> None:
    page = render(havenopay)

    assert page.form["action"] == f"https://pay.example.com/checkout/{TOKEN}/haveno/"
    assert page.hidden["signature"] == signature(havenopay, page.hidden)


@pytest.mark.parametrize("language", ["english", "lithuanian", "", '"><b>', None])
def test_client_who_comes_back_reads_that_paying_once_is_enough(
    havenopay: Module, language: str | None
) -> None:
    page = render(havenopay, clientdetails={"id": 7, "language": language})

    assert page.text == NOTE
    assert page.tags[-1] == ("p", {"dir": "auto"})


def test_arabic_client_reads_it_in_arabic(havenopay: Module) -> None:
    page = render(havenopay, clientdetails={"id": 7, "language": "Arabic"})

    assert page.text.startswith("هل دفعت بالفعل؟")
    assert page.tags[-1] == ("p", {"dir": "auto"})


def test_note_keeps_away_where_there_is_no_button(havenopay: Module) -> None:
    assert render(havenopay, signingSecret="").text == CALM


def test_spectrocoin_says_nothing_below_its_button(spectrocoin: Module) -> None:
    assert render(spectrocoin).text == ""


def test_settings_page_says_where_the_rest_is_set(havenopay: Module) -> None:
    notes = havenopay.value("gateway_config()")["UsageNotes"]

    assert notes["Type"] == "System"
    assert "webhook URL" in notes["Value"]
    assert "Gatebook console" in notes["Value"]
