"""Reading delivered payments back from WHMCS: what was silent becomes visible."""

import logging
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError
from django.db.models import F, Q

from ledger.billing.base import Absent, BillerError, BillRef, Unsure
from ledger.bills import connect
from ledger.cipher import SealBroken
from ledger.models import Delivery
from ledger.outbox.claiming import LEASE
from ledger.outbox.delivering import BUDGET, look_mode
from ledger.outbox.writing import FIRST_CHECK, SECOND_CHECK, drifted
from ledger.ports import Clock, jittered

log = logging.getLogger(__name__)

Status = Delivery.Status


def read_back(*, clock: Clock, budget: timedelta = BUDGET) -> int:
    """Look at every delivered payment whose check is due; how many were looked at."""
    started, looked = clock(), 0
    while clock() - started < budget:
        delivery = _claim(clock())
        if delivery is None:
            break
        _check(delivery, clock)
        looked += 1
    return looked


def _claim(now: datetime) -> Delivery | None:
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    to_check = Delivery.objects.filter(
        free, status=Status.DELIVERED, check_at__lte=now, biller__paused=False
    ).order_by("check_at")
    for pk, epoch in to_check.values_list("pk", "epoch")[:20]:
        if (
            Delivery.objects.filter(free, pk=pk, epoch=epoch).update(
                lease_until=now + LEASE, epoch=F("epoch") + 1
            )
            == 1
        ):
            return Delivery.objects.select_related("bill", "payment", "biller__merchant").get(pk=pk)
    return None


def _check(delivery: Delivery, clock: Clock) -> None:
    payment, bill = delivery.payment, delivery.bill
    ref = BillRef(bill.kind, bill.reference, bill.client, payment.method)
    try:
        seen = connect(delivery.biller).look_up(
            payment.reference, ref, payment.credit, mode=look_mode(delivery)
        )
    except (SealBroken, BillerError) as error:
        seen = Unsure("config", str(error))
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        # A fault of ours in one row must not keep all later ones from being read back.
        log.exception("delivery %s", delivery.pk)
        seen = Unsure("internal", str(error))
    now = clock()
    mine = Delivery.objects.filter(pk=delivery.pk, epoch=delivery.epoch)
    if isinstance(seen, Unsure):
        mine.update(lease_until=None, check_at=now + jittered(FIRST_CHECK))
    elif not isinstance(seen, Absent) and seen.times == 1 and seen.exact:
        first = now - (delivery.delivered_at or now) < SECOND_CHECK - FIRST_CHECK
        again = (delivery.delivered_at or now) + SECOND_CHECK if first else None
        mine.update(lease_until=None, check_at=again)
    elif isinstance(seen, Absent):
        drifted(delivery, f"WHMCS no longer shows {payment.reference}")
    else:
        drifted(delivery, seen.message or f"WHMCS shows {payment.reference} {seen.times} times")
