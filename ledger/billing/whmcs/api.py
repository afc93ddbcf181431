"""One call to WHMCS's API and what came of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import quote_plus, urlencode, urlsplit

from ledger.billing.whmcs import faults
from ledger.billing.whmcs.answers import Fields, Malformed, fields_of
from ledger.billing.whmcs.faults import Fault
from ledger.http import Answer, Call, MaybeSent, NotSent

PATH = "/includes/api.php"
TIMEOUT_SECONDS = 30
RESPONSE_CAP = 4_000
MESSAGE_CAP = 500
# Shorter "secrets" are placeholders; hiding them would eat ordinary words.
SHORTEST_HIDDEN = 6


def clean_root(text: str) -> str:
    """The root URL of a WHMCS, without a trailing slash; the full path of its API may be pasted.

    Raises ValueError with a sentence for the merchant.
    """
    text = text.strip()
    if not re.fullmatch(r"[!-\[\]-~]+", text):
        raise ValueError("Enter the address of WHMCS, in plain characters and without spaces.")
    if not re.match(r"https?://", text, re.IGNORECASE):
        raise ValueError("Start the address with https://, as in https://billing.example.com.")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("The host or the port of this address cannot be read.") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("Leave the user name and password out of the address.")
    if "?" in text or "#" in text:
        raise ValueError("Leave out everything from the ? or # on: only the root is needed.")
    if not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]+", host):
        raise ValueError("The host or the port of this address cannot be read.")
    if parts.scheme != "https" and not _is_loopback(host):
        raise ValueError("Use https://: the secret of WHMCS must not travel in the clear.")
    netloc = (f"[{host}]" if ":" in host else host) + (f":{port}" if port is not None else "")
    path = parts.path.rstrip("/")
    if path.lower().endswith(PATH):
        path = path[: -len(PATH)].rstrip("/")
    return f"{parts.scheme}://{netloc}{path}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one call: either a fault, or the fields of a success.

    request      what was sent, without the credentials.
    response     what came back, without the credentials, capped.
    http_status  None where no whole answer came.
    """

    request: Mapping[str, str]
    fields: Fields = field(default_factory=dict)
    fault: Fault | None = None
    http_status: int | None = None
    response: str = ""


class Api:
    """Posts actions to one WHMCS. Credentials go into the body alone: URLs end up in logs."""

    def __init__(
        self, url: str, identifier: str, secret: str, access_key: str, *, call: Call
    ) -> None:
        self.root = clean_root(url)
        self._credentials = {"identifier": identifier, "secret": secret}
        if access_key:
            self._credentials["accesskey"] = access_key
        self._call = call

    def __repr__(self) -> str:
        return f"Api({self.root!r})"

    def ask(
        self, action: str, params: Mapping[str, str], *, timeout_seconds: int = TIMEOUT_SECONDS
    ) -> Reply:
        """Do one call. Never raises for what WHMCS or the network does."""
        request = {"action": action, **params}
        form = {**request, "responsetype": "json", **self._credentials}
        try:
            answer = self._call(
                "POST",
                self.root + PATH,
                data=urlencode(form).encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                timeout_seconds=timeout_seconds,
            )
        except NotSent as error:
            return Reply(request, fault=Fault("transport", str(error), faults.UNREACHABLE))
        except MaybeSent as error:
            return Reply(request, fault=Fault("ambiguous", str(error), faults.BROKEN))
        fields, fault = self._judged(answer, action)
        response = self._hidden(answer.text)[:RESPONSE_CAP]
        return Reply(request, fields, fault, answer.status, response)

    def _judged(self, answer: Answer, action: str) -> tuple[Fields, Fault | None]:
        if fault := self._fault_of_status(answer):
            return {}, fault
        try:
            fields = fields_of(answer.body)
        except Malformed as error:
            return {}, Fault("ambiguous", f"HTTP {answer.status}: {error}", faults.PAGE)
        result = fields.get("result")
        # Some errors come as `status: error` (node-whmcs and whmcspy both guard for it). Where
        # there is a result, `status` is something else: that of the invoice.
        word = str(result if result is not None else fields.get("status", "")).lower()
        message = fields.get("message", "")
        refused = 400 <= answer.status < 500
        if word == "error" or (refused and result is None and isinstance(message, str)):
            return {}, faults.fault_of(self._hidden(str(message))[:MESSAGE_CAP], action)
        if result is None or word != "success" or answer.status != 200:
            return {}, Fault(
                "ambiguous",
                f"HTTP {answer.status}: the answer does not say whether it succeeded",
                faults.BROKEN,
            )
        return fields, None

    def _fault_of_status(self, answer: Answer) -> Fault | None:
        """Statuses that decide alone. On other 4xx the reason is in the body, and only there."""
        status = answer.status
        if 300 <= status < 400:
            target = self._hidden(answer.headers.get("Location", ""))[:200]
            return Fault(
                "ambiguous",
                f"HTTP {status}: WHMCS redirects to {target or 'another address'}",
                "Enter the address that WHMCS redirects to (https or http, with or without www),"
                " if it is its root and not a login or maintenance page.",
            )
        if status == 429:
            # Rate limits stand before WHMCS, which has none of its own: nothing was run.
            return Fault("transport", "HTTP 429: too many requests", faults.UNREACHABLE)
        if status >= 500:
            # A gateway's 502 or 504 also comes while WHMCS goes on working.
            return Fault("ambiguous", f"HTTP {status}: WHMCS or its server failed", faults.BROKEN)
        return None

    def _hidden(self, text: str) -> str:
        """The text without our credentials, should a debug page echo them."""
        for value in self._credentials.values():
            if len(value) >= SHORTEST_HIDDEN:
                text = text.replace(value, "[hidden]").replace(quote_plus(value), "[hidden]")
        return text
