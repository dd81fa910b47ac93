"""Reads Warehouses."""

from uuid import UUID

from django.db.models import QuerySet

from common.errors import NotFoundError
from projects.models import Project
from promotions.models import Warehouse


def warehouses_in(project: Project) -> QuerySet[Warehouse]:
    """Return a project's Warehouses, by name."""
    return (
        Warehouse.objects.filter(project=project).select_related("project").order_by("name", "pk")
    )


def warehouse_named(project: Project, name: str) -> Warehouse:
    """Return a Warehouse of a project.

    Raises:
        NotFoundError: The project has none of that name.
    """
    warehouse = warehouses_in(project).filter(name=name).first()
    if warehouse is None:
        raise NotFoundError(f'warehouses.kargo.akuity.io "{name}" not found')
    return warehouse


def warehouse_by_uid(uid: UUID) -> Warehouse | None:
    """Return a Warehouse with what a reconcile pass needs, or ``None`` if it is gone."""
    return Warehouse.objects.select_related("project__tenant").filter(uid=uid).first()
