"""Why a receipt waits: codes in its row, words in the language of whoever looks; dismissed, put back."""

import ast
from string import Formatter

import pytest
from django.utils import translation

from gateways.models import Claim, Order, Receipt, VodafoneCashGateway
from gateways.orders.deciding import NotNow
from gateways.receipts import deciding
from gateways.receipts.reasons import _ORDER, SENTENCES, english, sentence
from gateways.wallet.matching import because
from gateways.wallet.sms import REASONS
from ledger import ports
from ledger.models import AuditEvent
from ledger.money import Money
from tests.environment import ROOT
from tests.gateways.test_receipts import an_order, claimed, forwarded, joined, text_of
from tests.gateways.wallet_rows import PAYER, a_receipt, a_store
from tests.ledger.rows import FakeBiller, a_biller

WRITERS = ("receipts", "wallet")
REFERENCE = "022200000777"


@pytest.fixture
def store(whmcs: FakeBiller) -> VodafoneCashGateway:
    return a_store(a_biller().merchant)


# --- words ----------------------------------------------------------------------------------------
def written() -> list[tuple[str, set[str]]]:
    """Each code as the sources write it, with the names of what is filled in."""
    found = []
    for path in (path for part in WRITERS for path in (ROOT / "gateways" / part).rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "because"):
                continue
            code = call.args[0]
            codes = [code.body, code.orelse] if isinstance(code, ast.IfExp) else [code]
            # Those of a ** are told by another test's sentence.
            names = {str(each.arg) if each.arg else "**" for each in call.keywords}
            found += [(str(each.value), names) for each in codes if isinstance(each, ast.Constant)]
    return found


@pytest.mark.parametrize(("code", "names"), written(), ids=lambda told: str(told)[:20])
def test_every_reason_has_its_sentence_and_all_that_the_sentence_fills_in(
    code: str, names: set[str]
) -> None:
    wanted = {name for _, name, _, _ in Formatter().parse(str(SENTENCES[code])) if name}
    assert wanted == names or ("**" in names and wanted >= names - {"**"})


def test_no_sentence_is_left_over() -> None:
    kept = {"said", "balance_found", *(f"sms_{code}" for code in REASONS)}
    assert set(SENTENCES) - kept == {code for code, _ in written()}
    assert set(_ORDER) == set(Order.Status.values) - set(Order.OPEN)


def test_words_are_those_of_the_reader_and_values_stay_as_they_are() -> None:
    tie = [("several_fit", {"count": "2", "amount": "800.00 EGP", "by": "phone"})]
    with translation.override("ar"):
        assert "800.00 EGP" in sentence(tie)
        assert english(tie) == "2 claims over 800.00 EGP fit by phone."
    with translation.override("en"):
        assert sentence(tie) == english(tie)


def test_what_people_and_strangers_wrote_is_never_read_as_a_pattern() -> None:
    assert english([("said", {"text": "{0} {x} %s"})]) == "{0} {x} %s"
    assert english([("dismissed", {"actor": "{text}", "text": "{actor}"})]) == (
        "dismissed by {text}: {actor}"
    )
    assert english([("of_a_later_version", {"x": "1"})]) == "of_a_later_version"
    assert english([]) == ""


@pytest.mark.django_db
def test_a_row_keeps_codes_whatever_language_it_was_written_in(store: VodafoneCashGateway) -> None:
    with translation.override("ar"):
        forwarded(store, text_of("500.00"), sender="+201000000999")
    receipt = Receipt.objects.get()
    assert receipt.why == [["untrusted_sender", {"sender": "+201000000999"}]]
    with translation.override("en"):
        assert receipt.reason.startswith("It came from +201000000999, which is not")


# --- dismissed and put back -----------------------------------------------------------------------
@pytest.mark.django_db
def test_a_dismissed_receipt_is_put_back_before_a_person(store: VodafoneCashGateway) -> None:
    receipt, now = a_receipt(store, "500.00"), ports.system_now()
    deciding.dismiss(receipt.pk, actor="ann", reason="mine", now=now)
    said = deciding.restore(receipt.pk, actor="bob", reason="it is not", now=now)

    assert said == "500.00 EGP is back on the list, and waits for you."
    receipt.refresh_from_db()
    assert (receipt.status, receipt.reason) == (
        "review", "Put back on the list by bob: it is not.",
    )  # fmt: skip
    event = AuditEvent.objects.get(verb="restore receipt")
    assert (event.actor, event.reason, event.detail) == ("bob", "it is not", "is review")
    # Nobody but a person gives it to a claim.
    assert claimed(store, an_order(store)) == "not_found"
    order = an_order(store, client="8")
    deciding.match(receipt.pk, order.pk, actor="bob", reason="hers", now=now)
    order.refresh_from_db()
    assert order.status == Order.Status.PAID


@pytest.mark.django_db
def test_what_was_doubted_is_doubted_again_once_it_is_put_back(store: VodafoneCashGateway) -> None:
    doubt = because("untrusted_sender", sender="+201000000999")
    receipt, now = a_receipt(store, status="review", why=[doubt]), ports.system_now()

    deciding.dismiss(receipt.pk, actor="ann", reason="a fake", now=now)
    receipt.refresh_from_db()
    assert receipt.reason == "dismissed by ann: a fake"

    for _ in range(2):
        deciding.restore(receipt.pk, actor="bob", reason="ann is not sure", now=now)
        receipt.refresh_from_db()
        assert receipt.reason.startswith(
            "Put back on the list by bob: ann is not sure. It came from"
        )
        deciding.dismiss(receipt.pk, actor="ann", reason="a fake", now=now)


@pytest.mark.django_db
def test_a_dismissed_message_that_could_not_be_read_is_put_back_among_those(
    store: VodafoneCashGateway,
) -> None:
    row = a_receipt(
        store, status="unread", amount_units=None, left_units=0, transaction_id="",
        wallet_kind="", text=text_of("500.00", balance="500.00"),
    )  # fmt: skip
    now = ports.system_now()
    deciding.dismiss(row.pk, actor="ann", reason="an advert", now=now)
    deciding.restore(row.pk, actor="ann", reason="it is none", now=now)
    row.refresh_from_db()
    assert row.status == Receipt.Status.UNREAD
    assert "reads now" in deciding.read_again(row.pk, actor="ann", clock=ports.system_now)


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["new", "review", "matched"])
def test_only_what_was_dismissed_is_put_back(store: VodafoneCashGateway, status: str) -> None:
    receipt = a_receipt(store, status=status)
    with pytest.raises(NotNow, match="Only a dismissed"):
        deciding.restore(receipt.pk, actor="ann", reason="x", now=ports.system_now())


@pytest.mark.django_db
def test_what_a_claim_holds_is_not_dismissed(store: VodafoneCashGateway) -> None:
    store.hold_first = True
    store.save()
    claimed(store, an_order(store))
    held = a_receipt(store, "500.00")
    joined(store, held)
    with pytest.raises(NotNow):
        deciding.dismiss(held.pk, actor="ann", reason="x", now=ports.system_now())
    assert Claim.objects.get(receipt=held).status == Claim.Status.HELD


# --- taken back by the wallet ---------------------------------------------------------------------
def taken_back(store: VodafoneCashGateway) -> str:
    return forwarded(
        store,
        f"تم استرجاع مبلغ 500.00 جنيه من محفظتك الى رقم {PAYER} وذلك لإلغاء عملية رقم {REFERENCE}. "
        "رصيدك الحالي: 20.00 جنيه",
    )


@pytest.mark.django_db
def test_a_dismissed_receipt_that_the_wallet_takes_back_stays_away_and_a_person_is_told(
    store: VodafoneCashGateway,
) -> None:
    """It may have been booked by hand in WHMCS; but as money that waits it is worth nothing."""
    receipt, now = a_receipt(store, "500.00", transaction_id=REFERENCE), ports.system_now()
    deciding.dismiss(receipt.pk, actor="ann", reason="added by hand", now=now)

    assert "unread" in taken_back(store)
    assert "repeated" in taken_back(store)

    receipt.refresh_from_db()
    assert receipt.status == Receipt.Status.DISMISSED
    told = Receipt.objects.get(status="unread")
    assert f"{REFERENCE}, which was dismissed here" in told.reason
    deciding.restore(receipt.pk, actor="bob", reason="look again", now=now)
    receipt.refresh_from_db()
    assert "took the transfer" in receipt.reason and "by bob" in receipt.reason
    assert [code for code, _ in receipt.why].count("wallet_took_back") == 1


@pytest.mark.django_db
def test_a_waiting_receipt_that_the_wallet_takes_back_is_not_matched_by_itself(
    store: VodafoneCashGateway,
) -> None:
    receipt = a_receipt(store, "500.00", transaction_id=REFERENCE)
    taken_back(store)
    receipt.refresh_from_db()
    assert (receipt.status, "took the transfer" in receipt.reason) == ("review", True)
    assert claimed(store, an_order(store)) == "not_found"


@pytest.mark.django_db
def test_every_order_of_a_split_receipt_is_flagged_when_the_wallet_takes_it_back(
    store: VodafoneCashGateway,
) -> None:
    receipt = a_receipt(store, "1000.00", transaction_id=REFERENCE)
    parts = [(an_order(store, client=client).pk, Money(50_000, "EGP")) for client in "78"]
    deciding.split(receipt.pk, parts, actor="ann", reason="both", now=ports.system_now())
    with translation.override("ar"):
        taken_back(store)
    receipt.refresh_from_db()
    assert receipt.status == Receipt.Status.MATCHED
    for order in Order.objects.all():
        assert order.attention.startswith(f"The wallet took the transfer {REFERENCE} back.")
        assert order.attention in [event.text for event in order.events.all()]
