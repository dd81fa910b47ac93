"""Keeps promotions out while promotion windows are closed, whoever asks for them.

Asking for one is refused; one that waits when its window closes is discarded; what runs goes on.
Source: Kargo, promotion windows: admission is the arbiter.
"""

import logging
from datetime import datetime

from common.errors import ForbiddenError
from promotions.engine.eligibility import Reason
from promotions.engine.phases import PromotionPhase
from promotions.engine.targets import RequestPhase
from promotions.models import Promotion, PromotionRequest, Stage
from promotions.selectors.promotion_requests import unfinished_requests_in
from promotions.selectors.promotions import unfinished_in
from promotions.selectors.windows import closed_reason
from promotions.services import events, promotion_progress, saving, slots
from rbac import audit
from rbac.actors import controller

logger = logging.getLogger(__name__)


def refuse_closed(stage: Stage, *, now: datetime) -> None:
    """Return if the Stage's windows let promotions in.

    Raises:
        ForbiddenError: They do not; the message says when they will.
    """
    reason = closed_reason(stage, now=now)
    if reason is not None:
        message = f'Stage "{stage.name}" takes no promotions now: {reason.message}.'
        raise ForbiddenError(message, code="window_closed")


def discard_caught(stage: Stage, reason: Reason, *, now: datetime) -> None:
    """Discard what waits for a Stage whose windows have closed; what it let in stays."""
    for promotion in unfinished_in(stage):
        if promotion.pk != stage.current_promotion_id and _waits(promotion.phase):
            promotion.project, promotion.stage = stage.project, stage
            discard_promotion(promotion, reason, now=now)
    for request in unfinished_requests_in(stage):
        if request.pk != stage.current_request_id and request.phase == RequestPhase.PENDING:
            _discard_request(request, stage, reason, now=now)


def discard_promotion(promotion: Promotion, reason: Reason, *, now: datetime) -> None:
    """End a promotion that has not started, as if nobody had asked for it.

    It is kept as Aborted and says why; its Stage takes no note of it, and automation may promote
    the same Freight when the window opens.

    Raises:
        ConflictError: It moved meanwhile.
    """
    message = f"Discarded before it started: {reason.message}"
    promotion.advance(PromotionPhase.ABORTED, at=now, message=message, is_discarded=True)
    promotion_progress.touched(promotion)
    events.tell_promotion_discarded(promotion, now=now)
    _audit(promotion, promotion.stage, reason, now=now)
    logger.info("promotion discarded", extra={"promotion": promotion.name})
    promotion_progress.wake_owner(promotion, now=now)
    slots.call_next(promotion.project.tenant.uid, now=now)


def _discard_request(
    request: PromotionRequest, stage: Stage, reason: Reason, *, now: datetime
) -> None:
    """End a promotion request that has not started, and delete it: automation may ask again."""
    message = f"Discarded before it started: {reason.message}"
    actor = controller("stage-controller", shard=stage.shard)
    request.project, request.stage = stage.project, stage
    request.advance(RequestPhase.ERRORED, at=now, message=message, aborted_by=actor.name)
    events.tell_request_discarded(request, now=now)
    _audit(request, stage, reason, now=now)
    saving.delete(request, write=saving.Write(saving.owner_of(stage.project), actor, now))
    logger.info("promotion request discarded", extra={"request": request.name})


def _waits(phase: str) -> bool:
    return phase in {"", PromotionPhase.PENDING.value}


def _audit(
    subject: Promotion | PromotionRequest, stage: Stage, reason: Reason, *, now: datetime
) -> None:
    is_request = isinstance(subject, PromotionRequest)
    act = audit.Act(
        action="promotion_request.discard" if is_request else "promotion.discard",
        kind="PromotionRequest" if is_request else "Promotion",
        tenant_uid=stage.project.tenant.uid,
        project_uid=stage.project.uid,
        object_uid=subject.uid,
        object_name=subject.name,
        reason=reason.message,
    )
    audit.record(act, actor=controller("stage-controller", shard=stage.shard), at=now)
