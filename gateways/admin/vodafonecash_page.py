"""What stands above a VodafoneCash store's settings: where it stands, and what to copy where."""

from django.conf import settings

from gateways.admin.accounts import webhook_url
from gateways.admin.wallet_names import is_silent
from gateways.models import VodafoneCashGateway
from ledger import ports
from ledger.admin.showing import BAD, GOOD, QUIET, WARN, Fact, Facts, link, visible
from ledger.models import Biller

Mode = VodafoneCashGateway.Mode
NOT_YET = "not entered yet"


def biller_of(store: VodafoneCashGateway) -> Biller | None:
    return Biller.objects.filter(merchant=store.merchant_id).first()


def state_of(store: VodafoneCashGateway) -> tuple[str, str, str]:
    """Where it stands in one sentence, its tone, and what to do."""
    if not store.enabled:
        return "Off: no new payments are asked for; what comes is still booked.", QUIET, ""
    if missing := _missing(store):
        return "Nobody can pay here yet.", BAD, f"Still needed: {', '.join(missing)}."
    if store.legacy_open:
        return (
            "Legacy open mode is on: plugins claim without the store key.",
            WARN,
            "Anybody who knows the store number can try to take somebody else's credit. Switch it "
            "off as soon as your plugins send the key.",
        )
    if store.mode == Mode.UPSTREAM:
        return f"Payments are read by your account at {visible(store.system_url)}.", GOOD, ""
    now = ports.system_now()
    phones = list(store.phones.filter(active=True))
    if silent := [phone.name for phone in phones if is_silent(phone, now)]:
        return (
            f"No sign of life from {visible(', '.join(silent))}: payments may be missed.",
            BAD,
            "Look at the phone: power, network, battery saving, and the forwarder app.",
        )
    return (
        f"{store.merchant} is paid here in EGP, at {visible(store.rate)} for 1 "
        f"{visible(store.store_currency)}.",
        GOOD,
        "",
    )


def _missing(store: VodafoneCashGateway) -> list[str]:
    missing = []
    if not store.rate:
        missing.append("the rate")
    if store.mode == Mode.OWN:
        if not store.wallets.filter(active=True).exists():
            missing.append("a wallet (below)")
        if not store.phones.filter(active=True).exists():
            missing.append("a phone that forwards its messages (enrol one under Phones)")
    elif not store.store_id or not store.store_key:
        missing.append("the Store ID and the store key of vodafoncash.com")
    return missing


def to_copy(store: VodafoneCashGateway) -> Facts:
    """What official vodafoncash plugins are pointed at."""
    facts = [
        Fact("VodafoneCash System URL", settings.GATEBOOK_URL, copy=True),
        Fact("Store ID", store.pk, copy=True),
        Fact(
            "Store key",
            store.hint("store_key"),
            help="The API Token. It is shown once, when it is made.",
        ),
    ]
    if store.mode == Mode.UPSTREAM:
        facts.append(
            Fact(
                "API URL at vodafoncash.com",
                webhook_url(store),
                help="Enter it there as your store's API URL: their callbacks arrive here.",
                copy=True,
            )
        )
    return Facts(
        "Copy into your plugin",
        facts,
        help="Official vodafoncash plugins work with the console once their System URL and Store ID "
        "are these.",
    )


def whmcs(store: VodafoneCashGateway) -> Facts:
    """The rows of the published page that are the biller's here."""
    biller = biller_of(store)
    if biller is None:
        return Facts(
            "WHMCS",
            [Fact("API URL", NOT_YET, help="Enter it once for all gateways: add a biller.")],
        )
    return Facts(
        "WHMCS",
        [
            Fact("API URL", visible(biller.url), copy=True),
            Fact("WHMCS Identifier", tail_of(biller.identifier)),
            Fact("WHMCS Secret", biller.hint("secret")),
            Fact("Booked as", biller.get_top_up_mode_display(), help="For top-ups and surplus."),
            Fact("Change them", link(biller)),
        ],
        help="Shared by all gateways of this merchant.",
    )


def tail_of(identifier: str) -> str:
    """A hint of an identifier, which is half of a credential."""
    if not identifier:
        return NOT_YET
    return f"ends in …{visible(identifier[-4:])}" if len(identifier) >= 16 else "entered"
