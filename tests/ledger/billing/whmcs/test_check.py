"""The connection test: one line per action, and no more waiting than needed."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import pytest

from ledger.billing.base import CheckLine
from ledger.billing.whmcs import Whmcs
from ledger.http import Answer, MaybeSent, NotSent
from tests.ledger.billing.whmcs.conftest import IDENTIFIER, ROOT, SECRET, error

METHODS = {"module": "spectrocoin", "displayname": "SpectroCoin"}
FINE = {
    "WhmcsDetails": {"result": "success", "whmcs": {"version": "8.13.1-release.1"}},
    "GetPaymentMethods": {
        "result": "success", "totalresults": 1, "paymentmethods": {"paymentmethod": [METHODS]},
    },
    "GetInvoice": error("Invoice ID Not Found"),
    "GetInvoices": {"result": "success", "totalresults": 90, "invoices": {"invoice": [{}]}},
    "GetClientsDetails": error("Either clientid Or email Is Required"),
    "GetClients": {"result": "success", "totalresults": 90, "clients": {"client": [{}]}},
    "GetCurrencies": {"result": "success", "totalresults": 1},
    "GetTransactions": {"result": "success", "totalresults": 0, "transactions": ""},
    "GetCredits": error("Client ID Not Found"),
    "GetActivityLog": {"result": "success", "totalresults": 90, "activity": {"entry": [{}]}},
}  # fmt: skip


def check(methods: Sequence[str] = (), **changed: Any) -> tuple[list[CheckLine], list[str]]:
    asked: list[str] = []

    def call(
        method: str,
        url: str,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: int = 30,
    ) -> Answer:
        form = parse_qs((data or b"").decode())
        asked.append(form["action"][0])
        assert form["action"][0] not in ("GetTransactions",) or form["transid"]
        answer = changed.get(form["action"][0], FINE.get(form["action"][0]))
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Answer):
            return answer
        return Answer(200, json.dumps(answer).encode())

    return Whmcs(ROOT, IDENTIFIER, SECRET, call=call).check(methods), asked


def test_every_action_that_reads_gets_its_line() -> None:
    lines, asked = check()

    assert all(line.ok for line in lines), lines
    assert [line.action for line in lines] == asked == list(FINE)
    assert lines[0].message == "WHMCS 8.13.1-release.1"


def test_a_missing_permission_fails_its_own_line_alone() -> None:
    refusal = Answer(403, json.dumps(error('Invalid Permissions: API action "x"')).encode())

    lines, _ = check(GetCredits=refusal, GetInvoice=refusal)

    failed = [line for line in lines if not line.ok]
    assert [line.action for line in failed] == ["GetInvoice", "GetCredits"]
    assert "Tick GetInvoice " in failed[0].way_out
    assert len(lines) == len(FINE)


def test_a_method_must_be_active_under_the_very_name() -> None:
    lines, _ = check(["spectrocoin", "SpectroCoin", "vodafoncash"])

    methods = {line.action: line for line in lines if line.action.startswith("payment method")}
    assert [line.ok for line in methods.values()] == [True, False, False]
    assert "Active are: spectrocoin." in methods["payment method vodafoncash"].way_out


@pytest.mark.parametrize(
    "answer",
    [{"result": "success", "totalresults": 0, "paymentmethods": ""},
     {"result": "success", "totalresults": 2, "paymentmethods": {"paymentmethod": [METHODS]}},
     {"result": "success", "totalresults": 1, "paymentmethods": {"paymentmethod": [{}]}}],
)  # fmt: skip
def test_a_method_that_is_not_seen_is_not_called_active(answer: Any) -> None:
    lines, _ = check(["vodafoncash"], GetPaymentMethods=answer)

    assert [line.ok for line in lines].count(False) == 1


@pytest.mark.parametrize(
    "answer",
    [Answer(403, json.dumps(error("Invalid IP 203.0.113.9")).encode()),
     Answer(403, json.dumps(error("Invalid or missing credentials")).encode()),
     NotSent("refused"), MaybeSent("silence")],
)  # fmt: skip
def test_what_would_fail_every_action_is_said_once(answer: Any) -> None:
    lines, asked = check(WhmcsDetails=answer)

    assert len(lines) == len(asked) == 1
    assert not lines[0].ok
    assert lines[0].way_out


def test_a_web_page_in_place_of_answers_is_no_success() -> None:
    page = Answer(200, b"<html>")

    lines, _ = check((), **dict.fromkeys(FINE, page))

    assert not any(line.ok for line in lines)


def test_an_invoice_that_is_not_found_proves_nothing_where_another_was_asked_for() -> None:
    lines, _ = check(GetClients=error("Client Not Found"))

    assert [line.action for line in lines if not line.ok] == ["GetClients"]
