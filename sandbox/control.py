"""Control calls that all parties share: health, reset, faults, recorded calls."""

from sandbox import faults
from sandbox.web import Page, Request, Response, World, done, html_answer, json_answer


def health(world: World, request: Request) -> Response:
    return json_answer({"ok": True})


def reset(world: World, request: Request) -> Response:
    """Forget everything of all parties but their ids, credentials and keys."""
    world.storage.reset()
    return done(request, {"ok": True})


def add_fault(world: World, request: Request, party: str) -> Response:
    with world.storage.change() as db:
        faults.add(db, party, request.fields())
        return done(request, faults.planned(db, party))


def list_faults(world: World, request: Request, party: str) -> Response:
    with world.storage.change() as db:
        return json_answer(faults.planned(db, party))


def clear_faults(world: World, request: Request, party: str) -> Response:
    with world.storage.change() as db:
        faults.clear(db, party)
        return json_answer(faults.planned(db, party))


def list_calls(world: World, request: Request, party: str) -> Response:
    with world.storage.change() as db:
        return json_answer({"calls": faults.calls(db, party)})


def login(world: World, request: Request, party: str) -> Response:
    """Where the "redirect" fault leads: a page that answers 200 and is no API answer."""
    return html_answer(faults.LOGIN_PAGE)


PARTY = "/(?P<party>spectrocoin|haveno|vodafoncash|whmcs)"
ROUTES: list[tuple[str, str, Page]] = [
    ("GET", "/healthz", health),
    ("POST", "/_sandbox/reset", reset),
    ("POST", f"{PARTY}/_sandbox/faults", add_fault),
    ("GET", f"{PARTY}/_sandbox/faults", list_faults),
    ("DELETE", f"{PARTY}/_sandbox/faults", clear_faults),
    ("GET", f"{PARTY}/_sandbox/calls", list_calls),
    ("GET", f"{PARTY}/login", login),
    ("POST", f"{PARTY}/login", login),
]
