"""The payer's pages: from the WHMCS invoice to the provider, and back. They prove and change nothing
about money; what the browser says of an amount or a success is never read."""

import hmac
import logging
import re
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from gateways import accounts
from gateways.models import Order
from gateways.orders import links, opening
from ledger import ports
from ledger.billing.base import BillerError
from ledger.bills import NotPayable, ask
from ledger.cipher import SealBroken
from ledger.models import Merchant
from ledger.settlement import SettlementError

log = logging.getLogger(__name__)

# A payer may leave the invoice open over night. A replayed form is harmless: what is due, and whose
# invoice it is, is asked of WHMCS each time.
FORM_AGE = timedelta(hours=24)
CLOCK_SKEW = timedelta(minutes=5)
_DIGITS = re.compile(r"[1-9][0-9]{0,17}")
_LANGUAGE = re.compile(r"[a-z0-9_-]{0,20}")


class Refused(Exception):
    """A calm page instead of the provider. `for_merchant` goes to the log, never to the payer."""

    def __init__(self, title: str, text: str, *, status: int, for_merchant: str = "") -> None:
        super().__init__(title)
        self.title, self.text, self.status, self.for_merchant = title, text, status, for_merchant


@dataclass(frozen=True, slots=True)
class Form:
    """The signed form of the WHMCS module, checked in shape but not yet in signature."""

    invoice: str
    client: str
    issued: int
    language: str
    signature: str

    @classmethod
    def read(cls, request: HttpRequest) -> "Form":
        fields = {}
        for name in ("invoice", "client", "issued", "lang", "signature"):
            values = request.POST.getlist(name)
            if len(values) != 1:
                raise _tampered(f"field {name} came {len(values)} times")
            fields[name] = values[0]
        for name in ("invoice", "client", "issued"):
            if not _DIGITS.fullmatch(fields[name]):
                raise _tampered(f"field {name} is not a number")
        if not _LANGUAGE.fullmatch(fields["lang"]):
            raise _tampered("field lang is out of shape")
        return cls(
            fields["invoice"],
            fields["client"],
            int(fields["issued"]),
            fields["lang"],
            fields["signature"],
        )

    def check_signature(self, merchant: Merchant, provider: str) -> None:
        """Raises Refused unless the merchant's module signed it."""
        secret = merchant.reveal("signing_secret")
        if len(secret) < 24:
            raise _tampered("the merchant has no signing secret yet")
        message = "\n".join(
            (
                "gatebook-checkout.v1",
                merchant.token,
                provider,
                self.invoice,
                self.client,
                str(self.issued),
                self.language,
            )
        )
        expected = hmac.new(secret.encode(), message.encode(), sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), self.signature.encode()):
            raise _tampered("the signature does not fit: is the signing secret the same in WHMCS?")

    def check_age(self, now: float) -> None:
        """Raises Refused where it was not signed lately. A button in an old mail ends here."""
        age = now - self.issued
        if age > FORM_AGE.total_seconds() or age < -CLOCK_SKEW.total_seconds():
            raise Refused(
                _("This page is out of date"),
                _("Please open the invoice again and press the pay button there."),
                status=410,
                for_merchant=f"form of invoice {self.invoice} is {age:.0f} s old",
            )


def _tampered(detail: str) -> Refused:
    return Refused(
        _("This payment link is not valid"),
        _("Please go back to the invoice and press the pay button again."),
        status=400,
        for_merchant=detail,
    )


def _not_now(detail: str) -> Refused:
    return Refused(
        _("We cannot take the payment right now"),
        _("Nothing was charged. Please try again in a few minutes."),
        status=503,
        for_merchant=detail,
    )


@method_decorator(csrf_exempt, name="dispatch")  # it comes from the merchant's WHMCS, signed
class Checkout(View):
    """Opens the order of an invoice and sends the payer on."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, token: str, provider: str) -> HttpResponse:
        merchant = (
            Merchant.objects.filter(token=token, active=True).select_related("biller").first()
        )
        if merchant is None:
            raise Http404
        with translation.override(language_of(request.POST.get("lang", ""))):
            back = ""
            try:
                form = Form.read(request)
                form.check_signature(merchant, provider)
                back = invoice_url(merchant, form.invoice)
                form.check_age(ports.system_now().timestamp())
                order = self.open(merchant, provider, form)
            except Refused as refusal:
                return calm(request, refusal, merchant, back=back)
            except SealBroken as error:
                return calm(request, _not_now(str(error)), merchant, back=back)
            return private(HttpResponseRedirect(order.payment_url or pay_url(order), status=303))

    def open(self, merchant: Merchant, provider: str, form: Form) -> Order:
        gateway = merchant.gateways.filter(provider=provider, enabled=True).first()
        if gateway is None or not hasattr(merchant, "biller"):
            raise Refused(
                _("This way to pay is not available"),
                _("Please choose another payment method on the invoice."),
                status=409,
                for_merchant=f"no enabled {provider} gateway, or no biller",
            )
        now = ports.system_now()
        try:
            bill, due = ask(merchant.biller, reference=form.invoice, client=form.client, now=now)
            account = accounts.load(gateway)
        except NotPayable as refusal:
            raise _not_payable(refusal) from refusal
        except (BillerError, SettlementError) as error:
            raise _not_now(
                f"WHMCS could not be asked about invoice {form.invoice}: {error}"
            ) from error
        if not accounts.accepts(gateway, due.currency):
            raise Refused(
                _("This way to pay is not available"),
                _("Please choose another payment method on the invoice."),
                status=409,
                for_merchant=f"{bill} is in {due.currency}, which {gateway} does not accept",
            )
        return opening.open_order(
            account,
            bill,
            due,
            language=form.language or "en",
            clock=ports.system_now,
            description=f"Invoice {bill.number or bill.reference}",
        )


def _not_payable(refusal: NotPayable) -> Refused:
    match refusal.status:
        case "paid":
            words = _("This invoice is paid"), _("There is nothing left to pay. Thank you.")
        case "settling":
            words = (
                _("Your payment has arrived"),
                _("It is being added to the invoice. You do not need to pay again."),
            )
        case "not_yours":
            return _tampered(str(refusal))
        case _:
            words = (
                _("This invoice cannot be paid"),
                _("Please contact the merchant if you think it should be."),
            )
    return Refused(*words, status=409, for_merchant=str(refusal))


def calm(
    request: HttpRequest, refusal: Refused, merchant: Merchant, *, back: str = ""
) -> HttpResponse:
    """A page that says what happened and what to do, and nothing that concerns the merchant only."""
    if refusal.for_merchant:
        log.warning("checkout of %s: %s", merchant.pk, refusal.for_merchant)
    context = {"title": refusal.title, "text": refusal.text, "back": back, "merchant": merchant}
    return private(render(request, "pay/calm.html", context, status=refusal.status))


def order_page(request: HttpRequest, token: str) -> HttpResponse:
    """Where an order stands, in words for the payer; sends on to the provider as soon as it can."""
    order = _order(token)
    if order.status == Order.Status.NEW and order.payment_url:
        return private(HttpResponseRedirect(order.payment_url, status=303))
    with translation.override(language_of(order.language)):
        opening_now = bool(order.opening_until and order.opening_until > ports.system_now())
        context = {
            "order": order,
            "opening": order.status == Order.Status.NEW and opening_now,
            "moving": order.status in Order.OPEN and (opening_now or not order.open_error),
            "back": invoice_url(order.merchant, order.bill.reference),
        }
        return private(render(request, "pay/order.html", context))


def back_to_invoice(request: HttpRequest, token: str) -> HttpResponse:
    """The provider sends the browser here after success and after cancel; both prove nothing."""
    order = _order(token)
    return private(
        HttpResponseRedirect(invoice_url(order.merchant, order.bill.reference), status=303)
    )


def _order(token: str) -> Order:
    order = links.by_token(token)
    if order is None:
        raise Http404
    return order


def invoice_url(merchant: Merchant, invoice: str) -> str:
    """Built from the merchant's own settings, never from the request."""
    biller = getattr(merchant, "biller", None)
    return f"{biller.url.rstrip('/')}/viewinvoice.php?id={invoice}" if biller else ""


def pay_url(order: Order) -> str:
    return f"{settings.GATEBOOK_URL}/pay/{links.pay_token(order)}/"


def language_of(text: str) -> str:
    """WHMCS says "arabic" or "ar"; everything we have no words for is English."""
    return "ar" if text.startswith("ar") else "en"


def private(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
