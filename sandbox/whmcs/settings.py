"""This installation: API credentials, who may call what, active gateways, the module's settings."""

import secrets
import sqlite3

from sandbox.storage import Settings, read_named, write_named
from sandbox.web import Fields, Refused, Request, Response, World, done, json_answer

PARTY = "whmcs"
MODULE: Settings = {"console_url": "", "merchant_token": "", "signing_secret": ""}
DEFAULTS: Settings = {
    "access_key": "",
    "allowed_ips": None,
    "permissions": None,
    "gateways": ["spectrocoin", "havenopay", "vodafoncash"],
    "version": "8.13.1",
    "module": MODULE,
    # How lists come back; live installations were seen to answer in each of these ways.
    "list_shape": "list",
    "empty_shape": "wrapped",
    # Some error bodies carry `status: error` in place of `result: error`.
    "error_key": "result",
}
IDENTITY = ("identifier", "secret")
CHOICES = {
    "list_shape": ("list", "single", "numbered"),
    "empty_shape": ("wrapped", "string", "object", "array"),
    "error_key": ("result", "status"),
}


def found(db: sqlite3.Connection) -> bool:
    """Give a new storage its API credentials; True when it was new."""
    if read_named(db, "identity", PARTY):
        return False
    identity: Settings = {
        "identifier": secrets.token_urlsafe(24),
        "secret": secrets.token_urlsafe(24),
    }
    write_named(db, "identity", PARTY, identity)
    return True


def read(db: sqlite3.Connection) -> Settings:
    return {**DEFAULTS, **read_named(db, "identity", PARTY), **read_named(db, "settings", PARTY)}


def root(origin: str) -> str:
    return f"{origin}/whmcs"


def text(settings: Settings, name: str) -> str:
    return str(settings[name])


def names(settings: Settings, name: str) -> list[str] | None:
    """A list setting; None where it stands for "all"."""
    value = settings[name]
    return [str(item) for item in value] if isinstance(value, list) else None


def module(settings: Settings) -> dict[str, str]:
    value = settings["module"]
    return {k: str(v) for k, v in value.items()} if isinstance(value, dict) else {}


def show(world: World, request: Request) -> Response:
    with world.storage.change() as db:
        return json_answer(read(db) | {"url": root(world.origin)})


def change(world: World, request: Request) -> Response:
    """Change any subset. `module` too is changed member by member."""
    fields = request.fields()
    changes = _checked(fields)
    with world.storage.change() as db:
        if "module" in changes:
            changes["module"] = module(read(db)) | module(changes)
        write_named(db, "settings", PARTY, changes)
        return done(request, read(db) | {"url": root(world.origin)})


def _checked(fields: Fields) -> Settings:
    # `url` is shown with the others but follows from SANDBOX_PORT, so it cannot be changed.
    fields.only(*DEFAULTS, *IDENTITY)
    changes: Settings = {}
    for name, value in fields.values.items():
        if name in ("allowed_ips", "permissions") and value is None:
            changes[name] = None
        elif name in ("allowed_ips", "permissions", "gateways"):
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise Refused(f"{name} must be a list of texts")
            changes[name] = value
        elif name == "module":
            if not isinstance(value, dict):
                raise Refused("module must be an object")
            members = Fields(value)
            members.only(*MODULE)
            changes[name] = {member: members.text(member) for member in value}
        elif name in CHOICES:
            changes[name] = fields.choice(name, CHOICES[name], CHOICES[name][0])
        else:
            changes[name] = fields.text(name)
    return changes
