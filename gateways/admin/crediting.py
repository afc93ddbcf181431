"""The act that books a receipt as a client's credit, where no order is for it."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.models import Receipt
from gateways.receipts import crediting
from gateways.receipts.deciding import WAITING
from ledger.admin.acts import Act, Doing, ReasonForm
from ledger.ports import database_now


class CreditForm(ReasonForm):
    client = forms.CharField(
        max_length=crediting.CLIENT_CAP,
        label=_("Client"),
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off", "dir": "auto"}),
    )
    field_order = ("client", "reason")

    def __init__(self, *args: Any, row: Any, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        field = self.fields["client"]
        field.initial = crediting.likely_client(row)
        field.help_text = (
            gettext("The website's own name of its customer.")
            if row.merchant.biller.is_website
            else gettext("The number of the client in WHMCS.")
        )
        if field.initial:
            told = gettext("This one claimed to have sent the same amount from the same number.")
            field.help_text = f"{field.help_text} {told}"


def only_waiting(receipt: Receipt) -> str:
    if receipt.status in WAITING:
        return ""
    return gettext("Only receipts that wait for a claim or a person.")


def _credit(doing: Doing) -> str:
    return crediting.credit(
        doing.row.pk,
        doing.fields["client"].strip(),
        actor=doing.actor,
        reason=doing.fields["reason"],
        now=database_now(),
    )


def _only_with_biller(receipt: Receipt) -> str:
    if not hasattr(receipt.merchant, "biller"):
        return gettext("The merchant has no biller yet.")
    return only_waiting(receipt)


CREDIT = Act(
    "credit",
    _("Book as credit"),
    "gateways.decide_receipt",
    _credit,
    _(
        "Books all of it as the credit of a client, at the store's rate, and tells WHMCS or the "
        "website. For money that a plugin or a website claims: no invoice is for it."
    ),
    form=CreditForm,
    why_not=_only_with_biller,
)
