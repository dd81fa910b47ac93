"""What an analysis run has measured, and what its jobs printed, ready to show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.jsontypes import JSONValue, as_list, as_object, as_text
from promotions.engine.analysis.measurements import MetricResult
from promotions.engine.analysis.providers import job
from promotions.engine.analysis.runs import read_run_status
from promotions.models import AnalysisRun
from promotions.portal.frame import ProjectPage
from promotions.portal.states import State, Tone
from promotions.selectors.analysis_logs import logs_of
from promotions.selectors.analysis_runs import analysis_run_named

_TONES = {
    "Successful": Tone.SUCCEEDED,
    "Running": Tone.RUNNING,
    "Failed": Tone.FAILED,
    "Error": Tone.FAILED,
    "Inconclusive": Tone.STOPPED,
}


@dataclass(frozen=True, slots=True)
class MeasurementRow:
    """One measurement."""

    state: State
    value: str
    message: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric of a run, and its newest measurements first.

    Attributes:
        wanted: How many measurements end it, empty for any number and for one.
        counted: How many there are that were not in error.
    """

    name: str
    provider: str
    state: State
    is_dry_run: bool
    success: str
    failure: str
    wanted: str
    counted: int
    message: str
    measurements: tuple[MeasurementRow, ...]

    @property
    def has_log(self) -> bool:
        """Whether a job measures it, and has been started."""
        return self.provider == job.KIND and bool(self.measurements)


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run."""

    run: AnalysisRun
    state: State
    message: str
    metrics: tuple[MetricRow, ...]


class JobLogPage(ProjectPage):
    """What the newest job of a metric printed."""

    access_resource = "analysisruns"
    template_name = "promotions/job_log.html"
    fragment_name = "promotions/_job_log.html"

    def context(self) -> dict[str, Any]:
        run = analysis_run_named(self.project, str(self.kwargs["run"]))
        metric = self.request.GET.get("metric", "")
        return self.frame(run=run, metric=metric, logs=logs_of(run, metric=metric))


def run_rows(runs: Iterable[AnalysisRun]) -> list[RunRow]:
    """Return runs with what they have measured; metrics in the order of the run."""
    return [_run_row(run) for run in runs]


def _run_row(run: AnalysisRun) -> RunRow:
    results = read_run_status(run.status).by_name()
    metrics = map(as_object, as_list(run.spec.get("metrics")))
    return RunRow(
        run=run,
        state=_state(run.phase),
        message=as_text(run.status.get("message")),
        metrics=tuple(_metric_row(it, results) for it in metrics),
    )


def _metric_row(metric: Mapping[str, JSONValue], results: Mapping[str, MetricResult]) -> MetricRow:
    name = as_text(metric.get("name"))
    result = results.get(name) or MetricResult(name)
    return MetricRow(
        name=name,
        provider=next(iter(as_object(metric.get("provider"))), ""),
        state=_state(result.phase),
        is_dry_run=result.dry_run,
        success=as_text(metric.get("successCondition")),
        failure=as_text(metric.get("failureCondition")),
        wanted=str(metric.get("count") or ""),
        counted=result.count,
        message=result.message,
        measurements=tuple(
            MeasurementRow(_state(it.phase), it.value, it.message, it.finished_at or it.started_at)
            for it in reversed(result.measurements)
        ),
    )


def _state(phase: str) -> State:
    return State(_TONES.get(phase, Tone.WAITING), phase or "Pending")
