"""Reads what happened in a project."""

from projects.models import Project
from promotions.models import Event

NEWEST = 1000
"""How many events a project shows; older ones stay in the database."""


def newest_events(project: Project, *, limit: int = NEWEST) -> list[Event]:
    """Return a project's events, newest first."""
    return list(Event.objects.filter(project=project).order_by("-at", "-pk")[:limit])
