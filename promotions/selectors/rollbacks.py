"""Reads what decides whether a Stage goes back to Freight that was good."""

from common.jsontypes import as_list, as_object, as_text
from projects.selectors import project_spec
from promotions.engine.autopromotion import matching_policy, parse_policy
from promotions.engine.freight import FreightOrigin
from promotions.engine.phases import PromotionPhase
from promotions.engine.rollback import (
    STABLE_FREIGHT,
    Attempt,
    Held,
    RollbackFacts,
    RollbackPolicy,
    rollback_policy,
)
from promotions.engine.verification import VerificationPhase
from promotions.models import (
    FreightCollection,
    Promotion,
    PromotionRequest,
    Stage,
    StageFreight,
    Verification,
)
from promotions.selectors import plans
from promotions.selectors.promotion_requests import last_move, unfinished_requests_in
from promotions.selectors.promotions import unfinished_in


def rollback_policy_of(stage: Stage) -> RollbackPolicy | None:
    """Return what the policy that is for a Stage says of going back; ``None`` is nothing."""
    found = as_list(project_spec(stage.project).get("promotionPolicies"))
    documents = [as_object(it) for it in found]
    policies = [parse_policy(it) for it in documents]
    index = matching_policy(policies, stage=stage.name, labels=stage.labels)
    wanted = documents[index].get("autoRollback") if index is not None else None
    return rollback_policy(as_object(wanted)) if wanted is not None else None


def stable_freight(stage: Stage) -> dict[str, str]:
    """Return the names of the Freight that was verified last in a Stage, by origin."""
    stored = as_object(stage.metadata.get(STABLE_FREIGHT))
    return {origin: as_text(name) for origin, name in stored.items()}


def rollback_facts(
    stage: Stage,
    collection: FreightCollection | None,
    *,
    policy: RollbackPolicy,
    held: frozenset[str],
) -> RollbackFacts:
    """Return what decides about a Stage, which holds ``collection``."""
    is_busy = bool(unfinished_in(stage) or unfinished_requests_in(stage))
    latest = (
        Verification.objects.filter(collection=collection).order_by("-started_at", "-pk").first()
    )
    return RollbackFacts(
        policy=policy,
        is_settled=not is_busy,
        last=_last_attempt(stage),
        verdict=VerificationPhase(latest.phase) if latest and latest.phase else None,
        verdict_at=latest.finished_at if latest else None,
        holding=_holding(stage, collection) if collection else {},
        stable=stable_freight(stage),
        held=held,
        tried=_tried(stage),
    )


def _tried(stage: Stage) -> frozenset[str]:
    """Return the Freight of rollbacks that are newer than what the Stage took note of last.

    One that a promotion window discarded was no attempt.
    """
    move = last_move(stage)
    newer = {
        "stage": stage,
        "name__gt": move.name if move else "",
        f"annotations__{plans.ROLLBACK_ANNOTATION}": "true",
    }
    promotions = Promotion.everything.filter(**newer, request__isnull=True, is_discarded=False)
    requests = PromotionRequest.objects.filter(**newer)
    return frozenset(
        name
        for rows in (promotions, requests)
        for name in rows.values_list("freight__name", flat=True)
    )


def _last_attempt(stage: Stage) -> Attempt | None:
    move = last_move(stage)
    candidates = (stage.last_promotion, stage.last_request)
    row = next((it for it in candidates if it and move and it.name == move.name), None)
    if move is None or row is None or row.finished_at is None:
        return None
    is_aborted = isinstance(row, PromotionRequest) and bool(row.aborted_by)
    return Attempt(
        phase=PromotionPhase.ABORTED if is_aborted else move.phase,
        origin=str(FreightOrigin(row.freight.warehouse.name)),
        freight=row.freight.name,
        finished_at=row.finished_at,
        is_rollback=row.annotations.get(plans.ROLLBACK_ANNOTATION) == "true",
    )


def _holding(stage: Stage, collection: FreightCollection) -> dict[str, Held]:
    rows = StageFreight.objects.filter(stage=stage, current_since__isnull=False)
    since = dict(rows.values_list("freight_id", "current_since"))
    return {
        item.origin: Held(item.freight.name, since.get(item.freight_id) or collection.recorded_at)
        for item in collection.items.all()
    }
