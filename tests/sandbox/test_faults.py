"""Misbehaviour on demand: how each kind looks to the caller, and whether the work was done."""

import time

import pytest
import requests

from tests.sandbox.stand_in import StandIn


def pay(sandbox: StandIn, invoice: int) -> requests.Response:
    return sandbox.api(
        "AddInvoicePayment", invoiceid=invoice, transid="SC-1", gateway="spectrocoin",
        amount="15.99",
    )  # fmt: skip


def payments(sandbox: StandIn, invoice: int) -> int:
    return len(sandbox.held(invoice)["transactions"])


@pytest.mark.parametrize(("kind", "acted"), [("refuse", 0), ("lost_answer", 1), ("truncated", 1)])
def test_broken_connections(sandbox: StandIn, kind: str, acted: int) -> None:
    invoice = sandbox.invoice()
    sandbox.fault("whmcs", kind, "AddInvoicePayment")

    broken = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
    with pytest.raises(broken) as caught:
        pay(sandbox, invoice)

    assert ("ConnectionResetError" in repr(caught.value)) == (kind == "refuse")
    assert payments(sandbox, invoice) == acted
    assert pay(sandbox, invoice).json()["result"] == "success"


@pytest.mark.parametrize(
    ("kind", "status", "acted"),
    [
        ("500", 500, 0),
        ("503", 503, 0),
        ("504_after", 504, 1),
        ("html", 200, 0),
        ("empty", 200, 0),
        ("redirect", 302, 0),
        ("429", 429, 0),
        ("401", 401, 0),
        ("403", 403, 0),
    ],
)
def test_answers_that_are_not_from_whmcs(
    sandbox: StandIn, kind: str, status: int, acted: int
) -> None:
    invoice = sandbox.invoice()
    sandbox.fault("whmcs", kind, "addinvoicepayment")

    answer = pay(sandbox, invoice)

    assert answer.status_code == status
    assert not answer.text.startswith("{")
    assert payments(sandbox, invoice) == acted
    call = sandbox.control("/whmcs/_sandbox/state")["calls"][-1]
    assert (call["fault"], call["answer_status"]) == (kind, status)


def test_invalid_ip_names_the_caller(sandbox: StandIn) -> None:
    sandbox.fault("whmcs", "invalid_ip")

    answer = sandbox.api("WhmcsDetails")

    assert (answer.status_code, answer.json()["message"]) == (403, "Invalid IP 127.0.0.1")


def test_success_without_effect_says_success_and_does_nothing(sandbox: StandIn) -> None:
    invoice = sandbox.invoice()
    sandbox.fault("whmcs", "success_without_effect", "AddInvoicePayment")

    assert pay(sandbox, invoice).json() == {"result": "success"}
    assert payments(sandbox, invoice) == 0
    assert sandbox.held(invoice)["invoice"]["status"] == "Unpaid"


def test_delay_acts_late_and_slow_after_acts_at_once(sandbox: StandIn) -> None:
    for kind, done_meanwhile in (("delay", 0), ("slow_after", 1)):
        invoice = sandbox.invoice()
        sandbox.fault("whmcs", kind, "AddInvoicePayment", seconds=0.8)
        settings = sandbox.control("/whmcs/_sandbox/settings")
        with pytest.raises(requests.Timeout):
            requests.post(
                f"{sandbox.url}/whmcs/includes/api.php",
                data={
                    "action": "AddInvoicePayment", "responsetype": "json", "invoiceid": invoice,
                    "identifier": settings["identifier"], "secret": settings["secret"],
                    "transid": "SC-1", "gateway": "spectrocoin",
                },
                timeout=0.3,
            )  # fmt: skip
        assert payments(sandbox, invoice) == done_meanwhile
        until = time.monotonic() + 5
        while not payments(sandbox, invoice) and time.monotonic() < until:
            time.sleep(0.05)
        assert payments(sandbox, invoice) == 1


def test_fault_ends_after_its_times_and_null_means_until_cleared(sandbox: StandIn) -> None:
    sandbox.fault("whmcs", "500", "WhmcsDetails", times=2)
    assert [sandbox.api("WhmcsDetails").status_code for _ in range(3)] == [500, 500, 200]
    assert sandbox.control("/whmcs/_sandbox/faults") == {"faults": []}

    sandbox.fault("whmcs", "503", times=None, rate=1.0)
    assert [sandbox.api("WhmcsDetails").status_code for _ in range(3)] == [503] * 3
    requests.delete(f"{sandbox.url}/whmcs/_sandbox/faults", timeout=10)
    assert sandbox.api("WhmcsDetails").status_code == 200


def test_rate_hits_some_calls_and_not_others(sandbox: StandIn) -> None:
    sandbox.fault("whmcs", "500", times=None, rate=0.5)

    statuses = {sandbox.api("WhmcsDetails").status_code for _ in range(60)}

    assert statuses == {200, 500}


def test_fault_hits_only_the_named_call_of_the_named_party(sandbox: StandIn) -> None:
    sandbox.fault("spectrocoin", "403", "create")
    headers = sandbox.bearer()

    assert sandbox.ask("WhmcsDetails")["result"] == "success"
    refused = sandbox.create(headers)
    assert refused.status_code == 403
    assert set(refused.json()) == {"defaultMessage", "errorCode", "spanId", "traceId"}
    assert sandbox.create(headers).status_code == 200


def test_spectrocoin_answer_lost_after_the_order_was_made(sandbox: StandIn) -> None:
    headers = sandbox.bearer()
    sandbox.fault("spectrocoin", "lost_answer", "create")

    with pytest.raises(requests.ConnectionError):
        sandbox.create(headers)

    assert len(sandbox.control("/spectrocoin/_sandbox/orders")["orders"]) == 1
    calls = sandbox.control("/spectrocoin/_sandbox/calls")["calls"]
    assert [(c["action"], c["answer_status"]) for c in calls] == [("token", 200), ("create", None)]
    assert "client_secret" not in str(calls)


def test_legacy_api_in_trouble_answers_its_own_error_array(sandbox: StandIn) -> None:
    sandbox.fault("spectrocoin", "500", "createOrder")

    answer = sandbox.legacy("merchantId=169")

    assert (answer.status_code, answer.json()[0]["code"]) == (500, 100)
