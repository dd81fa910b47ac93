"""Secrets: credentials for repositories, and generic ones."""

from typing import ClassVar

from django.db import models

from common.models import Resource, Sealed

SHARED_NAMESPACE = "kargo-shared-resources"
SYSTEM_NAMESPACE = "kargo-system-resources"
RENAMED_NAMESPACES = {"kargo-cluster-secrets": SYSTEM_NAMESPACE}
"""Namespaces of the platform that Kargo has renamed, with their names of today."""


class Secret(Resource, Sealed):
    """Keys and values, encrypted at rest and written only.

    It belongs to a project, or to the tenant's shared or system ``namespace`` when ``project``
    is null. ``credential_type`` mirrors the label ``kargo.akuity.io/cred-type``;
    ``repo_url`` and ``repo_url_is_regex`` are copies of the keys that look-ups need, so that a
    look-up decrypts only what it chose.
    """

    TENANT_LOOKUP: ClassVar[str] = "tenant__uid"

    tenant = models.ForeignKey("projects.Tenant", on_delete=models.CASCADE, related_name="secrets")
    project = models.ForeignKey(
        "projects.Project", null=True, blank=True, on_delete=models.CASCADE, related_name="secrets"
    )
    namespace = models.CharField(max_length=253)
    type = models.CharField(max_length=128, default="Opaque")
    credential_type = models.CharField(max_length=16, blank=True)
    repo_url = models.TextField(blank=True)
    repo_url_is_regex = models.BooleanField(default=False)
    keys = models.JSONField(default=list)

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "namespace", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="secret_name_once",
            )
        ]
        indexes = [
            # Credential look-up by namespace and type, in order of name.
            models.Index(
                fields=["tenant", "namespace", "credential_type", "name"], name="secret_lookup"
            )
        ]
