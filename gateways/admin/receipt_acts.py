"""What a person may do with a receipt, and what each of these asks for first."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.admin.crediting import CREDIT, only_waiting
from gateways.admin.inputs import EgpField
from gateways.models import Order, Receipt
from gateways.receipts import deciding
from ledger.admin.acts import Act, Doing, ReasonForm
from ledger.admin.showing import isolated, two_lines, visible
from ledger.models import Payment
from ledger.money import Money
from ledger.outbox.deciding import was_told
from ledger.ports import database_now
from ledger.settlement import audit

Status = Receipt.Status
MAY = "gateways.decide_receipt"
WAITING = (Status.NEW, Status.REVIEW)
MOST_PARTS = 10


def order_line(order: Order) -> str:
    """An order in one line, to choose it by."""
    line = (
        gettext("{bill}, {due}, {asked} asked ({reference}, {status})")
        if order.pay_currency
        else gettext("{bill}, {due} ({reference}, {status})")
    )
    return line.format(
        bill=order.bill,
        due=order.due,
        asked=order.asked,
        reference=order.reference,
        status=order.get_status_display(),
    )


def _choice(order: Order, why: str) -> str:
    line = two_lines(isolated(visible(order_line(order))), isolated(why))
    return format_html("<span>{}</span>", line)


def find_order(receipt: Receipt, quoted: str) -> Order:
    """The order of the receipt's store by what people quote. ValidationError where it is not one."""
    quoted = quoted.strip().lstrip("#").strip()
    orders = Order.objects.filter(gateway_id=receipt.gateway_id).select_related("bill")
    named = Q(reference=quoted) | Q(bill__reference=quoted) | Q(bill__number=quoted)
    found = list(orders.filter(named).order_by("-created")[:MOST_PARTS])
    if len(found) > 1:
        # An invoice may have been tried several times; the tries that still take money count.
        found = [order for order in found if order.status in (*Order.OPEN, "review")] or found
    if not found:
        raise ValidationError(
            gettext(
                "No order of this store carries “{quoted}”. Give the order reference, or the "
                "invoice's id or number; the payer must have opened its pay page once."
            ).format(quoted=visible(quoted)[:64])
        )
    if len(found) > 1:
        names = gettext(", ").join(order.reference for order in found)
        several = gettext("Several orders are for it: name one of {names}.")
        raise ValidationError(several.format(names=names))
    return found[0]


class MatchForm(ReasonForm):
    order = forms.ChoiceField(
        required=False,
        widget=forms.RadioSelect(attrs={"class": "choices"}),
        label=_("For"),
    )
    other = forms.CharField(
        required=False,
        max_length=200,
        label=_("Or another"),
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off", "dir": "auto"}),
        help_text=_("An order reference, or an invoice's id or number."),
    )
    field_order = ("order", "other", "reason")

    def __init__(self, *args: Any, row: Any, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        field: Any = self.fields["order"]
        field.choices = [
            (str(order.pk), _choice(order, why)) for order, why in deciding.candidates_for(row)
        ]
        if not field.choices:
            field.help_text = gettext("No order fits by itself. Name one below.")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        chosen, other = cleaned.get("order"), cleaned.get("other", "").strip()
        if bool(chosen) == bool(other):
            if not self.errors:
                raise ValidationError(
                    gettext("Choose one of the orders, or name another; not both.")
                )
            return cleaned
        if other:
            try:
                cleaned["order"] = find_order(self.row, other).pk
            except ValidationError as error:
                self.add_error("other", error)
        return cleaned


class SplitForm(ReasonForm):
    """An amount beside each candidate, and lines for others; together the whole receipt."""

    others = forms.CharField(
        label=_("Others"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4, "class": "key", "spellcheck": "false"}),
        help_text=_(
            "Other orders, one on each line: reference or invoice, then the amount in EGP."
        ),
    )

    def __init__(self, *args: Any, row: Any, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.candidates = [order for order, _ in deciding.candidates_for(row)][:MOST_PARTS]
        for order in self.candidates:
            self.fields[f"part_{order.pk}"] = EgpField(
                label=isolated(f"{order.bill} ({order.reference})"),
                required=False,
                help_text=gettext("EGP. {amount} are asked for.").format(amount=order.asked),
            )
        whole = gettext("All parts together must be {amount}.").format(amount=row.amount)
        others = self.fields["others"]
        others.help_text = f"{others.help_text} {whole}"
        self.order_fields([f"part_{order.pk}" for order in self.candidates] + ["others", "reason"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        parts = [
            (order.pk, amount.money)
            for order in self.candidates
            if (amount := cleaned.get(f"part_{order.pk}"))
        ]
        try:
            parts += [self._other(line) for line in cleaned.get("others", "").splitlines() if line]
        except ValidationError as error:
            self.add_error("others", error)
        if self.errors:
            return cleaned
        if len({order for order, _ in parts}) != len(parts):
            raise ValidationError(gettext("Name each order once."))
        total = Money(sum(part.units for _, part in parts), "EGP")
        if not parts or total != self.row.amount:
            raise ValidationError(
                gettext(
                    "The parts make {total} together, but {amount} came. Give each part its amount."
                ).format(total=total, amount=self.row.amount)
            )
        cleaned["parts"] = parts
        return cleaned

    def _other(self, line: str) -> tuple[int, Money]:
        quoted, _, amount = line.strip().rpartition(" ")
        if not quoted:
            wrong = gettext("“{line}”: write the order, a blank, the amount.")
            raise ValidationError(wrong.format(line=visible(line)[:64]))
        read = EgpField(required=True).clean(amount)
        return find_order(self.row, quoted).pk, read.money


class NoteForm(ReasonForm):
    def __init__(self, *args: Any, row: Any, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.fields["reason"].label = gettext("Note")


def _reasoned(service: Callable[..., str]) -> Callable[[Doing], str]:
    def run(doing: Doing) -> str:
        reason = doing.fields["reason"]
        return service(doing.row.pk, actor=doing.actor, reason=reason, now=database_now())

    return run


def _match(doing: Doing) -> str:
    order = Order.objects.get(pk=doing.fields["order"])
    return deciding.match(
        doing.row.pk,
        order.pk,
        actor=doing.actor,
        reason=doing.fields["reason"],
        now=database_now(),
    )


def _split(doing: Doing) -> str:
    return deciding.split(
        doing.row.pk,
        doing.fields["parts"],
        actor=doing.actor,
        reason=doing.fields["reason"],
        now=database_now(),
    )


def _read_again(doing: Doing) -> str:
    return deciding.read_again(doing.row.pk, actor=doing.actor, clock=database_now)


def _note(doing: Doing) -> str:
    audit(
        merchant=doing.row.merchant,
        actor=doing.actor,
        verb="note",
        target="gateways.receipt",
        target_id=doing.row.pk,
        now=database_now(),
        reason=doing.fields["reason"],
    )
    return gettext("The note is kept.")


def _only_untold(receipt: Receipt) -> str:
    if receipt.status != Status.MATCHED:
        return gettext("It is not matched.")
    booked = Payment.objects.filter(claims__booked_from=receipt)
    if any(was_told(payment) for payment in booked):
        return gettext("WHMCS or the website was told of it: book the refund there.")
    return ""


READ_AGAIN = Act(
    "read-again",
    _("Read again"),
    MAY,
    _read_again,
    _(
        "Reads the stored message with today's templates. A receipt that reads now is matched as usual."
    ),
    why_not=lambda row: (
        "" if row.status == Status.UNREAD else gettext("Only what could not be read.")
    ),
)
ACTS = (
    Act(
        "match",
        _("Match"),
        MAY,
        _match,
        _(
            "Books all of it on the order that you choose, at that order's rate, and tells WHMCS or "
            "the website. More than was asked for becomes credit; less leaves the rest unpaid."
        ),
        form=MatchForm,
        why_not=only_waiting,
    ),
    Act(
        "split",
        _("Split"),
        MAY,
        _split,
        _("Books it in parts on several orders, and tells WHMCS or the website of each."),
        form=SplitForm,
        why_not=only_waiting,
    ),
    CREDIT,
    READ_AGAIN,
    Act(
        "note",
        _("Add a note"),
        MAY,
        _note,
        _("Says to your colleagues what you know of it, and that you are on it. Changes no money."),
        form=NoteForm,
    ),
    Act(
        "dismiss",
        _("Dismiss"),
        MAY,
        _reasoned(deciding.dismiss),
        _("Takes it off the list; its money is booked nowhere."),
        form=ReasonForm,
        why_not=lambda row: (
            "" if row.status in (*WAITING, Status.UNREAD) else gettext("It is settled already.")
        ),
        grave=True,
    ),
    Act(
        "undo",
        _("Undo the match"),
        MAY,
        _reasoned(deciding.undo),
        _(
            "Takes the match back, as long as WHMCS or the website was not told of it; the money "
            "waits again."
        ),
        form=ReasonForm,
        why_not=_only_untold,
        grave=True,
    ),
    Act(
        "restore",
        _("Take the dismissal back"),
        MAY,
        _reasoned(deciding.restore),
        _("Puts it back on the list; it waits for a person again. Nothing is booked by that."),
        form=ReasonForm,
        why_not=lambda row: (
            "" if row.status == Status.DISMISSED else gettext("It is not dismissed.")
        ),
    ),
)
