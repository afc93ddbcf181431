"""A receipt's page: the SMS as it came, what was read, the balances around it, and what it may be for."""

from collections.abc import Iterator

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.admin.orders import order_chip
from gateways.admin.receipt_acts import WAITING
from gateways.admin.wallet_names import RECEIPT_TONES, kind_name, wallet_name
from gateways.models import EGP, Balance, Claim, Order, Receipt
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
    two_lines,
    visible,
)
from ledger.money import Money

Status = Receipt.Status
SHOWN = 5
_DO = {
    Status.REVIEW: _("Match it, split it, or dismiss it. Nothing is booked until you do."),
    Status.UNREAD: _(
        "Read it yourself below. “Read again” once support has taught the reader its wording, or "
        "dismiss it."
    ),
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
                gettext("The SMS as it came, from {sender}").format(
                    sender=visible(receipt.sender_id)
                ),
                visible(receipt.text),
                open=True,
            )
        ],
    )


def _sentence(receipt: Receipt) -> str:
    match receipt.status:
        case Status.MATCHED:
            said = gettext("{amount} came from {payer}: {why}.")
        case Status.REVIEW:
            said = gettext("{amount} came from {payer} and waits for you. {why}")
        case Status.UNREAD:
            said = gettext("A message that speaks of money could not be read. {why}")
        case Status.DISMISSED if receipt.amount_units:
            said = gettext("{amount} came from {payer}; {why}.")
        case Status.DISMISSED:
            said = gettext("A message; {why}.")
        case _:
            said = gettext("{amount} came from {payer}; nobody has claimed it yet.")
    return said.format(
        amount=receipt.amount, payer=payer_of(receipt), why=visible(receipt.reason)
    ).strip()


def _read(receipt: Receipt, place: str) -> Facts:
    if not receipt.template:
        return Facts(gettext("What was read"), [Fact(gettext("Reason"), visible(receipt.reason))])
    return Facts(
        gettext("What was read"),
        [
            Fact(gettext("Amount"), money(receipt.amount)),
            Fact(
                gettext("Payer's phone"),
                visible(receipt.payer_phone),
                copy=bool(receipt.payer_phone),
            ),
            Fact(gettext("Payer's name"), visible(receipt.payer_name)),
            Fact(
                gettext("Transaction id"),
                visible(receipt.transaction_id),
                copy=bool(receipt.transaction_id),
            ),
            Fact(gettext("Wallet"), kind_name(receipt.wallet_kind)),
            Fact(gettext("Time in the message"), moment(receipt.happened_at, place)),
            Fact(
                gettext("Known sender"),
                gettext("yes") if receipt.trusted else gettext("no: anybody can write such an SMS"),
            ),
            Fact(gettext("Layout"), receipt.template),
        ],
    )


def _came(receipt: Receipt, place: str) -> Facts:
    wallet = receipt.wallet
    return Facts(
        gettext("How it came"),
        [
            Fact(gettext("Sender"), visible(receipt.sender_id)),
            Fact(
                gettext("To the wallet"),
                wallet_name(wallet) if wallet else gettext("none of this store's"),
            ),
            Fact(gettext("Phone"), link(receipt.phone, visible(receipt.phone.name))),
            Fact(gettext("Upload"), link(receipt.callback)),
            Fact(gettext("Sent"), moment(receipt.sent_at, place) or gettext("not told")),
            Fact(gettext("Received here"), moment(receipt.received_at, place)),
            Fact(gettext("Times"), receipt.times),
        ],
    )


def _chain(receipt: Receipt, place: str) -> Iterator[Facts]:
    """The balances that the wallet printed before and after this one, by the time of sending."""
    if receipt.wallet is None or receipt.balance_units is None or receipt.amount_units is None:
        return
    printed = receipt.wallet.balances.filter(units__isnull=False).exclude(receipt=receipt.pk)
    last = printed.filter(at__lte=receipt.stamp).order_by("-at", "-pk").first()
    after = printed.filter(at__gt=receipt.stamp).order_by("at", "pk").first()
    balance = Money(receipt.balance_units, EGP)
    was = expected = balance - receipt.amount
    apart = gettext("Reckoned; no message tells it.")
    if last and last.units is not None:
        was = Money(last.units, EGP)
        differs = gettext("{amount} was to be expected before this one.")
        apart = "" if was == expected else differs.format(amount=expected)
    facts = [
        Fact(gettext("Balance before"), money(was), help=apart),
        Fact(gettext("This receipt"), money(receipt.amount)),
        Fact(gettext("Balance after"), money(balance)),
    ]
    if after and after.units is not None:
        facts.append(_next_printed(after, after.units, place))
    yield Facts(
        gettext("Balance chain"),
        facts,
        help=gettext("What goes out of the wallet lies between, too; a gap alone proves nothing."),
        figures=True,
    )


def _next_printed(after: Balance, units: int, place: str) -> Fact:
    at = moment(after.at, place)
    if after.came_units is None:
        said = gettext("At {time}; no money came with it.").format(time=at)
    else:
        came = Money(after.came_units, EGP)
        said = gettext("With {amount} at {time}.").format(amount=came, time=at)
    return Fact(gettext("Next printed"), money(Money(units, EGP)), help=said)


def _candidates(receipt: Receipt, place: str) -> Table:
    rows: list[tuple[object, ...]] = []
    for order, why in deciding.candidates_for(receipt):
        claim = order.claims.order_by("-pk").first()
        rows.append(
            (
                two_lines(link(order, order.reference), order_chip(order)),
                link(order.bill),
                money(order.asked),
                _who(claim),
                moment(order.created, place),
                why,
            )
        )
    head = (
        gettext("Order"),
        gettext("For"),
        gettext("Asked"),
        gettext("Claimed by"),
        gettext("Opened"),
        gettext("Why"),
    )
    help = gettext("Press “Match” or “Split” to choose.")
    return Table(gettext("What it may be for"), rows, head, help=help)


def _who(claim: Claim | None) -> str:
    if claim is None:
        return gettext("nobody yet")
    parts = (claim.phone, claim.name, claim.reference)
    return visible(gettext(", ").join(filter(None, parts)))


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
    head = (
        gettext("Order"),
        gettext("For"),
        gettext("Of it"),
        gettext("Booked"),
        gettext("Payment"),
        gettext("When"),
    )
    return Table(gettext("What it was booked for"), rows, head)
