"""The merchant's signed form: what is due is asked of WHMCS, then the order is opened."""

import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from gateways import accounts
from gateways.models import Gateway, Order
from gateways.orders import opening, pricing
from gateways.pay.answers import (
    Refused,
    calm,
    invoice_url,
    language_of,
    not_available,
    not_now,
    pay_url,
    payers_own,
    tampered,
)
from ledger import ports
from ledger.billing.base import BillerError
from ledger.bills import NotPayable, ask
from ledger.cipher import SealBroken
from ledger.models import Bill, Merchant
from ledger.settlement import SettlementError

# A payer may leave the invoice open over night. A replayed form is harmless: what is due, and whose
# invoice it is, is asked of WHMCS each time.
FORM_AGE = timedelta(hours=24)
CLOCK_SKEW = timedelta(minutes=5)
_DIGITS = re.compile(r"[1-9][0-9]{0,17}")
_LANGUAGE = re.compile(r"[a-z0-9_-]{0,20}")


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
                raise tampered(f"field {name} came {len(values)} times")
            fields[name] = values[0]
        for name in ("invoice", "client", "issued"):
            if not _DIGITS.fullmatch(fields[name]):
                raise tampered(f"field {name} is not a number")
        if not _LANGUAGE.fullmatch(fields["lang"]):
            raise tampered("field lang is out of shape")
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
            raise tampered("the merchant has no signing secret yet")
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
            raise tampered("the signature does not fit: is the signing secret the same in WHMCS?")

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


# csrf_exempt: the form comes from the merchant's WHMCS, and is signed.
@method_decorator(csrf_exempt, name="dispatch")
@method_decorator(payers_own, name="dispatch")
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
                gateway = merchant.gateways.filter(provider=provider, enabled=True).first()
                if gateway is None:
                    raise not_available(f"no enabled {provider} gateway")
                order = start(
                    merchant, gateway, form.invoice, form.client, form.language or "en", ""
                )
            except Refused as refusal:
                return calm(request, refusal, merchant, back=back)
            except SealBroken as error:
                return calm(request, not_now(str(error)), merchant, back=back)
            return HttpResponseRedirect(order.payment_url or pay_url(order), status=303)


def start(
    merchant: Merchant, gateway: Gateway, invoice: str, client: str, language: str, coin: str
) -> Order:
    """The open order for what WHMCS says is due now.

    coin  which of the accepted ones; "" takes the first, or leaves it to the provider.
    Raises Refused, and nothing else for the outside's sake.
    """
    if not (gateway.enabled and merchant.active and hasattr(merchant, "biller")):
        raise not_available(f"{gateway} or the merchant is off, or there is no biller")
    now = ports.system_now()
    try:
        bill, due = ask(merchant.biller, reference=invoice, client=client, now=now)
        account = accounts.load(gateway)
    except NotPayable as refusal:
        raise _not_payable(refusal) from refusal
    except (BillerError, SettlementError) as error:
        raise not_now(f"WHMCS could not be asked about invoice {invoice}: {error}") from error
    except SealBroken as error:
        raise not_now(str(error)) from error
    if not accounts.accepts(gateway, due.currency):
        raise not_available(f"{bill.english} is in {due.currency}, which {gateway} does not accept")
    coins = account.rules.coins or ("",)
    if coin and coin not in coins:
        raise not_available(f"{coin[:20]} is not among the currencies that {gateway} accepts")
    coin = coin or _begun(gateway, bill) or coins[0]
    wanted = opening.Wanted(bill, due, language, f"Invoice {bill.number or bill.reference}", coin)
    try:
        return opening.open_order(account, wanted, clock=ports.system_now)
    except pricing.Unquotable as refusal:
        raise _no_price(refusal) from refusal


def _begun(gateway: Gateway, bill: Bill) -> str:
    """The coin in which a part has come already: that offer goes on, at its own address."""
    begun = Order.objects.filter(
        gateway=gateway, bill=bill, status__in=Order.OPEN, received_units__gt=0
    )
    return begun.order_by("-pk").values_list("pay_currency", flat=True).first() or ""


def _no_price(refusal: pricing.Unquotable) -> Refused:
    return Refused(
        _("There is no price right now"),
        _("Nothing was charged. Please try again later, or choose another way to pay."),
        status=503,
        for_merchant=str(refusal),
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
            return tampered(str(refusal))
        case _:
            words = (
                _("This invoice cannot be paid"),
                _("Please contact the merchant if you think it should be."),
            )
    return Refused(*words, status=409, for_merchant=str(refusal))
