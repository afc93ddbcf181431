"""Bills and the payments booked on them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ledger.admin.records import Record
from ledger.admin.showing import (
    BUSY,
    GOOD,
    QUIET,
    WARN,
    Chip,
    Fact,
    Facts,
    Page,
    Table,
    link,
    moment,
    money,
)
from ledger.admin.tenant import MerchantFilter
from ledger.models import Bill, Delivery, Payment
from ledger.money import Money
from ledger.outbox.deciding import BY_HAND
from ledger.settlement import WITHDRAWN, owed_to_biller, paid_on

ROWS_SHOWN = 100
BILL_TONES = {
    Bill.Status.OPEN: BUSY,
    Bill.Status.PART_PAID: WARN,
    Bill.Status.PAID: GOOD,
    Bill.Status.OVERPAID: WARN,
}
DELIVERY_TONES = {
    Delivery.Status.READY: BUSY,
    Delivery.Status.SENDING: BUSY,
    Delivery.Status.UNKNOWN: WARN,
    Delivery.Status.DELIVERED: GOOD,
    Delivery.Status.PARKED: "bad",
    Delivery.Status.REFUSED: "bad",
}


def bill_chip(bill: Bill) -> Chip:
    return Chip(bill.get_status_display(), BILL_TONES.get(Bill.Status(bill.status), QUIET))


def delivery_chip(delivery: Delivery) -> Chip:
    status = Delivery.Status(delivery.status)
    return Chip(delivery.get_status_display(), DELIVERY_TONES[status])


def payment_rows(payments: Any, place: str) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for payment in payments.select_related("gateway").order_by("-pk")[:ROWS_SHOWN]:
        told = payment.deliveries.filter(kind=Delivery.Kind.BOOKING).first()
        rows.append(
            (
                link(payment, payment.reference),
                money(payment.credit),
                delivery_chip(told) if told else "",
                moment(payment.created, place),
            )
        )
    return rows


def _known(booking: Delivery | None, website: bool) -> tuple[str, str]:
    """Whether the biller knows of a payment, in one sentence, and its tone."""
    if booking and booking.code == WITHDRAWN:
        return gettext("It was taken back."), QUIET
    if booking and booking.status == Delivery.Status.REFUSED and booking.code == BY_HAND:
        return gettext("It was settled by hand."), QUIET
    if booking and booking.status == Delivery.Status.DELIVERED:
        said = gettext("The website knows it.") if website else gettext("WHMCS knows it.")
        return said, GOOD
    if website:
        return gettext("The website does not know it yet."), BUSY
    return gettext("WHMCS does not know it yet."), BUSY


class BillAdmin(Record):
    list_display = ("__str__", "status_chip", "due_amount", "client", "merchant", "made")
    list_filter = (MerchantFilter, "status", "kind")
    list_select_related = ("merchant",)
    search_fields = ("reference", "number", "client", "payments__reference", "orders__reference")
    search_help_text = _(
        "Invoice id or number, client id, order reference or transaction id, in full"
    )
    fieldsets = (
        (
            _("All fields"),
            {
                "classes": ("collapse",),
                "fields": (
                    "merchant", "biller", "kind", "reference", "number", "client", "currency",
                    "due_units", "status", "created",
                ),
            },
        ),
    )  # fmt: skip

    @admin.display(description=_("Status"))
    def status_chip(self, bill: Bill) -> Chip:
        return bill_chip(bill)

    @admin.display(description=_("Due"))
    def due_amount(self, bill: Bill) -> str:
        return money(bill.due)

    @admin.display(description=_("Seen first"))
    def made(self, bill: Bill) -> str:
        return moment(bill.created, bill.merchant.time_zone)

    def page(self, request: HttpRequest, row: Any) -> Page:
        paid, owed = paid_on(row), owed_to_biller(row)
        still = row.due - paid
        if still.units > 0:
            said = gettext("{still} of {due} is still to pay on {bill}.")
            sentence, tone = said.format(still=still, due=row.due, bill=row), BUSY
        elif still.units < 0:
            said = gettext("{bill} is overpaid by {amount}.")
            sentence, tone = said.format(bill=row, amount=Money(-still.units, row.currency)), WARN
        else:
            said = gettext("{bill} is paid: {amount}.")
            sentence, tone = said.format(bill=row, amount=paid), GOOD
        website = row.biller.is_website
        if owed.units:
            unknown = (
                gettext("The website does not know of {amount} yet.")
                if website
                else gettext("WHMCS does not know of {amount} yet.")
            )
            sentence += " " + unknown.format(amount=owed)
        place = row.merchant.time_zone
        orders: list[tuple[object, ...]] = [
            (link(order, order.reference), money(order.due), order.get_status_display(),
             moment(order.created, place))
            for order in row.orders.order_by("-pk")[:ROWS_SHOWN]
        ]  # fmt: skip
        return Page(
            sentence,
            tone,
            facts=[
                Facts(
                    gettext("Money"),
                    [
                        Fact(gettext("Due"), money(row.due)),
                        Fact(gettext("Booked"), money(paid)),
                        Fact(gettext("Difference"), money(paid - row.due)),
                        Fact(
                            gettext("Not yet told to the website")
                            if website
                            else gettext("Not yet in WHMCS"),
                            money(owed),
                        ),
                    ],
                    figures=True,
                ),
                Facts(
                    gettext("Invoice"),
                    [
                        Fact(gettext("Invoice id"), row.reference, copy=True),
                        Fact(gettext("Invoice number"), row.number),
                        Fact(gettext("Client id"), row.client),
                        Fact(gettext("Merchant"), row.merchant),
                        Fact(gettext("Seen first"), moment(row.created, place)),
                    ],
                ),
            ],
            tables=[
                Table(
                    gettext("Payments"),
                    payment_rows(row.payments, place),
                    (
                        gettext("Transaction id"),
                        gettext("Amount"),
                        gettext("Website") if website else "WHMCS",
                        gettext("Booked"),
                    ),
                ),
                Table(
                    gettext("Orders"),
                    orders,
                    (gettext("Order"), gettext("Amount"), gettext("Status"), gettext("Opened")),
                ),
            ],
        )


class PaymentAdmin(Record):
    list_display = ("reference", "amount", "invoice", "told", "account", "merchant", "booked")
    list_filter = (MerchantFilter,)
    list_select_related = ("merchant", "bill", "gateway")
    search_fields = (
        "reference",
        "bill__reference",
        "bill__number",
        "order__reference",
        "order__provider_reference",
    )
    fieldsets = (
        (
            _("All fields"),
            {
                "classes": ("collapse",),
                "fields": (
                    "merchant", "bill", "gateway", "method", "reference", "credit_units",
                    "currency", "received_units", "received_currency", "payer", "detail",
                    "booked_by",
                    "created",
                ),
            },
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("deliveries")

    @admin.display(description=_("Amount"))
    def amount(self, payment: Payment) -> str:
        return money(payment.credit)

    @admin.display(description=_("For"))
    def invoice(self, payment: Payment) -> str:
        return link(payment.bill)

    @admin.display(description=_("Delivery"))
    def told(self, payment: Payment) -> Chip | str:
        booking = [d for d in payment.deliveries.all() if d.kind == Delivery.Kind.BOOKING]
        return delivery_chip(booking[0]) if booking else ""

    @admin.display(description=_("Account"))
    def account(self, payment: Payment) -> str:
        return payment.gateway.name

    @admin.display(description=_("Booked"))
    def booked(self, payment: Payment) -> str:
        return moment(payment.created, payment.merchant.time_zone)

    def page(self, request: HttpRequest, row: Any) -> Page:
        place = row.merchant.time_zone
        deliveries = list(row.deliveries.select_related("payment").order_by("pk"))
        booking = next((d for d in deliveries if d.kind == Delivery.Kind.BOOKING), None)
        website = row.bill.biller.is_website
        order = getattr(row, "order", None)
        booked = gettext("{amount} booked for {bill} through {gateway}.").format(
            amount=row.credit, bill=row.bill, gateway=row.gateway.name
        )
        told, tone = _known(booking, website)
        return Page(
            f"{booked} {told}",
            tone,
            facts=[
                Facts(
                    gettext("Money"),
                    [
                        Fact(gettext("Booked"), money(row.credit)),
                        Fact(
                            gettext("Received"),
                            money(row.received) or gettext("not told by the provider"),
                        ),
                        Fact(
                            gettext("Booked by"), row.booked_by or gettext("the provider's message")
                        ),
                        Fact(gettext("Detail"), row.detail),
                    ],
                ),
                Facts(
                    gettext("Where it belongs"),
                    [
                        Fact(gettext("Transaction id"), row.reference, copy=True),
                        Fact(gettext("Bill"), link(row.bill)),
                        Fact(gettext("Order"), link(order, order.reference) if order else ""),
                        Fact(gettext("Merchant"), row.merchant),
                        Fact(gettext("Booked at"), moment(row.created, place)),
                    ],
                ),
            ],
            tables=[
                Table(
                    gettext("What the website was told")
                    if website
                    else gettext("What WHMCS was told"),
                    [
                        (
                            link(each, each.get_kind_display()),
                            delivery_chip(each),
                            each.last_message,
                            moment(each.delivered_at, place),
                        )
                        for each in deliveries
                    ],
                    (
                        gettext("Delivery"),
                        gettext("Status"),
                        gettext("Last answer"),
                        gettext("Delivered"),
                    ),
                )
            ],
        )


admin.site.register(Bill, BillAdmin)
admin.site.register(Payment, PaymentAdmin)
