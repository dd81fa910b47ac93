"""The manifest of an AnalysisRun: metrics that are measured, and what was found.

Source: Argo Rollouts ``AnalysisRun``.
"""

from collections.abc import Iterator
from typing import Any

from common.errors import FieldProblem, InvalidError
from promotions.engine.analysis.runs import read_run_spec
from promotions.manifests.analysis_template import Argument, Metric, MetricName
from promotions.manifests.metadata import ARGO_API, Manifest, manifest_to, metadata_to
from promotions.manifests.schema import Model, as_json
from promotions.models import AnalysisRun

MOST_METRICS = 50


class TtlStrategy(Model):
    """How many seconds after its end a run goes."""

    seconds_after_completion: int | None = None
    seconds_after_success: int | None = None
    seconds_after_failure: int | None = None


class AnalysisRunSpec(Model):
    """What a run is to measure."""

    metrics: list[Metric]
    args: list[Argument] | None = None
    dry_run: list[MetricName] | None = None
    measurement_retention: list[MetricName] | None = None
    terminate: bool | None = None
    ttl_strategy: TtlStrategy | None = None


class AnalysisRunManifest(Manifest):
    """An AnalysisRun as somebody wrote it."""

    spec: AnalysisRunSpec


def problems(manifest: AnalysisRunManifest) -> Iterator[FieldProblem]:
    """Yield what is wrong beyond the schema; what Argo finds when it runs is left to the run."""
    if len(manifest.spec.metrics) > MOST_METRICS:
        yield FieldProblem("spec.metrics", f"must be at most {MOST_METRICS}")
    try:
        read_run_spec(as_json(manifest.spec))
    except InvalidError as error:
        yield from error.problems or (FieldProblem("spec", error.message),)


def to_manifest(run: AnalysisRun) -> dict[str, Any]:
    """Write an AnalysisRun as Argo's JSON; reads ``run.project``."""
    metadata = metadata_to(run, namespace=run.project.name)
    if run.owners:
        metadata["ownerReferences"] = run.owners
    return manifest_to(
        "AnalysisRun", metadata, api_version=ARGO_API, spec=run.spec, status=run.status or None
    )
