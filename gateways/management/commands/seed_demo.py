"""The demo merchant of `make run`: a biller and a gateway that point at the sandbox."""

import secrets
from typing import Any

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from gateways.models import SpectroCoinGateway
from gateways.providers.spectrocoin import public_half
from ledger.models import Biller, Merchant

NAME = "Demo Hosting"


class Command(BaseCommand):
    help = "Create the demo merchant, or bring it in line with the sandbox. Keeps what is there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sandbox", required=True, help="URL of the running sandbox")

    def handle(self, *args: Any, sandbox: str, **options: Any) -> None:
        sandbox = sandbox.rstrip("/")
        whmcs = ask(f"{sandbox}/whmcs/_sandbox/settings")
        provider = ask(f"{sandbox}/spectrocoin/_sandbox/settings")
        with transaction.atomic():
            merchant = seed_merchant()
            seed_biller(merchant, sandbox, whmcs)
            gateway = seed_gateway(merchant, sandbox, provider)
        public_key = public_half(gateway.reveal("private_key"))
        tell(f"{sandbox}/spectrocoin/_sandbox/settings", {"merchant_public_key": public_key})
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
