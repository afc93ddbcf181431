"""Claims: who says to have sent what, and what became of it. Only to be looked at."""

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet, Value
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.admin.wallet_names import CLAIM_TONES, claim_chip, claim_name, masked, receipt_name
from gateways.models import Claim, Receipt
from gateways.wallet.phones import local_phone
from ledger.admin.records import Record
from ledger.admin.showing import (
    Fact,
    Facts,
    Page,
    done_by_people,
    isolated,
    link,
    moment,
    money,
    two_lines,
    visible,
)
from ledger.admin.tenant import MerchantFilter, merchants_of

Status = Claim.Status


class ClaimAdmin(Record):
    list_display = ("made", "amount", "who", "order_link", "receipt_link")
    list_filter = (MerchantFilter, "status", "source")
    list_select_related = ("merchant", "order__bill", "receipt")
    search_fields = ("phone", "reference", "order__reference", "order__bill__reference")
    search_help_text = _(
        "The payer's phone, the transaction id, the order reference or the invoice"
    )
    fieldsets = (
        (
            _("All fields"),
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

    def get_queryset(self, request: HttpRequest) -> Any:
        several = merchants_of(request.user)[:2].count() > 1
        return super().get_queryset(request).annotate(
            whose=F("merchant__name") if several else Value("")
        )  # fmt: skip

    @admin.display(description=_("Made"))
    def made(self, claim: Claim) -> str:
        """When, and how it stands."""
        at = moment(claim.created, claim.merchant.time_zone)
        return format_html("<time>{}</time> {}", at, claim_chip(claim))

    @admin.display(description=_("Amount"))
    def amount(self, claim: Any) -> str:
        return two_lines(money(claim.amount), isolated(claim.whose))

    @admin.display(description=_("Says to be"))
    def who(self, claim: Claim) -> str:
        payer = masked(claim.phone) or visible(claim.name or claim.reference)
        client = gettext("client {id}").format(id=visible(claim.client)) if claim.client else ""
        return two_lines(isolated(payer), isolated(client))

    @admin.display(description=_("For"))
    def order_link(self, claim: Claim) -> str:
        return link(claim.order, str(claim.order.bill)) if claim.order else _credit()

    @admin.display(description=_("Receipt"))
    def receipt_link(self, claim: Claim) -> str:
        came = link(claim.receipt, str(claim.receipt.amount)) if claim.receipt else ""
        return two_lines(came, isolated(claim.get_source_display()))

    def named(self, row: Any) -> str:
        return claim_name(row)

    def page(self, request: HttpRequest, row: Any) -> Page:
        place = row.merchant.time_zone
        facts = [
            Fact(gettext("Amount"), money(row.amount)),
            Fact(gettext("Payer's phone"), visible(row.phone), copy=bool(row.phone)),
            Fact(gettext("Payer's name"), visible(row.name)),
            Fact(gettext("Transaction id"), visible(row.reference)),
            Fact(gettext("Client id"), visible(row.client)),
            Fact(gettext("User name"), visible(row.user_name)),
            Fact(gettext("Came through"), row.get_source_display()),
            Fact(gettext("Made"), moment(row.created, place)),
            Fact(gettext("Expires"), moment(row.expires, place)),
        ]
        became = [
            Fact(gettext("Order"), link(row.order, row.order.reference) if row.order else ""),
            Fact(gettext("For"), link(row.order.bill) if row.order else _credit()),
            Fact(gettext("Receipt"), _receipt(row.receipt)),
            Fact(
                gettext("Payment"), link(row.payment, row.payment.reference) if row.payment else ""
            ),
            Fact(gettext("Id at vodafoncash.com"), visible(row.upstream_id)),
        ]
        sentence, way_out = _state(row)
        return Page(
            sentence,
            CLAIM_TONES[Status(row.status)],
            way_out,
            facts=[
                Facts(gettext("What the payer says"), facts),
                Facts(gettext("What became of it"), became),
            ],
            steps=done_by_people(row, place),
        )


def _credit() -> str:
    return gettext("the client's credit")


def _receipt(receipt: Receipt | None) -> str:
    return link(receipt, receipt_name(receipt)) if receipt else ""


def _state(claim: Claim) -> tuple[str, str]:
    way_out = ""
    match claim.status:
        case Status.MATCHED:
            said = gettext("{who} says to have sent {amount}, and it came.")
        case Status.HELD:
            said = gettext("{who} says to have sent {amount}; it waits for approval.")
            way_out = gettext("Approve or refuse the order.")
        case Status.FAILED:
            said = gettext("{who} says to have sent {amount}, and it was not found.")
        case Status.EXPIRED:
            said = gettext("{who} says to have sent {amount}; the time for it ran out.")
            way_out = gettext("A receipt that comes late shows it again.")
        case _:
            said = gettext("{who} says to have sent {amount}; it did not come yet.")
    who = visible(claim.phone or claim.name or claim.reference) or gettext("Somebody")
    return said.format(who=who, amount=claim.amount), way_out


admin.site.register(Claim, ClaimAdmin)
