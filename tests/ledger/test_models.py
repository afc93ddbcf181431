"""What the database itself refuses."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from gateways.models import SpectroCoinGateway
from ledger import ports
from ledger.models import AuditEvent, Bill, Biller, Immutable, Merchant, Payment

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment() -> Payment:
    merchant = Merchant.objects.create(name="Shop")
    biller = Biller.objects.create(merchant=merchant, url="https://billing.example.com")
    gateway = SpectroCoinGateway.objects.create(merchant=merchant, name="SpectroCoin")
    bill = Bill.objects.create(
        merchant=merchant, biller=biller, reference="1", client="1", currency="EUR", due_units=1599
    )
    return Payment.objects.create(
        merchant=merchant,
        bill=bill,
        gateway=gateway,
        method="spectrocoin",
        reference="SC-1-aa",
        credit_units=1599,
        currency="EUR",
    )


def test_booked_payment_does_not_change_through_any_door(payment: Payment) -> None:
    payment.credit_units = 1
    with pytest.raises(Immutable):
        payment.save()
    with pytest.raises(Immutable):
        payment.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(credit_units=1)
    # The column that came later is no way around it.
    with pytest.raises(DatabaseError), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(payer="01000000707")
    assert (Payment.objects.get().credit_units, Payment.objects.get().payer) == (1599, None)


def test_audit_event_does_not_change(payment: Payment) -> None:
    event = AuditEvent.objects.create(
        merchant=payment.merchant,
        actor="ana",
        verb="x",
        target="y",
        target_id=1,
        at=ports.system_now(),
    )
    with pytest.raises(Immutable):
        event.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEvent.objects.update(actor="bob")


@pytest.mark.parametrize("units", [0, -1])
def test_payment_of_nothing_is_refused(payment: Payment, units: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.create(
            merchant=payment.merchant,
            bill=payment.bill,
            gateway=payment.gateway,
            method="spectrocoin",
            reference="SC-2",
            credit_units=units,
            currency="EUR",
        )


def test_reference_is_booked_once_per_gateway(payment: Payment) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.create(
            merchant=payment.merchant,
            bill=payment.bill,
            gateway=payment.gateway,
            method="spectrocoin",
            reference=payment.reference,
            credit_units=5,
            currency="EUR",
        )
