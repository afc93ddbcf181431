"""The phone's paths below /wallet: its page and the control calls. It has no interface to call."""

from sandbox.wallet import page, phone, settings
from sandbox.web import Page, Request, Response, Wire, World, done, json_answer


def send(world: World, request: Request) -> Response:
    return done(request, phone.send(world, request.fields()))


def online(world: World, request: Request) -> Response:
    return done(request, phone.online(world, request.fields()))


def heartbeat(world: World, request: Request) -> Response:
    return done(request, phone.heartbeat(world, request.fields()))


def messages(world: World, request: Request) -> Response:
    with world.storage.change() as db:
        return json_answer({"messages": phone.messages(db)})


CONTROL = "/wallet/_sandbox"
ROUTES: list[tuple[str, str, Wire | Page]] = [
    ("GET", "/wallet/?", page.show),
    ("GET", f"{CONTROL}/settings", settings.show),
    ("POST", f"{CONTROL}/settings", settings.change),
    ("POST", f"{CONTROL}/send", send),
    ("GET", f"{CONTROL}/messages", messages),
    ("POST", f"{CONTROL}/online", online),
    ("POST", f"{CONTROL}/heartbeat", heartbeat),
]
