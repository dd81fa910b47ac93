"""Stores how far a promotion is: its phase, its steps, their outputs."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from common.redaction import redact
from projects.models import ChangeType
from projects.services.changes import record_change
from promotions import queue
from promotions.engine.conditions import truncated
from promotions.engine.executor import Advance, Progress
from promotions.engine.phases import PromotionPhase, StepRecord
from promotions.engine.runner import HealthCheck, StepStatus
from promotions.manifests.freight_contents import freight_reference
from promotions.models import Promotion, StepExecution, WorkKind
from promotions.selectors import plans

logger = logging.getLogger(__name__)


def start_promotion(promotion: Promotion, *, now: datetime) -> None:
    """Move a waiting promotion to Running, and fix what the Stage will hold if it succeeds.

    Not before: with several origins that depends on the promotions that went ahead of it.

    Raises:
        ConflictError: Somebody moved it meanwhile.
    """
    target = plans.target_collection(promotion.stage, freight_reference(promotion.freight))
    promotion.advance(PromotionPhase.RUNNING, at=now, freight_collection=target)
    logger.info("promotion started", extra={"promotion": promotion.name})
    touched(promotion)


def progress_of(promotion: Promotion) -> Progress:
    """Return the progress as the engine knows it."""
    rows = StepExecution.objects.filter(promotion=promotion).order_by("index")
    return Progress(
        current_step=promotion.current_step,
        records=tuple(_record(row, promotion.state) for row in rows),
        state=promotion.state,
        health_checks=tuple(
            HealthCheck(uses=check["uses"], config=check.get("config") or {})
            for check in promotion.health_checks
        ),
    )


def store_progress(promotion: Promotion, progress: Progress, *, now: datetime) -> None:
    """Write the engine's progress to the promotion and its step executions."""
    values = _columns(progress)
    Promotion.objects.filter(pk=promotion.pk).update(updated_at=now, **values)
    for name, value in values.items():
        setattr(promotion, name, value)
    _store_records(promotion, progress.records)
    touched(promotion)


def store(promotion: Promotion, result: Advance, *, now: datetime) -> None:
    """Write what a pass over the promotion came to, and tell the Stage if it has ended.

    Raises:
        ConflictError: The promotion was aborted meanwhile.
    """
    seen = {"message": _shown(result.message), "handled_refresh": promotion.refresh_token}
    if result.phase is PromotionPhase.RUNNING:
        Promotion.objects.filter(pk=promotion.pk).update(**seen)
        store_progress(promotion, result.progress, now=now)
        return
    promotion.advance(result.phase, at=now, **seen, **_columns(result.progress))
    _store_records(promotion, result.progress.records)
    touched(promotion)
    logger.info("promotion finished", extra={"promotion": promotion.name, "phase": promotion.phase})
    queue.wake(kind=WorkKind.STAGE, uid=promotion.stage.uid, at=now)


def explain(promotion: Promotion, message: str, *, now: datetime) -> None:
    """Say on a promotion that is to run why it does not go on."""
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


def _columns(progress: Progress) -> dict[str, Any]:
    return {
        "current_step": progress.current_step,
        "state": dict(progress.state),
        "health_checks": [
            {"uses": check.uses, "config": dict(check.config)} for check in progress.health_checks
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
        "message": _shown(record.message),
        "error_count": record.error_count,
        "continue_on_error": record.continue_on_error,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
    }


def _record(row: StepExecution, state: dict[str, Any]) -> StepRecord:
    return StepRecord(
        alias=row.alias,
        kind=row.kind,
        status=StepStatus(row.status) if row.status else None,
        message=row.message,
        error_count=row.error_count,
        started_at=row.started_at,
        finished_at=row.finished_at,
        continue_on_error=row.continue_on_error,
        output=state.get(row.alias),
    )
