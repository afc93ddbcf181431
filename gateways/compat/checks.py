"""`/api/payment_link_check` as vodafoncash.com has it: "I sent this amount from this phone".

    phone, amount, user_name, store_id, lang, client_id  as a query, a form or JSON
Decided answers are HTTP 200 with the documented members, to which `code` and, on success,
`transaction_id` are added. Whoever cannot show the store's key (`Authorization: Bearer`) is asked
to, unless the store was opened to plugins that have none; their first claim for a customer and a
phone then waits for a person, and whatever else is wrong with one is "not found".
"""

# ruff: noqa: RUF001 -- it is an Arabic decimal point, and no comma.

import hmac
import logging
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from gateways.compat.words import say
from gateways.limits import Limit, address_of
from gateways.models import EGP, Claim, VodafoneCashGateway
from gateways.providers.base import BODY_CAP_BYTES, Inbound, Rejected
from gateways.receipts import claiming, joining
from gateways.wallet.phones import local_phone
from ledger import ports
from ledger.cipher import SealBroken
from ledger.money import Money, MoneyError
from ledger.settlement import SettlementError

log = logging.getLogger(__name__)

FIELDS = ("phone", "amount", "user_name", "store_id", "lang", "client_id")
FIELD_CAP = 120
# What a bill keeps of a website's name of its customer.
CLIENT_CAP = 64

# Of a shop's server, which asks for all of its customers; and of whoever shows no key: nobody may
# guess while nobody counts.
SHOPS = Limit("shops", 600, when_down=True)
STRANGERS = Limit("strangers", 20, when_down=False)
STORES = Limit("stores", 120, when_down=False)
PHONES = Limit("phones", 6, when_down=False)
PHONES_A_DAY = Limit("phones-a-day", 60, 24 * 3600, when_down=False)

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_STORE = re.compile(r"[1-9][0-9]{0,17}")
_CLIENT = re.compile(r"[1-9][0-9]{0,17}")
_AMOUNT = re.compile(r"0*([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(\.[0-9]+)?")
_ASCII = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬", "01234567890123456789.,")


class Refused(Exception):
    """An answer that is no decision. `name` is the sentence, `code` for the plugin."""

    def __init__(self, name: str, status: int, code: str = "invalid") -> None:
        super().__init__(name)
        self.name, self.status, self.code = name, status, code


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields of one check, as text and in one spelling.

    client  the biller's number of the client: what older plugins send as user_name. Of a website,
            its user_name, whatever that is.
    """

    phone: str
    amount: Money
    user_name: str
    client: str


# csrf_exempt: no cookie is involved; shops' servers ask, with their key.
@method_decorator(csrf_exempt, name="dispatch")
class PaymentLinkCheck(View):
    """Takes a claim, and answers at once where it stands."""

    http_method_names = ("get", "post")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._answer(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        return self._answer(request)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        language = "en"
        try:
            fields = read_fields(request)
            language = fields["lang"]
            return decided(*_claimed(request, fields), language)
        except Refused as refusal:
            return refused(refusal, language)


def refused(refusal: Refused, language: str) -> HttpResponse:
    content = {
        "status": False,
        "message": say(refusal.name, language),
        "code": refusal.code,
    }
    response = JsonResponse(content, status=refusal.status)
    response.headers["Cache-Control"] = "no-store"
    if refusal.status == 429:
        response.headers["Retry-After"] = "60"
    return response


def decided(code: str, transaction_id: str, language: str) -> HttpResponse:
    """HTTP 200 and the documented members: plugins test `status` for true and HTTP for 200."""
    content: dict[str, Any] = {"status": code == "matched"}
    if code == "matched":
        content["requires_verification"] = False
    elif code == "hold":
        content |= {
            "requires_verification": True,
            "pending_verification": True,
            "flow_state": "waiting-for-approval",
        }
    content |= {"message": say(code, language), "code": code}
    if code == "matched":
        content["transaction_id"] = transaction_id
    response = JsonResponse(content)
    response.headers["Cache-Control"] = "no-store"
    return response


def read_fields(request: HttpRequest) -> dict[str, str]:
    """Each known field once, "" where it is left out. Raises Refused."""
    given: dict[str, list[Any]] = {}
    if request.content_type == "application/json" and request.method == "POST":
        if len(request.body) > BODY_CAP_BYTES:
            raise Refused("bad_fields", 413)
        try:
            given = {name: [value] for name, value in Inbound(request.body).json().items()}
        except Rejected:
            raise Refused("bad_fields", 400) from None
    else:
        for source in (request.GET, request.POST):
            for name, values in source.lists():
                given.setdefault(name, []).extend(values)
    return {name: _one(given.get(name, [""])) for name in FIELDS}


def _one(values: list[Any]) -> str:
    """A field as trimmed text; numbers may come as such in JSON. Raises Refused."""
    if len(values) != 1 or type(values[0]) not in (str, int):
        raise Refused("bad_fields", 400)
    text = str(values[0]).strip()
    if len(text) > FIELD_CAP or _UNSTORABLE.search(text):
        raise Refused("bad_fields", 400)
    return text


def _claimed(request: HttpRequest, fields: dict[str, str]) -> tuple[str, str]:
    """The code and transaction id of the answer. Raises Refused."""
    now = ports.system_now()
    within(SHOPS, address_of(request), now)
    store = store_of(fields["store_id"])
    known = _shows_key(request, store, now)
    asked = _read(store, fields)
    if not known:
        within(STORES, str(store.pk), now)
        within(PHONES, asked.phone, now)
        within(PHONES_A_DAY, asked.phone, now)
    ask = claiming.Ask(
        source=Claim.Source.PLUGIN,
        amount=asked.amount,
        phone=asked.phone,
        client=asked.client,
        user_name=asked.user_name,
        hold="" if known else _first_pair(store, asked),
    )
    try:
        claimed = claiming.claim(store, ask, ports.system_now)
    except (MoneyError, SealBroken, SettlementError) as error:
        log.warning("check of store %s: %s", store.pk, error)
        raise Refused("unavailable", 503, "unavailable") from error
    return _told(claimed.code, known=known), claimed.transaction_id


def within(limit: Limit, name: str, now: datetime) -> None:
    """Raises Refused where it is not."""
    if not limit.may(name, now):
        raise Refused("rate_limited", 429, "rate_limited")


def store_of(text: str) -> VodafoneCashGateway:
    """The store by its public number. Raises Refused; a store that is off is none."""
    stores = VodafoneCashGateway.objects.select_related("merchant__biller")
    if not text:
        raise Refused("bad_fields", 400)
    found = stores.filter(pk=text).first() if _STORE.fullmatch(text) else None
    if found is None or not (found.enabled and found.merchant.active):
        raise Refused("bad_store", 404)
    return found


def _shows_key(request: HttpRequest, store: VodafoneCashGateway, now: datetime) -> bool:
    """Whether the caller shows the store's key. Raises Refused where it must and does not."""
    scheme, _, stated = request.headers.get("Authorization", "").partition(" ")
    stated = stated.strip()
    try:
        key = store.reveal("store_key")
    except SealBroken as error:
        log.warning("check of store %s: %s", store.pk, error)
        raise Refused("unavailable", 503, "unavailable") from error
    fits = hmac.compare_digest(stated.encode("utf-8", "surrogateescape"), key.encode())
    if key and fits and scheme.lower() == "bearer":
        return True
    within(STRANGERS, address_of(request), now)
    if stated or not store.legacy_open:
        raise Refused("bad_key", 401)
    return False


def _read(store: VodafoneCashGateway, fields: dict[str, str]) -> Asked:
    if not fields["phone"] or not fields["amount"]:
        raise Refused("bad_fields", 400)
    phone = local_phone(fields["phone"])
    if phone is None:
        raise Refused("bad_phone", 400)
    if not hasattr(store.merchant, "biller"):
        raise Refused("unavailable", 503, "unavailable")
    if store.merchant.biller.is_website:
        # Its own name of the customer, told back to it as it came.
        client = fields["user_name"] or fields["client_id"]
        known = 0 < len(client) <= CLIENT_CAP
    else:
        # The platform's own module sends a display name as user_name, and the number beside it.
        client = fields["client_id"] or fields["user_name"]
        known = bool(_CLIENT.fullmatch(client))
    if not known:
        raise Refused("bad_client", 400)
    return Asked(phone, _pounds(fields["amount"]), fields["user_name"], client)


def _pounds(text: str) -> Money:
    """ "100", "100.00", "1,000.5" and Arabic digits. Raises Refused for anything else, and nothing."""
    match = _AMOUNT.fullmatch(text.translate(_ASCII))
    try:
        if match is None:
            raise MoneyError("no amount")
        amount = Money.parse(
            match[1].replace(",", "").lstrip("0").rjust(1, "0") + (match[2] or ""), EGP
        )
    except MoneyError:
        raise Refused("bad_amount", 400) from None
    if amount.units <= 0:
        raise Refused("bad_amount", 400)
    return amount


def _first_pair(store: VodafoneCashGateway, asked: Asked) -> str:
    """Why a person must look first: nobody proved whose phone it is. "" for a pair that paid before."""
    pairs = Claim.objects.filter(gateway=store, phone=asked.phone, user_name=asked.user_name)
    if pairs.filter(client=asked.client, payment__isnull=False).exists():
        return ""
    who = asked.user_name or asked.client
    return (
        f"{joining.ANTI_SPAM} the first claim of {who} for {asked.phone}, from a plugin without the "
        "store's key. Approve it, or refuse it."
    )


def _told(code: str, *, known: bool) -> str:
    """What the caller may know. Who shows no key hears nothing of money that is another's."""
    if code in (claiming.MATCHED, claiming.HOLD):
        return code
    return "hold" if known and code == claiming.REVIEW else "not_found"
