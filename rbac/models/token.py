"""Tokens that programs authenticate with."""

import uuid

from django.db import models

from common.clock import now


class ApiToken(models.Model):
    """A bearer token, kept as a SHA-256 digest and found by its public prefix.

    It acts as its user. ``tenant_uid`` narrows it to one tenant when set.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey("rbac.User", on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=253)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    tenant_uid = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
