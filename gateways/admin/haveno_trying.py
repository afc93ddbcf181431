"""Trying out a HavenoPay account: does its relay answer, and is there a price for its coins."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gateways import accounts
from gateways.admin.offers import source_words
from gateways.models import HavenoGateway, Order
from gateways.oracles import relay
from gateways.oracles.base import NoPrice
from gateways.oracles.quoting import Oracles, Unquotable, price_now
from gateways.providers.base import Unavailable
from ledger import ports
from ledger.http import call
from ledger.models import Bill

USUAL_CURRENCY = "EUR"
BILLS_LOOKED_AT = 50
MOST_CURRENCIES = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was tried. `ok` is None where it could not be told."""

    action: str
    ok: bool | None
    message: str
    way_out: str = ""


def usual_currencies(account: HavenoGateway) -> list[str]:
    """What the merchant's latest bills are in, the latest first."""
    bills = Bill.objects.filter(merchant=account.merchant_id).order_by("-pk")
    latest = bills.values_list("currency", flat=True)[:BILLS_LOOKED_AT]
    return list(dict.fromkeys(latest))[:MOST_CURRENCIES] or [USUAL_CURRENCY]


def price_lines(account: HavenoGateway) -> Iterator[Line]:
    """What each accepted currency costs now, by this account's own rules."""
    settings, now = account.rules().prices, ports.unix_seconds(ports.database_now())
    # Not the ones that payers' quotes share: an answer that they keep may be a minute old.
    oracles = Oracles(ports.monotonic, call)
    for currency in usual_currencies(account):
        for coin in account.coins():
            what = _("{coin} for {currency}").format(coin=coin, currency=currency)
            if settings is None:
                yield Line(what, False, _("No price source is set."))
                continue
            try:
                price = price_now(coin, currency, settings, now, oracles)
            except Unquotable as refusal:
                yield Line(what, False, refusal.message)
            else:
                yield Line(what, True, f"{price.rate} ({source_words(price.source)})")


def relay_lines(account: HavenoGateway) -> list[Line]:
    """Whether the relay answers, takes our key, and signs with the one that we know."""
    answers = _answers(account)
    if not answers.ok:
        not_tried = _("Not tried, because the relay does not answer.")
        keys = (_("Merchant key"), _("Public Key"))
        return [answers, *(Line(key, None, not_tried) for key in keys)]
    return [answers, _takes_our_key(account), _signs(account)]


def _answers(account: HavenoGateway) -> Line:
    url = f"{account.relay_url.rstrip('/')}{relay.PATH}"
    what = f"GET {url}"
    try:
        members = Oracles(ports.monotonic, call).ask(url, relay.SITE)
    except NoPrice as error:
        return Line(what, False, error.message)
    prices = members.get("prices")
    if not isinstance(prices, dict):
        return Line(what, False, _("Something answers, but no relay."), _("Check the relay URL."))
    told = ngettext(
        "The relay answers, with {count} price.",
        "The relay answers, with {count} prices.",
        len(prices),
    )
    return Line(what, True, told.format(count=len(prices)))


def _takes_our_key(account: HavenoGateway) -> Line:
    """Withdraws an offer that does not exist: that changes nothing, and must be signed."""
    loaded, suffix = accounts.load(account), ports.new_suffix()
    now = ports.unix_seconds(ports.database_now())
    try:
        loaded.provider.purge(f"test-{suffix}", f"HAV-OFF-TEST-{suffix}", loaded.credentials, now)
    except Unavailable as error:
        way_out = _(
            "If the relay does not know your key, copy the Merchant public key from the account's "
            "page into it, and check that the Merchant ID is the one it knows."
        )
        return Line(_("Merchant key"), False, str(error), way_out)
    return Line(
        _("Merchant key"),
        True,
        _(
            "The relay took a message signed with it: it withdrew an offer that does not exist. A "
            "relay that looks for the offer before it looks at the signature would say the same."
        ),
    )


def _signs(account: HavenoGateway) -> Line:
    what = _("Public Key")
    quoted = Order.objects.filter(gateway=account.pk).exclude(pay_currency="")
    order = quoted.exclude(provider_reference="").order_by("-pk").first()
    if order is None:
        return Line(
            what,
            None,
            _(
                "Not tried: a relay signs only what it says of offers, and none was opened yet. The "
                "first one will show. No payer ever sees an address that this key did not sign."
            ),
        )
    loaded, offer = accounts.load(account), order.provider_reference
    try:
        known = loaded.provider.fetch(offer, loaded.credentials) is not None
    except Unavailable as error:
        return Line(what, False, str(error))
    if not known:
        told = _("Not tried: the relay no longer knows the latest offer, {offer}.")
        return Line(what, None, told.format(offer=offer))
    told = _("It signed what the relay says of offer {offer}.")
    return Line(what, True, told.format(offer=offer))
