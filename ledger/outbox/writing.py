"""Attempts, the edges a delivery may move along, and what every answer does to it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from ledger import breaker
from ledger.billing.base import Outcome, Verdict
from ledger.models import Attempt, Delivery
from ledger.ports import jittered

Status, Kind = Delivery.Status, Delivery.Kind

# AddInvoicePayment runs mails and provisioning inside the call.
SEND_TIMEOUT = timedelta(seconds=60)
BACK_OFF = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600))
PARK_AFTER = timedelta(hours=24)
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
    Status.PARKED: frozenset({Status.READY, Status.UNKNOWN, Status.REFUSED}),
    Status.REFUSED: frozenset({Status.READY, Status.UNKNOWN, Status.REFUSED}),
}


def quiet_from(delivery: Delivery, sent_at: datetime) -> datetime:
    """When WHMCS can no longer be at work on a call sent then."""
    longest_run = timedelta(seconds=delivery.biller.longest_run_seconds)
    quiet: datetime = sent_at + SEND_TIMEOUT + longest_run
    return quiet


def by_hand(delivery: Delivery) -> str:
    payment = delivery.payment
    if delivery.biller.is_website:
        return (
            f"Add {payment.credit} to {delivery.bill.client} by hand on the website, then press "
            "Settled by hand; or mend the website and press Retry."
        )
    return (
        f"Add {payment.credit} to client {delivery.bill.client} by hand in WHMCS with transaction id "
        f"{payment.reference}, then press Retry: it is found there and nothing is sent twice."
    )


@transaction.atomic
def open_attempt(delivery: Delivery, now: datetime, mode: str) -> Attempt | None:
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
    return add_attempt(delivery, Attempt.Kind.SEND, now, Attempt.Outcome.OPEN)


def add_attempt(
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


def keep_look(
    delivery: Delivery, at: datetime, now: datetime, outcome: str, code: str, message: str
) -> None:
    add_attempt(
        delivery,
        Attempt.Kind.LOOK,
        at,
        outcome,
        finished_at=now,
        code=code,
        message=message,
    )


def close(attempt: Attempt | None, outcome: str, now: datetime) -> None:
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


_WAIT_WHMCS = (
    "Nothing to do yet: when WHMCS can no longer be at work on it we look whether it was booked, "
    "and send again only if it was not."
)
_WAIT_WEBSITE = "Nothing to do yet: the website is told again, under the same transaction id."


@transaction.atomic
def judge(
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
            breaker.answered(delivery.biller, now)
            delivered(delivery, now, done_text)
        case Verdict.REFUSED:
            park(delivery, outcome.code, outcome.message, outcome.way_out or by_hand(delivery))
        case Verdict.LATER:
            postpone(delivery, outcome.code, outcome.message, outcome.way_out, now)
        case Verdict.UNKNOWN:
            breaker.failed(delivery.biller, outcome.message, now)
            since = delivery.first_failed or now
            if now - since >= PARK_AFTER:
                park(delivery, outcome.code, outcome.message, by_hand(delivery))
                return
            pause = jittered(BACK_OFF[min(delivery.tries, len(BACK_OFF) - 1)])
            move(
                delivery,
                Status.UNKNOWN,
                not_before=max(quiet_from(delivery, attempt.sent_at), now + pause),
                tries=delivery.tries + 1,
                first_failed=since,
                code=outcome.code,
                last_message=outcome.message,
                way_out=_WAIT_WEBSITE if delivery.biller.is_website else _WAIT_WHMCS,
            )


def delivered(delivery: Delivery, now: datetime, text: str) -> None:
    move(
        delivery,
        Status.DELIVERED,
        delivered_at=now,
        code="ok",
        last_message=text,
        way_out="",
        check_at=now + FIRST_CHECK if _can_be_read_back(delivery) else None,
    )


def _can_be_read_back(delivery: Delivery) -> bool:
    return delivery.kind == Kind.BOOKING and not delivery.biller.is_website


def park(delivery: Delivery, code: str, message: str, way_out: str) -> None:
    status = Status.PARKED if delivery.kind == Kind.BOOKING else Status.REFUSED
    move(delivery, status, code=code, last_message=message, way_out=way_out)


def postpone(delivery: Delivery, code: str, message: str, way_out: str, now: datetime) -> None:
    """It did not happen; again later, and after a day a person must look."""
    breaker.failed(delivery.biller, message, now)
    since = delivery.first_failed or now
    if now - since >= PARK_AFTER:
        park(delivery, code, message, way_out or _mend(delivery))
        return
    delay = jittered(BACK_OFF[min(delivery.tries, len(BACK_OFF) - 1)])
    # A look that failed after an unknown send leaves the delivery unknown.
    open_send = delivery.attempts.filter(outcome=Attempt.Outcome.OPEN).exists()
    move(
        delivery,
        Status.UNKNOWN if open_send else Status.READY,
        not_before=now + delay,
        tries=delivery.tries + 1,
        first_failed=since,
        code=code,
        last_message=message,
        way_out=way_out,
    )


def _mend(delivery: Delivery) -> str:
    return f"Mend the connection to {delivery.biller.called}, then press Retry."


def drifted(delivery: Delivery, message: str) -> None:
    """A delivered payment is no longer in WHMCS as we left it: a person must look."""
    move(
        delivery,
        Status.PARKED,
        check_at=None,
        code="drift",
        last_message=message,
        way_out=f"It had been delivered. Look at transaction {delivery.payment.reference} in WHMCS: "
        "remove a double, or find out who removed it. Retry looks first and sends only if it is "
        "missing.",
    )


def move(delivery: Delivery, status: str, **fields: Any) -> bool:
    """Change the status along a drawn edge and give the lease back; only while it is still ours."""
    if status not in EDGES[delivery.status]:
        raise ValueError(f"delivery {delivery.pk} does not go from {delivery.status} to {status}")
    moved = Delivery.objects.filter(pk=delivery.pk, epoch=delivery.epoch).update(
        status=status, lease_until=None, **fields
    )
    return bool(moved)
