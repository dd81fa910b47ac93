"""When a run is worth looking at again.

Source: Argo Rollouts ``analysis`` calculateNextReconcileTime.
"""

from collections.abc import Sequence
from datetime import datetime

from promotions.engine.analysis.assessment import is_count_reached
from promotions.engine.analysis.measurements import Measurement, MetricResult
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.runs import RunStatus
from promotions.engine.analysis.tasks import wait_after
from promotions.engine.analysis.timing import after, optional_duration


def next_time(metrics: Sequence[Metric], status: RunStatus, *, now: datetime) -> datetime | None:
    """Return when the first unfinished metric wants something, ``None`` if none ever does.

    The time may lie in the past, which means now.
    """
    results = status.by_name()
    times = []
    for metric in metrics:
        result = results.get(metric.name)
        if result is None or result.last is None:
            is_completed = result is not None and result.phase.is_completed
            times.append(None if is_completed else _first(metric, status, now))
        elif not result.phase.is_completed:
            times.append(_next(metric, result, result.last))
    return min((time for time in times if time is not None), default=None)


def _first(metric: Metric, status: RunStatus, now: datetime) -> datetime | None:
    delay = optional_duration(metric.initial_delay) if metric.initial_delay else None
    return None if delay is None else after(status.started_at or now, delay)


def _next(metric: Metric, result: MetricResult, last: Measurement) -> datetime | None:
    if last.finished_at is None:
        return last.resume_at
    wait = None if is_count_reached(metric, result) else wait_after(metric, last)
    return None if wait is None else after(last.finished_at, wait)
