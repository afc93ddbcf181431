"""SpectroCoin's paths below /spectrocoin: the real ones, the payment page, the control calls."""

import json
from urllib.parse import unquote

from sandbox.spectrocoin import actions, checkout, legacy, orders, public, settings
from sandbox.web import Act, Instead, Page, Request, Response, Wire, World, json_answer, see_other

SECRETS = {"client_secret", "sign"}


def list_orders(world: World, request: Request) -> Response:
    with world.storage.change() as db:
        rows = [orders.in_control(db, row) for row in orders.newest_first(db)]
    return json_answer({"orders": rows})


def act(world: World, request: Request, key: str) -> Response:
    order, answers = actions.act(world, unquote(key), request.fields())
    # The payer's two buttons lead back to the shop, the others back to the payment page.
    urls = {"success": order["successUrl"], "failure": order["failureUrl"]}
    return _acted(request, order, answers, str(urls.get(request.form.get("then", ""), "")))


def resend(world: World, request: Request, key: str) -> Response:
    order, answers = actions.resend(world, unquote(key), request.fields())
    return _acted(request, order, answers, "")


def _acted(
    request: Request, order: dict[str, object], answers: list[dict[str, object]], url: str
) -> Response:
    if request.is_button:
        return see_other(url or f"/spectrocoin/en/payment/preorder/{order['preOrderId']}")
    return json_answer({"order": order, "answers": answers})


def _params(request: Request) -> dict[str, object]:
    if request.is_form:
        return {k: v for k, v in request.form.items() if k not in SECRETS}
    try:
        members = json.loads(request.body or b"{}")
    except ValueError:
        return {"body": "not JSON"}
    return members if isinstance(members, dict) else {"body": members}


def _wire(name: str, act: Act, instead: Instead) -> Wire:
    return Wire("spectrocoin", lambda request: name, act, instead, _params)


MERCHANTS = "/spectrocoin/api/public/merchants"
CONTROL = "/spectrocoin/_sandbox"
ROUTES: list[tuple[str, str, Wire | Page]] = [
    (
        "POST",
        "/spectrocoin/api/merchant/1/createOrder",
        _wire("createOrder", legacy.create_order, legacy.instead),
    ),
    (
        "POST",
        "/spectrocoin/api/public/oauth/token",
        _wire("token", public.token, public.instead),
    ),
    ("POST", f"{MERCHANTS}/orders/create", _wire("create", public.create, public.instead)),
    ("GET", f"{MERCHANTS}/orders", _wire("orders", public.listing, public.instead)),
    ("GET", f"{MERCHANTS}/orders/[^/]+", _wire("order", public.fetch, public.instead)),
    (
        "GET",
        r"/spectrocoin/files/merchant\.public\.pem",
        _wire("public_key", public.public_key, public.instead),
    ),
    ("GET", "/spectrocoin/en/payment/preorder/(?P<pre_order_id>[^/]+)", checkout.show),
    ("GET", f"{CONTROL}/settings", settings.show),
    ("POST", f"{CONTROL}/settings", settings.change),
    ("GET", f"{CONTROL}/orders", list_orders),
    ("POST", f"{CONTROL}/orders/(?P<key>[^/]+)/act", act),
    ("POST", f"{CONTROL}/orders/(?P<key>[^/]+)/resend", resend),
]
