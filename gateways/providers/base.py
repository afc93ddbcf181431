"""What every provider module offers: pure steps, plain values, no rows and no framework.

Credentials are a flat mapping of strings; each provider documents its keys.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ledger.money import Money

Credentials = Mapping[str, str]

BODY_CAP_BYTES = 64 * 1024


class Rejected(Exception):
    """The message is not what it claims to be, or is out of shape. `code` is stable, for search.

    status   the HTTP status to answer with.
    key_may_be_old  the signature did not verify, or no key is known: a newer key may help.
    known_as  set where the message is truly signed but too old: the provider's id of the order,
              so that a repeat of what is recorded already can be answered as delivered.
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        status: int = 400,
        *,
        key_may_be_old: bool = False,
        known_as: str = "",
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.detail, self.status = code, detail, status
        self.key_may_be_old, self.known_as = key_may_be_old, known_as


class Unavailable(Exception):
    """The provider could not be asked or did not answer sensibly: nothing is known, ask again."""


class OpenRefused(Exception):
    """The provider said no to a new order.

    code     the provider's own code, for the merchant
    message  the provider's own words, for the merchant
    way_out  what the merchant can do about it
    fresh_reference  the same order may be tried again under a new reference of ours
    """

    def __init__(
        self, code: str, message: str, way_out: str, *, fresh_reference: bool = False
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.way_out = code, message, way_out
        self.fresh_reference = fresh_reference


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message as it came: method, bytes and headers (names in lower case).

    received_at  when it reached us, Unix seconds; signed times are compared with this.
    """

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    received_at: int = 0

    @property
    def content_type(self) -> str:
        """The bare media type in lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> dict[str, Any]:
        """The body as one strict JSON object.

        Raises Rejected for anything but UTF-8 without a byte order mark, repeated members at
        any depth, floats that are not finite, nesting too deep to read, and non-objects.
        Numbers with a fraction come back as text, so that no float meets money.
        """
        try:
            value = json.loads(
                self.body.decode("utf-8", "strict"),
                object_pairs_hook=_unrepeated,
                parse_constant=_refuse_constant,
                parse_float=str,
            )
        except (ValueError, RecursionError) as error:
            raise Rejected("bad_json", str(error)[:200]) from None
        if not isinstance(value, dict):
            raise Rejected("bad_json", "not an object")
        return value


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is repeated")
    return members


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One try to pay a bill, as the provider should open it.

    reference  our own id of the order: unique within the gateway, ASCII letters, digits and "-".
    due        what the bill wants, in the bill's currency.
    urls       absolute; callback_url is for the provider, the other two for the payer's browser.
    invoice    the biller's number of what is to be paid: "123".
    pay        the coins to ask for, where we quote; rate (invoice currency for one whole coin) and
               rate_source say how they were reckoned.
    created_at, expires_at  the life of an offer that we quote, Unix seconds.
    """

    reference: str
    due: Money
    description: str
    callback_url: str
    success_url: str
    failure_url: str
    language: str = "en"
    invoice: str = ""
    pay: Money | None = None
    rate: str = ""
    rate_source: str = ""
    created_at: int = 0
    expires_at: int = 0


@dataclass(frozen=True, slots=True)
class Instructions:
    """How the payer pays. `payment_url` is where to send the browser (checked: https, expected host),
    or "" where the payer stays on our own page.

    valid_until    Unix seconds, or None where the provider did not say.
    pay_to         the address or account that the coins go to, where the payer stays with us.
    confirmations  how many each transfer needs, where the payer stays with us.
    document       the signed offer, for the payer to download.
    """

    payment_url: str = ""
    provider_reference: str = ""
    valid_until: int | None = None
    pay_to: str = ""
    confirmations: int = 0
    document: str = ""


# What a provider's status means for the order, in the ledger's words.
STATUSES = frozenset({"new", "pending", "paid", "failed", "expired", "test", "review", "refunded"})


@dataclass(frozen=True, slots=True)
class Transfer:
    """One movement of coins towards an order. `seen_at` is Unix seconds; `counts` whether it is
    deep enough and free to be spent, None where only its depth tells."""

    txid: str
    amount: Money
    confirmations: int
    seen_at: int
    counts: bool | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What a provider says of one order, in plain values.

    order_reference  our own id of the order, as the provider repeated it. With `doorbell` set it
                     is the provider's id instead and means only "ask me about this one". Empty
                     where the provider names only its own id, the one stored when it was opened.
    doorbell         nothing here may be believed; call fetch(order_reference) and believe that.
    status           one of STATUSES, or "unknown" for a status this build has no word for.
    provider_status  the provider's own word, kept for people: "PAID", "12".
    asked            what the provider says the merchant is to be credited; must equal the quote.
    payable/received what the payer was to send and has sent, in the payer's coin, where stated.
    provider_reference  the provider's own id of the order, for search.
    advice           what a person should do, where status is "review".
    account          whose message it is, as far as the signature covers that; "" where it does not
                     say. Pinned with the first settled order, refused where it differs later.
    invoice          the biller's number of the bill that it names; must be the order's.
    confirmed        the part of `received` that counts, where we judge the payment ourselves.
    transfers        what makes up `received`; None where the message does not say.
    confirmations, confirmations_required  of the youngest transfer, and how many it needs.
    """

    order_reference: str
    status: str = "unknown"
    provider_status: str = ""
    doorbell: bool = False
    asked: Money | None = None
    payable: Money | None = None
    received: Money | None = None
    provider_reference: str = ""
    advice: str = ""
    detail: str = ""
    account: str = ""
    invoice: str = ""
    confirmed: Money | None = None
    transfers: tuple[Transfer, ...] | None = None
    confirmations: int | None = None
    confirmations_required: int | None = None


class Provider(Protocol):
    slug: str
    # The body of the 200 that the sender takes for "delivered".
    acknowledgement: bytes

    def open(self, request: OrderRequest, credentials: Credentials) -> Instructions:
        """Create the order there. Raises OpenRefused (final) or Unavailable (may have happened)."""

    def verify(self, inbound: Inbound, credentials: Credentials) -> None:
        """Raise Rejected unless the message is well-formed and, where signed, truly signed."""

    def keepable(self, inbound: Inbound) -> Inbound:
        """The message as it may be stored: without what nobody must read later. Takes any bytes."""

    def is_doorbell(self, inbound: Inbound) -> bool:
        """True where the same bytes may be sent again and mean something new (an unsigned hint)."""

    def parse(self, inbound: Inbound) -> list[Notice]:
        """The verified bytes as plain values. Runs in the worker."""

    def fetch(self, reference: str, credentials: Credentials) -> Notice | None:
        """Ask the provider what is true of one order, by its id or ours; None where unknown there.

        Raises Unavailable.
        """

    def purge(
        self, order_reference: str, provider_reference: str, credentials: Credentials, now: int
    ) -> bool:
        """Withdraw an offer that nobody paid. False where money was seen for it after all.

        now  Unix seconds. Raises Unavailable.
        """

    def transaction_id(self, order_reference: str, provider_reference: str) -> str:
        """The reference under which a payment of this order is booked: readable, unique, stable."""

    def refresh_keys(self, credentials: Credentials) -> dict[str, str]:
        """Credentials to add or replace after a failed verify (a rotated public key); {} if none.

        Raises Unavailable.
        """
