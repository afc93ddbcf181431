"""A shop's website as the biller: told of each payment by one call to its API URL.

    plugin   GET ?key&action=addPayment&username&amount&from&trans_id, as vodafoncash.com's
             WordPress plugin takes it; the amount is in the store's currency
    generic  GET ?transaction_id&phone&amount&currency&store_id&user_name&status=completed, the other
             documented form, in the pounds that came; the URL's own query may bring the key
    signed   POST of JSON under Standard Webhooks 1.0.0 headers; webhook-id is the payment's
             reference, the same in every repeat

A website cannot be asked what it booked. It must take one transaction id once, as those plugins
are documented to do; so nothing is ever found there, and what may have arrived is told again.
"""

import hmac
import json
import re
from base64 import b64decode, b64encode
from calendar import timegm
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlencode, urlsplit

from ledger import http
from ledger.billing.base import (
    Absent,
    BillerError,
    BillRef,
    BillState,
    CheckLine,
    Found,
    Outcome,
    Unsure,
    Verdict,
)
from ledger.http import Answer, Call, MaybeSent, NotSent
from ledger.money import Money

SHAPES = ("plugin", "generic", "signed")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
TIMEOUT_SECONDS = 30
RESPONSE_CAP = 2000
SECRET_PREFIX = "whsec_"  # noqa: S105 -- how such secrets begin
LEAST_SECRET_BYTES = 24
KEPT_OUT = "(kept out)"
# The website asks to come again; nothing was booked.
LATER = frozenset({408, 425, 429})

_SETTING = re.compile(rf"({'|'.join(SHAPES)}):([0-9]{{0,20}})")


@dataclass(frozen=True, slots=True)
class PaidRef(BillRef):
    """A bill with what its callback tells besides.

    payer     the wallet that paid; "" where it is hidden.
    received  what came, in the payer's currency; None where that is the credit itself.
    """

    payer: str = ""
    received: Money | None = None


class Website:
    """One website.

    url         the API URL; it may have a query, to which ours is appended.
    identifier  shape and store id, as plugin:2.
    secret      the store key, told as `key`.
    access_key  whsec_ and base64, for signed.

    Raises ValueError, one sentence for people.
    """

    def __init__(
        self,
        url: str,
        identifier: str,
        secret: str,
        access_key: str = "",
        *,
        call: Call = http.call,
    ) -> None:
        parts = urlsplit(url)
        secure = parts.scheme == "https" or parts.hostname in LOOPBACK
        if not (parts.hostname and secure) or parts.username is not None or parts.fragment:
            raise ValueError("the API URL must begin with https://")
        setting = _SETTING.fullmatch(identifier)
        if setting is None:
            raise ValueError("choose how the website is to be told")
        self._url, self._shape, self._store = url, setting[1], setting[2]
        self._key, self._call = secret, call
        self._signing = _signing_key(access_key) if self._shape == "signed" else b""

    def read_bill(self, reference: str) -> BillState:
        """Websites have no invoices."""
        raise BillerError("not_found", "A website has no invoices, only customers.")

    def credit_currency(self, client: str) -> str:
        """Any: the website is told the store's currency, and keeps what it keeps."""
        return ""

    def look_up(
        self, reference: str, bill: BillRef, credit: Money, *, mode: str
    ) -> Found | Absent | Unsure:
        """Never found: it cannot be asked."""
        return Absent()

    def book(
        self, reference: str, bill: BillRef, credit: Money, *, mode: str, at: datetime
    ) -> Outcome:
        """One call. 2xx is done, a 4xx a final no; whatever else is told again under the same id."""
        if credit.units <= 0:
            return Outcome(Verdict.REFUSED, "validation", f"{credit} is nothing to tell")
        if self._shape == "signed":
            return self._post(reference, bill, credit, at)
        fields = self._fields(reference, bill, credit)
        if self._shape == "plugin" and not self._key:
            return Outcome(Verdict.LATER, "auth", "There is no store key", "Make a new store key.")
        secret = {"key": self._key} if self._shape == "plugin" else {}
        joint = "&" if urlsplit(self._url).query else "?"
        url = f"{self._url.rstrip('?&')}{joint}{urlencode({**secret, **fields})}"
        shown = {**dict.fromkeys(secret, KEPT_OUT), **fields}
        return self._told("GET", url, None, {"Accept": "*/*"}, shown)

    def check(self, methods: Sequence[str]) -> list[CheckLine]:
        """Nothing can be tried without telling it of a payment."""
        return []

    def may_book(self, actions: Sequence[str]) -> list[CheckLine]:
        """Websites have no roles."""
        return []

    def write_note(self, text: str, bill: BillRef) -> Outcome:
        """Websites keep no log of ours."""
        return Outcome(Verdict.DONE, "ok", "a website keeps no log lines")

    def find_note(self, marker: str, bill: BillRef) -> Found | Absent | Unsure:
        """As if it were there, so that none is written."""
        return Found(1, exact=True)

    def _fields(self, reference: str, bill: BillRef, credit: Money) -> dict[str, str]:
        payer = bill.payer if isinstance(bill, PaidRef) else ""
        if self._shape == "plugin":
            return {
                "action": "addPayment",
                "username": bill.client,
                "amount": credit.amount,
                "from": payer,
                "trans_id": reference,
            }
        received = _received(bill, credit)
        return {
            "transaction_id": reference,
            "phone": payer,
            "amount": received.amount,
            "currency": received.currency,
            "store_id": self._store,
            "user_name": bill.client,
            "status": "completed",
        }

    def _post(self, reference: str, bill: BillRef, credit: Money, at: datetime) -> Outcome:
        data = {
            **self._fields(reference, bill, credit),
            "credit": credit.amount,
            "credit_currency": credit.currency,
        }
        moment = str(timegm(at.utctimetuple()))
        body = json.dumps(
            {"type": "payment.completed", "timestamp": moment, "data": data},
            separators=(",", ":"),
        ).encode()
        content = b".".join((reference.encode(), moment.encode(), body))
        seal = b64encode(hmac.new(self._signing, content, sha256).digest()).decode()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": reference,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{seal}",
        }
        return self._told("POST", self._url, body, headers, data)

    def _told(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        shown: Mapping[str, str],
    ) -> Outcome:
        try:
            answer = self._call(
                method, url, data=body, headers=headers, timeout_seconds=TIMEOUT_SECONDS
            )
        except NotSent as error:
            words = f"The website could not be reached: {error}"
            return Outcome(Verdict.LATER, "transport", words, "Is the website up?", request=shown)
        except MaybeSent as error:
            words = f"The website was told, but did not answer: {error}"
            return Outcome(Verdict.UNKNOWN, "ambiguous", words, request=shown)
        return self._judged(answer, shown)

    def _judged(self, answer: Answer, shown: Mapping[str, str]) -> Outcome:
        # A page that complains may repeat the key of the request.
        said = answer.text[:RESPONSE_CAP]
        said = said.replace(self._key, KEPT_OUT) if self._key else said
        if 200 <= answer.status < 300:
            verdict, code, words, way_out = Verdict.DONE, "ok", "the website was told", ""
        elif answer.status in LATER:
            verdict, code = Verdict.LATER, "transport"
            words, way_out = f"The website answered HTTP {answer.status}", ""
        elif 400 <= answer.status < 500:
            verdict, code = Verdict.REFUSED, "validation"
            words = f"The website refused the payment with HTTP {answer.status}"
            way_out = "Check the API URL and the key that its plugin holds, then press Retry."
        else:
            verdict, code = Verdict.UNKNOWN, "ambiguous"
            words, way_out = f"The website answered HTTP {answer.status}", ""
            if 300 <= answer.status < 400:
                way_out = "It redirects: enter the API URL that it redirects to."
        return Outcome(verdict, code, words, way_out, answer.status, shown, said)


def _received(bill: BillRef, credit: Money) -> Money:
    return bill.received if isinstance(bill, PaidRef) and bill.received else credit


def _signing_key(text: str) -> bytes:
    try:
        key = b64decode(text.removeprefix(SECRET_PREFIX).encode("ascii"), validate=True)
    except ValueError:
        key = b""
    if not text.startswith(SECRET_PREFIX) or len(key) < LEAST_SECRET_BYTES:
        raise ValueError("the callback signing secret is missing or damaged: make a new one")
    return key
