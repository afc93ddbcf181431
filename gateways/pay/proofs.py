"""What a payer may check an offer with: the offer as the merchant signed it, and the merchant's keys."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from gateways.models import HavenoGateway
from gateways.pay.answers import order_of, payers_own
from gateways.providers.haveno.keys import key_id, public_pem


@require_safe
@payers_own
def offer(request: HttpRequest, token: str) -> HttpResponse:
    order = order_of(token)
    if not order.document:
        raise Http404
    answer = HttpResponse(order.document, content_type="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="offer.json"'
    return answer


@require_safe
@payers_own
def merchant_keys(request: HttpRequest, merchant: str) -> HttpResponse:
    """The keys that the merchant signs with now, and signed with before."""
    gateways = HavenoGateway.objects.filter(merchant__token=merchant, merchant__active=True)
    pairs = gateways.values_list("merchant_public_key", "previous_public_key").order_by("pk")
    publics = dict.fromkeys([*(now for now, _ in pairs), *(before for _, before in pairs)])
    publics.pop("", None)
    if not publics:
        raise Http404
    return JsonResponse({"keys": [_published(public) for public in publics]})


def _published(public: str) -> dict[str, str]:
    return {
        "key_id": key_id(public),
        "algorithm": "ed25519",
        "public_key": public,
        "pem": public_pem(public),
    }
