"""How a project's pipeline stands: its Warehouses, its Stages and what each holds and does."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, QuerySet

from common.errors import NotFoundError
from common.jsontypes import as_list, as_object, as_text
from projects.models import Project
from promotions.engine.phases import PromotionPhase
from promotions.models import (
    AutoPromotionHold,
    Freight,
    FreightCollection,
    FreightCollectionItem,
    Promotion,
    Stage,
    Warehouse,
)

_QUEUED = (PromotionPhase.NEW.value, PromotionPhase.PENDING.value)


@dataclass(frozen=True, slots=True)
class HeldFreight:
    """One origin's Freight in a Stage, and since when."""

    origin: str
    freight: Freight
    since: datetime


@dataclass(frozen=True, slots=True)
class StageStanding:
    """A Stage with what it holds, its newest admitted promotion and its queue.

    Attributes:
        promotion: The one that runs, else the one that ran last.
        queued: How many promotions wait.
        is_held: Whether automation waits for a person.
    """

    stage: Stage
    held: tuple[HeldFreight, ...] = ()
    promotion: Promotion | None = None
    queued: int = 0
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A project's graph. Edges join names such as ``warehouse/main`` and ``stage/test``."""

    warehouses: tuple[Warehouse, ...]
    stages: tuple[StageStanding, ...]
    edges: tuple[tuple[str, str], ...]

    @property
    def nodes(self) -> tuple[str, ...]:
        """The graph's nodes, Warehouses first."""
        return (
            *(warehouse_node(warehouse.name) for warehouse in self.warehouses),
            *(stage_node(standing.stage.name) for standing in self.stages),
        )


def warehouse_node(name: str) -> str:
    """Return a Warehouse's name in the graph."""
    return f"warehouse/{name}"


def stage_node(name: str) -> str:
    """Return a Stage's name in the graph."""
    return f"stage/{name}"


def pipeline_of(project: Project) -> Pipeline:
    """Return a project's pipeline, in order of name; five queries whatever its size."""
    stages = standings_of(Stage.objects.filter(project=project))
    return Pipeline(
        warehouses=tuple(Warehouse.objects.filter(project=project).order_by("name", "pk")),
        stages=stages,
        edges=tuple(edge for standing in stages for edge in _edges_into(standing.stage)),
    )


def stage_standing(project: Project, name: str) -> StageStanding:
    """Return how one Stage stands.

    Raises:
        NotFoundError: The project has no such Stage.
    """
    found = standings_of(Stage.objects.filter(project=project, name=name))
    if not found:
        raise NotFoundError(f'The project "{project.name}" has no stage "{name}".')
    return found[0]


def standings_of(stages: QuerySet[Stage]) -> tuple[StageStanding, ...]:
    """Return how Stages stand, in order of name; four queries whatever their number."""
    held = _held_by(stages)
    queued = _queued_in(stages)
    holding = set(
        AutoPromotionHold.objects.filter(stage__in=stages).values_list("stage_id", flat=True)
    )
    rows = stages.select_related(
        "project", "current_promotion__freight", "last_promotion__freight"
    ).order_by("name", "pk")
    return tuple(
        StageStanding(
            stage=stage,
            held=tuple(held.get(stage.pk, ())),
            promotion=stage.current_promotion or stage.last_promotion,
            queued=queued.get(stage.pk, 0),
            is_held=stage.pk in holding,
        )
        for stage in rows
    )


def resources_in(projects: Iterable[Project]) -> tuple[list[Stage], list[Warehouse]]:
    """Return the Stages and the Warehouses of several projects with their conditions, by name."""
    pks = [project.pk for project in projects]
    stages = Stage.objects.filter(project__in=pks).select_related(
        "project", "current_promotion", "last_promotion"
    )
    warehouses = Warehouse.objects.filter(project__in=pks).select_related("project")
    return list(stages.order_by("name", "pk")), list(warehouses.order_by("name", "pk"))


def _held_by(stages: QuerySet[Stage]) -> dict[int, list[HeldFreight]]:
    newest = (
        FreightCollection.objects.filter(stage__in=stages)
        .order_by()
        .values("stage")
        .annotate(newest=Max("pk"))
        .values("newest")
    )
    items = (
        FreightCollectionItem.objects.filter(collection__in=newest)
        .select_related("collection", "freight__warehouse")
        .order_by("origin", "pk")
    )
    found: dict[int, list[HeldFreight]] = {}
    for item in items:
        held = HeldFreight(
            origin=item.origin, freight=item.freight, since=item.collection.recorded_at
        )
        found.setdefault(item.collection.stage_id, []).append(held)
    return found


def _queued_in(stages: QuerySet[Stage]) -> dict[int, int]:
    rows = (
        Promotion.objects.filter(stage__in=stages, phase__in=_QUEUED, request__isnull=True)
        .order_by()
        .values_list("stage_id")
        .annotate(count=Count("pk"))
    )
    return dict(rows)


def _edges_into(stage: Stage) -> Iterable[tuple[str, str]]:
    target = stage_node(stage.name)
    for request in as_list(as_object(stage.spec).get("requestedFreight")):
        origin = as_text(as_object(as_object(request).get("origin")).get("name"))
        sources = as_object(as_object(request).get("sources"))
        if sources.get("direct") is True:
            yield warehouse_node(origin), target
        for upstream in as_list(sources.get("stages")):
            yield stage_node(as_text(upstream)), target
