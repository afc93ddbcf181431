"""What the kinds of rows are called on screens."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_websites"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="attempt",
            options={
                "ordering": ("number",),
                "verbose_name": "attempt",
                "verbose_name_plural": "attempts",
            },
        ),
        migrations.AlterModelOptions(
            name="auditevent",
            options={
                "ordering": ("-at", "-pk"),
                "verbose_name": "audit event",
                "verbose_name_plural": "audit events",
            },
        ),
        migrations.AlterModelOptions(
            name="bill",
            options={"verbose_name": "bill", "verbose_name_plural": "bills"},
        ),
        migrations.AlterModelOptions(
            name="biller",
            options={"verbose_name": "biller", "verbose_name_plural": "billers"},
        ),
        migrations.AlterModelOptions(
            name="delivery",
            options={
                "permissions": (("retry_delivery", "Can retry a delivery"),),
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.AlterModelOptions(
            name="merchant",
            options={
                "ordering": ("name",),
                "verbose_name": "merchant",
                "verbose_name_plural": "merchants",
            },
        ),
        migrations.AlterModelOptions(
            name="payment",
            options={"verbose_name": "payment", "verbose_name_plural": "payments"},
        ),
    ]
