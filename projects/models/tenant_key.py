"""Data keys: what a tenant's secrets are encrypted with, themselves encrypted."""

from django.db import models

from common.clock import now


class TenantKey(models.Model):
    """One data key of a tenant, or of the platform itself (``tenant_uid`` of zeros).

    The one with the highest ``number`` encrypts, all decrypt; without its row, what it encrypted
    is lost for good. ``wrapped`` is the key encrypted under the key ``wrapped_by`` of the keyring.
    ``retired_at`` is when nothing was left that an older key had encrypted.
    """

    tenant_uid = models.UUIDField()
    number = models.PositiveIntegerField()
    wrapped = models.TextField(editable=False)
    wrapped_by = models.CharField(max_length=63)
    created_at = models.DateTimeField(default=now, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_uid", "number"], name="tenant_key_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.tenant_uid} {self.number}"
