"""Short ways to say what analysis tests are about."""

from datetime import UTC, datetime, timedelta
from typing import TypedDict, Unpack

from promotions.engine.analysis.int_or_string import IntOrString
from promotions.engine.analysis.measurements import Measurement, MetricResult
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.phases import AnalysisPhase


class Counters(TypedDict, total=False):
    """The counters of a result, by name."""

    count: int
    successful: int
    failed: int
    inconclusive: int
    error: int
    consecutive_error: int
    consecutive_success: int


NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)

PHASES = {
    "P": AnalysisPhase.PENDING,
    "R": AnalysisPhase.RUNNING,
    "S": AnalysisPhase.SUCCESSFUL,
    "F": AnalysisPhase.FAILED,
    "E": AnalysisPhase.ERROR,
    "I": AnalysisPhase.INCONCLUSIVE,
    "-": AnalysisPhase.UNSET,
}


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def metric(
    name: str = "m",
    *,
    count: IntOrString | None = None,
    interval: str = "",
    failures: IntOrString | None = None,
    inconclusive: IntOrString | None = None,
    errors: IntOrString | None = None,
    successes: IntOrString | None = None,
) -> Metric:
    return Metric(
        name,
        interval=interval,
        count=count,
        failure_limit=failures,
        inconclusive_limit=inconclusive,
        consecutive_error_limit=errors,
        consecutive_success_limit=successes,
        provider={"web": {"url": "https://example.com"}},
    )


def finished(letter: str, *, seconds_ago: float = 0, message: str = "") -> Measurement:
    moment = ago(seconds_ago)
    return Measurement(PHASES[letter], message, started_at=moment, finished_at=moment)


def in_flight(*, resume_in: float | None = None) -> Measurement:
    resume_at = None if resume_in is None else ago(-resume_in)
    return Measurement(PHASES["R"], started_at=ago(60), resume_at=resume_at)


def result(
    name: str = "m",
    phase: str = "R",
    *measurements: Measurement,
    message: str = "",
    dry_run: bool = False,
    **counters: Unpack[Counters],
) -> MetricResult:
    return MetricResult(
        name, PHASES[phase], message, measurements=measurements, dry_run=dry_run, **counters
    )
