"""VodafoneCash: the merchant's own phones forward the wallet's SMS, or an account at
vodafoncash.com reports what came.

Two kinds of messages come in. A phone POSTs its upload, in the format of its forwarder app
(gateways.wallet.forwarders); the platform GETs the merchant's callback URL, and its query string
is the body. Neither names an order of ours, so `parse` has nothing to say of either: uploads are
read by `uploaded`, callbacks by `platform_paid`.

Credentials, all text, "" where unset:
    mode             own, or upstream for an account at vodafoncash.com
    system_url       https, without trailing slash: where the platform's API is
    store_id         the store's number there
    store_key        the store's API token, shown by the platform as `key`
    wallet_number    where payers send to
and for an upload, of the phone that it came from:
    device           1
    device_key       the unguessable part of the phone's URL
    header_key, smsgate_key, httpsms_key, httpsms_passphrase, smsforwarder_secret, webhook_url
                     as gateways.wallet.forwarders.DeviceKeys has them
"""

import re
from hashlib import sha256

from gateways.providers.base import (
    Credentials,
    Inbound,
    Instructions,
    Notice,
    OpenRefused,
    OrderRequest,
    Rejected,
)
from gateways.providers.vodafonecash import masking, phones
from gateways.providers.vodafonecash.platform import (
    PlatformPayment,
    joined,
    read_payment,
    verify_payment,
)
from gateways.providers.vodafonecash.upstream import StoreRate, UpstreamAnswer, check, rate
from gateways.wallet.forwarders import Upload, answer, content_type

__all__ = [
    "PlatformPayment",
    "StoreRate",
    "UpstreamAnswer",
    "VodafoneCash",
    "check",
    "rate",
]

PREFIX = "VFC-"
# Billers keep 64 characters of a reference, of which the ledger may add some for later money, and
# look it up by a pattern that must hold no wildcard.
_BOOKABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,55}")
_REFERENCE = re.compile(r"[!-~]{1,128}")


class VodafoneCash:
    slug = "vodafonecash"
    acknowledgement = b"ok"

    def open(self, request: OrderRequest, credentials: Credentials) -> Instructions:
        """Nobody is asked: the payer sends to the wallet. Raises OpenRefused where there is none."""
        number = credentials.get("wallet_number", "")
        if not number:
            raise OpenRefused(
                "no_wallet",
                "The store has no wallet number that is switched on.",
                "Add the wallet that payers send to in the store's settings.",
            )
        return Instructions(pay_to=number)

    def verify(self, inbound: Inbound, credentials: Credentials) -> None:
        """Raise Rejected unless the phone, or the platform, shows what is demanded of it."""
        if credentials.get("device") == "1":
            phones.verify_upload(inbound, credentials)
        elif credentials.get("mode") == "upstream":
            verify_payment(inbound, credentials)
        else:
            raise Rejected(
                "vodafonecash.no_sender", "phones upload to URLs of their own", status=404
            )

    def is_doorbell(self, inbound: Inbound) -> bool:
        return False

    def parse(self, inbound: Inbound) -> list[Notice]:
        """Always none: no message names an order of ours."""
        return []

    def uploaded(self, inbound: Inbound, credentials: Credentials) -> Upload:
        """What a verified upload holds, as it was or as `keepable` made it. Raises Rejected."""
        return phones.read_upload(inbound, credentials)

    def platform_paid(self, inbound: Inbound) -> PlatformPayment:
        """What a verified callback of the platform says. Raises Rejected."""
        return read_payment(inbound)

    def keepable(self, inbound: Inbound) -> Inbound:
        """The message as it may be stored: one-time codes are dots. Takes any bytes."""
        return masking.without_codes(joined(inbound) if inbound.method == "GET" else inbound)

    def answer(self, inbound: Inbound, credentials: Credentials) -> tuple[bytes, str]:
        """The body and content type with which the sender of a stored message is content."""
        if credentials.get("device") != "1":
            return self.acknowledgement, "text/plain"
        upload = self.uploaded(inbound, credentials)
        return answer(upload, ["stored"] * len(upload.messages)), content_type(upload)

    def fetch(self, reference: str, credentials: Credentials) -> Notice | None:
        """Nobody can be asked about one order."""
        return None

    def purge(
        self, order_reference: str, provider_reference: str, credentials: Credentials, now: int
    ) -> bool:
        """There is nothing to withdraw; late money is found by its receipt."""
        return True

    def transaction_id(self, order_reference: str, provider_reference: str) -> str:
        """The wallet's reference, or the mark of the SMS, behind VFC-; its digest where it is too
        long or odd to search for.

        Raises ValueError for an order that no receipt belongs to.
        """
        if not _REFERENCE.fullmatch(provider_reference):
            raise ValueError(f"{provider_reference[:80]!r} is no reference of a receipt")
        if _BOOKABLE.fullmatch(provider_reference):
            return PREFIX + provider_reference
        # Two hyphens, which no readable one has.
        return f"{PREFIX}-{sha256(provider_reference.encode('ascii')).hexdigest()[:40]}"

    def refresh_keys(self, credentials: Credentials) -> dict[str, str]:
        """Never any: keys are what the merchant entered."""
        return {}
