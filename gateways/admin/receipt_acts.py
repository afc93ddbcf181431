"""What a person may do with a receipt, and what each of these asks for first."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from gateways.admin.inputs import EgpField
from gateways.models import Order, Receipt
from gateways.receipts import deciding
from ledger.admin.acts import Act, Doing, ReasonForm
from ledger.admin.showing import visible
from ledger.money import Money
from ledger.ports import database_now
from ledger.settlement import audit

Status = Receipt.Status
MAY = "gateways.decide_receipt"
WAITING = (Status.NEW, Status.REVIEW)
MOST_PARTS = 10


def order_line(order: Order) -> str:
    """An order in one line, to choose it by."""
    asked = f", {order.asked} asked" if order.pay_currency else ""
    return f"{order.bill}, {order.due}{asked} ({order.reference}, {order.get_status_display()})"


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
            f"No order of this store carries “{visible(quoted)[:64]}”. Give the order reference, or "
            "the invoice's id or number; the payer must have opened its pay page once."
        )
    if len(found) > 1:
        names = ", ".join(order.reference for order in found)
        raise ValidationError(f"Several orders are for it: name one of {names}.")
    return found[0]


class MatchForm(ReasonForm):
    order = forms.ChoiceField(
        required=False,
        widget=forms.RadioSelect(attrs={"class": "choices"}),
        label="For",
    )
    other = forms.CharField(
        required=False,
        max_length=200,
        label="Or another",
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
        help_text="An order reference, or an invoice's id or number.",
    )
    field_order = ("order", "other", "reason")

    def __init__(self, *args: Any, row: Any, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        field: Any = self.fields["order"]
        field.choices = [
            (str(order.pk), f"{visible(order_line(order))}: {why}")
            for order, why in deciding.candidates_for(row)
        ]
        if not field.choices:
            field.help_text = "No order fits by itself. Name one below."

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        chosen, other = cleaned.get("order"), cleaned.get("other", "").strip()
        if bool(chosen) == bool(other):
            if not self.errors:
                raise ValidationError("Choose one of the orders, or name another; not both.")
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
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4, "class": "key", "spellcheck": "false"}),
        help_text="Other orders, one on each line: reference or invoice, then the amount in EGP.",
    )

    def __init__(self, *args: Any, row: Any, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.candidates = [order for order, _ in deciding.candidates_for(row)][:MOST_PARTS]
        for order in self.candidates:
            self.fields[f"part_{order.pk}"] = EgpField(
                label=f"{order.bill} ({order.reference})",
                required=False,
                help_text=f"EGP. {order.asked} are asked for.",
            )
        self.fields[
            "others"
        ].help_text = f"{self.fields['others'].help_text} All parts together must be {row.amount}."
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
            raise ValidationError("Name each order once.")
        total = Money(sum(part.units for _, part in parts), "EGP")
        if not parts or total != self.row.amount:
            raise ValidationError(
                f"The parts make {total} together, but {self.row.amount} came. Give each part its "
                "amount."
            )
        cleaned["parts"] = parts
        return cleaned

    def _other(self, line: str) -> tuple[int, Money]:
        quoted, _, amount = line.strip().rpartition(" ")
        if not quoted:
            raise ValidationError(f"“{visible(line)[:64]}”: write the order, a blank, the amount.")
        read = EgpField(required=True).clean(amount)
        return find_order(self.row, quoted).pk, read.money


class NoteForm(ReasonForm):
    def __init__(self, *args: Any, row: Any, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.fields["reason"].label = "Note"


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
    return "The note is kept."


def _only_waiting(receipt: Receipt) -> str:
    return "" if receipt.status in WAITING else "Only receipts that wait for a claim or a person."


READ_AGAIN = Act(
    "read-again",
    "Read again",
    MAY,
    _read_again,
    "Reads the stored message with today's templates. A receipt that reads now is matched as usual.",
    why_not=lambda row: "" if row.status == Status.UNREAD else "Only what could not be read.",
)
ACTS = (
    Act(
        "match",
        "Match",
        MAY,
        _match,
        "Books all of it on the order that you choose, at that order's rate, and tells WHMCS. More "
        "than was asked for becomes credit; less leaves the rest unpaid.",
        form=MatchForm,
        why_not=_only_waiting,
    ),
    Act(
        "split",
        "Split",
        MAY,
        _split,
        "Books it in parts on several orders, and tells WHMCS of each.",
        form=SplitForm,
        why_not=_only_waiting,
    ),
    READ_AGAIN,
    Act(
        "note",
        "Add a note",
        MAY,
        _note,
        "Says to your colleagues what you know of it, and that you are on it. Changes no money.",
        form=NoteForm,
    ),
    Act(
        "dismiss",
        "Dismiss",
        MAY,
        _reasoned(deciding.dismiss),
        "Takes it off the list; its money is booked nowhere.",
        form=ReasonForm,
        why_not=lambda row: (
            "" if row.status in (*WAITING, Status.UNREAD) else "It is settled already."
        ),
        grave=True,
    ),
    Act(
        "undo",
        "Undo the match",
        MAY,
        _reasoned(deciding.undo),
        "Takes the match back, as long as WHMCS was not told of it; the money waits again.",
        form=ReasonForm,
        why_not=lambda row: "" if row.status == Status.MATCHED else "It is not matched.",
        grave=True,
    ),
)
