"""Prepare the console's database: one merchant with an account of each provider; prints their tokens.

One JSON object: the provider's slug to the token in its webhook URL.
"""

import json
import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command

    from bench import haveno, spectrocoin
    from gateways.models import HavenoGateway, SpectroCoinGateway
    from ledger.models import Merchant

    call_command("migrate", interactive=False, verbosity=0)
    merchant = Merchant(name="Bench")
    merchant.seal("signing_secret", "for forms, which are not measured")
    merchant.save()
    form = SpectroCoinGateway.objects.create(
        merchant=merchant,
        name="SpectroCoin",
        enabled=True,
        vendor_merchant_id=spectrocoin.MERCHANT_UUID,
        project_id=spectrocoin.PROJECT_UUID,
        callback_public_key=os.environ[spectrocoin.KIND.variable],
    )
    signed_json = HavenoGateway.objects.create(
        merchant=merchant,
        name="HavenoPay",
        enabled=True,
        relay_url="https://relay.example.com",
        relay_keys=os.environ[haveno.KIND.variable],
    )
    tokens = {account.provider: account.token for account in (form, signed_json)}
    sys.stdout.write(json.dumps(tokens))


if __name__ == "__main__":
    main()
