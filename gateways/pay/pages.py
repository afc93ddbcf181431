"""The pay page: for orders that we quoted all of it, for others where they stand."""

from hashlib import sha256
from typing import Any

from django.apps import apps
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotModified,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.http import parse_etags
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from gateways import tasks
from gateways.models import EGP, Order
from gateways.orders import polling
from gateways.orders.links import pay_token
from gateways.orders.rules import Rules
from gateways.pay import claims
from gateways.pay.answers import (
    Refused,
    calm,
    invoice_url,
    language_of,
    order_of,
    pay_url,
    payers_own,
)
from gateways.pay.checkout import start
from gateways.pay.screen import FREE, Screen, screen_of, state_of
from gateways.pay.transfers import Visit, may_claim
from gateways.pay.words import State
from gateways.providers import TABLES
from ledger import ports


# csrf_exempt: no cookie is involved. The unguessable token in the address is the only authority,
# and nobody who does not have it can make a browser post there.
@method_decorator(csrf_exempt, name="dispatch")
@method_decorator(payers_own, name="dispatch")
class OrderPage(View):
    """Where an order stands, in words for the payer; sends on to the provider as soon as it can."""

    http_method_names = ("get", "head", "post")

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        order = order_of(token)
        with translation.override(language_of(order.language)):
            if order.pay_currency:
                return _quoted(request, order)
            return _of_provider(request, order)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Another currency, or a fresh price: a new order, for what WHMCS says is due now. Or the
        payer of a wallet transfer says to have sent it."""
        order = order_of(token)
        if request.POST.get("act") in claims.ACTS:
            with translation.override(language_of(order.language)):
                return _claimed(request, order)
        rules = rules_of(order)
        # Where money was seen the page says so, and that is the answer to the button.
        if not order.pay_currency or _state(order, rules) not in FREE:
            return HttpResponseRedirect(pay_url(order), status=303)
        merchant, bill = order.merchant, order.bill
        with translation.override(language_of(order.language)):
            try:
                chosen = start(
                    merchant,
                    order.gateway,
                    bill.reference,
                    bill.client,
                    order.language,
                    request.POST.get("coin") or order.pay_currency,
                )
            except Refused as refusal:
                back = invoice_url(merchant, bill.reference)
                return calm(request, refusal, merchant, back=back)
        return HttpResponseRedirect(chosen.payment_url or pay_url(chosen), status=303)


@require_safe
@payers_own
def live(request: HttpRequest, token: str) -> HttpResponse:
    """The part of the page that changes, for its script; 304 where it has not changed."""
    order = order_of(token)
    if not order.pay_currency:
        raise Http404
    with translation.override(language_of(order.language)):
        html, etag = _live_part(order, _look(order, _visit(request, order)))
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        answer: HttpResponse = HttpResponseNotModified()
    else:
        answer = HttpResponse(html)
    answer.headers["ETag"] = etag
    return answer


@require_safe
@payers_own
def back_to_invoice(request: HttpRequest, token: str) -> HttpResponse:
    """The provider sends the browser here after success and after cancel; both prove nothing."""
    order = order_of(token)
    return HttpResponseRedirect(invoice_url(order.merchant, order.bill.reference), status=303)


def rules_of(order: Order) -> Rules:
    """Without the account's secrets: a page needs none."""
    table = apps.get_model(TABLES[order.gateway.provider])
    rules: Rules = table._base_manager.get(pk=order.gateway_id).rules()
    return rules


def _state(order: Order, rules: Rules) -> State:
    visit = claims.visit_of(order) if order.pay_currency == EGP else Visit()
    return state_of(order, rules, ports.system_now(), visit.counted)


def _visit(request: HttpRequest, order: Order) -> Visit:
    if order.pay_currency != EGP:
        return Visit()
    return claims.visit_of(order, is_changing="change" in request.GET)


def _look(order: Order, visit: Visit) -> Screen:
    """What to show, and a worker woken to ask the relay: somebody is waiting for the answer."""
    now = ports.system_now()
    # Wallet transfers come by themselves; there is nobody to ask.
    if order.pay_currency != EGP and polling.look_now(order, now):
        tasks.wake_polling()
    return screen_of(order, rules_of(order), now, visit)


def _live_part(order: Order, screen: Screen) -> tuple[str, str]:
    html = render_to_string("pay/live.html", {"screen": screen, **_links(order)})
    return html, f'"{sha256(html.encode()).hexdigest()[:32]}"'


def _links(order: Order) -> dict[str, Any]:
    return {
        "here": f"/pay/{pay_token(order)}/",
        "back": invoice_url(order.merchant, order.bill.reference),
        "keys": f"/.well-known/havenopay/{order.merchant.token}.json",
    }


def _quoted(request: HttpRequest, order: Order) -> HttpResponse:
    screen = _look(order, _visit(request, order))
    html, etag = _live_part(order, screen)
    return _page(request, screen, html, etag)


def _claimed(request: HttpRequest, order: Order) -> HttpResponse:
    now = ports.system_now()
    answered = None
    if order.pay_currency == EGP and may_claim(order, _state(order, rules_of(order)), now):
        answered = claims.take(request, order, now)
    if answered is None:
        return HttpResponseRedirect(pay_url(order), status=303)
    # What is said here stays until the page without it changes.
    _html, etag = _live_part(order, _look(order, claims.visit_of(order)))
    screen = _look(order, answered.visit)
    html, _etag = _live_part(order, screen)
    response = _page(request, screen, html, etag, status=answered.status)
    if answered.status == 429:
        response.headers["Retry-After"] = str(claims.WINDOW_SECONDS)
    return response


def _page(
    request: HttpRequest, screen: Screen, html: str, etag: str, *, status: int = 200
) -> HttpResponse:
    context = {"screen": screen, "live": html, "etag": etag, "now": ports.system_now()}
    return render(request, "pay/quoted.html", context, status=status)


def _of_provider(request: HttpRequest, order: Order) -> HttpResponse:
    if order.status == Order.Status.NEW and order.payment_url:
        return HttpResponseRedirect(order.payment_url, status=303)
    opening = bool(order.opening_until and order.opening_until > ports.system_now())
    context = {
        "order": order,
        "opening": order.status == Order.Status.NEW and opening,
        "moving": order.status in Order.OPEN and (opening or not order.open_error),
        "back": invoice_url(order.merchant, order.bill.reference),
    }
    return render(request, "pay/order.html", context)
