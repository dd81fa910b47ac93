"""Writes what a pass over an analysis run finds, without the secrets, and within bounds."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from common.redaction import redact
from projects.models import ChangeType
from projects.services.changes import record_change
from promotions import queue
from promotions.engine.analysis.events import Event, EventType
from promotions.engine.analysis.measurements import Measurement, MetricResult
from promotions.engine.analysis.providers.job import JOB_NAME, JOB_NAMESPACE
from promotions.engine.analysis.providers.kayenta import EXECUTION_ID
from promotions.engine.analysis.runs import RunStatus, write_run_status
from promotions.models import AnalysisJob, AnalysisRun, WorkKind

logger = logging.getLogger(__name__)

LONGEST_VALUE = 8 * 1024
LONGEST_MESSAGE = 4 * 1024
LONGEST_LOG = 1024 * 1024
_REFERENCES = frozenset({JOB_NAME, JOB_NAMESPACE, EXECUTION_ID})
"""Metadata by which work is found again: stored as it is."""
_CUT = "…"


def store_status(
    run: AnalysisRun, status: RunStatus, *, events: Iterable[Event] = (), now: datetime
) -> None:
    """Store how a run stands; its Stage is woken when the phase is another one now."""
    clean = _clean(status)
    document = write_run_status(clean)
    has_moved = run.phase != clean.phase.value
    if document == run.status and not has_moved:
        return
    values: dict[str, Any] = {"status": document, "phase": clean.phase.value, "updated_at": now}
    if clean.phase.is_completed and run.ended_at is None:
        values["ended_at"] = now
    AnalysisRun.objects.filter(pk=run.pk).update(**values)
    for name, value in values.items():
        setattr(run, name, value)
    _tell(run, ChangeType.MODIFIED)
    for event in events:
        level = logging.WARNING if event.type is EventType.WARNING else logging.INFO
        facts = {"run": run.name, "reason": event.reason, "message_": event.message}
        logger.log(level, "analysis", extra=facts)
    if has_moved and run.stage is not None:
        queue.wake(kind=WorkKind.STAGE, uid=run.stage.uid, at=now)


def expire_run(run: AnalysisRun, *, now: datetime) -> None:
    """Take a run away whose own time to live is over; the row stays as history."""
    AnalysisRun.objects.filter(pk=run.pk).update(deleted_at=now, updated_at=now)
    run.deleted_at = now
    queue.close_work(kind=WorkKind.ANALYSIS_RUN, uid=run.uid)
    _tell(run, ChangeType.DELETED)


def begin_job(run: AnalysisRun, metric: str, ordinal: int, *, name: str, now: datetime) -> bool:
    """Note that a job is about to be started; return whether nobody had set out to before."""
    _, is_new = AnalysisJob.objects.get_or_create(
        run=run, metric=metric, ordinal=ordinal, defaults={"name": name, "begun_at": now}
    )
    return is_new


def store_job(
    run: AnalysisRun,
    name: str,
    *,
    outcome: str = "",
    logs: Mapping[str, str] | None = None,
    unreachable: int = 0,
    now: datetime,
) -> None:
    """Store what is known of a job; with an outcome it is over."""
    values: dict[str, Any] = {"unreachable": unreachable}
    if logs is not None:
        values["logs"] = {key: shown_log(text) for key, text in logs.items()}
    if outcome:
        values |= {"outcome": outcome, "ended_at": now}
    AnalysisJob.objects.filter(run=run, name=name).update(**values)


def forget_jobs(run: AnalysisRun, names: Collection[str]) -> None:
    """Forget jobs and what they printed; their measurements are counted and forgotten too."""
    if names:
        AnalysisJob.objects.filter(run=run, name__in=names).delete()


def shown_log(text: str) -> str:
    """Return what may be kept of what a job printed: its end, without the secrets."""
    clean = redact(text[-2 * LONGEST_LOG :])
    return clean if len(clean) <= LONGEST_LOG else f"{_CUT}\n{clean[-LONGEST_LOG:]}"


def _tell(run: AnalysisRun, change_type: ChangeType) -> None:
    record_change(
        run,
        change_type=change_type,
        tenant_uid=run.project.tenant.uid,
        project_uid=run.project.uid,
    )


def _clean(status: RunStatus) -> RunStatus:
    return replace(
        status,
        message=_shown(status.message, LONGEST_MESSAGE),
        results=tuple(map(_clean_result, status.results)),
    )


def _clean_result(result: MetricResult) -> MetricResult:
    return replace(
        result,
        message=_shown(result.message, LONGEST_MESSAGE),
        measurements=tuple(map(_clean_measurement, result.measurements)),
        metadata=_clean_metadata(result.metadata),
    )


def _clean_measurement(measurement: Measurement) -> Measurement:
    return replace(
        measurement,
        message=_shown(measurement.message, LONGEST_MESSAGE),
        value=_shown(measurement.value, LONGEST_VALUE),
        metadata=_clean_metadata(measurement.metadata),
    )


def _clean_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    return {
        key: text if key in _REFERENCES else _shown(text, LONGEST_VALUE)
        for key, text in metadata.items()
    }


def _shown(text: str, most: int) -> str:
    """Return a text redacted, storable and short enough."""
    clean = redact(text.replace("\0", "\N{REPLACEMENT CHARACTER}"))
    return clean if len(clean) <= most else f"{clean[: most - 1]}{_CUT}"
