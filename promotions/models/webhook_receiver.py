"""Webhook receivers: under which address each one that is configured listens."""

import uuid

from django.db import models
from django.db.models import Q


class WebhookReceiver(models.Model):
    """A receiver of a project's configuration or, without a project, of the tenant's.

    ``digest`` is the last part of its address, a hash of what its Secret holds; empty while the
    Secret or its key is missing. What it does with a delivery stays in the configuration.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    tenant = models.ForeignKey(
        "projects.Tenant", on_delete=models.CASCADE, related_name="webhook_receivers"
    )
    project = models.ForeignKey(
        "projects.Project",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="webhook_receivers",
    )
    name = models.CharField(max_length=253)
    kind = models.CharField(max_length=32)
    position = models.PositiveIntegerField(default=0)
    secret_name = models.CharField(max_length=253)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=Q(project__isnull=False),
                name="webhook_receiver_in_project_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "name"],
                condition=Q(project__isnull=True),
                name="webhook_receiver_in_tenant_once",
            ),
            # Also how a delivery finds its receiver.
            models.UniqueConstraint(
                fields=["tenant", "kind", "digest"],
                condition=~Q(digest=""),
                name="webhook_receiver_address_once",
            ),
        ]
        indexes = [
            # Whose address a Secret decides.
            models.Index(fields=["tenant", "secret_name"], name="webhook_receiver_secret")
        ]

    def __str__(self) -> str:
        return self.name
