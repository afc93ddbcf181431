"""What the owner entered in the phone's apps, the wallets' balances, and the stand-in's knobs."""

import re
import sqlite3
import time
from decimal import Decimal

from sandbox.sending import acceptable_url
from sandbox.storage import Settings, read_named, write_named
from sandbox.web import AMOUNT, Fields, Refused, Request, Response, World, done, json_answer
from sandbox.whmcs.accounts import money

PARTY = "wallet"
APPS = (
    "incoming_sms", "smsgate", "httpsms", "httpsms_phone", "tahweel", "smsforwarder",
    "smsforwarder_json", "plain",
)  # fmt: skip
BALANCES = ("balance", "e_money_balance", "orange_balance", "wepay_balance")
DEFAULTS: Settings = {
    "upload_url": "",
    # Of the app named by `twice_through`; empty: the same.
    "second_upload_url": "",
    "app": "incoming_sms",
    "chunked": True,
    "header_key": "",
    "smsgate_key": "",
    "httpsms_key": "",
    "httpsms_passphrase": "",
    "smsforwarder_secret": "",
    "device_id": "sandbox-phone",
    "number": "01000000101",
    "sim": 1,
    "battery": 87,
    **dict.fromkeys(BALANCES, "1000.00"),
    "online": True,
    "tries": 4,
    "retry_seconds": "0.1",
    "clock_offset_seconds": 0,
}
# The largest of each.
WHOLES = {"sim": 2, "battery": 100, "tries": 50}
URLS = ("upload_url", "second_upload_url")
OFFSET = re.compile(r"-?[0-9]{1,9}")
MOST_SECONDS = 60


def read(db: sqlite3.Connection) -> Settings:
    return {**DEFAULTS, **read_named(db, "settings", PARTY)}


def text(settings: Settings, name: str) -> str:
    return str(settings[name])


def whole(settings: Settings, name: str) -> int:
    return int(str(settings[name]))


def now_ms(settings: Settings) -> int:
    """The phone's clock, Unix milliseconds."""
    return int(time.time() * 1000) + whole(settings, "clock_offset_seconds") * 1000


def show(world: World, request: Request) -> Response:
    with world.storage.change() as db:
        return json_answer(read(db))


def change(world: World, request: Request) -> Response:
    fields = request.fields()
    changes = checked(fields)
    with world.storage.change() as db:
        write_named(db, "settings", PARTY, changes)
        return done(request, read(db))


def checked(fields: Fields) -> Settings:
    """The members of a change, each of its kind. Raises Refused."""
    fields.only(*DEFAULTS)
    changes: Settings = {}
    for name in fields.values:
        if name == "app":
            changes[name] = fields.choice(name, APPS, APPS[0])
        elif name in WHOLES:
            changes[name] = fields.whole(name, 0, WHOLES[name])
        elif name in ("online", "chunked"):
            changes[name] = fields.flag(name, True)
        elif name in BALANCES:
            changes[name] = money(fields.amount(name, "0") or Decimal(0))
        elif name == "retry_seconds":
            changes[name] = _seconds(fields.text(name))
        elif name == "clock_offset_seconds":
            if not OFFSET.fullmatch(fields.text(name)):
                raise Refused(f"{name} must be a whole number")
            changes[name] = int(fields.text(name))
        else:
            changes[name] = fields.text(name)
    for name in URLS:
        if not acceptable_url(fields.text(name)):
            raise Refused(f"{name} must be an absolute URL")
    if 0 in (changes.get("sim"), changes.get("tries")):
        raise Refused("sim and tries count from 1")
    return changes


def _seconds(value: str) -> str:
    if not AMOUNT.fullmatch(value) or Decimal(value) > MOST_SECONDS:
        raise Refused(f"retry_seconds must be a plain decimal text up to {MOST_SECONDS}")
    return value
