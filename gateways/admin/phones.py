"""Phones that forward the wallets' messages: enrolled here, and how they are."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.admin.phone_page import is_off, keys_of, link_to_receipts, state_of, wallets_on
from gateways.admin.phone_setup import codes, setups, take_new_keys, to_enter, upload_url
from gateways.admin.wallet_names import phone_chip, wallet_name
from gateways.models import Phone, Wallet
from ledger import ports
from ledger.admin.acts import Act, Doing, ReasonForm
from ledger.admin.keeping import SettingsAdmin
from ledger.admin.secrets_form import SecretField, SecretsForm
from ledger.admin.showing import (
    Chip,
    Fact,
    Facts,
    Page,
    done_by_people,
    moment,
    visible,
)
from ledger.admin.tenant import MerchantFilter, within
from ledger.settlement import audit

MAY_CHANGE = "gateways.change_phone"


class WalletsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    widget = forms.CheckboxSelectMultiple(attrs={"class": "choices"})

    def label_from_instance(self, obj: Any) -> str:
        told = (
            gettext("{wallet}, {sim}, of {store}") if obj.sim else gettext("{wallet}, of {store}")
        )
        return told.format(
            wallet=wallet_name(obj), sim=obj.sim.upper(), store=visible(obj.gateway.name)
        )


class PhoneForm(SecretsForm):
    wallets = WalletsField(
        Wallet.objects.none(),
        required=False,
        label=_("Wallets"),
        help_text=_(
            "Whose SIMs are in it. Wallets and their SIMs are entered on the store's page."
        ),
    )
    new_smsgate_key = SecretField(
        "smsgate_key",
        label=_("SMSGate signing key"),
        help_text=_("Where you keep the one the app made."),
    )
    new_httpsms_passphrase = SecretField(
        "httpsms_passphrase",
        label=_("httpSMS passphrase"),
        clearable=True,
        help_text=_("Only where httpSMS encrypts messages."),
    )
    clear_httpsms_passphrase = forms.BooleanField(
        label=_("Remove the httpSMS passphrase"), required=False
    )

    class Meta:
        labels = {"gateway": _("Store"), "name": _("Name"), "active": _("Active")}
        help_texts = {"name": _("How your staff call it, such as “Samsung at the counter”.")}

    # The wallets of the user's own merchants; set for each request.
    offered: "QuerySet[Wallet]" = Wallet.objects.none()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("wallets")
        if not isinstance(field, WalletsField):
            return
        field.queryset = self.offered
        if self.instance.pk:
            field.queryset = self.offered.filter(gateway=self.instance.gateway_id)
            self.initial["wallets"] = list(self.instance.wallets.values_list("pk", flat=True))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        store = cleaned.get("gateway") or getattr(self.instance, "gateway", None)
        strangers = [each for each in cleaned.get("wallets") or () if each.gateway != store]
        if store and strangers:
            told = gettext("{wallet} is another store's.")
            self.add_error(
                "wallets", ValidationError(told.format(wallet=wallet_name(strangers[0])))
            )
        return cleaned


class PhoneAdmin(SettingsAdmin):
    form = PhoneForm
    list_display = (
        "called",
        "health",
        "store",
        "seen",
        "told",
        "battery_left",
        "waiting",
        "merchant",
    )
    list_filter = (MerchantFilter, "active")
    list_select_related = ("merchant", "gateway")
    fieldsets = (
        (None, {"fields": ("name", "gateway", "wallets", "active")}),
        (
            _("Keys that the app made or needs"),
            {
                "classes": ("collapse",),
                "fields": ("new_smsgate_key", "new_httpsms_passphrase", "clear_httpsms_passphrase"),
            },
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return (self.fieldsets[0],)
        if self.has_change_permission(request, obj):
            return self.fieldsets
        return ((None, {"fields": ("name", "gateway", "active")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Its receipts are the store's, so a phone never moves to another one.
        return (*super().get_readonly_fields(request, obj), *(("gateway",) if obj else ()))

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The wallets of the user's own merchants are the only ones to choose from."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.offered = within(Wallet.objects.select_related("gateway").order_by("pk"), request.user)
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.merchant_id = obj.gateway.merchant_id
            obj.shown_once = take_new_keys(obj)
        super().save_model(request, obj, form, change)
        if "wallets" in form.changed_data:
            chosen = form.cleaned_data["wallets"]
            obj.wallets.exclude(pk__in=[each.pk for each in chosen]).update(phone=None)
            Wallet.objects.filter(pk__in=[each.pk for each in chosen]).update(phone=obj)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._once(request, obj, upload_url(obj), obj.shown_once)

    # --- lists and pages --------------------------------------------------------------------------
    @admin.display(description=_("Name"), ordering="name")
    def called(self, phone: Phone) -> str:
        return phone.name

    @admin.display(description=_("Gateway"), ordering="gateway")
    def store(self, phone: Phone) -> str:
        return str(phone.gateway)

    @admin.display(description=_("State"))
    def health(self, phone: Phone) -> Chip:
        return phone_chip(phone, ports.system_now())

    @admin.display(description=_("Last seen"))
    def seen(self, phone: Phone) -> str:
        return moment(phone.last_seen, phone.merchant.time_zone) or gettext("never")

    @admin.display(description=_("Last message"))
    def told(self, phone: Phone) -> str:
        return moment(phone.last_message, phone.merchant.time_zone) or gettext("none yet")

    @admin.display(description=_("Battery"))
    def battery_left(self, phone: Phone) -> str:
        return "" if phone.battery is None else f"{phone.battery} %"

    @admin.display(description=_("Waiting on it"))
    def waiting(self, phone: Phone) -> str:
        return "" if phone.pending is None else str(phone.pending)

    def page(self, request: HttpRequest, row: Any) -> Page:
        place, now = row.merchant.time_zone, ports.system_now()
        sentence, tone, way_out = state_of(row, place)
        told = [
            Fact(gettext("State"), phone_chip(row, now)),
            Fact(gettext("Last seen"), self.seen(row)),
            Fact(gettext("Last message"), self.told(row)),
            Fact(gettext("App"), visible(f"{row.app} {row.app_version}".strip())),
            Fact(gettext("Battery"), self.battery_left(row)),
            Fact(gettext("Network"), visible(row.network)),
            Fact(gettext("Messages waiting on it"), self.waiting(row)),
            Fact(gettext("Warning"), visible(row.warning)),
            Fact(gettext("Receipts"), link_to_receipts(row)),
        ]
        boxes = [Facts(gettext("The phone"), told), *wallets_on(row), keys_of(row)]
        return Page(sentence, tone, way_out, facts=boxes, steps=done_by_people(row, place))

    # --- acts -------------------------------------------------------------------------------------
    def get_acts(self) -> tuple[Act, ...]:
        return (
            Act(
                "new-url",
                _("New URL"),
                MAY_CHANGE,
                self.new_url,
                _(
                    "Makes a new upload URL and shows it once. The old one is dead at once: what the "
                    "phone still has waits on it until the app has the new one."
                ),
                confirm=True,
                grave=True,
            ),
            Act(
                "new-keys",
                _("New keys"),
                MAY_CHANGE,
                self.new_keys,
                _(
                    "Makes new keys and shows them once. The phone is refused until its app has them."
                ),
                confirm=True,
                grave=True,
            ),
            Act(
                "switch-off",
                _("Switch off"),
                MAY_CHANGE,
                self.switch_off,
                _("Nothing that it sends is believed any more, and no alert is raised for it."),
                form=ReasonForm,
                why_not=lambda row: "" if row.active else gettext("It is off."),
                grave=True,
            ),
        )

    def new_url(self, doing: Doing) -> HttpResponse:
        phone = doing.row
        phone.token = ports.new_token()
        phone.save(update_fields=["token"])
        self._wrote(doing, "new upload URL")
        return self._once(doing.request, phone, upload_url(phone), {})

    def new_keys(self, doing: Doing) -> HttpResponse:
        phone = doing.row
        keys = take_new_keys(phone)
        phone.save(update_fields=list(keys))
        self._wrote(doing, "new phone keys")
        return self._once(doing.request, phone, "", keys)

    def switch_off(self, doing: Doing) -> str:
        doing.row.active = False
        doing.row.save(update_fields=["active"])
        self._wrote(doing, "switch phone off")
        return is_off(doing.row)

    def _wrote(self, doing: Doing, verb: str) -> None:
        audit(
            merchant=doing.row.merchant,
            actor=doing.actor,
            verb=verb,
            target="gateways.phone",
            target_id=doing.row.pk,
            now=ports.database_now(),
            reason=doing.fields.get("reason", ""),
        )
        self.log_change(doing.request, doing.row, verb.capitalize())

    def _once(
        self, request: HttpRequest, phone: Phone, url: str, keys: dict[str, str]
    ) -> HttpResponse:
        """The answer to the POST itself, so that nothing secret is kept in a message or cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Set up {name}").format(name=phone.name),
            "opts": self.opts,
            "original": phone,
            "back": self._address(phone),
            "facts": to_enter(url, keys),
            "codes": codes(url, keys),
            "setups": setups(keys.get("header_key", "")),
        }
        return TemplateResponse(request, "admin/phone_once.html", context)


admin.site.register(Phone, PhoneAdmin)
