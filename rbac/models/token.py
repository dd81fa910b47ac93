"""Tokens that programs authenticate with."""

import hashlib
import uuid

from django.db import models

from common.clock import now

TOKEN_START = "kp_"  # noqa: S105 - what every token begins with, not a token


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


def digest_of(plaintext: str) -> str:
    """Return what is kept of a token: its SHA-256, in hex.

    A token is 256 random bits, so a fast hash is as safe as a slow one.
    """
    return hashlib.sha256(plaintext.encode()).hexdigest()
