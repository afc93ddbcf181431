"""Claims: who says to have sent what, and what became of it. Only to be looked at."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from gateways.admin.wallet_names import CLAIM_TONES, claim_chip, masked
from gateways.models import Claim
from gateways.wallet.phones import local_phone
from ledger.admin.records import Record
from ledger.admin.showing import (
    Chip,
    Fact,
    Facts,
    Page,
    done_by_people,
    link,
    moment,
    money,
    visible,
)
from ledger.admin.tenant import MerchantFilter

Status = Claim.Status


class ClaimAdmin(Record):
    list_display = (
        "made", "status_chip", "amount", "who", "client", "order_link", "receipt_link", "source",
        "merchant",
    )  # fmt: skip
    list_filter = (MerchantFilter, "status", "source")
    list_select_related = ("merchant", "order__bill", "receipt")
    search_fields = ("phone", "reference", "order__reference", "order__bill__reference")
    search_help_text = "The payer's phone, the transaction id, the order reference or the invoice"
    fieldsets = (
        (
            "All fields",
            {
                "classes": ("collapse",),
                "fields": (
                    "merchant", "gateway", "order", "receipt", "payment", "status", "source",
                    "phone", "amount_units", "reference", "name", "user_name", "client",
                    "upstream_id", "created", "expires",
                ),
            },
        ),
    )  # fmt: skip

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        number = local_phone(search_term) if search_term.strip() else None
        return super().get_search_results(request, queryset, number or search_term)

    @admin.display(description="Made")
    def made(self, claim: Claim) -> str:
        return moment(claim.created, claim.merchant.time_zone)

    @admin.display(description="Status")
    def status_chip(self, claim: Claim) -> Chip:
        return claim_chip(claim)

    @admin.display(description="Amount")
    def amount(self, claim: Claim) -> str:
        return money(claim.amount)

    @admin.display(description="Says to be")
    def who(self, claim: Claim) -> str:
        return masked(claim.phone) or visible(claim.name or claim.reference)

    @admin.display(description="For")
    def order_link(self, claim: Claim) -> str:
        return link(claim.order, str(claim.order.bill)) if claim.order else "the client's credit"

    @admin.display(description="Receipt")
    def receipt_link(self, claim: Claim) -> str:
        return link(claim.receipt, str(claim.receipt.amount)) if claim.receipt else ""

    def page(self, request: HttpRequest, row: Any) -> Page:
        place = row.merchant.time_zone
        facts = [
            Fact("Amount", money(row.amount)),
            Fact("Payer's phone", visible(row.phone), copy=bool(row.phone)),
            Fact("Payer's name", visible(row.name)),
            Fact("Transaction id", visible(row.reference)),
            Fact("Client id", visible(row.client)),
            Fact("User name", visible(row.user_name)),
            Fact("Came through", row.get_source_display()),
            Fact("Made", moment(row.created, place)),
            Fact("Expires", moment(row.expires, place)),
        ]
        became = [
            Fact("Order", link(row.order, row.order.reference) if row.order else ""),
            Fact("For", link(row.order.bill) if row.order else "the client's credit"),
            Fact("Receipt", link(row.receipt)),
            Fact("Payment", link(row.payment, row.payment.reference) if row.payment else ""),
            Fact("Id at vodafoncash.com", visible(row.upstream_id)),
        ]
        sentence, way_out = _state(row)
        return Page(
            sentence,
            CLAIM_TONES[Status(row.status)],
            way_out,
            facts=[Facts("What the payer says", facts), Facts("What became of it", became)],
            steps=done_by_people(row, place),
        )


def _state(claim: Claim) -> tuple[str, str]:
    who = visible(claim.phone or claim.name or claim.reference or "Somebody")
    said = f"{who} says to have sent {claim.amount}"
    match claim.status:
        case Status.MATCHED:
            return f"{said}, and it came.", ""
        case Status.HELD:
            return f"{said}; it waits for approval.", "Approve or refuse the order."
        case Status.FAILED:
            return f"{said}, and it was not found.", ""
        case Status.EXPIRED:
            return f"{said}; the time for it ran out.", "A receipt that comes late shows it again."
        case _:
            return f"{said}; it did not come yet.", ""


admin.site.register(Claim, ClaimAdmin)
