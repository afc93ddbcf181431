"""The wall between merchants: one mixin that every screen with a merchant's rows stands on."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from ledger.models import Merchant

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

User = AbstractBaseUser | AnonymousUser
# Names of columns that lists are filtered by.
FILTERS = {
    "active": _("active"),
    "api generation": _("api generation"),
    "enabled": _("enabled"),
    "kind": _("kind"),
    "paused": _("paused"),
    "source": _("source"),
    "status": _("status"),
}


def merchants_of(user: User) -> "QuerySet[Merchant]":
    """The merchants whose rows this user may see: all for superusers, else where a member."""
    if getattr(user, "is_superuser", False):
        return Merchant.objects.all()
    if user.pk is None:
        return Merchant.objects.none()
    return Merchant.objects.filter(members=user.pk)


def within(rows: "QuerySet[Any]", user: User, tenant: str = "merchant") -> "QuerySet[Any]":
    """The rows whose merchant the user may see. `tenant` is the path to the merchant's key."""
    if getattr(user, "is_superuser", False):
        return rows
    return rows.filter(**{f"{tenant}__in": merchants_of(user).values("pk")})


class MerchantFilter(admin.SimpleListFilter):
    """Offers the user's own merchants; hidden from who has one only."""

    title = _("merchant")
    parameter_name = "merchant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        own = merchants_of(request.user)[:200]
        return [(str(merchant.pk), merchant.name) for merchant in own]

    def has_output(self) -> bool:
        return len(self.lookup_choices) > 1

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        value = self.value() or ""
        known = {key for key, _ in self.lookup_choices}
        return queryset.filter(merchant=value) if value in known else queryset


class MerchantScoped(ModelAdmin):
    """Lists, objects, history, actions and choices hold the user's own merchants' rows only.

    tenant          path from the row to its merchant's key.
    linked_lookups  query-string filters that links of ours use, beside those of list_filter.
    """

    tenant = "merchant"
    linked_lookups: tuple[str, ...] = ()
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    view_on_site = False
    change_list_template = "admin/list.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = str(capfirst(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    @admin.display(description=_("Merchant"))
    def of_merchant(self, row: Any) -> str:
        return str(row.merchant or "")

    def get_list_display(self, request: HttpRequest) -> Any:
        """Whose row it is stands in the list only for who sees several merchants' rows."""
        shown = super().get_list_display(request)
        if merchants_of(request.user)[:2].count() < 2:
            return tuple(name for name in shown if name != "merchant")
        return tuple("of_merchant" if name == "merchant" else name for name in shown)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        shown = super().get_changelist_instance(request)
        for by in shown.filter_specs:
            by.title = FILTERS.get(str(by.title), by.title)
        return shown

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return within(super().get_queryset(request), request.user, self.tenant)

    def _own(self, request: HttpRequest, obj: Model | None) -> bool:
        """Whether the row is the user's, asked once more of the row itself."""
        if obj is None or obj.pk is None:
            return True
        merchant_id = obj.pk if self.tenant == "pk" else getattr(obj, "merchant_id", None)
        if merchant_id is None:
            return bool(getattr(request.user, "is_superuser", False))
        return merchants_of(request.user).filter(pk=merchant_id).exists()

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and self._own(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._own(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing of a merchant is ever deleted: settings are switched off, the rest is history."""
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Named filters only: a free lookup would tell the content of columns that are not shown."""
        named = {name for name in self.list_filter if isinstance(name, str)}
        allowed = {f"{name}__{way}" for name in named for way in ("exact", "in", "isnull")}
        if MerchantFilter in self.list_filter:
            allowed.add(MerchantFilter.parameter_name)
        return lookup in named | allowed | set(self.linked_lookups)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Secrets are sealed to their merchant, so a row never moves to another one.
        fixed = ("merchant",) if obj is not None and self.tenant == "merchant" else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        rows = db_field.remote_field.model._default_manager.all()
        if db_field.remote_field.model is Merchant:
            kwargs["queryset"] = within(rows, request.user, "pk")
        else:
            kwargs["queryset"] = within(rows, request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        for way in ("add", "change", "delete", "view"):
            if field is not None and hasattr(field.widget, f"can_{way}_related"):
                setattr(field.widget, f"can_{way}_related", False)
        return field
