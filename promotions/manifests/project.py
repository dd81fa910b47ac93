"""The manifest of a Project: a name and metadata, for it has no spec."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet

from common.errors import FieldProblem
from projects.models import Project
from promotions.manifests.metadata import Manifest, manifest_to, metadata_to, present
from promotions.models import Stage, Warehouse


class ProjectManifest(Manifest):
    """A Project as somebody wrote it."""

    moved: ClassVar[Mapping[str, str]] = {
        "spec": "promotion policies belong in a ProjectConfig named like the project"
    }


def problems(manifest: ProjectManifest) -> Iterator[FieldProblem]:
    """Yield nothing: a Project has no spec that could be wrong."""
    del manifest
    yield from ()


def with_stats(projects: QuerySet[Project]) -> QuerySet[Project]:
    """Return the query with what writing many Projects reads."""
    return projects.prefetch_related(
        Prefetch("warehouses", queryset=Warehouse.objects.only("project_id", "conditions")),
        Prefetch("stages", queryset=Stage.objects.only("project_id", "conditions")),
    )


def to_manifest(project: Project) -> dict[str, Any]:
    """Write a Project as Kargo's JSON; reads its Warehouses and Stages: ``with_stats`` for many."""
    status = present({"conditions": project.conditions, "stats": _stats(project)})
    return manifest_to("Project", metadata_to(project), status=status)


def _stats(project: Project) -> dict[str, Any]:
    rows: dict[str, list[list[dict[str, Any]]]] = {
        "warehouses": [row.conditions for row in project.warehouses.all()],
        "stages": [row.conditions for row in project.stages.all()],
    }
    return {
        noun: {"count": len(found), "health": {"healthy": sum(map(_is_healthy, found))}}
        for noun, found in rows.items()
    }


def _is_healthy(conditions: list[dict[str, Any]]) -> bool:
    return any(it.get("type") == "Healthy" and it.get("status") == "True" for it in conditions)
