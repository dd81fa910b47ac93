"""Which metrics are to be measured now.

Source: Argo Rollouts ``analysis`` generateMetricTasks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from promotions.engine.analysis.assessment import is_count_reached
from promotions.engine.analysis.measurements import Measurement, MetricResult
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.runs import RunSpec, RunStatus, is_terminating
from promotions.engine.analysis.timing import ERROR_RETRY, after, optional_duration


class TaskKind(StrEnum):
    """What to do with a metric."""

    MEASURE = "measure"
    RESUME = "resume"
    TERMINATE = "terminate"


@dataclass(frozen=True, slots=True)
class Task:
    """One metric to measure, resume or stop.

    Attributes:
        metric: As it was given; the caller decides how far its arguments are resolved.
        measurement: The one in flight; ``None`` for a new one.
    """

    metric: Metric
    kind: TaskKind
    measurement: Measurement | None = None


def due_tasks(
    spec: RunSpec, metrics: Sequence[Metric], status: RunStatus, *, now: datetime
) -> list[Task]:
    """Return what is due, in the order of the metrics.

    Args:
        spec: Its metrics, unresolved, are what the tasks carry.
        metrics: The same metrics with arguments resolved, which is what decides.
        status: What has been measured so far.
        now: Something is due after its time, not at it; a first measurement already at it.
    """
    terminating = is_terminating(spec, status)
    results = status.by_name()
    tasks = []
    for given, metric in zip(spec.metrics, metrics, strict=True):
        result = results.get(metric.name)
        if result is not None and result.phase.is_completed:
            continue
        last = result.last if result else None
        if last is not None and last.finished_at is None:
            if terminating or last.resume_at is None or last.resume_at <= now:
                kind = TaskKind.TERMINATE if terminating else TaskKind.RESUME
                tasks.append(Task(given, kind, last))
        elif not terminating and _is_due(metric, result, status, now):
            tasks.append(Task(given, TaskKind.MEASURE))
    return tasks


def wait_after(metric: Metric, last: Measurement) -> timedelta | None:
    """Return how long after ``last`` the metric is measured again, ``None`` if never.

    Ten seconds after an error, whatever the interval is.
    """
    if last.phase is AnalysisPhase.ERROR:
        return ERROR_RETRY
    return optional_duration(metric.interval) if metric.interval else None


def _is_due(metric: Metric, result: MetricResult | None, status: RunStatus, now: datetime) -> bool:
    if result is None or result.last is None or result.last.finished_at is None:
        return _may_start(metric, status, now)
    if is_count_reached(metric, result):
        return False
    wait = wait_after(metric, result.last) if metric.interval else ERROR_RETRY
    return wait is not None and now > after(result.last.finished_at, wait)


def _may_start(metric: Metric, status: RunStatus, now: datetime) -> bool:
    if not metric.initial_delay:
        return True
    delay = optional_duration(metric.initial_delay)
    if delay is None or status.started_at is None:
        return False
    return after(status.started_at, delay) <= now
