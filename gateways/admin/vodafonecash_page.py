"""What stands above a VodafoneCash store's settings: where it stands, and what to copy where."""

from django.conf import settings
from django.utils.translation import gettext as _

from gateways.admin.accounts import webhook_url
from gateways.admin.wallet_names import is_silent
from gateways.models import VodafoneCashGateway
from ledger import ports
from ledger.admin.biller_form import NAMES
from ledger.admin.showing import BAD, GOOD, QUIET, WARN, Fact, Facts, link, visible
from ledger.models import Biller

Mode = VodafoneCashGateway.Mode


def biller_of(store: VodafoneCashGateway) -> Biller | None:
    return Biller.objects.filter(merchant=store.merchant_id).first()


def state_of(store: VodafoneCashGateway) -> tuple[str, str, str]:
    """Where it stands in one sentence, its tone, and what to do."""
    if not store.enabled:
        return _("Off: no new payments are asked for; what comes is still booked."), QUIET, ""
    if missing := _missing(store):
        needed = _("Still needed: {things}.").format(things=_(", ").join(missing))
        return _("Nobody can pay here yet."), BAD, needed
    if store.legacy_open:
        return (
            _("Legacy open mode is on: plugins claim without the store key."),
            WARN,
            _(
                "Anybody who knows the store number can try to take somebody else's credit. Switch it "
                "off as soon as your plugins send the key."
            ),
        )
    if store.mode == Mode.UPSTREAM:
        told = _("Payments are read by your account at {system}.")
        return told.format(system=visible(store.system_url)), GOOD, ""
    now = ports.system_now()
    phones = list(store.phones.filter(active=True))
    if silent := [phone.name for phone in phones if is_silent(phone, now)]:
        return (
            _("No sign of life from {phones}: payments may be missed.").format(
                phones=visible(_(", ").join(silent))
            ),
            BAD,
            _("Look at the phone: power, network, battery saving, and the forwarder app."),
        )
    told = _("{merchant} is paid here in EGP, at {rate} for 1 {currency}.")
    return (
        told.format(
            merchant=store.merchant,
            rate=visible(store.rate),
            currency=visible(store.store_currency),
        ),
        GOOD,
        "",
    )


def _missing(store: VodafoneCashGateway) -> list[str]:
    missing, biller = [], biller_of(store)
    if biller is None:
        missing.append(_("a biller: your WHMCS or website (enter it under Billers)"))
    if not store.rate:
        missing.append(_("the rate"))
    if store.mode == Mode.OWN:
        if not store.wallets.filter(active=True).exists():
            missing.append(_("a wallet (below)"))
        if not store.phones.filter(active=True).exists():
            missing.append(_("a phone that forwards its messages (enrol one under Phones)"))
    elif not store.store_id or not store.store_key:
        missing.append(_("the Store ID and the store key of vodafoncash.com"))
    if wants_key(store, biller):
        missing.append(_("a store key, which the website's plugin must show"))
    return missing


def wants_key(store: VodafoneCashGateway, biller: Biller | None) -> bool:
    """Whether no payment can come in for want of the key: a website's come from its plugin only."""
    is_website = biller is not None and biller.is_website
    return is_website and store.mode == Mode.OWN and not (store.store_key or store.legacy_open)


def to_copy(store: VodafoneCashGateway) -> Facts:
    """What official vodafoncash plugins are pointed at."""
    facts = [
        Fact(_("VodafoneCash System URL"), settings.GATEBOOK_URL, copy=True),
        Fact(_("Store ID"), store.pk, copy=True),
        Fact(
            _("Store key"),
            store.hint("store_key"),
            help=_("The API Token. It is shown once, when it is made."),
        ),
    ]
    if store.mode == Mode.UPSTREAM:
        facts.append(
            Fact(
                _("API URL at vodafoncash.com"),
                webhook_url(store),
                help=_("Enter it there as your store's API URL: their callbacks arrive here."),
                copy=True,
            )
        )
    return Facts(
        _("Copy into your plugin"),
        facts,
        help=_(
            "Official vodafoncash plugins work with the console once their System URL and Store ID "
            "are these."
        ),
    )


def shop(store: VodafoneCashGateway) -> Facts:
    """The rows of the published page that are the biller's here."""
    biller = biller_of(store)
    if biller is None:
        entering = _("Enter it once for all gateways: add a biller.")
        return Facts(_("WHMCS or website"), [Fact(_("API URL"), not_yet(), help=entering)])
    facts = [Fact(_("API URL"), visible(address_of(biller)), copy=True)]
    if biller.is_website:
        facts += [Fact(_("Told as"), shape_of(biller)), Fact(_("Website key"), key_of(biller))]
    else:
        facts += [
            Fact(_("WHMCS Identifier"), tail_of(biller.identifier)),
            Fact(_("WHMCS Secret"), biller.hint("secret")),
            Fact(
                _("Booked as"),
                biller.get_top_up_mode_display(),
                help=_("For top-ups and surplus."),
            ),
        ]
    facts.append(Fact(_("Change them"), link(biller)))
    return Facts(
        _("Website") if biller.is_website else "WHMCS",
        facts,
        help=_("Shared by all gateways of this merchant."),
    )


def address_of(biller: Biller) -> str:
    """Without its query, which may bring a website's key."""
    return biller.url.partition("?")[0]


def shape_of(biller: Biller) -> str:
    """How the website is told, in words."""
    shape = biller.identifier.partition(":")[0]
    return str(NAMES.get(shape, shape))


def key_of(biller: Biller) -> str:
    """A hint of what the website believes us by."""
    if biller.identifier.startswith("signed:"):
        return biller.hint("access_key")
    return biller.hint("secret") if biller.secret else not_yet()


def not_yet() -> str:
    return _("not entered yet")


def tail_of(identifier: str) -> str:
    """A hint of an identifier, which is half of a credential."""
    if not identifier:
        return not_yet()
    if len(identifier) < 16:
        return _("entered")
    return _("ends in …{tail}").format(tail=visible(identifier[-4:]))
