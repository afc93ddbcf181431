"""A payer says to have sent money: looked for at once, and live until it comes or time runs out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from gateways import accounts
from gateways.models import Claim, Order, Receipt, VodafoneCashGateway
from gateways.orders.states import change, flag, tell
from gateways.providers.vodafonecash import check
from gateways.receipts import joining, topping_up, wanting
from gateways.receipts.expecting import came_of, expected_for, expected_of
from gateways.wallet.matching import Match, because, match, plain_reference
from gateways.wallet.phones import local_phone
from ledger.cipher import SealBroken
from ledger.models import Bill
from ledger.money import Money
from ledger.ports import Clock

Status = Claim.Status

MATCHED, HOLD, NOT_FOUND, REVIEW, INVALID, EXPIRED, ON_ITS_WAY, UNAVAILABLE = (
    "matched", "hold", "not_found", "review", "invalid", "expired",
    "on_its_way", "unavailable",
)  # fmt: skip
# The same claim again within a day is answered as before.
REPLAYED = timedelta(hours=24)
MOST_ASKED = 20
HELD_THERE = (
    "vodafoncash.com holds a payment for this order until a person there approves it. Look it up "
    "there: once approved, it reports it and it is booked here."
)


@dataclass(frozen=True, slots=True)
class Ask:
    """What the payer says. With an order its amount counts; without one the payer names it, and it
    becomes the client's credit.

    hold  force a person's look, whatever the store's own rules are.
    """

    source: str
    order: Order | None = None
    amount: Money | None = None
    phone: str = ""
    reference: str = ""
    name: str = ""
    client: str = ""
    user_name: str = ""
    hold: str = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """How it stands now. `transaction_id` is what it is booked under."""

    code: str
    claim: Claim | None = None
    transaction_id: str = ""


def claim(gateway: VodafoneCashGateway, ask: Ask, clock: Clock) -> Claimed:
    """Take a claim and look for its money. The same one again is answered by how it stands."""
    phone = local_phone(ask.phone) or ""
    amount = ask.order.asked if ask.order else ask.amount
    proof = phone or plain_reference(ask.reference) or ask.name.strip()
    if (ask.phone and not phone) or not proof or amount is None or amount.units <= 0:
        return Claimed(INVALID)
    now = clock()
    known = _known(gateway, ask, phone, amount, now)
    upstream = gateway.mode == VodafoneCashGateway.Mode.UPSTREAM
    asks_again = upstream and known is not None and known.status == Status.HELD
    if known is not None and known.status != Status.OPEN and not asks_again:
        return _answer(known)
    if known is None:
        if ask.order and ask.order.status not in Order.OPEN:
            return Claimed(state_of(ask.order))
        known = _new(gateway, ask, phone, amount, now)
    if upstream:
        return _ask_platform(gateway, known, clock)
    _look(gateway, known, ask, clock)
    known.refresh_from_db()
    # Failed: the same question a moment earlier gave up while this one was still looking.
    if ask.order is None and known.status in (Status.OPEN, Status.FAILED):
        _give_up(known, clock())
        known.refresh_from_db()
    return _answer(known)


def state_of(order: Order) -> str:
    """How an order of this gateway stands, for a page that looks again."""
    if order.status == Order.Status.PAID:
        return MATCHED
    if order.status == Order.Status.REVIEW:
        return HOLD if order.attention.startswith(joining.ANTI_SPAM) else REVIEW
    if order.status == Order.Status.PENDING:
        return ON_ITS_WAY
    if order.status not in Order.OPEN:
        return EXPIRED
    # At vodafoncash.com, whose hold leaves the order open here.
    return HOLD if order.claims.filter(status=Status.HELD).exists() else NOT_FOUND


def _known(
    gateway: VodafoneCashGateway, ask: Ask, phone: str, amount: Money, now: datetime
) -> Claim | None:
    """The same claim as before, if it is still worth something."""
    same = Claim.objects.select_related("order", "payment").filter(
        gateway=gateway,
        phone=phone,
        reference=plain_reference(ask.reference)[:40],
        name=ask.name.strip(),
        amount_units=amount.units,
        client=ask.client,
    )
    if ask.order:
        return same.filter(order=ask.order).order_by("-pk").first()
    asked = Q(user_name=ask.user_name)
    if not ask.hold:
        # What a person booked as this client's credit is what the plugin asked for; what went to an
        # invoice is not, and a stranger hears nothing of either.
        asked |= Q(source=Claim.Source.STAFF, order__bill__kind=Bill.Kind.CREDIT)
    replayed = same.filter(asked, created__gte=now - REPLAYED)
    replayed = replayed.exclude(status__in=(Status.FAILED, Status.EXPIRED))
    if not ask.hold:
        # Whoever shows more than a stranger did is not answered as he was.
        replayed = replayed.exclude(wanting.WANTING)
    known = replayed.order_by("-pk").first()
    if known is not None and known.status != Status.OPEN and _more_came(gateway, known):
        return None
    return known


def _more_came(gateway: VodafoneCashGateway, known: Claim) -> bool:
    """Another transfer of the same payer and amount waits: this is no replay, but the next one."""
    waiting = Receipt.objects.filter(gateway=gateway, status=Receipt.Status.NEW)
    same = waiting.filter(amount_units=known.amount_units, payer_phone=known.phone)
    return bool(known.phone) and same.exclude(pk__in=_wanted_by(known)).exists()


def _wanted_by(known: Claim) -> list[int]:
    """The receipts that the same customer's held claims want already: each stands for one."""
    mine = Claim.objects.filter(
        wanting.WANTING,
        gateway_id=known.gateway_id,
        phone=known.phone,
        client=known.client,
        user_name=known.user_name,
    )
    return [claim.booked_from_id for claim in mine if claim.booked_from_id is not None]


def _answer(known: Claim) -> Claimed:
    code = {
        Status.MATCHED: MATCHED,
        Status.OPEN: NOT_FOUND,
        Status.FAILED: NOT_FOUND,
        Status.EXPIRED: EXPIRED,
        Status.HELD: HOLD,
    }[Status(known.status)]
    if known.status == Status.HELD and known.order:
        code = HOLD if known.order.status in Order.OPEN else state_of(known.order)
    reference = known.payment.reference if known.payment else ""
    return Claimed(code, known, reference)


def _new(gateway: VodafoneCashGateway, ask: Ask, phone: str, amount: Money, now: datetime) -> Claim:
    expires = (
        ask.order.valid_until if ask.order and ask.order.valid_until else now + topping_up.PATIENCE
    )
    return Claim.objects.create(
        merchant_id=gateway.merchant_id,
        gateway=gateway,
        order=ask.order,
        source=ask.source,
        phone=phone,
        amount_units=amount.units,
        reference=plain_reference(ask.reference)[:40],
        name=ask.name.strip()[:120],
        user_name=ask.user_name[:120],
        client=ask.client,
        hold=ask.hold,
        created=now,
        expires=expires,
    )


def _look(gateway: VodafoneCashGateway, known: Claim, ask: Ask, clock: Clock) -> None:
    """The oldest receipt that is this claim's and nobody else's. Who loses a race looks further."""
    account = accounts.load(gateway)
    for receipt in _receipts_for(gateway, known):
        came = came_of(receipt)
        mine = expected_of(known, gateway)
        others = [each for each in expected_for(gateway.pk, came) if each.id != known.pk]
        verdict = match(came, [mine, *others])
        if not (isinstance(verdict, Match) and verdict.id == known.pk):
            continue
        if known.order is None:
            if not topping_up.value_of(gateway, receipt).units:
                return
            if not topping_up.keeps_currency(gateway, known, receipt):
                return
            known.order = topping_up.top_up(gateway, known, receipt, clock())
        if joining.join(account, known.pk, receipt.pk, by=verdict.by, now=clock()) is not None:
            return
    if ask.order is not None:
        # Not of a plugin's: whoever guesses amounts there must not move anybody's money about.
        joining.tell_of_others(gateway.pk, known)


@transaction.atomic
def _give_up(known: Claim, now: datetime) -> None:
    """Nothing waits for a claim without an order: whoever comes again asks again. What was opened
    for money that somebody else was quicker to get is closed."""
    claim = Claim.objects.select_related("order__bill").get(pk=known.pk)
    if claim.order is not None:
        Bill.objects.select_for_update().get(pk=claim.order.bill_id)
        order = Order.objects.select_for_update().get(pk=claim.order.pk)
        if order.status == Order.Status.NEW:
            change(
                order, Order.Status.FAILED, now, joining.Source.CLOCK, text="its money was taken"
            )
    Claim.objects.filter(pk=known.pk, status=Status.OPEN).update(status=Status.FAILED)


def _ask_platform(gateway: VodafoneCashGateway, known: Claim, clock: Clock) -> Claimed:
    """The platform looks; what it finds it reports by its own callback, and that is booked."""
    order = known.order
    if order is None:
        # Without an order of ours nothing could be booked when the platform reports.
        Claim.objects.filter(pk=known.pk).update(status=Status.FAILED)
        return Claimed(INVALID, known)
    if known.upstream_id or order.status == Order.Status.PENDING:
        return Claimed(ON_ITS_WAY, known)
    Claim.objects.filter(pk=known.pk).update(asked_at=clock())
    account = accounts.load(gateway)
    said = check(account.credentials, known.phone, known.amount, known.client, known.client)
    now = clock()
    if said.code == MATCHED:
        _tell_order(order, now, f"vodafoncash.com: {said.code}; its report is awaited")
        return Claimed(ON_ITS_WAY, known)
    tell(
        order, now, joining.Source.POLL, text=f"vodafoncash.com: {said.code} {said.message}".strip()
    )
    if said.code == HOLD:
        # Approved there, it is found by asking again.
        Claim.objects.filter(pk=known.pk, status=Status.OPEN).update(status=Status.HELD)
        return Claimed(HOLD, known)
    return Claimed(NOT_FOUND if said.code == NOT_FOUND else UNAVAILABLE, known)


@transaction.atomic
def _tell_order(order: Order, now: datetime, text: str) -> None:
    Bill.objects.select_for_update().get(pk=order.bill_id)
    held = Order.objects.select_for_update().get(pk=order.pk)
    if held.status == Order.Status.NEW:
        change(held, Order.Status.PENDING, now, joining.Source.POLL, text=text)


def _receipts_for(gateway: VodafoneCashGateway, known: Claim) -> list[Receipt]:
    waiting = Receipt.objects.filter(gateway=gateway, status=Receipt.Status.NEW)
    same = Q(amount_units=known.amount_units)
    signs = Q(payer_phone="")
    if known.phone:
        signs |= Q(payer_phone=known.phone)
    if known.reference:
        signs |= Q(transaction_id=known.reference)
    if gateway.unique_amounts:
        signs |= same
    if known.hold:
        waiting = waiting.exclude(pk__in=_wanted_by(known))
    # What a stranger wants comes last, so that of two equal transfers each may find its own.
    found = waiting.filter(same & signs).annotate(wanted=wanting.is_wanted())
    return list(found.order_by("wanted", "received_at", "pk"))


def ask_platform_again(clock: Clock) -> int:
    """Claims at vodafoncash.com that found nothing yet, or wait for approval there."""
    waiting = Claim.objects.select_related("gateway__merchant", "order__bill").filter(
        gateway__mode=VodafoneCashGateway.Mode.UPSTREAM,
        status__in=(Status.OPEN, Status.HELD),
        order__status=Order.Status.NEW,
        expires__gt=clock(),
    )
    asked = 0
    for each in waiting.order_by(F("asked_at").asc(nulls_first=True), "pk")[:MOST_ASKED]:
        try:
            _ask_platform(each.gateway, each, clock)
        except SealBroken:
            continue
        asked += 1
    return asked


def expire(now: datetime) -> int:
    """Claims whose time ran out; late money still finds them, for a person. Receipts that nobody
    claimed for too long are for one, too."""
    for store in VodafoneCashGateway.objects.all():
        old = now - timedelta(hours=store.receipt_age_hours)
        Receipt.objects.filter(
            # What is wanted waits for a person with the orders that want it.
            ~wanting.is_wanted(),
            gateway=store,
            status=Receipt.Status.NEW,
            received_at__lt=old,
        ).update(status=Receipt.Status.REVIEW, why=[because("unclaimed")])
    held_there = (
        Claim.objects.select_related("order")
        .filter(status=Status.HELD, receipt=None, payment=None, expires__lt=now - joining.GRACE)
        .exclude(wanting.WANTING)
    )
    for claim in held_there.filter(order__attention="").exclude(order=None):
        if claim.order and flag(claim.order, HELD_THERE):
            claim.order.save(update_fields=["attention", "flagged"])
    wanting.tell_losers(now)
    over = Claim.objects.filter(status=Status.OPEN, expires__lt=now - joining.GRACE)
    return over.update(status=Status.EXPIRED)
