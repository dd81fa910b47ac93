"""How a whole run stands, from how its metrics do.

Source: Argo Rollouts ``analysis`` assessRunStatus.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from promotions.engine.analysis.assessment import Violation, assess_metric, violation_of
from promotions.engine.analysis.events import Event, metric_completed
from promotions.engine.analysis.measurements import MetricResult
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.phases import AnalysisPhase, is_worse
from promotions.engine.analysis.runs import RunSpec, RunStatus, RunSummary, is_terminating

RUN_TERMINATED = "Run Terminated"


@dataclass(frozen=True, slots=True)
class RunAssessment:
    """What looking at a run gave.

    Attributes:
        status: With the results and summaries brought up to date; its phase and message are
            still the old ones, and so is ``completed_at``.
        phase: The phase it is to have.
        message: The message it is to have if the phase is another one now.
    """

    status: RunStatus
    phase: AnalysisPhase
    message: str
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class _Assessed:
    """One metric; ``result`` is ``None`` if it has not been started."""

    metric: Metric
    is_dry_run: bool
    result: MetricResult | None
    violation: Violation
    has_changed: bool = False

    @property
    def is_completed(self) -> bool:
        return self.result is not None and self.result.phase.is_completed


def assess_run(
    spec: RunSpec,
    metrics: Sequence[Metric],
    status: RunStatus,
    *,
    dry_run: frozenset[str],
    now: datetime,
) -> RunAssessment:
    """Return how the run stands.

    Args:
        spec: Says whether somebody asked to stop it.
        metrics: Those of ``spec`` with arguments resolved.
        status: The results so far, not yet assessed.
        dry_run: Names of the metrics that cannot worsen the run.
        now: When the run starts if it has not.
    """
    terminating = is_terminating(spec, status)
    results = status.by_name()
    assessed = [
        _assessed(metric, results.get(metric.name), metric.name in dry_run, terminating)
        for metric in metrics
    ]
    phase, message = _worst(assessed, RUN_TERMINATED if spec.terminate else "")
    if terminating:
        phase = phase or AnalysisPhase.SUCCESSFUL
    elif not phase or not all(it.is_completed for it in assessed):
        phase, message = AnalysisPhase.RUNNING, ""
    updated = replace(
        status,
        started_at=status.started_at or now,
        results=_replaced(status.results, assessed),
        run_summary=_summary([it for it in assessed if not it.is_dry_run]),
        dry_run_summary=_summary([it for it in assessed if it.is_dry_run]),
    )
    return RunAssessment(updated, phase, message, _events(assessed))


def _assessed(
    metric: Metric,
    result: MetricResult | None,
    is_dry_run: bool,  # noqa: FBT001  a fact about the metric, passed by one caller
    terminating: bool,  # noqa: FBT001  as above
) -> _Assessed:
    if result is None:
        return _Assessed(metric, is_dry_run, None, Violation())
    phase = assess_metric(metric, result, terminating=terminating)
    has_changed = phase is not result.phase
    if has_changed:
        message = result.last.message if result.last else result.message
        result = replace(result, phase=phase, message=message)
    violation = violation_of(metric, result)
    if is_dry_run and phase.is_completed and violation.message:
        message = f"Metric assessed {phase} due to {violation.message}"
        result = replace(result, message=message)
    return _Assessed(metric, is_dry_run, result, violation, has_changed)


def _worst(assessed: Sequence[_Assessed], message: str) -> tuple[AnalysisPhase, str]:
    """Return the worst phase among completed metrics, ``UNSET`` if there are none, and why.

    A metric in a dry run counts as successful, and only where there is no other yet.
    """
    worst = AnalysisPhase.UNSET
    for item in assessed:
        if item.result is None or not item.is_completed:
            continue
        if item.is_dry_run:
            worst = worst or AnalysisPhase.SUCCESSFUL
        elif not worst or is_worse(item.result.phase, than=worst):
            worst = item.result.phase
            message = _message(item.result, item.violation) or message
    return worst, message.strip()


def _message(result: MetricResult, violation: Violation) -> str:
    if not violation.message:
        return ""
    text = f'Metric "{result.name}" assessed {result.phase} due to {violation.message}'
    return f'{text}: "Error Message: {result.message}"' if result.message else text


def _replaced(
    results: Sequence[MetricResult], assessed: Sequence[_Assessed]
) -> tuple[MetricResult, ...]:
    fresh = {it.result.name: it.result for it in assessed if it.result is not None}
    return tuple(fresh.pop(result.name, result) for result in results)


def _summary(assessed: Sequence[_Assessed]) -> RunSummary:
    """Return the summary; a metric is counted by the limit it exceeded, not by its phase."""
    by_violation = Counter(it.violation.phase for it in assessed if it.is_completed)
    return RunSummary(
        count=len(assessed),
        successful=by_violation[AnalysisPhase.UNSET],
        failed=by_violation[AnalysisPhase.FAILED],
        inconclusive=by_violation[AnalysisPhase.INCONCLUSIVE],
        error=by_violation[AnalysisPhase.ERROR],
    )


def _events(assessed: Sequence[_Assessed]) -> tuple[Event, ...]:
    return tuple(
        metric_completed(it.result.name, it.result.phase)
        for it in assessed
        if it.result is not None and it.has_changed and it.is_completed
    )
