"""How many promotions of a tenant run at once, and how many may."""

from projects.models import Quota, Tenant
from projects.models.quota import default_limits
from promotions.engine.phases import TERMINAL
from promotions.models import Promotion, Stage

_TERMINAL_VALUES = [phase.value for phase in TERMINAL]


def running_promotions(tenant: Tenant) -> int:
    """Return how many promotions of a tenant were let in and have not ended.

    Those that a promotion request made are let in by being made.
    """
    rows = Stage.objects.filter(project__tenant=tenant, current_promotion__isnull=False)
    rows = rows.filter(current_promotion__deleted_at__isnull=True)
    alone = rows.exclude(current_promotion__phase__in=_TERMINAL_VALUES).count()
    to_targets = Promotion.objects.filter(project__tenant=tenant, request__isnull=False)
    return alone + to_targets.exclude(phase__in=_TERMINAL_VALUES).count()


def most_promotions(tenant: Tenant) -> int | None:
    """Return how many promotions of a tenant may run at once; ``None`` is any number."""
    quota = Quota.objects.filter(tenant=tenant).first()
    if quota is None:
        return default_limits()["max_concurrent_promotions"]
    return quota.max_concurrent_promotions
