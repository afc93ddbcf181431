"""Why a receipt waits becomes codes, and each wallet gets its chain of balances."""

from typing import Any

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

AT_ONCE = 500


def keep_what_was_said(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    receipts: Any = apps.get_model("gateways", "Receipt")._default_manager
    said = receipts.exclude(reason="").only("pk", "reason")
    for receipt in said.iterator(AT_ONCE):
        why = [["said", {"text": receipt.reason}]]
        receipts.filter(pk=receipt.pk).update(why=why)


def begin_the_chains(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Each from the last balance that is known."""
    wallets: Any = apps.get_model("gateways", "Wallet")._default_manager
    balances: Any = apps.get_model("gateways", "Balance")._default_manager
    for wallet in wallets.exclude(balance_units=None).exclude(balance_at=None):
        balances.create(wallet=wallet, at=wallet.balance_at, units=wallet.balance_units)


class Migration(migrations.Migration):
    dependencies = [("gateways", "0004_vodafonecash")]

    operations = [
        migrations.AddField(
            model_name="receipt",
            name="why",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.CreateModel(
            name="Balance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("units", models.BigIntegerField(null=True)),
                ("came_units", models.BigIntegerField(null=True)),
                (
                    "receipt",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="step",
                        to="gateways.receipt",
                    ),
                ),
                (
                    "wallet",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="balances",
                        to="gateways.wallet",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["wallet", "at"], name="balance_by_time")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("receipt__isnull", True)),
                        fields=("wallet", "at", "units"),
                        name="balance_told_once",
                    )
                ],
            },
        ),
        migrations.RunPython(keep_what_was_said, migrations.RunPython.noop),
        migrations.RunPython(begin_the_chains, migrations.RunPython.noop),
        migrations.RemoveField(model_name="receipt", name="reason"),
    ]
