"""Reads Targets, and which of them a Stage governs."""

from django.db.models import QuerySet

from common.errors import NotFoundError
from common.jsontypes import as_list, as_object
from projects.models import Project
from promotions.engine.selection.labels import parse_label_selector
from promotions.models import Stage, Target


def targets_in(project: Project) -> QuerySet[Target]:
    """Return a project's Targets, by name."""
    rows = Target.objects.filter(project=project).select_related("project__tenant")
    return rows.order_by("name", "pk")


def target_named(project: Project, name: str) -> Target:
    """Return a Target of a project.

    Raises:
        NotFoundError: The project has none of that name.
    """
    target = targets_in(project).filter(name=name).first()
    if target is None:
        raise NotFoundError(f'targets.kargo.akuity.io "{name}" not found')
    return target


def is_target_aware(stage: Stage) -> bool:
    """Return whether a Stage promotes to Targets: whether it says so, even if it selects none."""
    return isinstance(stage.spec.get("targets"), dict)


def targets_of(stage: Stage) -> list[Target]:
    """Return the Targets that a Stage governs now, each once, by name."""
    selectors = [
        parse_label_selector(as_object(it))
        for it in as_list(as_object(stage.spec.get("targets")).get("selectors"))
    ]
    if not selectors:
        return []
    rows = targets_in(stage.project)
    return [row for row in rows if any(selector.matches(row.labels) for selector in selectors)]
