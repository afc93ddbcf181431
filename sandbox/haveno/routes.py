"""The relay's paths below /haveno: the protocol, the price source, the pages, the control calls."""

import json
from urllib.parse import unquote

from sandbox.haveno import actions, api, lies, offers, payer, settings, web_prices
from sandbox.web import Act, Instead, Page, Request, Response, Wire, World, json_answer, see_other


def list_offers(world: World, request: Request) -> Response:
    with world.storage.change() as db:
        now = settings.now(settings.read(db))
        rows = [offers.in_control(db, row, now) for row in offers.newest_first(db)]
    return json_answer({"offers": rows})


def show_offer(world: World, request: Request, key: str) -> Response:
    with world.storage.change() as db:
        row = actions.found(db, unquote(key))
        return json_answer({"offer": offers.in_control(db, row, settings.now(settings.read(db)))})


def act(world: World, request: Request, key: str) -> Response:
    offer, answers = actions.act(world, unquote(key), request.fields())
    return _done(request, offer, {"offer": offer, "answers": answers})


def resend(world: World, request: Request, key: str) -> Response:
    offer, answers = actions.resend(world, unquote(key), request.fields())
    return _done(request, offer, {"offer": offer, "answers": answers})


def reorg(world: World, request: Request) -> Response:
    offer = actions.reorg(world, request.fields())
    return _done(request, offer, {"offer": offer})


def mine(world: World, request: Request) -> Response:
    mined = actions.mine(world, request.fields())
    if request.is_button:
        then = request.form.get("then", "")
        return see_other(then if then.startswith("/haveno/") else "/haveno/")
    return json_answer(mined)


def _done(request: Request, offer: actions.Row, value: dict[str, object]) -> Response:
    if request.is_button:
        return see_other(f"/haveno/pay/{offer['offer_id']}")
    return json_answer(value)


def _params(request: Request) -> dict[str, object]:
    """What was asked. Nothing in it is secret: signatures are for all to see."""
    if request.method == "GET":
        return dict(request.parameters)
    try:
        members = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        return {"body": "not JSON"}
    return members if isinstance(members, dict) else {"body": members}


def _wire(name: str, act: Act, instead: Instead = api.instead) -> Wire:
    return Wire("haveno", lambda request: name, act, instead, _params, lies.tell)


OFFER = "/haveno/v1/offers/[^/]+"
CONTROL = "/haveno/_sandbox"
ROUTES: list[tuple[str, str, Wire | Page]] = [
    ("POST", "/haveno/v1/offers", _wire("offers", api.open_offer)),
    ("GET", OFFER, _wire("offer", api.look)),
    ("DELETE", OFFER, _wire("cancel", api.cancel)),
    ("GET", "/haveno/v1/prices", _wire("prices", api.prices)),
    (
        "GET",
        "/haveno/simple/price",
        _wire("web_prices", web_prices.simple_price, web_prices.instead),
    ),
    ("GET", "/haveno/?", payer.listing),
    ("GET", "/haveno/pay/(?P<key>[^/]+)", payer.show),
    ("GET", f"{CONTROL}/settings", settings.show),
    ("POST", f"{CONTROL}/settings", settings.change),
    ("GET", f"{CONTROL}/offers", list_offers),
    ("GET", f"{CONTROL}/offers/(?P<key>[^/]+)", show_offer),
    ("POST", f"{CONTROL}/offers/(?P<key>[^/]+)/act", act),
    ("POST", f"{CONTROL}/offers/(?P<key>[^/]+)/resend", resend),
    ("POST", f"{CONTROL}/mine", mine),
    ("POST", f"{CONTROL}/reorg", reorg),
]
