"""Write-only inputs: a secret goes in and never comes back out, not even on an error page."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _

from ledger.cipher import SealBroken
from ledger.sealed import SealedModel

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


class SecretInput(forms.PasswordInput):
    """One line, never filled in by us."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        # Browsers must not offer to keep a merchant's secret, nor fill in the user's own password.
        super().__init__({"autocomplete": "new-password", "class": "vTextField", **(attrs or {})})


class SecretText(forms.Textarea):
    """Several lines, such as a PEM key, never filled in by us."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        base = {"autocomplete": "off", "spellcheck": "false", "rows": 6, "class": "key"}
        super().__init__({**base, **(attrs or {})})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


class SecretField(forms.CharField):
    """The new value of a sealed column; empty keeps the old one.

    column     the sealed field of the model.
    clearable  a tick box beside it empties the column.
    """

    def __init__(
        self, column: str, *, label: "StrOrPromise", clearable: bool = False, **kwargs: Any
    ) -> None:
        kwargs.setdefault("widget", SecretInput())
        kwargs.setdefault("max_length", 4000)
        super().__init__(label=label, required=False, **kwargs)
        self.column, self.clearable = column, clearable
        self.explained = self.help_text


class SecretsForm(ModelForm):
    """A settings form with secrets: shows hints, seals what is entered, names what changed.

    A clearable secret `x` has a tick box named `clear_x` among the form's fields.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self._secret_fields().values():
            sentences = [str(field.explained), *_now(self.instance, field.column)]
            field.help_text = " ".join(filter(None, sentences))

    def _secret_fields(self) -> dict[str, SecretField]:
        return {name: f for name, f in self.fields.items() if isinstance(f, SecretField)}

    def will_hold(self, column: str) -> bool:
        """Whether the column holds a secret once this form is saved."""
        for name, field in self._secret_fields().items():
            if field.column == column and self.cleaned_data.get(name):
                return True
        if self.cleaned_data.get(f"clear_{column}"):
            return False
        return bool(getattr(self.instance, column))

    def seal(self) -> list[tuple[str, str]]:
        """Seal what was entered into the instance; the (column, label) of what changes."""
        changed = []
        for name, field in self._secret_fields().items():
            value = self.cleaned_data.get(name) or ""
            cleared = self.cleaned_data.get(f"clear_{field.column}")
            if value or (cleared and getattr(self.instance, field.column)):
                self.instance.seal(field.column, value)
                changed.append((field.column, str(field.label)))
        return changed


def _now(row: SealedModel, column: str) -> list[str]:
    """What the column holds, in sentences."""
    if not (row.pk and getattr(row, column)):
        return [_("Now: not set.")]
    sentence = _("Now: {hint}.").format(hint=row.hint(column))
    try:
        row.reveal(column)
    except SealBroken:
        return [sentence]
    return [sentence, _("Leave empty to keep it.")]
