"""A merchant's VodafoneCash store: its settings, its wallets, its keys, and whether all is ready."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.admin.accounts import AccountAdmin
from gateways.admin.inputs import Egp
from gateways.admin.vodafonecash_form import VodafoneCashForm, WalletForm
from gateways.admin.vodafonecash_page import (
    address_of,
    biller_of,
    key_of,
    not_yet,
    shape_of,
    shop,
    state_of,
    tail_of,
    to_copy,
)
from gateways.admin.vodafonecash_trying import lines_for
from gateways.models import Phone, VodafoneCashGateway, Wallet
from ledger.admin.acts import Act, Doing, ReasonForm
from ledger.admin.showing import (
    BAD,
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
# What stands in the place of a WHMCS's credential.
OF_WEBSITE = {"whmcs_identifier": "website_shape", "whmcs_secret": "website_key"}


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
    verbose_name = _("wallet number")
    can_delete = False
    verbose_name_plural = _("Wallets: the numbers that payers send to")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class VodafoneCashAdmin(AccountAdmin):
    form = VodafoneCashForm
    inlines = (WalletInline,)
    list_display = (
        "called", "state", "merchant", "read_by", "store_currency", "rate_now", "store_number",
    )  # fmt: skip
    list_filter = (MerchantFilter, "enabled")
    readonly_fields = (
        "store_number", "api_url", "whmcs_identifier", "whmcs_secret", "website_shape",
        "website_key", "hold_above",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("merchant", "name", "enabled", "mode")}),
        (
            _("Store settings"),
            {
                "fields": (
                    "system_url", "store_number", "store_id", "api_url", "whmcs_identifier",
                    "whmcs_secret", "new_store_key",
                ),
            },
        ),
        (
            _("Currency and rate"),
            {"fields": ("store_currency", "rate", "offer_timeout_minutes", "unique_amounts")},
        ),
        (
            _("Anti-Spam"),
            {
                "fields": (
                    "hold_first", "hold_above_units", "hold_after_failures", "receipt_age_hours",
                    "legacy_open",
                ),
                "description": _(
                    "What is held waits on the home page; approving it completes the payment and tells "
                    "your WHMCS or website, and the payer need not come back."
                ),
            },
        ),
        (_("Phones"), {"fields": ("silent_minutes",)}),
    )  # fmt: skip

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look sees pounds, not piastres, and no inputs for secrets."""
        biller = biller_of(obj) if obj else None
        told = dict(OF_WEBSITE) if biller and biller.is_website else {}
        may_change = obj is None or self.has_change_permission(request, obj)
        if not may_change:
            told["hold_above_units"] = "hold_above"
        boxes = []
        for title, box in self.fieldsets:
            names = [told.get(str(name), str(name)) for name in box["fields"]]
            shown = [name for name in names if may_change or not name.startswith("new_")]
            boxes.append((title, {**box, "fields": shown}))
        return boxes

    @admin.display(description=_("Name"), ordering="name")
    def called(self, store: VodafoneCashGateway) -> str:
        return store.name

    @admin.display(description=_("Mode"), ordering="mode")
    def read_by(self, store: VodafoneCashGateway) -> str:
        return store.get_mode_display()

    @admin.display(description=_("Rate"), ordering="rate")
    def rate_now(self, store: VodafoneCashGateway) -> str:
        return store.rate

    @admin.display(description=_("Hold above"))
    def hold_above(self, store: VodafoneCashGateway) -> str:
        units = store.hold_above_units
        return gettext("none") if units is None else str(Egp(units))

    @admin.display(description=_("Store ID"))
    def store_number(self, store: VodafoneCashGateway) -> str:
        """Ours: what plugins that point here send as store_id."""
        return str(store.pk) if store.pk else gettext("Shown here once this is saved.")

    @admin.display(description=_("API URL"))
    def api_url(self, store: VodafoneCashGateway) -> str:
        biller = biller_of(store) if store.pk else None
        if biller is None:
            return gettext("Your WHMCS or website, entered once for all gateways under Billers.")
        change = link(biller, gettext("change it at the biller"))
        return format_html("{} ({})", visible(address_of(biller)), change)

    @admin.display(description=_("WHMCS Identifier"))
    def whmcs_identifier(self, store: VodafoneCashGateway) -> str:
        biller = biller_of(store) if store.pk else None
        return tail_of(biller.identifier) if biller else not_yet()

    @admin.display(description=_("WHMCS Secret"))
    def whmcs_secret(self, store: VodafoneCashGateway) -> str:
        biller = biller_of(store) if store.pk else None
        return biller.hint("secret") if biller else not_yet()

    @admin.display(description=_("Told as"))
    def website_shape(self, store: VodafoneCashGateway) -> str:
        return shape_of(store.merchant.biller)

    @admin.display(description=_("Website key"))
    def website_key(self, store: VodafoneCashGateway) -> str:
        return key_of(store.merchant.biller)

    def page(self, request: HttpRequest, row: Any) -> Page:
        sentence, tone, way_out = state_of(row)
        return Page(
            sentence,
            tone,
            way_out,
            facts=[to_copy(row), shop(row)],
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
                _("Go through the checklist"),
                MAY_CHANGE,
                self.go_through,
                _("Tries out what is needed before going live, and changes nothing anywhere."),
            ),
            Act(
                "new-key",
                _("New store key"),
                MAY_CHANGE,
                self.new_key,
                _("Makes a new one and shows it once. Plugins are refused until they have it too."),
                confirm=True,
                grave=True,
            ),
            Act(
                "remove-key",
                _("Remove store key"),
                MAY_CHANGE,
                self.remove_key,
                _("No plugin can claim then, unless legacy open mode is on."),
                form=ReasonForm,
                why_not=lambda row: "" if row.store_key else gettext("None is set."),
                grave=True,
            ),
        )

    def go_through(self, doing: Doing) -> HttpResponse:
        lines = list(lines_for(doing.row))
        failed = sum(line.ok is False for line in lines)
        context = {
            "title": gettext("Checklist: {store}").format(store=doing.row.name),
            "lines": lines,
            "good": not failed,
            "all_good": gettext("All that could be tried works."),
            "failed": failed,
            "again": next(act for act in self.get_acts() if act.slug == "check"),
            "again_label": gettext("Check again"),
        }
        return self._own_page(doing, "admin/connection.html", context)

    def new_key(self, doing: Doing) -> HttpResponse:
        """The answer to the POST itself, so that the key is kept in no message or cookie."""
        store, key = doing.row, new_token() + new_token()
        store.seal("store_key", key)
        store.save(update_fields=["store_key"])
        self._wrote(doing.actor, store, "new store key")
        self.log_change(doing.request, store, "New store key")
        facts = [
            Fact(gettext("Store key"), key, copy=True),
            Fact(gettext("Store ID"), store.pk, copy=True),
        ]
        context = {
            "title": gettext("Store key of {store}").format(store=store.name),
            "facts": Facts(gettext("Copy it now"), facts),
            "what": gettext("store key"),
        }
        return self._own_page(doing, "admin/secret_once.html", context)

    def remove_key(self, doing: Doing) -> str:
        doing.row.seal("store_key", "")
        doing.row.save(update_fields=["store_key"])
        self._wrote(
            doing.actor, doing.row, "remove store key", reason=doing.fields.get("reason", "")
        )
        return gettext("The store key is removed.")

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

    @admin.display(description=_("State"))
    def state(self, account: Any) -> Chip:
        if account.enabled and account.legacy_open:
            return Chip(gettext("open to claims"), BAD)
        return super().state(account)


admin.site.register(VodafoneCashGateway, VodafoneCashAdmin)
