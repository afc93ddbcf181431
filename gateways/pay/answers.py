"""What every answer to a payer has in common: kept nowhere, calm, and the same for every wrong link."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found

from gateways.models import Order
from gateways.orders import links
from ledger.models import Merchant

log = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]


class Refused(Exception):
    """A calm page instead of a payment. `for_merchant` goes to the log, never to the payer."""

    def __init__(self, title: str, text: str, *, status: int, for_merchant: str = "") -> None:
        super().__init__(title)
        self.title, self.text, self.status, self.for_merchant = title, text, status, for_merchant


def tampered(detail: str) -> Refused:
    return Refused(
        _("This payment link is not valid"),
        _("Please go back to the invoice and press the pay button again."),
        status=400,
        for_merchant=detail,
    )


def not_available(detail: str) -> Refused:
    return Refused(
        _("This way to pay is not available"),
        _("Please choose another payment method on the invoice."),
        status=409,
        for_merchant=detail,
    )


def not_now(detail: str) -> Refused:
    return Refused(
        _("We cannot take the payment right now"),
        _("Nothing was charged. Please try again in a few minutes."),
        status=503,
        for_merchant=detail,
    )


def calm(
    request: HttpRequest, refusal: Refused, merchant: Merchant, *, back: str = ""
) -> HttpResponse:
    """A page that says what happened and what to do, and nothing that concerns the merchant only."""
    if refusal.for_merchant:
        log.warning("checkout of %s: %s", merchant.pk, refusal.for_merchant)
    context = {"title": refusal.title, "text": refusal.text, "back": back, "merchant": merchant}
    return render(request, "pay/calm.html", context, status=refusal.status)


def payers_own(view: View) -> View:
    """Its answers are kept nowhere, and a wrong link gets the same one as any wrong address."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return private(view(request, *args, **kwargs))
        except Http404 as error:
            return private(page_not_found(request, error))

    return answer


def private(response: HttpResponseBase) -> HttpResponseBase:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def order_of(token: str) -> Order:
    order = links.by_token(token)
    if order is None:
        raise Http404
    return order


def pay_url(order: Order) -> str:
    return f"{settings.GATEBOOK_URL}/pay/{links.pay_token(order)}/"


def invoice_url(merchant: Merchant, invoice: str) -> str:
    """Built from the merchant's own settings, never from the request."""
    biller = getattr(merchant, "biller", None)
    return f"{biller.url.rstrip('/')}/viewinvoice.php?id={invoice}" if biller else ""


def language_of(text: str) -> str:
    """WHMCS says "arabic" or "ar"; everything we have no words for is English."""
    return "ar" if text.startswith("ar") else "en"
