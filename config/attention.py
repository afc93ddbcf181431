"""What needs a person today, in a user's own merchants: each with its age, a sentence and a link."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext, ngettext

from gateways.admin.orders import order_chip
from gateways.admin.receipt_page import payer_of
from gateways.admin.wallet_names import is_silent, phone_chip, receipt_chip
from gateways.models import Callback, HavenoGateway, Order, Phone, Receipt
from ledger.admin.billers import is_resting, trouble_of
from ledger.admin.bills import delivery_chip
from ledger.admin.showing import BAD, WARN, Chip, address, listing, visible
from ledger.admin.tenant import merchants_of, within
from ledger.models import Biller, Delivery
from ledger.outbox.deciding import BY_HAND
from ledger.settlement import WITHDRAWN

SHOWN = 20
# A biller may be at work on a call for a few minutes; until then nobody has to look.
UNKNOWN_TOO_LONG = timedelta(minutes=15)
REJECTED_WITHIN = timedelta(hours=24)
COUNTED = 1000


@dataclass(frozen=True, slots=True)
class Item:
    chip: Chip
    title: str
    url: str
    sentence: str
    since: datetime | None
    merchant: str
    way_out: str = ""
    since_good: bool = False  # `since` is when it last went well, not when it went wrong


@dataclass(frozen=True, slots=True)
class Group:
    """One cause. `more` is set where more rows wait than are shown; `all_url` lists them."""

    title: str
    items: list[Item]
    all_url: str
    more: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Attention:
    groups: list[Group] = field(default_factory=list)
    several_merchants: bool = False


def needed(user: Any, now: datetime) -> Attention:
    """Everything that waits for this user; kinds of rows that the user may not view are left out."""
    found = [group for group in _groups(user, now) if group.items or group.note]
    return Attention(found, merchants_of(user)[:2].count() > 1)


def _groups(user: Any, now: datetime) -> Iterator[Group]:
    if user.has_perm("ledger.view_biller"):
        yield _billers(within(Biller.objects.all(), user))
    if user.has_perm("gateways.view_havenogateway"):
        yield _prices(within(HavenoGateway.objects.all(), user))
    if user.has_perm("ledger.view_delivery"):
        yield from _deliveries(within(Delivery.objects.all(), user), now)
    if user.has_perm("gateways.view_order"):
        yield _orders(within(Order.objects.all(), user))
    if user.has_perm("gateways.view_receipt"):
        yield _receipts(within(Receipt.objects.all(), user))
    if user.has_perm("gateways.view_phone"):
        yield _phones(within(Phone.objects.all(), user), now)
    if user.has_perm("gateways.view_callback"):
        yield from _callbacks(within(Callback.objects.all(), user), now)


def _group(title: str, rows: "QuerySet[Any]", make: Any, all_url: str) -> Group:
    taken = list(rows[: SHOWN + 1])
    return Group(title, [make(row) for row in taken[:SHOWN]], all_url, more=len(taken) > SHOWN)


def _billers(rows: "QuerySet[Biller]") -> Group:
    troubled = rows.filter(~Q(last_error="") | Q(open_until__isnull=False), paused=False)
    troubled = troubled.select_related("merchant").order_by("pk")
    return _group(gettext("Billers"), troubled, _biller, listing(Biller))


def _biller(biller: Biller) -> Item:
    message, way_out = trouble_of(biller)
    resting = is_resting(biller)
    return Item(
        Chip(gettext("resting after failures"), BAD)
        if resting
        else Chip(gettext("last call failed"), WARN),
        str(biller),
        address(biller),
        message or gettext("Several calls failed in a row."),
        biller.last_ok,
        str(biller.merchant),
        way_out,
        since_good=True,
    )


def _prices(rows: "QuerySet[HavenoGateway]") -> Group:
    troubled = rows.filter(enabled=True).exclude(price_trouble="")
    troubled = troubled.select_related("merchant").order_by("price_trouble_at", "pk")
    return _group(gettext("Prices"), troubled, _price, listing(HavenoGateway))


def _price(account: HavenoGateway) -> Item:
    return Item(
        Chip(gettext("no price"), BAD),
        account.name,
        address(account),
        gettext("Nobody can pay there now. {why}").format(why=visible(account.price_trouble)),
        account.price_trouble_at,
        str(account.merchant),
        gettext("When it is mended, press “Ask prices now” on the account's page."),
    )


def _deliveries(rows: "QuerySet[Delivery]", now: datetime) -> Iterable[Group]:
    bookings = rows.filter(kind=Delivery.Kind.BOOKING).select_related("merchant", "payment", "bill")
    stuck = bookings.filter(status__in=(Delivery.Status.PARKED, Delivery.Status.REFUSED))
    stuck = stuck.exclude(code__in=(BY_HAND, WITHDRAWN))
    yield _group(
        gettext("Payments that WHMCS or the website does not have"),
        stuck.order_by("created"),
        _delivery,
        listing(Delivery, kind__exact="booking", status__in="parked,refused"),
    )
    unknown = bookings.filter(status=Delivery.Status.UNKNOWN).alias(
        since=Coalesce("first_failed", "created")
    )
    yield _group(
        gettext("Payments that WHMCS or the website may have"),
        unknown.filter(since__lt=now - UNKNOWN_TOO_LONG).order_by("created"),
        _delivery,
        listing(Delivery, kind__exact="booking", status__exact="unknown"),
    )


def _delivery(delivery: Delivery) -> Item:
    return Item(
        delivery_chip(delivery),
        gettext("{amount} for {bill}").format(amount=delivery.payment.credit, bill=delivery.bill),
        address(delivery),
        visible(delivery.last_message),
        delivery.first_failed or delivery.created,
        str(delivery.merchant),
        delivery.way_out,
    )


def _orders(rows: "QuerySet[Order]") -> Group:
    waiting = rows.filter(Q(status=Order.Status.REVIEW) | ~Q(attention=""))
    waiting = waiting.select_related("merchant", "bill").order_by("created")
    return _group(gettext("Orders"), waiting, _order, listing(Order, status__exact="review"))


def _order(order: Order) -> Item:
    return Item(
        order_chip(order),
        gettext("{amount} for {bill}").format(amount=order.due, bill=order.bill),
        address(order),
        visible(order.attention) or gettext("In review: approve or refuse it."),
        order.created,
        str(order.merchant),
    )


def _receipts(rows: "QuerySet[Receipt]") -> Group:
    waiting = rows.filter(status__in=(Receipt.Status.REVIEW, Receipt.Status.UNREAD))
    waiting = waiting.select_related("merchant").order_by("received_at", "pk")
    return _group(
        gettext("Receipts"), waiting, _receipt, listing(Receipt, status__in="review,unread")
    )


def _receipt(receipt: Receipt) -> Item:
    unread = receipt.status == Receipt.Status.UNREAD
    came = gettext("A message of {payer}") if unread else gettext("{amount} from {payer}")
    return Item(
        receipt_chip(receipt),
        came.format(amount=receipt.amount, payer=payer_of(receipt)),
        address(receipt),
        visible(receipt.reason) or gettext("Match it, split it, or dismiss it."),
        receipt.received_at,
        str(receipt.merchant),
    )


def _phones(rows: "QuerySet[Phone]", now: datetime) -> Group:
    """Silent ones: each store says for itself how long a phone may be silent."""
    watched = rows.filter(active=True, gateway__enabled=True).select_related("merchant", "gateway")
    since = Coalesce("last_seen", "created")
    silent = [phone for phone in watched.order_by(since, "pk")[:COUNTED] if is_silent(phone, now)]
    items = [_phone(phone, now) for phone in silent[:SHOWN]]
    return Group(
        gettext("Phones"), items, listing(Phone, active__exact=1), more=len(silent) > SHOWN
    )


def _phone(phone: Phone, now: datetime) -> Item:
    return Item(
        phone_chip(phone, now),
        visible(phone.name),
        address(phone),
        gettext(
            "Payments may come unseen: a dead phone looks just like customers who did not pay."
        ),
        phone.last_seen or phone.created,
        str(phone.merchant),
        gettext(
            "Look at the phone: power, network, battery saving, and the forwarder app. Is it gone for "
            "good? Switch it off on its page."
        ),
    )


def _callbacks(rows: "QuerySet[Callback]", now: datetime) -> Iterable[Group]:
    failed = rows.filter(status=Callback.Status.FAILED).defer("body", "headers", "traceback")
    yield _group(
        gettext("Callbacks that could not be worked"),
        failed.select_related("merchant", "gateway").order_by("received_at"),
        _callback,
        listing(Callback, status__exact="failed"),
    )
    since = now - REJECTED_WITHIN
    rejected = rows.filter(status=Callback.Status.REJECTED, last_seen__gte=since)
    count = rejected.order_by().values("pk")[: COUNTED + 1].count()
    if count:
        told = (
            gettext("More than {count} callbacks were rejected in the last 24 hours.")
            if count > COUNTED
            else ngettext(
                "{count} callback was rejected in the last 24 hours.",
                "{count} callbacks were rejected in the last 24 hours.",
                count,
            )
        ).format(count=min(count, COUNTED))
        normal = gettext(
            "Nothing of them was believed. A few are normal on the open internet; many after a change "
            "of settings are not."
        )
        yield Group(
            gettext("Rejected callbacks"),
            [],
            listing(Callback, status__exact="rejected"),
            note=f"{told} {normal}",
        )


def _callback(callback: Callback) -> Item:
    return Item(
        Chip(gettext("failed"), BAD),
        gettext("{callback} to {account}").format(callback=callback, account=callback.gateway),
        address(callback),
        visible(callback.verdict),
        callback.received_at,
        str(callback.merchant),
    )
