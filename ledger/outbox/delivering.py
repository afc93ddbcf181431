"""One delivery, top to bottom. No transaction is open during a call."""

import logging
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import InterfaceError, OperationalError

from ledger import breaker, tasks
from ledger.billing.base import (
    Absent,
    BillerError,
    BillRef,
    Found,
    Outcome,
    Unsure,
    Verdict,
)
from ledger.billing.base import Biller as BillerClient
from ledger.billing.website import PaidRef
from ledger.bills import PAYABLE, connect
from ledger.cipher import SealBroken
from ledger.models import Attempt, Bill, Biller, Delivery
from ledger.outbox.claiming import claim
from ledger.outbox.writing import (
    by_hand,
    close,
    delivered,
    judge,
    keep_look,
    move,
    open_attempt,
    park,
    postpone,
    quiet_from,
)
from ledger.ports import Clock

log = logging.getLogger(__name__)

Status, Kind = Delivery.Status, Delivery.Kind

BUDGET = timedelta(seconds=45)


def drain(*, clock: Clock, budget: timedelta = BUDGET) -> int:
    """Deliver whatever is due, one at a time, until nothing is or the budget is used up."""
    started, done = clock(), 0
    while clock() - started < budget:
        delivery = claim(clock())
        if delivery is None:
            return done
        _work(delivery, clock)
        done += 1
    tasks.wake_outbox()
    return done


def _work(delivery: Delivery, clock: Clock) -> None:
    """One delivery with a fault of ours in it must not keep all others from being told."""
    try:
        deliver(delivery, clock=clock)
    except (OperationalError, InterfaceError):
        # The database is away or busy: the lease runs out and it is worked again.
        raise
    except Exception as error:
        log.exception("delivery %s", delivery.pk)
        message = f"{type(error).__name__}: {error}"[:500]
        way_out = "This is a fault of Gatebook's own; its log says more. It is tried again."
        postpone(delivery, "internal", message, way_out, clock())


def deliver(delivery: Delivery, *, clock: Clock) -> None:
    """Work one claimed delivery. No transaction is open during a call."""
    pending = delivery.attempts.filter(outcome=Attempt.Outcome.OPEN).first()
    if pending:
        quiet = quiet_from(delivery, pending.sent_at)
        if clock() < quiet:
            move(delivery, Status.UNKNOWN, not_before=quiet)
            return
    try:
        client = connect(delivery.biller)
    except BillerError as error:
        postpone(delivery, error.code, str(error), error.way_out, clock())
        return
    except SealBroken as error:
        what = "keys" if delivery.biller.is_website else "WHMCS secret"
        way_out = f"Enter the {what} again in the biller's settings."
        postpone(delivery, "config", str(error), way_out, clock())
        return
    ref = PaidRef(
        kind=delivery.bill.kind,
        reference=delivery.bill.reference,
        client=delivery.bill.client,
        method=delivery.payment.method,
        payer=delivery.payment.payer or "",
        received=delivery.payment.received,
    )
    if delivery.kind == Kind.NOTE:
        _deliver_note(delivery, client, ref, pending, clock)
    elif _look(delivery, client, ref, pending, clock):
        mode = _how_to_book(delivery, client, clock)
        if mode:
            _send(delivery, client, ref, mode, clock)


def _look(
    delivery: Delivery,
    client: BillerClient,
    ref: BillRef,
    pending: Attempt | None,
    clock: Clock,
) -> bool:
    """Is it there already? True where a whole answer says no, so that sending is allowed."""
    payment, asked_at = delivery.payment, clock()
    if delivery.biller.is_website:
        # It cannot be asked; it takes one transaction id once.
        close(pending, Attempt.Outcome.UNKNOWN, asked_at)
        return True
    seen = client.look_up(payment.reference, ref, payment.credit, mode=look_mode(delivery))
    now = clock()
    if isinstance(seen, Unsure):
        keep_look(delivery, asked_at, now, Attempt.Outcome.LATER, seen.code, seen.message)
        postpone(delivery, seen.code, seen.message, seen.way_out, now)
        return False
    breaker.answered(delivery.biller, now)
    if isinstance(seen, Absent):
        keep_look(delivery, asked_at, now, Attempt.Outcome.ABSENT, "ok", "WHMCS does not have it")
        close(pending, Attempt.Outcome.ABSENT, now)
        return True
    keep_look(delivery, asked_at, now, Attempt.Outcome.FOUND, "ok", seen.message)
    close(pending, Attempt.Outcome.FOUND, now)
    if seen.times == 1 and seen.exact:
        delivered(delivery, now, f"WHMCS has {payment.reference}")
    else:
        park(
            delivery,
            "mismatch",
            seen.message or f"WHMCS holds {payment.reference} {seen.times} times",
            f"Open transaction {payment.reference} in WHMCS (Billing > Transactions List), put it "
            "right, then press Retry: we look again before anything is sent.",
        )
    return False


def _how_to_book(delivery: Delivery, client: BillerClient, clock: Clock) -> str | None:
    """The booking mode that fits the invoice's state now; None where a person must decide."""
    bill, biller = delivery.bill, delivery.biller
    if bill.kind == Bill.Kind.CREDIT:
        return look_mode(delivery)
    try:
        state = client.read_bill(bill.reference)
    except BillerError as error:
        if error.code == "not_found":
            park(delivery, error.code, str(error), error.way_out or by_hand(delivery))
        else:
            postpone(delivery, error.code, str(error), error.way_out, clock())
        return None
    if state.client != bill.client:
        message = (
            f"{bill.english} belongs to client {state.client} now, it was client {bill.client}'s."
        )
        park(delivery, "state", message, by_hand(delivery))
    elif state.balance.currency != bill.currency:
        message = (
            f"{bill.english} is in {state.balance.currency} now, the payment is in {bill.currency}."
        )
        park(delivery, "state", message, by_hand(delivery))
    elif state.status in PAYABLE:
        return "invoice"
    elif state.status in ("paid", "refunded", "collections"):
        if biller.when_paid == Biller.WhenPaid.CREDIT:
            return "transaction"
        message = f"{bill.english} is {state.status} already, and this biller parks such money."
        park(delivery, "state", message, by_hand(delivery))
    else:
        message = f"{bill.english} is {state.status}; WHMCS takes no payment for it."
        park(
            delivery,
            "state",
            message,
            f"Set the invoice to Unpaid in WHMCS and press Retry, or: {by_hand(delivery)}",
        )
    return None


def _send(delivery: Delivery, client: BillerClient, ref: BillRef, mode: str, clock: Clock) -> None:
    """Write the attempt, commit, then one call. A lost lease means: do not send."""
    payment = delivery.payment
    now = clock()
    # Whatever can go wrong on our side goes wrong before the attempt is written.
    at = now.astimezone(ZoneInfo(delivery.biller.merchant.time_zone))
    attempt = open_attempt(delivery, now, mode)
    if attempt is None:
        return
    outcome = _called(lambda: client.book(payment.reference, ref, payment.credit, mode=mode, at=at))
    judge(delivery, attempt, outcome, clock(), _done(delivery))


def _done(delivery: Delivery) -> str:
    done = "told of" if delivery.biller.is_website else "booked as"
    return f"{done} {delivery.payment.reference}"


def _deliver_note(
    delivery: Delivery,
    client: BillerClient,
    ref: BillRef,
    pending: Attempt | None,
    clock: Clock,
) -> None:
    """A line in WHMCS's activity log. A repeat there is harmless, so a look that is not allowed
    (the role may lack GetActivityLog) does not hold it up."""
    text = _note_text(delivery)
    asked_at = clock()
    seen = client.find_note(_note_marker(delivery), ref)
    now = clock()
    if isinstance(seen, Unsure) and seen.code != "permission":
        keep_look(delivery, asked_at, now, Attempt.Outcome.LATER, seen.code, seen.message)
        postpone(delivery, seen.code, seen.message, seen.way_out, now)
        return
    breaker.answered(delivery.biller, now)
    close(pending, Attempt.Outcome.ABSENT, now)
    if isinstance(seen, Found):
        delivered(delivery, now, "the log line is there")
        return
    if attempt := open_attempt(delivery, now, "note"):
        outcome = _called(lambda: client.write_note(text, ref))
        judge(delivery, attempt, outcome, clock(), "log line written")


def _note_marker(delivery: Delivery) -> str:
    return f"Gatebook {delivery.payment.reference}:"


def _note_text(delivery: Delivery) -> str:
    payment = delivery.payment
    parts = [
        f"{payment.credit} for {delivery.bill}",
        f"received {payment.received}" if payment.received else "",
        payment.detail,
    ]
    return f"{_note_marker(delivery)} {'; '.join(filter(None, parts))}"


def _called(call: Any) -> Outcome:
    """A fault of ours after the attempt was written is "may have happened", never "did not"."""
    try:
        outcome: Outcome = call()
    except Exception as error:
        return Outcome(Verdict.UNKNOWN, "ambiguous", f"{type(error).__name__}: {error}"[:500])
    return outcome


def look_mode(delivery: Delivery) -> str:
    """Where to look. A top-up stays with the way it was first sent."""
    if delivery.bill.kind == Bill.Kind.INVOICE:
        return "invoice"
    return delivery.mode or delivery.biller.top_up_mode
