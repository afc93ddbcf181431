"""Uploads of a phone: who may, and what is in them."""

from gateways.providers.base import Credentials, Inbound, Rejected
from gateways.wallet.forwarders import DeviceKeys, Upload, read


def verify_upload(inbound: Inbound, credentials: Credentials) -> None:
    """Raise Rejected unless this phone may send this; codes as in gateways.wallet.forwarders."""
    _check_post(inbound)
    key = credentials.get("device_key", "")
    if not key:
        raise Rejected("phone.not_configured", "the phone has no key", status=503)
    device = DeviceKeys(
        key=key,
        header_key=credentials.get("header_key", ""),
        smsgate_key=credentials.get("smsgate_key", ""),
        httpsms_key=credentials.get("httpsms_key", ""),
        httpsms_passphrase=credentials.get("httpsms_passphrase", ""),
        smsforwarder_secret=credentials.get("smsforwarder_secret", ""),
        webhook_url=credentials.get("webhook_url", ""),
    )
    read(inbound, device)


def read_upload(inbound: Inbound, credentials: Credentials) -> Upload:
    """The upload without its proofs, which were checked at the door: what is stored lacks the
    secret headers, and a masked body fits no signature. Raises Rejected for what is no upload."""
    _check_post(inbound)
    passphrase = credentials.get("httpsms_passphrase", "")
    return read(
        inbound,
        DeviceKeys(key=credentials.get("device_key", ""), httpsms_passphrase=passphrase),
    )


def _check_post(inbound: Inbound) -> None:
    if inbound.method != "POST":
        raise Rejected("phone.method", "uploads are POSTed", status=405)
