"""Machine-made rows: shown and found, never added, changed or deleted by hand."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponse
from django.utils.translation import gettext_lazy as _

from ledger.admin.showing import Page
from ledger.admin.tenant import MerchantScoped

COUNTED_AT_MOST = 10_000
FOUND_AT_MOST = 200


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts so many rows and no more: counting a whole ledger for a list of fifty is slow."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        counted: int = rows.order_by().values("pk")[: COUNTED_AT_MOST + 1].count()
        return min(counted, COUNTED_AT_MOST)

    @cached_property
    def capped(self) -> bool:
        rows: Any = self.object_list
        return self.count == COUNTED_AT_MOST and bool(
            rows.order_by().values("pk")[COUNTED_AT_MOST : COUNTED_AT_MOST + 1]
        )


def find(rows: "QuerySet[Any]", term: str, fields: tuple[str, ...]) -> "QuerySet[Any]":
    """The rows where one of the fields is exactly this id. Blanks around it and a leading # are
    dropped. One look per field, so that each can use its index."""
    term = term.strip().lstrip("#").strip()
    if not term or len(term) > 200 or "\x00" in term:
        return rows.none()
    found: set[int] = set()
    for name in fields:
        try:
            matching = rows.filter(**{name: term})
        except ValueError:  # words are no row number
            continue
        found.update(matching.values_list("pk", flat=True)[:FOUND_AT_MOST])
    return rows.filter(pk__in=found)


class Paged(MerchantScoped):
    """An object's page opens with a sentence, its facts and its story; then come the fields."""

    change_form_template = "admin/object.html"

    def page(self, request: HttpRequest, row: Any) -> Page:
        return Page(str(row))

    def named(self, row: Any) -> str:
        """What the row is called, in the reader's language; str(row) goes into logs, in English."""
        return str(row)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        context["show_save_and_add_another"] = False
        if obj is not None:
            context["page"] = self.page(request, obj)
            context["named"] = context["subtitle"] = self.named(obj)
        return super().render_change_form(request, context, add, change, form_url, obj)


class Record(Paged):
    """Shows everything, edits nothing, is found by any id that a customer could quote.

    search_fields   exact, each on an indexed column.
    find_from_home  the search of the home page looks here too.
    """

    find_from_home = True
    paginator = CappedPaginator
    ordering = ("-pk",)
    sortable_by = ()
    search_help_text = _("Invoice, order reference, provider id or transaction id, in full")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        if not search_term.strip():
            return queryset, False
        return find(queryset, search_term, tuple(self.search_fields)), False
