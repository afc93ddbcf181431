"""Settings: only what was changed is written, and each change is written down."""

from typing import Any

from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.translation import override

from ledger.admin.acts import WithActs
from ledger.admin.secrets_form import SecretsForm
from ledger.ports import database_now
from ledger.settlement import audit

SHOWN_AT_MOST = 120


class SettingsAdmin(WithActs):
    """A merchant's settings, with secrets that are never shown.

    also_reset  columns to empty when another one changes, as {changed: {column: value}}.
    """

    also_reset: dict[str, dict[str, Any]] = {}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Workers write to the same rows (the breaker, fetched keys): what nobody edited is left."""
        with override("en"):  # what is written down is English
            columns, story = changes_of(form)
        for column in list(columns):
            for name, value in self.also_reset.get(column, {}).items():
                setattr(obj, name, value)
                columns.append(name)
        if change and columns:
            obj.save(update_fields=columns)
        elif not change:
            obj.save()
        if change and not story:
            return
        audit(
            merchant=obj if obj._meta.label_lower == "ledger.merchant" else obj.merchant,
            actor=request.user.get_username(),
            verb="change settings" if change else "create",
            target=obj._meta.label_lower,
            target_id=obj.pk,
            now=database_now(),
            detail="; ".join(story),
        )


def changes_of(form: Any) -> tuple[list[str], list[str]]:
    """The columns to write and, in words, what changed; of secrets only that they did."""
    columns: list[str] = []
    story: list[str] = []
    for name in form.changed_data:
        field = form.fields[name]
        if name not in {column.name for column in form._meta.model._meta.get_fields()}:
            continue
        label = field.label or name
        if isinstance(field, ModelMultipleChoiceField):
            chosen = ", ".join(sorted(str(row) for row in form.cleaned_data[name]))
            story.append(f"{label}: now {chosen or 'nobody'}")
            continue
        columns.append(name)
        was, now = form.initial.get(name, ""), form.cleaned_data[name]
        if len(str(was)) > SHOWN_AT_MOST or len(str(now)) > SHOWN_AT_MOST:
            story.append(f"{label}: changed")
        elif form.instance._state.adding:
            story.append(f"{label}: {now}")
        else:
            story.append(f"{label}: {was} → {now}")
    if isinstance(form, SecretsForm):
        for column, label in form.seal():
            columns.append(column)
            story.append(f"{label}: changed")
    return columns, story
