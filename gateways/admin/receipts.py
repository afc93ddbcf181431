"""Receipts: the money that came by SMS, and what it is for. The screen for unmatched money."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import F, Model, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Concat
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.admin.pasting import PasteForm, what_it_reads
from gateways.admin.receipt_acts import ACTS, READ_AGAIN
from gateways.admin.receipt_page import page_of, payer_of
from gateways.admin.wallet_names import masked, receipt_chip, receipt_name, wallet_name
from gateways.models import Phone, Receipt, Wallet
from gateways.orders.deciding import NotNow
from gateways.receipts import deciding
from gateways.wallet.phones import local_phone
from ledger.admin.acts import ROWS_AT_ONCE, WithActs
from ledger.admin.records import FOUND_AT_MOST, Record
from ledger.admin.showing import (
    Page,
    address,
    isolated,
    link,
    moment,
    money,
    two_lines,
    visible,
)
from ledger.admin.tenant import MerchantFilter, merchants_of, within
from ledger.models import AuditEvent
from ledger.money import Money, MoneyError

Status = Receipt.Status
FILTER_CHOICES = 100
FITS_SHOWN = 3
WHY_SHOWN, WORD_SHOWN = 90, 60


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
    title = _("wallet")
    parameter_name = "wallet"
    kind = Wallet

    def name(self, row: Any) -> str:
        return wallet_name(row)


class PhoneFilter(OwnRowFilter):
    title = _("phone")
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
    # Few columns, so that nothing scrolls sideways beside the filters.
    list_display = ("came", "amount", "payer", "suggested")
    list_filter = (MerchantFilter, "status", WalletFilter, PhoneFilter)
    list_select_related = ("merchant", "wallet", "claim__order__bill")
    search_fields = ("transaction_id", "payer_phone")
    search_help_text = _("Transaction id, the payer's phone, or an amount such as 49.90")
    linked_lookups = (WalletFilter.parameter_name, PhoneFilter.parameter_name)
    actions = ("read_again",)
    acts = ACTS
    service_errors = (*WithActs.service_errors, NotNow)
    fieldsets = (
        (
            _("All fields"),
            {
                "classes": ("collapse",),
                "fields": (
                    "merchant", "gateway", "phone", "callback", "wallet", "status", "why",
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
        several = merchants_of(request.user)[:2].count() > 1
        return rows.annotate(
            whose=F("merchant__name") if several else Value(""),
            last_word=Subquery(said.exclude(reason="").values("word")[:1]),
        )

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        """By id and phone in any spelling; by amount, too, but not beside the ids of other rows."""
        found, _distinct = super().get_search_results(request, queryset, search_term)
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
    @admin.display(description=_("Came"))
    def came(self, receipt: Receipt) -> str:
        """When, and what became of it."""
        at = moment(receipt.received_at, receipt.merchant.time_zone)
        return format_html("<time>{}</time> {}", at, receipt_chip(receipt))

    @admin.display(description=_("Amount"))
    def amount(self, receipt: Any) -> str:
        """What came, and to which wallet."""
        wallet = wallet_name(receipt.wallet) if receipt.wallet else visible(receipt.sender_id)
        came = money(receipt.amount) if receipt.amount_units else ""
        return two_lines(two_lines(came, isolated(wallet)), isolated(receipt.whose))

    @admin.display(description=_("From"))
    def payer(self, receipt: Receipt) -> str:
        who = isolated(masked(receipt.payer_phone) or payer_of(receipt))
        return two_lines(who, isolated(visible(receipt.transaction_id)))

    @admin.display(description=_("For"))
    def suggested(self, receipt: Any) -> str:
        """What it was booked for; else why it waits, and what it may be for; then a person's word."""
        word = Truncator(visible(receipt.last_word or "")).chars(WORD_SHOWN)
        return two_lines(self._meant_for(receipt), isolated(word))

    def _meant_for(self, receipt: Receipt) -> str:
        if receipt.status == Status.MATCHED:
            claim = getattr(receipt, "claim", None)
            return link(claim.order, str(claim.order.bill)) if claim and claim.order else ""
        why = isolated(Truncator(visible(receipt.reason)).chars(WHY_SHOWN))
        if receipt.status != Status.REVIEW:
            return why
        # A few questions for each of these rows, of which a page holds fifty at most.
        fits = [
            (address(order), reason, isolated(str(order.bill)))
            for order, reason in deciding.candidates_for(receipt)[:FITS_SHOWN]
        ]
        links = format_html_join(gettext(", "), '<a href="{}" title="{}">{}</a>', fits)
        if not fits:
            return why
        return format_html(
            "{}<br>{}", why, format_html(gettext("May be for {orders}"), orders=links)
        )

    def named(self, row: Any) -> str:
        return receipt_name(row)

    @admin.action(description=_("Read again"), permissions=["decide"])
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
            "title": gettext("Try a message"),
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
