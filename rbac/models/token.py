"""Tokens that programs authenticate with."""

import hashlib
import uuid

from django.db import models

from common.clock import now


class ApiToken(models.Model):
    """A bearer token, kept as a SHA-256 digest and found by its public prefix.

    It acts as its ``user``, narrowed to one tenant if ``tenant_uid`` is set, or as its
    ``service_account``: then ``tenant_uid`` is that one's, and nobody else of that namespace may
    have a token of the same name until it is revoked.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        "rbac.User", null=True, blank=True, on_delete=models.CASCADE, related_name="api_tokens"
    )
    service_account = models.ForeignKey(
        "rbac.ServiceAccount",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="api_tokens",
    )
    namespace = models.CharField(max_length=253, blank=True, editable=False)
    name = models.CharField(max_length=253)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    tenant_uid = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=True) ^ models.Q(service_account__isnull=True),
                name="api_token_one_subject",
            ),
            models.UniqueConstraint(
                fields=["tenant_uid", "namespace", "name"],
                condition=models.Q(service_account__isnull=False, revoked_at__isnull=True),
                name="api_token_name_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


def digest_of(plaintext: str) -> str:
    """Return what is kept of a token: its SHA-256, in hex.

    A token is 256 random bits, so a fast hash is as safe as a slow one.
    """
    return hashlib.sha256(plaintext.encode()).hexdigest()
