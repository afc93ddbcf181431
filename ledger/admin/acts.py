"""Buttons and list actions. Each goes through a service and answers with the service's sentence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext, override
from django.utils.translation import gettext_lazy as _

from ledger.admin.records import Paged
from ledger.admin.showing import Text
from ledger.billing.base import BillerError
from ledger.cipher import SealBroken
from ledger.settlement import SettlementError

# More rows than this are not worked while somebody waits for the page.
ROWS_AT_ONCE = 200
SENTENCES_SHOWN = 10


class ActForm(forms.Form):
    """What an act asks for before it is done; knows the row that it is about."""

    def __init__(self, *args: Any, row: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row


class ReasonForm(ActForm):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.TextInput(attrs={"class": "vTextField", "dir": "auto"}),
        help_text=_("Kept with your name and the time."),
    )


@dataclass(frozen=True, slots=True)
class Doing:
    """One act about to be done."""

    row: Any
    request: HttpRequest
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def actor(self) -> str:
        return self.request.user.get_username()


@dataclass(frozen=True, slots=True)
class Act:
    """A button on an object's page.

    permission  "app.codename", needed besides the right to view the row.
    run         does it; answers with one sentence, or with a page of its own.
    form        what it asks for, on a page in between. `confirm` asks without a form.
    why_not     why it cannot be done to this row now; "" where it can.
    says        what pressing it will do, for the page in between.
    """

    slug: str
    label: Text
    permission: str
    run: Callable[[Doing], str | HttpResponse]
    says: Text
    form: type[ActForm] | None = None
    confirm: bool = False
    why_not: Callable[[Any], str] = lambda row: ""
    grave: bool = False

    @property
    def asks(self) -> bool:
        return self.form is not None or self.confirm


@dataclass(frozen=True, slots=True)
class Button:
    """An act as the template needs it."""

    act: Act
    url: str
    why_not: str


class WithActs(Paged):
    """Offers acts on the object's page, and helps actions of the list to use the same."""

    acts: tuple[Act, ...] = ()
    service_errors: tuple[type[Exception], ...] = (SettlementError, SealBroken, BillerError)

    def get_acts(self) -> tuple[Act, ...]:
        return self.acts

    def get_urls(self) -> list[URLPattern]:
        meta = self.opts
        acting = path(
            "<path:object_id>/act/<slug:slug>/",
            self.admin_site.admin_view(self.act_view),
            name=f"{meta.app_label}_{meta.model_name}_act",
        )
        return [acting, *super().get_urls()]

    def act_view(self, request: HttpRequest, object_id: str, slug: str) -> HttpResponse:
        """GET asks, POST does. The row comes from the user's own rows only."""
        act = next((act for act in self.get_acts() if act.slug == slug), None)
        row = self.get_object(request, unquote(object_id))
        if act is None or row is None:
            raise Http404
        if not self.may(request, act, row):
            raise PermissionDenied
        form = act.form(request.POST or None, row=row) if act.form else None
        if request.method != "POST" or (form and not form.is_valid()):
            return self._ask(request, act, row, form)
        answer = self._do(act, Doing(row, request, form.cleaned_data if form else {}))
        if isinstance(answer, HttpResponse):
            return answer
        level, sentence = answer
        self.message_user(request, sentence, level)
        return HttpResponseRedirect(self._address(row))

    def may(self, request: HttpRequest, act: Act, row: Any = None) -> bool:
        user: Any = request.user
        seen = self.has_view_or_change_permission(request, row)
        return bool(seen and user.has_perm(act.permission))

    def _do(self, act: Act, doing: Doing) -> tuple[int, str] | HttpResponse:
        try:
            answer = act.run(doing)
        except self.service_errors as error:
            return messages.ERROR, str(error)
        if isinstance(answer, HttpResponse):
            return answer
        with override("en"):
            self.log_change(doing.request, doing.row, str(act.label))
        return messages.SUCCESS, answer

    def act_on_list(self, request: HttpRequest, rows: "QuerySet[Any]", act: Act) -> None:
        """The same act for each chosen row, one sentence a row."""
        chosen = list(rows[: ROWS_AT_ONCE + 1])
        said: list[tuple[int, str]] = []
        for row in chosen[:ROWS_AT_ONCE]:
            if not self.may(request, act, row):
                raise PermissionDenied
            answer = self._do(act, Doing(row, request))
            if not isinstance(answer, HttpResponse):
                said.append(answer)
        for level, sentence in said[:SENTENCES_SHOWN]:
            self.message_user(request, sentence, level)
        if len(said) > SENTENCES_SHOWN:
            failed = sum(level == messages.ERROR for level, _said in said)
            told = ngettext(
                "{act}: {count} row, {failed} of them could not be worked. The first {shown} answers "
                "are shown.",
                "{act}: {count} rows, {failed} of them could not be worked. The first {shown} answers "
                "are shown.",
                len(said),
            ).format(act=act.label, count=len(said), failed=failed, shown=SENTENCES_SHOWN)
            self.message_user(request, told, messages.WARNING)
        if len(chosen) > ROWS_AT_ONCE:
            left = gettext("Only the first {count} were worked: press again for more.")
            self.message_user(request, left.format(count=ROWS_AT_ONCE), messages.WARNING)

    def _ask(
        self, request: HttpRequest, act: Act, row: Any, form: ActForm | None
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": act.label,
            "opts": self.opts,
            "original": row,
            "named": self.named(row),
            "act": act,
            "form": form,
            "why_not": act.why_not(row),
            "page": self.page(request, row),
            "back": self._address(row),
        }
        status = 400 if form and form.errors else 200
        return TemplateResponse(request, "admin/act.html", context, status=status)

    def _address(self, row: Any) -> str:
        meta = self.opts
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=(row.pk,))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            meta = self.opts
            buttons = [
                Button(
                    act,
                    reverse(
                        f"admin:{meta.app_label}_{meta.model_name}_act", args=(obj.pk, act.slug)
                    ),
                    act.why_not(obj),
                )
                for act in self.get_acts()
                if self.may(request, act, obj)
            ]
            context["buttons"] = sorted(buttons, key=lambda button: bool(button.why_not))
        return super().render_change_form(request, context, add, change, form_url, obj)
