"""Answers which Freight a Stage may be given, from what is stored."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import Q, QuerySet

from common.jsontypes import JSONObject, as_list, as_object, as_text
from projects.models import Project
from projects.selectors import project_spec
from promotions.engine.autopromotion import (
    PromotionPolicy,
    candidates,
    is_auto_promotion_enabled,
    parse_policy,
)
from promotions.engine.availability import (
    Availability,
    FreightStanding,
    RequestedFreight,
    SelectionPolicy,
    availability,
    candidacy,
    list_available,
    parse_strategy,
)
from promotions.engine.freight import FreightOrigin
from promotions.engine.holds import HoldIntent, hold_intent
from promotions.manifests.promotion_steps import duration_from
from promotions.models import Freight, Stage, StageFreight, Warehouse
from rbac.actors import Actor

HOLD = "kargo.akuity.io/auto-promotion-hold"
RESUME = "kargo.akuity.io/auto-promotion-resume"
_TIMES = ("current_since", "verified_at", "longest_soak", "approved_at")
FIRST_BATCH = 20
LARGEST_BATCH = 1000


def requests_of(stage: Stage) -> tuple[RequestedFreight, ...]:
    """Return what a Stage asks for, as its spec has it."""
    return tuple(_request(as_object(it)) for it in as_list(stage.spec.get("requestedFreight")))


def availability_of(stage: Stage, freight: Freight, *, now: datetime) -> Availability:
    """Return whether a Stage may be given a piece of Freight, and if not, why."""
    requests = requests_of(stage)
    standing = _standings([freight], stage, requests)[freight.pk]
    return availability(standing, stage=stage.name, requests=requests, now=now)


def available_to(stage: Stage, *, now: datetime, limit: int | None = None) -> list[Freight]:
    """Return the Freight that a Stage may be given now, newest first, at most ``limit``."""
    first = FIRST_BATCH if limit is not None else None
    pairs = _available(stage, requests_of(stage), now=now, first_batch=first)
    return [freight for freight, _ in islice(pairs, limit)]


def passing_through(stage: Stage, *, now: datetime) -> list[Freight]:
    """Return the Freight available to a control-flow Stage that is not verified there yet."""
    verified = StageFreight.objects.filter(stage=stage, verified_at__isnull=False)
    pairs = _available(
        stage, requests_of(stage), now=now, apart_from=Q(pk__in=verified.values("freight_id"))
    )
    return [freight for freight, _ in pairs]


def candidates_of(stage: Stage, *, now: datetime) -> dict[str, Freight]:
    """Return, by origin, the Freight that auto-promotion would take."""
    found: dict[str, Freight] = {}
    for request in requests_of(stage):
        follows = request.selection_policy is SelectionPolicy.MATCH_UPSTREAM
        newest = list(islice(_available(stage, (request,), now=now), 2 if follows else 1))
        names = candidates((request,), [standing for _, standing in newest])
        chosen = names.get(str(request.origin))
        found |= {str(request.origin): freight for freight, _ in newest if freight.name == chosen}
    return found


def soonest_soak(stage: Stage, *, now: datetime) -> timedelta | None:
    """Return when the next piece of Freight will have soaked, or ``None``."""
    requests = tuple(request for request in requests_of(stage) if request.required_soak)
    if not requests:
        return None
    soaking = StageFreight.objects.filter(
        stage__project=stage.project,
        stage__deleted_at__isnull=True,
        stage__name__in={name for request in requests for name in request.stages},
        current_since__isnull=False,
    )
    rows = _requested_freight(stage, requests).filter(pk__in=soaking.values("freight_id"))
    answers = (
        availability(it, stage=stage.name, requests=requests, now=now)
        for it in _standings(rows, stage, requests).values()
    )
    times = [answer.available_at for answer in answers if answer.available_at]
    return max(min(times) - now, timedelta(0)) if times else None


def auto_promotion_enabled(stage: Stage) -> bool:
    """Return whether the project's policies let a Stage promote by itself."""
    policies = promotion_policies(stage.project)
    return is_auto_promotion_enabled(policies, stage=stage.name, labels=stage.labels)


def promotion_policies(project: Project) -> list[PromotionPolicy]:
    """Return a project's policies of auto-promotion, in their order; without any, none is."""
    policies = as_list(project_spec(project).get("promotionPolicies"))
    return [parse_policy(as_object(it)) for it in policies]


def newest_available(
    stages: Iterable[Stage], warehouse: Warehouse, *, now: datetime
) -> dict[int, str]:
    """Return, by primary key of the Stage, the name of the newest Freight that it may be given.

    The Stages are of the Warehouse's project. However many they are, the queries grow with the
    logarithm of the number of pieces of Freight that have to be looked at.
    """
    origin = FreightOrigin(warehouse.name)
    waiting = {
        stage.pk: (stage, tuple(it for it in requests_of(stage) if it.origin == origin))
        for stage in stages
    }
    names = {it for stage, requests in waiting.values() for it in _seen_from(stage, requests)}
    rows = Freight.objects.filter(warehouse=warehouse).select_related("warehouse")
    rows = rows.order_by("-discovered_at", "-name")
    found: dict[int, str] = {}
    start, size = 0, FIRST_BATCH
    while waiting and (batch := list(rows[start : start + size])):
        standings = standings_in(warehouse.project, batch, stages=names)
        for pk, (stage, requests) in list(waiting.items()):
            newest = _first_of(batch, standings, stage=stage.name, requests=requests, now=now)
            if newest:
                found[pk] = newest
                del waiting[pk]
        start, size = start + size, min(size * 2, LARGEST_BATCH)
    return found


def standings_in(
    project: Project, freight: Iterable[Freight], *, stages: Iterable[str]
) -> dict[int, FreightStanding]:
    """Return how Freight stands in a project's Stages of these names, by its primary key."""
    rows = list(freight)
    found = (
        StageFreight.objects.filter(
            freight__in=rows,
            stage__project=project,
            stage__deleted_at__isnull=True,
            stage__name__in=set(stages),
        )
        .select_related("stage")
        .only("freight_id", "stage__name", *_TIMES)
    )
    by_freight: dict[int, list[StageFreight]] = {row.pk: [] for row in rows}
    for standing in found:
        by_freight[standing.freight_id].append(standing)
    return {row.pk: _standing(row, by_freight[row.pk]) for row in rows}


def stages_taking_from(project: Project, *, warehouse: str = "", stage: str = "") -> list[Stage]:
    """Return the Stages that ask Freight directly of a Warehouse, or from a Stage."""
    rows = Stage.objects.filter(project=project)
    return [row for row in rows if _takes_from(requests_of(row), warehouse, stage)]


def stages_downstream_of(stage: Stage, freight: Freight) -> list[Stage]:
    """Return the Stages that take Freight of this origin from a Stage, by name."""
    rows = Stage.objects.filter(project=stage.project).select_related(
        "project__tenant", "current_promotion", "last_promotion"
    )
    return [
        row
        for row in rows.order_by("name", "pk")
        if any(
            request.origin.name == freight.warehouse.name and stage.name in request.stages
            for request in requests_of(row)
        )
    ]


def hold_annotations(
    stage: Stage, freight: Freight, *, actor: Actor, now: datetime
) -> dict[str, str]:
    """Return the annotation by which a person's promotion holds or resumes automation."""
    is_enabled = auto_promotion_enabled(stage)
    if actor.is_system or not is_enabled:
        return {}
    origin = str(FreightOrigin(freight.warehouse.name))
    candidate = candidates_of(stage, now=now).get(origin)
    intent = hold_intent(
        create_actor=actor.name,
        is_control_plane=actor.is_system,
        is_enabled=is_enabled,
        candidate=candidate.name if candidate else "",
        freight=freight.name,
    )
    match intent:
        case HoldIntent.HOLD:
            return {HOLD: origin}
        case HoldIntent.RESUME:
            return {RESUME: origin}
        case None:
            return {}


def _request(document: JSONObject) -> RequestedFreight:
    sources = as_object(document.get("sources"))
    options = as_object(sources.get("autoPromotionOptions"))
    soak = as_text(sources.get("requiredSoakTime"))
    return RequestedFreight(
        origin=FreightOrigin(as_text(as_object(document.get("origin")).get("name"))),
        direct=sources.get("direct") is True,
        stages=tuple(as_text(name) for name in as_list(sources.get("stages"))),
        required_soak=duration_from(soak) if soak else None,
        strategy=parse_strategy(as_text(sources.get("availabilityStrategy"))),
        selection_policy=SelectionPolicy(
            as_text(options.get("selectionPolicy")) or SelectionPolicy.NEWEST_FREIGHT
        ),
    )


def _requested_freight(stage: Stage, requests: tuple[RequestedFreight, ...]) -> QuerySet[Freight]:
    """Return Freight that can be available at all: direct, verified upstream, or approved."""
    rows = Freight.objects.filter(project=stage.project).select_related("warehouse")
    wanted = Q(pk__in=[])
    for request in requests:
        of_origin = Q(warehouse__name=request.origin.name)
        if request.direct:
            wanted |= of_origin
            continue
        standings = StageFreight.objects.filter(
            Q(stage=stage, approved_at__isnull=False)
            | Q(
                stage__project=stage.project,
                stage__deleted_at__isnull=True,
                stage__name__in=request.stages,
                verified_at__isnull=False,
            )
        )
        wanted |= of_origin & Q(pk__in=standings.values("freight_id"))
        if not request.stages:
            wanted |= of_origin
    return rows.filter(wanted)


def _available(
    stage: Stage,
    requests: tuple[RequestedFreight, ...],
    *,
    now: datetime,
    apart_from: Q | None = None,
    first_batch: int | None = FIRST_BATCH,
) -> Iterator[tuple[Freight, FreightStanding]]:
    """Yield available Freight, newest first, reading no more of it than is asked for.

    Without ``first_batch`` all of it is read at once.
    """
    rows = _requested_freight(stage, requests).order_by("-discovered_at", "-name")
    if apart_from is not None:
        rows = rows.exclude(apart_from)
    start, size = 0, first_batch
    while batch := list(rows[start:] if size is None else rows[start : start + size]):
        found = _standings(batch, stage, requests)
        listed = list_available(found.values(), stage=stage.name, requests=requests, now=now)
        names = {standing.name for standing in listed}
        yield from ((row, found[row.pk]) for row in batch if row.name in names)
        if size is None:
            return
        start, size = start + size, min(size * 2, LARGEST_BATCH)


def _standings(
    freight: Iterable[Freight], stage: Stage, requests: tuple[RequestedFreight, ...]
) -> dict[int, FreightStanding]:
    """Return how Freight stands in the Stage and in those upstream of it, by primary key."""
    return standings_in(stage.project, freight, stages=_seen_from(stage, requests))


def _seen_from(stage: Stage, requests: Iterable[RequestedFreight]) -> set[str]:
    return {stage.name, *(name for request in requests for name in request.stages)}


def _standing(freight: Freight, rows: list[StageFreight]) -> FreightStanding:
    return FreightStanding(
        name=freight.name,
        origin=FreightOrigin(freight.warehouse.name),
        discovered_at=freight.discovered_at,
        approved_for=frozenset(row.stage.name for row in rows if row.approved_at),
        verified_in={row.stage.name: row.longest_soak for row in rows if row.verified_at},
        currently_in={row.stage.name: row.current_since for row in rows if row.current_since},
    )


def _first_of(
    batch: Iterable[Freight],
    standings: Mapping[int, FreightStanding],
    *,
    stage: str,
    requests: tuple[RequestedFreight, ...],
    now: datetime,
) -> str:
    """Return the name of the first of this Freight that auto-promotion may choose, or nothing."""
    return next(
        (
            freight.name
            for freight in batch
            if candidacy(
                standings[freight.pk], stage=stage, requests=requests, now=now
            ).is_available
        ),
        "",
    )


def _takes_from(requests: tuple[RequestedFreight, ...], warehouse: str, stage: str) -> bool:
    return any(
        (request.direct and warehouse and request.origin.name == warehouse)
        or (stage and stage in request.stages)
        for request in requests
    )
