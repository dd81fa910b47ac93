"""Says how much of its quota a tenant uses."""

from projects.models import Project, Tenant
from projects.services.quotas import Room, quota_of
from promotions.models import Stage
from promotions.selectors.slots import running_promotions
from promotions.services.storage import storage_used


def usage_of(tenant: Tenant) -> tuple[Room, ...]:
    """Return what of each limited thing is used, and how much may be, in the order of quotas."""
    used = {
        "max_projects": Project.objects.filter(tenant=tenant).count(),
        "max_stages": Stage.objects.filter(project__tenant=tenant).count(),
        "max_concurrent_promotions": running_promotions(tenant),
        "max_storage_bytes": storage_used(tenant),
    }
    quota = quota_of(tenant.uid)
    return tuple(Room(name, count, getattr(quota, name, None)) for name, count in used.items())
