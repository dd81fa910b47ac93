"""What happened over time: Freight, what Stages held, promotions and their steps; newest first."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from common.errors import NotFoundError
from projects.models import Project
from promotions.models import (
    Freight,
    FreightCollection,
    Promotion,
    Stage,
    StageFreight,
    StepExecution,
    Warehouse,
)

PAGE = 12
_HISTORY = 20


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A piece of Freight; the Stages that hold it, verified it, or may take it by approval."""

    freight: Freight
    current_in: tuple[Stage, ...] = ()
    verified_in: tuple[Stage, ...] = ()
    approved_for: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Some of the timeline; ``older`` is what ``before`` must be for the next page, or empty."""

    entries: tuple[TimelineEntry, ...] = field(default=())
    older: str = ""


def timeline_of(
    project: Project, *, warehouse: Warehouse | None = None, before: str = "", limit: int = PAGE
) -> TimelinePage:
    """Return a page of a project's Freight, newest first, after the piece named ``before``."""
    rows = Freight.objects.filter(project=project)
    if warehouse is not None:
        rows = rows.filter(warehouse=warehouse)
    if before:
        rows = _older_than(rows, before)
    page = list(
        rows.select_related("warehouse")
        .prefetch_related("artifacts")
        .order_by("-discovered_at", "-pk")[: limit + 1]
    )
    shown, has_more = page[:limit], len(page) > limit
    return TimelinePage(entries=_entries(shown), older=shown[-1].name if has_more and shown else "")


def entry_of(freight: Freight) -> TimelineEntry:
    """Return one piece of Freight as the timeline knows it."""
    return _entries([freight])[0]


def history_of(stage: Stage, *, limit: int = _HISTORY) -> list[FreightCollection]:
    """Return what a Stage held, newest first, with Freight and promotion at hand."""
    return list(
        FreightCollection.objects.filter(stage=stage)
        .select_related("promotion")
        .prefetch_related("items__freight__artifacts", "verifications")
        .order_by("-pk")[:limit]
    )


def stages_with_standings(
    project: Project, freight: Freight
) -> list[tuple[Stage, StageFreight | None]]:
    """Return a project's Stages in order of name, each with how ``freight`` stands in it."""
    standings = {row.stage_id: row for row in StageFreight.objects.filter(freight=freight)}
    stages = Stage.objects.filter(project=project).order_by("name", "pk")
    stages = stages.select_related("project__tenant", "current_promotion", "last_promotion")
    return [(stage, standings.get(stage.pk)) for stage in stages]


def promotions_of(projects: Iterable[Project]) -> QuerySet[Promotion]:
    """Return the promotions of several projects, in no order."""
    return Promotion.objects.filter(project__in=[project.pk for project in projects])


def promotion_named(project: Project, name: str) -> Promotion:
    """Return one promotion, with Stage, Freight and tenant at hand.

    Raises:
        NotFoundError: The project has none of that name.
    """
    rows = Promotion.objects.filter(project=project, name=name)
    promotion = rows.select_related(
        "project__tenant", "stage", "freight__warehouse", "request"
    ).first()
    if promotion is None:
        raise NotFoundError(f'promotions.kargo.akuity.io "{name}" not found')
    return promotion


def steps_of(promotion: Promotion) -> list[StepExecution]:
    """Return what is recorded of a promotion's steps, in order."""
    return list(StepExecution.objects.filter(promotion=promotion).order_by("index"))


def newest_promotions(
    rows: QuerySet[Promotion], *, before: str = "", limit: int = _HISTORY
) -> tuple[list[Promotion], str]:
    """Return promotions, newest first, after the one named ``before``; and the next ``before``.

    Age decides, not the name: names of different Stages do not compare.
    """
    if before:
        mark = rows.filter(name=before).first()
        if mark is not None:
            earlier = Q(created_at__lt=mark.created_at)
            rows = rows.filter(earlier | Q(created_at=mark.created_at, pk__lt=mark.pk))
    page = list(
        rows.select_related("project", "stage", "freight").order_by("-created_at", "-pk")[
            : limit + 1
        ]
    )
    shown = page[:limit]
    return shown, shown[-1].name if len(page) > limit else ""


def _older_than(rows: QuerySet[Freight], name: str) -> QuerySet[Freight]:
    mark = rows.filter(name=name).first()
    if mark is None:
        return rows
    same_time = Q(discovered_at=mark.discovered_at, pk__lt=mark.pk)
    return rows.filter(Q(discovered_at__lt=mark.discovered_at) | same_time)


def _entries(freight: list[Freight]) -> tuple[TimelineEntry, ...]:
    standings = (
        StageFreight.objects.filter(freight__in=freight, stage__deleted_at__isnull=True)
        .select_related("stage")
        .order_by("stage__name", "pk")
    )
    by_freight: dict[int, list[StageFreight]] = {item.pk: [] for item in freight}
    for standing in standings:
        by_freight[standing.freight_id].append(standing)
    return tuple(_entry(item, by_freight[item.pk]) for item in freight)


def _entry(freight: Freight, standings: list[StageFreight]) -> TimelineEntry:
    return TimelineEntry(
        freight=freight,
        current_in=tuple(it.stage for it in standings if it.current_since),
        verified_in=tuple(it.stage for it in standings if it.verified_at),
        approved_for=tuple(it.stage for it in standings if it.approved_at),
    )
