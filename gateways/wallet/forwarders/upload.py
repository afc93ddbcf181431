"""What a phone's forwarder app uploads, in plain values, and the keys a phone is held to."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """What one enrolled phone must show. "" is not demanded.

    key                 long and random, in the URL; whoever found the phone by it has compared it.
    header_key          in `Authorization: Bearer` or `x-api-key`.
    smsgate_key         SMSGate's signing key: HMAC over every body.
    httpsms_key         the signing key of httpSMS's webhook: a JWT, which covers no body.
    httpsms_passphrase  opens encrypted texts; it proves nothing.
    smsforwarder_secret SmsForwarder's secret: signs the time, not the text.
    webhook_url         our address of this phone as httpSMS was told it, for the JWT's `aud`.

    A phone that demands a signature takes no app that cannot give one, or else whoever learns the
    URL would just send another format. Such an app is let in by a header_key that it shows.
    """

    key: str = field(repr=False)
    header_key: str = field(default="", repr=False)
    smsgate_key: str = field(default="", repr=False)
    httpsms_key: str = field(default="", repr=False)
    httpsms_passphrase: str = field(default="", repr=False)
    smsforwarder_secret: str = field(default="", repr=False)
    webhook_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Sms:
    """One message as the phone's app tells it; nothing in it is believed yet.

    sender       exactly as told, not trimmed: trust is by exact name.
    text         NUL and halves of surrogate pairs, which no database takes, are U+FFFD; cut at
                 fields.TEXT_CAP characters.
    sent_ms      the carrier's stamp, Unix milliseconds; None where the app does not tell it.
    received_ms  when the phone or its app had it.
    sim          "sim1", "sim2", ... or the name that the app gives it; "" where it does not say.
    receiver     the phone's own number; "" where it does not say.
    event_id     the app's id, the same in every retry; "" where it has none.
    """

    sender: str
    text: str
    sent_ms: int | None = None
    received_ms: int | None = None
    sim: str = ""
    receiver: str = ""
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A sign of life; None and "" are what the app did not tell.

    battery      percent.
    pending      messages that wait on the phone.
    last_sms_ms  Unix milliseconds.
    """

    battery: int | None = None
    network: str = ""
    pending: int | None = None
    app_version: str = ""
    last_sms_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """One request of a phone.

    app       incoming_sms, smsgate, httpsms, httpsms_phone, tahweel, smsforwarder or plain.
    ignored   why nothing is in it; it is answered as delivered all the same.
    warning   what the merchant should set differently on the phone.
    """

    app: str
    messages: tuple[Sms, ...] = ()
    heartbeat: Heartbeat | None = None
    ignored: str = ""
    warning: str = ""
