"""What every answer tells the browser: no foreign scripts, no guessing, no cookies for payers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from gateways.orders.links import pay_token
from tests.gateways.rows import an_order

pytestmark = pytest.mark.django_db

Ask = Callable[[Client], Any]
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def the_order_page(client: Client) -> Any:
    return client.get(f"/pay/{pay_token(an_order(status='expired'))}/")


def on_to_the_provider(client: Client) -> Any:
    return client.get(f"/pay/{pay_token(an_order())}/")


def back_from_the_provider(client: Client) -> Any:
    return client.get(f"/pay/{pay_token(an_order())}/done/")


def cancelled_at_the_provider(client: Client) -> Any:
    return client.get(f"/pay/{pay_token(an_order())}/cancelled/")


def a_tampered_form(client: Client) -> Any:
    return client.post(f"/checkout/{an_order().merchant.token}/spectrocoin/", {"invoice": "1"})


def an_unknown_link(client: Client) -> Any:
    return client.get("/pay/AAAAAAAAAAAAAAAAAAAAAA/")


def an_unknown_merchant(client: Client) -> Any:
    return client.post("/checkout/AAAAAAAAAAAAAAAAAAAAAA/spectrocoin/", {"invoice": "1"})


def health(client: Client) -> Any:
    return client.get("/healthz")


def readiness(client: Client) -> Any:
    return client.get("/readyz")


def nowhere(client: Client) -> Any:
    return client.get("/nowhere/")


def the_login_page(client: Client) -> Any:
    return client.get("/admin/login/")


PAYERS = [
    the_order_page,
    on_to_the_provider,
    back_from_the_provider,
    cancelled_at_the_provider,
    a_tampered_form,
]
PUBLIC = [*PAYERS, an_unknown_link, an_unknown_merchant, health, readiness, nowhere]


@pytest.mark.parametrize("ask", [*PUBLIC, the_login_page])
def test_policy_allows_our_own_files_and_nothing_else(client: Client, ask: Ask) -> None:
    header = ask(client).headers["Content-Security-Policy"]
    told = dict(part.strip().split(" ", 1) for part in header.split(";"))
    assert told == POLICY
    assert "unsafe" not in header
    assert "*" not in header


@pytest.mark.parametrize("ask", [*PUBLIC, the_login_page])
def test_nothing_is_guessed_framed_or_shared(client: Client, ask: Ask) -> None:
    headers = ask(client).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")


@pytest.mark.parametrize("ask", PUBLIC)
def test_public_pages_set_no_cookie(client: Client, ask: Ask) -> None:
    assert not ask(client).cookies


@pytest.mark.parametrize("ask", PAYERS)
def test_payers_pages_are_kept_nowhere_and_name_nothing_to_others(client: Client, ask: Ask) -> None:
    headers = ask(client).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_unknown_link_and_unknown_merchant_look_like_any_other_wrong_address(
    client: Client,
) -> None:
    answers = [ask(client) for ask in (an_unknown_link, an_unknown_merchant, nowhere)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_login_is_not_kept_by_the_browser(client: Client) -> None:
    assert "no-store" in the_login_page(client).headers["Cache-Control"]


def test_webhook_answers_without_a_cookie_or_a_guess(client: Client) -> None:
    answer = client.post("/webhooks/AAAAAAAAAAAAAAAAAAAAAA/", b"x", content_type="text/plain")
    assert answer.status_code == 404
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "text/plain"
    assert not answer.cookies
