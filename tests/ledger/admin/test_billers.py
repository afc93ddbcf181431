"""Billers: write-only credentials, a tidy address, and a connection test with a way out per line."""

from collections.abc import Sequence
from typing import Any

import pytest

from ledger.admin import biller_form, billers
from ledger.billing.base import CheckLine
from ledger.models import AuditEvent, Biller, Merchant
from tests.config.admin_world import Shown, superuser, url, what_csp_would_stop

pytestmark = pytest.mark.django_db


def fields(row: Biller, **changes: Any) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "url": row.url,
        "identifier": row.identifier,
        "when_paid": row.when_paid,
        "top_up_mode": row.top_up_mode,
        "longest_run_seconds": row.longest_run_seconds,
        **changes,
    }


def saved(row: Biller, **changes: Any) -> Biller:
    answer = superuser().post(url(Biller, "change", row), fields(row, **changes))
    assert answer.status_code == 302, answer.content.decode()
    return Biller.objects.get(pk=row.pk)


def test_empty_secrets_are_kept_and_the_access_key_can_be_removed() -> None:
    shown = Shown("alpha")
    row = saved(shown.rows[Biller], identifier="other")
    assert row.reveal("secret") == shown.secrets[1]
    assert row.reveal("access_key") == shown.secrets[2]
    row = saved(row, clear_access_key="on", new_secret="a-new-whmcs-secret")
    assert row.reveal("access_key") == ""
    assert row.reveal("secret") == "a-new-whmcs-secret"
    details = list(
        AuditEvent.objects.filter(verb="change settings").values_list("detail", flat=True)
    )
    assert any("API secret: changed" in each for each in details)
    assert not any("a-new-whmcs-secret" in each for each in details)


def test_the_address_is_tidied_and_plain_http_is_refused() -> None:
    row = Shown("alpha").rows[Biller]
    assert (
        saved(row, url="https://b.example/whmcs/includes/api.php").url == "https://b.example/whmcs"
    )
    for address in ("http://b.example", "javascript:alert(1)", "https://u:p@b.example", ""):
        answer = superuser().post(url(Biller, "change", row), fields(row, url=address))
        assert answer.status_code == 200, address
    assert Biller.objects.get(pk=row.pk).url == "https://b.example/whmcs"


def test_what_a_worker_writes_meanwhile_is_not_undone_by_saving_the_form(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = Shown("alpha").rows[Biller]

    def checked_while_a_worker_writes(address: str) -> str:
        Biller.objects.update(failures=0, open_until=None, last_error="")
        return address

    monkeypatch.setattr(biller_form, "clean_root", checked_while_a_worker_writes)
    after = saved(row, identifier="other")
    assert after.identifier == "other"
    assert (after.failures, after.open_until, after.last_error) == (0, None, "")


def test_a_new_biller_needs_its_secret() -> None:
    merchant = Merchant(name="Fresh")
    merchant.save()
    row = Biller(url="https://b.example", identifier="i")
    client = superuser()
    answer = client.post(url(Biller, "add"), fields(row, merchant=merchant.pk))
    assert "Enter the secret of the API credential" in answer.content.decode()
    answer = client.post(
        url(Biller, "add"), fields(row, merchant=merchant.pk, new_secret="whmcs-secret-123")
    )
    assert answer.status_code == 302
    assert Biller.objects.get(merchant=merchant).reveal("secret") == "whmcs-secret-123"


class Answering:
    """A WHMCS that answers the connection test with these lines."""

    def __init__(self, lines: list[CheckLine]) -> None:
        self.lines, self.methods = lines, list[str]()

    def check(self, methods: Sequence[str]) -> list[CheckLine]:
        self.methods = list(methods)
        return self.lines


def test_the_connection_test_shows_a_line_per_action_with_its_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = Shown("alpha")
    whmcs = Answering(
        [
            CheckLine("WhmcsDetails", True, "WHMCS 8.13.1"),
            CheckLine("GetInvoice", False, "<script>x</script>", "Tick GetInvoice in an API role."),
        ]
    )
    monkeypatch.setattr(billers, "connect", lambda biller: whmcs)
    answer = shown.member().post(url(Biller, "act", shown.rows[Biller], "test"))
    page = answer.content.decode()
    assert "WHMCS 8.13.1" in page
    assert "Tick GetInvoice in an API role." in page
    assert "1 of 2 checks failed" in page
    assert "<script>x" not in page
    assert not what_csp_would_stop(page)
    assert {"havenopay", "spectrocoin"} <= set(whmcs.methods)
    whmcs.lines = whmcs.lines[:1]
    answer = shown.member().post(url(Biller, "act", shown.rows[Biller], "test"))
    assert "Everything that is needed works" in answer.content.decode()


def test_the_connection_test_needs_the_right_to_change_the_biller() -> None:
    shown = Shown("alpha")
    client = shown.member("view_biller")
    assert client.post(url(Biller, "act", shown.rows[Biller], "test")).status_code == 403
    assert "Test connection" not in client.get(
        url(Biller, "change", shown.rows[Biller])
    ).content.decode().replace("Press “Test connection”", "")


def test_a_connection_test_that_cannot_be_made_says_why() -> None:
    shown = Shown("alpha")
    Biller.objects.update(secret="")
    Biller.objects.update(url="nonsense")
    answer = shown.member().post(url(Biller, "act", shown.rows[Biller], "test"))
    assert "The test could not be made" in answer.content.decode()
