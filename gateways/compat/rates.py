"""The store's rate, for the script of a shop's payment form: asked by browsers, on any site."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import View

from gateways.compat.checks import Refused, refused, store_of
from gateways.limits import Limit, address_of
from ledger import ports
from ledger.money import MoneyError
from ledger.rate import Rate

READERS = Limit("readers", 120, when_down=True)


def everywhere(response: HttpResponse) -> HttpResponse:
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-store"
    return response


class StoreRate(View):
    """EGP for one unit of the store's currency."""

    http_method_names = ("get", "options")

    def options(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = everywhere(HttpResponse(status=204))
        response.headers["Access-Control-Allow-Methods"] = "GET"
        response.headers["Access-Control-Allow-Headers"] = "Accept, Content-Type"
        return response

    def get(self, request: HttpRequest, store: str) -> HttpResponse:
        language = request.GET.get("lang", "")
        try:
            if not READERS.may(address_of(request), ports.system_now()):
                raise Refused("rate_limited", 429, "rate_limited")
            found = store_of(store)
            try:
                Rate.parse(found.rate, base=found.store_currency, quote="EGP")
            except MoneyError:
                raise Refused("unavailable", 503, "unavailable") from None
        except Refused as refusal:
            return everywhere(refused(refusal, language))
        return everywhere(
            JsonResponse(
                {"status": True, "rate": found.rate, "currency_label": found.store_currency}
            )
        )
