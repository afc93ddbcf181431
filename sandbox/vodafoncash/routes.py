"""vodafoncash.com's paths below /vodafoncash: the two calls, a page, the control calls."""

from html import escape
from typing import Any
from urllib.parse import unquote

from sandbox.pages import button, page
from sandbox.vodafoncash import api, callbacks, stores
from sandbox.web import Act, Page, Refused, Request, Response, Wire, World, done, json_answer

THEN = {"then": "/vodafoncash/"}


def list_stores(world: World, request: Request) -> Response:
    with world.storage.change() as db:
        return json_answer({"stores": stores.all_stores(db), "url": _root(world)})


def save_store(world: World, request: Request) -> Response:
    with world.storage.change() as db:
        return done(request, {"store": stores.save_store(db, request.fields())})


def list_transfers(world: World, request: Request) -> Response:
    with world.storage.change() as db:
        return json_answer({"transfers": stores.newest_first(db)})


def add_transfer(world: World, request: Request) -> Response:
    with world.storage.change() as db:
        number = stores.add_transfer(db, request.fields())
        return done(request, {"transfer": stores.shown(db, stores.transfer(db, str(number)))})


def approve(world: World, request: Request, key: str) -> Response:
    """A person lets a held one pass: the customer's next check matches or, with `complete`, it is
    completed here and now. Which of the two the live service does is not documented."""
    fields = request.fields()
    fields.only("complete")
    with world.storage.change() as db:
        row = stores.transfer(db, unquote(key))
        if row["state"] != "held":
            raise Refused("this transfer is not held", 409)
        if fields.flag("complete", False):
            api.complete(world, db, row, row["store_id"], row["user_name"])
        else:
            stores.move(db, row, "approved", row["store_id"], row["user_name"])
        return done(request, {"transfer": stores.shown(db, stores.transfer(db, row["trans_id"]))})


def callback(world: World, request: Request, key: str) -> Response:
    return done(request, callbacks.tell_now(world, unquote(key), request.fields()))


def resend(world: World, request: Request, key: str) -> Response:
    return done(request, callbacks.resend(world, unquote(key), request.fields()))


def show(world: World, request: Request) -> Response:
    """The account's transfers, with what a person can do about each."""
    with world.storage.change() as db:
        shops, rows = stores.all_stores(db), stores.newest_first(db)
    lines = "".join(_line(row) for row in rows)
    told = "".join(
        f"<li>Store {shop['id']}: {escape(str(shop['rate']))} EGP for one"
        f" {escape(str(shop['currency']))}, anti-spam {'on' if shop['anti_spam'] else 'off'}, calls"
        f" <code>{escape(str(shop['callback_url'])) or 'nobody'}</code></li>"
        for shop in shops
    )
    body = (
        f"<section class='card'><h1>Stores</h1><ul>{told or '<li>None yet.</li>'}</ul></section>"
        "<section class='card'><h1>Transfers</h1>"
        "<form method='post' action='/vodafoncash/_sandbox/transfers'>"
        "<input type='hidden' name='then' value='/vodafoncash/'>"
        "<input name='phone' value='01000000707' size='13' aria-label='From phone'> "
        "<input name='amount' value='100' size='8' aria-label='Amount'> "
        "<button class='primary'>A transfer arrives</button></form>"
        "<table><tr><th>Transfer</th><th>From</th><th class='amount'>EGP</th><th>State</th>"
        f"<th>User</th><th></th></tr>{lines}</table></section>"
    )
    return page("Transfers", body, party="vodafoncash")


def _line(row: dict[str, Any]) -> str:
    call = f"/vodafoncash/_sandbox/transfers/{row['trans_id']}"
    buttons = ""
    if row["state"] == "held":
        buttons = button(f"{call}/approve", "Approve", THEN)
        buttons += button(f"{call}/approve", "Approve and complete", {"complete": "true", **THEN})
    if row["callbacks"]:
        buttons += button(f"{call}/resend", "Callback again", THEN)
    return (
        f"<tr><td><code>{escape(row['trans_id'])}</code></td><td>{escape(row['phone'])}</td>"
        f"<td class='amount'>{escape(row['amount'])}</td><td>{escape(row['state'])}</td>"
        f"<td>{escape(row['user_name'])}</td><td>{buttons}</td></tr>"
    )


def _root(world: World) -> str:
    return f"{world.origin}/vodafoncash"


def _wire(name: str, act: Act) -> Wire:
    return Wire(
        "vodafoncash",
        lambda request: name,
        act,
        api.instead,
        lambda request: dict(request.parameters),
        api.lie,
    )


CONTROL = "/vodafoncash/_sandbox"
TRANSFER = f"{CONTROL}/transfers/(?P<key>[^/]+)"
ROUTES: list[tuple[str, str, Wire | Page]] = [
    ("GET", "/vodafoncash/api/payment_link_check", _wire("check", api.check)),
    ("GET", "/vodafoncash/api/public/store/[^/]+/rate", _wire("rate", api.rate)),
    ("GET", "/vodafoncash/?", show),
    ("GET", f"{CONTROL}/stores", list_stores),
    ("POST", f"{CONTROL}/stores", save_store),
    ("GET", f"{CONTROL}/transfers", list_transfers),
    ("POST", f"{CONTROL}/transfers", add_transfer),
    ("POST", f"{TRANSFER}/approve", approve),
    ("POST", f"{TRANSFER}/callback", callback),
    ("POST", f"{TRANSFER}/resend", resend),
]
