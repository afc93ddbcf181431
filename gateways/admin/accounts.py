"""What the settings screens of all providers share."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.models import Gateway
from ledger.admin.keeping import SettingsAdmin
from ledger.admin.secrets_form import SecretsForm
from ledger.admin.showing import GOOD, QUIET, Chip
from ledger.models import Merchant


class AccountForm(SecretsForm):
    """One enabled account per merchant: the pay button names the provider, not the account."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("enabled"):
            self._refuse_second()
        return cleaned

    def _refuse_second(self) -> None:
        merchant = self.cleaned_data.get("merchant") or getattr(self.instance, "merchant", None)
        if merchant is None:
            return
        # Whoever else saves an account of this merchant meanwhile waits here.
        Merchant.objects.select_for_update().get(pk=merchant.pk)
        accounts = type(self.instance)._default_manager.filter(merchant=merchant, enabled=True)
        other = accounts.exclude(pk=self.instance.pk).first()
        if other:
            self.add_error(
                "enabled",
                gettext(
                    "“{account}” is enabled for {merchant} already. Switch it off first: one account "
                    "takes the new payments."
                ).format(account=other.name, merchant=merchant),
            )


class AccountAdmin(SettingsAdmin):
    list_select_related = ("merchant",)

    @admin.display(description=_("State"))
    def state(self, account: Gateway) -> Chip:
        if account.enabled:
            return Chip(gettext("enabled"), GOOD)
        return Chip(gettext("off"), QUIET)


def webhook_url(account: Gateway) -> str:
    return f"{settings.GATEBOOK_URL}/webhooks/{account.token}/"
