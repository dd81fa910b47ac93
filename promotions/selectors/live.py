"""Follows committed changes in an order that a late commit cannot slip behind.

That order is of ids, as far as they are settled; ``projects.models.change`` says when that is, and
why nothing is missed.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Max, Q

from projects.models import Change, Project

LIMIT = 500


def settled_position() -> int:
    """Return the place after changes that whatever is read from now on shows; 0 for the start.

    What is read and then followed from there misses nothing, and may hear of something twice.
    """
    return Change.objects.settled_id()


def changes_after(position: int, *, limit: int = LIMIT) -> list[Change]:
    """Return settled changes of every project after ``position``, in order, at most ``limit``."""
    settled = settled_position()
    if settled <= position:
        return []
    rows = Change.objects.filter(pk__gt=position, pk__lte=settled)
    return list(rows.order_by("pk")[:limit])


def changes_between(
    after: int, until: int, *, owner_uid: UUID, kind: str, name: str = "", limit: int
) -> list[Change] | None:
    """Return settled changes of one kind in a project, or of a tenant's own, up to ``until``.

    ``None`` if there are more than ``limit``, or no change ``after`` which to go on: every place
    but the start is the id of a change, so it has not been yet, or what came since may be gone too.
    """
    if after and not Change.objects.filter(pk=after).exists():
        return None
    owned = Q(project_uid=owner_uid) | Q(project_uid__isnull=True, tenant_uid=owner_uid)
    rows = Change.objects.filter(owned, pk__gt=after, pk__lte=until, kind=kind)
    if name:
        rows = rows.filter(name=name)
    found = list(rows.order_by("pk")[: limit + 1])
    return found if len(found) <= limit else None


def newest_changes(after: int, until: int, *, project_uid: UUID) -> list[Change]:
    """Return the newest change of each object of a project that changed between two places."""
    rows = Change.objects.filter(project_uid=project_uid, pk__gt=after, pk__lte=until)
    newest = rows.values("uid").annotate(newest=Max("pk")).values("newest")
    return list(Change.objects.filter(pk__in=newest).order_by("pk"))


def last_changes(projects: Iterable[Project]) -> dict[UUID, datetime]:
    """Return when anything in each of several projects last changed, by the project's uid."""
    newest = (
        Change.objects.filter(project_uid__in=[project.uid for project in projects])
        .values("project_uid")
        .annotate(newest=Max("pk"))
        .values("newest")
    )
    rows = Change.objects.filter(pk__in=newest).values_list("project_uid", "at")
    return {uid: at for uid, at in rows if uid is not None}
