"""The manifest of an AnalysisTemplate: metrics to verify by.

Only the frame is checked here; a metric's provider is checked by what runs it.
Source: Argo Rollouts ``AnalysisTemplate``.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from common.errors import FieldProblem
from promotions.manifests.metadata import ARGO_API, Manifest, manifest_to, metadata_to
from promotions.manifests.schema import Json, Model, Text
from promotions.models import AnalysisTemplate


class _Open(Model):
    """An object whose further fields are kept as they are."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        alias_generator=to_camel, extra="allow", strict=True, frozen=True
    )


class Metric(_Open):
    """One metric."""

    name: Text
    provider: dict[str, Json]


class Argument(_Open):
    """One argument of the metrics."""

    name: Text
    value: str | None = None
    value_from: dict[str, Json] | None = None


class MetricName(_Open):
    """A reference to metrics by name or pattern."""

    metric_name: Text


class TemplateReference(_Open):
    """Another template whose metrics join."""

    template_name: Text
    cluster_scope: bool | None = None


class AnalysisTemplateSpec(_Open):
    """Metrics and their arguments."""

    metrics: list[Metric] | None = None
    args: list[Argument] | None = None
    dry_run: list[MetricName] | None = None
    measurement_retention: list[MetricName] | None = None
    templates: list[TemplateReference] | None = None


class AnyAnalysisTemplateManifest(Manifest):
    """An AnalysisTemplate or ClusterAnalysisTemplate as somebody wrote it."""

    spec: AnalysisTemplateSpec


class AnalysisTemplateManifest(AnyAnalysisTemplateManifest):
    """An AnalysisTemplate as somebody wrote it."""


def problems(manifest: AnyAnalysisTemplateManifest) -> Iterator[FieldProblem]:
    """Yield what is wrong beyond the schema."""
    spec = manifest.spec
    if not spec.metrics and not spec.templates:
        yield FieldProblem("spec.metrics", "must have at least one metric, or spec.templates one")
    seen: set[str] = set()
    for index, metric in enumerate(spec.metrics or []):
        if metric.name in seen:
            reason = f'"{metric.name}" is there twice'
            yield FieldProblem(f"spec.metrics[{index}].name", reason)
        seen.add(metric.name)
        if len(metric.provider) != 1:
            reason = "must have exactly one provider"
            yield FieldProblem(f"spec.metrics[{index}].provider", reason)


def to_manifest(template: AnalysisTemplate) -> dict[str, Any]:
    """Write an AnalysisTemplate as Argo's JSON; reads ``template.project``."""
    metadata = metadata_to(template, namespace=template.project.name)
    return manifest_to("AnalysisTemplate", metadata, api_version=ARGO_API, spec=template.spec)
