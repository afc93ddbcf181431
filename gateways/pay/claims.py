"""The payer says on the pay page to have sent the money, and from which number."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q
from django.http import HttpRequest

from gateways.limits import Limit, address_of
from gateways.models import Claim, Order, Receipt, VodafoneCashGateway
from gateways.pay.transfers import Typed, Visit
from gateways.pay.words import (
    CANNOT_LOOK,
    NO_NUMBER,
    OUR_NUMBER,
    TOO_MANY,
    WRONG_NUMBER,
    State,
    Text,
)
from gateways.receipts import claiming
from gateways.wallet.phones import local_phone
from ledger import ports
from ledger.cipher import SealBroken
from ledger.money import MoneyError
from ledger.settlement import SettlementError

log = logging.getLogger(__name__)

WINDOW_SECONDS = 600
ORDERS = Limit("orders", 10, WINDOW_SECONDS, when_down=True)
# Mobile networks put many payers behind one address.
ADDRESSES = Limit("payers", 100, WINDOW_SECONDS, when_down=True)

ACTS = ("claim", "again")
# The fields, and how many letters a claim keeps of them.
LENGTHS = {"phone": 40, "reference": 40, "name": 120}


@dataclass(frozen=True, slots=True)
class Answered:
    """Shown at once, as only this request's sender may see it."""

    visit: Visit
    status: int


def visit_of(order: Order, *, is_changing: bool = False) -> Visit:
    store = store_of(order)
    said = tuple(Claim.objects.filter(order=order).order_by("pk"))
    return Visit(
        claims=said,
        is_upstream=store.mode == VodafoneCashGateway.Mode.UPSTREAM,
        is_changing=is_changing,
        is_looked_at=is_looked_at(order, said),
    )


def is_looked_at(order: Order, said: Iterable[Claim]) -> bool:
    """Whether what came since the order, as these claims say, waits for a person: too little, too
    much, or fitting several. Its payer must not believe it lost, and pay again."""
    mine = Q(pk=None)
    for claim in said:
        if claim.status == Claim.Status.OPEN:
            mine |= Q(payer_phone=claim.phone) if claim.phone else Q()
            mine |= Q(transaction_id=claim.reference) if claim.reference else Q()
    # One that anybody could have written tells the payer nothing.
    doubted = Receipt.objects.filter(
        gateway_id=order.gateway_id, status=Receipt.Status.REVIEW, trusted=True
    )
    return doubted.filter(mine, received_at__gte=order.created).exists()


def store_of(order: Order) -> VodafoneCashGateway:
    return VodafoneCashGateway.objects.get(pk=order.gateway_id)


def take(request: HttpRequest, order: Order, now: datetime) -> Answered | None:
    """Take the claim, or look again for the last one; None where the page says how it stands."""
    store, typed = store_of(order), Typed()
    if request.POST.get("act") == "claim":
        typed = said = _typed(request, order, store)
        if typed.wrong:
            return _answered(order, typed, 422, is_changing=True)
    else:
        last = Claim.objects.filter(order=order, status=Claim.Status.OPEN).order_by("-pk").first()
        if last is None:
            return None
        said = Typed(last.phone, last.reference, last.name)
    if not (ADDRESSES.may(address_of(request), now) and ORDERS.may(str(order.pk), now)):
        is_changing = typed != Typed()
        return _answered(order, replace(typed, notice=TOO_MANY), 429, is_changing=is_changing)
    code = _claimed(order, store, said)
    if code == claiming.INVALID:
        return _answered(order, replace(typed, wrong=WRONG_NUMBER), 422, is_changing=True)
    if code == claiming.UNAVAILABLE:
        return _answered(order, replace(typed, notice=CANNOT_LOOK), 503)
    order.refresh_from_db()
    if code == claiming.HOLD and order.status in Order.OPEN:
        # vodafoncash.com said so to this request only.
        return _answered(order, Typed(), 200, shown=State.HELD)
    return None


def _claimed(order: Order, store: VodafoneCashGateway, said: Typed) -> str:
    ask = claiming.Ask(
        source=Claim.Source.PAGE,
        order=order,
        phone=said.phone,
        reference=said.reference,
        name=said.name,
        client=order.bill.client,
    )
    try:
        return claiming.claim(store, ask, ports.system_now).code
    except (MoneyError, SealBroken, SettlementError) as error:
        log.warning("claim for order %s: %s", order.pk, error)
        return claiming.UNAVAILABLE


def _answered(
    order: Order,
    typed: Typed,
    status: int,
    *,
    is_changing: bool = False,
    shown: State | None = None,
) -> Answered:
    visit = visit_of(order, is_changing=is_changing)
    return Answered(replace(visit, typed=typed, shown=shown), status)


def _typed(request: HttpRequest, order: Order, store: VodafoneCashGateway) -> Typed:
    phone, reference, name = (_line(request.POST.get(field, "")) for field in LENGTHS)
    if store.mode == VodafoneCashGateway.Mode.UPSTREAM:
        reference = name = ""
    wrong: Text = ""
    if phone:
        number = local_phone(phone)
        if number is None:
            wrong = WRONG_NUMBER
        elif number == local_phone(order.pay_to):
            wrong = OUR_NUMBER
    elif not reference:
        wrong = NO_NUMBER
    reference, name = reference[: LENGTHS["reference"]], name[: LENGTHS["name"]]
    return Typed(phone[: LENGTHS["phone"]], reference, name, wrong)


def _line(text: str) -> str:
    """One line, without marks of direction and what databases cannot keep."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
