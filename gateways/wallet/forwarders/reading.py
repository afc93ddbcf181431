"""One request of a phone, read: which app it is, whether it may, and what is in it."""

from gateways.providers.base import Inbound
from gateways.wallet.forwarders import httpsms, proofs, smsgate, tahweel, templates
from gateways.wallet.forwarders.fields import Members, misshapen, read_members
from gateways.wallet.forwarders.upload import DeviceKeys, Upload

KNOWN = "SMSGate, httpSMS, Tahweel, SmsForwarder, SMS to URL forwarder, or from and text"


def read(inbound: Inbound, device: DeviceKeys) -> Upload:
    """The upload, once it shows what the phone demands. Pure.

    Raises Rejected, and nothing else for any bytes:
        phone.bad_shape      400  no format that is known, or a value that is not of its type
        phone.too_many       400  more than 50 messages in one batch
        phone.bad_key        401  the header does not hold the key, or a text cannot be opened
        phone.bad_signature  401  a signature is missing or does not fit
        phone.stale          401  signed too long ago, or ahead of our clock
    """
    members, is_form = read_members(inbound)
    app = app_of(members, is_form=is_form)
    proofs.check(app, inbound, members, device)
    if app == "smsgate":
        return smsgate.parse(members)
    if app == "httpsms":
        return httpsms.parse_webhook(members, device.httpsms_passphrase)
    if app == "httpsms_phone":
        return httpsms.parse_phone(members, device.httpsms_passphrase)
    if app == "tahweel":
        batch = "messages" in members
        return tahweel.parse_batch(members) if batch else tahweel.parse_heartbeat(members)
    if app == "smsforwarder":
        return templates.parse_smsforwarder(members)
    if app == "incoming_sms":
        return templates.parse_incoming_sms(members)
    return templates.parse_plain(members)


def app_of(members: Members, *, is_form: bool) -> str:
    """Which app's shape it is, by the names alone. Raises Rejected for none, and for two at once."""
    if is_form:
        return "smsforwarder"
    message = "from" in members and ("text" in members or "content" in members)
    shapes = {
        "smsgate": "event" in members,
        "httpsms": "specversion" in members,
        "tahweel": "device_id" in members and ("messages" in members or not message),
        "message": message,
    }
    found = [name for name, fits in shapes.items() if fits]
    if len(found) != 1:
        raise misshapen(f"two formats at once: {found}" if found else f"none of {KNOWN}")
    return _sender_of_message(members) if message else found[0]


def _sender_of_message(members: Members) -> str:
    if "content" in members and "to" in members and "text" not in members:
        return "httpsms_phone"
    if "content" in members or "timestamp" in members or "sign" in members:
        return "smsforwarder"
    if "sentStamp" in members or "receivedStamp" in members:
        return "incoming_sms"
    return "plain"
