"""Haveno: offers signed by the merchant, opened at a relay that watches for the money.

The relay answers, reports and posts its webhook under its own key; nothing is believed that it
did not sign (Ed25519 over canonical JSON, RFC 8785; always checked by libsodium).

Credentials, all text, "" where unset:
    relay_url        https, without /v1
    relay_keys       64 hex digits each, one or two with a blank between: who may answer
    merchant_key     64 hex digits: the private seed that signs our offers
    merchant_id      the Haveno node's address: <56 characters>.onion:<port>
    receive_account  where the relay settles to, as the merchant named it there
    webhook_secret   whsec_ and base64: the second lock of webhooks; optional
    confirmations    how many each transfer needs, 10 unless set
"""

import re
from hashlib import sha256

from gateways.providers.base import Credentials, Inbound, Instructions, Notice, OrderRequest
from gateways.providers.haveno.addresses import CURRENCIES
from gateways.providers.haveno.asking import relay_url
from gateways.providers.haveno.keys import (
    key_id,
    new_merchant_key,
    public_half,
    public_pem,
    read_public_keys,
)
from gateways.providers.haveno.offers import open_offer, purge_offer
from gateways.providers.haveno.onion import check_merchant_id
from gateways.providers.haveno.reading import is_offer_id, plain
from gateways.providers.haveno.reports import fetch_offer
from gateways.providers.haveno.standard_webhooks import read_secret
from gateways.providers.haveno.uris import payment_uri
from gateways.providers.haveno.webhook import parse_webhook, verify_webhook
from ledger.http import Call, call

__all__ = [
    "CURRENCIES",
    "Haveno",
    "check_merchant_id",
    "key_id",
    "new_merchant_key",
    "payment_uri",
    "public_half",
    "public_pem",
    "read_public_keys",
    "read_secret",
    "relay_url",
]

PREFIX = "HAV-OFF-"
# Billers keep 64 characters of a reference, of which the ledger may add some for later money, and
# look it up by a pattern that must hold no wildcard.
_BOOKABLE = re.compile(r"[A-Za-z0-9.-]{1,56}")


class Haveno:
    slug = "haveno"
    acknowledgement = b"ok"

    def __init__(self, http: Call = call) -> None:
        self._http = http

    def open(self, request: OrderRequest, credentials: Credentials) -> Instructions:
        """A signed offer at the relay. Raises OpenRefused or Unavailable (it may be open there).

        Instructions has no payment_url: the payer stays on our own page, with `pay_to`.
        """
        return open_offer(request, credentials, self._http)

    def verify(self, inbound: Inbound, credentials: Credentials) -> None:
        """Raise Rejected unless a relay key signed it, fresh; and with a webhook secret its HMAC."""
        verify_webhook(inbound, credentials)

    def keepable(self, inbound: Inbound) -> Inbound:
        """All of it: nothing in it is a secret."""
        return inbound

    def is_doorbell(self, inbound: Inbound) -> bool:
        return False

    def parse(self, inbound: Inbound) -> list[Notice]:
        """One notice. Raises Rejected for bytes that verify would refuse by their shape."""
        return [parse_webhook(inbound)]

    def fetch(self, reference: str, credentials: Credentials) -> Notice | None:
        """Ask the relay about one offer by its id. Raises Unavailable."""
        return fetch_offer(reference, credentials, self._http)

    def purge(
        self, order_reference: str, provider_reference: str, credentials: Credentials, now: int
    ) -> bool:
        """Withdraw an offer: False where money was seen for it after all. Raises Unavailable."""
        return purge_offer(order_reference, provider_reference, credentials, now, self._http)

    def transaction_id(self, order_reference: str, provider_reference: str) -> str:
        """The offer's id behind HAV-OFF-, or its digest where it is too long or odd to search for.

        Raises ValueError for what is no offer id.
        """
        if not is_offer_id(provider_reference):
            raise ValueError(f"{plain(provider_reference, 80)!r} is no offer id")
        named = provider_reference.startswith(PREFIX)
        # Two hyphens, so that offer X1 is not booked as offer HAV-OFF-X1 is.
        readable = provider_reference if named else f"{PREFIX}-{provider_reference}"
        if _BOOKABLE.fullmatch(readable) and not provider_reference.startswith(f"{PREFIX}-"):
            return readable
        return PREFIX + sha256(provider_reference.encode("ascii")).hexdigest()[:40]

    def refresh_keys(self, credentials: Credentials) -> dict[str, str]:
        """Never any: a relay key is only ever what the merchant has looked at and pasted."""
        return {}
