"""A merchant's HavenoPay account: its settings, its keys, and whether its relay and prices work."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.admin.accounts import AccountAdmin, webhook_url
from gateways.admin.haveno_form import HavenoForm
from gateways.admin.haveno_page import keys_in_use, state_of, to_copy
from gateways.admin.haveno_trying import Line, price_lines, relay_lines
from gateways.admin.inputs import Percent
from gateways.models import HavenoGateway
from gateways.providers.haveno import key_id, new_merchant_key, public_half
from ledger.admin.acts import Act, Doing, ReasonForm
from ledger.admin.showing import BAD, QUIET, Chip, Fact, Facts, Page, done_by_people
from ledger.admin.tenant import MerchantFilter
from ledger.ports import database_now, new_webhook_secret
from ledger.settlement import audit

MAY_CHANGE = "gateways.change_havenogateway"


class HavenoAdmin(AccountAdmin):
    form = HavenoForm
    list_display = ("called", "state", "merchant", "currencies", "prices")
    list_filter = (MerchantFilter, "enabled")
    readonly_fields = ("shown_webhook_url", "webhook_secret_now", "tolerance", "deviation")
    fieldsets = (
        (None, {"fields": ("merchant", "name")}),
        (
            "HavenoPay",
            {
                "fields": (
                    "enabled", "accepted_currencies", "offer_timeout_minutes", "shown_webhook_url",
                    "node_address", "relay_keys",
                ),
            },
        ),
        (_("Receiving"), {"fields": ("receive_account", "auto_confirm", "webhook_secret_now")}),
        (_("Relay"), {"fields": ("relay_url",)}),
        (_("What counts as paid"), {"fields": ("confirmations", "tolerance_bp", "over", "late")}),
        (
            _("Prices"),
            {
                "fields": (
                    "price_source", "price_checks", "fixed_rates", "price_url", "deviation_bp",
                    "price_age_minutes",
                ),
            },
        ),
    )  # fmt: skip

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look sees percentages, not the hundredths that are stored."""
        if obj is None or self.has_change_permission(request, obj):
            return self.fieldsets
        told = {"tolerance_bp": "tolerance", "deviation_bp": "deviation"}
        boxes = []
        for title, box in self.fieldsets:
            names = [told.get(str(name), name) for name in box["fields"]]
            boxes.append((title, {**box, "fields": names}))
        return boxes

    @admin.display(description=_("Name"), ordering="name")
    def called(self, account: HavenoGateway) -> str:
        return account.name

    @admin.display(description=_("Accepted currencies"), ordering="accepted_currencies")
    def currencies(self, account: HavenoGateway) -> str:
        return account.accepted_currencies.replace(",", gettext(", "))

    @admin.display(description=_("Underpayment tolerance"))
    def tolerance(self, account: HavenoGateway) -> str:
        return str(Percent(account.tolerance_bp))

    @admin.display(description=_("Largest deviation"))
    def deviation(self, account: HavenoGateway) -> str:
        return str(Percent(account.deviation_bp))

    @admin.display(description=_("Webhook URL"))
    def shown_webhook_url(self, account: HavenoGateway) -> str:
        if account.pk is None:
            return gettext("Shown here once this is saved. Copy it into the relay.")
        fact = Fact(gettext("Webhook URL"), webhook_url(account), copy=True)
        return render_to_string("admin/parts/copy.html", {"fact": fact})

    @admin.display(description=_("Webhook secret"))
    def webhook_secret_now(self, account: HavenoGateway) -> str:
        return gettext("none yet") if account.pk is None else account.hint("webhook_secret")

    @admin.display(description=_("Prices"))
    def prices(self, account: HavenoGateway) -> Chip:
        if account.price_trouble:
            return Chip(gettext("no price"), BAD)
        return Chip(account.get_price_source_display(), QUIET)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            take_new_key(obj)
        super().save_model(request, obj, form, change)

    def page(self, request: HttpRequest, row: Any) -> Page:
        sentence, tone, way_out = state_of(row)
        return Page(
            sentence,
            tone,
            way_out,
            facts=[to_copy(row), keys_in_use(row)],
            steps=done_by_people(row, row.merchant.time_zone),
        )

    def get_acts(self) -> tuple[Act, ...]:
        return (
            Act(
                "ask-prices",
                gettext("Ask prices now"),
                MAY_CHANGE,
                self.ask_prices,
                gettext(
                    "Asks the price sources what each accepted currency costs now. Changes no setting."
                ),
            ),
            Act(
                "test-relay",
                gettext("Test the relay"),
                MAY_CHANGE,
                self.test_relay,
                gettext("Asks the relay for its prices and tries the keys. Changes nothing there."),
            ),
            Act(
                "new-secret",
                gettext("New webhook secret"),
                MAY_CHANGE,
                self.new_secret,
                gettext(
                    "Makes a new one and shows it once. Webhooks are refused until the relay has it "
                    "too; payments are then found by asking the relay, a few minutes later."
                ),
                confirm=True,
                grave=True,
            ),
            Act(
                "remove-secret",
                gettext("Remove webhook secret"),
                MAY_CHANGE,
                self.remove_secret,
                gettext("Webhooks are then believed by the relay's signature alone."),
                form=ReasonForm,
                why_not=lambda row: "" if row.webhook_secret else gettext("None is set."),
                grave=True,
            ),
            Act(
                "new-key",
                gettext("New merchant key"),
                MAY_CHANGE,
                self.new_key,
                gettext(
                    "New offers are signed with a new key, which you must enter at the relay at once: "
                    "it refuses them until then. The key of today stays published, the one before it "
                    "no more."
                ),
                form=ReasonForm,
                grave=True,
            ),
        )

    def ask_prices(self, doing: Doing) -> HttpResponse:
        lines = list(price_lines(doing.row))
        if lines and all(line.ok for line in lines):
            rows = HavenoGateway.objects.filter(pk=doing.row.pk)
            rows.update(price_trouble="", price_trouble_at=None)
        return self._tried(
            doing, "ask-prices", lines, gettext("There is a price for every currency.")
        )

    def test_relay(self, doing: Doing) -> HttpResponse:
        lines = relay_lines(doing.row)
        return self._tried(doing, "test-relay", lines, gettext("All that could be tried works."))

    def _tried(
        self, doing: Doing, slug: str, lines: Iterable[Line], all_good: str
    ) -> TemplateResponse:
        lines = list(lines)
        act = next(act for act in self.get_acts() if act.slug == slug)
        failed = sum(line.ok is False for line in lines)
        context = {
            "title": f"{act.label}: {doing.row.name}",
            "lines": lines,
            "good": bool(lines) and not failed,
            "all_good": all_good,
            "failed": failed,
            "again": act,
            "again_label": gettext("Try again"),
        }
        return self._own_page(doing, "admin/connection.html", context)

    def new_secret(self, doing: Doing) -> HttpResponse:
        """The answer to the POST itself, so that the secret is kept in no message or cookie."""
        account, secret = doing.row, new_webhook_secret()
        account.seal("webhook_secret", secret)
        account.save(update_fields=["webhook_secret"])
        self._wrote(doing, "new webhook secret")
        facts = Facts(
            gettext("Copy into your relay"),
            [
                Fact(gettext("Webhook secret"), secret, copy=True),
                Fact(gettext("Webhook URL"), webhook_url(account), copy=True),
            ],
        )
        context = {
            "title": gettext("Webhook secret of {account}").format(account=account.name),
            "facts": facts,
            "what": gettext("webhook secret"),
        }
        return self._own_page(doing, "admin/secret_once.html", context)

    def remove_secret(self, doing: Doing) -> str:
        doing.row.seal("webhook_secret", "")
        doing.row.save(update_fields=["webhook_secret"])
        self._wrote(doing, "remove webhook secret")
        return gettext("The webhook secret is removed. Take it out of the relay as well.")

    def new_key(self, doing: Doing) -> str:
        account = doing.row
        take_new_key(account)
        account.save(update_fields=["merchant_key", "merchant_public_key", "previous_public_key"])
        fingerprint = key_id(account.merchant_public_key)
        self._wrote(doing, "new merchant key", detail=f"fingerprint {fingerprint}")
        return gettext(
            "There is a new merchant key, {fingerprint}. Copy its public half into the relay now."
        ).format(fingerprint=fingerprint)

    def _wrote(self, doing: Doing, verb: str, detail: str = "") -> None:
        audit(
            merchant=doing.row.merchant,
            actor=doing.actor,
            verb=verb,
            target="gateways.havenogateway",
            target_id=doing.row.pk,
            now=database_now(),
            reason=doing.fields.get("reason", ""),
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


def take_new_key(account: HavenoGateway) -> None:
    """Sign with a fresh key from now on; the caller saves. The last one stays published."""
    seed = new_merchant_key()
    account.seal("merchant_key", seed)
    account.previous_public_key = account.merchant_public_key
    account.merchant_public_key = public_half(seed)


admin.site.register(HavenoGateway, HavenoAdmin)
