"""Whom identity providers vouch for."""

import uuid

from django.db import models

from common.clock import now


class Identity(models.Model):
    """A person as one issuer knows them, and the account that they are here.

    ``tenant_uid`` is the only tenant that trusts the provider, null for the platform's own: the
    same issuer and subject in two tenants are two people. ``claims`` is what the issuer said at
    ``claims_at``, the newest time of all. While ``revoked_at`` is set, sessions of theirs do not
    work; signing in again clears it.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey("rbac.User", on_delete=models.CASCADE, related_name="identities")
    tenant_uid = models.UUIDField(null=True, blank=True)
    provider_uid = models.UUIDField()
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    actor_name = models.CharField(max_length=253)
    claims = models.JSONField(default=dict)
    claims_at = models.DateTimeField()
    created_at = models.DateTimeField(default=now, editable=False)
    last_login = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "subject", "tenant_uid"], name="identity_once"
            ),
            models.UniqueConstraint(
                fields=["issuer", "subject"],
                condition=models.Q(tenant_uid__isnull=True),
                name="identity_platform_once",
            ),
        ]
        indexes = [
            # Those of a provider that is switched off.
            models.Index(fields=["provider_uid"], name="identity_provider"),
        ]

    def __str__(self) -> str:
        return self.actor_name
