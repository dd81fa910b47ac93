"""Pages of what may be asked about: the Freight of a Stage's origins, and a project's Stages."""

from django.db.models import Q

from projects.models import Project
from promotions.models import Freight, Stage
from promotions.selectors.availability import requests_of


def freight_for(stage: Stage, *, before: str, limit: int) -> tuple[list[Freight], str]:
    """Return Freight of the origins that a Stage requests, newest first, and the next ``before``.

    Args:
        stage: The Stage.
        before: Name of the last Freight of the page before; empty begins.
        limit: How many.
    """
    origins = {it.origin.name for it in requests_of(stage)}
    rows = Freight.objects.filter(project=stage.project, warehouse__name__in=origins)
    mark = rows.filter(name=before).first() if before else None
    if mark is not None:
        earlier = Q(discovered_at__lt=mark.discovered_at)
        rows = rows.filter(earlier | Q(discovered_at=mark.discovered_at, pk__lt=mark.pk))
    rows = rows.select_related("warehouse", "project").order_by("-discovered_at", "-pk")
    page = list(rows[: limit + 1])
    return page[:limit], page[limit - 1].name if len(page) > limit else ""


def stages_for(project: Project, *, after: str, limit: int) -> tuple[list[Stage], str]:
    """Return a project's Stages whose names sort after ``after``, and the next ``after``."""
    rows = Stage.objects.filter(project=project, name__gt=after)
    rows = rows.select_related("project__tenant", "current_promotion", "last_promotion")
    page = list(rows.order_by("name", "pk")[: limit + 1])
    return page[:limit], page[limit - 1].name if len(page) > limit else ""
