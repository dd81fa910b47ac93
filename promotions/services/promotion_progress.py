"""Stores how far a promotion is: its phase, its steps, their outputs.

Everything is stored as people may see it, without secrets. The outputs as they are, for later
steps to read, are kept beside, encrypted, as long as the promotion runs.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from common.jsontypes import JSONObject, as_object
from common.redaction import mask_json, redact
from projects.models import ChangeType
from projects.services.changes import record_change
from promotions import queue
from promotions.engine.conditions import truncated
from promotions.engine.executor import Advance, Progress, abort
from promotions.engine.phases import PromotionPhase, StepRecord
from promotions.engine.runner import HealthCheck, StepStatus
from promotions.manifests.freight_contents import freight_reference
from promotions.models import Promotion, StepExecution, WorkKind
from promotions.selectors import plans
from promotions.services import application_index, events, run_secrets, saving, slots, webhook_index
from rbac.actors import controller

logger = logging.getLogger(__name__)

SHOWN_WITHIN = timedelta(seconds=1)
"""When a Stage is to show that what it let in runs; what ends sooner has it look sooner."""


def start_promotion(promotion: Promotion, *, now: datetime) -> None:
    """Move a waiting promotion to Running, and fix what the Stage will hold if it succeeds.

    Not before: with several origins that depends on the promotions that went ahead of it.

    Raises:
        ConflictError: Somebody moved it meanwhile.
    """
    if promotion.request is not None:
        target = promotion.request.freight_collection
    else:
        target = plans.target_collection(promotion.stage, freight_reference(promotion.freight))
    promotion.advance(PromotionPhase.RUNNING, at=now, freight_collection=target)
    logger.info("promotion started", extra={"promotion": promotion.name})
    touched(promotion)
    if promotion.request is None:
        queue.wake(kind=WorkKind.STAGE, uid=promotion.stage.uid, at=now + SHOWN_WITHIN)


def progress_of(promotion: Promotion) -> Progress:
    """Return the progress as the engine knows it, secrets in outputs and all."""
    rows = StepExecution.objects.filter(promotion=promotion).order_by("index")
    state = run_secrets.state_of(promotion)
    return Progress(
        current_step=promotion.current_step,
        records=tuple(_record(row, state) for row in rows),
        state=state,
        health_checks=tuple(
            HealthCheck(uses=check["uses"], config=check.get("config") or {})
            for check in promotion.health_checks
        ),
    )


def store_progress(promotion: Promotion, progress: Progress, *, now: datetime) -> None:
    """Write the engine's progress to the promotion and its step executions."""
    with run_secrets.known(promotion):
        values = {**_columns(progress), **run_secrets.columns(promotion, progress.state)}
        records = _shown_records(progress.records)
    Promotion.objects.filter(pk=promotion.pk).update(updated_at=now, **values)
    for name, value in values.items():
        setattr(promotion, name, value)
    _store_records(promotion, records)
    webhook_index.index_pull_requests(promotion, progress.state)
    application_index.index_applications(promotion, progress.state)
    touched(promotion)


def store(promotion: Promotion, result: Advance, *, now: datetime) -> None:
    """Write what a pass over the promotion came to, and tell the Stage if it has ended.

    Raises:
        ConflictError: The promotion was aborted meanwhile.
    """
    with run_secrets.known(promotion):
        seen = {"message": _shown(result.message), "handled_refresh": promotion.refresh_token}
        columns = {**_columns(result.progress), "encrypted": ""}
        records = _shown_records(result.progress.records)
    if result.phase is PromotionPhase.RUNNING:
        Promotion.objects.filter(pk=promotion.pk).update(**seen)
        store_progress(promotion, result.progress, now=now)
        return
    promotion.advance(result.phase, at=now, **seen, **columns)
    _store_records(promotion, records)
    webhook_index.forget_pull_requests(promotion)
    touched(promotion)
    events.tell_promotion_ended(promotion, now=now)
    logger.info("promotion finished", extra={"promotion": promotion.name, "phase": promotion.phase})
    wake_owner(promotion, now=now)
    slots.call_next(promotion.project.tenant.uid, now=now)


def end_with_request(promotion: Promotion, *, now: datetime) -> None:
    """End a promotion whose request was aborted in the moment in which it made it.

    If the request was deleted, so is the promotion.

    Raises:
        ConflictError: Somebody moved it meanwhile.
    """
    request = promotion.request
    aborted_by = request.aborted_by if request is not None else ""
    store(promotion, abort(progress_of(promotion), actor=aborted_by, now=now), now=now)
    if request is not None and request.deleted_at is not None:
        actor = controller("promotion-controller", shard=promotion.shard)
        owner = saving.owner_of(promotion.project)
        saving.delete(promotion, write=saving.Write(owner, actor, now))


def wake_owner(promotion: Promotion, *, now: datetime) -> None:
    """Have whoever let the promotion in look at it: its Stage, or the request that made it."""
    if promotion.request is not None:
        queue.wake(kind=WorkKind.PROMOTION_REQUEST, uid=promotion.request.uid, at=now)
    else:
        queue.wake(kind=WorkKind.STAGE, uid=promotion.stage.uid, at=now)


def explain(promotion: Promotion, message: str, *, now: datetime) -> None:
    """Say on a promotion that is to run why it does not go on."""
    with run_secrets.known(promotion):
        shown = _shown(message)
    if promotion.message == shown:
        return
    Promotion.objects.filter(pk=promotion.pk).update(message=shown, updated_at=now)
    promotion.message = shown
    touched(promotion)


def touched(promotion: Promotion) -> None:
    """Record that the promotion changed."""
    project = promotion.project
    record_change(
        promotion,
        change_type=ChangeType.MODIFIED,
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
    )


def _shown(message: str) -> str:
    """Return a message without what nobody may see, and of a bounded length."""
    return truncated(redact(message))


def _shown_records(records: Sequence[StepRecord]) -> list[StepRecord]:
    return [replace(it, message=_shown(it.message)) for it in records]


def _columns(progress: Progress) -> dict[str, Any]:
    return {
        "current_step": progress.current_step,
        "state": mask_json(progress.state),
        "health_checks": [
            {"uses": check.uses, "config": mask_json(check.config)}
            for check in progress.health_checks
        ],
    }


def _store_records(promotion: Promotion, records: Sequence[StepRecord]) -> None:
    rows = {row.index: row for row in StepExecution.objects.filter(promotion=promotion)}
    StepExecution.objects.filter(promotion=promotion, index__gte=len(records)).delete()
    for index, record in enumerate(records):
        values = _row_values(record)
        row = rows.get(index)
        if row is None:
            StepExecution.objects.create(promotion=promotion, index=index, **values)
        elif any(getattr(row, name) != value for name, value in values.items()):
            StepExecution.objects.filter(pk=row.pk).update(**values)


def _row_values(record: StepRecord) -> dict[str, Any]:
    return {
        "alias": record.alias,
        "kind": record.kind,
        "status": record.status.value if record.status else "",
        "message": record.message,
        "error_count": record.error_count,
        "continue_on_error": record.continue_on_error,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
    }


def _record(row: StepExecution, state: JSONObject) -> StepRecord:
    return StepRecord(
        alias=row.alias,
        kind=row.kind,
        status=StepStatus(row.status) if row.status else None,
        message=row.message,
        error_count=row.error_count,
        started_at=row.started_at,
        finished_at=row.finished_at,
        continue_on_error=row.continue_on_error,
        output=as_object(state[row.alias]) if row.alias in state else None,
    )
