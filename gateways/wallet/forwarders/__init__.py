"""What SMS forwarder apps upload from a phone, read as they send it; each app's wire is told in
its module. Pure: bytes, keys and a time in, plain values out."""

from gateways.wallet.forwarders.answers import answer, content_type
from gateways.wallet.forwarders.reading import read
from gateways.wallet.forwarders.upload import DeviceKeys, Heartbeat, Sms, Upload

__all__ = ["DeviceKeys", "Heartbeat", "Sms", "Upload", "answer", "content_type", "read"]
