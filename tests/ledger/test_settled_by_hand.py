"""What is parked for good leaves the list when a person says why; nothing is sent."""

import pytest

from ledger.models import AuditEvent, Delivery
from ledger.outbox import deciding, delivering
from tests.conftest import SetClock
from tests.ledger.rows import FakeBiller, a_payment, booking

pytestmark = pytest.mark.django_db


def test_parked_delivery_is_settled_by_hand_and_not_sent(
    whmcs: FakeBiller, clock: SetClock
) -> None:
    delivery = booking(a_payment())
    Delivery.objects.filter(pk=delivery.pk).update(status="parked", last_message="Cancelled")

    said = deciding.settle_by_hand(delivery.pk, actor="ana", reason="refunded", now=clock())
    delivering.drain(clock=clock)

    delivery.refresh_from_db()
    assert (delivery.status, delivery.code) == ("refused", deciding.BY_HAND)
    assert "ana" in delivery.last_message
    assert "off the list" in said
    event = AuditEvent.objects.get()
    assert (event.actor, event.verb, event.reason) == ("ana", "settle delivery by hand", "refunded")


@pytest.mark.parametrize("status", ["ready", "unknown", "sending"])
def test_what_the_machine_still_works_on_is_not_settled_by_hand(
    whmcs: FakeBiller, clock: SetClock, status: str
) -> None:
    delivery = booking(a_payment())
    Delivery.objects.filter(pk=delivery.pk).update(status=status)

    deciding.settle_by_hand(delivery.pk, actor="ana", reason="hurry", now=clock())

    delivery.refresh_from_db()
    assert delivery.status == status
    assert AuditEvent.objects.count() == 0
