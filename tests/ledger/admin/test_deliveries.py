"""Retrying a delivery from its page and from the list."""

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from ledger.models import AuditEvent, Biller, Delivery
from ledger.money import Money
from ledger.settlement import WITHDRAWN, paid_on
from tests.config.admin_world import Shown, superuser, url

pytestmark = pytest.mark.django_db


def test_retry_puts_a_parked_delivery_back_and_says_so(no_queue: list[str]) -> None:
    shown = Shown("alpha")
    delivery = shown.rows[Delivery]
    client = shown.member("view_delivery", "retry_delivery")
    answer = client.post(url(Delivery, "act", delivery, "retry"))
    delivery.refresh_from_db()
    assert delivery.status == Delivery.Status.READY
    assert delivery.not_before <= timezone.now()
    said = "".join(str(message) for message in get_messages(answer.wsgi_request))
    assert "SC-alpha will be looked up in WHMCS now" in said
    event = AuditEvent.objects.get(verb="retry delivery")
    assert event.actor.startswith("staff-alpha")
    shown.rows[Biller].refresh_from_db()
    assert shown.rows[Biller].open_until is None


def test_retry_from_the_list_works_the_chosen_rows_only() -> None:
    shown, other = Shown("alpha"), Shown("beta")
    client = shown.member("view_delivery", "retry_delivery")
    client.post(
        url(Delivery, "changelist"),
        {
            "action": "retry_now",
            "_selected_action": [shown.rows[Delivery].pk, other.rows[Delivery].pk],
        },
    )
    for side, status in ((shown, Delivery.Status.READY), (other, Delivery.Status.PARKED)):
        side.rows[Delivery].refresh_from_db()
        assert side.rows[Delivery].status == status


def test_retry_needs_its_permission() -> None:
    shown = Shown("alpha")
    client = shown.member("view_delivery", "change_delivery")
    delivery = shown.rows[Delivery]
    page = client.get(url(Delivery, "change", delivery)).content.decode()
    assert "Retry now" not in page
    assert client.post(url(Delivery, "act", delivery, "retry")).status_code == 403
    client.post(
        url(Delivery, "changelist"), {"action": "retry_now", "_selected_action": [delivery.pk]}
    )
    delivery.refresh_from_db()
    assert delivery.status == Delivery.Status.PARKED


def test_a_delivered_one_cannot_be_retried() -> None:
    shown = Shown("alpha")
    delivery = shown.rows[Delivery]
    Delivery.objects.update(status=Delivery.Status.DELIVERED, delivered_at=timezone.now())
    client = shown.member()
    page = client.get(url(Delivery, "change", delivery)).content.decode()
    assert "Delivered already." in page
    answer = client.post(url(Delivery, "act", delivery, "retry"))
    said = "".join(str(message) for message in get_messages(answer.wsgi_request))
    assert "delivered already; nothing was changed" in said


def test_a_booking_that_was_taken_back_is_not_settled_by_hand() -> None:
    shown = Shown("alpha")
    delivery = shown.rows[Delivery]
    Delivery.objects.update(status=Delivery.Status.REFUSED, code=WITHDRAWN)
    page = superuser().get(url(Delivery, "change", delivery)).content.decode()
    assert "WHMCS is not told of 5.00 EUR" in page
    assert "Taken back; its money is booked anew" in page

    act = url(Delivery, "act", delivery, "settled-by-hand")
    answer = superuser().post(act, {"reason": "paid back"})

    said = "".join(str(message) for message in get_messages(answer.wsgi_request))
    assert "SC-alpha was taken back" in said
    assert paid_on(delivery.bill) == Money(0, "EUR")
