"""The phone's screen: what is on it, and buttons for all that can happen to it."""

from html import escape
from typing import Any

from sandbox.pages import button, page
from sandbox.storage import Settings
from sandbox.wallet import phone, settings, texts
from sandbox.web import Request, Response, World

SEND = "/wallet/_sandbox/send"
THEN = {"then": "/wallet/"}
TROUBLE = (
    ("The same SMS 10 times", {"times": "10"}),
    ("The same SMS 20 times at once", {"parallel": "20"}),
    ("The same SMS through SMSGate too", {"twice_through": "smsgate"}),
    ("Wording nobody knows", {"template": "new_wording"}),
    ("In Arabic digits", {"digits": "arabic"}),
    ("Money sent", {"template": "outgoing"}),
    ("A transfer taken back", {"template": "reversed"}),
    ("A code (OTP)", {"template": "otp"}),
    ("An advert", {"template": "advert"}),
    ("A request for money", {"template": "money_request"}),
)
FORGED = (
    ("From a stranger's number", {"spoof": "true"}),
    ("From a look-alike name", {"spoof": "true", "sender": "VF-C\u0430sh"}),
    ("From the true name, balance guessed", {"spoof": "true", "sender": "VF-Cash"}),
    (
        "From the true name, balance wrong",
        {"spoof": "true", "sender": "VF-Cash", "balance": "31337.00"},
    ),
)
MOST_SHOWN = 60


def show(world: World, request: Request) -> Response:
    with world.storage.change() as db:
        told = settings.read(db)
        rows: list[dict[str, Any]] = phone.messages(db)[:MOST_SHOWN]
    waiting = sum(not upload["delivered"] for row in rows for upload in row["uploads"])
    body = _screen(told, waiting) + _send(told) + _trouble() + _setup(told) + _messages(rows)
    return page("Wallet phone", body, party="wallet")


def _screen(told: Settings, waiting: int) -> str:
    balances = "".join(
        f"<tr><td>{label}</td><td class='amount' id='{name}'>{escape(str(told[name]))} EGP</td></tr>"
        for name, label in zip(
            settings.BALANCES,
            ("Vodafone Cash", "e&amp; money", "Orange Cash", "WE Pay"),
            strict=True,
        )
    )
    call = "/wallet/_sandbox/online"
    state = "online" if told["online"] else "offline"
    return (
        f"<section class='card'><h1>Wallet phone {escape(str(told['number']))}</h1>"
        f"<p>It is <b id='state'>{state}</b>, <b id='waiting'>{waiting}</b> waiting, battery"
        f" {told['battery']} %. {escape(str(told['app']))} forwards to"
        f" <code>{escape(str(told['upload_url'])) or 'nowhere yet'}</code></p>"
        f"<table>{balances}</table>"
        + button(call, "Go offline", {"online": "false", **THEN})
        + button(call, "Go online, in order", {"online": "true", **THEN})
        + button(call, "Go online, out of order", {"online": "true", "order": "random", **THEN})
        + button("/wallet/_sandbox/heartbeat", "Heartbeat", {"app": "tahweel", **THEN})
        + button(
            "/wallet/_sandbox/heartbeat",
            "Heartbeat, battery 5 %",
            {"app": "tahweel", "battery": "5", **THEN},
        )
        + "</section>"
    )


def _send(told: Settings) -> str:
    options = "".join(f"<option>{escape(name)}</option>" for name in texts.TEMPLATES)
    return (
        "<section class='card'><h1>Send a transfer</h1>"
        f"<form method='post' action='{SEND}'><input type='hidden' name='then' value='/wallet/'>"
        f"<select name='template' aria-label='Wording'>{options}</select> "
        "<input name='amount' value='100' size='8' aria-label='Amount'> "
        "<input name='phone' value='01000000707' size='13' aria-label='From phone'> "
        "<input name='name' value='Salma N Sample' size='16' aria-label='From name'> "
        "<input name='reference' placeholder='reference' size='13' aria-label='Reference'> "
        "<button class='primary'>Send</button></form>"
        f"<form method='post' action='{SEND}'><input type='hidden' name='then' value='/wallet/'>"
        "<input name='sender' value='VF-Cash' size='12' aria-label='Sender'> "
        "<input name='text' size='48' required dir='auto' aria-label='Text' placeholder='any text'>"
        " <button>Send this text</button></form></section>"
    )


def _trouble() -> str:
    ordinary = "".join(button(SEND, label, hidden | THEN) for label, hidden in TROUBLE)
    forged = "".join(button(SEND, label, hidden | THEN, kind="danger") for label, hidden in FORGED)
    return (
        f"<section class='card'><h1>Or let something else happen</h1><h2>100 EGP, or no money</h2>"
        f"{ordinary}<h2>An attacker texts this phone</h2>{forged}</section>"
    )


def _setup(told: Settings) -> str:
    apps = "".join(
        f"<option{' selected' if name == told['app'] else ''}>{name}</option>"
        for name in settings.APPS
    )
    keys = "".join(
        f"<p><label>{escape(name)} <input name='{name}' size='40'"
        f" value='{escape(str(told[name]), quote=True)}'></label></p>"
        for name in ("upload_url", "number", "header_key", "smsgate_key", "httpsms_key",
                     "httpsms_passphrase", "smsforwarder_secret", "balance")
    )  # fmt: skip
    return (
        "<section class='card'><h1>The app's settings</h1>"
        "<form method='post' action='/wallet/_sandbox/settings'>"
        "<input type='hidden' name='then' value='/wallet/'>"
        f"<p><label>app <select name='app'>{apps}</select></label></p>{keys}"
        "<button>Save</button></form></section>"
    )


def _messages(rows: list[dict[str, Any]]) -> str:
    lines = "".join(
        f"<tr><td>{escape(row['sender'])}</td><td dir='auto'>{escape(row['text'][:160])}</td>"
        f"<td>{'<br>'.join(_upload(upload) for upload in row['uploads'][:12])}</td></tr>"
        for row in rows
    )
    return (
        "<section class='card'><h1>Messages</h1><table><tr><th>From</th><th>Text</th>"
        f"<th>Forwarded</th></tr>{lines}</table></section>"
    )


def _upload(upload: dict[str, Any]) -> str:
    statuses = ", ".join(str(each["answer_status"] or "none") for each in upload["tries"][-5:])
    told = "delivered" if upload["delivered"] else "waiting"
    return escape(f"{upload['app']}: {told} ({statuses or 'not tried'})")
