"""Tenants: virtual Kargo control planes."""

import uuid

from django.db import models

from common.clock import now

DEFAULT_TENANT = "default"


class Tenant(models.Model):
    """Owns its projects, its cluster-scoped kinds and its shared resources.

    Nothing crosses tenants. ``name`` is the path segment of its API, ``/t/<name>/v1beta1``.
    Suspended, it is as if it were not there, but for operators, and no worker touches it. Asked to
    be deleted, it is suspended until a worker has removed all that it owns and, last, this row.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.SlugField(max_length=63, unique=True)
    title = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    suspended_at = models.DateTimeField(null=True, blank=True)
    deletion_requested_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(deletion_requested_at__isnull=True)
                | models.Q(suspended_at__isnull=False),
                name="tenant_suspended_while_deleted",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """Where its pages begin."""
        return f"/t/{self.name}/"

    @property
    def state(self) -> str:
        """``Active``, ``Suspended`` or ``Deleting``."""
        if self.deletion_requested_at is not None:
            return "Deleting"
        return "Suspended" if self.suspended_at is not None else "Active"
