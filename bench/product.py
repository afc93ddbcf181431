"""Prepare the console's database: one merchant with one SpectroCoin account; prints its token."""

import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command

    from bench.events import MERCHANT_UUID, PROJECT_UUID
    from gateways.models import SpectroCoinGateway
    from ledger.models import Merchant

    call_command("migrate", interactive=False, verbosity=0)
    merchant = Merchant(name="Bench")
    merchant.seal("signing_secret", "for forms, which are not measured")
    merchant.save()
    gateway = SpectroCoinGateway.objects.create(
        merchant=merchant,
        name="SpectroCoin",
        enabled=True,
        vendor_merchant_id=MERCHANT_UUID,
        project_id=PROJECT_UUID,
        callback_public_key=os.environ["BENCH_PUBLIC_KEY"],
    )
    sys.stdout.write(gateway.token)


if __name__ == "__main__":
    main()
