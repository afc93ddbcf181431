"""The admin site: its title, a home page that says what needs a person today, and the search."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.db.models.base import ModelBase
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.health import silent_workers
from ledger import ports

OWN_APPS = frozenset({"ledger", "gateways"})
# Its forms run any importable function by name: a shell for whoever may add a schedule.
KEPT_OUT = frozenset({"django_q"})
HITS_SHOWN = 20
# The list of screens, by what people come for.
GROUPS = {
    "Payments": ("Order", "Payment", "Delivery", "Bill", "Receipt", "Claim", "Callback"),
    "Settings": (
        "Merchant", "Biller", "HavenoGateway", "SpectroCoinGateway", "VodafoneCashGateway", "Phone",
    ),
    "People": ("User", "Group", "AuditEvent"),
}  # fmt: skip
TITLES = {
    "Payments": _("Payments"),
    "Settings": _("Settings"),
    "People": _("People"),
    "More": _("More"),
}


class SuperusersOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that belong to no merchant: users, groups and whatever an application brings."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request) and super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request) and super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request) and super().has_delete_permission(request, obj)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


class GatebookAdminSite(admin.AdminSite):
    site_header = "Gatebook"
    site_title = "Gatebook"
    index_title = _("What needs a person today")
    index_template = "admin/home.html"
    site_url = None

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: Any = None,
        **options: Any,
    ) -> None:
        """Applications register their models by themselves: what is not ours is walled off here."""
        single = isinstance(model_or_iterable, ModelBase)
        models: Any = [model_or_iterable] if single else model_or_iterable
        for model in models:
            app = model._meta.app_label
            if app in KEPT_OUT:
                continue
            screen = admin_class or admin.ModelAdmin
            if app not in OWN_APPS:
                screen = type(screen.__name__, (SuperusersOnly, screen), {})
            super().register(model, screen, **options)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        return [path("find/", self.admin_view(self.find), name="find"), *super().get_urls()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        inside = self.has_permission(request)
        return {
            **super().each_context(request),
            "demo": settings.DEMO,
            "workers_silent": inside and silent_workers(),
        }

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        if app_label is not None:
            return super().get_app_list(request, app_label)
        models = {
            model["object_name"]: model
            for app in super().get_app_list(request)
            for model in app["models"]
        }
        groups = []
        for title, names in GROUPS.items():
            chosen = [models.pop(name) for name in names if name in models]
            groups.append(_group(title, chosen))
        groups.append(_group("More", list(models.values())))
        return [group for group in groups if group["models"]]

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        from config import attention  # it needs the screens, which register with this site

        now = ports.system_now()
        context = {
            "needed": attention.needed(request.user, now),
            "now": now,
            **(extra_context or {}),
        }
        return super().index(request, context)

    def find(self, request: HttpRequest) -> TemplateResponse:
        """Every kind of row that carries this id, among what the user may see."""
        term = request.GET.get("q", "").strip()
        found = []
        for screen in self._registry.values():
            if not term or not getattr(screen, "find_from_home", False):
                continue
            if not screen.has_view_permission(request):
                continue
            rows, _distinct = screen.get_search_results(request, screen.get_queryset(request), term)
            hits = list(rows[: HITS_SHOWN + 1])
            if hits:
                found.append(_hits(screen, request, hits))
        context = {
            **self.each_context(request),
            "title": (gettext("Search: {term}").format(term=term) if term else gettext("Search")),
            "term": term,
            "found": found,
        }
        request.current_app = self.name
        return TemplateResponse(request, "admin/find.html", context)


def _group(title: str, models: list[Any]) -> dict[str, Any]:
    return {
        "name": TITLES[title],
        "app_label": title.lower(),
        "app_url": reverse("admin:index"),
        "has_module_perms": True,
        "models": models,
    }


def _hits(screen: Any, request: HttpRequest, hits: list[Any]) -> dict[str, Any]:
    meta = screen.opts
    return {
        "title": meta.verbose_name_plural,
        "more": len(hits) > HITS_SHOWN,
        "rows": [
            {
                "name": screen.named(row),
                "url": reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=(row.pk,)),
                "page": screen.page(request, row),
                "merchant": str(row.merchant),
            }
            for row in hits[:HITS_SHOWN]
        ],
    }
