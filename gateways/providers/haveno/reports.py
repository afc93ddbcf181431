"""What the relay says of one offer when asked: its state, and every transfer by itself."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from gateways.providers.base import Credentials, Notice, Transfer, Unavailable
from gateways.providers.haveno.asking import (
    OFFERS,
    ask,
    confirmations_wanted,
    relay_url,
    told,
)
from gateways.providers.haveno.offers import is_unknown
from gateways.providers.haveno.reading import (
    LATEST_SECONDS,
    MOST_CONFIRMATIONS,
    is_nothing,
    is_offer_id,
    is_text,
    plain,
    read_money,
    read_whole,
)
from ledger.http import Call
from ledger.money import MOST_DIGITS, Money

MOST_TRANSFERS = 1000
# A chain of two-minute blocks grows by less in a thousand years.
MOST_DEPTH = 10**9

STATES = {
    "open": "new",
    "seen": "pending",
    "confirming": "pending",
    "partial": "pending",
    "settled": "paid",
    "over": "paid",
    "late": "paid",
    "expired": "expired",
    "cancelled": "failed",
    "refunded": "refunded",
}
_OTHER_COIN = (
    "Coins of another kind than the offer's came in: {}. They are not counted. Look at the relay, "
    "and agree with the payer whether they go back."
)


@dataclass(frozen=True, slots=True)
class _Listed:
    transfer: Transfer
    locked: bool

    def counts(self, required: int) -> bool:
        return not self.locked and self.transfer.confirmations >= required


def fetch_offer(offer_id: str, credentials: Credentials, http: Call) -> Notice | None:
    """Ask about one offer; None where the relay does not know it. Raises Unavailable."""
    if not is_offer_id(offer_id):
        raise Unavailable("This order has no offer id to ask about.")
    try:
        url, wanted = relay_url(credentials), confirmations_wanted(credentials)
    except ValueError as error:
        raise Unavailable(str(error)) from None
    answer = ask(http, "GET", f"{url}{OFFERS}/{quote(offer_id, safe='')}")
    if is_unknown(answer):
        return None
    report = told(answer, credentials)
    if report.get("offer_id") != offer_id:
        raise Unavailable("The relay answered with another offer than was asked for")
    try:
        return _read(report, wanted)
    except ValueError as error:
        raise Unavailable(f"The relay's report of the offer is out of shape: {error}") from None


def _read(report: dict[str, Any], wanted: int) -> Notice:
    """Raises ValueError: such a report is not believed in part."""
    state = report.get("state")
    if not is_text(state):
        raise ValueError("there is no state")
    # The merchant's own number counts where the relay would take less.
    required = max(wanted, read_whole(report.get("confirmations_required"), 1, MOST_CONFIRMATIONS))
    read_whole(report.get("confirmations"), 0, MOST_DEPTH)
    listed = _transfers(report.get("transfers"))
    received, confirmed, advice = _sums(listed, report.get("received"), required)
    return Notice(
        order_reference="",
        status=STATES.get(str(state), "unknown"),
        provider_status=plain(state, 60).upper(),
        received=received,
        confirmed=confirmed,
        provider_reference=str(report["offer_id"]),
        advice=advice,
        transfers=tuple(replace(each.transfer, counts=each.counts(required)) for each in listed),
        confirmations=min((each.transfer.confirmations for each in listed), default=0),
        confirmations_required=required,
    )


def _transfers(value: object) -> list[_Listed]:
    if not isinstance(value, list) or len(value) > MOST_TRANSFERS:
        raise ValueError("there is no list of transfers")
    listed = [_transfer(each) for each in value]
    if sum(each.transfer.amount.units for each in listed) >= 10**MOST_DIGITS:
        raise ValueError("it tells of more than there is")
    if len({each.transfer.txid for each in listed}) < len(listed):
        raise ValueError("a transfer is listed twice")
    return listed


def _transfer(value: object) -> _Listed:
    if not isinstance(value, dict):
        raise ValueError("a transfer is no object")
    txid, locked = value.get("txid"), value.get("locked")
    if not is_text(txid) or not isinstance(locked, bool):
        raise ValueError("a transfer has no usable txid or locked")
    amount = read_money(value.get("amount"), value.get("currency"))
    if amount.units <= 0:
        raise ValueError("a transfer is of nothing")
    transfer = Transfer(
        txid=str(txid),
        amount=amount,
        confirmations=read_whole(value.get("confirmations"), 0, MOST_DEPTH),
        seen_at=read_whole(value.get("seen_at"), 1, LATEST_SECONDS),
    )
    return _Listed(transfer, locked)


def _sums(
    listed: list[_Listed], stated: object, required: int
) -> tuple[Money | None, Money | None, str]:
    """Received, confirmed, and what a person must know of coins that the offer did not ask for.

    Each transfer counts by its own confirmations, never by the best of all: dust sent early would
    otherwise confirm whatever follows. The report does not name the offer's currency, but states
    the sum in it, so a sum of nothing beside transfers is another coin's. None where there are
    several currencies.
    """
    currencies = sorted({each.transfer.amount.currency for each in listed})
    nothing = is_nothing(stated)
    if len(currencies) != 1:
        came = ", ".join(str(each.transfer.amount) for each in listed)
        return None, None, _OTHER_COIN.format(plain(came, 300)) if listed else ""
    currency = currencies[0]
    received = confirmed = Money(0, currency)
    for each in listed:
        received += each.transfer.amount
        if each.counts(required):
            confirmed += each.transfer.amount
    if nothing:
        return received, confirmed, _OTHER_COIN.format(received)
    if read_money(stated, currency) != received:
        raise ValueError("the transfers do not add up to what was received")
    return received, confirmed, ""
