"""What an order's page tells where we quoted it: the offer, and the coins that came for it."""

import json

from gateways.models import Order
from ledger.admin.showing import Fact, Facts, Raw, moment, money, visible


def coins(order: Order) -> list[Fact]:
    """The amounts in the payer's coin."""
    facts = [
        Fact("Asked of the payer", money(order.asked)),
        Fact("Seen", money(order.seen)),
        Fact("Confirmed", money(order.confirmed)),
    ]
    if order.seen < order.asked:
        facts.append(Fact("Still missing", money(order.asked - order.seen)))
    if order.seen > order.asked:
        facts.append(Fact("Too much", money(order.seen - order.asked)))
    return facts


def offer(order: Order, place: str) -> Facts:
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
