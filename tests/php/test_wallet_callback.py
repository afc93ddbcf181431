"""callback/vodafoncash.php in a running WHMCS: whose invoice, what the console is asked, what is shown."""

import re
import threading
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.php.checkout import SECRET, TOKEN, Page
from tests.php.conftest import Php
from tests.php.wallet import Console, Whmcs, certificate, installed, serving


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), "trusted")


@pytest.fixture(scope="module")
def running(
    php_with_curl: Php, trusted: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Whmcs]:
    with installed(php_with_curl.path, tmp_path_factory.mktemp("whmcs"), trusted) as whmcs:
        yield whmcs


@pytest.fixture
def console() -> Iterator[Console]:
    with serving() as console:
        yield console


@pytest.fixture
def whmcs(running: Whmcs, console: Console) -> Iterator[Whmcs]:
    running.set(console.url)
    yield running
    booked = [entry for entry in running.trace if entry[0] != "log"]
    assert booked == [], "the console is the one who books"


def refreshes(answer: requests.Response) -> tuple[int, str] | None:
    """(seconds, address) of the page's own refresh."""
    for tag, attributes in Page(answer.text).tags:
        if tag == "meta" and attributes.get("http-equiv") == "refresh":
            seconds, _, address = (attributes["content"] or "").partition(";url=")
            return int(seconds), address
    return None


def title(answer: requests.Response) -> str:
    found = re.search(r"<h1>(.*?)</h1>", answer.text)
    assert found, answer.text
    return unescape(found[1])


# --- what the invoice shows -----------------------------------------------------------------------


def test_invoice_shows_amount_number_and_conditions(whmcs: Whmcs, console: Console) -> None:
    page = Page(whmcs.visit().invoice())
    shown = [attributes["value"] for tag, attributes in page.tags if "readonly" in attributes]

    assert shown == ["800.00", "01000000101"]
    assert "Rate: 1 USD = 50.00 EGP, rounded up to whole pounds." in page.text
    assert "kept for you for 59 more minutes" in page.text
    assert "copy" in page.text
    asked = console.last
    assert (asked["invoice"], asked["client"], asked["lang"]) == ("1042", "7", "english")
    assert (asked["phone"], asked["reference"], asked["name"]) == ("", "", "")


def test_form_goes_to_whmcs_and_carries_no_amount_client_or_store(whmcs: Whmcs) -> None:
    visit = whmcs.visit()
    page = Page(visit.invoice())
    named = [a["name"] for tag, a in page.tags if tag == "input" and "name" in a]

    assert page.form == {"method": "post", "action": "modules/gateways/callback/vodafoncash.php"}
    assert named == ["invoice", "token", "wallet_phone", "reference", "sender_name"]
    assert page.hidden == {"invoice": "1042", "token": visit.token}
    assert "name" not in page.button


@pytest.mark.parametrize(
    ("amount", "due", "rate", "marked"),
    [
        ("800.00", "800.00 EGP", "1", False),
        ("800.37", "800.00 EGP", "1", True),
        ("800.37", "15.99 USD", "50.00", True),
        ("800.07", "15.99 USD", "50.00", True),
        ("800", "15.99 USD", "50.00", False),
    ],
)
def test_rate_and_piastres_are_explained_where_there_are_any(
    whmcs: Whmcs, console: Console, amount: str, due: str, rate: str, marked: bool
) -> None:
    console.answers("waiting", amount=amount, due=due, rate=rate)

    page = Page(whmcs.visit().invoice())

    assert ("Rate: 1 USD = 50.00 EGP" in page.text) == due.endswith("USD")
    assert ("The piastres mark your payment" in page.text) == marked


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": '"><script>alert(1)</script>'},
        {"amount": 800},
        {"amount": "-1"},
        {"currency": "USD"},
        {"code": "expired"},
        {"code": "unavailable"},
        {"code": "something new"},
    ],
)
def test_form_works_without_an_amount_that_will_not_do(
    whmcs: Whmcs, console: Console, changes: dict[str, Any]
) -> None:
    console.says |= changes

    page = Page(whmcs.visit().invoice())

    assert "cannot be shown just now" in page.text
    assert page.form["method"] == "post"
    assert not [tag for tag, attributes in page.tags if "readonly" in attributes or tag == "script"]


def test_what_cannot_be_paid_this_way_asks_for_no_money(whmcs: Whmcs, console: Console) -> None:
    console.answers("not_available", amount="", pay_to="")

    visit = whmcs.visit()
    html = visit.invoice()
    answer = visit.post()

    assert "This invoice cannot be paid this way" in html
    assert "<form" not in html
    assert title(answer) == "This invoice cannot be paid this way"
    assert refreshes(answer) is None


@pytest.mark.parametrize("text", ['01"><script>', "<b>", "' onfocus='alert(1)"])
def test_foreign_text_in_an_answer_stays_text(whmcs: Whmcs, console: Console, text: str) -> None:
    console.answers("waiting", pay_to=text, due=f"15.99 {text}", rate=text)

    page = Page(whmcs.visit().invoice())

    assert [a["value"] for _, a in page.tags if "readonly" in a] == ["800.00", text]
    assert {tag for tag, _ in page.tags} <= {
        *("html", "head", "title", "meta", "style", "body", "div", "label", "input", "p", "small"),
        *("form", "details", "summary"),
    }


def test_console_that_is_down_leaves_the_form(whmcs: Whmcs) -> None:
    whmcs.set("http://127.0.0.1:1")

    page = Page(whmcs.visit().invoice())

    assert "cannot be shown just now" in page.text
    assert page.form["method"] == "post"


def test_slow_console_holds_the_invoice_up_for_three_seconds_only(
    whmcs: Whmcs, console: Console
) -> None:
    console.seconds = 6
    started = time.monotonic()

    html = whmcs.visit().invoice()

    assert time.monotonic() - started < 5
    assert "cannot be shown just now" in html


def test_wrong_secret_is_told_apart_for_the_merchant(whmcs: Whmcs, console: Console) -> None:
    console.status, console.says = 400, {"status": False, "code": "invalid", "message": "signature"}

    page = Page(whmcs.visit().invoice())

    assert ("p", {"data-gatebook-reason": "refused"}) in page.tags
    assert "form" not in dict(page.tags)


@pytest.mark.parametrize(
    ("code", "says", "linked"),
    [
        ("matched", "Your payment was found", False),
        ("paid", "This invoice is paid", False),
        ("on_its_way", "Your payment is being confirmed", True),
        ("hold", "Your payment waits for approval", True),
        ("review", "Your payment is being looked at", True),
    ],
)
def test_invoice_tells_who_paid_already_and_asks_no_second_time(
    whmcs: Whmcs, console: Console, code: str, says: str, linked: bool
) -> None:
    console.answers(code)

    page = Page(whmcs.visit().invoice())

    assert says in page.text
    assert "form" not in dict(page.tags)
    assert ("a" in dict(page.tags)) == linked


def test_other_pages_than_the_invoice_get_a_link_and_ask_nobody(
    whmcs: Whmcs, console: Console
) -> None:
    page = Page(whmcs.visit().get("complete.php?id=1042").text)

    # WHMCS sends the first form of the page where an order ends, by script.
    (link,) = [attributes for tag, attributes in page.tags if tag == "a"]
    assert link["href"] == "https://billing.example.com/viewinvoice.php?id=1042"
    assert "form" not in dict(page.tags)
    assert console.asked == []


# --- what the console is asked, and what the client reads then ------------------------------------


def test_claim_is_signed_and_names_the_client_of_the_session(
    whmcs: Whmcs, console: Console
) -> None:
    console.answers("not_found")

    whmcs.visit().post(wallet_phone="٠١٠١٢٣٤٥٦٧٨", reference=" 0123 ", sender_name="O'Brien & أحمد")

    asked = console.last
    assert (asked["invoice"], asked["client"]) == ("1042", "7")
    assert asked["phone"] == "٠١٠١٢٣٤٥٦٧٨"
    assert asked["reference"] == "0123"
    assert asked["name"] == "O'Brien & أحمد"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("010\n1234\r\n5678", "010 1234 5678"),
        ("\t010\N{NO-BREAK SPACE}\N{LINE SEPARATOR}12 ", "010 12"),
        ("1" * 100, "1" * 40),
        ("<b>&amp;", "<b>&amp;"),
    ],
)
def test_nothing_typed_can_add_a_line_to_what_is_signed(
    whmcs: Whmcs, console: Console, typed: str, told: str
) -> None:
    console.answers("not_found")

    whmcs.visit().post(wallet_phone=typed)

    assert console.last["phone"] == told


def test_match_says_so_and_goes_back_to_the_invoice(whmcs: Whmcs, console: Console) -> None:
    console.answers("matched", status=True, transaction_id="000123456789")

    answer = whmcs.visit().post()

    assert (answer.status_code, title(answer)) == (200, "Your payment was found")
    assert "000123456789" in answer.text
    assert refreshes(answer) == (5, "../../../viewinvoice.php?id=1042")
    assert 'href="../../../viewinvoice.php?id=1042"' in answer.text


def test_payment_not_found_yet_is_looked_for_again_with_what_was_typed(
    whmcs: Whmcs, console: Console
) -> None:
    visit = whmcs.visit()
    console.answers("not_found", message="No matching transaction found")
    answer = visit.post(reference="77", sender_name="Mona")
    claim = console.last

    assert title(answer) == "Not found yet"
    assert refreshes(answer) == (10, "vodafoncash.php?invoice=1042")
    page = Page(answer.text)
    assert page.form == {"method": "get", "action": "vodafoncash.php"}
    assert page.hidden == {"invoice": "1042"}
    assert "01012345678" in page.text

    console.answers("matched", status=True)
    again = visit.look()

    assert title(again) == "Your payment was found"
    for name in ("invoice", "client", "lang", "phone", "reference", "name"):
        assert console.last[name] == claim[name]


@pytest.mark.parametrize(
    ("code", "says", "refresh"),
    [
        ("on_its_way", "Your payment is being confirmed", 10),
        ("hold", "Your payment waits for approval", 30),
        ("review", "Your payment is being looked at", 30),
        ("waiting", "Not found yet", 10),
        ("not_found", "Not found yet", 10),
        ("unavailable", "We cannot look right now", 30),
        ("something new", "We cannot look right now", 30),
        ("expired", "This amount is no longer kept for you", None),
        ("invalid", "Please check what you entered", None),
    ],
)
def test_every_answer_has_words_of_its_own(
    whmcs: Whmcs, console: Console, code: str, says: str, refresh: int | None
) -> None:
    console.answers(code)

    answer = whmcs.visit().post()

    assert (answer.status_code, title(answer)) == (200, says)
    assert (refreshes(answer) or (None,))[0] == refresh


def test_words_of_the_console_are_shown_as_text(whmcs: Whmcs, console: Console) -> None:
    console.answers("review", message="You sent 100.00 of 800.00 EGP. <b>&</b>")

    answer = whmcs.visit().post()

    assert "You sent 100.00 of 800.00 EGP. &lt;b&gt;&amp;&lt;/b&gt;" in answer.text


def test_paid_invoice_asks_nobody(whmcs: Whmcs, console: Console) -> None:
    answer = whmcs.visit().look("1044")

    assert title(answer) == "This invoice is paid"
    assert refreshes(answer) == (5, "../../../viewinvoice.php?id=1044")
    assert console.asked == []


def test_form_without_a_number_is_not_sent_on(whmcs: Whmcs, console: Console) -> None:
    answer = whmcs.visit().post(wallet_phone=" \N{NO-BREAK SPACE} ")

    assert title(answer) == "Please check what you entered"
    assert console.asked == []


def test_reference_will_do_where_the_wallet_hides_the_number(
    whmcs: Whmcs, console: Console
) -> None:
    console.answers("not_found")
    visit = whmcs.visit()

    answer = visit.post(wallet_phone="", reference="0123 4567", sender_name="Mona")

    assert title(answer) == "Not found yet"
    assert "<bdi>0123 4567</bdi>" in answer.text
    assert title(visit.look()) == "Not found yet"
    assert (console.last["phone"], console.last["reference"]) == ("", "0123 4567")


@pytest.mark.parametrize("typed", ["01012345678", "+20 10 1234 5678", "٠١٠١٢٣٤٥٦٧٨"])
def test_invoice_remembers_what_is_looked_for_so_that_nobody_pays_twice(
    whmcs: Whmcs, typed: str
) -> None:
    visit = whmcs.visit()
    assert "We are looking for your payment" not in visit.invoice()
    visit.post(wallet_phone=typed, sender_name="<b>")

    page = Page(visit.invoice())

    assert f"please do not pay again. You told us: {typed}" in page.text
    links = [a["href"] for tag, a in page.tags if tag == "a"]
    assert links == ["modules/gateways/callback/vodafoncash.php?invoice=1042"]
    values = {a["name"]: a["value"] for tag, a in page.tags if tag == "input" and a.get("name")}
    assert (values["wallet_phone"], values["sender_name"]) == (typed, "<b>")
    assert "open" in next(a for tag, a in page.tags if tag == "details")


def test_number_that_is_none_is_offered_for_correction_only(whmcs: Whmcs) -> None:
    visit = whmcs.visit()
    visit.post(wallet_phone="0101234")

    html = visit.invoice()

    assert "We are looking for your payment" not in html
    assert 'value="0101234"' in html


def test_visit_that_claimed_nothing_is_sent_to_the_form(whmcs: Whmcs, console: Console) -> None:
    answer = whmcs.visit().look()

    assert answer.status_code == 303
    assert answer.headers["Location"] == "../../../viewinvoice.php?id=1042"
    assert console.last["phone"] == ""


def test_another_visit_of_the_client_sees_a_payment_under_review(
    whmcs: Whmcs, console: Console
) -> None:
    console.answers("review")

    assert title(whmcs.visit().look()) == "Your payment is being looked at"


# --- who may ask ----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [7, 8])
def test_nobody_is_served_without_a_login(whmcs: Whmcs, console: Console, version: int) -> None:
    whmcs.set(console.url, version=version)

    for answer in (whmcs.visit(0).post(), whmcs.visit(0).look()):
        assert (answer.status_code, title(answer)) == (403, "Please log in")
    assert console.asked == []


@pytest.mark.parametrize("version", [7, 8])
def test_client_is_known_to_old_and_new_whmcs(whmcs: Whmcs, console: Console, version: int) -> None:
    whmcs.set(console.url, version=version)
    console.answers("not_found")

    whmcs.visit(8).post(invoice="1043")

    assert (console.last["invoice"], console.last["client"]) == ("1043", "8")


@pytest.mark.parametrize(
    "invoice", ["1043", "9999", "", "0", "1042 ", "1042' OR 1=1", "٤٢", "-1042", "1" * 30]
)
def test_foreign_and_unknown_invoices_look_the_same(
    whmcs: Whmcs, console: Console, invoice: str
) -> None:
    visit = whmcs.visit()

    for answer in (visit.post(invoice=invoice), visit.look(invoice)):
        assert (answer.status_code, title(answer)) == (404, "Invoice not found")
    assert console.asked == []


def test_what_the_published_form_sent_along_changes_nothing(whmcs: Whmcs, console: Console) -> None:
    console.answers("not_found")

    whmcs.visit().post(
        clientId="8", client="8", invoiceId="1043", wallet_amount="1", lang="ar", signature="x"
    )

    asked = console.last
    assert (asked["invoice"], asked["client"], asked["lang"]) == ("1042", "7", "english")


def test_lists_in_place_of_texts_are_calm(whmcs: Whmcs, console: Console) -> None:
    visit = whmcs.visit()

    assert title(visit.post(**{"wallet_phone[]": "1"})) == "Please check what you entered"
    assert visit.post(**{"invoice[]": "1042"}).status_code == 404
    assert console.asked == []


@pytest.mark.parametrize("guard", ["answers", "throws"])
@pytest.mark.parametrize("token", ["", "wrong"])
def test_form_of_another_site_is_refused(
    whmcs: Whmcs, console: Console, guard: str, token: str
) -> None:
    whmcs.set(console.url, guard=guard)

    answer = whmcs.visit().post(token=token)

    assert (answer.status_code, title(answer)) == (403, "This page is out of date")
    assert console.asked == []


def test_whmcs_without_that_guard_is_served(whmcs: Whmcs, console: Console) -> None:
    whmcs.set(console.url, guard="absent")
    console.answers("not_found")

    assert title(whmcs.visit().post(token="")) == "Not found yet"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD"])
def test_other_methods_are_refused(whmcs: Whmcs, method: str) -> None:
    answer = whmcs.visit().browser.request(
        method, f"{whmcs.url}/modules/gateways/callback/vodafoncash.php", timeout=20
    )

    assert answer.status_code == 405


# --- when something is wrong ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"status": 500},
        {"status": 503, "raw": b"<html>maintenance</html>"},
        {"raw": b""},
        {"raw": b"<html>a login page</html>"},
        {"raw": b"[]"},
        {"raw": b'{"code": 1}'},
        {"raw": b'{"code": "matched", "x": "' + b"x" * 70_000 + b'"}'},
    ],
)
def test_answer_that_is_none_never_counts_as_one(
    whmcs: Whmcs, console: Console, changes: dict[str, Any]
) -> None:
    console.answers("matched")
    for name, value in changes.items():
        setattr(console, name, value)

    answer = whmcs.visit().post()

    assert (answer.status_code, title(answer)) == (200, "We cannot look right now")
    assert 'data-gatebook-reason="console"' in answer.text
    assert refreshes(answer) == (30, "vodafoncash.php?invoice=1042")


def test_redirect_of_the_console_is_not_followed(whmcs: Whmcs, console: Console) -> None:
    with serving() as elsewhere:
        elsewhere.answers("matched")
        console.status, console.location = 307, f"{elsewhere.url}/claims/{TOKEN}/"

        answer = whmcs.visit().post()

        assert title(answer) == "We cannot look right now"
        assert elsewhere.asked == []


def test_console_down_is_calm_and_the_merchant_finds_out_why(whmcs: Whmcs) -> None:
    whmcs.set("http://127.0.0.1:1")

    answer = whmcs.visit().post()

    assert title(answer) == "We cannot look right now"
    assert "nothing is lost" in answer.text
    ((_, (gateway, seen, _)),) = whmcs.trace
    assert (gateway, seen["answer"], seen["client"]) == ("vodafoncash", "unreached", 7)
    assert "No answer from the console" in seen["problem"]


def test_looks_are_not_logged_one_by_one(whmcs: Whmcs, console: Console) -> None:
    visit = whmcs.visit()
    console.answers("not_found")
    visit.post()
    visit.look()

    assert [entry[1][1]["answer"] for entry in whmcs.trace] == ["not_found"]


def test_slow_claim_is_waited_for_and_holds_up_no_other_tab(whmcs: Whmcs, console: Console) -> None:
    visit = whmcs.visit()
    console.answers("matched")
    console.seconds = 4  # longer than the invoice page waits
    answers: list[requests.Response] = []
    asking = threading.Thread(target=lambda: answers.append(visit.post()))
    asking.start()
    time.sleep(0.5)
    started = time.monotonic()

    visit.look("1044")
    waited = time.monotonic() - started
    asking.join()

    assert waited < 2
    assert title(answers[0]) == "Your payment was found"


def test_certificate_that_whmcs_trusts_is_taken(whmcs: Whmcs, trusted: Path) -> None:
    with serving(trusted) as console:
        console.answers("matched")
        whmcs.set(console.url)

        assert title(whmcs.visit().post()) == "Your payment was found"
        assert console.last["client"] == "7"


def test_certificate_of_a_stranger_is_told_nothing(whmcs: Whmcs, tmp_path: Path) -> None:
    with serving(certificate(tmp_path, "stranger")) as console:
        console.answers("matched")
        whmcs.set(console.url)

        assert title(whmcs.visit().post()) == "We cannot look right now"
        assert console.asked == []


def test_certificate_of_another_name_is_told_nothing(whmcs: Whmcs, trusted: Path) -> None:
    with serving(trusted) as console:
        console.answers("matched")
        whmcs.set(console.url.replace("localhost", "127.0.0.1"))

        assert title(whmcs.visit().post()) == "We cannot look right now"
        assert console.asked == []


def test_refused_signature_is_the_merchants_matter(whmcs: Whmcs, console: Console) -> None:
    console.status, console.says = 400, {"status": False, "code": "invalid", "message": "signature"}

    answer = whmcs.visit().post()

    assert title(answer) == "This payment method is not available right now"
    assert 'data-gatebook-reason="refused"' in answer.text
    assert refreshes(answer) is None


def test_settings_that_will_not_do_ask_nobody(whmcs: Whmcs, console: Console) -> None:
    whmcs.set(console.url, settings={"consoleUrl": console.url})

    answer = whmcs.visit().post()

    assert 'data-gatebook-reason="settings"' in answer.text
    assert console.asked == []


def test_module_that_is_not_active_asks_nobody(whmcs: Whmcs, console: Console) -> None:
    whmcs.set(console.url, active=False)

    answer = whmcs.visit().post()

    assert answer.status_code == 503
    assert console.asked == []


def test_broken_database_shows_nothing_of_its_insides(whmcs: Whmcs, console: Console) -> None:
    whmcs.set(console.url, broken=True)

    answer = whmcs.visit().post()

    assert (answer.status_code, title(answer)) == (500, "We cannot look right now")
    assert "SQLSTATE" not in answer.text
    ((_, (_, logged, _)),) = whmcs.trace
    assert "SQLSTATE" in logged


# --- in Arabic, and without secrets ---------------------------------------------------------------


def test_arabic_client_reads_arabic_from_right_to_left(whmcs: Whmcs, console: Console) -> None:
    whmcs.set(console.url, tblinvoices=[{"id": 1042, "userid": 9, "status": "Unpaid"}])
    visit = whmcs.visit(9)

    page = Page(visit.invoice())
    (holder,) = [a for tag, a in page.tags if a.get("class") == "gatebook-wallet"]
    assert (holder["lang"], holder["dir"]) == ("ar", "rtl")
    assert "السعر: \u20661 USD = 50.00 EGP\u2069، مع التقريب" in page.text
    assert page.button["value"] == "لقد دفعت"
    # Figures and numbers keep their direction.
    assert {a["dir"] for _, a in page.tags if "readonly" in a} == {"ltr"}

    console.answers("not_found")
    answer = visit.post()

    assert answer.text.startswith('<!DOCTYPE html><html lang="ar" dir="rtl">')
    assert title(answer) == "لم يتم العثور عليها بعد"
    assert "<bdi>01012345678</bdi>" in answer.text
    assert console.last["lang"] == "arabic"


def test_client_without_a_language_has_that_of_the_visit(whmcs: Whmcs, console: Console) -> None:
    console.answers("not_found")

    answer = whmcs.visit(8, language="arabic").post(invoice="1043")

    assert title(answer) == "لم يتم العثور عليها بعد"


def test_every_text_is_there_in_both_languages(php_with_curl: Php) -> None:
    shape = php_with_curl.code(
        "$all = (new ReflectionClass('Gatebook\\WalletWords'))->getConstants();"
        "foreach ($all as $words) {"
        " foreach ($words as $key => $text) {"
        "  echo $key, is_array($text) ? count(array_filter($text)) : substr_count($text, '%'), ' ';"
        ' } echo "\\n"; }',
        modules=[Path(__file__).parents[2] / "whmcs/modules/gateways/gatebook/WalletWords.php"],
    )
    english, arabic = shape.splitlines()

    assert english.split() == arabic.split()
    assert len(english.split()) > 30


@pytest.mark.parametrize("code", ["waiting", "not_found", "matched", "hold", "unavailable"])
def test_no_page_holds_a_secret_the_token_or_anybody_elses_address(
    whmcs: Whmcs, console: Console, code: str
) -> None:
    visit = whmcs.visit()
    invoice = visit.invoice()
    console.answers(code)
    claim = visit.post()
    look = visit.look()

    signatures = [console.last["signature"]]
    for html in (invoice, claim.text, look.text, str(claim.headers), str(look.headers)):
        pieces = {SECRET[at : at + 8] for at in range(len(SECRET) - 7)}
        assert not [piece for piece in pieces if piece in unescape(html)]
        assert TOKEN not in html
        assert console.url not in html
        assert not [signature for signature in signatures if signature in html]
        assert "<script" not in html
        assert "://" not in html


def test_pages_are_kept_by_nobody_and_framed_by_nobody(whmcs: Whmcs, console: Console) -> None:
    answer = whmcs.visit().post()

    assert answer.headers["Cache-Control"] == "no-store"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "01012345678" not in answer.url + str(answer.headers)
