"""Carries out what was decided about a promotion request, and stores how far it is."""

import logging
from datetime import datetime
from typing import Any

from common.errors import PlatformError
from projects.models import ChangeType
from projects.services.changes import record_change
from promotions import queue
from promotions.engine.conditions import truncated
from promotions.engine.targets import Decision, RequestPhase
from promotions.manifests.freight_contents import freight_reference
from promotions.models import (
    PromotionRequest,
    RequestTarget,
    Stage,
    Target,
    WorkKind,
)
from promotions.selectors import plans
from promotions.selectors.promotion_requests import last_collection
from promotions.services import events
from promotions.services.promotions import create_target_promotion
from promotions.services.stage_status import record_collection, tell_stage_changed, update_stage
from rbac.actors import Actor, controller

logger = logging.getLogger(__name__)


def admit_request(stage: Stage, request: PromotionRequest, *, now: datetime) -> bool:
    """Let a request start: name it the Stage's current one and wake it.

    Returns:
        Whether it was let in; not if the Stage promotes something already.
    """
    rows = Stage.objects.filter(
        pk=stage.pk, current_request__isnull=True, current_promotion__isnull=True
    )
    if not rows.update(current_request=request, updated_at=now):
        stage.refresh_from_db(fields=["current_request", "current_promotion"])
        return False
    stage.current_request = request
    tell_stage_changed(stage)
    queue.wake(kind=WorkKind.PROMOTION_REQUEST, uid=request.uid, at=now)
    return True


def start_request(request: PromotionRequest, *, now: datetime) -> None:
    """Move a waiting request to Running, and fix what the Stage will hold if it succeeds."""
    target = plans.target_collection(request.stage, freight_reference(request.freight))
    request.advance(RequestPhase.RUNNING, at=now, freight_collection=target)
    logger.info("promotion request started", extra={"request": request.name})
    touched(request)


def begin_targets(
    request: PromotionRequest, rows: list[RequestTarget], decision: Decision, *, now: datetime
) -> bool:
    """Promote to the targets that are to begin; return whether some could not be.

    Those have failed then, and the reason is stored.
    """
    wanted = [row for row in rows if row.name in set(decision.start)]
    targets = Target.objects.filter(project=request.project, name__in=[it.name for it in wanted])
    by_name = {target.name: target for target in targets}
    refused = [row for row in wanted if not _begin(request, row, by_name.get(row.name), now=now)]
    return bool(refused)


def store_request(request: PromotionRequest, decision: Decision, *, now: datetime) -> None:
    """Write what a pass over the request came to, and tell the Stage if it has ended.

    Raises:
        ConflictError: Somebody moved it meanwhile.
    """
    message = truncated(decision.message)
    if decision.phase.is_terminal:
        request.advance(decision.phase, at=now, message=message)
        events.tell_request_ended(request, now=now)
        logger.info("promotion request ended", extra={"request": request.name})
        queue.wake(kind=WorkKind.STAGE, uid=request.stage.uid, at=now)
    elif request.message != message:
        PromotionRequest.objects.filter(pk=request.pk).update(message=message, updated_at=now)
        request.message = message
    else:
        return
    touched(request)


def explain_request(request: PromotionRequest, message: str, *, now: datetime) -> None:
    """Say on a request that is to start why it does not."""
    shown = truncated(message)
    if request.message == shown:
        return
    PromotionRequest.objects.filter(pk=request.pk).update(message=shown, updated_at=now)
    request.message = shown
    touched(request)


def conclude_request(stage: Stage, request: PromotionRequest, *, now: datetime) -> None:
    """Take note of a request that has ended; a success becomes what the Stage holds."""
    if request.started_at is None:
        collection = last_collection(stage)
        PromotionRequest.objects.filter(pk=request.pk).update(freight_collection=collection)
        request.freight_collection = collection
    values: dict[str, Any] = {"last_request": request}
    if request.phase == RequestPhase.SUCCEEDED:
        record_collection(stage, request.freight_collection, promotion=None, now=now)
        values["health"] = None
    update_stage(stage, now=now, **values)


def clear_current_request(stage: Stage, *, now: datetime) -> None:
    """Forget the current request, which has ended."""
    update_stage(stage, now=now, current_request=None)


def touched(request: PromotionRequest, change_type: ChangeType = ChangeType.MODIFIED) -> None:
    """Record that the request changed."""
    record_change(
        request,
        change_type=change_type,
        tenant_uid=request.project.tenant.uid,
        project_uid=request.project.uid,
    )


def _begin(
    request: PromotionRequest, row: RequestTarget, target: Target | None, *, now: datetime
) -> bool:
    if target is None:
        _fail(row, f'targets.kargo.akuity.io "{row.name}" not found', now=now)
        return False
    try:
        promotion = create_target_promotion(request, target, actor=_actor(request), now=now)
    except PlatformError as error:
        _fail(row, error.message, now=now)
        return False
    RequestTarget.objects.filter(pk=row.pk).update(promotion=promotion)
    row.promotion = promotion
    return True


def _fail(row: RequestTarget, reason: str, *, now: datetime) -> None:
    RequestTarget.objects.filter(pk=row.pk).update(failure=truncated(reason), failed_at=now)
    row.failure, row.failed_at = reason, now


def _actor(request: PromotionRequest) -> Actor:
    return controller("promotion-request-controller", shard=request.shard)
