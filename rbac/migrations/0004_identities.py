import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.clock


class Migration(migrations.Migration):
    dependencies = [("rbac", "0003_audit")]

    operations = [
        migrations.CreateModel(
            name="Identity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("tenant_uid", models.UUIDField(blank=True, null=True)),
                ("provider_uid", models.UUIDField()),
                ("issuer", models.CharField(max_length=500)),
                ("subject", models.CharField(max_length=255)),
                ("actor_name", models.CharField(max_length=253)),
                ("claims", models.JSONField(default=dict)),
                ("claims_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                ("last_login", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identities",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["provider_uid"], name="identity_provider")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("issuer", "subject", "tenant_uid"), name="identity_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("tenant_uid__isnull", True)),
                        fields=("issuer", "subject"),
                        name="identity_platform_once",
                    ),
                ],
            },
        ),
    ]
