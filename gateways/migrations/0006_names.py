"""What the kinds of rows are called on screens."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("gateways", "0005_receipt_reasons"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="callback",
            options={
                "permissions": (("process_callback", "Can process a callback again"),),
                "verbose_name": "callback",
                "verbose_name_plural": "callbacks",
            },
        ),
        migrations.AlterModelOptions(
            name="claim",
            options={"verbose_name": "claim", "verbose_name_plural": "claims"},
        ),
        migrations.AlterModelOptions(
            name="havenogateway",
            options={
                "verbose_name": "HavenoPay account",
                "verbose_name_plural": "HavenoPay accounts",
            },
        ),
        migrations.AlterModelOptions(
            name="order",
            options={
                "permissions": (
                    ("fetch_order", "Can fetch an order from its provider"),
                    ("cancel_order", "Can cancel an order"),
                    ("decide_order", "Can decide an order in review"),
                ),
                "verbose_name": "order",
                "verbose_name_plural": "orders",
            },
        ),
        migrations.AlterModelOptions(
            name="phone",
            options={"verbose_name": "phone", "verbose_name_plural": "phones"},
        ),
        migrations.AlterModelOptions(
            name="receipt",
            options={
                "permissions": (("decide_receipt", "Can match, split or dismiss a receipt"),),
                "verbose_name": "receipt",
                "verbose_name_plural": "receipts",
            },
        ),
        migrations.AlterModelOptions(
            name="spectrocoingateway",
            options={
                "verbose_name": "SpectroCoin account",
                "verbose_name_plural": "SpectroCoin accounts",
            },
        ),
        migrations.AlterModelOptions(
            name="vodafonecashgateway",
            options={
                "verbose_name": "VodafoneCash store",
                "verbose_name_plural": "VodafoneCash stores",
            },
        ),
        migrations.AlterModelOptions(
            name="wallet",
            options={"verbose_name": "wallet", "verbose_name_plural": "wallets"},
        ),
    ]
