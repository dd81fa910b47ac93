"""How a metric stands, from what has been counted and what its limits allow.

Source: Argo Rollouts ``analysis`` assessMetricStatus, assessMetricFailureInconclusiveOrError.
"""

from dataclasses import dataclass

from promotions.engine.analysis.int_or_string import int32_value
from promotions.engine.analysis.measurements import MetricResult
from promotions.engine.analysis.metrics import DEFAULT_CONSECUTIVE_ERROR_LIMIT, Metric
from promotions.engine.analysis.phases import AnalysisPhase


@dataclass(frozen=True, slots=True)
class Violation:
    """The limit that a metric went beyond; an empty one if it kept them all."""

    phase: AnalysisPhase = AnalysisPhase.UNSET
    message: str = ""


def assess_metric(metric: Metric, result: MetricResult, *, terminating: bool) -> AnalysisPhase:
    """Return the phase of a metric, given whether its run is about to end.

    A phase that is final stays. A metric that may go on is successful if the run ends.
    """
    if result.phase.is_completed:
        return result.phase
    otherwise = AnalysisPhase.SUCCESSFUL if terminating else AnalysisPhase.RUNNING
    last = result.last
    if last is None:
        return AnalysisPhase.SUCCESSFUL if terminating else AnalysisPhase.PENDING
    if not last.phase.is_completed:
        return AnalysisPhase.RUNNING
    return violation_of(metric, result).phase or _verdict(metric, result) or otherwise


def violation_of(metric: Metric, result: MetricResult) -> Violation:
    """Return the limit that is exceeded: errors before inconclusive before failures.

    Unlike elsewhere, an error outranks a failure here.
    """
    errors = int32_value(metric.consecutive_error_limit, default=DEFAULT_CONSECUTIVE_ERROR_LIMIT)
    if result.consecutive_error > errors:
        text = f"consecutiveErrors ({result.consecutive_error}) > consecutiveErrorLimit ({errors})"
        return Violation(AnalysisPhase.ERROR, text)
    inconclusive = int32_value(metric.inconclusive_limit)
    if result.inconclusive > inconclusive:
        text = f"inconclusive ({result.inconclusive}) > inconclusiveLimit ({inconclusive})"
        return Violation(AnalysisPhase.INCONCLUSIVE, text)
    failures = int32_value(metric.failure_limit)
    if result.failed > failures >= 0:
        text = f"failed ({result.failed}) > failureLimit ({failures})"
        return Violation(AnalysisPhase.FAILED, text)
    return Violation()


def is_count_reached(metric: Metric, result: MetricResult) -> bool:
    """Return whether as many measurements were taken as are wanted; errors do not count."""
    wanted = metric.effective_count
    return wanted is not None and result.count >= int32_value(wanted)


def _verdict(metric: Metric, result: MetricResult) -> AnalysisPhase:
    """Return the phase of a metric that is done within its limits, ``UNSET`` if it goes on."""
    successes = int32_value(metric.consecutive_success_limit)
    if 0 < successes <= result.consecutive_success:
        return AnalysisPhase.SUCCESSFUL
    if not is_count_reached(metric, result):
        return AnalysisPhase.UNSET
    if successes <= 0:
        return AnalysisPhase.SUCCESSFUL
    limits_failures = int32_value(metric.failure_limit) >= 0
    return AnalysisPhase.INCONCLUSIVE if limits_failures else AnalysisPhase.FAILED
