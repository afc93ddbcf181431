"""Quotes for one account: the sources are asked, and a merchant whose prices fail hears of it."""

from datetime import datetime

from gateways.accounts import Account
from gateways.models import HavenoGateway, Order, VodafoneCashGateway
from gateways.oracles.quoting import Oracles, PriceSettings, Quote, Unquotable
from gateways.oracles.quoting import price_now as ask_price
from gateways.oracles.quoting import quote as ask_quote
from gateways.receipts.quoting import quote as store_quote
from ledger import ports
from ledger.http import call
from ledger.money import Money, MoneyError
from ledger.rate import Rate

__all__ = ["Quote", "Unquotable", "forget", "quote", "rate_now"]

# Quotes at a rate of its own.
STORE = "vodafonecash"

# One a process: it keeps each answer for a minute.
_oracles = Oracles(ports.monotonic, call)


def quote(account: Account, due: Money, coin: str, now: datetime) -> Quote:
    """Coins for what is due, rounded up. Raises Unquotable, and tells the merchant."""
    if account.slug == STORE:
        return _store_quote(account, due, now)
    try:
        made = ask_quote(due, coin, _settings(account), ports.unix_seconds(now), _oracles)
    except Unquotable as refusal:
        trouble = f"{coin} for {due.currency}: {refusal.message}"
        HavenoGateway.objects.filter(pk=account.gateway_id).update(
            price_trouble=trouble, price_trouble_at=now
        )
        raise
    troubled = HavenoGateway.objects.filter(
        pk=account.gateway_id, price_trouble__startswith=f"{coin} for "
    )
    troubled.update(price_trouble="", price_trouble_at=None)
    return made


def _store_quote(account: Account, due: Money, now: datetime) -> Quote:
    """At the merchant's own rate, which nobody need be asked for."""
    store = VodafoneCashGateway.objects.get(pk=account.gateway_id)
    open_orders = Order.objects.filter(gateway=store, status__in=Order.OPEN)
    taken = frozenset(open_orders.values_list("payable_units", flat=True))
    try:
        return store_quote(store, due, ports.unix_seconds(now), taken)
    except MoneyError as error:
        words = f"The store's rate cannot be used: {error}. Mend it in the store's settings."
        raise Unquotable("rate", words) from error


def rate_now(account: Account, coin: str, currency: str, now: datetime) -> Rate:
    """What one coin is worth at this moment. Raises Unquotable."""
    settings = _settings(account)
    return ask_price(coin, currency, settings, ports.unix_seconds(now), _oracles).rate


def _settings(account: Account) -> PriceSettings:
    if account.rules.prices is None:
        raise Unquotable("no_source", "This gateway has no price source.")
    return account.rules.prices


def forget() -> None:
    """Drop the prices that this process remembers."""
    global _oracles
    _oracles = Oracles(ports.monotonic, call)
