"""One pass over a run: what to measure now, and how the run stands afterwards.

``plan`` says what is due, somebody measures it, ``conclude`` says what that comes to; ``reconcile``
is the two with a function in between. Nothing here waits, reads a clock or asks a provider.

Source: Argo Rollouts ``analysis`` reconcileAnalysisRun, runMeasurements.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from common.errors import InvalidError, PlatformError
from promotions.engine.analysis.events import Event, run_completed
from promotions.engine.analysis.measurements import Measurement, MetricResult, recorded
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.retention import Collection, trim_measurements
from promotions.engine.analysis.rules import RetentionRule, dry_run_metrics, retained_metrics
from promotions.engine.analysis.run_assessment import assess_run
from promotions.engine.analysis.runs import RunSpec, RunStatus
from promotions.engine.analysis.scheduling import next_time
from promotions.engine.analysis.secret_arguments import (
    SecretLookup,
    redacted,
    redacted_metadata,
    resolve_secrets,
)
from promotions.engine.analysis.substitution import resolve_metric, resolve_without_secrets
from promotions.engine.analysis.tasks import Task, TaskKind, due_tasks
from promotions.engine.analysis.ttl import expires_at
from promotions.engine.analysis.validation import validate_metrics

METRIC_TERMINATED = "Metric Terminated"

_TERMINATED_PHASES = (AnalysisPhase.SUCCESSFUL, AnalysisPhase.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a task.

    Attributes:
        metadata: What the provider tells of the metric itself; kept from its first measurement.
    """

    measurement: Measurement
    metadata: Mapping[str, str] = field(default_factory=dict)


Measure: TypeAlias = Callable[[Sequence[Task]], Sequence[Measured]]
"""Takes all tasks of a pass, so that it may run them side by side; answers in their order."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pass has found out before anything is measured.

    Attributes:
        metrics: Resolved, with stand-ins for secrets.
        dry_run: Names of the metrics in a dry run.
        tasks: What to measure, resolved with the secrets.
        secret_values: What must not be seen in what comes back.
    """

    spec: RunSpec
    status: RunStatus
    metrics: tuple[Metric, ...]
    dry_run: frozenset[str]
    retention: Mapping[str, RetentionRule]
    tasks: tuple[Task, ...] = ()
    secret_values: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How a run stands after a pass.

    Attributes:
        next_at: When to look again, not before now: for a run that has ended when it may be
            deleted; ``None`` if there is nothing to wait for.
        collections: What providers may now throw away.
    """

    status: RunStatus
    next_at: datetime | None = None
    events: tuple[Event, ...] = ()
    collections: tuple[Collection, ...] = ()


def reconcile(
    spec: RunSpec, status: RunStatus, *, measure: Measure, secrets: SecretLookup, now: datetime
) -> Reconciled:
    """Return how the run stands after measuring what is due; a run that has ended stays."""
    planned = plan(spec, status, secrets=secrets, now=now)
    if isinstance(planned, Reconciled):
        return planned
    return conclude(planned, measure(planned.tasks), now=now)


def plan(
    spec: RunSpec, status: RunStatus, *, secrets: SecretLookup, now: datetime
) -> Plan | Reconciled:
    """Return what is due, or how the run stands if there is nothing to be done about it.

    A specification that is wrong ends the run in error; such a run has no start and no end.
    """
    if status.phase.is_completed:
        return Reconciled(status, next_at=_not_before(now, expires_at(spec.ttl_strategy, status)))
    try:
        metrics = resolve_without_secrets(spec.metrics, spec.arguments)
    except PlatformError as error:
        return _unresolvable(status, error)
    try:
        planned = _checked(spec, status, metrics)
    except InvalidError as error:
        return _ended(status, f"Analysis spec invalid: {error}")
    try:
        return _with_tasks(planned, secrets=secrets, now=now)
    except PlatformError as error:
        return _unresolvable(status, error)


def conclude(planned: Plan, measured: Sequence[Measured], *, now: datetime) -> Reconciled:
    """Return how the run stands with the tasks measured, ``measured`` in their order."""
    status = _recorded(planned, measured, now=now)
    assessment = assess_run(planned.spec, planned.metrics, status, dry_run=planned.dry_run, now=now)
    events = assessment.events
    status = assessment.status
    if assessment.phase is not status.phase:
        status = replace(status, phase=assessment.phase, message=assessment.message)
        if status.phase.is_completed:
            status = replace(status, completed_at=now)
            events = (*events, run_completed(status.phase))
    trimmed = trim_measurements(status.results, planned.metrics, rules=planned.retention)
    status = replace(status, results=trimmed.results)
    return Reconciled(status, _next_at(planned, status, now), events, trimmed.collections)


def unmeasurable(task: Task, message: str, *, now: datetime) -> Measured:
    """Return what comes of a task whose provider could not even be made."""
    unfinished = task.measurement or Measurement(started_at=now)
    return Measured(replace(unfinished, phase=AnalysisPhase.ERROR, message=message))


def _checked(spec: RunSpec, status: RunStatus, metrics: tuple[Metric, ...]) -> Plan:
    validate_metrics(metrics)
    names = [metric.name for metric in metrics]
    return Plan(
        spec=spec,
        status=status,
        metrics=metrics,
        dry_run=dry_run_metrics(spec.dry_run, names),
        retention=retained_metrics(spec.measurement_retention, names),
    )


def _with_tasks(planned: Plan, *, secrets: SecretLookup, now: datetime) -> Plan:
    """Add what is due. Secrets are read even if nothing is, so one that is gone ends the run."""
    tasks = due_tasks(planned.spec, planned.metrics, planned.status, now=now)
    resolved = resolve_secrets(planned.spec.arguments, secrets=secrets)
    return replace(
        planned,
        tasks=tuple(
            replace(task, metric=resolve_metric(task.metric, resolved.arguments)) for task in tasks
        ),
        secret_values=resolved.values,
    )


def _recorded(planned: Plan, measured: Sequence[Measured], *, now: datetime) -> RunStatus:
    """Return the status with what was measured; new results come last, in the order of tasks."""
    results = list(planned.status.results)
    places = {result.name: place for place, result in reversed(list(enumerate(results)))}
    for task, outcome in zip(planned.tasks, measured, strict=True):
        place = places.setdefault(task.metric.name, len(results))
        if place == len(results):
            results.append(_first_result(planned, task, outcome))
        results[place] = _with_outcome(results[place], planned, task, outcome.measurement, now)
    return replace(planned.status, results=tuple(results))


def _first_result(planned: Plan, task: Task, outcome: Measured) -> MetricResult:
    name = task.metric.name
    return MetricResult(
        name,
        AnalysisPhase.RUNNING,
        dry_run=name in planned.dry_run,
        metadata=redacted_metadata(outcome.metadata, values=planned.secret_values),
    )


def _with_outcome(
    result: MetricResult, planned: Plan, task: Task, measurement: Measurement, now: datetime
) -> MetricResult:
    if task.kind is TaskKind.TERMINATE and measurement.phase in _TERMINATED_PHASES:
        measurement = replace(measurement, message=METRIC_TERMINATED)
    measurement = redacted(measurement, values=planned.secret_values)
    return recorded(result, measurement, resumed=task.measurement is not None, now=now)


def _next_at(planned: Plan, status: RunStatus, now: datetime) -> datetime | None:
    if status.phase.is_completed:
        return _not_before(now, expires_at(planned.spec.ttl_strategy, status))
    return _not_before(now, next_time(planned.metrics, status, now=now))


def _not_before(now: datetime, time: datetime | None) -> datetime | None:
    return None if time is None else max(now, time)


def _unresolvable(status: RunStatus, error: PlatformError) -> Reconciled:
    return _ended(status, f"Unable to resolve metric arguments: {error}")


def _ended(status: RunStatus, message: str) -> Reconciled:
    ended = replace(status, phase=AnalysisPhase.ERROR, message=message)
    return Reconciled(ended, events=(run_completed(AnalysisPhase.ERROR),))
