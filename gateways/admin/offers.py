"""What an order's page tells where we quoted it: the offer, and the coins that came for it."""

import json

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.admin.wallet_names import claim_chip
from gateways.models import EGP, Order
from ledger.admin.showing import Fact, Facts, Raw, Table, link, moment, money, visible

CLAIMS_SHOWN = 50

# As orders keep them: "relay, agreed with web and fixed rate".
_SOURCES = {
    "relay": _("relay"),
    "web": _("web"),
    "fixed rate": _("fixed rate"),
    "store rate": _("store rate"),
}


def coins(order: Order) -> list[Fact]:
    """The amounts in the payer's coin."""
    facts = [Fact(gettext("Asked of the payer"), money(order.asked))]
    if order.pay_currency == EGP:
        facts.append(Fact(gettext("Received"), money(order.seen)))
    else:
        facts += [
            Fact(gettext("Seen"), money(order.seen)),
            Fact(gettext("Confirmed"), money(order.confirmed)),
        ]
    if order.seen < order.asked:
        facts.append(Fact(gettext("Still missing"), money(order.asked - order.seen)))
    if order.seen > order.asked:
        facts.append(Fact(gettext("Too much"), money(order.seen - order.asked)))
    return facts


def offer(order: Order, place: str) -> Facts:
    return _wallet(order, place) if order.pay_currency == EGP else _coin(order, place)


def _wallet(order: Order, place: str) -> Facts:
    """A transfer from wallet to wallet, in pounds."""
    rate = f"1 {order.currency} = {visible(order.rate)} EGP"
    if order.currency == EGP:
        rate = gettext("none: the invoice is in EGP")
    return Facts(
        gettext("Wallet transfer"),
        [
            Fact(gettext("Rate"), rate, help=gettext("The store's. Locked until the offer ends.")),
            Fact(gettext("Priced"), moment(order.priced_at, place)),
            Fact(gettext("Pay to"), visible(order.pay_to), copy=bool(order.pay_to)),
            Fact(gettext("Valid until"), moment(order.valid_until, place)),
            Fact(gettext("Received"), moment(order.first_seen, place) or gettext("not yet")),
        ],
    )


def claims(order: Order, place: str) -> Table:
    """Who said to have paid it, the latest first."""
    rows: list[tuple[object, ...]] = [
        (
            link(each, gettext("claim {number}").format(number=each.pk)),
            claim_chip(each),
            visible(", ".join(filter(None, (each.phone, each.name, each.reference)))),
            money(each.amount),
            link(each.receipt) if each.receipt else "",
            moment(each.created, place),
        )
        for each in order.claims.select_related("receipt").order_by("-pk")[:CLAIMS_SHOWN]
    ]
    head = (
        gettext("Claim"), gettext("Status"), gettext("By"), gettext("Amount"), gettext("Receipt"),
        gettext("Made"),
    )  # fmt: skip
    return Table(gettext("Claims"), rows, head)


def _coin(order: Order, place: str) -> Facts:
    depth, needed = gettext("none yet"), order.confirmations_required
    if order.confirmations is not None:
        depth = gettext("{count} of {needed}").format(count=order.confirmations, needed=needed)
    elif needed:
        depth = gettext("none yet, of {needed}").format(needed=needed)
    return Facts(
        gettext("Offer"),
        [
            Fact(gettext("Coin"), order.pay_currency),
            Fact(
                gettext("Rate"),
                f"1 {order.pay_currency} = {visible(order.rate)} {order.currency}",
                help=gettext("Source: {source}. Locked until the offer ends.").format(
                    source=source_words(order.rate_source)
                ),
            ),
            Fact(gettext("Priced"), moment(order.priced_at, place)),
            Fact(gettext("Pay to"), visible(order.pay_to), copy=bool(order.pay_to)),
            Fact(gettext("Confirmations"), depth),
            Fact(gettext("Valid until"), moment(order.valid_until, place)),
            Fact(gettext("First seen"), moment(order.first_seen, place) or gettext("not yet")),
            Fact(gettext("Purged at the relay"), moment(order.purged_at, place) or gettext("no")),
        ],
    )


def source_words(rate_source: str) -> str:
    """Who named a price, and who agreed."""
    first, _agreed, others = rate_source.partition(", agreed with ")
    source, *checks = [
        visible(str(_SOURCES.get(name, name))) for name in (first, *others.split(" and "))
    ]
    if not others:
        return source
    agreed = checks[0]
    for other in checks[1:]:
        agreed = gettext("{one} and {other}").format(one=agreed, other=other)
    return gettext("{source}, agreed with {others}").format(source=source, others=agreed)


def signed_offer(order: Order) -> list[Raw]:
    """The document that payers can download, indented; its signature covers the canonical form."""
    if not order.document:
        return []
    try:
        text = json.dumps(json.loads(order.document), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = order.document
    return [Raw(gettext("Signed offer"), visible(text))]
