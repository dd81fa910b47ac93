"""What a run is to measure, and how far it has come.

Source: Argo Rollouts ``v1alpha1.AnalysisRunSpec`` and ``AnalysisRunStatus``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.analysis.arguments import Argument, read_argument, write_argument
from promotions.engine.analysis.measurements import (
    MetricResult,
    optional_moment,
    read_phase,
    read_result,
    write_result,
)
from promotions.engine.analysis.metrics import Metric, read_metric, write_metric
from promotions.engine.analysis.phases import STOPPING, AnalysisPhase
from promotions.engine.analysis.rules import RetentionRule
from promotions.engine.analysis.wire import Reader, without_empty, without_null


@dataclass(frozen=True, slots=True)
class TtlStrategy:
    """How many seconds after its end a run is deleted; the more particular one wins."""

    seconds_after_completion: int | None = None
    seconds_after_success: int | None = None
    seconds_after_failure: int | None = None


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What a run is to do: its templates merged, frozen when it was made.

    Attributes:
        dry_run: Patterns of the metrics that may not fail the run.
        terminate: Somebody asked to stop it.
    """

    metrics: tuple[Metric, ...] = ()
    arguments: tuple[Argument, ...] = ()
    dry_run: tuple[str, ...] = ()
    measurement_retention: tuple[RetentionRule, ...] = ()
    terminate: bool = False
    ttl_strategy: TtlStrategy | None = None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """How many metrics there are, and how many ended in each way."""

    count: int = 0
    successful: int = 0
    failed: int = 0
    inconclusive: int = 0
    error: int = 0


@dataclass(frozen=True, slots=True)
class RunStatus:
    """How far a run has come."""

    phase: AnalysisPhase = AnalysisPhase.UNSET
    message: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    results: tuple[MetricResult, ...] = ()
    run_summary: RunSummary = field(default_factory=RunSummary)
    dry_run_summary: RunSummary | None = None

    def by_name(self) -> dict[str, MetricResult]:
        """Return the results by the names of their metrics; of two alike the first."""
        return {result.name: result for result in reversed(self.results)}

    def is_metric_completed(self, name: str) -> bool:
        """Return whether the metric has a result that is final."""
        result = self.by_name().get(name)
        return result is not None and result.phase.is_completed


def is_terminating(spec: RunSpec, status: RunStatus) -> bool:
    """Return whether nothing new is measured: on request, or because a metric ended badly."""
    return spec.terminate or any(
        result.phase in STOPPING and not result.dry_run for result in status.results
    )


def read_run_spec(document: JSONObject) -> RunSpec:
    """Return the specification that a run's manifest states.

    Raises:
        InvalidError: A field is of the wrong type.
    """
    reader = Reader.of(document, "spec")
    return RunSpec(
        metrics=tuple(map(read_metric, reader.objects("metrics"))),
        arguments=tuple(map(read_argument, reader.objects("args"))),
        dry_run=tuple(rule.text("metricName") for rule in reader.objects("dryRun")),
        measurement_retention=read_retention(reader),
        terminate=reader.flag("terminate"),
        ttl_strategy=_read_ttl(reader.object("ttlStrategy")) if reader.has("ttlStrategy") else None,
    )


def write_run_spec(spec: RunSpec) -> dict[str, JSONValue]:
    """Return the specification as a run's manifest states it."""
    ttl = spec.ttl_strategy
    document: dict[str, JSONValue] = {
        "metrics": [write_metric(metric) for metric in spec.metrics],
        "args": [write_argument(argument) for argument in spec.arguments],
        "terminate": spec.terminate,
        "dryRun": [{"metricName": name} for name in spec.dry_run],
        "measurementRetention": [
            {"metricName": rule.metric_name, "limit": rule.limit}
            for rule in spec.measurement_retention
        ],
    }
    times = {} if ttl is None else {"ttlStrategy": _write_ttl(ttl)}
    return {"metrics": document["metrics"], **without_empty(document), **times}


def read_retention(reader: Reader) -> tuple[RetentionRule, ...]:
    """Return the rules in a specification's ``measurementRetention``.

    Raises:
        InvalidError: A field is of the wrong type.
    """
    rules = reader.objects("measurementRetention")
    return tuple(RetentionRule(it.text("metricName"), it.integer("limit") or 0) for it in rules)


def read_run_status(document: JSONObject) -> RunStatus:
    """Return the status that a run's manifest states.

    Raises:
        InvalidError: A field is of the wrong type.
    """
    reader = Reader.of(document, "status")
    dry_run = reader.object("dryRunSummary")
    return RunStatus(
        phase=read_phase(reader),
        message=reader.text("message"),
        started_at=reader.moment("startedAt"),
        completed_at=reader.moment("completedAt"),
        results=tuple(map(read_result, reader.objects("metricResults"))),
        run_summary=_read_summary(reader.object("runSummary")),
        dry_run_summary=_read_summary(dry_run) if reader.has("dryRunSummary") else None,
    )


def write_run_status(status: RunStatus) -> dict[str, JSONValue]:
    """Return the status as a run's manifest states it."""
    dry_run = status.dry_run_summary
    return {
        "phase": status.phase,
        **without_empty(
            {
                "message": status.message,
                "metricResults": [write_result(result) for result in status.results],
                "startedAt": optional_moment(status.started_at),
                "completedAt": optional_moment(status.completed_at),
            }
        ),
        "runSummary": write_summary(status.run_summary),
        **without_null({"dryRunSummary": None if dry_run is None else write_summary(dry_run)}),
    }


def write_summary(summary: RunSummary) -> Mapping[str, JSONValue]:
    """Return the summary as a status states it."""
    return without_empty(
        {
            "count": summary.count,
            "successful": summary.successful,
            "failed": summary.failed,
            "inconclusive": summary.inconclusive,
            "error": summary.error,
        }
    )


def _read_summary(reader: Reader) -> RunSummary:
    return RunSummary(
        count=reader.integer("count") or 0,
        successful=reader.integer("successful") or 0,
        failed=reader.integer("failed") or 0,
        inconclusive=reader.integer("inconclusive") or 0,
        error=reader.integer("error") or 0,
    )


def _read_ttl(reader: Reader) -> TtlStrategy:
    return TtlStrategy(
        seconds_after_completion=reader.integer("secondsAfterCompletion"),
        seconds_after_success=reader.integer("secondsAfterSuccess"),
        seconds_after_failure=reader.integer("secondsAfterFailure"),
    )


def _write_ttl(strategy: TtlStrategy) -> dict[str, JSONValue]:
    return without_null(
        {
            "secondsAfterCompletion": strategy.seconds_after_completion,
            "secondsAfterFailure": strategy.seconds_after_failure,
            "secondsAfterSuccess": strategy.seconds_after_success,
        }
    )
