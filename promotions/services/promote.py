"""Promotes Freight to a Stage, whichever way the Stage is promoted to."""

from datetime import datetime

from promotions.models import Freight, Promotion, PromotionRequest, Stage
from promotions.selectors.targets import is_target_aware
from promotions.services.promotion_requests import create_promotion_request
from promotions.services.promotions import create_promotion
from rbac.actors import Actor


def promote(
    stage: Stage,
    freight: Freight,
    *,
    actor: Actor,
    now: datetime,
    annotations: dict[str, str] | None = None,
) -> Promotion | PromotionRequest:
    """Queue a promotion of ``freight`` into ``stage``, or a request for all its targets.

    Raises:
        InvalidError: The Stage has no steps, the Freight is not available to it, or a task or
            one of its variables is missing.
    """
    if is_target_aware(stage):
        return create_promotion_request(
            stage, freight, actor=actor, now=now, annotations=annotations
        )
    return create_promotion(stage, freight, actor=actor, now=now, annotations=annotations)
