"""What a person may do with an order, and what each of these asks for first."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.models import EGP, Order
from gateways.orders import deciding
from ledger.admin.acts import Act, Doing, ReasonForm
from ledger.money import Money, MoneyError
from ledger.ports import database_now


class ApproveForm(ReasonForm):
    amount = forms.CharField(
        label=_("Amount"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "dir": "ltr"}),
    )
    field_order = ("amount", "reason")

    def __init__(self, *args: Any, row: Any, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        field = self.fields["amount"]
        told = (
            gettext(
                "In {currency}, written like {example}. The order is for {due}. This much is booked "
                "and told to the website."
            )
            if row.bill.biller.is_website
            else gettext(
                "In {currency}, written like {example}. The order is for {due}. This much is booked "
                "and told to WHMCS."
            )
        )
        field.help_text = told.format(currency=row.currency, example=row.due.amount, due=row.due)
        if worth := worth_booking(row):
            field.initial = worth.amount
            filled = (
                gettext(
                    "Filled in is what the {amount} that came is worth by the offer's rate, at most "
                    "what is due. Change it where you decide otherwise."
                )
                if row.pay_currency == EGP
                else gettext(
                    "Filled in is what the {amount} that came and is confirmed is worth by the "
                    "offer's rate, at most what is due. Change it where you decide otherwise."
                )
            )
            field.help_text += " " + filled.format(amount=row.confirmed)

    def clean_amount(self) -> Money:
        try:
            credit = Money.parse(self.cleaned_data["amount"], self.row.currency)
        except MoneyError as error:
            raise ValidationError(str(error)) from None
        if credit.units <= 0:
            raise ValidationError(
                gettext("The amount must be above zero. To book nothing, refuse it.")
            )
        return credit


def worth_booking(order: Order) -> Money | None:
    """What the confirmed coins of an offer are worth by its own rate, at most what is due; None
    where the provider quoted, or nothing is confirmed."""
    if not order.pay_currency or order.asked.units <= 0:
        return None
    worth = min(order.due, order.due.share(order.confirmed, order.asked))
    return worth if worth.units > 0 else None


def _fetch(doing: Doing) -> str:
    return deciding.fetch(doing.row.pk, actor=doing.actor, clock=database_now)


def _reasoned(service: Callable[..., str]) -> Callable[[Doing], str]:
    def run(doing: Doing) -> str:
        reason = doing.fields["reason"]
        return service(doing.row.pk, actor=doing.actor, reason=reason, now=database_now())

    return run


def _approve(doing: Doing) -> str:
    return deciding.approve(
        doing.row.pk,
        credit=doing.fields["amount"],
        actor=doing.actor,
        reason=doing.fields["reason"],
        now=database_now(),
    )


def _only_review(order: Order) -> str:
    return "" if deciding.may_decide(order) else gettext("Only orders in review.")


def _only_open(order: Order) -> str:
    return "" if order.status in Order.OPEN else gettext("Only open orders.")


def _only_flagged(order: Order) -> str:
    if order.status == Order.Status.REVIEW:
        return gettext("Approve or refuse it.")
    return "" if order.attention else gettext("Nothing is flagged.")


def _only_asked(order: Order) -> str:
    """Nobody can be asked for a wallet transfer: its SMS tells, or the platform's report."""
    return gettext("A wallet's transfers come by themselves.") if order.pay_currency == EGP else ""


FETCH = Act(
    "fetch",
    _("Fetch from provider"),
    "gateways.fetch_order",
    _fetch,
    _("Asks the provider what is true of this order, and believes the answer."),
    why_not=_only_asked,
)
ACTS = (
    Act(
        "approve",
        _("Approve"),
        "gateways.decide_order",
        _approve,
        _("Books the amount that you name on the bill and tells WHMCS or the website."),
        form=ApproveForm,
        why_not=_only_review,
    ),
    Act(
        "refuse",
        _("Refuse"),
        "gateways.decide_order",
        _reasoned(deciding.refuse),
        _("Closes the order without booking anything. Refund the payer where the money came in."),
        form=ReasonForm,
        why_not=_only_review,
        grave=True,
    ),
    Act(
        "dealt-with",
        _("Dealt with"),
        "gateways.decide_order",
        _reasoned(deciding.settle_attention),
        _("Takes the order off the list of what needs a person. Changes no money."),
        form=ReasonForm,
        why_not=_only_flagged,
    ),
    FETCH,
    Act(
        "cancel",
        _("Cancel"),
        "gateways.cancel_order",
        _reasoned(deciding.cancel),
        _(
            "Stops offering this order. The provider's page may still take money; it is then booked."
        ),
        form=ReasonForm,
        why_not=_only_open,
        grave=True,
    ),
)
