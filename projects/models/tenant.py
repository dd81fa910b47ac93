"""Tenants: virtual Kargo control planes."""

import uuid

from django.db import models

from common.clock import now

DEFAULT_TENANT = "default"


class Tenant(models.Model):
    """Owns its projects, its cluster-scoped kinds and its shared resources.

    Nothing crosses tenants. ``name`` is the path segment of its API, ``/t/<name>/v1beta1``.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.SlugField(max_length=63, unique=True)
    title = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    suspended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
