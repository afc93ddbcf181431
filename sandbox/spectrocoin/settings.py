"""The merchant's project at SpectroCoin: ids, credentials, keys, callback kind."""

import secrets
import sqlite3
import uuid

from sandbox.spectrocoin import signing
from sandbox.storage import Settings, read_named, write_named
from sandbox.web import Fields, Refused, Request, Response, World, done, json_answer

PARTY = "spectrocoin"
DEFAULTS: Settings = {
    "merchant_public_key": "",
    "callback_kind": "form",
    "test_mode": False,
    "account_enabled": True,
    "token_seconds": 3600,
}
IDENTITY = (
    "merchant_id", "project_id", "numeric_merchant_id", "numeric_api_id", "client_id",
    "client_secret",
)  # fmt: skip


def found(db: sqlite3.Connection) -> None:
    """Give a new storage its ids, credentials and SpectroCoin's key pair, once."""
    if read_named(db, "identity", PARTY):
        return
    identity: Settings = {
        "merchant_id": str(uuid.uuid4()),
        "project_id": str(uuid.uuid4()),
        "numeric_merchant_id": "169",
        "numeric_api_id": "3",
        "client_id": secrets.token_hex(16),
        "client_secret": secrets.token_urlsafe(32),
        "provider_private_key": signing.new_private_key(),
    }
    write_named(db, "identity", PARTY, identity)


def read(db: sqlite3.Connection) -> Settings:
    """Everything, the private key included."""
    identity = read_named(db, "identity", PARTY)
    return {**DEFAULTS, **identity, **read_named(db, "settings", PARTY)}


def text(settings: Settings, name: str) -> str:
    return str(settings[name])


def shown(settings: Settings) -> Settings:
    """As the control call answers: SpectroCoin's public key in place of its private one."""
    answer = {name: value for name, value in settings.items() if name != "provider_private_key"}
    return answer | {
        "provider_public_key": signing.public_pem(text(settings, "provider_private_key"))
    }


def show(world: World, request: Request) -> Response:
    with world.storage.change() as db:
        return json_answer(shown(read(db)))


def change(world: World, request: Request) -> Response:
    """Change any subset; `rotate_provider_key` makes a new key pair for the callbacks."""
    fields = request.fields()
    rotate = fields.flag("rotate_provider_key", False)
    revoke = fields.flag("revoke_tokens", False)
    changes = _checked(fields)
    private_key = signing.new_private_key() if rotate else ""
    with world.storage.change() as db:
        write_named(db, "settings", PARTY, changes)
        if rotate:
            write_named(db, "identity", PARTY, {"provider_private_key": private_key})
        if revoke:
            db.execute("DELETE FROM sc_tokens")
        return done(request, shown(read(db)))


def _checked(fields: Fields) -> Settings:
    fields.only(*DEFAULTS, *IDENTITY, "rotate_provider_key", "revoke_tokens")
    changes: Settings = {}
    for name in fields.values:
        if name in ("test_mode", "account_enabled"):
            changes[name] = fields.flag(name, False)
        elif name == "token_seconds":
            changes[name] = fields.whole(name, 3600, 10_000_000)
        elif name == "callback_kind":
            changes[name] = fields.choice(name, ("form", "json"), "form")
        elif name in DEFAULTS or name in IDENTITY:
            changes[name] = fields.text(name)
    key = fields.text("merchant_public_key")
    if key and not signing.is_rsa_public_key(key):
        raise Refused("merchant_public_key must be an RSA public key in PEM")
    return changes
