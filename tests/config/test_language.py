"""The console speaks what its user chose, else what the browser asks for; nothing else follows it."""

import pytest
from django.test import Client
from django.utils import translation

from tests.environment import ROOT

LOGIN = "/admin/login/"


@pytest.mark.parametrize(
    ("asked", "chosen", "answered"),
    [
        ("", "", "en"),
        ("ar-EG,ar;q=0.9,en;q=0.8", "", "ar"),
        ("de", "", "en"),
        ("en", "ar", "ar"),
        ("ar", "en", "en"),
        ("en", "zz", "en"),
    ],
)
def test_the_choice_outweighs_the_browser(asked: str, chosen: str, answered: str) -> None:
    client = Client(headers={"Accept-Language": asked})
    client.cookies["django_language"] = chosen

    answer = client.get(LOGIN)

    assert answer.headers["Content-Language"] == answered
    assert f'<html lang="{answered}" dir="{"rtl" if answered == "ar" else "ltr"}"' in (
        answer.content.decode()
    )
    assert "Accept-Language" in answer.headers["Vary"]


def test_the_next_request_of_the_same_thread_is_not_answered_in_it() -> None:
    client = Client(headers={"Accept-Language": "ar"})
    client.get(LOGIN)
    assert translation.get_language() == "en"
    assert "Content-Language" not in client.get("/healthz").headers


@pytest.mark.django_db
def test_payers_are_not_asked_by_their_browser() -> None:
    answer = Client(headers={"Accept-Language": "ar"}).get("/pay/no-such-token/")
    assert answer.status_code == 404
    assert '<html lang="ar"' not in answer.content.decode()


def test_the_switch_stands_on_every_page_and_leads_back() -> None:
    client = Client()
    assert 'name="language" value="ar"' in client.get(LOGIN + "?next=/admin/").content.decode()

    answer = client.post("/admin/language/", {"language": "ar", "next": "/admin/login/?a=1"})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/login/?a=1")
    cookie = answer.cookies["django_language"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("ar", True, "Lax")
    assert 'name="language" value="en"' in client.get(LOGIN).content.decode()


def test_the_switch_leads_to_no_other_site_and_offers_two_languages() -> None:
    client = Client()
    elsewhere = client.post("/admin/language/", {"language": "ar", "next": "https://evil.example/"})
    assert elsewhere.headers["Location"] == "/"
    client.post("/admin/language/", {"language": "de"})
    assert client.get(LOGIN).headers["Content-Language"] == "en"


def test_the_switch_is_guarded_against_other_sites_forms() -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/admin/language/", {"language": "ar"}).status_code == 403


def test_every_language_that_is_offered_has_a_catalogue() -> None:
    from django.conf import settings

    others = {code for code, _ in settings.LANGUAGES} - {"en"}
    folders = {path.name for path in (ROOT / "config" / "locale").iterdir()}
    assert others == folders
