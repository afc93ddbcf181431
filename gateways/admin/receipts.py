"""Receipts: the money that came by SMS, and what it is for. The screen for unmatched money."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Concat
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator

from gateways.admin.pasting import PasteForm, what_it_reads
from gateways.admin.receipt_acts import ACTS, READ_AGAIN
from gateways.admin.receipt_page import page_of, payer_of
from gateways.admin.wallet_names import masked, receipt_chip, wallet_name
from gateways.models import Phone, Receipt, Wallet
from gateways.orders.deciding import NotNow
from gateways.receipts import deciding
from gateways.wallet.phones import local_phone
from ledger.admin.acts import ROWS_AT_ONCE, WithActs
from ledger.admin.records import FOUND_AT_MOST, Record
from ledger.admin.showing import Chip, Page, address, link, moment, money, visible
from ledger.admin.tenant import MerchantFilter, within
from ledger.models import AuditEvent
from ledger.money import Money, MoneyError

Status = Receipt.Status
FILTER_CHOICES = 100
FITS_SHOWN = 3
WHY_SHOWN = 90


class OwnRowFilter(admin.SimpleListFilter):
    """By a row of the user's own merchants; a value that is none of them filters nothing."""

    kind: type[Model]

    def name(self, row: Any) -> str:
        return visible(str(row))

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = within(self.kind._default_manager.order_by("pk"), request.user)
        return [(str(row.pk), self.name(row)) for row in rows[:FILTER_CHOICES]]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        value = self.value()
        known = {key for key, _ in self.lookup_choices}
        return queryset.filter(**{str(self.parameter_name): value}) if value in known else queryset


class WalletFilter(OwnRowFilter):
    title = "wallet"
    parameter_name = "wallet"
    kind = Wallet

    def name(self, row: Any) -> str:
        return wallet_name(row)


class PhoneFilter(OwnRowFilter):
    title = "phone"
    parameter_name = "phone"
    kind = Phone


def amounts_in(term: str) -> list[int]:
    """Piastres that a person may mean: 49.90 is 4990, and 4990 is 4990.00 EGP or 4990 piastres."""
    try:
        typed = Money.parse(term.removesuffix("EGP").strip(), "EGP")
    except MoneyError:
        return []
    pounds = Money.parse("1", "EGP").units
    return [typed.units] if "." in term else [typed.units, typed.units // pounds]


class ReceiptAdmin(WithActs, Record):
    change_list_template = "admin/receipts.html"
    list_display = (
        "came", "status_chip", "amount", "payer", "suggested", "note", "reference", "wallet_of",
        "merchant",
    )  # fmt: skip
    list_filter = (MerchantFilter, "status", WalletFilter, PhoneFilter)
    list_select_related = ("merchant", "wallet", "claim__order__bill")
    search_fields = ("transaction_id", "payer_phone")
    search_help_text = "Transaction id, the payer's phone, or an amount such as 49.90"
    linked_lookups = (WalletFilter.parameter_name, PhoneFilter.parameter_name)
    actions = ("read_again",)
    acts = ACTS
    service_errors = (*WithActs.service_errors, NotNow)
    fieldsets = (
        (
            "All fields",
            {
                "classes": ("collapse",),
                "fields": (
                    "merchant", "gateway", "phone", "callback", "wallet", "status", "reason",
                    "sender_id", "fingerprint", "wallet_kind", "template", "amount_units",
                    "left_units", "payer_phone", "payer_name", "balance_units", "transaction_id",
                    "trusted", "happened_at", "sent_at", "received_at", "times",
                ),
            },
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the last word of a person on each, for the list."""
        rows = super().get_queryset(request)
        events = AuditEvent.objects.filter(target="gateways.receipt", target_id=OuterRef("pk"))
        said = events.order_by("-pk").annotate(
            word=Concat("actor", Value(": "), "reason", output_field=TextField())
        )
        return rows.annotate(last_word=Subquery(said.exclude(reason="").values("word")[:1]))

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        """By id and phone in any spelling; by amount, too, but not beside the ids of other rows."""
        found, _ = super().get_search_results(request, queryset, search_term)
        term = search_term.strip()
        if not term or len(term) > 200 or "\x00" in term:
            return found, False
        fits = Q(pk__in=found.values_list("pk", flat=True)[:FOUND_AT_MOST])
        if number := local_phone(term):
            fits |= Q(payer_phone=number)
        everywhere = str(request.resolver_match and request.resolver_match.url_name) == "find"
        if "." in term or not everywhere:
            fits |= Q(amount_units__in=amounts_in(term))
        return queryset.filter(fits), False

    # --- the list ---------------------------------------------------------------------------------
    @admin.display(description="Received")
    def came(self, receipt: Receipt) -> str:
        return moment(receipt.received_at, receipt.merchant.time_zone)

    @admin.display(description="Status")
    def status_chip(self, receipt: Receipt) -> Chip:
        return receipt_chip(receipt)

    @admin.display(description="Amount")
    def amount(self, receipt: Receipt) -> str:
        return money(receipt.amount) if receipt.amount_units else ""

    @admin.display(description="From")
    def payer(self, receipt: Receipt) -> str:
        return masked(receipt.payer_phone) or payer_of(receipt)

    @admin.display(description="Reference")
    def reference(self, receipt: Receipt) -> str:
        return visible(receipt.transaction_id)

    @admin.display(description="Wallet")
    def wallet_of(self, receipt: Receipt) -> str:
        return wallet_name(receipt.wallet) if receipt.wallet else visible(receipt.sender_id)

    @admin.display(description="For")
    def suggested(self, receipt: Receipt) -> str:
        """What it was booked for; else why it waits, and what it may be for."""
        if receipt.status == Status.MATCHED:
            claim = getattr(receipt, "claim", None)
            return link(claim.order, str(claim.order.bill)) if claim and claim.order else ""
        why = Truncator(visible(receipt.reason)).chars(WHY_SHOWN)
        if receipt.status != Status.REVIEW:
            return why
        # A few questions for each of these rows, of which a page holds fifty at most.
        fits = [
            (address(order), reason, str(order.bill))
            for order, reason in deciding.candidates_for(receipt)[:FITS_SHOWN]
        ]
        links = format_html_join(", ", '<a href="{}" title="{}">{}</a>', fits)
        return format_html("{}<br>May be for {}", why, links) if fits else why

    @admin.display(description="Last word")
    def note(self, receipt: Any) -> str:
        return Truncator(visible(receipt.last_word or "")).chars(60)

    @admin.action(description="Read again", permissions=["decide"])
    def read_again(self, request: HttpRequest, receipts: "QuerySet[Receipt]") -> None:
        self.act_on_list(request, receipts, READ_AGAIN)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return self.may(request, READ_AGAIN)

    def page(self, request: HttpRequest, row: Any) -> Page:
        return page_of(row)

    # --- beside the list --------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        return [
            path("paste/", self.admin_site.admin_view(self.paste), name="gateways_receipt_paste"),
            path(
                "read-unread/",
                self.admin_site.admin_view(self.read_all_unread),
                name="gateways_receipt_read_unread",
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        unread = within(Receipt.objects.filter(status=Status.UNREAD), request.user)
        context = {
            "unread": self.may(request, READ_AGAIN) and unread.exists(),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def paste(self, request: HttpRequest) -> HttpResponse:
        """A message as a person has it: what the reader makes of it. Nothing is stored."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = PasteForm(request.POST or None)
        context = {
            **self.admin_site.each_context(request),
            "title": "Try a message",
            "opts": self.opts,
            "form": form,
            "reading": what_it_reads(form.cleaned_data) if form.is_valid() else None,
        }
        status = 400 if form.is_bound and form.errors else 200
        return TemplateResponse(request, "admin/paste.html", context, status=status)

    def read_all_unread(self, request: HttpRequest) -> HttpResponse:
        """All that could not be read, of the user's own merchants, so many at a time."""
        if not self.may(request, READ_AGAIN):
            raise PermissionDenied
        if request.method == "POST":
            unread = self.get_queryset(request).filter(status=Status.UNREAD).order_by("pk")
            self.act_on_list(request, unread[: ROWS_AT_ONCE + 1], READ_AGAIN)
        return HttpResponseRedirect(reverse("admin:gateways_receipt_changelist"))


admin.site.register(Receipt, ReceiptAdmin)
