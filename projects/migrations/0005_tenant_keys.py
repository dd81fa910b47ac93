import common.clock
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0004_identity_providers")]

    operations = [
        migrations.CreateModel(
            name="TenantKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_uid", models.UUIDField()),
                ("number", models.PositiveIntegerField()),
                ("wrapped", models.TextField(editable=False)),
                ("wrapped_by", models.CharField(max_length=63)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant_uid", "number"), name="tenant_key_number_once"
                    )
                ],
            },
        ),
        migrations.AlterField(
            model_name="secret",
            name="encrypted",
            field=models.TextField(blank=True, default="", editable=False),
        ),
    ]
