"""Deliveries: what WHMCS still has to hear, and every call that was made about it."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator

from ledger.admin.acts import Act, Doing, ReasonForm, WithActs
from ledger.admin.bills import delivery_chip
from ledger.admin.records import Record
from ledger.admin.showing import (
    BAD,
    BUSY,
    GOOD,
    QUIET,
    WARN,
    Chip,
    Fact,
    Facts,
    Page,
    Raw,
    Step,
    done_by_people,
    link,
    moment,
    money,
    visible,
)
from ledger.admin.tenant import MerchantFilter
from ledger.models import Attempt, Delivery
from ledger.outbox import deciding
from ledger.ports import database_now

ATTEMPTS_SHOWN = 200
Status = Delivery.Status
_OUTCOMES = {
    Attempt.Outcome.OPEN: WARN,
    Attempt.Outcome.DONE: GOOD,
    Attempt.Outcome.REFUSED: BAD,
    Attempt.Outcome.LATER: BUSY,
    Attempt.Outcome.UNKNOWN: WARN,
    Attempt.Outcome.FOUND: GOOD,
    Attempt.Outcome.ABSENT: QUIET,
}


def retry(doing: Doing) -> str:
    return deciding.retry(doing.row.pk, actor=doing.actor, now=database_now())


RETRY = Act(
    "retry",
    "Retry now",
    "ledger.retry_delivery",
    retry,
    "Looks in WHMCS first and sends only what is not there. Safe to press twice.",
    why_not=lambda row: "Delivered already." if row.status == Status.DELIVERED else "",
)


def _settle_by_hand(doing: Doing) -> str:
    return deciding.settle_by_hand(
        doing.row.pk, actor=doing.actor, reason=doing.fields["reason"], now=database_now()
    )


BY_HAND = Act(
    "settled-by-hand",
    "Settled by hand",
    "ledger.retry_delivery",
    _settle_by_hand,
    "For money that was refunded or booked another way: WHMCS is not told, and the list is shorter.",
    form=ReasonForm,
    why_not=lambda row: (
        "" if row.status in (Status.PARKED, Status.REFUSED) else "Only what is parked or refused."
    ),
    grave=True,
)


def sentence_of(delivery: Delivery) -> tuple[str, str]:
    """The delivery in one sentence, and its tone."""
    what = f"{delivery.payment.credit} for {delivery.bill}"
    whmcs = "The website" if delivery.biller.is_website else "WHMCS"
    if delivery.kind == Delivery.Kind.NOTE:
        what = f"the log line about {what}"
    match delivery.status:
        case Status.DELIVERED:
            return f"{whmcs} has {what}: {delivery.last_message}.", GOOD
        case Status.PARKED:
            return f"{whmcs} does not have {what}, a person must look: {delivery.last_message}", BAD
        case Status.REFUSED if delivery.code == deciding.BY_HAND:
            return f"{whmcs} is not told of {what}: {delivery.last_message}", QUIET
        case Status.REFUSED:
            return f"{whmcs} refused {what}: {delivery.last_message}", BAD
        case Status.UNKNOWN:
            return f"{whmcs} may have {what}, nobody knows yet: {delivery.last_message}", WARN
        case Status.SENDING:
            return f"{whmcs} is being told of {what} right now.", BUSY
        case _:
            why = f" The last try: {delivery.last_message}" if delivery.last_message else ""
            return f"{whmcs} will be told of {what}.{why}", BUSY


def steps_of(delivery: Delivery, place: str) -> list[Step]:
    attempts = reversed(delivery.attempts.order_by("-number")[:ATTEMPTS_SHOWN])
    return [_step(attempt, place) for attempt in attempts]


def _step(attempt: Attempt, place: str) -> Step:
    raw = []
    if attempt.request:
        asked = json.dumps(attempt.request, indent=2, ensure_ascii=False)
        raw.append(Raw("Request", visible(asked)))
    if attempt.response:
        raw.append(Raw("Answer", visible(attempt.response)))
    took = ""
    if attempt.finished_at:
        took = f" in {(attempt.finished_at - attempt.sent_at).total_seconds():.1f} s"
    http = f"HTTP {attempt.http_status}{took}" if attempt.http_status else took.strip()
    return Step(
        moment(attempt.sent_at, place),
        f"{attempt.get_kind_display()} {attempt.number}",
        attempt.message,
        Chip(attempt.get_outcome_display(), _OUTCOMES[Attempt.Outcome(attempt.outcome)]),
        more=", ".join(filter(None, (attempt.code, http))),
        raw=tuple(raw),
    )


class DeliveryAdmin(WithActs, Record):
    """What the console owes WHMCS, newest first."""

    list_display = (
        "transaction", "kind", "status_chip", "amount", "invoice", "tries", "next_try",
        "merchant", "answer",
    )  # fmt: skip
    list_filter = (MerchantFilter, "status", "kind")
    list_select_related = ("merchant", "payment", "bill")
    search_fields = (
        "payment__reference",
        "bill__reference",
        "bill__number",
        "payment__order__reference",
        "payment__order__provider_reference",
    )
    actions = ("retry_now",)
    acts = (RETRY, BY_HAND)
    fieldsets = (
        (
            "All fields",
            {
                "classes": ("collapse",),
                "fields": (
                    "merchant", "biller", "payment", "bill", "kind", "status", "not_before",
                    "lease_until", "epoch", "tries", "mode", "code", "last_message", "way_out",
                    "first_failed", "delivered_at", "check_at", "created",
                ),
            },
        ),
    )  # fmt: skip

    @admin.display(description="Transaction id")
    def transaction(self, delivery: Delivery) -> str:
        return delivery.payment.reference

    @admin.display(description="Status")
    def status_chip(self, delivery: Delivery) -> Chip:
        return delivery_chip(delivery)

    @admin.display(description="Amount")
    def amount(self, delivery: Delivery) -> str:
        return money(delivery.payment.credit)

    @admin.display(description="For")
    def invoice(self, delivery: Delivery) -> str:
        return link(delivery.bill)

    @admin.display(description="Next try")
    def next_try(self, delivery: Delivery) -> str:
        if delivery.status not in Delivery.OWED:
            return ""
        return moment(delivery.not_before, delivery.merchant.time_zone)

    @admin.display(description="Last answer")
    def answer(self, delivery: Delivery) -> str:
        return Truncator(visible(delivery.last_message)).chars(80)

    @admin.action(description="Retry now", permissions=["retry"])
    def retry_now(self, request: HttpRequest, deliveries: "QuerySet[Delivery]") -> None:
        self.act_on_list(request, deliveries, RETRY)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self.may(request, RETRY)

    def page(self, request: HttpRequest, row: Any) -> Page:
        place = row.merchant.time_zone
        sentence, tone = sentence_of(row)
        facts = [
            Fact("Transaction id", row.payment.reference, copy=True),
            Fact("Amount", money(row.payment.credit)),
            Fact("Payment", link(row.payment)),
            Fact("Bill", link(row.bill)),
            Fact("Website" if row.biller.is_website else "WHMCS", link(row.biller)),
            Fact("Status", delivery_chip(row)),
            Fact("Tries", row.tries),
        ]
        if row.status in Delivery.OWED:
            facts.append(Fact("Next try", moment(row.not_before, place)))
        if row.delivered_at:
            facts.append(Fact("Delivered", moment(row.delivered_at, place)))
        if row.check_at:
            facts.append(Fact("Read back at", moment(row.check_at, place)))
        return Page(
            sentence,
            tone,
            row.way_out,
            facts=[Facts("Delivery", facts)],
            steps=steps_of(row, place) + done_by_people(row, place),
        )


admin.site.register(Delivery, DeliveryAdmin)
