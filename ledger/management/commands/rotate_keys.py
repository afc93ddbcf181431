"""Bring every stored secret under the newest key of GATEBOOK_KEYS."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError

from ledger.cipher import SealBroken
from ledger.sealed import SealedModel, reseal


class Command(BaseCommand):
    help = (
        "Re-seal all secrets under the first key of GATEBOOK_KEYS (put the new key in front, keep "
        "the old ones behind it, run this, then drop the old ones). Safe beside a running console, "
        "and safe to run again after an interruption."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        changed, broken = 0, []
        for model in apps.get_models():
            if not issubclass(model, SealedModel):
                continue
            for row in model._base_manager.order_by("pk").iterator(chunk_size=200):
                try:
                    changed += reseal(row)
                except SealBroken as error:
                    broken.append(str(error))
        self.stdout.write(f"{changed} secrets re-sealed under the newest key.")
        if broken:
            raise CommandError(
                f"{len(broken)} do not open and were left alone; enter them again in the admin, and "
                "do not drop any key yet:\n  " + "\n  ".join(broken)
            )
        self.stdout.write("None is left under an older key; the older keys may be dropped.")
