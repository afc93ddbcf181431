"""A HavenoPay account and its offers, for the admin's tests. Nothing listens at its relay."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

from gateways.models import HavenoGateway
from gateways.providers.haveno import new_merchant_key, public_half
from ledger import ports
from ledger.models import Merchant

# The Tor Project's own site, so that the address is one that Tor made.
NODE = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion:9999"
# RFC 8032, section 7.1, tests 1 and 2.
RELAY_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
NEXT_RELAY_KEY = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
WEBHOOK_SECRET = f"whsec_{b64encode(bytes(range(100, 132))).decode()}"


def an_account(merchant: Merchant, **fields: Any) -> HavenoGateway:
    key = new_merchant_key()
    values: dict[str, Any] = {
        "name": "HavenoPay",
        "enabled": True,
        "node_address": NODE,
        "relay_keys": RELAY_KEY,
        "relay_url": "http://127.0.0.1:9/haveno",
        "merchant_public_key": public_half(key),
        **fields,
    }
    account = HavenoGateway(merchant=merchant, **values)
    account.seal("merchant_key", key)
    account.seal("webhook_secret", WEBHOOK_SECRET)
    account.save()
    return account


def offered(source: str = "relay") -> dict[str, Any]:
    """The columns of an order whose offer of 0.25 XMR is out; nothing came yet."""
    now = ports.system_now()
    return {
        "pay_currency": "XMR",
        "received_currency": "XMR",
        "payable_units": 250_000_000_000,
        "rate": "63.96",
        "rate_source": source[:120],
        "priced_at": now,
        "pay_to": "8" + "AbCdEfGh2345" * 7 + "JKLMNPQRST",
        "confirmations_required": 10,
        "valid_until": now + timedelta(hours=1),
        "document": '{"amount":"0.250000000000","currency":"XMR","type":"havenopay.offer"}',
    }
