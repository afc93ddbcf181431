"""What stands above a HavenoPay account's settings: where it stands, and what to copy where."""

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gateways.admin.accounts import webhook_url
from gateways.models import HavenoGateway
from gateways.providers.haveno import key_id, public_pem, read_public_keys
from ledger.admin.showing import BAD, GOOD, QUIET, Fact, Facts, visible


def state_of(account: HavenoGateway) -> tuple[str, str, str]:
    """Where it stands in one sentence, its tone, and what to do."""
    if not account.merchant_public_key:
        return (
            _("Without a merchant key no offer can be signed."),
            BAD,
            _("Press “New merchant key”, then copy its public half into the relay."),
        )
    if account.enabled and account.price_trouble:
        return (
            _("Nobody can pay here now, because there is no price. {trouble}").format(
                trouble=visible(account.price_trouble)
            ),
            BAD,
            _("Payers are asked to try again later. When it is mended, press “Ask prices now”."),
        )
    if not account.enabled:
        return _("Off: no new offers are made; payments still arrive."), QUIET, ""
    minutes = account.offer_timeout_minutes
    sentence = ngettext(
        "{merchant} is paid here in {coins}. An offer holds for {minutes} minute.",
        "{merchant} is paid here in {coins}. An offer holds for {minutes} minutes.",
        minutes,
    )
    coins = _(", ").join(account.coins())
    return sentence.format(merchant=account.merchant, coins=coins, minutes=minutes), GOOD, ""


def to_copy(account: HavenoGateway) -> Facts:
    secret_help = (
        _("It was shown once, when it was made.")
        if account.webhook_secret
        else _("Press “New webhook secret”, and enter it at the relay.")
    )
    return Facts(
        _("Copy into your relay"),
        [
            Fact(
                _("Webhook URL"),
                webhook_url(account),
                help=_("Unguessable: keep it between the relay and you."),
                copy=True,
            ),
            *_own_key(account),
            Fact(_("Webhook secret"), account.hint("webhook_secret"), help=secret_help),
        ],
    )


def _own_key(account: HavenoGateway) -> list[Fact]:
    key = account.merchant_public_key
    if not key:
        return []
    return [
        Fact(
            _("Merchant public key"),
            key,
            help=_(
                "Your offers are signed with its other half, which is kept here and never shown."
            ),
            copy=True,
        ),
        Fact(_("The same as PEM"), public_pem(key).strip(), copy=True, lines=True),
    ]


def keys_in_use(account: HavenoGateway) -> Facts:
    facts = []
    try:
        relay = read_public_keys(account.relay_keys)
    except ValueError as error:
        told = _("{problem} Nothing from the relay is believed.").format(problem=error)
        facts.append(Fact(_("Relay key"), told))
        relay = []
    for number, key in enumerate(relay, start=1):
        label = _("Relay key")
        if len(relay) > 1:
            label = _("Relay key {number} of {count}").format(number=number, count=len(relay))
        facts.append(Fact(label, key, help=_fingerprint(key), copy=True))
    if len(relay) > 1:
        facts.append(
            Fact("", _("Both are believed. Once the relay has changed over, remove the old one."))
        )
    if account.merchant_public_key:
        facts.append(Fact(_("Merchant key"), _fingerprint(account.merchant_public_key)))
    if account.previous_public_key:
        before = _fingerprint(account.previous_public_key)
        still = _("Still published, for offers signed with it.")
        facts.append(Fact(_("Before it"), before, help=still))
    facts.append(
        Fact(
            _("Published at"),
            f"{settings.GATEBOOK_URL}/.well-known/havenopay/{account.merchant.token}.json",
            help=_("Whoever checks one of your signed offers finds your public keys there."),
            copy=True,
        )
    )
    return Facts(_("Keys in use"), facts)


def _fingerprint(key: str) -> str:
    return _("Fingerprint {fingerprint}").format(fingerprint=key_id(key))
