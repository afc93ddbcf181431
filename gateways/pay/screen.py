"""The pay page of an order that we quoted, as plain values: nothing here asks or changes anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateways.models import EGP, Claim, Order
from gateways.orders.judging import GRACE, Coins
from gateways.orders.rules import Rules
from gateways.pay.qr import Qr, qr_of
from gateways.pay.transfers import Transfer, Visit, is_in_time, text_of, transfer_of
from gateways.pay.words import BANK_TEXT, COINS, ETHEREUM, TRON, WORDS, State, Text, source_words
from gateways.providers.haveno.uris import payment_uri
from gateways.receipts import claiming
from ledger.models import Bill
from ledger.money import Money

Status = Order.Status

BANK = "USD_BANK"
# What a wallet shows of the merchant; longer names make codes that cheap cameras cannot read.
LABEL_CHARACTERS = 40
ASKS = frozenset({State.WAITING, State.PARTIAL})
# Nothing was received, so another currency or a fresh price may be had.
FREE = frozenset({State.WAITING, State.EXPIRED, State.NOT_OPENED})
# A fresh price, or the same again, in the order's own currency.
RENEWED = frozenset({State.EXPIRED, State.NOT_OPENED})
# Nothing more is expected to happen by itself.
OVER = frozenset({State.PAID, State.PART_PAID, State.SETTLED, State.REFUNDED})


def state_of(order: Order, rules: Rules, now: datetime, claims: Sequence[Claim] = ()) -> State:
    """Where a quoted order stands for its payer. The one place that decides it.

    claims  of a wallet transfer: those that wait for money or for a person.
    """
    coins = _coins(order)
    seen, enough = coins.seen.units > 0, coins.enough(rules.tolerance_bp)
    late = bool(order.first_seen and order.first_seen > coins.ends + GRACE)
    settled = order.bill.status in (Bill.Status.PAID, Bill.Status.OVERPAID)
    match order.status:
        case Status.PAID:
            part = order.payment is not None and order.payment.credit < order.due
            return State.PART_PAID if part and not settled else State.PAID
        case Status.REFUNDED:
            return State.REFUNDED
        case Status.REVIEW if late:
            return State.LATE
        case Status.REVIEW:
            held = not rules.auto_confirm and coins.confirmed >= enough
            if order.pay_currency == EGP:
                held = claiming.state_of(order) == claiming.HOLD
            return State.HELD if held else State.REVIEW
        case Status.FAILED | Status.TEST if seen:
            # What came after the end waits for a person; what was there before, a person refused.
            after = order.closed and order.first_seen and order.first_seen > order.closed
            return State.LATE if after else State.FAILED
        case Status.EXPIRED if seen:
            return State.LATE
    if settled and not seen:
        return State.SETTLED
    if not order.pay_to:
        opening = order.status == Status.NEW and order.opening_until and order.opening_until > now
        return State.PREPARING if opening else State.NOT_OPENED
    if order.status in (Status.FAILED, Status.TEST):
        return State.FAILED
    over = now > coins.ends
    if order.pay_currency == EGP and order.status in Order.OPEN and not seen:
        if order.status == Status.PENDING:
            return State.ON_ITS_WAY
        if any(claim.status == Claim.Status.HELD for claim in claims):
            return State.HELD
        if is_in_time(order, now) and any(claim.status == Claim.Status.OPEN for claim in claims):
            return State.LOOKING
    if not seen:
        return State.EXPIRED if over or order.status == Status.EXPIRED else State.WAITING
    if late:
        return State.LATE
    if coins.seen >= enough:
        return State.CONFIRMING if order.confirmations else State.SEEN
    return State.SHORT if over else State.PARTIAL


def _coins(order: Order) -> Coins:
    return Coins(
        due=order.due,
        asked=order.asked,
        ends=order.valid_until or order.created,
        seen=order.seen,
        confirmed=order.confirmed,
        on_time=order.confirmed,
    )


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount as it is read, and the bare number as it is copied: no separators, never rounded."""

    number: str
    unit: str

    @classmethod
    def of(cls, money: Money) -> "Sum":
        if money.currency == BANK:
            return cls(money.amount, "USD")
        if money.currency == EGP:
            return cls(money.amount.removesuffix(".00"), EGP)
        whole, point, fraction = money.amount.partition(".")
        fraction = fraction.rstrip("0")
        return cls(f"{whole}{point}{fraction}" if fraction else whole, money.currency)


@dataclass(frozen=True, slots=True)
class Pay:
    """What the payer needs to pay now. `uri` opens a wallet; the code holds it, else the address."""

    amount: Sum
    address: str
    uri: str
    qr: Qr | None
    network: Text
    is_bank: bool


@dataclass(frozen=True, slots=True)
class Choice:
    code: str
    name: Text
    chosen: bool


@dataclass(frozen=True, slots=True)
class Screen:
    """All that the page of one order says, besides its links."""

    state: State
    title: Text
    text: Text
    icon: str
    tone: str
    merchant: str
    invoice: str
    due: Money
    coin: Text
    code: str
    asked: Sum
    received: Sum | None
    still_due: Money | None
    rate: str
    source: Text
    is_checked: bool
    priced_at: datetime | None
    deadline: datetime | None
    offer: str
    confirmations: int
    required: int
    pay: Pay | None
    transfer: Transfer | None
    choices: tuple[Choice, ...]
    may_renew: bool
    is_watched: bool
    has_document: bool
    reload_seconds: int

    @property
    def is_over(self) -> bool:
        return self.state in OVER


def screen_of(order: Order, rules: Rules, now: datetime, visit: Visit | None = None) -> Screen:
    """`visit` is what the page of a wallet transfer knows besides."""
    visit = visit or Visit()
    state = visit.shown or state_of(order, rules, now, visit.counted)
    words, coins = WORDS[state], _coins(order)
    source, is_checked = source_words(order.rate_source)
    required = order.confirmations_required or rules.confirmations
    is_bank = order.pay_currency == BANK
    text = BANK_TEXT if is_bank and state is State.WAITING else words.text
    transfer = transfer_of(order, state, visit, now) if order.pay_currency == EGP else None
    if transfer:
        text = text_of(transfer, visit, state) or text
    asked = Sum.of(order.asked)
    return Screen(
        state=state,
        title=words.title,
        text=text,
        icon=words.icon,
        tone=words.tone,
        merchant=order.merchant.name,
        invoice=order.bill.number or order.bill.reference,
        due=order.due,
        coin=COINS.get(order.pay_currency, order.pay_currency),
        code=order.pay_currency,
        asked=asked,
        received=Sum.of(coins.seen) if coins.seen.units else None,
        still_due=_still_due(order) if state is State.PART_PAID else None,
        rate=_rate(order, asked.unit),
        source=source,
        is_checked=is_checked,
        priced_at=order.priced_at,
        deadline=order.valid_until if state in ASKS else None,
        # Of a transfer it is what the wallet's message said, perhaps typed by a payer.
        offer="" if transfer else order.provider_reference,
        confirmations=min(order.confirmations or 0, required),
        required=required,
        pay=_pay(order, coins.missing) if state in ASKS else None,
        transfer=transfer,
        choices=_choices(order, rules, state),
        may_renew=state in RENEWED and order.pay_currency in rules.coins,
        is_watched=order.purged_at is None,
        has_document=bool(order.document),
        # It would wipe out what is being typed.
        reload_seconds=0 if transfer and transfer.is_asking else _reload_seconds(state),
    )


def _rate(order: Order, unit: str) -> str:
    """The price of one coin, or the pounds for one unit of the bill; "" within one currency."""
    if unit == order.currency:
        return ""
    if order.pay_currency == EGP:
        return f"1 {order.currency} = {order.rate} {unit}"
    return f"1 {unit} = {order.rate} {order.currency}"


def _still_due(order: Order) -> Money | None:
    return order.due - order.payment.credit if order.payment else None


def _choices(order: Order, rules: Rules, state: State) -> tuple[Choice, ...]:
    """The accepted currencies, where there is one to choose."""
    others = [code for code in rules.coins if code != order.pay_currency]
    if state not in FREE or not others:
        return ()
    return tuple(
        Choice(code, COINS.get(code, code), code == order.pay_currency) for code in rules.coins
    )


def _reload_seconds(state: State) -> int:
    """For browsers without JavaScript; 0 where nothing more happens by itself."""
    if state is State.PREPARING:
        return 2
    return 0 if state in OVER else 15


def _pay(order: Order, missing: Money) -> Pay:
    address, coin = order.pay_to, order.pay_currency
    is_bank = coin == BANK
    if coin == EGP:
        # Wallets take no links for a number, and nobody scans one.
        return Pay(Sum.of(missing), address, "", None, "", is_bank=False)
    label = order.merchant.name[:LABEL_CHARACTERS]
    message = f"Invoice {order.bill.number or order.bill.reference}"
    try:
        uri = payment_uri(coin, address, missing, label, message)
    except ValueError:
        # An order of another version's rules: the address in full is still right.
        uri = ""
    network: Text = ""
    if coin == "USDT":
        network = ETHEREUM if address.startswith("0x") else TRON
    return Pay(
        amount=Sum.of(missing),
        address=address,
        uri=uri,
        qr=None if is_bank else qr_of(uri or address),
        network=network,
        is_bank=is_bank,
    )
