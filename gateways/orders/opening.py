"""Creating an order at the provider, once per bill and amount."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from gateways.accounts import Account, ensure_keys
from gateways.models import Order, OrderEvent
from gateways.orders import pricing
from gateways.orders.links import new_pay_token, return_url, token_digest
from gateways.orders.states import change, tell
from gateways.providers.base import Instructions, OpenRefused, OrderRequest, Unavailable
from ledger.models import Bill
from ledger.money import Money
from ledger.ports import Clock, new_suffix, new_token, unix_seconds

Status, Source = Order.Status, OrderEvent.Source

OPENING = timedelta(seconds=75)
# Do not send a payer to a page that is about to close.
STILL_USABLE = timedelta(seconds=60)
FIRST_POLL = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an order is to be opened for. `coin` is what we quote in; "" where the provider quotes."""

    bill: Bill
    due: Money
    language: str
    description: str
    coin: str = ""


def open_order(account: Account, wanted: Wanted, *, clock: Clock) -> Order:
    """The open order of this bill, amount and coin, else a new one created at the provider.

    The row is committed before the call: what a crash leaves behind is tried again under the same
    reference. The answer may still lack a payment_url: another request is creating it
    (opening_until), or it failed (open_error says why, in the merchant's words).
    Raises Unquotable where no price can be trusted; no order is left behind then.
    """
    order, mine = _claim(account, wanted, clock())
    if not mine:
        return order
    # Ahead of the first callback, which would otherwise have to wait for the provider's key.
    ensure_keys(account, now=clock())
    try:
        instructions = account.provider.open(_request(order, account, wanted), account.credentials)
    except OpenRefused as refusal:
        if not refusal.fresh_reference:
            return _refused(order, refusal, clock())
        # The provider has this reference, but we never saw where to send the payer.
        _refused(order, refusal, clock(), attention=False)
        order, mine = _claim(account, wanted, clock())
        if not mine:
            return order
        try:
            instructions = account.provider.open(
                _request(order, account, wanted), account.credentials
            )
        except OpenRefused as again:
            return _refused(order, again, clock())
        except Unavailable as error:
            return _unavailable(order, error, clock())
    except Unavailable as error:
        return _unavailable(order, error, clock())
    return _opened(order, instructions, clock())


def _claim(account: Account, wanted: Wanted, now: datetime) -> tuple[Order, bool]:
    """The order to use, and whether this request is the one that creates it at the provider.

    A quote is asked for only where none is open, and outside the transaction.
    """
    if wanted.coin:
        order, mine = _claim_opening(account, wanted, None, now)
        if order is None:
            quote = pricing.quote(account, wanted.due, wanted.coin, now)
            order, mine = _claim_opening(account, wanted, quote, now)
    else:
        order, mine = _claim_opening(account, wanted, None, now)
    if order is None:
        raise RuntimeError("an order was neither found nor made")
    return order, mine


@transaction.atomic
def _claim_opening(
    account: Account, wanted: Wanted, quote: pricing.Quote | None, now: datetime
) -> tuple[Order | None, bool]:
    """No order where one must be made and there is no quote for it yet."""
    bill, due = wanted.bill, wanted.due
    Bill.objects.select_for_update().get(pk=bill.pk)
    order = Order.objects.filter(
        gateway_id=account.gateway_id,
        bill=bill,
        due_units=due.units,
        pay_currency=wanted.coin,
        status__in=Order.OPEN,
    ).first()
    if order and order.status == Status.NEW and _closing(order, now):
        change(order, Status.EXPIRED, now, Source.CLOCK, text="its time at the provider ran out")
        order = None
    if order is None:
        if wanted.coin and quote is None:
            return None, False
        nonce = new_token()
        order = Order.objects.create(
            merchant_id=account.merchant_id,
            gateway_id=account.gateway_id,
            bill=bill,
            reference=f"{bill.reference}-{new_suffix()}",
            due_units=due.units,
            currency=due.currency,
            language=wanted.language,
            token_nonce=nonce,
            token_digest=token_digest(new_pay_token(nonce)),
            opening_until=now + OPENING,
            poll_at=now + FIRST_POLL,
            created=now,
            **(_quoted(account, quote, now) if quote else {}),
        )
        tell(order, now, Source.PAYER, after=Status.NEW, text=_opened_for(order))
        return order, True
    if order.payment_url or order.pay_to or (order.opening_until and order.opening_until > now):
        return order, False
    order.opening_until = now + OPENING
    order.save(update_fields=["opening_until"])
    return order, True


def _quoted(account: Account, quote: pricing.Quote, now: datetime) -> dict[str, Any]:
    """The columns of a quote, locked for the life of the offer."""
    return {
        "pay_currency": quote.pay.currency,
        "received_currency": quote.pay.currency,
        "payable_units": quote.pay.units,
        "rate": quote.rate.text,
        "rate_source": quote.source,
        "priced_at": datetime.fromtimestamp(quote.priced_at, UTC),
        "confirmations_required": account.rules.confirmations,
        "valid_until": now + account.rules.offer_time,
    }


def _opened_for(order: Order) -> str:
    if not order.pay_currency:
        return f"opened for {order.due}"
    return (
        f"opened for {order.due}: {order.asked} at {order.rate} {order.currency} each, "
        f"priced by {order.rate_source}"
    )


def _closing(order: Order, now: datetime) -> bool:
    return bool(order.valid_until and order.valid_until < now + STILL_USABLE)


def _request(order: Order, account: Account, wanted: Wanted) -> OrderRequest:
    return OrderRequest(
        reference=order.reference,
        due=order.due,
        description=wanted.description,
        callback_url=f"{settings.GATEBOOK_URL}/webhooks/{account.token}/",
        success_url=return_url(order, "done"),
        failure_url=return_url(order, "cancelled"),
        language=order.language,
        invoice=wanted.bill.reference,
        pay=order.asked if order.pay_currency else None,
        rate=order.rate,
        rate_source=order.rate_source,
        created_at=unix_seconds(order.created),
        expires_at=unix_seconds(order.valid_until or order.created),
    )


def _opened(order: Order, instructions: Instructions, now: datetime) -> Order:
    order.payment_url, order.pay_to = instructions.payment_url, instructions.pay_to
    order.document = instructions.document
    order.confirmations_required = instructions.confirmations or order.confirmations_required
    # A callback may have been quicker and have named the order's own id.
    order.provider_reference = (
        Order.objects.values_list("provider_reference", flat=True).get(pk=order.pk)
        or instructions.provider_reference
    )
    if instructions.valid_until is not None:
        order.valid_until = datetime.fromtimestamp(instructions.valid_until, UTC)
    order.opening_until, order.open_error = None, ""
    try:
        with transaction.atomic():
            order.save(
                update_fields=[
                    "payment_url",
                    "pay_to",
                    "document",
                    "confirmations_required",
                    "provider_reference",
                    "valid_until",
                    "opening_until",
                    "open_error",
                ]
            )
    except IntegrityError:
        refusal = OpenRefused(
            "offer_reused",
            f"The relay answered with offer {order.provider_reference} and an address of which one is "
            "another order's already.",
            "Ask whoever runs the relay: each order needs an address of its own. Nobody was shown it.",
        )
        return _refused(Order.objects.get(pk=order.pk), refusal, now)
    created = "created at the provider" if order.provider_reference else "ready to be paid"
    tell(order, now, Source.PAYER, text=created)
    return order


@transaction.atomic
def _refused(order: Order, refusal: OpenRefused, now: datetime, *, attention: bool = True) -> Order:
    # Read again under locks, bill first: the call took its time, and money may have come meanwhile.
    Bill.objects.select_for_update().get(pk=order.bill_id)
    order = Order.objects.select_for_update().get(pk=order.pk)
    order.open_error = f"{refusal.code}: {refusal.message} {refusal.way_out}".strip()
    order.opening_until = None
    if order.status != Status.NEW:
        order.save(update_fields=["open_error", "opening_until"])
        return order
    if attention:
        order.attention = f"The provider refused to open this order. {order.open_error}"
    change(order, Status.FAILED, now, Source.PAYER, text=order.open_error)
    return order


def _unavailable(order: Order, error: Unavailable, now: datetime) -> Order:
    order.open_error = f"The provider could not be reached: {error}"
    order.opening_until = None
    order.save(update_fields=["open_error", "opening_until"])
    tell(order, now, Source.PAYER, text=order.open_error)
    return order
