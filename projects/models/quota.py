"""Quotas: how much of the platform one tenant may take."""

from django.conf import settings
from django.db import models


class Quota(models.Model):
    """A tenant's limits, and how many bytes it stores; a limit that is null is none.

    ``storage_bytes`` is what counts towards ``max_storage_bytes``, kept up to date by every
    write; null until it is measured for the first time.
    """

    tenant = models.OneToOneField(
        "projects.Tenant", on_delete=models.CASCADE, related_name="quota", primary_key=True
    )
    max_projects = models.PositiveIntegerField(null=True, blank=True)
    max_stages = models.PositiveIntegerField(null=True, blank=True)
    max_concurrent_promotions = models.PositiveIntegerField(null=True, blank=True)
    max_storage_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    storage_bytes = models.BigIntegerField(null=True, editable=False)

    def __str__(self) -> str:
        return f"quota of tenant {self.tenant_id}"


def default_limits() -> dict[str, int | None]:
    """Return the limits of a tenant that is given none: what the settings say."""
    return {
        "max_projects": settings.QUOTA_PROJECTS,
        "max_stages": settings.QUOTA_STAGES,
        "max_concurrent_promotions": settings.QUOTA_CONCURRENT_PROMOTIONS,
        "max_storage_bytes": settings.QUOTA_STORAGE_BYTES,
    }
