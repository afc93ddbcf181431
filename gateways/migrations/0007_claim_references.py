"""A late message looks among all claims for its reference, not only among the open ones."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gateways", "0006_names"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="claim", name="claim_reference"),
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(
                condition=models.Q(("reference", ""), _negated=True),
                fields=["gateway", "reference"],
                name="claim_reference",
            ),
        ),
    ]
