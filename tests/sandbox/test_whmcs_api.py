"""WHMCS's API: who is let in, and what its commands do to money."""

import pytest
import requests

from tests.sandbox.stand_in import StandIn

DATE = "2026-11-21 10:00:00"


def pay(
    sandbox: StandIn, invoice: int, amount: str | None, transid: str = "SC-1"
) -> dict[str, str]:
    parameters = {} if amount is None else {"amount": amount}
    answer: dict[str, str] = sandbox.ask(
        "AddInvoicePayment", invoiceid=invoice, transid=transid, gateway="spectrocoin", date=DATE,
        **parameters,
    )  # fmt: skip
    return answer


def test_wrong_secret_is_refused_and_the_older_parameter_names_are_accepted(
    sandbox: StandIn,
) -> None:
    settings = sandbox.control("/whmcs/_sandbox/settings")
    old_names = {"username": settings["identifier"], "password": settings["secret"]}

    wrong = sandbox.api("WhmcsDetails", secret="wrong")
    old = sandbox.ask("WhmcsDetails", identifier="", secret="", **old_names)

    assert wrong.status_code == 403
    assert wrong.json() == {"result": "error", "message": "Invalid or missing credentials"}
    assert old["whmcs"]["version"] == "8.13.1"


def test_address_is_checked_before_credentials_and_lifted_by_the_access_key(
    sandbox: StandIn,
) -> None:
    sandbox.control("/whmcs/_sandbox/settings", {"allowed_ips": ["192.0.2.1"], "access_key": "k@1"})

    refused = sandbox.api("WhmcsDetails", secret="wrong")
    lifted = sandbox.api("WhmcsDetails", accesskey="k@1")
    key_alone = sandbox.api("WhmcsDetails", accesskey="k@1", secret="")

    assert (refused.status_code, refused.json()["message"]) == (403, "Invalid IP 127.0.0.1")
    assert lifted.json()["result"] == "success"
    assert key_alone.json()["message"] == "Invalid or missing credentials"


def test_action_outside_the_role_is_refused_with_escaped_quotes(sandbox: StandIn) -> None:
    sandbox.control("/whmcs/_sandbox/settings", {"permissions": ["GetInvoice"]})

    refused = sandbox.api("GetClients")

    assert refused.status_code == 403
    message = 'Invalid Permissions: API action "getclients" is not allowed'
    assert refused.json()["message"] == message
    assert "\\u0022getclients\\u0022" in refused.text
    assert sandbox.ask("GetInvoice", invoiceid=sandbox.invoice())["result"] == "success"


def test_parameters_in_the_query_string_are_not_read(sandbox: StandIn) -> None:
    settings = sandbox.control("/whmcs/_sandbox/settings")
    query = {
        "action": "WhmcsDetails", "responsetype": "json", "identifier": settings["identifier"],
        "secret": settings["secret"],
    }  # fmt: skip
    url = f"{sandbox.url}/whmcs/includes/api.php"
    assert "success" not in requests.post(url, params=query, timeout=10).text


def test_unpaid_invoice_has_texts_for_amounts_and_an_empty_text_for_transactions(
    sandbox: StandIn,
) -> None:
    answer = sandbox.ask("GetInvoice", invoiceid=sandbox.invoice("15.9"))

    assert (answer["total"], answer["balance"], answer["status"]) == ("15.90", "15.90", "Unpaid")
    assert answer["transactions"] == ""
    assert "currency" not in answer


def test_exact_payment_marks_the_invoice_paid(sandbox: StandIn) -> None:
    invoice = sandbox.invoice("15.99")

    assert pay(sandbox, invoice, "15.99") == {"result": "success"}

    answer = sandbox.ask("GetInvoice", invoiceid=invoice)
    assert (answer["status"], answer["balance"]) == ("Paid", "0.00")
    row = answer["transactions"]["transaction"][0]
    assert (row["transid"], row["amountin"], row["gateway"]) == ("SC-1", "15.99", "spectrocoin")
    assert (row["currency"], row["date"]) == ("0", DATE)


def test_partial_payment_leaves_the_rest_due(sandbox: StandIn) -> None:
    invoice = sandbox.invoice("15.99")

    pay(sandbox, invoice, "10.00")

    held = sandbox.held(invoice)["invoice"]
    assert (held["status"], held["balance"]) == ("Unpaid", "5.99")


def test_excess_becomes_client_credit(sandbox: StandIn) -> None:
    client = sandbox.client(credit="1.00")
    invoice = sandbox.invoice("15.99", client_id=client)

    pay(sandbox, invoice, "20.00")

    assert sandbox.held(invoice)["invoice"]["status"] == "Paid"
    assert sandbox.credit(client) == "5.01"
    credits = sandbox.ask("GetCredits", clientid=client)["credits"]["credit"]
    assert [(c["amount"], c["relid"]) for c in credits] == [("4.01", str(invoice))]


def test_same_transid_pays_again_and_all_of_it_becomes_credit(sandbox: StandIn) -> None:
    client = sandbox.client()
    invoice = sandbox.invoice("15.99", client_id=client)

    pay(sandbox, invoice, "15.99")
    assert pay(sandbox, invoice, "15.99") == {"result": "success"}

    assert [t["transid"] for t in sandbox.held(invoice)["transactions"]] == ["SC-1", "SC-1"]
    assert sandbox.credit(client) == "15.99"


@pytest.mark.parametrize("amount", [None, "", "0", "0.00"])
def test_payment_without_amount_takes_the_whole_balance(
    sandbox: StandIn, amount: str | None
) -> None:
    invoice = sandbox.invoice("15.99")
    pay(sandbox, invoice, "5.00")

    pay(sandbox, invoice, amount, "SC-2")

    assert [t["amountin"] for t in sandbox.held(invoice)["transactions"]] == ["5.00", "10.99"]


def test_cancelled_and_unknown_invoices_take_no_payment(sandbox: StandIn) -> None:
    invoice = sandbox.invoice(status="Cancelled")

    refused = pay(sandbox, invoice, "15.99")

    assert refused == {
        "result": "error",
        "message": "It is not possible to add a payment to an invoice that is Cancelled",
    }
    assert sandbox.held(invoice)["transactions"] == []
    assert pay(sandbox, 999999, "1.00")["message"] == "Invoice ID Not Found"


def test_transactions_are_found_without_regard_to_case_and_trailing_blanks(
    sandbox: StandIn,
) -> None:
    invoice, other = sandbox.invoice(), sandbox.invoice()
    pay(sandbox, invoice, "1.00", "SC-Ab")
    pay(sandbox, other, "2.00", "sc-aB ")

    def found(**filters: object) -> list[str]:
        rows = sandbox.ask("GetTransactions", **filters)["transactions"]["transaction"]
        return [row["transid"] for row in rows]

    assert found(transid="SC-AB") == ["SC-Ab", "sc-aB "]
    assert found(transid="SC-AB", invoiceid=other) == ["sc-aB "]
    assert found(clientid=sandbox.held(invoice)["invoice"]["client_id"]) == ["SC-Ab"]
    assert found(transid="SC-A") == []


def test_transaction_to_credit_refuses_a_repeated_transid(sandbox: StandIn) -> None:
    client = sandbox.client()
    top_up = {
        "paymentmethod": "spectrocoin", "userid": client, "transid": "SC-7", "amountin": "9.50",
        "credit": "1", "description": "Top-up",
    }  # fmt: skip

    assert sandbox.ask("AddTransaction", **top_up) == {"result": "success"}
    again = sandbox.ask("AddTransaction", **{**top_up, "transid": "sc-7 "})

    assert again["message"] == "Transaction ID must be Unique"
    assert sandbox.credit(client) == "9.50"
    forced = sandbox.ask("AddTransaction", **top_up, allowduplicatetransid="1")
    assert forced["result"] == "success"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"paymentmethod": ""}, "Payment Method is required"),
        ({"userid": 999999}, "Client ID Not Found"),
        ({"invoiceid": 999999, "credit": ""}, "Invoice ID Not Found"),
        ({"currencyid": 77}, "Currency ID Not Found"),
        ({"currencyid": 2}, "Currency ID does not match Client currency"),
        (
            {"userid": "", "credit": ""},
            "A Currency ID is required for non-customer related transactions",
        ),
    ],
)
def test_transaction_errors_are_the_documented_texts(
    sandbox: StandIn, changes: dict[str, object], message: str
) -> None:
    given = {
        "paymentmethod": "spectrocoin", "userid": sandbox.client(), "transid": "SC-7",
        "amountin": "1.00", "credit": "1", **changes,
    }  # fmt: skip
    assert sandbox.ask("AddTransaction", **given)["message"] == message


def test_add_credit_answers_the_balance_and_writes_no_transaction(sandbox: StandIn) -> None:
    client = sandbox.client(credit="1.00")

    added = sandbox.ask("AddCredit", clientid=client, description="ref SC-9", amount="2.50")
    taken = sandbox.ask("AddCredit", clientid=client, description="x", amount="3", type="remove")

    assert (added["newbalance"], taken["newbalance"]) == ("3.50", "0.50")
    assert sandbox.control("/whmcs/_sandbox/state")["transactions"] == []
    credits = sandbox.ask("GetCredits", clientid=client)["credits"]["credit"]
    assert [c["amount"] for c in credits] == ["2.50", "-3.00"]


@pytest.mark.parametrize("amount", ["2.5", "-1.00", "1,00", "1.000", "1e2"])
def test_add_credit_takes_only_whole_or_two_decimals(sandbox: StandIn, amount: str) -> None:
    answer = sandbox.ask("AddCredit", clientid=sandbox.client(), description="x", amount=amount)
    assert answer["message"] == "Amount must be in decimal format: ### or ###.##"


def test_activity_log_is_searched_by_part_of_the_description_newest_first(
    sandbox: StandIn,
) -> None:
    for text in ("SpectroCoin first", "other", "SpectroCoin second"):
        sandbox.ask("LogActivity", description=text)

    entries = sandbox.ask("GetActivityLog", description="spectrocoin")["activity"]["entry"]

    assert [e["description"] for e in entries] == ["SpectroCoin second", "SpectroCoin first"]


def test_reading_commands_answer_for_a_set_up_check(sandbox: StandIn) -> None:
    client = sandbox.client(currency="USD", email="Grace@example.com", credit="3.00")

    details = sandbox.ask("GetClientsDetails", email="grace@example.com")["client"]
    assert (details["id"], details["currency_code"], details["credit"]) == (client, "USD", "3.00")
    assert sandbox.ask("GetClientsDetails")["message"] == "Either clientid Or email Is Required"
    assert sandbox.ask("GetClientsDetails", clientid=999999)["message"] == "Client Not Found"
    assert sandbox.ask("GetCurrencies")["currencies"]["currency"][1]["code"] == "USD"
    methods = sandbox.ask("GetPaymentMethods")["paymentmethods"]["paymentmethod"]
    assert methods == [
        {"module": "spectrocoin", "displayname": "SpectroCoin"},
        {"module": "havenopay", "displayname": "HavenoPay"},
        {"module": "vodafoncash", "displayname": "VodafoneCash"},
    ]
    assert sandbox.ask("GetClients", search="gra")["numreturned"] == 1
    assert sandbox.ask("Nonsense")["message"] == "Command Not Found"


def test_invoices_are_filtered_sorted_and_cut(sandbox: StandIn) -> None:
    client = sandbox.client()
    first = sandbox.invoice("3.00", client_id=client)
    second = sandbox.invoice("20.00", client_id=client)
    sandbox.invoice("5.00", client_id=client, status="Cancelled")

    answer = sandbox.ask(
        "GetInvoices", userid=client, status="Unpaid", orderby="total", order="desc", limitnum=1
    )

    rows = answer["invoices"]["invoice"]
    assert (answer["totalresults"], [row["id"] for row in rows]) == (2, [second])
    assert first < second
    assert "balance" not in rows[0]


@pytest.mark.parametrize(
    ("shape", "rows"), [("single", {"transid": "SC-1"}), ("numbered", {"0": {"transid": "SC-1"}})]
)
def test_lists_can_come_back_in_the_shapes_seen_live(
    sandbox: StandIn, shape: str, rows: dict[str, object]
) -> None:
    invoice = sandbox.invoice()
    pay(sandbox, invoice, "1.00")
    sandbox.control("/whmcs/_sandbox/settings", {"list_shape": shape, "empty_shape": "array"})

    wrapper = sandbox.ask("GetTransactions", transid="SC-1")["transactions"]["transaction"]

    def only_transid(value: dict[str, object]) -> dict[str, object]:
        return {
            k: only_transid(v) if isinstance(v, dict) else v
            for k, v in value.items()
            if k in ("transid", "0")
        }

    assert only_transid(wrapper) == rows
    assert sandbox.ask("GetTransactions", transid="none")["transactions"] == []


def test_admin_marks_paid_changes_amount_and_cancels(sandbox: StandIn) -> None:
    invoice = sandbox.invoice("15.99")
    path = f"/whmcs/_sandbox/invoices/{invoice}"

    changed = sandbox.control(path, {"amount": "20.00"})["invoice"]
    assert (changed["total"], changed["balance"]) == ("20.00", "20.00")
    paid = sandbox.control(path, {"status": "Paid"})
    assert (paid["invoice"]["balance"], paid["transactions"][0]["transid"]) == ("0.00", "")
    assert sandbox.control(path, {"status": "Cancelled"})["invoice"]["status"] == "Cancelled"


def test_recorded_calls_carry_no_secrets(sandbox: StandIn) -> None:
    settings = sandbox.control("/whmcs/_sandbox/settings")
    sandbox.ask("getinvoice", invoiceid=sandbox.invoice(), accesskey="the-key", password="pw")

    call = sandbox.control("/whmcs/_sandbox/state")["calls"][-1]

    assert (call["action"], call["answer_status"], call["fault"]) == ("GetInvoice", 200, "")
    assert set(call["params"]) == {"action", "responsetype", "invoiceid"}
    for secret in (settings["secret"], settings["identifier"], "the-key"):
        assert secret not in str(call)
