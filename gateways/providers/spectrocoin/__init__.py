"""SpectroCoin: both generations of its merchant API and both kinds of its callbacks.

How orders are opened and how callbacks arrive are independent: the callback's kind belongs to the
merchant's project (plugin changelogs of July 2025), so both kinds are always understood.

Credentials, all text, "" where unset:
    merchant_id, project_id     UUIDs, or numbers for accounts from before 2022
    api_generation              "current" or "legacy": how orders are opened
    client_id, client_secret    for the current API; also what fetch needs
    private_key                 PEM, for the legacy API
    pay_currency                legacy only: the coin offered first, BTC unless set
    receive_currencies          codes with commas between; others are refused; "" allows all
    callback_public_key         PEM, one or more: who may sign form callbacks
    callback_merchant_id, callback_api_id  the signed numbers of a project that has UUIDs; optional
    base_url                    https://spectrocoin.com unless set
"""

from gateways.providers.base import (
    BODY_CAP_BYTES,
    Credentials,
    Inbound,
    Instructions,
    Notice,
    OpenRefused,
    OrderRequest,
    Rejected,
    Unavailable,
)
from gateways.providers.spectrocoin import current, legacy
from gateways.providers.spectrocoin.asking import ask, base_url
from gateways.providers.spectrocoin.instructions import is_reference
from gateways.providers.spectrocoin.keys import (
    key_fingerprint,
    public_half,
    public_pem,
    read_private_key,
    read_public_keys,
)
from gateways.providers.spectrocoin.tokens import Clock, Tokens, monotonic_seconds
from ledger.http import Call, call

__all__ = [
    "SpectroCoin",
    "key_fingerprint",
    "public_half",
    "read_private_key",
    "read_public_keys",
]

PUBLIC_KEY_PATH = "/files/merchant.public.pem"


class SpectroCoin:
    """Make one per process: it keeps the access tokens."""

    slug = "spectrocoin"
    # Any other body counts as undelivered and is sent again.
    acknowledgement = b"*ok*"

    def __init__(self, clock: Clock = monotonic_seconds, http: Call = call) -> None:
        self._http = http
        self._current = current.CurrentApi(Tokens(clock, http), http)

    def open(self, request: OrderRequest, credentials: Credentials) -> Instructions:
        """Create the order there. Raises OpenRefused or Unavailable (it may have been created).

        Instructions.provider_reference is the order's number (legacy) or the pre-order's UUID
        (current), "" where none is stated yet; it is not the id of later callbacks.
        """
        generation = credentials.get("api_generation")
        if generation == "legacy":
            return legacy.open_order(request, credentials, self._http)
        if generation == "current":
            return self._current.open_order(request, credentials)
        raise OpenRefused(
            "api_generation",
            "It is not set which of SpectroCoin's APIs to use.",
            "Choose the API generation in the gateway's settings.",
        )

    def verify(self, inbound: Inbound, credentials: Credentials) -> None:
        """Raise Rejected unless it is a signed form for this project or a doorbell for it.

        POST only: the vendor's sample client takes a GET too, a weakness. 503 where no usable
        public key is configured, so that SpectroCoin sends it again.
        """
        if inbound.method != "POST":
            raise Rejected("spectrocoin.method", "callbacks are POSTed", status=405)
        if inbound.headers.get("content-encoding", "identity").lower() != "identity":
            raise Rejected("spectrocoin.content_encoding", "send the body as it is", status=415)
        if len(inbound.body) > BODY_CAP_BYTES:
            raise Rejected("spectrocoin.too_large", f"{len(inbound.body)} bytes", status=413)
        if inbound.content_type == legacy.FORM:
            legacy.verify_callback(inbound, credentials)
        elif inbound.content_type == current.JSON:
            current.verify_callback(inbound, credentials)
        else:
            raise _unknown_kind(inbound)

    def keepable(self, inbound: Inbound) -> Inbound:
        """All of it: nothing in it is a secret."""
        return inbound

    def is_doorbell(self, inbound: Inbound) -> bool:
        return inbound.content_type == current.JSON

    def parse(self, inbound: Inbound) -> list[Notice]:
        """One notice. Raises Rejected for bytes that verify would refuse."""
        if inbound.content_type == legacy.FORM:
            return [legacy.parse_callback(inbound)]
        if inbound.content_type == current.JSON:
            return [current.parse_callback(inbound)]
        raise _unknown_kind(inbound)

    def fetch(self, reference: str, credentials: Credentials) -> Notice | None:
        """Ask the current API about one order, by its UUID there or by our reference.

        None where SpectroCoin does not know it, which it does not before the payer has chosen
        a coin. Raises Unavailable, also for settings that do not let us ask.
        """
        if not (credentials.get("client_id") and credentials.get("client_secret")):
            raise Unavailable(
                "SpectroCoin's old API cannot be asked about an order. Add a Client ID and Client "
                "Secret to the gateway's settings, or look at SpectroCoin's order history."
            )
        try:
            return self._current.fetch(reference, credentials)
        except OpenRefused as refusal:
            raise _unavailable(refusal) from refusal

    def purge(
        self, order_reference: str, provider_reference: str, credentials: Credentials, now: int
    ) -> bool:
        """Nothing to do: SpectroCoin closes by itself what nobody paid."""
        return True

    def transaction_id(self, order_reference: str, provider_reference: str = "") -> str:
        """SC- and our reference. Raises ValueError for what is no reference of ours."""
        if not is_reference(order_reference):
            raise ValueError(f"{order_reference[:80]!r} is no order reference")
        return f"SC-{order_reference}"

    def refresh_keys(self, credentials: Credentials) -> dict[str, str]:
        """The key that SpectroCoin publishes today, over verified TLS, checked for strength.

        It has changed before and differs between environments, so it is never built in.
        """
        try:
            answer = ask(self._http, "GET", f"{base_url(credentials)}{PUBLIC_KEY_PATH}")
        except OpenRefused as refusal:
            raise _unavailable(refusal) from refusal
        if answer.status != 200:
            raise Unavailable(f"SpectroCoin's public key was not there: HTTP {answer.status}")
        try:
            keys = read_public_keys(answer.text)
        except ValueError as error:
            raise Unavailable(f"SpectroCoin published no usable public key. {error}") from error
        return {"callback_public_key": "".join(public_pem(key) for key in keys)}


def _unknown_kind(inbound: Inbound) -> Rejected:
    return Rejected("spectrocoin.content_type", repr(inbound.content_type[:80]), status=415)


def _unavailable(refusal: OpenRefused) -> Unavailable:
    return Unavailable(f"{str(refusal).rstrip('.')}. {refusal.way_out}")
