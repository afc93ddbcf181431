"""What a phone must show besides its URL: the vectors of the apps, and every way to fall short."""

import base64
import hmac
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest

from gateways.providers.base import Inbound, Rejected
from gateways.wallet.forwarders import DeviceKeys, Upload, read

PAYLOADS = Path(__file__).resolve().parents[2] / "payloads" / "wallet" / "forwarders"
NOW = 1777618800
SMSGATE = DeviceKeys(key="k", smsgate_key="AbC12xYz")
SMSGATE_BODY = (
    '{"deviceId":"dev-1","event":"sms:received","id":"evt-1","payload":{"message":'
    '"تم استلام مبلغ 100 جنيه","messageId":"5f3a","phoneNumber":"VF-Cash",'
    '"receivedAt":"2026-05-01T10:00:00.000+03:00","recipient":null,"sender":"VF-Cash",'
    '"simNumber":1},"webhookId":"wh-1"}'
).encode()
SMSGATE_SIGNATURE = "f9a08dc88388f19c0c92d03ab93551bd23081ed756b31f32440675c75b024700"
FORWARDER = DeviceKeys(key="k", smsforwarder_secret="secret")
STAMP = "1777618800123"
SIGN = "kvwB4vN0L%2BemytfM7hbVZlMB7TsPGWPuyP4%2FuJuTPFA%3D"
URL = "https://console.example.com/phones/abc/"
HTTPSMS = DeviceKeys(key="k", httpsms_key="signing key", webhook_url=URL)
PLAIN = b'{"from": "VF-Cash", "text": "hi"}'
CLAIMS: dict[str, Any] = {
    "aud": URL,
    "exp": NOW + 600,
    "iat": NOW,
    "iss": "api.httpsms.com",
    "nbf": NOW - 600,
    "sub": "3plicnuYmdTyh9GyPOHG2m0eARh1",
}


def recorded(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


def refused(body: bytes, headers: dict[str, str], device: DeviceKeys, now: int = NOW) -> str:
    with pytest.raises(Rejected) as rejected:
        read(Inbound(body, headers, received_at=now), device)
    assert rejected.value.status == 401
    return rejected.value.code


def taken(body: bytes, headers: dict[str, str], device: DeviceKeys, now: int = NOW) -> Upload:
    return read(Inbound(body, headers, received_at=now), device)


# --- SMSGate --------------------------------------------------------------------------------------
def signed(body: bytes, stamp: str = str(NOW), key: str = "AbC12xYz") -> dict[str, str]:
    made = hmac.new(key.encode(), body + stamp.encode(), "sha256").hexdigest()
    return {"x-timestamp": stamp, "x-signature": made}


def test_vector_of_smsgate() -> None:
    headers = {"x-timestamp": "1777618800", "x-signature": SMSGATE_SIGNATURE}
    (sms,) = taken(SMSGATE_BODY, headers, SMSGATE).messages
    assert (sms.sender, sms.text, sms.event_id) == ("VF-Cash", "تم استلام مبلغ 100 جنيه", "evt-1")
    assert sms.sent_ms == NOW * 1000


def test_every_event_of_smsgate_must_be_signed() -> None:
    for name in ("smsgate_ping.json", "smsgate_started.json", "smsgate_sent.json"):
        body = recorded(name)
        assert refused(body, {}, SMSGATE) == "phone.bad_signature"
        assert taken(body, signed(body), SMSGATE).app == "smsgate"


@pytest.mark.parametrize(
    "change",
    [
        {"x-signature": ""},
        {"x-signature": SMSGATE_SIGNATURE.upper()},
        {"x-signature": SMSGATE_SIGNATURE[:-1]},
        {"x-signature": SMSGATE_SIGNATURE + "0"},
        {"x-signature": "é" * 64},
        {"x-timestamp": ""},
        {"x-timestamp": "1777618801"},
        {"x-timestamp": "01777618800"},
        {"x-timestamp": "1777618800.0"},
        {"x-timestamp": "١٧٧٧٦١٨٨٠٠"},
        {"x-timestamp": "9" * 400},
    ],
)
def test_other_headers_than_smsgate_made_are_refused(change: dict[str, str]) -> None:
    headers = {"x-timestamp": "1777618800", "x-signature": SMSGATE_SIGNATURE, **change}
    assert refused(SMSGATE_BODY, headers, SMSGATE) == "phone.bad_signature"


def test_one_changed_byte_of_smsgate_is_refused() -> None:
    headers = {"x-timestamp": "1777618800", "x-signature": SMSGATE_SIGNATURE}
    richer = SMSGATE_BODY.replace(b"100", b"900")
    assert refused(richer, headers, SMSGATE) == "phone.bad_signature"
    assert refused(SMSGATE_BODY + b" ", headers, SMSGATE) == "phone.bad_signature"
    other = replace(SMSGATE, smsgate_key="AbC12xYy")
    assert refused(SMSGATE_BODY, headers, other) == "phone.bad_signature"


@pytest.mark.parametrize(
    ("seconds", "stale"), [(300, False), (301, True), (-300, False), (-301, True)]
)
def test_smsgate_is_five_minutes_fresh_by_the_time_it_reached_us(seconds: int, stale: bool) -> None:
    headers = {"x-timestamp": "1777618800", "x-signature": SMSGATE_SIGNATURE}
    if stale:
        assert refused(SMSGATE_BODY, headers, SMSGATE, NOW + seconds) == "phone.stale"
    else:
        assert taken(SMSGATE_BODY, headers, SMSGATE, NOW + seconds).messages


def test_an_old_message_in_a_fresh_retry_is_taken() -> None:
    late = NOW + 86400
    assert taken(SMSGATE_BODY, signed(SMSGATE_BODY, str(late)), SMSGATE, late).messages


def test_without_a_key_the_signature_is_not_read() -> None:
    assert taken(SMSGATE_BODY, {"x-timestamp": "1", "x-signature": "x"}, DeviceKeys("k")).messages


# --- SmsForwarder ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "sign",
    [quote_plus(SIGN), SIGN],
    ids=["escaped by app and form", "escaped once"],
)
def test_vector_of_smsforwarder_in_a_form(sign: str) -> None:
    body = f"from=VF-Cash&content=hi&timestamp={STAMP}&sign={sign}".encode()
    assert taken(body, {}, FORWARDER).messages[0].sender == "VF-Cash"


def test_vector_of_smsforwarder_as_recorded() -> None:
    for name in ("smsforwarder.form", "smsforwarder.json"):
        assert taken(recorded(name), {}, FORWARDER).app == "smsforwarder"


def test_smsforwarder_may_send_its_stamp_as_a_number() -> None:
    body = {"from": "VF-Cash", "text": "hi", "timestamp": int(STAMP), "sign": SIGN}
    assert taken(json.dumps(body).encode(), {}, FORWARDER).messages


@pytest.mark.parametrize(
    "change",
    [
        {"sign": ""},
        {"sign": SIGN.lower()},
        {"sign": SIGN[:-3]},
        {"sign": None},
        {"sign": 5},
        {"timestamp": "1777618800124"},
        {"timestamp": ""},
        {"timestamp": None},
        {"timestamp": [STAMP]},
        {"timestamp": 10**400},
    ],
)
def test_other_signs_than_smsforwarder_made_are_refused(change: dict[str, Any]) -> None:
    body = {"from": "VF-Cash", "text": "hi", "timestamp": STAMP, "sign": SIGN, **change}
    assert refused(json.dumps(body).encode(), {}, FORWARDER) == "phone.bad_signature"


def test_an_unescaped_plus_in_a_form_is_a_blank_and_refused() -> None:
    raw = "kvwB4vN0L+emytfM7hbVZlMB7TsPGWPuyP4/uJuTPFA="
    body = f"from=VF-Cash&content=hi&timestamp={STAMP}&sign={raw}".encode()
    assert refused(body, {}, FORWARDER) == "phone.bad_signature"


@pytest.mark.parametrize(
    ("seconds", "stale"), [(900, False), (901, True), (-300, False), (-301, True)]
)
def test_a_sign_of_smsforwarder_ages(seconds: int, stale: bool) -> None:
    body = recorded("smsforwarder.json")
    if stale:
        assert refused(body, {}, FORWARDER, NOW + seconds) == "phone.stale"
    else:
        assert taken(body, {}, FORWARDER, NOW + seconds).messages


def test_smsforwarder_without_its_sign_is_refused() -> None:
    body = urlencode({"from": "VF-Cash", "content": "hi", "timestamp": STAMP}).encode()
    assert refused(body, {}, FORWARDER) == "phone.bad_signature"
    assert refused(PLAIN, {}, FORWARDER) == "phone.bad_signature"


# --- httpSMS --------------------------------------------------------------------------------------
def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def token(
    claims: Any = CLAIMS, header: Any = None, key: str = "signing key", digest: str = "sha256"
) -> str:
    signing = f"{part(header or {'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}"
    return f"{signing}.{part(hmac.new(key.encode(), signing.encode(), digest).digest())}"


def jwt(*args: Any, **kwargs: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {token(*args, **kwargs)}"}


def test_a_jwt_of_httpsms_is_taken() -> None:
    body = recorded("httpsms_webhook.json")
    assert taken(body, jwt(), HTTPSMS).messages
    assert taken(body, jwt({**CLAIMS, "aud": ["https://a.example", URL]}), HTTPSMS).messages
    assert taken(body, {"authorization": f"bearer {token()}"}, HTTPSMS).messages
    # `kid` and the like name keys; there is only ours.
    extra = {"alg": "HS256", "kid": "../../dev/null", "jku": "https://evil.example", "typ": "x"}
    assert taken(body, jwt(header=extra), HTTPSMS).messages


def test_a_token_made_elsewhere_fits_its_key_and_is_refused_for_its_claims() -> None:
    """The example of https://jwt.io, which is not from httpSMS."""
    example = (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
        "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ."
        "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
    )
    device = replace(HTTPSMS, httpsms_key="your-256-bit-secret")
    headers = {"authorization": f"Bearer {example}"}
    with pytest.raises(Rejected, match="from or for somebody else"):
        taken(recorded("httpsms_webhook.json"), headers, device)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": f"Basic {token()}"},
        {"authorization": token()},
        {"authorization": "Bearer a.b.c"},
        {"authorization": f"Bearer {token()}.x"},
        {"authorization": f"Bearer {token().rpartition('.')[0]}."},
        {"authorization": f"Bearer {token()}="},
        {"authorization": f"Bearer {token()[:-1]}"},
        jwt(key="another key"),
        jwt(key=""),
        jwt(header={"alg": "none"}),
        jwt(header={"alg": "hs256"}),
        jwt(header={"alg": "HS512"}, digest="sha512"),
        jwt(header={"alg": ["HS256"]}),
        jwt(header={"typ": "JWT"}),
        jwt(header={"alg": "HS256", "crit": ["b64"], "b64": False}),
        jwt(header=b'{"alg":"HS256","alg":"HS256"}'),
        jwt(header=b"[]"),
        jwt(header=b"\xff"),
        jwt(b"[]"),
        jwt({**CLAIMS, "aud": "https://console.example.com/phones/other/"}),
        jwt({**CLAIMS, "aud": []}),
        jwt({**CLAIMS, "aud": None}),
        jwt({**CLAIMS, "aud": {URL: URL}}),
        jwt({**CLAIMS, "iss": "api.example.com"}),
        jwt({**CLAIMS, "iss": None}),
        jwt({**CLAIMS, "exp": None}),
        jwt({**CLAIMS, "exp": str(NOW + 600)}),
        jwt({**CLAIMS, "exp": NOW + 600.5}),
        jwt({**CLAIMS, "exp": True}),
        jwt({**CLAIMS, "nbf": "0"}),
        jwt({**CLAIMS, "nbf": None}),
    ],
    ids=str,
)
def test_other_tokens_than_httpsms_made_are_refused(headers: dict[str, str]) -> None:
    body = recorded("httpsms_webhook.json")
    assert refused(body, headers, HTTPSMS) == "phone.bad_signature"


def test_alg_none_without_a_signature_is_refused() -> None:
    for name in ("none", "None", "HS256"):
        unsigned = f"{part({'alg': name})}.{part(CLAIMS)}."
        headers = {"authorization": f"Bearer {unsigned}"}
        assert refused(recorded("httpsms_webhook.json"), headers, HTTPSMS) == "phone.bad_signature"


@pytest.mark.parametrize(
    ("now", "stale"), [(NOW + 599, False), (NOW + 600, True), (NOW - 600, False), (NOW - 601, True)]
)
def test_a_jwt_counts_from_nbf_until_exp(now: int, stale: bool) -> None:
    body = recorded("httpsms_webhook.json")
    if stale:
        assert refused(body, jwt(), HTTPSMS, now) == "phone.stale"
    else:
        assert taken(body, jwt(), HTTPSMS, now).messages


def test_a_phone_that_does_not_know_its_address_takes_no_jwt() -> None:
    nowhere = replace(HTTPSMS, webhook_url="")
    body = recorded("httpsms_webhook.json")
    assert refused(body, jwt({**CLAIMS, "aud": ""}), nowhere) == "phone.bad_signature"


# --- the header, and formats that carry no proof --------------------------------------------------
HEADED = DeviceKeys(key="k", header_key="a long header key")
ALL = sorted(path.name for path in PAYLOADS.iterdir())


@pytest.mark.parametrize("name", ALL)
def test_the_url_alone_is_enough_unless_more_is_demanded(name: str) -> None:
    bare = DeviceKeys(key="k", httpsms_passphrase="كلمة سر open sesame")
    assert taken(recorded(name), {}, bare)


@pytest.mark.parametrize("name", ALL)
def test_a_demanded_header_is_demanded_of_every_format(name: str) -> None:
    device = replace(HEADED, httpsms_passphrase="كلمة سر open sesame")
    body = recorded(name)
    for headers in (
        {},
        {"authorization": "a long header key"},
        {"authorization": "Basic a long header key"},
        {"authorization": "Bearer a long header kez"},
        {"x-api-key": "A long header key"},
        {"x-api-key": ""},
        {"x-api-key": "ключ\udc00"},
    ):
        assert refused(body, headers, device) == "phone.bad_key"
    assert taken(body, {"authorization": "Bearer a long header key"}, device)
    assert taken(body, {"x-api-key": "a long header key"}, device)


@pytest.mark.parametrize(
    "device",
    [SMSGATE, HTTPSMS, FORWARDER],
    ids=["smsgate", "httpsms", "smsforwarder"],
)
@pytest.mark.parametrize("name", ALL)
def test_no_other_format_slips_past_a_demanded_signature(name: str, device: DeviceKeys) -> None:
    late = NOW + 10**6
    body = recorded(name)
    assert refused(body, {}, device, late) in ("phone.bad_signature", "phone.stale")


def test_a_header_key_lets_a_second_app_in_beside_a_signed_one() -> None:
    both = replace(SMSGATE, header_key="a long header key")
    assert taken(SMSGATE_BODY, signed(SMSGATE_BODY), both).messages
    assert taken(PLAIN, {"x-api-key": "a long header key"}, both).messages
    assert refused(PLAIN, {}, both) == "phone.bad_key"
    # The header is no substitute for the signature that the app can give.
    headers = {"x-api-key": "a long header key"}
    assert refused(SMSGATE_BODY, headers, both) == "phone.bad_signature"


def test_smsforwarder_shows_both_where_both_are_demanded() -> None:
    both = replace(FORWARDER, header_key="a long header key")
    body = recorded("smsforwarder.json")
    assert refused(body, {}, both) == "phone.bad_key"
    assert taken(body, {"x-api-key": "a long header key"}, both).messages
