"""Control planes: the Argo CDs that a tenant's promotions address."""

from typing import ClassVar

from django.db import models

from common.models import Resource, Sealed


class ControlPlaneKind(models.TextChoices):
    """How a control plane is spoken to."""

    REST = "rest", "Argo CD's own API"
    KUBERNETES = "kubernetes", "the API of the Kubernetes cluster that Argo CD runs in"


class ControlPlaneState(models.TextChoices):
    """What the last check of a control plane came to."""

    PENDING = "pending", "not checked yet"
    READY = "ready", "ready"
    DEGRADED = "degraded", "works in part"
    UNREACHABLE = "unreachable", "does not answer"
    UNAUTHORIZED = "unauthorized", "refuses the credential"
    DISABLED = "disabled", "switched off"


class ControlPlane(Resource, Sealed):
    """One Argo CD of a tenant.

    ``spec`` is what its administrators say, as in its manifest and without credentials; ``kind``,
    ``shard`` (empty is the default one) and ``is_enabled`` are copies for look-ups. ``encrypted``
    holds the credential in use and, while the two are being exchanged, the next one; empty if
    the spec names a Secret instead. The rest is what checks found: ``permissions`` has every right
    that was asked about, and ``allowed``: ``null`` if nobody could tell.
    """

    TENANT_LOOKUP: ClassVar[str] = "tenant__uid"

    tenant = models.ForeignKey(
        "projects.Tenant", on_delete=models.CASCADE, related_name="control_planes"
    )
    spec = models.JSONField(default=dict)
    kind = models.CharField(max_length=16, choices=ControlPlaneKind.choices)
    shard = models.CharField(max_length=63, blank=True)
    is_enabled = models.BooleanField(default=True)
    credential_mark = models.CharField(max_length=64, blank=True)
    next_credential_mark = models.CharField(max_length=64, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    next_expires_at = models.DateTimeField(null=True, blank=True)
    rotated_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(
        max_length=16,
        choices=ControlPlaneState.choices,
        default=ControlPlaneState.PENDING.value,
    )
    reason = models.TextField(blank=True)
    version = models.CharField(max_length=64, blank=True)
    permissions = models.JSONField(default=list, blank=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="control_plane_name_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ControlPlaneState.values),
                name="control_plane_state_known",
            ),
        ]
        indexes = [
            # The control plane of a Stage's shard.
            models.Index(fields=["tenant", "shard"], name="control_plane_shard"),
        ]
