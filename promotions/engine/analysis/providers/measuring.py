"""Makes measurements of what providers found, or of why they found nothing.

Source: Argo Rollouts ``utils/evaluate`` and ``utils/metric`` MarkMeasurementError.
"""

from dataclasses import replace
from datetime import datetime

from common.errors import PlatformError
from promotions.engine.analysis.conditions import evaluate_result
from promotions.engine.analysis.measurements import Measurement
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.providers.errors import ResponseError
from promotions.engine.analysis.providers.results import ANYTHING, Progress, Result


def measured(metric: Metric, result: Result, *, begun: Measurement, now: datetime) -> Measurement:
    """Return the measurement that the metric's conditions make of a result.

    ``begun`` says when the measurement started. If the conditions cannot be evaluated, it is in
    error and has no value, unless the provider keeps it.
    """
    go_type = "" if result.go_type == ANYTHING else result.go_type
    verdict = evaluate_result(result.value, metric, go_type=go_type)
    is_kept = verdict.phase is not AnalysisPhase.ERROR or result.outlives_errors
    return replace(
        begun,
        phase=verdict.phase,
        message=verdict.message,
        value=result.text if is_kept else "",
        metadata=result.metadata,
        finished_at=now,
    )


def progressed(measurement: Measurement, progress: Progress, *, now: datetime) -> Measurement:
    """Return the measurement with what was found of its work."""
    return replace(
        measurement,
        phase=progress.phase,
        message=progress.message,
        value=progress.text or measurement.value,
        metadata=progress.metadata,
        resume_at=progress.resume_at or measurement.resume_at,
        finished_at=now if progress.phase.is_completed else None,
    )


def failed(measurement: Measurement, error: PlatformError, *, now: datetime) -> Measurement:
    """Return the measurement in error, for the reason that a provider gave."""
    kept = error.metadata if isinstance(error, ResponseError) else {}
    return replace(
        measurement,
        phase=AnalysisPhase.ERROR,
        message=error.message,
        metadata={**measurement.metadata, **kept},
        finished_at=now,
    )
