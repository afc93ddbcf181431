"""One call on the wire: what leaves, what comes back, and which word each answer earns."""

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests

from ledger.billing.whmcs import Whmcs, clean_root
from ledger.billing.whmcs.api import RESPONSE_CAP, Api, Reply
from ledger.billing.whmcs.faults import Fault
from ledger.http import Answer, MaybeSent, NotSent, call
from tests.ledger.billing.whmcs.conftest import (
    ACCESS_KEY,
    AT,
    CREDIT,
    ENDPOINT,
    IDENTIFIER,
    INVOICE,
    ROOT,
    SECRET,
    Wire,
    body_of,
    error,
    invoice,
)


@pytest.mark.parametrize(
    ("typed", "root"),
    [
        ("https://billing.example", "https://billing.example"),
        ("https://billing.example/", "https://billing.example"),
        ("  https://billing.example/whmcs/  ", "https://billing.example/whmcs"),
        ("https://billing.example/a/b", "https://billing.example/a/b"),
        ("https://billing.example/includes/api.php", "https://billing.example"),
        ("https://billing.example/whmcs/includes/api.php/", "https://billing.example/whmcs"),
        ("HTTPS://Billing.Example:8443/WHMCS", "https://billing.example:8443/WHMCS"),
        ("https://203.0.113.9", "https://203.0.113.9"),
        ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443"),
        ("http://127.0.0.1:8001/whmcs/", "http://127.0.0.1:8001/whmcs"),
        ("http://localhost/whmcs", "http://localhost/whmcs"),
        ("http://[::1]/whmcs", "http://[::1]/whmcs"),
    ],
)
def test_the_root_is_taken_from_what_merchants_paste(typed: str, root: str) -> None:
    assert clean_root(typed) == root
    assert clean_root(root) == root


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Enter the address"),
        ("billing.example", "https://"),
        ("ftp://billing.example", "https://"),
        ("javascript:alert(1)", "https://"),
        ("http://billing.example", "in the clear"),
        ("http://10.0.0.1", "in the clear"),
        ("http://127.0.0.1.example.com", "in the clear"),
        ("http://localhost.example.com", "in the clear"),
        ("https://admin:pass@billing.example", "password"),
        ("https://127.0.0.1@billing.example", "password"),
        ("https://billing.example/?a=1", "root"),
        ("https://billing.example/?", "root"),
        ("https://billing.example/#top", "root"),
        ("https://billing.example:99999", "port"),
        ("https://billing.example:x", "port"),
        ("https://", "host"),
        ("https://[::1", "host"),
        ("https://billing example", "spaces"),
        ("https://billing.example\\@evil.example", "plain characters"),
        ("https://billing.example/\nHost: x", "spaces"),
        ("https://b\u0456lling.example", "plain characters"),
    ],
)
def test_an_address_that_cannot_be_right_is_refused_in_a_sentence(typed: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refusal:
        clean_root(typed)
    assert str(refusal.value).endswith(".")
    with pytest.raises(ValueError, match=says):
        Whmcs(typed, IDENTIFIER, SECRET)


def test_every_call_is_a_form_post_that_asks_for_json_and_carries_the_credentials(
    wire: Wire, whmcs: Whmcs
) -> None:
    wire.answers(invoice())

    whmcs.write_note("hello & 100% =", INVOICE)

    request = wire.requests[0]
    assert (request.method, request.url) == ("POST", ENDPOINT)
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(body_of(request), strict_parsing=True) == {
        "action": ["LogActivity"],
        "description": ["hello & 100% ="],
        "clientid": ["5"],
        "responsetype": ["json"],
        "identifier": [IDENTIFIER],
        "secret": [SECRET],
        "accesskey": [ACCESS_KEY],
    }


def test_an_access_key_is_sent_only_where_one_is_set(wire: Wire) -> None:
    wire.answers(invoice())

    Whmcs(ROOT, IDENTIFIER, SECRET).write_note("x", INVOICE)

    assert "accesskey" not in parse_qs(body_of(wire.requests[0]))


def test_paying_an_invoice_is_given_a_minute_and_the_rest_half_of_it() -> None:
    """AddInvoicePayment runs mails, provisioning and renewals inside the call."""
    seen: dict[str, int] = {}

    def answering(
        method: str,
        url: str,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: int = 30,
    ) -> Answer:
        seen[parse_qs((data or b"").decode())["action"][0]] = timeout_seconds
        return Answer(200, b'{"result": "success"}')

    whmcs = Whmcs(ROOT, IDENTIFIER, SECRET, call=answering)
    for mode in ("invoice", "transaction", "credit"):
        whmcs.book("SC-1", INVOICE, CREDIT, mode=mode, at=AT)
    whmcs.write_note("x", INVOICE)

    assert seen == {
        "AddInvoicePayment": 60, "AddTransaction": 30, "AddCredit": 30, "LogActivity": 30,
    }  # fmt: skip


def asked(action: str = "GetInvoice") -> Reply:
    return Api(ROOT, IDENTIFIER, SECRET, ACCESS_KEY, call=call).ask(action, {})


def fault_of(reply: Reply) -> Fault:
    assert reply.fault is not None
    return reply.fault


# HTTP status, body, the word for it.
TABLE = [
    (200, error("Invoice ID Not Found"), "not_found"),
    (200, error("Client ID Not Found"), "not_found"),
    (200, error("Client Not Found"), "not_found"),
    (200, error("It is not possible to add a payment to an invoice that is Cancelled"), "state"),
    (200, error("Amount must be in decimal format: ### or ###.##"), "validation"),
    (200, error("No Amount Provided"), "validation"),
    (200, error("Date Format is not Valid"), "validation"),
    (200, error("Payment Method is required"), "validation"),
    (200, error("User ID does not own the given Invoice ID"), "validation"),
    (200, error("Currency ID does not match Client currency"), "validation"),
    (200, error("Transaction ID must be Unique"), "duplicate"),
    (403, error("Invalid IP 203.0.113.9"), "ip"),
    (403, error("Invalid IP 2001:db8::9"), "ip"),
    (403, {"message": "Invalid IP 203.0.113.9"}, "ip"),
    (403, error("Forbidden IP 203.0.113.9"), "ip"),
    (200, error("Invalid IP 203.0.113.9"), "ip"),
    (403, error("Invalid or missing credentials"), "auth"),
    (200, error("Authentication Failed"), "auth"),
    (403, r'{"result":"error","message":"Invalid Permissions: API action'
          r' \u0022getinvoice\u0022 is not allowed"}', "permission"),
    (401, error("INVALID PERMISSIONS: API action"), "permission"),
    (200, error("Something nobody has seen before"), "ambiguous"),
    (200, error("Invalid IPN received"), "ambiguous"),
    (200, error(""), "ambiguous"),
    (200, {"result": "error"}, "ambiguous"),
    (200, {"result": "success?"}, "ambiguous"),
    (200, {"result": True}, "ambiguous"),
    (200, {"invoiceid": 7}, "ambiguous"),
    (200, {"message": "Invalid IP 203.0.113.9"}, "ambiguous"),
    (200, {"status": "success"}, "ambiguous"),
    (201, {"result": "success"}, "ambiguous"),
    (403, {"result": "success"}, "ambiguous"),
    (200, "<html>Down for Maintenance</html>", "ambiguous"),
    (200, "<b>Fatal error</b>: Allowed memory size exhausted", "ambiguous"),
    (200, " ", "ambiguous"),
    (200, '{"result":"success","invoiceid":7,"items":{"it', "ambiguous"),
    (200, '["result","success"]', "ambiguous"),
    (403, "<html>Attention Required!</html>", "ambiguous"),
    (404, "<html>Not Found</html>", "ambiguous"),
    (429, "slow down", "transport"),
    (429, {"result": "success"}, "transport"),
    (500, "", "ambiguous"),
    (500, {"result": "success"}, "ambiguous"),
    (503, error("Invalid IP 203.0.113.9"), "ambiguous"),
    (504, "<html>Gateway Time-out</html>", "ambiguous"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "code"), TABLE)
def test_every_answer_has_its_word(wire: Wire, status: int, body: Any, code: str) -> None:
    wire.answers(body, status)

    reply = asked()

    assert fault_of(reply).code == code
    assert reply.http_status == status
    assert reply.fields == {}
    assert fault_of(reply).message
    assert fault_of(reply).way_out


@pytest.mark.parametrize(
    ("status", "message"),
    [(s, b["message"]) for s, b, _ in TABLE if isinstance(b, dict) and b.get("result") == "error"
     and b.get("message") and s < 500 and s != 429],
)  # fmt: skip
def test_an_error_under_status_means_the_same_as_one_under_result(
    wire: Wire, status: int, message: str
) -> None:
    wire.answers(error(message), status)
    wire.answers(error(message.upper(), key="status"), status)

    first, second = asked(), asked()

    assert fault_of(first).code == fault_of(second).code
    assert fault_of(second).message == message.upper()


def test_the_status_of_an_invoice_is_not_taken_for_that_of_the_answer(wire: Wire) -> None:
    wire.answers(invoice(status="error"))

    assert asked().fault is None


@pytest.mark.parametrize("address", ["203.0.113.9", "2001:db8::9"])
@pytest.mark.parametrize("words", ["Invalid IP", "Forbidden IP"])
def test_a_refused_address_is_shown_with_both_places_to_list_it(
    wire: Wire, words: str, address: str
) -> None:
    wire.answers(error(f"{words} {address}"), 403)

    fault = fault_of(asked())

    assert fault.message == f"{words} {address}"
    assert f"Add {address} " in fault.way_out
    assert "General Settings > Security > API IP Access Restriction" in fault.way_out
    assert "IP list of the API credential" in fault.way_out
    assert "access key" in fault.way_out


def test_a_missing_permission_names_the_action_as_the_role_screen_spells_it(wire: Wire) -> None:
    wire.answers(error('Invalid Permissions: API action "getcredits" is not allowed'), 403)

    assert "Tick GetCredits " in fault_of(asked("GetCredits")).way_out


def test_a_redirect_says_where_to_and_is_not_followed(wire: Wire) -> None:
    wire.answers("", 302, {"Location": "https://www.billing.example/login.php"})

    reply = asked()

    assert fault_of(reply).code == "ambiguous"
    assert "https://www.billing.example/login.php" in fault_of(reply).message
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (requests.ConnectTimeout("slow"), "transport"),
        (requests.ReadTimeout("slow"), "ambiguous"),
        (requests.ConnectionError("reset"), "ambiguous"),
        (requests.exceptions.ChunkedEncodingError("cut"), "ambiguous"),
    ],
)
def test_a_call_without_an_answer_is_ambiguous_unless_it_never_left(
    wire: Wire, raised: Exception, code: str
) -> None:
    wire.answers(raised)

    reply = asked()

    assert (fault_of(reply).code, reply.http_status, reply.response) == (code, None, "")


@pytest.mark.parametrize(("failure", "code"), [(NotSent, "transport"), (MaybeSent, "ambiguous")])
def test_the_words_of_the_http_layer_decide(failure: type[Exception], code: str) -> None:
    def failing(*args: Any, **kwargs: Any) -> Answer:
        raise failure("as it happened")

    reply = Api(ROOT, IDENTIFIER, SECRET, "", call=failing).ask("GetInvoice", {})

    assert (fault_of(reply).code, fault_of(reply).message) == (code, "as it happened")


def test_no_credential_is_in_requests_responses_messages_reprs_or_logs(
    wire: Wire, whmcs: Whmcs, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even where WHMCS's own debug output echoes the form back to us."""
    caplog.set_level(logging.DEBUG)
    echo = f"{SECRET} {IDENTIFIER} {ACCESS_KEY}"
    form_echo = "secret=" + SECRET + "&accesskey=CANARY-key_%21%40%23%24%25.%28%29%2A%5B%5D"
    told = [repr(whmcs), repr(vars(whmcs)), str(whmcs)]
    for status, body in [
        (200, error(f"Invalid IP 203.0.113.9 {echo}")),
        (200, error(f"Odd: {form_echo}")),
        (200, f"<pre>{echo} {form_echo}</pre>"),
        (500, echo),
        (200, {"result": "success", "debug": echo}),
    ]:
        wire.answers(body, status)
        outcome = whmcs.book("SC-1", INVOICE, CREDIT, mode="invoice", at=AT)
        told += [repr(outcome), str(dict(outcome.request)), outcome.response]
        assert outcome.request["action"] == "AddInvoicePayment"
    wire.answers("", 302, {"Location": f"https://x.example/?{form_echo}"})
    told.append(repr(whmcs.look_up("SC-1", INVOICE, CREDIT, mode="invoice")))
    told.append(caplog.text)

    assert "CANARY" not in "".join(told)
    assert "203.0.113.9" in told[3], "the rest of the message is kept"


def test_no_credential_is_in_the_trace_of_an_exception(wire: Wire, whmcs: Whmcs) -> None:
    wire.answers(error(f"Odd {SECRET}"))

    with pytest.raises(Exception, match="Odd") as failure:
        whmcs.read_bill("7")

    assert "CANARY" not in "".join(map(str, [failure.value, *failure.value.args]))
    assert failure.value.__cause__ is None


def test_a_long_answer_is_kept_up_to_its_cap(wire: Wire, whmcs: Whmcs) -> None:
    wire.answers("x" * (RESPONSE_CAP + 1))

    outcome = whmcs.book("SC-1", INVOICE, CREDIT, mode="invoice", at=AT)

    assert outcome.response == "x" * 4000
