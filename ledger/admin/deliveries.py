"""Deliveries: what WHMCS still has to hear, and every call that was made about it."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

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
from ledger.settlement import WITHDRAWN

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


def _why_no_retry(delivery: Delivery) -> str:
    if delivery.status == Status.DELIVERED:
        return gettext("Delivered already.")
    if delivery.code == WITHDRAWN:
        return gettext("Taken back; its money is booked anew from its receipt.")
    return ""


RETRY = Act(
    "retry",
    _("Retry now"),
    "ledger.retry_delivery",
    retry,
    _(
        "Looks in WHMCS first and sends only what is not there. A website is told again under the "
        "same transaction id. Safe to press twice."
    ),
    why_not=_why_no_retry,
)


def _settle_by_hand(doing: Doing) -> str:
    return deciding.settle_by_hand(
        doing.row.pk, actor=doing.actor, reason=doing.fields["reason"], now=database_now()
    )


def _why_not_by_hand(delivery: Delivery) -> str:
    if delivery.status in (Status.PARKED, Status.REFUSED) and delivery.code != WITHDRAWN:
        return ""
    return gettext("Only what is parked or refused.")


BY_HAND = Act(
    "settled-by-hand",
    _("Settled by hand"),
    "ledger.retry_delivery",
    _settle_by_hand,
    _(
        "For money that was refunded or booked another way: WHMCS or the website is not told, and "
        "the list is shorter."
    ),
    form=ReasonForm,
    why_not=_why_not_by_hand,
    grave=True,
)


def sentence_of(delivery: Delivery) -> tuple[str, str]:
    """The delivery in one sentence, and its tone."""
    what = (
        gettext("the log line about {amount} for {bill}")
        if delivery.kind == Delivery.Kind.NOTE
        else gettext("{amount} for {bill}")
    ).format(amount=delivery.payment.credit, bill=delivery.bill)
    biller = gettext("The website") if delivery.biller.is_website else "WHMCS"
    tone = BUSY
    match delivery.status:
        case Status.DELIVERED:
            said, tone = gettext("{biller} has {what}: {message}."), GOOD
        case Status.PARKED:
            said = gettext("{biller} does not have {what}, a person must look: {message}")
            tone = BAD
        case Status.REFUSED if delivery.code in (deciding.BY_HAND, WITHDRAWN):
            said, tone = gettext("{biller} is not told of {what}: {message}"), QUIET
        case Status.REFUSED:
            said, tone = gettext("{biller} refused {what}: {message}"), BAD
        case Status.UNKNOWN:
            said = gettext("{biller} may have {what}, nobody knows yet: {message}")
            tone = WARN
        case Status.SENDING:
            said = gettext("{biller} is being told of {what} right now.")
        case _ if delivery.last_message:
            said = gettext("{biller} will be told of {what}. The last try: {message}")
        case _:
            said = gettext("{biller} will be told of {what}.")
    return said.format(biller=biller, what=what, message=delivery.last_message), tone


def steps_of(delivery: Delivery, place: str) -> list[Step]:
    attempts = reversed(delivery.attempts.order_by("-number")[:ATTEMPTS_SHOWN])
    return [_step(attempt, place) for attempt in attempts]


def _step(attempt: Attempt, place: str) -> Step:
    raw = []
    if attempt.request:
        asked = json.dumps(attempt.request, indent=2, ensure_ascii=False)
        raw.append(Raw(gettext("Request"), visible(asked)))
    if attempt.response:
        raw.append(Raw(gettext("Answer"), visible(attempt.response)))
    http = f"HTTP {attempt.http_status}" if attempt.http_status else ""
    if attempt.finished_at:
        took = gettext("{http} in {seconds} s") if http else gettext("in {seconds} s")
        seconds = (attempt.finished_at - attempt.sent_at).total_seconds()
        http = took.format(http=http, seconds=f"{seconds:.1f}")
    return Step(
        moment(attempt.sent_at, place),
        f"{attempt.get_kind_display()} {attempt.number}",
        attempt.message,
        Chip(attempt.get_outcome_display(), _OUTCOMES[Attempt.Outcome(attempt.outcome)]),
        more=gettext("{code}, {http}").format(code=attempt.code, http=http)
        if attempt.code and http
        else attempt.code or http,
        raw=tuple(raw),
    )


class DeliveryAdmin(WithActs, Record):
    """What the console owes WHMCS, newest first."""

    list_display = (
        "transaction", "what", "status_chip", "amount", "invoice", "tried", "next_try",
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
            _("All fields"),
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

    @admin.display(description=_("Transaction id"))
    def transaction(self, delivery: Delivery) -> str:
        return delivery.payment.reference

    @admin.display(description=_("Kind"))
    def what(self, delivery: Delivery) -> str:
        return delivery.get_kind_display()

    @admin.display(description=_("Status"))
    def status_chip(self, delivery: Delivery) -> Chip:
        return delivery_chip(delivery)

    @admin.display(description=_("Amount"))
    def amount(self, delivery: Delivery) -> str:
        return money(delivery.payment.credit)

    @admin.display(description=_("For"))
    def invoice(self, delivery: Delivery) -> str:
        return link(delivery.bill)

    @admin.display(description=_("Tries"))
    def tried(self, delivery: Delivery) -> int:
        return delivery.tries

    @admin.display(description=_("Next try"))
    def next_try(self, delivery: Delivery) -> str:
        if delivery.status not in Delivery.OWED:
            return ""
        return moment(delivery.not_before, delivery.merchant.time_zone)

    @admin.display(description=_("Last answer"))
    def answer(self, delivery: Delivery) -> str:
        return Truncator(visible(delivery.last_message)).chars(80)

    @admin.action(description=_("Retry now"), permissions=["retry"])
    def retry_now(self, request: HttpRequest, deliveries: "QuerySet[Delivery]") -> None:
        self.act_on_list(request, deliveries, RETRY)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self.may(request, RETRY)

    def page(self, request: HttpRequest, row: Any) -> Page:
        place = row.merchant.time_zone
        sentence, tone = sentence_of(row)
        facts = [
            Fact(gettext("Transaction id"), row.payment.reference, copy=True),
            Fact(gettext("Amount"), money(row.payment.credit)),
            Fact(gettext("Payment"), link(row.payment)),
            Fact(gettext("Bill"), link(row.bill)),
            Fact(gettext("Website") if row.biller.is_website else "WHMCS", link(row.biller)),
            Fact(gettext("Status"), delivery_chip(row)),
            Fact(gettext("Tries"), row.tries),
        ]
        if row.status in Delivery.OWED:
            facts.append(Fact(gettext("Next try"), moment(row.not_before, place)))
        if row.delivered_at:
            facts.append(Fact(gettext("Delivered"), moment(row.delivered_at, place)))
        if row.check_at:
            facts.append(Fact(gettext("Read back at"), moment(row.check_at, place)))
        return Page(
            sentence,
            tone,
            row.way_out,
            facts=[Facts(gettext("Delivery"), facts)],
            steps=steps_of(row, place) + done_by_people(row, place),
        )


admin.site.register(Delivery, DeliveryAdmin)
