"""Runs the analysis cases about metrics, limits, runs, tasks, times and retention."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from promotions.engine.analysis.assessment import assess_metric, violation_of
from promotions.engine.analysis.measurements import Measurement, MetricResult, recorded
from promotions.engine.analysis.phases import AnalysisPhase, is_worse, worst
from promotions.engine.analysis.reconcile import Measured, Reconciled, reconcile, unmeasurable
from promotions.engine.analysis.retention import trim_measurements
from promotions.engine.analysis.rules import RetentionRule
from promotions.engine.analysis.run_assessment import assess_run
from promotions.engine.analysis.runs import RunSpec, RunStatus, RunSummary, is_terminating
from promotions.engine.analysis.scheduling import next_time
from promotions.engine.analysis.substitution import resolve_without_secrets
from promotions.engine.analysis.tasks import Task, TaskKind, due_tasks
from promotions.engine.analysis.ttl import is_expired
from promotions.engine.analysis.validation import validate_metrics
from tests.conformance.analysis_inputs import (
    NOW,
    Document,
    arguments_of,
    metric_of,
    metrics_of,
    moment,
    result_of,
    results_of,
    spec_of,
    status_of,
    ttl_of,
)

_NAMELESS = {"name": "", "measurements": []}


def run_assess_metric(case: Document) -> Document:
    result = result_of({**_NAMELESS, **case["result"]})
    phase = assess_metric(
        metric_of(case["metric"]), result, terminating=bool(case.get("terminating"))
    )
    return {"phase": phase}


def run_metric_sequence(case: Document) -> Document:
    metric, result = metric_of(case["metric"]), MetricResult("")
    phases = []
    for phase in case["measurements"]:
        measurement = Measurement(AnalysisPhase(phase))
        result = recorded(result, measurement, resumed=False, now=NOW)
        phases.append(assess_metric(metric, result, terminating=False))
    return {
        "phaseAfterEach": phases,
        "finalPhase": phases[-1] if phases else "",
        "message": violation_of(metric, result).message if phases[-1].is_completed else "",
        "counters": _counters(result),
    }


def run_assess_limits(case: Document) -> Document:
    result = result_of({**_NAMELESS, **case["result"]})
    return asdict(violation_of(metric_of(case["metric"]), result))


def run_assess_run(case: Document) -> Document:
    metrics = metrics_of(case["metrics"])
    assessed = assess_run(
        RunSpec(metrics=metrics, terminate=bool(case.get("terminate"))),
        metrics,
        RunStatus(results=results_of(case.get("results"))),
        dry_run=frozenset(case.get("dryRun") or ()),
        now=NOW,
    )
    return {
        **_told(assessed.status),
        "phase": assessed.phase,
        "message": assessed.message,
    }


def run_reconcile(case: Document) -> Document:
    provider = case.get("provider") or {}
    secrets = case.get("secrets") or {}

    def measure(tasks: Sequence[Task]) -> list[Measured]:
        return [_measured(task, provider) for task in tasks]

    done = reconcile(
        spec_of(case),
        status_of(case.get("status") or {}),
        measure=measure,
        secrets=secrets.get,
        now=NOW,
    )
    return {**_told(done.status), "nextInSeconds": _seconds_until(done)}


def _measured(task: Task, provider: Document) -> Measured:
    if "constructError" in provider:
        return unmeasurable(task, provider["constructError"], now=NOW)
    call = "run" if task.kind is TaskKind.MEASURE else str(task.kind)
    phase = AnalysisPhase(provider.get(call, ""))
    measurement = Measurement(phase, provider.get("message", ""), started_at=NOW)
    return Measured(measurement, provider.get("metadata") or {})


def _seconds_until(done: Reconciled) -> float | None:
    return None if done.next_at is None else (done.next_at - NOW).total_seconds()


def run_generate_tasks(case: Document) -> Document:
    spec = spec_of(case)
    tasks = due_tasks(spec, spec.metrics, status_of(case.get("status") or {}), now=NOW)
    return {
        "tasks": [
            {"name": task.metric.name, "resume": task.kind is not TaskKind.MEASURE}
            for task in tasks
        ]
    }


def run_next_reconcile(case: Document) -> Document:
    time = next_time(metrics_of(case["metrics"]), status_of(case.get("status") or {}), now=NOW)
    return {"inSeconds": None if time is None else (time - NOW).total_seconds()}


def run_trim_measurements(case: Document) -> Document:
    address = case.get("providerAddress", "")
    names = [{"name": it["name"], "provider": {"web": {"url": address}}} for it in case["results"]]
    metrics = resolve_without_secrets(metrics_of(names), arguments_of(case.get("args")))
    results = [
        MetricResult(
            it["name"], measurements=tuple(Measurement(value=value) for value in it["values"])
        )
        for it in case["results"]
    ]
    rules = {name: RetentionRule(name, most) for name, most in case.get("retention", {}).items()}
    trimmed = trim_measurements(results, metrics, rules=rules, limit=case["limit"])
    values = {it.name: [one.value for one in it.measurements] for it in trimmed.results}
    web: Any = trimmed.collections[0].metric.provider["web"] if trimmed.collections else {}
    return {"values": values, "resolvedAddress": web.get("url")}


def run_ttl(case: Document) -> Document:
    ago = case.get("completedSecondsAgo")
    status = RunStatus(
        phase=AnalysisPhase(case["phase"]),
        completed_at=moment(None if ago is None else -ago),
    )
    deleted_at = NOW if case.get("deletionTimestampSet") else None
    return {
        "delete": is_expired(
            ttl_of(case.get("ttlStrategy")), status, now=NOW, deleted_at=deleted_at
        )
    }


def run_is_worse(case: Document) -> Document:
    return {"worse": is_worse(AnalysisPhase(case["new"]), than=AnalysisPhase(case["current"]))}


def run_worst(case: Document) -> Document:
    return {"worst": worst(AnalysisPhase(case["left"]), AnalysisPhase(case["right"]))}


def run_is_terminating(case: Document) -> Document:
    spec = RunSpec(terminate=bool(case.get("terminate")))
    return {"terminating": is_terminating(spec, RunStatus(results=results_of(case.get("results"))))}


def run_metric_completed(case: Document) -> Document:
    status = RunStatus(results=results_of(case.get("results")))
    return {"completed": status.is_metric_completed(case["metric"])}


def run_validate_metrics(case: Document) -> Document:
    validate_metrics(metrics_of(case["metrics"]))
    return {"ok": True}


def _told(status: RunStatus) -> dict[str, Any]:
    results = status.results
    return {
        "phase": status.phase,
        "message": status.message,
        "startedAtSet": status.started_at is not None,
        "completedAtSet": status.completed_at is not None,
        "metricPhases": {it.name: it.phase for it in results},
        "metricMessages": {it.name: it.message for it in results},
        "metricMetadata": {it.name: it.metadata for it in results},
        "measurements": {it.name: [one.phase for one in it.measurements] for it in results},
        "measurementMessages": {
            it.name: [one.message for one in it.measurements] for it in results
        },
        "counters": {it.name: _counters(it) for it in results},
        "runSummary": asdict(status.run_summary),
        "dryRunSummary": asdict(status.dry_run_summary or RunSummary()),
    }


def _counters(result: MetricResult) -> dict[str, int]:
    return {
        "count": result.count,
        "successful": result.successful,
        "failed": result.failed,
        "inconclusive": result.inconclusive,
        "error": result.error,
        "consecutiveError": result.consecutive_error,
        "consecutiveSuccess": result.consecutive_success,
    }


RUNNERS = {
    "assess_metric": run_assess_metric,
    "metric_sequence": run_metric_sequence,
    "assess_limits": run_assess_limits,
    "assess_run": run_assess_run,
    "reconcile": run_reconcile,
    "generate_tasks": run_generate_tasks,
    "next_reconcile": run_next_reconcile,
    "trim_measurements": run_trim_measurements,
    "ttl": run_ttl,
    "is_worse": run_is_worse,
    "worst": run_worst,
    "is_terminating": run_is_terminating,
    "metric_completed": run_metric_completed,
    "validate_metrics": run_validate_metrics,
}
