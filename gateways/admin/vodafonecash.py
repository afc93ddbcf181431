"""A merchant's VodafoneCash store: its settings, its wallets, its keys, and whether all is ready."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html

from gateways.admin.accounts import AccountAdmin
from gateways.admin.inputs import Egp
from gateways.admin.vodafonecash_form import VodafoneCashForm, WalletForm
from gateways.admin.vodafonecash_page import NOT_YET, biller_of, state_of, tail_of, to_copy, whmcs
from gateways.admin.vodafonecash_trying import lines_for
from gateways.models import Phone, VodafoneCashGateway, Wallet
from ledger.admin.acts import Act, Doing, ReasonForm
from ledger.admin.showing import (
    BAD,
    GOOD,
    QUIET,
    Chip,
    Fact,
    Facts,
    Page,
    done_by_people,
    link,
    visible,
)
from ledger.admin.tenant import MerchantFilter
from ledger.ports import database_now, new_token
from ledger.settlement import audit

MAY_CHANGE = "gateways.change_vodafonecashgateway"


class WalletRows(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """The store's wallets; each number once, on phones of the same store."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        store = self.instance
        phones = Phone.objects.filter(gateway=store) if store.pk else Phone.objects.none()
        return {**super().get_form_kwargs(index), "phones": phones}


class WalletInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Wallet
    form = WalletForm
    formset = WalletRows
    extra = 1
    can_delete = False
    verbose_name_plural = "Wallets: the numbers that payers send to"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class VodafoneCashAdmin(AccountAdmin):
    form = VodafoneCashForm
    inlines = (WalletInline,)
    list_display = ("name", "state", "merchant", "mode", "store_currency", "rate", "store_number")
    list_filter = (MerchantFilter, "enabled")
    readonly_fields = (
        "store_number", "api_url", "whmcs_identifier", "whmcs_secret", "hold_above",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("merchant", "name", "enabled", "mode")}),
        (
            "Store settings",
            {
                "fields": (
                    "system_url", "store_number", "store_id", "api_url", "whmcs_identifier",
                    "whmcs_secret", "new_store_key",
                ),
            },
        ),
        (
            "Currency and rate",
            {"fields": ("store_currency", "rate", "offer_timeout_minutes", "unique_amounts")},
        ),
        (
            "Anti-Spam",
            {
                "fields": (
                    "hold_first", "hold_above_units", "hold_after_failures", "receipt_age_hours",
                    "legacy_open",
                ),
                "description": "What is held waits on the home page; approving it completes the "
                "payment and tells WHMCS, and the payer need not come back.",
            },
        ),
        ("Phones", {"fields": ("silent_minutes",)}),
    )  # fmt: skip

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look sees pounds, not piastres, and no inputs for secrets."""
        if obj is None or self.has_change_permission(request, obj):
            return self.fieldsets
        told = {"hold_above_units": "hold_above"}
        boxes = []
        for title, box in self.fieldsets:
            shown = [str(name) for name in box["fields"] if not str(name).startswith("new_")]
            names = [told.get(name, name) for name in shown]
            boxes.append((title, {**box, "fields": names}))
        return boxes

    @admin.display(description="Hold above")
    def hold_above(self, store: VodafoneCashGateway) -> str:
        units = store.hold_above_units
        return "none" if units is None else str(Egp(units))

    @admin.display(description="Store ID")
    def store_number(self, store: VodafoneCashGateway) -> str:
        """Ours: what plugins that point here send as store_id."""
        return str(store.pk) if store.pk else "Shown here once this is saved."

    @admin.display(description="API URL")
    def api_url(self, store: VodafoneCashGateway) -> str:
        biller = biller_of(store) if store.pk else None
        if biller is None:
            return "Your WHMCS, entered once for all gateways under Billers."
        return format_html("{} ({})", visible(biller.url), link(biller, "change it at the biller"))

    @admin.display(description="WHMCS Identifier")
    def whmcs_identifier(self, store: VodafoneCashGateway) -> str:
        biller = biller_of(store) if store.pk else None
        return tail_of(biller.identifier) if biller else NOT_YET

    @admin.display(description="WHMCS Secret")
    def whmcs_secret(self, store: VodafoneCashGateway) -> str:
        biller = biller_of(store) if store.pk else None
        return biller.hint("secret") if biller else NOT_YET

    def page(self, request: HttpRequest, row: Any) -> Page:
        sentence, tone, way_out = state_of(row)
        return Page(
            sentence,
            tone,
            way_out,
            facts=[to_copy(row), whmcs(row)],
            steps=done_by_people(row, row.merchant.time_zone),
        )

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Wallets are the store's merchant's, and each change of one is written down."""
        store, story = form.instance, []
        for wallet in formset.save(commit=False):
            added = wallet.pk is None
            wallet.merchant_id = store.merchant_id
            wallet.save()
            what = "added" if added else "changed"
            on = f"on {wallet.phone.name}" if wallet.phone else "on no phone"
            story.append(f"{wallet} {what}: {on}, {'in use' if wallet.active else 'off'}")
        if story:
            self._wrote(request.user.get_username(), store, "change wallets", "; ".join(story))

    def get_acts(self) -> tuple[Act, ...]:
        return (
            Act(
                "check",
                "Go through the checklist",
                MAY_CHANGE,
                self.go_through,
                "Tries out what is needed before going live, and changes nothing anywhere.",
            ),
            Act(
                "new-key",
                "New store key",
                MAY_CHANGE,
                self.new_key,
                "Makes a new one and shows it once. Plugins are refused until they have it too.",
                confirm=True,
                grave=True,
            ),
            Act(
                "remove-key",
                "Remove store key",
                MAY_CHANGE,
                self.remove_key,
                "No plugin can claim then, unless legacy open mode is on.",
                form=ReasonForm,
                why_not=lambda row: "" if row.store_key else "None is set.",
                grave=True,
            ),
        )

    def go_through(self, doing: Doing) -> HttpResponse:
        lines = list(lines_for(doing.row))
        failed = sum(line.ok is False for line in lines)
        context = {
            "title": f"Checklist: {doing.row.name}",
            "lines": lines,
            "good": not failed,
            "all_good": "All that could be tried works.",
            "failed": failed,
            "again": next(act for act in self.get_acts() if act.slug == "check"),
            "again_label": "Check again",
        }
        return self._own_page(doing, "admin/connection.html", context)

    def new_key(self, doing: Doing) -> HttpResponse:
        """The answer to the POST itself, so that the key is kept in no message or cookie."""
        store, key = doing.row, new_token() + new_token()
        store.seal("store_key", key)
        store.save(update_fields=["store_key"])
        self._wrote(doing.actor, store, "new store key")
        self.log_change(doing.request, store, "New store key")
        facts = [Fact("Store key", key, copy=True), Fact("Store ID", store.pk, copy=True)]
        context = {
            "title": f"Store key of {store.name}",
            "facts": Facts("Copy it now", facts),
            "what": "store key",
        }
        return self._own_page(doing, "admin/secret_once.html", context)

    def remove_key(self, doing: Doing) -> str:
        doing.row.seal("store_key", "")
        doing.row.save(update_fields=["store_key"])
        self._wrote(
            doing.actor, doing.row, "remove store key", reason=doing.fields.get("reason", "")
        )
        return "The store key is removed."

    def _wrote(self, actor: str, store: Any, verb: str, detail: str = "", reason: str = "") -> None:
        audit(
            merchant=store.merchant,
            actor=actor,
            verb=verb,
            target="gateways.vodafonecashgateway",
            target_id=store.pk,
            now=database_now(),
            reason=reason,
            detail=detail,
        )

    def _own_page(self, doing: Doing, template: str, context: dict[str, Any]) -> TemplateResponse:
        shown = {
            **self.admin_site.each_context(doing.request),
            "opts": self.opts,
            "original": doing.row,
            "back": self._address(doing.row),
            **context,
        }
        return TemplateResponse(doing.request, template, shown)

    @admin.display(description="State")
    def state(self, account: Any) -> Chip:
        if account.enabled and account.legacy_open:
            return Chip("open to claims", BAD)
        return Chip("enabled", GOOD) if account.enabled else Chip("off", QUIET)


admin.site.register(VodafoneCashGateway, VodafoneCashAdmin)
