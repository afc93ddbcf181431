"""What the merchant entered at this relay, the relay's own keys, and the knobs of the stand-in."""

import re
import sqlite3
import time
from collections.abc import Mapping

from sandbox.haveno import signing
from sandbox.sending import acceptable_url
from sandbox.storage import Settings, read_named, write_named
from sandbox.web import AMOUNT, Fields, Refused, Request, Response, World, done, json_answer

PARTY = "haveno"
DEFAULTS: Settings = {
    "merchant_public_keys": [],
    "webhook_url": "",
    "webhook_secret": "",
    # 0: as many as each offer asks for.
    "confirmations": 0,
    "auto_mine": False,
    "tether_network": "ERC-20",
    "sign_with": "new",
    # What differs from the demo market; null takes a price away.
    "prices": {},
    "price_age_seconds": 0,
    "web_prices": {},
    "web_price_age_seconds": 0,
    "clock_offset_seconds": 0,
    "height": 3_500_000,
}
CHOICES = {"tether_network": ("ERC-20", "TRC-20"), "sign_with": ("new", "old")}
# The largest of each; nothing here needs more.
WHOLES = {
    "confirmations": 10_000,
    "height": 2**31,
    "price_age_seconds": 10**9,
    "web_price_age_seconds": 10**9,
}
OFFSET = re.compile(r"-?[0-9]{1,9}")


def found(db: sqlite3.Connection) -> None:
    """Give a new storage the relay's signing key, once."""
    if not read_named(db, "identity", PARTY):
        seeds: Settings = {"relay_key": signing.new_seed(), "old_relay_key": ""}
        write_named(db, "identity", PARTY, seeds)


def read(db: sqlite3.Connection) -> Settings:
    """Everything, the private keys included."""
    identity = read_named(db, "identity", PARTY)
    return {**DEFAULTS, **identity, **read_named(db, "settings", PARTY)}


def text(settings: Settings, name: str) -> str:
    return str(settings[name])


def whole(settings: Settings, name: str) -> int:
    return int(str(settings[name]))


def merchant_keys(settings: Settings) -> list[str]:
    value = settings["merchant_public_keys"]
    return [str(key) for key in value] if isinstance(value, list) else []


def prices(settings: Settings, name: str) -> dict[str, str | None]:
    """`prices`, by currency. Of `web_prices` see web_prices()."""
    return _prices(settings[name])


def web_prices(settings: Settings) -> dict[str, dict[str, str | None]]:
    value = settings["web_prices"]
    return {str(k): _prices(v) for k, v in value.items()} if isinstance(value, dict) else {}


def signing_seed(settings: Settings) -> str:
    """The key that signs now. Without an old one the new one does."""
    old = text(settings, "old_relay_key")
    return old if settings["sign_with"] == "old" and old else text(settings, "relay_key")


def now(settings: Settings) -> int:
    """The relay's clock, Unix seconds."""
    return int(time.time()) + whole(settings, "clock_offset_seconds")


def shown(settings: Settings, origin: str) -> Settings:
    """As the control call answers: public keys in place of private ones."""
    seeds = [text(settings, "relay_key"), text(settings, "old_relay_key")]
    answer = {name: settings[name] for name in DEFAULTS}
    return answer | {
        "relay_url": root(origin),
        "relay_public_key": signing.public_half(signing_seed(settings)),
        "relay_public_keys": [signing.public_half(seed) for seed in seeds if seed],
    }


def root(origin: str) -> str:
    return f"{origin}/haveno"


def show(world: World, request: Request) -> Response:
    with world.storage.change() as db:
        return json_answer(shown(read(db), world.origin))


def change(world: World, request: Request) -> Response:
    """Change any subset. `rotate_relay_key` makes a new key and keeps the last one as the old;
    `forget_old_key` ends the rotation."""
    fields = request.fields()
    rotate = fields.flag("rotate_relay_key", False)
    forget = fields.flag("forget_old_key", False)
    changes = _checked(fields)
    with world.storage.change() as db:
        write_named(db, "settings", PARTY, changes)
        if rotate:
            seeds = {"relay_key": signing.new_seed(), "old_relay_key": read(db)["relay_key"]}
            write_named(db, "identity", PARTY, seeds)
        if forget:
            write_named(db, "identity", PARTY, {"old_relay_key": ""})
        return done(request, shown(read(db), world.origin))


def _checked(fields: Fields) -> Settings:
    fields.only(*DEFAULTS, "rotate_relay_key", "forget_old_key")
    changes: Settings = {}
    for name, value in fields.values.items():
        if name in CHOICES:
            changes[name] = fields.choice(name, CHOICES[name], CHOICES[name][0])
        elif name in WHOLES:
            changes[name] = fields.whole(name, 0, WHOLES[name])
        elif name == "auto_mine":
            changes[name] = fields.flag(name, False)
        elif name == "merchant_public_keys":
            changes[name] = _keys(value)
        elif name == "prices":
            changes[name] = _checked_prices(value)
        elif name == "web_prices":
            if not isinstance(value, dict):
                raise Refused('web_prices must be like {"monero": {"eur": "145.20"}}')
            changes[name] = {str(coin): _checked_prices(of) for coin, of in value.items()}
        elif name == "clock_offset_seconds":
            if not OFFSET.fullmatch(fields.text(name)):
                raise Refused(f"{name} must be a whole number")
            changes[name] = int(fields.text(name))
        elif name in DEFAULTS:
            changes[name] = fields.text(name)
    _check_webhook(fields)
    return changes


def _check_webhook(fields: Fields) -> None:
    if not acceptable_url(fields.text("webhook_url")):
        raise Refused("webhook_url must be an absolute URL")
    secret = fields.text("webhook_secret")
    if secret:
        try:
            signing.webhook_key(secret)
        except ValueError as error:
            raise Refused(f"webhook_secret: {error}") from None


def _keys(value: object) -> list[str]:
    keys = [str(key).lower() for key in value] if isinstance(value, list) else []
    known = all(signing.KEY.fullmatch(key) for key in keys)
    if not isinstance(value, list) or not known or len(keys) > 2:
        raise Refused("merchant_public_keys must be a list of at most two keys of 64 hex digits")
    return keys


def _checked_prices(value: object) -> dict[str, str | None]:
    texts = value.values() if isinstance(value, Mapping) else [0]
    if not all(t is None or (isinstance(t, str) and AMOUNT.fullmatch(t)) for t in texts):
        raise Refused('prices must be like {"EUR": "145.20", "USD": null}')
    return _prices(value)


def _prices(value: object) -> dict[str, str | None]:
    if not isinstance(value, Mapping):
        return {}
    return {str(k): None if v is None else str(v) for k, v in value.items()}
