"""The demo merchant of `make run`: a biller and its gateways, all pointing at the sandbox."""

import secrets
from base64 import b32encode
from hashlib import sha3_256
from typing import Any

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from nacl.signing import SigningKey

from gateways.admin.accounts import webhook_url
from gateways.admin.haveno import take_new_key
from gateways.admin.phone_setup import take_new_keys, upload_url
from gateways.models import HavenoGateway, Phone, SpectroCoinGateway, VodafoneCashGateway, Wallet
from gateways.providers.haveno import CURRENCIES, check_merchant_id, read_public_keys
from gateways.providers.spectrocoin import public_half
from ledger.models import Biller, Merchant
from ledger.ports import new_token, new_webhook_secret

NAME = "Demo Hosting"


class Command(BaseCommand):
    help = "Create the demo merchant, or bring it in line with the sandbox. Keeps what is there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sandbox", required=True, help="URL of the running sandbox")

    def handle(self, *args: Any, sandbox: str, **options: Any) -> None:
        sandbox = sandbox.rstrip("/")
        whmcs = ask(f"{sandbox}/whmcs/_sandbox/settings")
        provider = ask(f"{sandbox}/spectrocoin/_sandbox/settings")
        relay = ask(f"{sandbox}/haveno/_sandbox/settings")
        handset = ask(f"{sandbox}/wallet/_sandbox/settings")
        with transaction.atomic():
            merchant = seed_merchant()
            seed_biller(merchant, sandbox, whmcs)
            gateway = seed_gateway(merchant, sandbox, provider)
            haveno = seed_haveno(merchant, sandbox, relay)
            phone = seed_phone(seed_store(merchant, sandbox), handset)
        public_key = public_half(gateway.reveal("private_key"))
        tell(f"{sandbox}/spectrocoin/_sandbox/settings", {"merchant_public_key": public_key})
        tell(f"{sandbox}/haveno/_sandbox/settings", entered_at_relay(haveno))
        tell(f"{sandbox}/wallet/_sandbox/settings", entered_on_phone(phone))
        module = {
            "console_url": settings.GATEBOOK_URL,
            "merchant_token": merchant.token,
            "signing_secret": merchant.reveal("signing_secret"),
        }
        tell(f"{sandbox}/whmcs/_sandbox/settings", {"module": module})


def seed_merchant() -> Merchant:
    merchant, created = Merchant.objects.get_or_create(
        name=NAME, defaults={"time_zone": "Europe/Vilnius"}
    )
    if created:
        merchant.seal("signing_secret", secrets.token_urlsafe(32))
        merchant.save()
    return merchant


def seed_biller(merchant: Merchant, sandbox: str, whmcs: dict[str, Any]) -> None:
    biller = Biller.objects.filter(merchant=merchant).first() or Biller(merchant=merchant)
    biller.url, biller.identifier = f"{sandbox}/whmcs", whmcs["identifier"]
    biller.seal("secret", whmcs["secret"])
    biller.seal("access_key", whmcs["access_key"])
    biller.save()


def seed_gateway(merchant: Merchant, sandbox: str, provider: dict[str, Any]) -> SpectroCoinGateway:
    gateway = SpectroCoinGateway.objects.filter(merchant=merchant).first()
    if gateway is None:
        gateway = SpectroCoinGateway(merchant=merchant, name="SpectroCoin sandbox", enabled=True)
        gateway.seal("private_key", new_private_key())
    gateway.base_url = f"{sandbox}/spectrocoin"
    gateway.vendor_merchant_id = provider["merchant_id"]
    gateway.project_id = provider["project_id"]
    gateway.client_id = provider["client_id"]
    gateway.seal("client_secret", provider["client_secret"])
    # A sandbox with new storage has a new key pair.
    gateway.fetched_public_key, gateway.fetched_at = "", None
    gateway.save()
    return gateway


def seed_haveno(merchant: Merchant, sandbox: str, relay: dict[str, Any]) -> HavenoGateway:
    account = HavenoGateway.objects.filter(merchant=merchant).first()
    if account is None:
        account = HavenoGateway(
            merchant=merchant,
            name="HavenoPay sandbox",
            enabled=True,
            accepted_currencies=",".join(CURRENCIES),
            node_address=new_node_address(),
            price_checks=HavenoGateway.Source.WEB,
        )
        take_new_key(account)
        account.seal("webhook_secret", new_webhook_secret())
    account.relay_url = f"{sandbox}/haveno"
    account.price_url = f"{sandbox}/haveno/simple/price"
    # A sandbox with new storage has a new key.
    account.relay_keys = "\n".join(read_public_keys(" ".join(relay["relay_public_keys"])))
    account.save()
    return account


def entered_at_relay(account: HavenoGateway) -> dict[str, Any]:
    """What a merchant copies from the account's page into the relay."""
    keys = [account.merchant_public_key, account.previous_public_key]
    return {
        "merchant_public_keys": [key for key in keys if key],
        "webhook_url": webhook_url(account),
        "webhook_secret": account.reveal("webhook_secret"),
    }


def seed_store(merchant: Merchant, sandbox: str) -> VodafoneCashGateway:
    store = VodafoneCashGateway.objects.filter(merchant=merchant).first()
    if store is None:
        store = VodafoneCashGateway(
            merchant=merchant,
            name="VodafoneCash sandbox",
            enabled=True,
            store_currency="EUR",
            rate="50.00",
        )
        store.seal("store_key", new_token())
    store.system_url = f"{sandbox}/vodafoncash"
    store.save()
    return store


def seed_phone(store: VodafoneCashGateway, handset: dict[str, Any]) -> Phone:
    phone = Phone.objects.filter(gateway=store).first()
    if phone is None:
        phone = Phone(merchant=store.merchant, gateway=store, name="Sandbox phone")
        take_new_keys(phone)
        phone.save()
    Wallet.objects.update_or_create(
        gateway=store,
        kind="vodafone_cash",
        number=handset["number"],
        defaults={"merchant": store.merchant, "phone": phone, "sim": f"sim{handset['sim']}"},
    )
    return phone


def entered_on_phone(phone: Phone) -> dict[str, Any]:
    """What a merchant enters into the forwarder app."""
    keys = ("header_key", "smsgate_key", "httpsms_key", "smsforwarder_secret")
    return {"upload_url": upload_url(phone), **{name: phone.reveal(name) for name in keys}}


def new_node_address() -> str:
    """A Tor v3 address that nobody answers at: the name holds a key, its checksum and version."""
    key, version = SigningKey.generate().verify_key.encode(), b"\x03"
    checksum = sha3_256(b".onion checksum" + key + version).digest()[:2]
    name = b32encode(key + checksum + version).decode("ascii").lower()
    return check_merchant_id(f"{name}.onion:9999")


def new_private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def ask(url: str) -> dict[str, Any]:
    try:
        answer = requests.get(url, timeout=10)
        answer.raise_for_status()
        facts: dict[str, Any] = answer.json()
    except requests.RequestException as error:
        raise CommandError(f"The sandbox does not answer at {url}: {error}") from error
    return facts


def tell(url: str, facts: dict[str, Any]) -> None:
    requests.post(url, json=facts, timeout=10).raise_for_status()
