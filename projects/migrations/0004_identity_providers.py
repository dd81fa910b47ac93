import uuid

import django.db.models.deletion
from django.db import migrations, models

import common.clock


class Migration(migrations.Migration):
    dependencies = [("projects", "0003_change_order")]

    operations = [
        migrations.CreateModel(
            name="IdentityProvider",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("encrypted", models.TextField(blank=True, default="", editable=False)),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.SlugField(max_length=63)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("issuer", models.CharField(max_length=500)),
                ("client_id", models.CharField(max_length=255)),
                ("cli_client_id", models.CharField(blank=True, max_length=255)),
                (
                    "client_auth",
                    models.CharField(
                        choices=[
                            ("client_secret_basic", "in a header (client_secret_basic)"),
                            ("client_secret_post", "in the form (client_secret_post)"),
                        ],
                        default="client_secret_basic",
                        max_length=32,
                    ),
                ),
                ("scopes", models.JSONField(default=list)),
                ("username_claim", models.CharField(default="email", max_length=63)),
                ("groups_claim", models.CharField(default="groups", max_length=253)),
                ("email_domains", models.JSONField(blank=True, default=list)),
                ("trusts_email", models.BooleanField(default=False)),
                ("is_enabled", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                ("updated_at", models.DateTimeField(default=common.clock.now)),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identity_providers",
                        to="projects.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["issuer"], name="identity_provider_issuer")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "name"), name="identity_provider_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("tenant__isnull", True)),
                        fields=("name",),
                        name="identity_provider_platform_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("trusts_email", False), ("tenant__isnull", True), _connector="OR"
                        ),
                        name="identity_provider_trust",
                    ),
                ],
            },
        ),
    ]
