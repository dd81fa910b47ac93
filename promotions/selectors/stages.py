"""Reads Stages and what decides about them."""

from uuid import UUID

from django.db.models import QuerySet

from common.errors import NotFoundError
from projects.models import Project
from promotions.engine import verification
from promotions.engine.autopromotion import PromotionSummary, StageFacts
from promotions.engine.health import HealthState
from promotions.engine.holds import Hold, HoldIntent, PromotionIntent
from promotions.engine.phases import PromotionPhase
from promotions.engine.verification import Verification as EngineVerification, VerificationPhase
from promotions.models import (
    AutoPromotionHold,
    Freight,
    FreightCollection,
    Promotion,
    Stage,
    Verification,
)
from promotions.selectors.availability import HOLD, RESUME
from promotions.selectors.promotion_requests import requested_freight
from promotions.selectors.targets import is_target_aware


def stages_in(project: Project) -> QuerySet[Stage]:
    """Return a project's Stages, by name."""
    return (
        Stage.objects.filter(project=project)
        .select_related("project", "current_promotion", "last_promotion")
        .order_by("name", "pk")
    )


def stage_named(project: Project, name: str) -> Stage:
    """Return a Stage of a project.

    Raises:
        NotFoundError: The project has none of that name.
    """
    stage = stages_in(project).filter(name=name).first()
    if stage is None:
        raise NotFoundError(f'stages.kargo.akuity.io "{name}" not found')
    return stage


def stage_by_uid(uid: UUID) -> Stage | None:
    """Return a Stage with what a reconcile pass needs, or ``None`` if it is gone."""
    return (
        Stage.objects.select_related("project__tenant", "current_promotion", "last_promotion")
        .prefetch_related("project__configs", "project__tenant__cluster_configs")
        .filter(uid=uid)
        .first()
    )


def verifications_of(collection: FreightCollection | None) -> list[EngineVerification]:
    """Return a collection's verifications, newest first."""
    if collection is None:
        return []
    rows = Verification.objects.filter(collection=collection).order_by("-started_at", "-pk")
    return [
        EngineVerification(
            id=str(row.uid),
            phase=VerificationPhase(row.phase),
            message=row.message,
            finished_at=row.finished_at,
        )
        for row in rows
    ]


def gate_of(
    collection: FreightCollection | None, *, health: HealthState | None
) -> verification.Gate:
    """Return whether a Stage that holds ``collection`` may let its next promotion in."""
    history = verifications_of(collection)
    return verification.promotion_gate(
        has_freight=collection is not None,
        health=health,
        latest=history[0].phase if history else None,
    )


def holds_of(stage: Stage) -> dict[str, Hold]:
    """Return a Stage's lasting holds, by origin."""
    return {
        row.origin: Hold(
            freight=row.freight_name,
            origin=row.origin,
            promotion=row.promotion_name,
            actor=row.actor,
            created_at=row.created_at,
        )
        for row in AutoPromotionHold.objects.filter(stage=stage)
    }


def intent_of(promotion: Promotion) -> PromotionIntent:
    """Return what a promotion says about its origin by its annotations."""
    intent = None
    if HOLD in promotion.annotations:
        intent = HoldIntent.HOLD
    elif RESUME in promotion.annotations:
        intent = HoldIntent.RESUME
    return PromotionIntent(
        promotion=promotion.name,
        phase=PromotionPhase(promotion.phase),
        intent=intent,
        origin=f"Warehouse/{promotion.freight.warehouse.name}",
        freight=promotion.freight.name,
        actor=promotion.actor,
        created_at=promotion.created_at,
    )


def auto_promotion_facts(
    stage: Stage,
    *,
    is_enabled: bool,
    held: frozenset[str],
    current: dict[str, Freight],
    candidates: dict[str, Freight],
) -> StageFacts:
    """Return what decides about auto-promotion to a Stage now."""
    rows = Promotion.objects.filter(
        stage=stage,
        freight__in=list(candidates.values()),
        request__isnull=True,
        is_discarded=False,
    )
    promoting = stage.current_promotion
    return StageFacts(
        is_enabled=is_enabled,
        held=held,
        current=frozenset(freight.name for freight in current.values()),
        promoting=promoting.spec.get("freight", "") if promoting else "",
        last_promotion=stage.last_promotion.name if stage.last_promotion else "",
        promotions=tuple(
            PromotionSummary(name=name, freight=freight, phase=PromotionPhase(phase))
            for name, freight, phase in rows.values_list("name", "freight__name", "phase")
        ),
        requested=requested_freight(stage) if is_target_aware(stage) else frozenset(),
    )
