"""Websites as billers, and the wallet that a payment came from."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_append_only")]
    operations = [
        migrations.AddField(
            "payment", "payer", models.CharField(blank=True, max_length=40, null=True)
        ),
        migrations.AlterField(
            "biller",
            "kind",
            models.CharField(
                choices=[("whmcs", "WHMCS"), ("website", "website without WHMCS")],
                default="whmcs",
                max_length=20,
            ),
        ),
        migrations.AlterField("biller", "url", models.URLField(max_length=300, verbose_name="URL")),
    ]
