"""The quick checklist of the published page, tried out: each line says what works or how to mend it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from gateways.admin.vodafonecash_page import biller_of, wants_key
from gateways.admin.wallet_names import is_silent, wallet_name
from gateways.models import EGP, VodafoneCashGateway
from ledger import ports
from ledger.admin.showing import Fact, moment, visible
from ledger.billing.base import Biller as BillerClient
from ledger.billing.base import BillerError, CheckLine
from ledger.bills import connect
from ledger.cipher import SealBroken
from ledger.http import CallError, call
from ledger.models import Attempt, Biller
from ledger.money import MoneyError
from ledger.rate import Rate

Mode = VodafoneCashGateway.Mode
TIMEOUT_SECONDS = 10

# Invalid IP 203.0.113.7, as WHMCS names the address that it saw.
_SEEN_FROM = re.compile(r"\bIP:?\s+([0-9A-Fa-f][0-9A-Fa-f:.]{1,44})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was tried. `ok` is None where it could not be told."""

    action: str
    ok: bool | None
    message: str
    way_out: str = ""
    to_copy: Fact | None = None


def lines_for(store: VodafoneCashGateway) -> Iterator[Line]:
    biller = biller_of(store)
    if biller is None:
        yield Line(
            _("WHMCS or website"),
            False,
            _("None is entered yet."),
            _(
                "Add a biller: the URL and credential of your WHMCS, or the API URL of your website."
            ),
        )
    elif biller.is_website:
        yield from _website(biller)
    else:
        yield from _whmcs(store, biller)
    yield _rate(store)
    if store.mode == Mode.UPSTREAM:
        yield _upstream(store)
    else:
        yield _wallets(store)
        yield from _phones(store)
    if store.legacy_open:
        yield Line(
            _("Store key"),
            False,
            _("Legacy open mode is on: claims need no key."),
            _("Switch it off once your plugins send the key."),
        )
    else:
        yield _key(store, biller)


# --- WHMCS ----------------------------------------------------------------------------------------
def _whmcs(store: VodafoneCashGateway, biller: Biller) -> Iterator[Line]:
    try:
        client = connect(biller)
        lines = client.check([store.method])
    except (BillerError, SealBroken, ValueError) as error:
        yield Line(_("Credentials"), False, str(error), _("Mend the biller's settings."))
        return
    refused = next((line for line in lines if _address_in(line)), None)
    if refused:
        yield Line(_("Credentials"), None, _("Not tried: WHMCS refuses our address first."))
        yield from _refused(refused)
        return
    failed = [line for line in lines if not line.ok]
    reached = any(line.ok for line in lines)
    if not reached and failed:
        yield Line(_("Credentials"), False, visible(failed[0].message), failed[0].way_out)
        return
    yield Line(_("Credentials"), True, _("WHMCS knows the identifier and the secret."))
    yield Line("Whitelisted IPs", True, _("WHMCS has not banned our address."))
    yield Line("API IP Access Restriction", True, _("WHMCS lets our address in."))
    yield from (Line(each.action, False, visible(each.message), each.way_out) for each in failed)
    if not failed:
        answered = _("{count} actions and settings answer.").format(count=len(lines))
        yield Line(_("API role: reading"), True, answered)
    yield from _writing(client, biller)


def _refused(line: CheckLine) -> Iterator[Line]:
    """WHMCS names the address that it saw: behind a proxy that is not the one we know of."""
    address = Fact(_("Our address, as WHMCS sees it"), _address_in(line), copy=True)
    told = _("WHMCS answered “{message}”.").format(message=visible(line.message))
    yield Line(
        "Whitelisted IPs",
        False,
        told,
        _(
            "Enter this address in WHMCS in both places, under System Settings > General Settings > "
            "Security: “Whitelisted IPs” and “API IP Access Restriction”. If the API credential has "
            "an IP list of its own (Manage API Credentials), there too. Then test again."
        ),
        address,
    )
    yield Line(
        "API IP Access Restriction", False, told, _("Enter the same address there."), address
    )


def _address_in(line: CheckLine) -> str:
    """The address that WHMCS refuses; "" where it refuses none."""
    if line.ok or not line.message.lower().lstrip().startswith(("invalid ip", "forbidden ip")):
        return ""
    seen = _SEEN_FROM.search(line.message)
    return seen[1].rstrip(".:") if seen else ""


def _writing(client: BillerClient, biller: Biller) -> Iterator[Line]:
    """The actions that book, asked for in a way that books nothing."""
    top_ups = "AddCredit" if biller.top_up_mode == Biller.TopUp.CREDIT else "AddTransaction"
    for line in client.may_book(("AddInvoicePayment", top_ups)):
        what = _("API role: {action}").format(action=line.action)
        if line.ok:
            yield Line(what, True, _("The role has it."))
        else:
            yield Line(what, False, visible(line.message), line.way_out)


# --- a website ------------------------------------------------------------------------------------
def _website(biller: Biller) -> Iterator[Line]:
    try:
        connect(biller)
    except (BillerError, SealBroken) as error:
        yield Line(_("Website"), False, str(error), _("Mend the biller's settings."))
        return
    yield Line(_("Website"), True, _("Its settings are whole."))
    if biller.identifier.startswith("plugin:") and not biller.secret:
        yield Line(
            _("Website key"),
            False,
            _("None is entered."),
            _("Enter at the biller the key that your plugin holds."),
        )
    yield _telling(biller)


def _telling(biller: Biller) -> Line:
    """A website cannot be asked anything, so what it answered to the latest payment must do."""
    what = _("Telling the website")
    sends = Attempt.objects.filter(delivery__biller=biller, kind=Attempt.Kind.SEND)
    latest = sends.exclude(outcome=Attempt.Outcome.OPEN).order_by("-pk").first()
    if latest is None:
        return Line(
            what,
            None,
            _("Not tried, because trying would tell it of a payment. The first one will show."),
        )
    if latest.outcome == Attempt.Outcome.DONE:
        return Line(what, True, _("It was told of the latest payment."))
    return Line(
        what,
        False,
        visible(latest.message),
        _(
            "Check its API URL, and the key that its plugin holds. Deliveries shows what it answered."
        ),
    )


# --- the store ------------------------------------------------------------------------------------
def _rate(store: VodafoneCashGateway) -> Line:
    try:
        Rate.parse(store.rate, base="USD", quote=EGP)
    except MoneyError:
        return Line(
            _("Rate"),
            False,
            _("No usable rate is set."),
            _("Enter EGP for one unit, such as 50.00."),
        )
    return Line(_("Rate"), True, f"1 {visible(store.store_currency)} = {visible(store.rate)} EGP")


def _wallets(store: VodafoneCashGateway) -> Line:
    wallets = list(store.wallets.filter(active=True))
    if not wallets:
        return Line(
            _("Wallet"),
            False,
            _("No wallet is entered."),
            _("Add the wallet's number on the store's page."),
        )
    return Line(_("Wallet"), True, _(", ").join(map(wallet_name, wallets)))


def _phones(store: VodafoneCashGateway) -> Iterator[Line]:
    phones = list(store.phones.filter(active=True))
    if not phones:
        yield Line(
            _("Phone"),
            False,
            _("No phone is enrolled."),
            _("Enrol a phone under Phones, and enter its URL into the forwarder app."),
        )
    now, place = ports.system_now(), store.merchant.time_zone
    for phone in phones:
        what = _("Phone {name}").format(name=visible(phone.name))
        seen = moment(phone.last_seen, place)
        if phone.last_seen is None:
            yield Line(
                what,
                False,
                _("It was never seen."),
                _("Finish its setup, then send a test SMS."),
            )
        elif is_silent(phone, now):
            yield Line(
                what,
                False,
                _("Silent since {moment}.").format(moment=seen),
                _("Look at the phone: power, network, battery saving, and the forwarder app."),
            )
        else:
            yield Line(what, True, _("Alive; last seen {moment}.").format(moment=seen))


def _key(store: VodafoneCashGateway, biller: Biller | None) -> Line:
    if store.store_key:
        return Line(_("Store key"), True, _("Set."))
    way_out = _("Press “New store key”, and enter it as the API Token.")
    if wants_key(store, biller):
        return Line(
            _("Store key"),
            False,
            _("None is set: the website's plugin is refused without it."),
            way_out,
        )
    return Line(
        _("Store key"),
        None,
        _("None is set; only official plugins of vodafoncash.com and your callback need one."),
        way_out,
    )


def _upstream(store: VodafoneCashGateway) -> Line:
    """The one question of vodafoncash.com that changes nothing: its rate."""
    what = f"{store.system_url.rstrip('/')}/api/public/store/{store.store_id}/rate"
    way_out = _("Check the System URL and the Store ID.")
    try:
        answer = call("GET", what, timeout_seconds=TIMEOUT_SECONDS)
        members = json.loads(answer.body, parse_float=str)
    except CallError as error:
        return Line(
            what, False, _("It could not be asked: {problem}.").format(problem=error), way_out
        )
    except (ValueError, RecursionError):
        return Line(what, False, _("Something answers, but not the wallet service."), way_out)
    if answer.status != 200 or not isinstance(members, dict) or not members.get("status"):
        told = _("It does not know the store (HTTP {status}).").format(status=answer.status)
        return Line(what, False, told, way_out)
    priced, currency = str(members.get("rate", "")), str(members.get("currency_label", ""))
    rate = visible(_("{rate} EGP for 1 {currency}").format(rate=priced, currency=currency))[:80]
    if not _is_ours(store, priced, currency):
        told = _("Its rate is {rate}, not as entered here: what it reports would not fit.")
        way_out = _("Let currency and rate be the same there and here.")
        return Line(what, False, told.format(rate=rate), way_out)
    return Line(what, True, _("It knows the store; its rate is {rate}.").format(rate=rate))


def _is_ours(store: VodafoneCashGateway, priced: str, currency: str) -> bool:
    """Any currency but dollars is called "عملة" there, which is just the word for it."""
    if currency.isascii() and currency != store.store_currency:
        return False
    try:
        theirs, ours = (
            Rate.parse(each, base=store.store_currency, quote=EGP) for each in (priced, store.rate)
        )
    except MoneyError:
        return False
    return theirs == ours
