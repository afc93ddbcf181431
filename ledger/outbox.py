"""Telling WHMCS, effectively once: claim, look, write the attempt, call, judge.

WHMCS has no idempotency keys and does not refuse a repeated AddInvoicePayment. So nothing is sent
that was not looked for first, after the longest time an earlier call could still be at work.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q

from ledger import tasks
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
from ledger.bills import PAYABLE, connect
from ledger.cipher import SealBroken
from ledger.models import Attempt, Bill, Biller, Delivery
from ledger.ports import Clock, jittered
from ledger.settlement import audit

Status, Kind = Delivery.Status, Delivery.Kind

# The longest call (AddInvoicePayment runs mails and provisioning inside), and a whole delivery:
# look 30 s, read the invoice 2 x 30 s, send 60 s, and some slack.
SEND_TIMEOUT = timedelta(seconds=60)
LEASE = timedelta(seconds=180)
BUDGET = timedelta(seconds=45)
BACK_OFF = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600))
PARK_AFTER = timedelta(hours=24)
LEASES_PER_BILLER = 2
BREAKER_AFTER = 5
BREAKER_STEP, BREAKER_MOST = timedelta(seconds=60), timedelta(minutes=15)
FIRST_CHECK, SECOND_CHECK = timedelta(hours=1), timedelta(hours=24)

EDGES: Mapping[str, frozenset[str]] = {
    Status.READY: frozenset(
        {Status.READY, Status.SENDING, Status.DELIVERED, Status.PARKED, Status.REFUSED}
    ),
    Status.SENDING: frozenset(
        {Status.READY, Status.UNKNOWN, Status.DELIVERED, Status.PARKED, Status.REFUSED}
    ),
    Status.UNKNOWN: frozenset(
        {
            Status.READY,
            Status.UNKNOWN,
            Status.SENDING,
            Status.DELIVERED,
            Status.PARKED,
            Status.REFUSED,
        }
    ),
    Status.DELIVERED: frozenset({Status.DELIVERED, Status.PARKED}),
    Status.PARKED: frozenset({Status.READY, Status.UNKNOWN}),
    Status.REFUSED: frozenset({Status.READY, Status.UNKNOWN}),
}


def drain(*, clock: Clock, budget: timedelta = BUDGET) -> int:
    """Deliver whatever is due, one at a time, until nothing is or the budget is used up."""
    started, done = clock(), 0
    while clock() - started < budget:
        delivery = claim(clock())
        if delivery is None:
            return done
        deliver(delivery, clock=clock)
        done += 1
    tasks.wake_outbox()
    return done


# --- claiming -------------------------------------------------------------------------------
def due(now: datetime) -> Any:
    """Deliveries that may be worked now, oldest first. A log line waits for its booking."""
    booked = Delivery.objects.filter(
        payment=OuterRef("payment"), kind=Kind.BOOKING, status=Status.DELIVERED
    )
    return (
        Delivery.objects.filter(
            Q(lease_until__isnull=True) | Q(lease_until__lt=now),
            Q(biller__open_until__isnull=True) | Q(biller__open_until__lte=now),
            Q(kind=Kind.BOOKING) | Exists(booked),
            status__in=Delivery.OWED,
            not_before__lte=now,
            biller__paused=False,
        )
        .order_by("not_before", "pk")
        .values_list("pk", flat=True)
    )


def claim(now: datetime) -> Delivery | None:
    """Take one due delivery: lease it and raise its epoch. None where nothing can be taken."""
    for pk in due(now)[:50]:
        if delivery := _claim_one(pk, now):
            return delivery
    return None


@transaction.atomic
def _claim_one(pk: int, now: datetime) -> Delivery | None:
    """The bill's lock keeps two deliveries of one invoice from reading and sending in between."""
    seen = Delivery.objects.only("bill_id", "biller_id", "epoch").get(pk=pk)
    skip = connection.features.has_select_for_update_skip_locked
    if not Bill.objects.select_for_update(skip_locked=skip).filter(pk=seen.bill_id).exists():
        return None
    leased = Delivery.objects.filter(lease_until__gte=now)
    if leased.filter(bill_id=seen.bill_id).exists():
        return None
    if leased.filter(biller_id=seen.biller_id).count() >= LEASES_PER_BILLER:
        return None
    taken = Delivery.objects.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=now),
        pk=pk,
        epoch=seen.epoch,
        status__in=Delivery.OWED,
        not_before__lte=now,
    ).update(lease_until=now + LEASE, epoch=F("epoch") + 1)
    if taken != 1:
        return None
    # A biller that keeps failing is probed by one delivery at a time.
    Biller.objects.filter(pk=seen.biller_id, failures__gte=BREAKER_AFTER).update(
        open_until=now + LEASE
    )
    return Delivery.objects.select_related("bill", "payment", "biller__merchant").get(pk=pk)


# --- one delivery, top to bottom ----------------------------------------------------------------
def deliver(delivery: Delivery, *, clock: Clock) -> None:
    """Work one claimed delivery. No transaction is open during a call."""
    open_attempt = delivery.attempts.filter(outcome=Attempt.Outcome.OPEN).first()
    if open_attempt:
        quiet = _quiet_from(delivery, open_attempt.sent_at)
        if clock() < quiet:
            _move(delivery, Status.UNKNOWN, not_before=quiet)
            return
    try:
        client = connect(delivery.biller)
    except SealBroken as error:
        way_out = "Enter the WHMCS secret again in the biller's settings."
        _postpone(delivery, "config", str(error), way_out, clock())
        return
    ref = BillRef(
        kind=delivery.bill.kind,
        reference=delivery.bill.reference,
        client=delivery.bill.client,
        method=delivery.payment.method,
    )
    if delivery.kind == Kind.NOTE:
        _deliver_note(delivery, client, ref, open_attempt, clock)
    elif _look(delivery, client, ref, open_attempt, clock):
        mode = _how_to_book(delivery, client, clock)
        if mode:
            _send(delivery, client, ref, mode, clock)


def _look(
    delivery: Delivery,
    client: BillerClient,
    ref: BillRef,
    open_attempt: Attempt | None,
    clock: Clock,
) -> bool:
    """Is it there already? True where a whole answer says no, so that sending is allowed."""
    payment, asked_at = delivery.payment, clock()
    seen = client.look_up(payment.reference, ref, payment.credit, mode=look_mode(delivery))
    now = clock()
    if isinstance(seen, Unsure):
        _keep_look(delivery, asked_at, now, Attempt.Outcome.LATER, seen.code, seen.message)
        _postpone(delivery, seen.code, seen.message, seen.way_out, now)
        return False
    _biller_answered(delivery.biller, now)
    if isinstance(seen, Absent):
        _keep_look(delivery, asked_at, now, Attempt.Outcome.ABSENT, "ok", "WHMCS does not have it")
        _close(open_attempt, Attempt.Outcome.ABSENT, now)
        return True
    _keep_look(delivery, asked_at, now, Attempt.Outcome.FOUND, "ok", seen.message)
    _close(open_attempt, Attempt.Outcome.FOUND, now)
    if seen.times == 1 and seen.exact:
        _delivered(delivery, now, f"WHMCS has {payment.reference}")
    else:
        _park(
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
            _park(delivery, error.code, str(error), error.way_out or _by_hand(delivery))
        else:
            _postpone(delivery, error.code, str(error), error.way_out, clock())
        return None
    if state.client != bill.client:
        message = f"{bill} belongs to client {state.client} now, it was client {bill.client}'s."
        _park(delivery, "state", message, _by_hand(delivery))
    elif state.balance.currency != bill.currency:
        message = f"{bill} is in {state.balance.currency} now, the payment is in {bill.currency}."
        _park(delivery, "state", message, _by_hand(delivery))
    elif state.status in PAYABLE:
        return "invoice"
    elif state.status in ("paid", "refunded", "collections"):
        if biller.when_paid == Biller.WhenPaid.CREDIT:
            return "transaction"
        message = f"{bill} is {state.status} already, and this biller parks such money."
        _park(delivery, "state", message, _by_hand(delivery))
    else:
        message = f"{bill} is {state.status}; WHMCS takes no payment for it."
        _park(
            delivery,
            "state",
            message,
            f"Set the invoice to Unpaid in WHMCS and press Retry, or: {_by_hand(delivery)}",
        )
    return None


def _send(delivery: Delivery, client: BillerClient, ref: BillRef, mode: str, clock: Clock) -> None:
    """Write the attempt, commit, then one call. A lost lease means: do not send."""
    payment = delivery.payment
    now = clock()
    attempt = _open_attempt(delivery, now, mode)
    if attempt is None:
        return
    at = now.astimezone(ZoneInfo(delivery.biller.merchant.time_zone))
    outcome = _called(lambda: client.book(payment.reference, ref, payment.credit, mode=mode, at=at))
    _judge(delivery, attempt, outcome, clock(), f"booked as {payment.reference}")


def _deliver_note(
    delivery: Delivery,
    client: BillerClient,
    ref: BillRef,
    open_attempt: Attempt | None,
    clock: Clock,
) -> None:
    """A line in WHMCS's activity log. A repeat there is harmless, so a look that is not allowed
    (the role may lack GetActivityLog) does not hold it up."""
    text = _note_text(delivery)
    asked_at = clock()
    seen = client.find_note(_note_marker(delivery), ref)
    now = clock()
    if isinstance(seen, Unsure) and seen.code != "permission":
        _keep_look(delivery, asked_at, now, Attempt.Outcome.LATER, seen.code, seen.message)
        _postpone(delivery, seen.code, seen.message, seen.way_out, now)
        return
    _biller_answered(delivery.biller, now)
    _close(open_attempt, Attempt.Outcome.ABSENT, now)
    if isinstance(seen, Found):
        _delivered(delivery, now, "the log line is there")
        return
    if attempt := _open_attempt(delivery, now, "note"):
        outcome = _called(lambda: client.write_note(text, ref))
        _judge(delivery, attempt, outcome, clock(), "log line written")


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


def _quiet_from(delivery: Delivery, sent_at: datetime) -> datetime:
    """When WHMCS can no longer be at work on a call sent then."""
    longest_run = timedelta(seconds=delivery.biller.longest_run_seconds)
    quiet: datetime = sent_at + SEND_TIMEOUT + longest_run
    return quiet


def _by_hand(delivery: Delivery) -> str:
    payment = delivery.payment
    return (
        f"Add {payment.credit} to client {delivery.bill.client} by hand in WHMCS with transaction id "
        f"{payment.reference}, then press Retry: it is found there and nothing is sent twice."
    )


# --- writing what happened ------------------------------------------------------------------------
@transaction.atomic
def _open_attempt(delivery: Delivery, now: datetime, mode: str) -> Attempt | None:
    """The write-ahead row; None where the lease is no longer ours or too short to send under,
    or the biller was paused meanwhile. The lease then runs out by itself."""
    still_ours = Delivery.objects.filter(
        pk=delivery.pk,
        epoch=delivery.epoch,
        lease_until__gt=now + SEND_TIMEOUT,
        biller__paused=False,
    ).update(status=Status.SENDING, mode=mode)
    if not still_ours:
        return None
    delivery.status = Status.SENDING
    return _add_attempt(delivery, Attempt.Kind.SEND, now, Attempt.Outcome.OPEN)


def _add_attempt(
    delivery: Delivery, kind: str, at: datetime, outcome: str, **fields: Any
) -> Attempt:
    last = delivery.attempts.order_by("-number").values_list("number", flat=True).first()
    return Attempt.objects.create(
        delivery=delivery,
        number=(last or 0) + 1,
        epoch=delivery.epoch,
        kind=kind,
        outcome=outcome,
        sent_at=at,
        **fields,
    )


def _keep_look(
    delivery: Delivery, at: datetime, now: datetime, outcome: str, code: str, message: str
) -> None:
    _add_attempt(
        delivery,
        Attempt.Kind.LOOK,
        at,
        outcome,
        finished_at=now,
        code=code,
        message=message,
    )


def _close(attempt: Attempt | None, outcome: str, now: datetime) -> None:
    if attempt:
        Attempt.objects.filter(pk=attempt.pk, outcome=Attempt.Outcome.OPEN).update(
            outcome=outcome, finished_at=now
        )


_CLOSED_AS = {
    Verdict.DONE: Attempt.Outcome.DONE,
    Verdict.REFUSED: Attempt.Outcome.REFUSED,
    Verdict.LATER: Attempt.Outcome.LATER,
    # Left open on purpose: an open attempt is what makes the next worker wait, then look.
    Verdict.UNKNOWN: Attempt.Outcome.OPEN,
}


@transaction.atomic
def _judge(
    delivery: Delivery, attempt: Attempt, outcome: Outcome, now: datetime, done_text: str
) -> None:
    facts = asdict(outcome)
    Attempt.objects.filter(pk=attempt.pk, outcome=Attempt.Outcome.OPEN).update(
        outcome=_CLOSED_AS[outcome.verdict],
        finished_at=now,
        code=outcome.code,
        message=outcome.message,
        http_status=outcome.http_status,
        request=dict(facts["request"]),
        response=outcome.response,
    )
    match outcome.verdict:
        case Verdict.DONE:
            _biller_answered(delivery.biller, now)
            _delivered(delivery, now, done_text)
        case Verdict.REFUSED:
            _park(delivery, outcome.code, outcome.message, outcome.way_out or _by_hand(delivery))
        case Verdict.LATER:
            _postpone(delivery, outcome.code, outcome.message, outcome.way_out, now)
        case Verdict.UNKNOWN:
            _biller_failed(delivery.biller, outcome.message, now)
            since = delivery.first_failed or now
            if now - since >= PARK_AFTER:
                _park(delivery, outcome.code, outcome.message, _by_hand(delivery))
                return
            pause = jittered(BACK_OFF[min(delivery.tries, len(BACK_OFF) - 1)])
            _move(
                delivery,
                Status.UNKNOWN,
                not_before=max(_quiet_from(delivery, attempt.sent_at), now + pause),
                tries=delivery.tries + 1,
                first_failed=since,
                code=outcome.code,
                last_message=outcome.message,
                way_out="Nothing to do yet: when WHMCS can no longer be at work on it we look "
                "whether it was booked, and send again only if it was not.",
            )


def _delivered(delivery: Delivery, now: datetime, text: str) -> None:
    _move(
        delivery,
        Status.DELIVERED,
        delivered_at=now,
        code="ok",
        last_message=text,
        way_out="",
        check_at=now + FIRST_CHECK if delivery.kind == Kind.BOOKING else None,
    )


def _park(delivery: Delivery, code: str, message: str, way_out: str) -> None:
    status = Status.PARKED if delivery.kind == Kind.BOOKING else Status.REFUSED
    _move(delivery, status, code=code, last_message=message, way_out=way_out)


def _postpone(delivery: Delivery, code: str, message: str, way_out: str, now: datetime) -> None:
    """It did not happen; again later, and after a day a person must look."""
    _biller_failed(delivery.biller, message, now)
    since = delivery.first_failed or now
    if now - since >= PARK_AFTER:
        _park(delivery, code, message, way_out or "Mend the connection to WHMCS, then press Retry.")
        return
    delay = jittered(BACK_OFF[min(delivery.tries, len(BACK_OFF) - 1)])
    # A look that failed after an unknown send leaves the delivery unknown.
    open_send = delivery.attempts.filter(outcome=Attempt.Outcome.OPEN).exists()
    _move(
        delivery,
        Status.UNKNOWN if open_send else Status.READY,
        not_before=now + delay,
        tries=delivery.tries + 1,
        first_failed=since,
        code=code,
        last_message=message,
        way_out=way_out,
    )


def drifted(delivery: Delivery, message: str) -> None:
    """A delivered payment is no longer in WHMCS as we left it: a person must look."""
    _move(
        delivery,
        Status.PARKED,
        check_at=None,
        code="drift",
        last_message=message,
        way_out=f"It had been delivered. Look at transaction {delivery.payment.reference} in WHMCS: "
        "remove a double, or find out who removed it. Retry looks first and sends only if it is "
        "missing.",
    )


def _move(delivery: Delivery, status: str, **fields: Any) -> bool:
    """Change the status along a drawn edge and give the lease back; only while it is still ours."""
    if status not in EDGES[delivery.status]:
        raise ValueError(f"delivery {delivery.pk} does not go from {delivery.status} to {status}")
    moved = Delivery.objects.filter(pk=delivery.pk, epoch=delivery.epoch).update(
        status=status, lease_until=None, **fields
    )
    return bool(moved)


def _biller_answered(biller: Biller, now: datetime) -> None:
    Biller.objects.filter(pk=biller.pk).update(
        failures=0, open_until=None, last_ok=now, last_error=""
    )


def _biller_failed(biller: Biller, message: str, now: datetime) -> None:
    Biller.objects.filter(pk=biller.pk).update(failures=F("failures") + 1, last_error=message)
    failures = Biller.objects.values_list("failures", flat=True).get(pk=biller.pk)
    if failures >= BREAKER_AFTER:
        pause = min(BREAKER_STEP * 2 ** min(failures - BREAKER_AFTER, 5), BREAKER_MOST)
        Biller.objects.filter(pk=biller.pk).update(open_until=now + pause)


# --- what a person may do ---------------------------------------------------------------------
@transaction.atomic
def retry(delivery_id: int, *, actor: str, now: datetime, reason: str = "") -> str:
    """Try again now, through the same gate. Safe to press twice; answers with one sentence."""
    delivery = (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("payment", "biller__merchant")
        .get(pk=delivery_id)
    )
    reference = delivery.payment.reference
    if delivery.status == Status.DELIVERED:
        return f"{reference} is delivered already; nothing was changed."
    if delivery.lease_until and delivery.lease_until >= now:
        return f"{reference} is being worked on right now; nothing was changed."
    open_send = delivery.attempts.filter(outcome=Attempt.Outcome.OPEN).exists()
    _move(
        delivery,
        Status.UNKNOWN if open_send else Status.READY,
        not_before=now,
        tries=0,
        first_failed=None,
    )
    Biller.objects.filter(pk=delivery.biller_id).update(open_until=None)
    audit(
        merchant=delivery.biller.merchant,
        actor=actor,
        verb="retry delivery",
        target="ledger.delivery",
        target_id=delivery.pk,
        now=now,
        reason=reason,
        detail=f"was {delivery.status}: {delivery.last_message}"[:1000],
    )
    transaction.on_commit(tasks.wake_outbox)
    wait = " as soon as WHMCS can no longer be at work on the last call" if open_send else " now"
    return f"{reference} will be looked up in WHMCS{wait}, and sent only if it is not there."
