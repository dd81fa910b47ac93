"""Builds the engine's values from the abbreviated inputs of the analysis set.

Times are seconds from now. A measurement may be a bare phase, which is finished if completed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from promotions.engine.analysis.arguments import Argument, read_argument
from promotions.engine.analysis.measurements import Measurement, MetricResult, read_result
from promotions.engine.analysis.metrics import Metric, read_metric
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.rules import RetentionRule
from promotions.engine.analysis.runs import RunSpec, RunStatus, TtlStrategy
from promotions.engine.analysis.templates import TemplateSpec
from promotions.engine.analysis.wire import Reader

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)

Document = Mapping[str, Any]


def moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else NOW + timedelta(seconds=seconds)


def metric_of(document: Document | str) -> Metric:
    """Return a metric; one that is only a name has no provider."""
    if isinstance(document, str):
        return Metric(document)
    provider = document.get("provider")
    if isinstance(provider, str):
        configuration: Document = {"example/metric": {}} if provider == "plugin" else {}
        document = {**document, "provider": {provider: configuration}}
    return read_metric(Reader.of(document))


def metrics_of(documents: Sequence[Document | str] | None) -> tuple[Metric, ...]:
    return tuple(map(metric_of, documents or ()))


def arguments_of(documents: Sequence[Document] | None) -> tuple[Argument, ...]:
    return tuple(read_argument(Reader.of(document)) for document in documents or ())


def rule_names(rules: Sequence[Document | str] | None) -> tuple[str, ...]:
    return tuple(it if isinstance(it, str) else str(it["metricName"]) for it in rules or ())


def retention_of(rules: Sequence[Document | str] | None) -> tuple[RetentionRule, ...]:
    return tuple(
        RetentionRule(it)
        if isinstance(it, str)
        else RetentionRule(str(it["metricName"]), it.get("limit", 0))
        for it in rules or ()
    )


def template_of(document: Document) -> TemplateSpec:
    return TemplateSpec(
        metrics=metrics_of(document.get("metrics")),
        arguments=arguments_of(document.get("args")),
        dry_run=rule_names(document.get("dryRun")),
        measurement_retention=retention_of(document.get("measurementRetention")),
    )


def templates_of(documents: Sequence[Document] | None) -> list[TemplateSpec]:
    return [template_of(document) for document in documents or ()]


def spec_of(document: Document) -> RunSpec:
    return RunSpec(
        metrics=metrics_of(document.get("metrics")),
        arguments=arguments_of(document.get("args")),
        dry_run=rule_names(document.get("dryRun")),
        measurement_retention=retention_of(document.get("measurementRetention")),
        terminate=bool(document.get("terminate")),
    )


def ttl_of(document: Document | None) -> TtlStrategy | None:
    if document is None:
        return None
    return TtlStrategy(
        document.get("secondsAfterCompletion"),
        document.get("secondsAfterSuccess"),
        document.get("secondsAfterFailure"),
    )


def status_of(document: Document) -> RunStatus:
    return RunStatus(
        phase=AnalysisPhase(document.get("phase", "")),
        message=document.get("message", ""),
        started_at=moment(document.get("startedAt")),
        completed_at=moment(document.get("completedAt")),
        results=results_of(document.get("metricResults")),
    )


def results_of(documents: Sequence[Document] | None) -> tuple[MetricResult, ...]:
    return tuple(map(result_of, documents or ()))


def result_of(document: Document) -> MetricResult:
    bare = {key: value for key, value in document.items() if key != "measurements"}
    result = read_result(Reader.of(bare))
    return replace(
        result, measurements=tuple(map(measurement_of, document.get("measurements") or ()))
    )


def measurement_of(document: Document | str) -> Measurement:
    if isinstance(document, str):
        phase = AnalysisPhase(document)
        return Measurement(phase, finished_at=NOW if phase.is_completed else None)
    return Measurement(
        phase=AnalysisPhase(document.get("phase", "")),
        message=document.get("message", ""),
        started_at=moment(document.get("startedAt")),
        finished_at=moment(document.get("finishedAt")),
        resume_at=moment(document.get("resumeAt")),
        value=document.get("value", ""),
        metadata=document.get("metadata") or {},
    )
