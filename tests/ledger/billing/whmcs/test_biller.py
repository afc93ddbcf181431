"""Bills read, references looked for, payments booked: what is sent and how answers are judged."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.billing.base import Absent, BillerError, BillRef, Found, Outcome, Unsure, Verdict
from ledger.billing.whmcs import Whmcs
from ledger.http import Answer, MaybeSent, NotSent
from ledger.money import Money
from tests.ledger.billing.whmcs.conftest import (
    AT,
    CREDIT,
    IDENTIFIER,
    INVOICE,
    ROOT,
    SECRET,
    TOP_UP,
    Wire,
    client,
    credit_row,
    credits,
    error,
    invoice,
    transaction,
    transactions,
)

MODES = ("invoice", "transaction", "credit")


def book(
    whmcs: Whmcs,
    mode: str = "invoice",
    reference: str = "SC-1",
    bill: BillRef = INVOICE,
    credit: Money = CREDIT,
) -> Outcome:
    return whmcs.book(reference, bill, credit, mode=mode, at=AT)


def look(
    whmcs: Whmcs,
    mode: str = "invoice",
    reference: str = "SC-1",
    bill: BillRef = INVOICE,
    credit: Money = CREDIT,
) -> Found | Absent | Unsure:
    return whmcs.look_up(reference, bill, credit, mode=mode)


class TestReadBill:
    def test_an_invoice_is_read_with_the_currency_of_its_client(
        self, wire: Wire, whmcs: Whmcs
    ) -> None:
        wire.answers(invoice(invoicenum="2026-0007"))
        wire.answers(client())

        bill = whmcs.read_bill("7")

        assert (bill.reference, bill.client, bill.status, bill.number) == (
            "7", "5", "unpaid", "2026-0007",
        )  # fmt: skip
        assert bill.balance == bill.total == CREDIT
        assert wire.forms == [
            {"action": "GetInvoice", "invoiceid": "7"},
            {"action": "GetClientsDetails", "clientid": "5"},
        ]

    @pytest.mark.parametrize(
        ("changed", "status", "balance"),
        [
            ({}, "unpaid", 1599),
            ({"status": "Unpaid", "balance": "5.99", "transactions": {"transaction": [{}]}},
             "unpaid", 599),
            ({"status": "Paid", "balance": "0.00"}, "paid", 0),
            ({"status": "Paid", "balance": "-4.01"}, "paid", -401),
            ({"status": "Cancelled"}, "cancelled", 1599),
            ({"status": "Refunded", "balance": "0.00"}, "refunded", 0),
            ({"status": "Payment Pending"}, "payment pending", 1599),
            ({"status": "Collections"}, "collections", 1599),
            ({"status": "Draft"}, "draft", 1599),
            ({"balance": 15.99, "invoiceid": 7, "userid": 5}, "unpaid", 1599),
            ({"balance": 16}, "unpaid", 1600),
        ],
    )  # fmt: skip
    def test_every_status_and_form_of_balance(
        self, wire: Wire, whmcs: Whmcs, changed: dict[str, Any], status: str, balance: int
    ) -> None:
        wire.answers(invoice(**changed))
        wire.answers(client())

        bill = whmcs.read_bill("7")

        assert (bill.status, bill.balance) == (status, Money(balance, "EUR"))

    def test_a_mass_payment_is_a_bill_like_any_other(self, wire: Wire, whmcs: Whmcs) -> None:
        items = [
            {"id": str(n), "type": "Invoice", "relid": str(n), "amount": "10.00"} for n in (1, 2)
        ]
        wire.answers(invoice(items={"item": items}, total="20.00", balance="20.00"))
        wire.answers(client())

        assert whmcs.read_bill("7").balance == Money(2000, "EUR")

    def test_the_nested_client_goes_before_the_deprecated_copy(
        self, wire: Wire, whmcs: Whmcs
    ) -> None:
        wire.answers(invoice())
        wire.answers({**client(currency_code="EGP"), "currency_code": "USD", "userid": 5})

        assert whmcs.read_bill("7").balance.currency == "EGP"

    def test_the_copy_serves_where_nothing_is_nested(self, wire: Wire, whmcs: Whmcs) -> None:
        wire.answers(invoice())
        wire.answers({"result": "success", "userid": "5", "currency_code": "USD"})

        assert whmcs.read_bill("7").balance.currency == "USD"

    @pytest.mark.parametrize(
        ("answer", "details"),
        [
            (invoice(balance="1,015.99"), client()),
            (invoice(balance="15,99"), client()),
            (invoice(balance=None), client()),
            (invoice(total=""), client()),
            (invoice(status=""), client()),
            (invoice(status=None), client()),
            (invoice(invoiceid="8"), client()),
            (invoice(userid="0"), client()),
            (invoice(userid="x"), client()),
            (invoice(), client(id=6, userid=6)),
            (invoice(), client(currency_code="")),
            (invoice(), client(currency_code=None)),
            (invoice(), {"result": "success"}),
            (invoice(), {"result": "success", "client": ""}),
            (invoice(), error("Client Not Found")),
            (invoice(), "<html>"),
            ({"result": "success"}, client()),
        ],
    )
    def test_a_doubtful_bill_is_an_error_and_not_a_guess(
        self, wire: Wire, whmcs: Whmcs, answer: Any, details: Any
    ) -> None:
        wire.answers(answer)
        wire.answers(details)

        with pytest.raises(BillerError) as failure:
            whmcs.read_bill("7")
        assert failure.value.code == "ambiguous"

    @pytest.mark.parametrize("reference", ["", "0", "-7", "7 ", "7 OR 1", "seven", "\u0667"])
    def test_what_is_no_invoice_number_is_not_asked_for(
        self, wire: Wire, whmcs: Whmcs, reference: str
    ) -> None:
        with pytest.raises(BillerError) as failure:
            whmcs.read_bill(reference)
        assert failure.value.code == "not_found"
        assert wire.requests == []

    @pytest.mark.parametrize(
        ("status", "message", "code"),
        [
            (200, "Invoice ID Not Found", "not_found"),
            (403, "Invalid IP 203.0.113.9", "ip"),
            (403, "Invalid or missing credentials", "auth"),
            (403, 'Invalid Permissions: API action "getinvoice" is not allowed', "permission"),
            (500, "Invoice ID Not Found", "ambiguous"),
        ],
    )
    def test_a_refusal_keeps_its_word(
        self, wire: Wire, whmcs: Whmcs, status: int, message: str, code: str
    ) -> None:
        wire.answers(error(message), status)

        with pytest.raises(BillerError) as failure:
            whmcs.read_bill("7")
        assert (failure.value.code, failure.value.http_status) == (code, status)
        assert failure.value.way_out


class TestBook:
    def test_an_invoice_is_paid_with_everything_stated(self, wire: Wire, whmcs: Whmcs) -> None:
        wire.answers({"result": "success"})

        outcome = book(whmcs)

        assert (outcome.verdict, outcome.code, outcome.http_status) == (Verdict.DONE, "ok", 200)
        assert wire.forms == [
            {
                "action": "AddInvoicePayment",
                "invoiceid": "7",
                "transid": "SC-1",
                "gateway": "spectrocoin",
                "date": "2026-01-31 23:59:01",
                "amount": "15.99",
            }
        ]
        assert dict(outcome.request) == wire.forms[0]

    def test_a_transaction_credits_the_client_and_leaves_the_date_to_whmcs(
        self, wire: Wire, whmcs: Whmcs
    ) -> None:
        wire.answers({"result": "success"})

        assert book(whmcs, "transaction", "VFC-9", TOP_UP).verdict is Verdict.DONE
        assert wire.forms == [
            {
                "action": "AddTransaction",
                "paymentmethod": "vodafoncash",
                "userid": "5",
                "transid": "VFC-9",
                "description": "VodafoneCash payment - trans_id: VFC-9",
                "amountin": "15.99",
                "credit": "1",
            }
        ]

    def test_a_credit_carries_its_reference_in_the_published_words(
        self, wire: Wire, whmcs: Whmcs
    ) -> None:
        wire.answers({"result": "success", "newbalance": "15.99"})

        assert book(whmcs, "credit", "VFC-9", TOP_UP).verdict is Verdict.DONE
        assert wire.forms == [
            {
                "action": "AddCredit",
                "clientid": "5",
                "description": "VodafoneCash payment - trans_id: VFC-9",
                "amount": "15.99",
            }
        ]

    def test_other_methods_stand_in_the_description_as_they_are(
        self, wire: Wire, whmcs: Whmcs
    ) -> None:
        wire.answers({"result": "success"})

        book(whmcs, "credit", bill=replace(TOP_UP, method="haveno"))

        assert wire.forms[0]["description"] == "haveno payment - trans_id: SC-1"

    @pytest.mark.parametrize(
        ("text", "currency", "sent"),
        [("15.99", "EUR", "15.99"), ("5", "EUR", "5.00"), ("1500", "JPY", "1500.00"),
         ("1.230", "KWD", "1.23"), ("0.01", "EGP", "0.01"), ("1234567.80", "USD", "1234567.80"),
         ("2.5", "ZZZ", "2.50")],
    )  # fmt: skip
    @pytest.mark.parametrize("mode", MODES)
    def test_amounts_have_two_decimals_and_a_dot(
        self, wire: Wire, whmcs: Whmcs, mode: str, text: str, currency: str, sent: str
    ) -> None:
        wire.answers({"result": "success"})

        assert book(whmcs, mode, credit=Money.parse(text, currency)).verdict is Verdict.DONE
        assert wire.forms[0].get("amount", wire.forms[0].get("amountin")) == sent

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize(
        "changed",
        [
            {"credit": Money(0, "EUR")},
            {"credit": Money(-1, "EUR")},
            {"credit": Money.parse("1.234", "KWD")},
            {"credit": Money.parse("0.001", "ZZZ")},
            {"reference": ""},
            {"reference": "SC 1"},
            {"reference": "SC-1 "},
            {"reference": "SC-1\n"},
            {"reference": "SC-%"},
            {"reference": "SC-\u0661"},
            {"reference": "S" * 65},
            {"bill": replace(INVOICE, method="")},
            {"bill": replace(INVOICE, reference="x", client="x")},
            {"bill": replace(INVOICE, reference="0", client="0")},
            {"bill": replace(INVOICE, reference="", client="")},
        ],
    )
    def test_what_could_not_be_booked_right_is_refused_unsent(
        self, wire: Wire, whmcs: Whmcs, mode: str, changed: dict[str, Any]
    ) -> None:
        outcome = book(whmcs, mode, **changed)

        assert (outcome.verdict, outcome.code) == (Verdict.REFUSED, "validation")
        assert outcome.message
        assert wire.requests == []

    def test_a_top_up_cannot_be_paid_as_an_invoice(self, wire: Wire, whmcs: Whmcs) -> None:
        assert (
            book(whmcs, "invoice", bill=replace(TOP_UP, reference="7")).verdict is Verdict.REFUSED
        )
        assert wire.requests == []

    def test_an_unknown_mode_is_refused_unsent(self, wire: Wire, whmcs: Whmcs) -> None:
        assert book(whmcs, "refund").verdict is Verdict.REFUSED
        assert wire.requests == []

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize(
        ("status", "body", "verdict", "code"),
        [
            (403, error("Invalid IP 203.0.113.9"), Verdict.LATER, "ip"),
            (403, error("Forbidden IP 203.0.113.9"), Verdict.LATER, "ip"),
            (403, error("Invalid or missing credentials"), Verdict.LATER, "auth"),
            (403, error('Invalid Permissions: API action "x" is not allowed'), Verdict.LATER,
             "permission"),
            (429, "", Verdict.LATER, "transport"),
            (200, error("Invoice ID Not Found"), Verdict.REFUSED, "not_found"),
            (200, error("Client ID Not Found"), Verdict.REFUSED, "not_found"),
            (200, error("It is not possible to add a payment to an invoice that is Cancelled"),
             Verdict.REFUSED, "state"),
            (200, error("Amount must be in decimal format: ### or ###.##"), Verdict.REFUSED,
             "validation"),
            (200, error("Transaction ID must be Unique"), Verdict.UNKNOWN, "duplicate"),
            (200, error("An unexpected error"), Verdict.UNKNOWN, "ambiguous"),
            (200, {"newbalance": "1.00"}, Verdict.UNKNOWN, "ambiguous"),
            (200, '{"result":"succ', Verdict.UNKNOWN, "ambiguous"),
            (200, "<html>", Verdict.UNKNOWN, "ambiguous"),
            (200, "", Verdict.UNKNOWN, "ambiguous"),
            (302, "", Verdict.UNKNOWN, "ambiguous"),
            (403, "<html>blocked</html>", Verdict.UNKNOWN, "ambiguous"),
            (404, "<html>", Verdict.UNKNOWN, "ambiguous"),
            (500, error("Invoice ID Not Found"), Verdict.UNKNOWN, "ambiguous"),
            (504, "<html>", Verdict.UNKNOWN, "ambiguous"),
        ],
    )  # fmt: skip
    def test_only_a_certain_no_is_later_or_refused(
        self,
        wire: Wire,
        whmcs: Whmcs,
        mode: str,
        status: int,
        body: Any,
        verdict: Verdict,
        code: str,
    ) -> None:
        wire.answers(body, status)

        outcome = book(whmcs, mode)

        assert (outcome.verdict, outcome.code) == (verdict, code)
        assert outcome.way_out
        assert len(wire.requests) == 1

    @pytest.mark.parametrize(
        ("failure", "verdict", "code"),
        [(NotSent("refused"), Verdict.LATER, "transport"),
         (MaybeSent("broke"), Verdict.UNKNOWN, "ambiguous")],
    )  # fmt: skip
    def test_a_call_without_an_answer(
        self, failure: Exception, verdict: Verdict, code: str
    ) -> None:
        def call(*args: Any, **kwargs: Any) -> Answer:
            raise failure

        outcome = book(Whmcs(ROOT, IDENTIFIER, SECRET, call=call))

        assert (outcome.verdict, outcome.code, outcome.http_status) == (verdict, code, None)
        assert outcome.request["transid"] == "SC-1"


class TestLookUpTransactions:
    @pytest.mark.parametrize("mode", ["invoice", "transaction"])
    def test_it_asks_by_transid_and_never_for_the_whole_ledger(
        self, wire: Wire, whmcs: Whmcs, mode: str
    ) -> None:
        wire.answers(transactions())

        assert look(whmcs, mode) == Absent()
        assert wire.forms == [{"action": "GetTransactions", "transid": "SC-1"}]

    @pytest.mark.parametrize(
        "changed",
        [
            {},
            {"id": 42, "userid": 5, "invoiceid": 7, "refundid": 0, "currency": 0},
            {"amountin": 15.99, "amountout": 0},
            {"amountin": "15.9900"},
            {"userid": "0"},
            {"amountout": None, "amountin": "15.99"},
            {"invoiceid": "0"},
            {"invoiceid": ""},
            {"invoiceid": None},
        ],
    )
    def test_ours_is_exact_in_every_spelling(
        self, wire: Wire, whmcs: Whmcs, changed: dict[str, Any]
    ) -> None:
        row = {k: v for k, v in transaction(**changed).items() if v is not None}
        wire.answers(transactions(row))

        assert look(whmcs) == Found(1, exact=True)

    @pytest.mark.parametrize("rows", [{"0": transaction()}, transaction(), [transaction()]])
    def test_one_row_in_any_shape(self, wire: Wire, whmcs: Whmcs, rows: Any) -> None:
        wire.answers(transactions(totalresults="1", transactions={"transaction": rows}))

        assert look(whmcs) == Found(1, exact=True)

    @pytest.mark.parametrize("transid", ["sc-1", "SC-12", "XSC-1", "SC-1 ", " SC-1", "", None])
    def test_a_filter_that_is_too_kind_finds_nothing_of_ours(
        self, wire: Wire, whmcs: Whmcs, transid: str | None
    ) -> None:
        wire.answers(transactions(transaction(transid=transid)))

        assert look(whmcs) == Absent()

    def test_ours_is_found_among_the_others(self, wire: Wire, whmcs: Whmcs) -> None:
        others = [transaction(transid="sc-1", id="1"), transaction(transid="SC-11", id="2")]
        wire.answers(transactions(*others, transaction()))

        assert look(whmcs) == Found(1, exact=True)

    def test_a_number_as_reference_is_found_where_json_made_it_a_number(
        self, wire: Wire, whmcs: Whmcs
    ) -> None:
        wire.answers(transactions(transaction(transid=1234567890)))

        assert look(whmcs, reference="1234567890") == Found(1, exact=True)

    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"userid": "6"}, "client 6, not 5"),
            ({"userid": "0", "invoiceid": "0"}, "client 0, not 5"),
            ({"invoiceid": "8"}, "invoice 8, not on invoice 7"),
            ({"gateway": "paypal"}, "'paypal', not 'spectrocoin'"),
            ({"gateway": "Spectrocoin"}, "'Spectrocoin', not"),
            ({"gateway": None}, "not 'spectrocoin'"),
            ({"amountin": "15.98"}, "15.98 EUR, not 15.99 EUR"),
            ({"amountin": "0.00", "amountout": "15.99"}, "pays money out"),
            ({"amountin": "1,015.99"}, "cannot be compared"),
            ({"amountin": None}, "cannot be compared"),
            ({"userid": "x"}, "cannot be compared"),
        ],
    )
    def test_a_hit_that_differs_is_found_and_says_in_what(
        self, wire: Wire, whmcs: Whmcs, changed: dict[str, Any], says: str
    ) -> None:
        wire.answers(transactions(transaction(**changed)))

        seen = look(whmcs)

        assert isinstance(seen, Found)
        assert (seen.times, seen.exact) == (1, False)
        assert says in seen.message
        assert "row 42" in seen.message

    def test_an_invoice_payment_is_none_for_a_top_up(self, wire: Wire, whmcs: Whmcs) -> None:
        wire.answers(transactions(transaction(gateway="vodafoncash")))

        seen = look(whmcs, "transaction", bill=replace(TOP_UP, reference="7"))

        assert isinstance(seen, Found)
        assert not seen.exact

    def test_a_transaction_for_the_client_is_exact_for_a_top_up(
        self, wire: Wire, whmcs: Whmcs
    ) -> None:
        wire.answers(transactions(transaction(gateway="vodafoncash", invoiceid="0")))

        assert look(whmcs, "transaction", bill=TOP_UP) == Found(1, exact=True)

    def test_twice_is_counted(self, wire: Wire, whmcs: Whmcs) -> None:
        wire.answers(transactions(transaction(), transaction(id="43")))

        seen = look(whmcs)

        assert isinstance(seen, Found)
        assert (seen.times, seen.exact) == (2, True)
        assert "2 times" in seen.message

    @pytest.mark.parametrize(
        ("status", "body", "code"),
        [
            (200, transactions(transaction(transid="X"), totalresults=2), "ambiguous"),
            (200, transactions(totalresults=1), "ambiguous"),
            (200, {"result": "success", "transactions": ""}, "ambiguous"),
            (200, {"result": "success"}, "ambiguous"),
            (200, transactions({"id": "1"}), "ambiguous"),
            (200, {"totalresults": 0, "transactions": ""}, "ambiguous"),
            (200, "<html>", "ambiguous"),
            (200, "", "ambiguous"),
            (200, '{"result":"success","totalresults":0,', "ambiguous"),
            (302, "", "ambiguous"),
            (500, transactions(), "ambiguous"),
            (403, error("Invalid IP 203.0.113.9"), "ip"),
            (403, error("Invalid or missing credentials"), "auth"),
            (403, error('Invalid Permissions: API action "gettransactions"'), "permission"),
            (429, "", "transport"),
        ],
    )
    @pytest.mark.parametrize("mode", ["invoice", "transaction"])
    def test_a_look_that_failed_is_unsure_and_never_absent(
        self, wire: Wire, whmcs: Whmcs, mode: str, status: int, body: Any, code: str
    ) -> None:
        wire.answers(body, status)

        seen = look(whmcs, mode)

        assert isinstance(seen, Unsure)
        assert (seen.code, seen.http_status) == (code, status)
        assert seen.message
        assert seen.way_out

    @pytest.mark.parametrize("failure", [NotSent("refused"), MaybeSent("broke")])
    def test_a_look_without_an_answer_is_unsure(self, failure: Exception) -> None:
        def call(*args: Any, **kwargs: Any) -> Answer:
            raise failure

        whmcs = Whmcs(ROOT, IDENTIFIER, SECRET, call=call)

        assert isinstance(look(whmcs), Unsure)
        assert isinstance(look(whmcs, "credit", bill=TOP_UP), Unsure)
        assert isinstance(whmcs.find_note("SC-1", INVOICE), Unsure)


class TestLookUpCredits:
    def test_it_asks_for_the_credits_of_the_client(self, wire: Wire, whmcs: Whmcs) -> None:
        wire.answers(credits())

        assert look(whmcs, "credit", bill=TOP_UP) == Absent()
        assert wire.forms == [{"action": "GetCredits", "clientid": "5"}]

    def test_what_book_writes_is_what_look_up_finds(self, wire: Wire, whmcs: Whmcs) -> None:
        wire.answers({"result": "success"})
        book(whmcs, "credit", "VFC-9", TOP_UP)
        wire.answers(credits(credit_row("Goodwill"), credit_row(wire.forms[0]["description"])))

        assert look(whmcs, "credit", "VFC-9", TOP_UP) == Found(1, exact=True)

    @pytest.mark.parametrize(
        "description",
        ["VodafoneCash payment - trans_id: VFC-91", "VodafoneCash payment - trans_id: AVFC-9",
         "VodafoneCash payment - trans_id: vfc-9", "trans_id: VFC-9 reversed", "", None,
         "VodafoneCash payment - trans_id: VFC-9,VFC-10"],
    )  # fmt: skip
    def test_the_reference_is_a_whole_word_at_the_end(
        self, wire: Wire, whmcs: Whmcs, description: str | None
    ) -> None:
        wire.answers(credits(credit_row(description)))

        assert look(whmcs, "credit", "VFC-9", TOP_UP) == Absent()

    @pytest.mark.parametrize("amount", ["15.98", "-15.99", "1,599.00"])
    def test_another_amount_is_found_and_not_exact(
        self, wire: Wire, whmcs: Whmcs, amount: str
    ) -> None:
        wire.answers(credits(credit_row("x - trans_id: VFC-9", amount)))

        seen = look(whmcs, "credit", "VFC-9", TOP_UP)

        assert isinstance(seen, Found)
        assert (seen.times, seen.exact) == (1, False)
        assert "row 3" in seen.message

    def test_a_credit_and_its_removal_are_two(self, wire: Wire, whmcs: Whmcs) -> None:
        rows = [credit_row("x - trans_id: VFC-9"), credit_row("x - trans_id: VFC-9", "-15.99", "4")]
        wire.answers(credits(*rows))

        seen = look(whmcs, "credit", "VFC-9", TOP_UP)

        assert isinstance(seen, Found)
        assert (seen.times, seen.exact) == (2, False)

    @pytest.mark.parametrize(
        "body",
        [{**credits(), "clientid": "6"}, {**credits(), "totalresults": 3}, credits({"id": "1"}),
         error("Client ID Not Found"), error("Something else")],
    )  # fmt: skip
    def test_a_doubtful_log_is_unsure(self, wire: Wire, whmcs: Whmcs, body: Any) -> None:
        wire.answers(body)

        assert isinstance(look(whmcs, "credit", "VFC-9", TOP_UP), Unsure)


class TestNotes:
    def test_a_note_is_written_on_the_log_of_the_client(self, wire: Wire, whmcs: Whmcs) -> None:
        wire.answers({"result": "success"})

        assert whmcs.write_note("Paid SC-1", INVOICE).verdict is Verdict.DONE
        assert wire.forms == [
            {"action": "LogActivity", "description": "Paid SC-1", "clientid": "5"}
        ]

    def test_a_note_without_a_client_is_written_all_the_same(
        self, wire: Wire, whmcs: Whmcs
    ) -> None:
        wire.answers({"result": "success"})

        whmcs.write_note("Paid SC-1", BillRef("invoice", "7", "", "spectrocoin"))

        assert wire.forms == [{"action": "LogActivity", "description": "Paid SC-1"}]

    def test_a_note_is_judged_like_a_booking(self, wire: Wire, whmcs: Whmcs) -> None:
        wire.answers(error("Invalid Permissions: API action"), 403)

        outcome = whmcs.write_note("Paid SC-1", INVOICE)

        assert (outcome.verdict, outcome.code) == (Verdict.LATER, "permission")
        assert "Tick LogActivity " in outcome.way_out

    @pytest.mark.parametrize(
        ("lines", "seen"),
        [
            ([], Absent()),
            (["Paid SC-1 in full"], Found(1, exact=True)),
            (["SC-1"], Found(1, exact=True)),
            (["Paid (SC-1), thanks", "Paid SC-1."], Found(2, exact=True)),
            (["Paid SC-12", "Paid ASC-1", "Paid SC-1-2", "paid sc-1", None], Absent()),
        ],
    )
    def test_a_note_is_found_by_its_whole_marker(
        self, wire: Wire, whmcs: Whmcs, lines: Any, seen: Any
    ) -> None:
        rows = [{"id": str(n), "description": line} for n, line in enumerate(lines)]
        wire.answers({"result": "success", "totalresults": len(rows), "activity": {"entry": rows}})

        assert whmcs.find_note("SC-1", INVOICE) == seen
        assert wire.forms[0]["action"] == "GetActivityLog"
        assert wire.forms[0]["description"] == "SC-1"

    def test_half_a_log_is_unsure(self, wire: Wire, whmcs: Whmcs) -> None:
        wire.answers({"result": "success", "totalresults": 200, "activity": {"entry": []}})

        assert isinstance(whmcs.find_note("SC-1", INVOICE), Unsure)
