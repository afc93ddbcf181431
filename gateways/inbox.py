"""Working stored callbacks: parse, ask where told to, let the order change, note the verdict."""

import logging
import traceback
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext as _

from gateways import accounts, tasks
from gateways.models import Callback, OrderEvent
from gateways.orders.applying import apply
from gateways.orders.asking import Informed, Unheard, informed
from gateways.orders.telling import Applied
from gateways.providers.base import Inbound, Rejected, Unavailable
from gateways.receipts import arriving
from ledger.cipher import SealBroken
from ledger.ports import Clock, jittered, unix_seconds
from ledger.settlement import SettlementError, audit

log = logging.getLogger(__name__)

Status = Callback.Status

# Its messages name no order of ours: they are receipts, which look for their claims.
STORE = "vodafonecash"
BATCH = 20
# Working one callback asks the provider at most twice (a token, the order), 30 s each. A batch
# that has taken this long already is given back, so that no lease runs out while it waits.
PATIENCE = timedelta(seconds=60)
LEASE = timedelta(seconds=150)
BUDGET = timedelta(seconds=45)
BACK_OFF = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600))
# About two days of hourly tries; a worker that dies on one message each time counts as well.
MOST_TRIES = 50


def drain(*, clock: Clock, budget: timedelta = BUDGET) -> int:
    """Work whatever is due until nothing is or the budget is used up; how many were worked."""
    started, worked = clock(), 0
    while clock() - started < budget:
        claimed_at = clock()
        batch = claim(claimed_at)
        if not batch:
            return worked
        for callback in batch:
            if clock() - claimed_at > PATIENCE:
                _give_back(callback)
                continue
            work(callback, clock=clock)
            worked += 1
    tasks.wake_inbox()
    return worked


@transaction.atomic
def claim(now: datetime) -> list[Callback]:
    """Lease a batch, oldest first."""
    due = Callback.objects.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=now), status=Status.NEW, not_before__lte=now
    ).order_by("not_before", "pk")
    skip = connection.features.has_select_for_update_skip_locked
    locked = due.select_for_update(skip_locked=skip).values_list("pk", flat=True)
    picked = list(locked[:BATCH])
    Callback.objects.filter(pk__in=picked).update(
        lease_until=now + LEASE, epoch=F("epoch") + 1, tries=F("tries") + 1
    )
    batch = Callback.objects.select_related("gateway", "phone__gateway").filter(pk__in=picked)
    return list(batch.order_by("not_before", "pk"))


def _give_back(callback: Callback) -> None:
    Callback.objects.filter(pk=callback.pk, epoch=callback.epoch).update(
        lease_until=None, tries=F("tries") - 1
    )


def work(callback: Callback, *, clock: Clock) -> None:
    """Work one claimed callback. Whatever goes wrong is written on it, for a person to read."""
    if callback.tries > MOST_TRIES:
        _finish(callback, Status.FAILED, f"given up after {MOST_TRIES} tries", clock())
        return
    try:
        if callback.gateway.provider == STORE:
            arrived = arriving.take(callback, inbound_of(callback), clock)
            status = Status.FAILED if arrived.shout else Status.DONE
            _finish(callback, status, arrived.text, clock(), order=arrived.order)
            return
        account = accounts.load(callback.gateway)
        answers = [
            informed(account, notice, clock)
            for notice in account.provider.parse(inbound_of(callback))
        ]
        unheard = [answer for answer in answers if isinstance(answer, Unheard)]
        with transaction.atomic():
            applied = [
                apply(
                    account,
                    answer.notice,
                    source=OrderEvent.Source.CALLBACK,
                    now=clock(),
                    callback=callback,
                    today=answer.today,
                    as_of=answer.as_of,
                )
                for answer in answers
                if isinstance(answer, Informed)
            ]
            _conclude(callback, applied, unheard, clock())
    except (Unavailable, SealBroken) as error:
        _again(callback, f"could not ask the provider: {error}", clock())
    except (Rejected, SettlementError) as error:
        _finish(callback, Status.FAILED, str(error), clock())
    except OperationalError:
        # The database is away or busy: the lease runs out and the callback is worked again.
        raise
    except Exception as error:
        log.exception("callback %s", callback.pk)
        verdict = f"{type(error).__name__}: {error}"
        _finish(callback, Status.FAILED, verdict, clock(), trace=traceback.format_exc())


def inbound_of(callback: Callback) -> Inbound:
    """As it came; its age is judged by when it came, not by when somebody works it again."""
    return Inbound(
        body=bytes(callback.body),
        headers=callback.headers,
        method="GET" if _is_report(callback) else "POST",
        received_at=unix_seconds(callback.received_at),
    )


def _is_report(callback: Callback) -> bool:
    """vodafoncash.com reports by GET; phones and all others POST."""
    return callback.gateway.provider == STORE and callback.phone_id is None


def _conclude(
    callback: Callback, applied: list[Applied], unheard: list[Unheard], now: datetime
) -> None:
    said: list[Unheard | Applied] = [*unheard, *applied]
    verdict = "; ".join(each.text for each in said) or "nothing in it for us"
    shout = any(each.shout for each in said)
    order = next((each.order for each in applied if each.order), None)
    _finish(callback, Status.FAILED if shout else Status.DONE, verdict, now, order=order)


def _finish(
    callback: Callback,
    status: str,
    verdict: str,
    now: datetime,
    *,
    trace: str = "",
    **fields: Any,
) -> None:
    """Write the verdict, while the lease is ours. A doorbell that rang meanwhile stays due."""
    Callback.objects.filter(pk=callback.pk, epoch=callback.epoch).update(
        status=Case(When(times=callback.times, then=Value(status)), default=Value(Status.NEW))
        if _rings(callback)
        else status,
        verdict=verdict[:4000],
        traceback=trace[:20000],
        worked_at=now,
        lease_until=None,
        # What is counted are tries in a row: the same bytes may come again and are worked afresh.
        tries=0,
        **fields,
    )


def _rings(callback: Callback) -> bool:
    return accounts.provider_of(callback.gateway.provider).is_doorbell(inbound_of(callback))


def _again(callback: Callback, verdict: str, now: datetime) -> None:
    delay = jittered(BACK_OFF[min(callback.tries - 1, len(BACK_OFF) - 1)])
    Callback.objects.filter(pk=callback.pk, epoch=callback.epoch).update(
        verdict=verdict[:4000], not_before=now + delay, lease_until=None, worked_at=now
    )


def process_again(callback_id: int, *, actor: str, now: datetime) -> str:
    """Verify the stored bytes with today's settings and work them again; one sentence."""
    callback = Callback.objects.select_related("gateway", "merchant").get(pk=callback_id)
    if callback.lease_until and callback.lease_until >= now:
        said = _("Callback {number} is being worked on right now; nothing was changed.")
        return said.format(number=callback_id)
    try:
        account = accounts.load(callback.gateway)
        if callback.gateway.provider != STORE or callback.status == Status.REJECTED:
            # What proved a store's message is not in what is kept: keys and codes are masked.
            account.provider.verify(inbound_of(callback), account.credentials)
    except (Rejected, SealBroken) as refusal:
        said = _("Callback {number} is still refused ({reason}); nothing was changed.")
        return said.format(number=callback_id, reason=refusal)
    with transaction.atomic():
        Callback.objects.filter(pk=callback_id, epoch=callback.epoch).update(
            status=Status.NEW, not_before=now, tries=0, lease_until=None, traceback=""
        )
        audit(
            merchant=callback.merchant,
            actor=actor,
            verb="process callback again",
            target="gateways.callback",
            target_id=callback_id,
            now=now,
            detail=f"was {callback.status}: {callback.verdict}"[:1000],
        )
        transaction.on_commit(tasks.wake_inbox)
    said = _("Callback {number} is processed again now; money booked before is not booked twice.")
    return said.format(number=callback_id)


@transaction.atomic
def dismiss(callback_id: int, *, actor: str, reason: str, now: datetime) -> str:
    """Take a failed callback off the list of what needs a person; nothing else changes."""
    callback = Callback.objects.select_for_update(of=("self",)).select_related("merchant")
    held = callback.get(pk=callback_id)
    if held.status != Status.FAILED:
        # The word alone, without what a label says after its colon.
        status = held.get_status_display().partition(":")[0]
        said = _("Callback {number} is {status}, not failed; nothing was changed.")
        return said.format(number=callback_id, status=status)
    verdict = f"dealt with by {actor}: {reason} (was: {held.verdict})"
    Callback.objects.filter(pk=callback_id).update(status=Status.DONE, verdict=verdict[:4000])
    audit(
        merchant=held.merchant,
        actor=actor,
        verb="dismiss callback",
        target="gateways.callback",
        target_id=callback_id,
        now=now,
        reason=reason,
        detail=held.verdict[:1000],
    )
    return _("Callback {number} is off the list.").format(number=callback_id)
