"""Reads Freight and what Stages hold."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from common.errors import NotFoundError
from projects.models import Project
from promotions.engine.freight import FreightReference
from promotions.manifests.freight_contents import freight_reference
from promotions.models import Freight, FreightCollection, FreightCollectionItem, Stage


def freight_in(project: Project) -> QuerySet[Freight]:
    """Return a project's Freight, oldest first, with artifacts and Warehouse at hand."""
    return (
        Freight.objects.filter(project=project)
        .select_related("warehouse", "project")
        .prefetch_related("artifacts")
        .order_by("discovered_at", "pk")
    )


def freight_named(project: Project, name_or_alias: str) -> Freight:
    """Return Freight by its exact name, else by its alias.

    Raises:
        NotFoundError: The project has neither.
    """
    rows = freight_in(project)
    found = rows.filter(name=name_or_alias).first() or rows.filter(alias=name_or_alias).first()
    if found is None or not name_or_alias:
        raise NotFoundError(f'freights.kargo.akuity.io "{name_or_alias}" not found')
    return found


def current_collection(stage: Stage) -> FreightCollection | None:
    """Return what a Stage holds now, or ``None``."""
    items = FreightCollectionItem.objects.select_related("freight__warehouse")
    return (
        FreightCollection.objects.filter(stage=stage)
        .prefetch_related(Prefetch("items", items), "items__freight__artifacts")
        .order_by("-pk")
        .first()
    )


def current_freight(stage: Stage) -> dict[str, Freight]:
    """Return the Freight that a Stage holds now, by origin (``Warehouse/<name>``)."""
    collection = current_collection(stage)
    if collection is None:
        return {}
    return {item.origin: item.freight for item in collection.items.all()}


def names_of_holders(freight: Freight) -> list[str]:
    """Return the names of the Stages that hold a piece of Freight now, in order."""
    newer = FreightCollection.objects.filter(
        stage=OuterRef("collection__stage"), pk__gt=OuterRef("collection")
    )
    items = FreightCollectionItem.objects.filter(freight=freight)
    items = items.filter(~Exists(newer), collection__stage__deleted_at__isnull=True)
    names = items.values_list("collection__stage__name", flat=True)
    return sorted(set(names))


def references(freight: Iterable[Freight]) -> dict[str, FreightReference]:
    """Return pieces of Freight as the engine knows them, by origin."""
    found = [freight_reference(item) for item in freight]
    return {str(reference.origin): reference for reference in found}


def freight_by_name(project: Project, names: Iterable[str]) -> dict[str, Freight]:
    """Return the Freight of those names that still exists, by name."""
    rows = freight_in(project).filter(name__in=list(names))
    return {row.name: row for row in rows}
