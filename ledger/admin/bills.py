"""Bills and the payments booked on them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

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
from ledger.settlement import owed_to_biller, paid_on

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


class BillAdmin(Record):
    list_display = ("__str__", "status_chip", "due_amount", "client", "merchant", "made")
    list_filter = (MerchantFilter, "status", "kind")
    list_select_related = ("merchant",)
    search_fields = ("reference", "number", "client", "payments__reference", "orders__reference")
    search_help_text = "Invoice id or number, client id, order reference or transaction id, in full"
    fieldsets = (
        (
            "All fields",
            {
                "classes": ("collapse",),
                "fields": (
                    "merchant", "biller", "kind", "reference", "number", "client", "currency",
                    "due_units", "status", "created",
                ),
            },
        ),
    )  # fmt: skip

    @admin.display(description="Status")
    def status_chip(self, bill: Bill) -> Chip:
        return bill_chip(bill)

    @admin.display(description="Due")
    def due_amount(self, bill: Bill) -> str:
        return money(bill.due)

    @admin.display(description="Seen first")
    def made(self, bill: Bill) -> str:
        return moment(bill.created, bill.merchant.time_zone)

    def page(self, request: HttpRequest, row: Any) -> Page:
        paid, owed = paid_on(row), owed_to_biller(row)
        still = row.due - paid
        if still.units > 0:
            sentence, tone = f"{still} of {row.due} is still to pay on {row}.", BUSY
        elif still.units < 0:
            over = Money(-still.units, row.currency)
            sentence, tone = f"{row} is overpaid by {over}.", WARN
        else:
            sentence, tone = f"{row} is paid: {paid}.", GOOD
        if owed.units:
            sentence += f" WHMCS does not know of {owed} yet."
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
                    "Money",
                    [
                        Fact("Due", money(row.due)),
                        Fact("Booked", money(paid)),
                        Fact("Difference", money(paid - row.due)),
                        Fact("Not yet in WHMCS", money(owed)),
                    ],
                    figures=True,
                ),
                Facts(
                    "Invoice",
                    [
                        Fact("Invoice id", row.reference, copy=True),
                        Fact("Invoice number", row.number),
                        Fact("Client id", row.client),
                        Fact("Merchant", row.merchant),
                        Fact("Seen first", moment(row.created, place)),
                    ],
                ),
            ],
            tables=[
                Table(
                    "Payments",
                    payment_rows(row.payments, place),
                    ("Transaction id", "Amount", "WHMCS", "Booked"),
                ),
                Table("Orders", orders, ("Order", "Amount", "Status", "Opened")),
            ],
        )


class PaymentAdmin(Record):
    list_display = ("reference", "amount", "invoice", "told", "gateway", "merchant", "booked")
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
            "All fields",
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

    @admin.display(description="Amount")
    def amount(self, payment: Payment) -> str:
        return money(payment.credit)

    @admin.display(description="For")
    def invoice(self, payment: Payment) -> str:
        return link(payment.bill)

    @admin.display(description="WHMCS")
    def told(self, payment: Payment) -> Chip | str:
        booking = [d for d in payment.deliveries.all() if d.kind == Delivery.Kind.BOOKING]
        return delivery_chip(booking[0]) if booking else ""

    @admin.display(description="Booked")
    def booked(self, payment: Payment) -> str:
        return moment(payment.created, payment.merchant.time_zone)

    def page(self, request: HttpRequest, row: Any) -> Page:
        place = row.merchant.time_zone
        deliveries = list(row.deliveries.select_related("payment").order_by("pk"))
        booking = next((d for d in deliveries if d.kind == Delivery.Kind.BOOKING), None)
        known = bool(booking and booking.status == Delivery.Status.DELIVERED)
        told = "WHMCS knows it." if known else "WHMCS does not know it yet."
        order = getattr(row, "order", None)
        return Page(
            f"{row.credit} booked for {row.bill} through {row.gateway.name}. {told}",
            GOOD if known else BUSY,
            facts=[
                Facts(
                    "Money",
                    [
                        Fact("Booked", money(row.credit)),
                        Fact("Received", money(row.received) or "not told by the provider"),
                        Fact("Booked by", row.booked_by or "the provider's message"),
                        Fact("Detail", row.detail),
                    ],
                ),
                Facts(
                    "Where it belongs",
                    [
                        Fact("Transaction id", row.reference, copy=True),
                        Fact("Bill", link(row.bill)),
                        Fact("Order", link(order, order.reference) if order else ""),
                        Fact("Merchant", row.merchant),
                        Fact("Booked at", moment(row.created, place)),
                    ],
                ),
            ],
            tables=[
                Table(
                    "What WHMCS was told",
                    [
                        (
                            link(each, each.get_kind_display()),
                            delivery_chip(each),
                            each.last_message,
                            moment(each.delivered_at, place),
                        )
                        for each in deliveries
                    ],
                    ("Delivery", "Status", "Last answer", "Delivered"),
                )
            ],
        )


admin.site.register(Bill, BillAdmin)
admin.site.register(Payment, PaymentAdmin)
