"""Which control planes are to be listened to?"""

from django.db.models import QuerySet

from projects.models import ControlPlane
from promotions.selectors.control_planes import plane_shard
from promotions.selectors.plane_access import secret_of


def watched_planes(shard: str) -> list[tuple[ControlPlane, str]]:
    """Return the control planes of a shard that are in use, with what changes as their access does.

    Args:
        shard: As workers name it.
    """
    found = _in_use(shard).select_related("tenant").order_by("pk")
    return [(plane, _mark(plane)) for plane in found]


def is_watched(shard: str) -> bool:
    """Return whether a shard has any control plane that is in use."""
    return _in_use(shard).exists()


def _in_use(shard: str) -> QuerySet[ControlPlane]:
    return ControlPlane.objects.filter(
        shard=plane_shard(shard), is_enabled=True, tenant__suspended_at__isnull=True
    )


def _mark(plane: ControlPlane) -> str:
    secret = secret_of(plane)
    return f"{plane.generation}/{secret.pk}.{secret.revision}" if secret else str(plane.generation)
