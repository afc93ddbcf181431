"""What stands above a HavenoPay account's settings: where it stands, and what to copy where."""

from django.conf import settings

from gateways.admin.accounts import webhook_url
from gateways.models import HavenoGateway
from gateways.providers.haveno import key_id, public_pem, read_public_keys
from ledger.admin.showing import BAD, GOOD, QUIET, Fact, Facts, visible

_MAKE_ONE = "Press “New webhook secret”, and enter it at the relay."


def state_of(account: HavenoGateway) -> tuple[str, str, str]:
    """Where it stands in one sentence, its tone, and what to do."""
    if not account.merchant_public_key:
        return (
            "Without a merchant key no offer can be signed.",
            BAD,
            "Press “New merchant key”, then copy its public half into the relay.",
        )
    if account.enabled and account.price_trouble:
        return (
            f"Nobody can pay here now, because there is no price. {visible(account.price_trouble)}",
            BAD,
            "Payers are asked to try again later. When it is mended, press “Ask prices now”.",
        )
    if not account.enabled:
        return "Off: no new offers are made; payments still arrive.", QUIET, ""
    coins = ", ".join(account.coins())
    return (
        f"{account.merchant} is paid here in {coins}. An offer holds for "
        f"{account.offer_timeout_minutes} minutes.",
        GOOD,
        "",
    )


def to_copy(account: HavenoGateway) -> Facts:
    hint = account.hint("webhook_secret")
    return Facts(
        "Copy into your relay",
        [
            Fact(
                "Webhook URL",
                webhook_url(account),
                help="Unguessable: keep it between the relay and you.",
                copy=True,
            ),
            *_own_key(account),
            Fact(
                "Webhook secret",
                hint,
                help=_MAKE_ONE if hint == "not set" else "It was shown once, when it was made.",
            ),
        ],
    )


def _own_key(account: HavenoGateway) -> list[Fact]:
    key = account.merchant_public_key
    if not key:
        return []
    return [
        Fact(
            "Merchant public key",
            key,
            help="Your offers are signed with its other half, which is kept here and never shown.",
            copy=True,
        ),
        Fact("The same as PEM", public_pem(key).strip(), copy=True, lines=True),
    ]


def keys_in_use(account: HavenoGateway) -> Facts:
    facts = []
    try:
        relay = read_public_keys(account.relay_keys)
    except ValueError as error:
        facts.append(Fact("Relay key", f"{error} Nothing from the relay is believed."))
        relay = []
    for number, key in enumerate(relay, start=1):
        label = "Relay key" if len(relay) == 1 else f"Relay key {number} of {len(relay)}"
        facts.append(Fact(label, key, help=f"Fingerprint {key_id(key)}", copy=True))
    if len(relay) > 1:
        facts.append(
            Fact("", "Both are believed. Once the relay has changed over, remove the old one.")
        )
    if account.merchant_public_key:
        facts.append(Fact("Merchant key", f"Fingerprint {key_id(account.merchant_public_key)}"))
    if account.previous_public_key:
        before = f"Fingerprint {key_id(account.previous_public_key)}"
        facts.append(Fact("Before it", before, help="Still published, for offers signed with it."))
    facts.append(
        Fact(
            "Published at",
            f"{settings.GATEBOOK_URL}/.well-known/havenopay/{account.merchant.token}.json",
            help="Whoever checks one of your signed offers finds your public keys there.",
            copy=True,
        )
    )
    return Facts("Keys in use", facts)
