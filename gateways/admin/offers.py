"""What an order's page tells where we quoted it: the offer, and the coins that came for it."""

import json

from gateways.admin.wallet_names import claim_chip
from gateways.models import EGP, Order
from ledger.admin.showing import Fact, Facts, Raw, Table, link, moment, money, visible

CLAIMS_SHOWN = 50


def coins(order: Order) -> list[Fact]:
    """The amounts in the payer's coin."""
    facts = [Fact("Asked of the payer", money(order.asked))]
    if order.pay_currency == EGP:
        facts.append(Fact("Received", money(order.seen)))
    else:
        facts += [Fact("Seen", money(order.seen)), Fact("Confirmed", money(order.confirmed))]
    if order.seen < order.asked:
        facts.append(Fact("Still missing", money(order.asked - order.seen)))
    if order.seen > order.asked:
        facts.append(Fact("Too much", money(order.seen - order.asked)))
    return facts


def offer(order: Order, place: str) -> Facts:
    return _wallet(order, place) if order.pay_currency == EGP else _coin(order, place)


def _wallet(order: Order, place: str) -> Facts:
    """A transfer from wallet to wallet, in pounds."""
    rate = f"1 {order.currency} = {visible(order.rate)} EGP"
    return Facts(
        "Wallet transfer",
        [
            Fact(
                "Rate",
                "none: the invoice is in EGP" if order.currency == EGP else rate,
                help="The store's. Locked until the offer ends.",
            ),
            Fact("Priced", moment(order.priced_at, place)),
            Fact("Pay to", visible(order.pay_to), copy=bool(order.pay_to)),
            Fact("Valid until", moment(order.valid_until, place)),
            Fact("Received", moment(order.first_seen, place) or "not yet"),
        ],
    )


def claims(order: Order, place: str) -> Table:
    """Who said to have paid it, the latest first."""
    rows: list[tuple[object, ...]] = [
        (
            link(each, f"claim {each.pk}"),
            claim_chip(each),
            visible(", ".join(filter(None, (each.phone, each.name, each.reference)))),
            money(each.amount),
            link(each.receipt) if each.receipt else "",
            moment(each.created, place),
        )
        for each in order.claims.select_related("receipt").order_by("-pk")[:CLAIMS_SHOWN]
    ]
    return Table("Claims", rows, ("Claim", "Status", "By", "Amount", "Receipt", "Made"))


def _coin(order: Order, place: str) -> Facts:
    depth = "none yet"
    if order.confirmations is not None:
        depth = f"{order.confirmations} of {order.confirmations_required}"
    elif order.confirmations_required:
        depth = f"none yet, of {order.confirmations_required}"
    return Facts(
        "Offer",
        [
            Fact("Coin", order.pay_currency),
            Fact(
                "Rate",
                f"1 {order.pay_currency} = {visible(order.rate)} {order.currency}",
                help=f"Source: {visible(order.rate_source)}. Locked until the offer ends.",
            ),
            Fact("Priced", moment(order.priced_at, place)),
            Fact("Pay to", visible(order.pay_to), copy=bool(order.pay_to)),
            Fact("Confirmations", depth),
            Fact("Valid until", moment(order.valid_until, place)),
            Fact("First seen", moment(order.first_seen, place) or "not yet"),
            Fact("Purged at the relay", moment(order.purged_at, place) or "no"),
        ],
    )


def signed_offer(order: Order) -> list[Raw]:
    """The document that payers can download, indented; its signature covers the canonical form."""
    if not order.document:
        return []
    try:
        text = json.dumps(json.loads(order.document), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = order.document
    return [Raw("Signed offer", visible(text))]
