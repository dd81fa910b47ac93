"""Identity providers: whom a tenant, or the whole platform, believes about people."""

import uuid
from typing import ClassVar

from django.db import models

from common.clock import now
from common.models import Sealed
from rbac.oidc.providers import CLIENT_SECRET_BASIC, CLIENT_SECRET_POST


class ClientAuth(models.TextChoices):
    """How the client's secret is shown to the provider."""

    BASIC = CLIENT_SECRET_BASIC, "in a header (client_secret_basic)"
    POST = CLIENT_SECRET_POST, "in the form (client_secret_post)"


class IdentityProvider(Sealed):
    """An OpenID provider that one tenant trusts or, without ``tenant``, every tenant.

    ``name`` is part of addresses. ``encrypted`` holds ``clientSecret``; empty for a public client.
    ``trusts_email`` lets an address that the provider has verified lead to an account that is
    there already; only the platform's own providers may. With ``ends_provider_session``, signing
    out here leads on to the provider, to sign out there too.
    """

    TENANT_LOOKUP: ClassVar[str] = "tenant__uid"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    tenant = models.ForeignKey(
        "projects.Tenant",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="identity_providers",
    )
    name = models.SlugField(max_length=63)
    title = models.CharField(max_length=200, blank=True)
    issuer = models.CharField(max_length=500)
    client_id = models.CharField(max_length=255)
    cli_client_id = models.CharField(max_length=255, blank=True)
    client_auth = models.CharField(
        max_length=32, choices=ClientAuth.choices, default=ClientAuth.BASIC.value
    )
    scopes = models.JSONField(default=list)
    username_claim = models.CharField(max_length=63, default="email")
    groups_claim = models.CharField(max_length=253, default="groups")
    email_domains = models.JSONField(default=list, blank=True)
    trusts_email = models.BooleanField(default=False)
    ends_provider_session = models.BooleanField(default=False)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="identity_provider_once"),
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(tenant__isnull=True),
                name="identity_provider_platform_once",
            ),
            models.CheckConstraint(
                condition=models.Q(trusts_email=False) | models.Q(tenant__isnull=True),
                name="identity_provider_trust",
            ),
        ]
        indexes = [
            # Who has issued a token.
            models.Index(fields=["issuer"], name="identity_provider_issuer"),
        ]

    def __str__(self) -> str:
        return self.name
