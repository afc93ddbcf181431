"""The claim of our own WHMCS module, server to server: signed, for one invoice of one client.

    POST invoice, client, issued (Unix seconds), lang, phone, reference, name, signature

`signature` is hex HMAC-SHA256 under the merchant's signing secret of these lines, joined by line
feeds: gatebook-claim.v1, the merchant's token, then the fields in the order above.
Without phone, reference and name it only tells what is to be sent. The answer is JSON, HTTP 200
once the signature fits; the same claim again is answered by how it stands then.
"""

import hmac
import logging
import re
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from gateways.compat.checks import Refused, refused, within
from gateways.compat.words import say
from gateways.limits import Limit
from gateways.models import Claim, Order, VodafoneCashGateway
from gateways.pay import answers
from gateways.pay.checkout import start
from gateways.pay.claims import is_looked_at
from gateways.receipts import claiming
from gateways.wallet.phones import local_phone
from ledger import ports
from ledger.bills import NotPayable
from ledger.cipher import SealBroken
from ledger.models import Merchant
from ledger.money import MoneyError
from ledger.settlement import SettlementError

log = logging.getLogger(__name__)

# Signed anew for each look; this is about clocks, and about forms that lay in somebody's log.
AGE = timedelta(minutes=15)
CLOCK_SKEW = timedelta(minutes=5)
SHORTEST_SECRET = 24
# A page looks again every few seconds.
INVOICES = Limit("invoices", 60, when_down=True)

SHAPES = {
    "invoice": re.compile(r"[1-9][0-9]{0,17}"),
    "client": re.compile(r"[1-9][0-9]{0,17}"),
    "issued": re.compile(r"[1-9][0-9]{0,11}"),
    "lang": re.compile(r"[a-z0-9_-]{0,20}"),
    "phone": re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{0,40}"),
    "reference": re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{0,40}"),
    "name": re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{0,120}"),
}
DONE = ("matched", "paid")


@dataclass(frozen=True, slots=True)
class Form:
    """What the module signed."""

    invoice: str
    client: str
    issued: str
    lang: str
    phone: str
    reference: str
    name: str

    @classmethod
    def read(cls, request: HttpRequest, merchant: Merchant) -> "Form":
        """Raises Refused unless each field came once, in shape, and the merchant's module signed it."""
        fields = {}
        for name, shape in SHAPES.items():
            values = request.POST.getlist(name)
            if len(values) != 1 or not shape.fullmatch(values[0]):
                log.warning("claim of merchant %s: field %s is out of shape", merchant.pk, name)
                raise Refused("bad_fields", 400)
            fields[name] = values[0]
        message = "\n".join(("gatebook-claim.v1", merchant.token, *fields.values()))
        secret = merchant.reveal("signing_secret")
        made = hmac.new(secret.encode(), message.encode(), sha256).hexdigest()
        stated = request.POST.get("signature", "").encode("utf-8", "surrogatepass")
        fits = hmac.compare_digest(stated, made.encode())
        if len(secret) < SHORTEST_SECRET or not fits:
            log.warning("claim of merchant %s: the signature does not fit", merchant.pk)
            raise Refused("bad_fields", 400)
        form = cls(**fields)
        age = ports.system_now().timestamp() - int(form.issued)
        if age > AGE.total_seconds() or age < -CLOCK_SKEW.total_seconds():
            log.warning(
                "claim of merchant %s is %.0f s old: is WHMCS's clock right?", merchant.pk, age
            )
            raise Refused("bad_fields", 400)
        return form

    @property
    def is_claim(self) -> bool:
        return bool(self.phone.strip() or self.reference.strip() or self.name.strip())


# csrf_exempt: the merchant's WHMCS posts it, and signs it.
@method_decorator(csrf_exempt, name="dispatch")
class SignedClaim(View):
    """Opens the order of the invoice, takes the claim, and tells where both stand."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        merchant = (
            Merchant.objects.filter(token=token, active=True).select_related("biller").first()
        )
        language = answers.language_of(request.POST.get("lang", ""))
        try:
            if merchant is None:
                raise Refused("bad_store", 404)
            try:
                form = Form.read(request, merchant)
            except SealBroken as error:
                raise _unavailable(merchant, str(error)) from error
            within(INVOICES, f"{merchant.pk} {form.invoice}", ports.system_now())
            with translation.override(language):
                return _answered(merchant, form, language)
        except Refused as refusal:
            if refusal.status == 200:
                return told(refusal.code, None, language)
            return refused(refusal, language)


def _unavailable(merchant: Merchant, why: str) -> Refused:
    log.warning("claim of merchant %s: %s", merchant.pk, why)
    return Refused("unavailable", 200, "unavailable")


def _answered(merchant: Merchant, form: Form, language: str) -> HttpResponse:
    gateway = VodafoneCashGateway.objects.filter(merchant=merchant, enabled=True).first()
    if gateway is None:
        refusal = answers.not_available("no store that is switched on")
        return _not_started(merchant, None, refusal, language)
    before = _last_order(gateway, form)
    # What waits for a person goes on waiting; a new order would ask for the money again.
    if before and before.status == Order.Status.REVIEW:
        return told(claiming.state_of(before), before, language)
    try:
        order = start(merchant, gateway, form.invoice, form.client, form.lang or "en", "")
    except answers.Refused as refusal:
        return _not_started(merchant, before, refusal, language)
    if not order.pay_to:
        raise _unavailable(merchant, order.open_error)
    if not form.is_claim:
        state = claiming.state_of(order)
        return told("waiting" if state == claiming.NOT_FOUND else state, order, language)
    if form.phone.strip() and local_phone(form.phone) is None:
        return told("invalid", order, language, name="bad_phone")
    ask = claiming.Ask(
        source=Claim.Source.MODULE,
        order=order,
        phone=form.phone.strip(),
        reference=form.reference.strip(),
        name=form.name.strip(),
        client=form.client,
    )
    try:
        claimed = claiming.claim(gateway, ask, ports.system_now)
    except (MoneyError, SealBroken, SettlementError) as error:
        raise _unavailable(merchant, str(error)) from error
    order.refresh_from_db()
    code = claimed.code
    if code == claiming.NOT_FOUND and claimed.claim and is_looked_at(order, [claimed.claim]):
        code = claiming.REVIEW
    return told(code, order, language, transaction_id=claimed.transaction_id)


def _last_order(gateway: VodafoneCashGateway, form: Form) -> Order | None:
    mine = Order.objects.filter(
        gateway_id=gateway.pk, bill__reference=form.invoice, bill__client=form.client
    )
    return mine.exclude(bill__kind="credit").select_related("payment").order_by("-pk").first()


def _not_started(
    merchant: Merchant, before: Order | None, refusal: answers.Refused, language: str
) -> HttpResponse:
    why = refusal.__cause__.status if isinstance(refusal.__cause__, NotPayable) else ""
    if why == "paid":
        return told("paid", before, language)
    if why == "settling":
        return told("matched", before, language)
    log.warning("claim of merchant %s: %s", merchant.pk, refusal.for_merchant)
    if why == "not_yours":
        raise Refused("bad_fields", 400)
    # Asked again in a minute it would be the same: the store is off, or takes no such invoice.
    code = "not_available" if refusal.status == 409 else "unavailable"
    return told(code, None, language, message=f"{refusal.title}. {refusal.text}")


def told(
    code: str,
    order: Order | None,
    language: str,
    *,
    name: str = "",
    message: str = "",
    transaction_id: str = "",
) -> HttpResponse:
    """HTTP 200. Amounts are texts; what is not known is ""."""
    sentence = name or {"not_found": "looking", "invalid": "bad_phone"}.get(code, code)
    paid = order.payment.reference if order and order.payment else ""
    content: dict[str, Any] = {
        "status": code in DONE,
        "code": code,
        "message": message or say(sentence, language),
        "amount": order.asked.amount if order else "",
        "currency": order.pay_currency if order else "",
        "due": str(order.due) if order else "",
        "rate": order.rate if order else "",
        "pay_to": order.pay_to if order else "",
        "expires": ports.unix_seconds(order.valid_until) if order and order.valid_until else 0,
        "transaction_id": transaction_id or (paid if code in DONE else ""),
    }
    response = JsonResponse(content)
    response.headers["Cache-Control"] = "no-store"
    return response
