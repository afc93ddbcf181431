"""The chain of balances of each wallet, in rows; gateways/wallet/chain.py says what fits.

Only what fits becomes a step of the chain, so two forged messages never vouch for each other. What
does not fit waits for a person, and is looked at again with each step that comes: the messages of a
phone that was offline match by themselves in whatever order they arrive. Locks: receipt, wallet.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from gateways.models import EGP, Balance, Receipt, Wallet
from gateways.receipts.reasons import has
from gateways.wallet.chain import SAME_MOMENT, Step, doubt
from gateways.wallet.matching import Reason, because
from ledger.money import Money
from ledger.ports import unix_seconds

Status = Receipt.Status

APART = ("balance_apart", "balance_before")
FOUND = "balance_found"
# Every real message of theirs that is known prints the balance. Who forges one in the wallet's own
# name would leave it out, so it is missed until a person has accepted one that lacks it.
PRINTING = frozenset({"vodafone_cash"})
MOMENT = timedelta(seconds=SAME_MOMENT)
# So many are looked at again with one message.
AT_ONCE = 100


def judge(receipt: Receipt) -> None:
    """Take a receipt that was just read into its wallet's chain, or before a person. One without a
    balance cannot be checked, and counts where nothing else speaks against it. The caller holds its
    row and its wallet."""
    if receipt.wallet is None or not receipt.trusted:
        return
    if odd := _doubt(receipt, receipt.wallet):
        receipt.status, receipt.why = Status.REVIEW, [*receipt.why, odd]
        receipt.save(update_fields=["status", "why"])
    elif receipt.balance_units is not None or receipt.status == Status.NEW:
        _add(receipt, receipt.wallet)


@transaction.atomic
def told(wallet: Wallet, balance: Money, at: datetime) -> None:
    """A trusted message of no receipt prints what the wallet holds."""
    wallet = lock(wallet)
    Balance.objects.get_or_create(wallet=wallet, receipt=None, at=at, units=balance.units)
    _show(wallet, balance.units, at)


def vouched(receipt: Receipt) -> None:
    """A person matched it, and has looked at the wallet: the chain goes on from here. The caller
    holds its row."""
    if receipt.wallet is not None:
        _add(receipt, lock(receipt.wallet))


def heal(wallet: Wallet, now: datetime) -> list[int]:
    """Ids of the receipts whose balance fits since another message came: to be offered to the claims.
    Those of before, too, for whoever freed them may have died before he offered them."""
    since = now - timedelta(hours=wallet.gateway.receipt_age_hours)
    doubted = Q(status=Status.REVIEW, trusted=True, step__isnull=True)
    doubted &= Q(balance_units__isnull=False)
    mine = Receipt.objects.filter(doubted | Q(status=Status.NEW), wallet=wallet).exclude(why=[])
    latest = list(mine.filter(received_at__gte=since).order_by("-pk")[:AT_ONCE])
    waiting = [each for each in latest if each.status == Status.REVIEW and has(each.why, *APART)]
    waiting.sort(key=lambda each: each.stamp)
    freed = {each.pk for each in latest if each.status == Status.NEW and has(each.why, FOUND)}
    fitting = {0}
    # Each that fits may be the neighbour that another one lacked.
    while fitting:
        fitting = {
            each.pk for each in waiting if not _doubt(each, wallet) and _free(each.pk, wallet)
        }
        waiting = [each for each in waiting if each.pk not in fitting]
        freed |= fitting
    return sorted(freed)


def offered(receipt_id: int) -> None:
    """It waits for its claim like any other now."""
    Receipt.objects.filter(pk=receipt_id, status=Status.NEW).update(why=[])


@transaction.atomic
def _free(receipt_id: int, wallet: Wallet) -> bool:
    receipt = Receipt.objects.select_for_update().get(pk=receipt_id)
    wallet = lock(wallet)
    waits = receipt.status == Status.REVIEW and has(receipt.why, *APART)
    if not waits or _doubt(receipt, wallet):
        return False
    others = [each for each in receipt.why if each[0] not in APART]
    receipt.status = Status.REVIEW if others else Status.NEW
    receipt.why = others or [because(FOUND)]
    receipt.save(update_fields=["status", "why"])
    _add(receipt, wallet)
    return True


def lock(wallet: Wallet) -> Wallet:
    return Wallet.objects.select_for_update().get(pk=wallet.pk)


def _doubt(receipt: Receipt, wallet: Wallet) -> Reason | None:
    """By the steps around it, to the next balance on either side."""
    at = receipt.stamp
    chain = Balance.objects.filter(wallet=wallet)
    if receipt.balance_units is None:
        before = chain.filter(at__lte=at).order_by("-at", "-pk").first()
        unusual = wallet.kind in PRINTING and before is not None and before.units is not None
        return because("no_balance") if unusual else None
    printed = chain.filter(units__isnull=False)
    last = printed.filter(at__lt=at - MOMENT).order_by("-at").first()
    following = printed.filter(at__gt=at + MOMENT).order_by("at").first()
    around = chain.filter(
        at__gte=(last.at if last else at) - 2 * MOMENT,
        at__lte=(following.at if following else at) + 2 * MOMENT,
    )
    steps = [_step(each.at, each.units, each.came_units) for each in around.order_by("at", "pk")]
    return doubt(_step(at, receipt.balance_units, receipt.amount_units), steps)


def _step(at: datetime, units: int | None, came: int | None) -> Step:
    return Step(
        at=unix_seconds(at),
        balance=None if units is None else Money(units, EGP),
        came=None if came is None else Money(came, EGP),
    )


def _add(receipt: Receipt, wallet: Wallet) -> None:
    at, units = receipt.stamp, receipt.balance_units
    step = Balance(wallet=wallet, receipt=receipt, at=at, units=units)
    step.came_units = receipt.amount_units
    # A person may match what was in the chain already.
    Balance.objects.bulk_create([step], ignore_conflicts=True)
    if units is not None:
        _show(wallet, units, at)


def _show(wallet: Wallet, units: int, at: datetime) -> None:
    """Only forward in time: messages may come out of order."""
    older = Wallet.objects.filter(pk=wallet.pk).exclude(balance_at__gt=at)
    older.update(balance_units=units, balance_at=at)
