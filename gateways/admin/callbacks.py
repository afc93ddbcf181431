"""Callbacks: what providers sent, byte for byte, and what became of it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways import inbox
from gateways.admin.bodies import header_table, shown_body
from gateways.models import Callback
from ledger.admin.acts import Act, Doing, ReasonForm, WithActs
from ledger.admin.records import Record
from ledger.admin.showing import (
    BAD,
    BUSY,
    GOOD,
    WARN,
    Chip,
    Fact,
    Facts,
    Page,
    Raw,
    done_by_people,
    link,
    moment,
    visible,
)
from ledger.admin.tenant import MerchantFilter
from ledger.ports import database_now

Status = Callback.Status
TONES = {Status.NEW: BUSY, Status.DONE: GOOD, Status.FAILED: BAD, Status.REJECTED: WARN}


def process(doing: Doing) -> str:
    return inbox.process_again(doing.row.pk, actor=doing.actor, now=database_now())


PROCESS = Act(
    "process",
    _("Process again"),
    "gateways.process_callback",
    process,
    _(
        "Checks the stored bytes with today's settings and works them again. Nothing is booked twice."
    ),
)


def _dismiss(doing: Doing) -> str:
    return inbox.dismiss(
        doing.row.pk, actor=doing.actor, reason=doing.fields["reason"], now=database_now()
    )


DISMISS = Act(
    "dealt-with",
    _("Dealt with"),
    "gateways.process_callback",
    _dismiss,
    _("Takes a failed callback off the list of what needs a person. Changes no money."),
    form=ReasonForm,
    why_not=lambda row: "" if row.status == Status.FAILED else gettext("Only failed callbacks."),
)


def callback_chip(callback: Callback) -> Chip:
    return Chip(callback.get_status_display(), TONES[Status(callback.status)])


class CallbackAdmin(WithActs, Record):
    list_display = (
        "__str__", "status_chip", "verdict_line", "order_link", "account", "seen", "came",
        "merchant",
    )  # fmt: skip
    list_filter = (MerchantFilter, "status")
    list_select_related = ("merchant", "gateway", "order")
    search_fields = ("pk", "order__reference", "order__provider_reference")
    search_help_text = _("Order reference, provider id or callback number, in full")
    linked_lookups = ("received_at__gte",)
    actions = ("process_again",)
    acts = (PROCESS, DISMISS)
    fieldsets = (
        (
            _("All fields"),
            {
                "classes": ("collapse",),
                "fields": (
                    "merchant", "gateway", "order", "status", "remote_address", "times", "tries",
                    "epoch", "not_before", "lease_until", "received_at", "last_seen", "worked_at",
                ),
            },
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        if str(request.resolver_match and request.resolver_match.url_name).endswith("_changelist"):
            return rows.defer("body", "headers", "traceback")
        return rows

    @admin.display(description=_("Status"))
    def status_chip(self, callback: Callback) -> Chip:
        return callback_chip(callback)

    @admin.display(description=_("Verdict"))
    def verdict_line(self, callback: Callback) -> str:
        return Truncator(visible(callback.verdict)).chars(80)

    @admin.display(description=_("Order"))
    def order_link(self, callback: Callback) -> str:
        return link(callback.order, callback.order.reference) if callback.order else ""

    @admin.display(description=_("Account"))
    def account(self, callback: Callback) -> str:
        return callback.gateway.name

    @admin.display(description=_("Times"))
    def seen(self, callback: Callback) -> int:
        return callback.times

    @admin.display(description=_("Came"))
    def came(self, callback: Callback) -> str:
        return moment(callback.received_at, callback.merchant.time_zone)

    @admin.action(description=_("Process again"), permissions=["process"])
    def process_again(self, request: HttpRequest, callbacks: "QuerySet[Callback]") -> None:
        self.act_on_list(request, callbacks, PROCESS)

    def has_process_permission(self, request: HttpRequest) -> bool:
        return self.may(request, PROCESS)

    def page(self, request: HttpRequest, row: Any) -> Page:
        place = row.merchant.time_zone
        verdict = visible(row.verdict) or gettext("no verdict yet")
        match row.status:
            case Status.DONE:
                sentence = gettext("Worked: {verdict}")
            case Status.FAILED:
                sentence = gettext("Could not be worked, a person must look: {verdict}")
            case Status.REJECTED:
                sentence = gettext("Rejected, nothing of it was believed: {verdict}")
            case _:
                sentence = gettext("Waits to be worked: {verdict}")
        tables, raw = shown_body(bytes(row.body), row.headers)
        if row.traceback:
            raw.insert(0, Raw(gettext("Traceback"), visible(row.traceback), open=True))
        facts = [
            Fact(gettext("Order"), link(row.order, row.order.reference) if row.order else ""),
            Fact(gettext("Account"), row.gateway.name),
            Fact(gettext("Phone"), link(row.phone, visible(row.phone.name)) if row.phone else ""),
            Fact(gettext("From"), visible(row.remote_address)),
            Fact(gettext("Came first"), moment(row.received_at, place)),
            Fact(gettext("Came last"), moment(row.last_seen, place)),
            Fact(gettext("Times"), row.times),
            Fact(gettext("Worked"), moment(row.worked_at, place) or gettext("not yet")),
            Fact(gettext("Tries"), row.tries),
        ]
        way_out = ""
        if row.status == Status.FAILED:
            way_out = gettext("Mend what the verdict names, then press “Process again”.")
        return Page(
            sentence.format(verdict=verdict),
            TONES[Status(row.status)],
            way_out,
            facts=[Facts(gettext("Callback"), facts)],
            steps=done_by_people(row, place),
            tables=[*tables, header_table(row.headers)],
            raw=raw,
        )


admin.site.register(Callback, CallbackAdmin)
