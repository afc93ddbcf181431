"""The quick checklist of the published page, tried out: each line says what works or how to mend it."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateways.admin.vodafonecash_page import biller_of
from gateways.admin.wallet_names import is_silent, wallet_name
from gateways.models import EGP, VodafoneCashGateway
from ledger import ports
from ledger.admin.showing import Fact, moment, visible
from ledger.billing.base import BillerError, CheckLine
from ledger.bills import connect
from ledger.cipher import SealBroken
from ledger.http import CallError, call
from ledger.models import Attempt, Biller
from ledger.money import MoneyError
from ledger.rate import Rate

Mode = VodafoneCashGateway.Mode
TIMEOUT_SECONDS = 10
ATTEMPTS_LOOKED_AT = 500

# Invalid IP 203.0.113.7, as WHMCS names the address that it saw.
_SEEN_FROM = re.compile(r"\bIP:?\s+([0-9A-Fa-f][0-9A-Fa-f:.]{1,44})", re.IGNORECASE)
_BOTH_PLACES = (
    "Enter this address in WHMCS in both places, under System Settings > General Settings > "
    "Security: “Whitelisted IPs” and “API IP Access Restriction”. If the API credential has an IP "
    "list of its own (Manage API Credentials), there too. Then test again."
)
_ENROL = "Enrol a phone under Phones, and enter its URL into the forwarder app."


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
            "WHMCS", False, "No WHMCS is entered yet.", "Add a biller: its URL and credential."
        )
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
            "Store key",
            False,
            "Legacy open mode is on: claims need no key.",
            "Switch it off once your plugins send the key.",
        )
    else:
        yield _key(store)


# --- WHMCS ----------------------------------------------------------------------------------------
def _whmcs(store: VodafoneCashGateway, biller: Biller) -> Iterator[Line]:
    try:
        lines = connect(biller).check([store.method])
    except (BillerError, SealBroken, ValueError) as error:
        yield Line("Credentials", False, str(error), "Mend the biller's settings.")
        return
    refused = next((line for line in lines if _address_in(line)), None)
    if refused:
        address = _address_in(refused)
        yield Line("Credentials", None, "Not tried: WHMCS refuses our address first.")
        yield Line(
            "Whitelisted IPs",
            False,
            f"WHMCS answered “{visible(refused.message)}”.",
            _BOTH_PLACES,
            Fact("Our address, as WHMCS sees it", address, copy=True),
        )
        return
    failed = [line for line in lines if not line.ok]
    reached = any(line.ok for line in lines)
    if not reached and failed:
        yield Line("Credentials", False, visible(failed[0].message), failed[0].way_out)
        return
    yield Line("Credentials", True, "WHMCS knows the identifier and the secret.")
    yield Line("Whitelisted IPs", True, "WHMCS lets our address in.")
    yield from (Line(each.action, False, visible(each.message), each.way_out) for each in failed)
    if not failed:
        yield Line("API role: reading", True, f"{len(lines)} actions and settings answer.")
    yield from _writing(biller)


def _address_in(line: CheckLine) -> str:
    """The address that WHMCS refuses; "" where it refuses none."""
    if line.ok or not line.message.lower().lstrip().startswith(("invalid ip", "forbidden ip")):
        return ""
    seen = _SEEN_FROM.search(line.message)
    return seen[1].rstrip(".:") if seen else ""


def _writing(biller: Biller) -> Iterator[Line]:
    """Booking is never tried out; what the latest real bookings met tells about the role."""
    top_ups = "AddCredit" if biller.top_up_mode == Biller.TopUp.CREDIT else "AddTransaction"
    sends = Attempt.objects.filter(delivery__biller=biller, kind=Attempt.Kind.SEND)
    latest = sends.order_by("-pk").values_list("outcome", "code", "request")[:ATTEMPTS_LOOKED_AT]
    for action in ("AddInvoicePayment", top_ups):
        met = [(outcome, code) for outcome, code, sent in latest if sent.get("action") == action]
        yield _writing_line(action, met)


def _writing_line(action: str, met: Iterable[tuple[str, str]]) -> Line:
    what = f"API role: {action}"
    tick = f"Tick {action} in an API role of the credential (Manage API Credentials > API Roles)."
    for outcome, code in met:
        if code == "permission":
            return Line(what, False, "WHMCS refused the latest one: the role lacks it.", tick)
        if outcome == Attempt.Outcome.DONE:
            return Line(what, True, "A booking with it went well.")
    return Line(
        what,
        None,
        "Not tried, because trying would book something. The first payment will show.",
        tick,
    )


# --- the store ------------------------------------------------------------------------------------
def _rate(store: VodafoneCashGateway) -> Line:
    try:
        Rate.parse(store.rate, base="USD", quote=EGP)
    except MoneyError:
        return Line(
            "Rate", False, "No usable rate is set.", "Enter EGP for one unit, such as 50.00."
        )
    return Line("Rate", True, f"1 {visible(store.store_currency)} = {visible(store.rate)} EGP")


def _wallets(store: VodafoneCashGateway) -> Line:
    wallets = list(store.wallets.filter(active=True))
    if not wallets:
        return Line("Wallet", False, "No wallet is entered.", "Add the wallet's number below.")
    return Line("Wallet", True, ", ".join(map(wallet_name, wallets)))


def _phones(store: VodafoneCashGateway) -> Iterator[Line]:
    phones = list(store.phones.filter(active=True))
    if not phones:
        yield Line("Phone", False, "No phone is enrolled.", _ENROL)
    now, place = ports.system_now(), store.merchant.time_zone
    for phone in phones:
        what = f"Phone {visible(phone.name)}"
        if phone.last_seen is None:
            yield Line(what, False, "It was never seen.", "Finish its setup, then send a test SMS.")
        elif is_silent(phone, now):
            yield Line(
                what,
                False,
                f"Silent since {moment(phone.last_seen, place)}.",
                "Look at the phone: power, network, battery saving, and the forwarder app.",
            )
        else:
            yield Line(what, True, f"Alive; last seen {moment(phone.last_seen, place)}.")


def _key(store: VodafoneCashGateway) -> Line:
    if store.store_key:
        return Line("Store key", True, "Set.")
    return Line(
        "Store key",
        None,
        "None is set; only official plugins of vodafoncash.com and your callback need one.",
        "Press “New store key”, and enter it as the API Token.",
    )


def _upstream(store: VodafoneCashGateway) -> Line:
    """The one question of vodafoncash.com that changes nothing: its rate."""
    what = f"{store.system_url.rstrip('/')}/api/public/store/{store.store_id}/rate"
    way_out = "Check the System URL and the Store ID."
    try:
        answer = call("GET", what, timeout_seconds=TIMEOUT_SECONDS)
        members = json.loads(answer.body, parse_float=str)
    except CallError as error:
        return Line(what, False, f"It could not be asked: {error}.", way_out)
    except (ValueError, RecursionError):
        return Line(what, False, "Something answers, but not the wallet service.", way_out)
    if answer.status != 200 or not isinstance(members, dict) or not members.get("status"):
        return Line(what, False, f"It does not know the store (HTTP {answer.status}).", way_out)
    told = f"{members.get('rate', '')} EGP for 1 {members.get('currency_label', '')}"
    return Line(what, True, f"It knows the store; its rate is {visible(told)[:80]}.")
