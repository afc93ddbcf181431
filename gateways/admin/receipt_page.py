"""A receipt's page: the SMS as it came, what was read, the balances around it, and what it may be for."""

from collections.abc import Iterator

from gateways.admin.receipt_acts import WAITING
from gateways.admin.wallet_names import RECEIPT_TONES, kind_name, wallet_name
from gateways.models import EGP, Claim, Order, Receipt
from gateways.receipts import deciding
from ledger.admin.showing import (
    Fact,
    Facts,
    Page,
    Raw,
    Table,
    done_by_people,
    link,
    moment,
    money,
    visible,
)
from ledger.money import Money

Status = Receipt.Status
SHOWN = 5
_DO = {
    Status.REVIEW: "Match it, split it, or dismiss it. Nothing is booked until you do.",
    Status.UNREAD: "Read it yourself below. “Read again” once support has taught the reader its "
    "wording, or dismiss it.",
}


def payer_of(receipt: Receipt) -> str:
    return visible(receipt.payer_phone or receipt.payer_name or receipt.sender_id)


def page_of(receipt: Receipt) -> Page:
    place = receipt.merchant.time_zone
    tables = []
    if receipt.status in WAITING:
        tables.append(_candidates(receipt, place))
    tables.append(_claims(receipt, place))
    return Page(
        _sentence(receipt),
        RECEIPT_TONES[Status(receipt.status)],
        _DO.get(Status(receipt.status), ""),
        facts=[_read(receipt, place), _came(receipt, place), *_chain(receipt, place)],
        steps=done_by_people(receipt, place),
        tables=tables,
        raw=[
            Raw(
                f"The SMS as it came, from {visible(receipt.sender_id)}",
                visible(receipt.text),
                open=True,
            )
        ],
    )


def _sentence(receipt: Receipt) -> str:
    came = f"{receipt.amount} came from {payer_of(receipt)}"
    why = visible(receipt.reason)
    match receipt.status:
        case Status.MATCHED:
            return f"{came}: {why}."
        case Status.REVIEW:
            return f"{came} and waits for you. {why}"
        case Status.UNREAD:
            return f"A message that speaks of money could not be read. {why}"
        case Status.DISMISSED:
            return f"{came}; {why}." if receipt.amount_units else f"A message; {why}."
        case _:
            return f"{came}; nobody has claimed it yet."


def _read(receipt: Receipt, place: str) -> Facts:
    if not receipt.template:
        return Facts("What was read", [Fact("Reason", visible(receipt.reason))])
    return Facts(
        "What was read",
        [
            Fact("Amount", money(receipt.amount)),
            Fact("Payer's phone", visible(receipt.payer_phone), copy=bool(receipt.payer_phone)),
            Fact("Payer's name", visible(receipt.payer_name)),
            Fact(
                "Transaction id", visible(receipt.transaction_id), copy=bool(receipt.transaction_id)
            ),
            Fact("Wallet", kind_name(receipt.wallet_kind)),
            Fact("Time in the message", moment(receipt.happened_at, place)),
            Fact("Known sender", "yes" if receipt.trusted else "no: anybody can write such an SMS"),
            Fact("Layout", receipt.template),
        ],
    )


def _came(receipt: Receipt, place: str) -> Facts:
    wallet = receipt.wallet
    return Facts(
        "How it came",
        [
            Fact("Sender", visible(receipt.sender_id)),
            Fact("To the wallet", wallet_name(wallet) if wallet else "none of this store's"),
            Fact("Phone", link(receipt.phone, visible(receipt.phone.name))),
            Fact("Upload", link(receipt.callback)),
            Fact("Sent", moment(receipt.sent_at, place) or "not told"),
            Fact("Received here", moment(receipt.received_at, place)),
            Fact("Times", receipt.times),
        ],
    )


def _chain(receipt: Receipt, place: str) -> Iterator[Facts]:
    """The balances that the wallet printed before and after this one."""
    if receipt.balance_units is None or receipt.amount_units is None:
        return
    near = Receipt.objects.filter(gateway_id=receipt.gateway_id, wallet_kind=receipt.wallet_kind)
    near = near.filter(balance_units__isnull=False, wallet=receipt.wallet, trusted=True)
    before = near.filter(received_at__lte=receipt.received_at).exclude(pk=receipt.pk)
    last = before.order_by("-received_at", "-pk").first()
    after = near.filter(received_at__gt=receipt.received_at).order_by("received_at", "pk").first()
    balance = Money(receipt.balance_units, EGP)
    expected = balance - receipt.amount
    facts = []
    if last and last.balance_units is not None:
        was = Money(last.balance_units, EGP)
        apart = "" if was == expected else f"{expected} was to be expected before this one."
        facts.append(Fact("Balance before", money(was), help=apart))
    else:
        facts.append(Fact("Balance before", money(expected), help="Reckoned; no message tells it."))
    facts += [Fact("This receipt", money(receipt.amount)), Fact("Balance after", money(balance))]
    if after and after.balance_units is not None:
        facts.append(
            Fact(
                "Next printed",
                money(Money(after.balance_units, EGP)),
                help=f"With {after.amount} at {moment(after.received_at, place)}.",
            )
        )
    yield Facts(
        "Balance chain",
        facts,
        help="What goes out of the wallet lies between, too; a gap alone proves nothing.",
        figures=True,
    )


def _candidates(receipt: Receipt, place: str) -> Table:
    rows: list[tuple[object, ...]] = []
    for order, why in deciding.candidates_for(receipt):
        claim = order.claims.order_by("-pk").first()
        rows.append(
            (
                link(order, order.reference),
                order.get_status_display(),
                link(order.bill),
                money(order.asked),
                _who(claim),
                moment(order.created, place),
                why,
            )
        )
    head = ("Order", "Status", "For", "Asked", "Claimed by", "Opened", "Why")
    return Table("What it may be for", rows, head, help="Press “Match” or “Split” to choose.")


def _who(claim: Claim | None) -> str:
    if claim is None:
        return "nobody yet"
    parts = (claim.phone, claim.name, claim.reference)
    return visible(", ".join(filter(None, parts)))


def _claims(receipt: Receipt, place: str) -> Table:
    """What it was given to."""
    base = receipt.transaction_id or receipt.fingerprint[:16]
    orders = Order.objects.filter(
        gateway_id=receipt.gateway_id, payment__reference__startswith=f"VFC-{base}"
    )
    rows: list[tuple[object, ...]] = [
        (
            link(order, order.reference),
            link(order.bill),
            money(order.received),
            money(order.payment.credit) if order.payment else "",
            link(order.payment, order.payment.reference) if order.payment else "",
            moment(order.closed, place),
        )
        for order in orders.select_related("bill", "payment").order_by("pk")[: 2 * SHOWN]
    ]
    head = ("Order", "For", "Of it", "Booked", "Payment", "When")
    return Table("What it was booked for", rows, head)
