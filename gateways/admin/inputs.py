"""Inputs of the settings screens that Django has none for."""

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from gateways.providers.haveno import relay_url
from ledger.money import Money, MoneyError

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?")


class ChosenField(forms.MultipleChoiceField):
    """Several of the choices, as one text with commas between, in the order of the choices."""

    widget = forms.CheckboxSelectMultiple(attrs={"class": "choices"})

    def prepare_value(self, value: Any) -> Any:
        return _split(value) if isinstance(value, str) else value

    def clean(self, value: Any) -> str:
        chosen = super().clean(value)
        return ",".join(str(code) for code, _ in self.choices if code in chosen)  # type: ignore[union-attr,misc]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(_split(initial or ""), data)


def _split(text: str) -> list[str]:
    return [code for code in text.split(",") if code]


class Percent(int):
    """Hundredths of a percent, told as people write them: 50 is "0.5 %"."""

    @property
    def number(self) -> str:
        whole, rest = divmod(self, 100)
        return f"{whole}.{rest:02}".rstrip("0").rstrip(".")

    def __str__(self) -> str:
        return f"{self.number} %"


class PercentField(forms.Field):
    """A percentage with up to two decimals, as Percent. `least` and `most` in hundredths."""

    widget = forms.TextInput(
        attrs={"inputmode": "decimal", "autocomplete": "off", "size": 6, "class": "percent"}
    )

    def __init__(self, *, least: int, most: int, refusal: "StrOrPromise", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._least, self._most, self._refusal = least, most, refusal

    def prepare_value(self, value: Any) -> Any:
        return Percent(value).number if isinstance(value, int) else value

    def to_python(self, value: Any) -> Percent | None:
        if isinstance(value, int):
            return Percent(value)
        text = str(value or "").strip().removesuffix("%").strip()
        if not text:
            return None
        read = _PERCENT.fullmatch(text) if text.isascii() else None
        if read is None:
            raise ValidationError(_("Write a percentage such as 0.5, with at most two decimals."))
        hundredths = Percent(int(read[1] + (read[2] or "").ljust(2, "0")))
        if not self._least <= hundredths <= self._most:
            raise ValidationError(self._refusal)
        return hundredths

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


class Egp(int):
    """Piastres, told as pounds: 50000 is "500.00 EGP"."""

    @property
    def money(self) -> Money:
        return Money(int(self), "EGP")

    def __str__(self) -> str:
        return str(self.money)


class EgpField(forms.Field):
    """An amount in Egyptian pounds as people type it, above zero, as Egp. Empty: None."""

    widget = forms.TextInput(
        attrs={"inputmode": "decimal", "autocomplete": "off", "size": 12, "class": "amount"}
    )

    def prepare_value(self, value: Any) -> Any:
        return Egp(value).money.amount if isinstance(value, int) else value

    def to_python(self, value: Any) -> Egp | None:
        if isinstance(value, int):
            return Egp(value)
        text = str(value or "").strip().removesuffix("EGP").strip()
        if not text:
            return None
        try:
            amount = Money.parse(text, "EGP")
        except MoneyError:
            raise ValidationError(
                _(
                    "{text} is not an amount in pounds with at most two decimals: write it like 12.50"
                ).format(text=text[:40])
            ) from None
        if amount.units <= 0:
            raise ValidationError(_("The amount must be above zero."))
        return Egp(amount.units)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


def plain_address(url: str, example: str) -> str:
    """The address without blanks and a slash at its end. ValidationError for one that carries a
    password or a query, or is not https (http to this very machine is)."""
    try:
        return relay_url({"relay_url": url})
    except ValueError:
        raise ValidationError(
            _(
                "Use https:// and a plain address, such as {example}. Only this very machine may be "
                "named with http://."
            ).format(example=example)
        ) from None
