"""Model fields and rows that keep secrets; the cipher itself is ledger/cipher.py."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext as _

from ledger.cipher import PREFIX, SealBroken, key_id, seal, unseal


class SealedField(models.TextField):  # type: ignore[type-arg]
    """A column that takes nothing but sealed text; use SealedModel.seal() and .reveal()."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(blank=True, default="", editable=False)
        super().__init__(*args, **kwargs)

    def get_prep_value(self, value: Any) -> Any:
        if value and not str(value).startswith(f"{PREFIX}."):
            raise TypeError(f"{self.name} takes sealed text only: call seal({self.name!r}, ...)")
        return super().get_prep_value(value)


class SealedModel(models.Model):
    """A row with secrets. The binding needs the row's id, so a new row is saved, then sealed."""

    class Meta:
        abstract = True

    @property
    def tenant_id(self) -> int:
        """The merchant that the row belongs to."""
        return int(self.merchant_id)  # type: ignore[attr-defined]

    def _binding(self, name: str) -> str:
        return f"{self._meta.label_lower}|{self.tenant_id}|{name}|{self.pk}"

    def seal(self, name: str, plaintext: str) -> None:
        """Set a secret; it is stored with the next save(). An empty text clears it."""
        if not isinstance(self._meta.get_field(name), SealedField):
            raise TypeError(f"{name} is no sealed field")
        if self.pk is None:
            self.__dict__.setdefault("_waiting_for_id", {})[name] = plaintext
        else:
            setattr(self, name, seal(plaintext, self._binding(name), _keys()) if plaintext else "")

    def reveal(self, name: str) -> str:
        """The secret in clear, "" where none is set. Raises SealBroken."""
        stored = getattr(self, name)
        return unseal(stored, self._binding(name), _keys()) if stored else ""

    def hint(self, name: str) -> str:
        """What a form may show of a secret: its last characters and a fingerprint."""
        try:
            clear = self.reveal(name)
        except SealBroken:
            return _("cannot be opened: enter it again")
        if not clear:
            return _("not set")
        tail = "".join(clear.split())[-4:] if len(clear) >= 16 and "-----" not in clear else ""
        digest = hashlib.sha256(clear.encode()).hexdigest()[:8]
        if tail:
            said = _("set, ends in …{tail}, fingerprint {digest}")
            return said.format(tail=tail, digest=digest)
        return _("set, fingerprint {digest}").format(digest=digest)

    def save(self, *args: Any, **kwargs: Any) -> None:
        waiting: dict[str, str] = self.__dict__.get("_waiting_for_id", {})
        with transaction.atomic():
            super().save(*args, **kwargs)
            for name, plaintext in waiting.items():
                self.seal(name, plaintext)
            if waiting:
                super().save(update_fields=list(waiting))
        self.__dict__.pop("_waiting_for_id", None)


def _keys() -> Sequence[bytes]:
    keys: Sequence[bytes] = settings.GATEBOOK_KEYS
    return keys


def reseal(row: SealedModel) -> int:
    """Bring one row's secrets under the newest key; how many changed. Raises SealBroken.

    Safe beside a live console: a secret that somebody changes meanwhile is left alone.
    """
    changed = 0
    newest = key_id(_keys()[0])
    for field in row._meta.local_fields:
        stored = getattr(row, field.name) if isinstance(field, SealedField) else ""
        if not stored or stored.split(".")[1] == newest:
            continue
        fresh = seal(row.reveal(field.name), row._binding(field.name), _keys())
        unseal(fresh, row._binding(field.name), _keys())
        changed += (
            type(row)
            ._base_manager.filter(pk=row.pk, **{field.name: stored})
            .update(**{field.name: fresh})
        )
    return changed
