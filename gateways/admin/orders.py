"""Orders: one try to pay each, where it stands, and its story."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.admin import offers
from gateways.admin.callbacks import callback_chip
from gateways.admin.order_acts import ACTS, FETCH
from gateways.models import EGP, Order
from gateways.orders.deciding import NotNow
from gateways.providers import TABLES
from gateways.providers.haveno import CURRENCIES
from ledger.admin.acts import WithActs
from ledger.admin.records import Record
from ledger.admin.showing import (
    BAD,
    BUSY,
    GOOD,
    QUIET,
    Chip,
    Fact,
    Facts,
    Page,
    Step,
    Table,
    done_by_people,
    link,
    moment,
    money,
    visible,
)
from ledger.admin.tenant import MerchantFilter

Status = Order.Status
TONES = {
    Status.NEW: BUSY,
    Status.PENDING: BUSY,
    Status.PAID: GOOD,
    Status.FAILED: QUIET,
    Status.EXPIRED: QUIET,
    Status.TEST: QUIET,
    Status.REVIEW: BAD,
    Status.REFUNDED: QUIET,
}
SHOWN = 200
COINS = (*CURRENCIES, EGP)


def order_chip(order: Order) -> Chip:
    return Chip(order.get_status_display(), TONES[Status(order.status)])


def account_link(order: Order) -> str:
    """The gateway's own settings screen, which is the provider's."""
    table = apps.get_model(TABLES[order.gateway.provider])
    return link(table(pk=order.gateway_id), order.gateway.name)


class CoinFilter(admin.SimpleListFilter):
    """By what was quoted in; a list of all values in use would read the whole table."""

    title = _("coin")
    parameter_name = "coin"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((code, code) for code in COINS), ("none", gettext("quoted by the provider"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        value = self.value()
        if value == "none":
            return queryset.filter(pay_currency="")
        return queryset.filter(pay_currency=value) if value in COINS else queryset


class OrderAdmin(WithActs, Record):
    list_display = (
        "order_reference", "status_chip", "amount", "received_amount", "invoice", "opened", "merchant",
    )  # fmt: skip
    list_filter = (MerchantFilter, "status", CoinFilter)
    list_select_related = ("merchant", "bill", "gateway")
    search_fields = (
        "reference",
        "provider_reference",
        "payment__reference",
        "bill__reference",
        "bill__number",
        "pay_to",
    )
    search_help_text = _(
        "Invoice, order reference, provider id, transaction id or the address to pay to, in full"
    )
    linked_lookups = (CoinFilter.parameter_name,)
    actions = ("fetch_from_provider",)
    acts = ACTS
    service_errors = (*WithActs.service_errors, NotNow)
    fieldsets = (
        (
            _("All fields"),
            {
                "classes": ("collapse",),
                "fields": (
                    "merchant", "gateway", "bill", "reference", "provider_reference",
                    "provider_status", "status", "due_units", "currency", "received_units",
                    "payable_units", "received_currency", "payment", "shown_payment_url",
                    "pay_currency", "confirmed_units", "counted_units", "confirmations",
                    "confirmations_required", "rate", "rate_source", "priced_at", "pay_to",
                    "first_seen", "purged_at", "looked_at", "language", "attention", "open_error",
                    "opening_until", "valid_until", "poll_at", "created", "closed",
                ),
            },
        ),
    )  # fmt: skip

    @admin.display(description=_("Reference"))
    def order_reference(self, order: Order) -> str:
        return order.reference

    @admin.display(description=_("Payment URL"))
    def shown_payment_url(self, order: Order) -> str:
        """As text: it came from outside, and the payer's page is not for staff to open."""
        return order.payment_url

    @admin.display(description=_("Status"))
    def status_chip(self, order: Order) -> str:
        if not order.attention or order.status == Status.REVIEW:
            return str(order_chip(order))
        return format_html("{} {}", order_chip(order), Chip(gettext("flagged"), BAD))

    @admin.display(description=_("Amount"))
    def amount(self, order: Order) -> str:
        return money(order.due)

    @admin.display(description=_("Received"))
    def received_amount(self, order: Order) -> str:
        return money(order.received)

    @admin.display(description=_("For"))
    def invoice(self, order: Order) -> str:
        return link(order.bill)

    @admin.display(description=_("Opened"))
    def opened(self, order: Order) -> str:
        return moment(order.created, order.merchant.time_zone)

    @admin.action(description=_("Fetch from provider"), permissions=["fetch"])
    def fetch_from_provider(self, request: HttpRequest, orders: "QuerySet[Order]") -> None:
        # Each is a call to the outside while somebody waits.
        self.act_on_list(request, orders[:20], FETCH)

    def has_fetch_permission(self, request: HttpRequest) -> bool:
        return self.may(request, FETCH)

    def page(self, request: HttpRequest, row: Any) -> Page:
        place = row.merchant.time_zone
        sentence, tone = sentence_of(row)
        way_out = row.attention
        booked = row.payment.credit if row.payment else None
        amounts = [Fact(gettext("Quoted"), money(row.due))]
        if row.pay_currency:
            amounts += offers.coins(row)
        else:
            amounts.append(Fact(gettext("Asked of the payer"), money(row.payable)))
            amounts.append(Fact(gettext("Received"), money(row.received)))
        amounts.append(Fact(gettext("Booked"), money(booked)))
        if booked:
            amounts.append(Fact(gettext("Difference"), money(booked - row.due)))
        where = [
            Fact(gettext("Order reference"), row.reference, copy=True),
            Fact(gettext("Provider id"), row.provider_reference, copy=bool(row.provider_reference)),
            Fact(gettext("Provider's status"), row.provider_status),
            Fact(gettext("Bill"), link(row.bill)),
            Fact(
                gettext("Payment"), link(row.payment, row.payment.reference) if row.payment else ""
            ),
            Fact(gettext("Account"), account_link(row)),
            Fact(gettext("Opened"), moment(row.created, place)),
        ]
        if row.valid_until and not row.pay_currency:
            where.append(Fact(gettext("Valid until"), moment(row.valid_until, place)))
        if row.poll_at and row.pay_currency != EGP:
            where.append(Fact(gettext("Provider asked again"), moment(row.poll_at, place)))
        callbacks: list[tuple[object, ...]] = [
            (link(each), callback_chip(each), each.verdict, moment(each.received_at, place))
            for each in row.callbacks.defer("body").order_by("-pk")[:SHOWN]
        ]
        boxes = [
            Facts(gettext("Money"), amounts, figures=True),
            Facts(gettext("Where it belongs"), where),
        ]
        if row.pay_currency:
            boxes.insert(1, offers.offer(row, place))
        return Page(
            sentence,
            tone,
            way_out,
            facts=boxes,
            steps=story(row, place) + done_by_people(row, place),
            tables=[
                offers.claims(row, place),
                Table(
                    gettext("Callbacks"),
                    callbacks,
                    (gettext("Callback"), gettext("Status"), gettext("Verdict"), gettext("Came")),
                ),
            ],
            raw=offers.signed_offer(row),
        )


def sentence_of(order: Order) -> tuple[str, str]:
    """Where the order stands, in one sentence, and its tone."""
    tone = BAD if order.attention else TONES[Status(order.status)]
    due, bill, gateway = order.due, order.bill, order.gateway.name
    match order.status:
        case Status.PAID:
            said = gettext("{amount} paid through {gateway} for {bill}.")
            booked = order.payment.credit if order.payment else due
            return said.format(amount=booked, gateway=gateway, bill=bill), tone
        case Status.NEW | Status.PENDING if order.open_error:
            said = gettext("{amount} for {bill} could not be opened: {error}")
            return said.format(amount=due, bill=bill, error=order.open_error), tone
        case Status.NEW if order.pay_currency != EGP:
            said = gettext("{amount} for {bill} was offered through {gateway}; nothing came yet.")
        case Status.NEW | Status.PENDING if order.pay_currency:
            return _quoted(order), tone
        case Status.PENDING:
            said = gettext("{amount} for {bill} is on its way through {gateway}.")
        case Status.REVIEW:
            said = gettext("{amount} for {bill} waits for a person to decide.")
        case Status.TEST:
            said = gettext("A test of {amount} for {bill}; nothing is booked for tests.")
        case Status.EXPIRED:
            said = gettext("{amount} for {bill} was not paid in time.")
        case Status.REFUNDED:
            said = gettext("{amount} for {bill} went back to the payer.")
        case _:
            said = gettext("{amount} for {bill} was not paid.")
    return said.format(amount=due, bill=bill, gateway=gateway), tone


def _quoted(order: Order) -> str:
    """An open order that we quoted: what was asked for, what came of it."""
    if order.status == Status.NEW and order.pay_to:
        said = gettext("{asked} are asked for {bill} to {address}, worth {due}; nothing came yet.")
    elif order.status == Status.NEW:
        said = gettext("{asked} are asked for {bill}, worth {due}; nothing came yet.")
    elif order.pay_currency == EGP:
        said = gettext("{seen} of {asked} came through {gateway} for {bill}.")
    else:
        said = gettext(
            "{seen} of {asked} came through {gateway} for {bill}; {confirmed} of it is confirmed."
        )
    return said.format(
        asked=order.asked,
        seen=order.seen,
        confirmed=order.confirmed,
        due=order.due,
        bill=order.bill,
        gateway=order.gateway.name,
        address=visible(order.pay_to),
    )


def story(order: Order, place: str) -> list[Step]:
    """What was said and done, oldest first."""
    steps, said = [], gettext("provider: {status}")
    for event in order.events.all()[:SHOWN]:
        who = f"{event.get_source_display()} {event.actor}".strip()
        moved = event.after and event.before != event.after
        steps.append(
            Step(
                moment(event.at, place),
                who,
                event.text,
                Chip(str(Status(event.after).label), TONES[Status(event.after)]) if moved else None,
                more=said.format(status=event.provider_status) if event.provider_status else "",
            )
        )
    return steps


admin.site.register(Order, OrderAdmin)
