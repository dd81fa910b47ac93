"""Reads promotion requests, and what of them a Stage has to take note of."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from common.errors import NotFoundError
from projects.models import Project
from promotions.engine.holds import HoldIntent, PromotionIntent
from promotions.engine.phases import PromotionPhase
from promotions.engine.targets import ENDED, RequestPhase, TargetState
from promotions.models import Promotion, PromotionRequest, RequestTarget, Stage
from promotions.selectors.availability import HOLD, RESUME

_ENDED_VALUES = [phase.value for phase in ENDED]
_PHASES = {
    RequestPhase.PENDING: PromotionPhase.PENDING,
    RequestPhase.RUNNING: PromotionPhase.RUNNING,
    RequestPhase.SUCCEEDED: PromotionPhase.SUCCEEDED,
    RequestPhase.FAILED: PromotionPhase.FAILED,
    RequestPhase.ERRORED: PromotionPhase.ERRORED,
}


@dataclass(frozen=True, slots=True)
class Move:
    """A promotion or promotion request that a Stage took note of, whichever it was."""

    name: str
    phase: PromotionPhase
    health_checks: tuple[dict[str, Any], ...] = ()


def requests_in(project: Project) -> QuerySet[PromotionRequest]:
    """Return a project's promotion requests with their targets, by name."""
    rows = PromotionRequest.objects.filter(project=project)
    rows = rows.select_related("project__tenant", "stage", "freight__warehouse")
    return rows.prefetch_related("targets__promotion").order_by("name", "pk")


def request_named(project: Project, name: str) -> PromotionRequest:
    """Return a promotion request of a project.

    Raises:
        NotFoundError: The project has none of that name.
    """
    request = requests_in(project).filter(name=name).first()
    if request is None:
        raise NotFoundError(f'promotionrequests.kargo.akuity.io "{name}" not found')
    return request


def request_by_uid(uid: UUID) -> PromotionRequest | None:
    """Return a promotion request with what a pass needs, or ``None`` if it is gone."""
    rows = PromotionRequest.objects.select_related(
        "project__tenant", "stage__last_promotion", "stage__last_request", "freight__warehouse"
    )
    return rows.filter(uid=uid).first()


def rows_of(request: PromotionRequest) -> list[RequestTarget]:
    """Return a request's targets, by name."""
    rows = RequestTarget.objects.filter(request=request).select_related("promotion")
    return list(rows.order_by("name"))


def states_of(rows: Iterable[RequestTarget]) -> list[TargetState]:
    """Return targets as the engine knows them."""
    return [
        TargetState(
            name=row.name,
            wave=row.wave,
            phase=row.phase,
            finished_at=row.promotion.finished_at if row.promotion else row.failed_at,
        )
        for row in rows
    ]


def unfinished_requests_in(stage: Stage) -> list[PromotionRequest]:
    """Return a Stage's requests that have not ended, the one that it let in first, then by age."""
    rows = PromotionRequest.objects.filter(stage=stage).exclude(phase__in=_ENDED_VALUES)
    found = rows.select_related("freight__warehouse").order_by("name")
    return sorted(found, key=lambda row: row.phase != RequestPhase.RUNNING)


def newest_request_of(stage: Stage) -> PromotionRequest | None:
    """Return the request that a Stage let in, else the newest one; ``None`` without any."""
    rows = PromotionRequest.objects.filter(stage=stage)
    rows = rows.select_related("project__tenant", "stage", "freight__warehouse")
    if stage.current_request_id is not None:
        return rows.filter(pk=stage.current_request_id).first()
    return rows.order_by("-name").first()


def waiting_requests(stage: Stage, *, besides: PromotionRequest) -> int:
    """Return how many requests besides one wait for a Stage to let them in."""
    rows = PromotionRequest.objects.filter(stage=stage, phase=RequestPhase.PENDING.value)
    return rows.exclude(pk__in=[besides.pk, stage.current_request_id or besides.pk]).count()


def requests_ended_after(stage: Stage, name: str) -> list[PromotionRequest]:
    """Return a Stage's requests that have ended, with greater names than ``name``, oldest first."""
    rows = PromotionRequest.objects.filter(stage=stage, phase__in=_ENDED_VALUES, name__gt=name)
    return list(rows.select_related("freight__warehouse").order_by("name"))


def requested_freight(stage: Stage) -> frozenset[str]:
    """Return the names of Freight that a request to this Stage exists for, in any phase."""
    rows = PromotionRequest.objects.filter(stage=stage)
    return frozenset(rows.values_list("freight__name", flat=True))


def is_moving(stage: Stage) -> bool:
    """Return whether a promotion or a promotion request is under way."""
    return stage.current_promotion_id is not None or stage.current_request_id is not None


def has_moved(stage: Stage) -> bool:
    """Return whether the Stage took note of a promotion or a promotion request at all."""
    return stage.last_promotion_id is not None or stage.last_request_id is not None


def last_move(stage: Stage) -> Move | None:
    """Return what the Stage took note of last: a promotion, or a request with all it promoted."""
    promotion, request = stage.last_promotion, stage.last_request
    if request is not None and (promotion is None or promotion.name < request.name):
        rows = Promotion.objects.filter(request=request, phase=PromotionPhase.SUCCEEDED.value)
        found = rows.order_by("name").values_list("health_checks", flat=True)
        checks = tuple(check for some in found for check in some)
        return Move(request.name, _PHASES[RequestPhase(request.phase)], checks)
    if promotion is None:
        return None
    return Move(promotion.name, PromotionPhase(promotion.phase), tuple(promotion.health_checks))


def last_collection(stage: Stage) -> dict[str, str]:
    """Return the Freight that the Stage's last move was to leave, by origin; empty without one."""
    promotion, request = stage.last_promotion, stage.last_request
    if request is not None and (promotion is None or promotion.name < request.name):
        return dict(request.freight_collection)
    return dict(promotion.freight_collection) if promotion is not None else {}


def request_intent(request: PromotionRequest) -> PromotionIntent:
    """Return what a request says about its origin by its annotations; an aborted one nothing."""
    intent = None
    if HOLD in request.annotations:
        intent = HoldIntent.HOLD
    elif RESUME in request.annotations:
        intent = HoldIntent.RESUME
    phase = _PHASES[RequestPhase(request.phase)]
    return PromotionIntent(
        promotion=request.name,
        phase=PromotionPhase.ABORTED if request.aborted_by and request.is_terminal else phase,
        intent=intent,
        origin=f"Warehouse/{request.freight.warehouse.name}",
        freight=request.freight.name,
        actor=request.actor,
        created_at=request.created_at,
    )
