"""Adds events."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """One row for each thing that happened to a promotion or to Freight."""

    dependencies = [
        ("projects", "0001_initial"),
        ("promotions", "0004_sealed_promotions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("reason", models.CharField(max_length=63)),
                ("message", models.TextField(blank=True)),
                ("object_kind", models.CharField(max_length=32)),
                ("object_name", models.CharField(max_length=253)),
                ("object_uid", models.UUIDField()),
                ("annotations", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["project", "-at", "-id"], name="event_newest"),
                ],
            },
        ),
    ]
