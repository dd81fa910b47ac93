"""What an analysis template says; project-wide and tenant-wide ones say the same things.

Source: Argo Rollouts ``v1alpha1.AnalysisTemplateSpec``.
"""

from dataclasses import dataclass

from common.jsontypes import JSONObject
from promotions.engine.analysis.arguments import Argument, read_argument
from promotions.engine.analysis.metrics import Metric, read_metric
from promotions.engine.analysis.rules import RetentionRule
from promotions.engine.analysis.runs import read_retention
from promotions.engine.analysis.wire import Reader


@dataclass(frozen=True, slots=True, order=True)
class TemplateReference:
    """A template that another one includes.

    Attributes:
        cluster_scope: It is one of the tenant's, not of the project's.
    """

    name: str
    cluster_scope: bool = False


@dataclass(frozen=True, slots=True)
class TemplateSpec:
    """The metrics of a template and the arguments they are written in."""

    metrics: tuple[Metric, ...] = ()
    arguments: tuple[Argument, ...] = ()
    dry_run: tuple[str, ...] = ()
    measurement_retention: tuple[RetentionRule, ...] = ()
    templates: tuple[TemplateReference, ...] = ()


def read_template(document: JSONObject) -> TemplateSpec:
    """Return the specification that a template's manifest states.

    Raises:
        InvalidError: A field is of the wrong type.
    """
    reader = Reader.of(document, "spec")
    return TemplateSpec(
        metrics=tuple(map(read_metric, reader.objects("metrics"))),
        arguments=tuple(map(read_argument, reader.objects("args"))),
        dry_run=tuple(rule.text("metricName") for rule in reader.objects("dryRun")),
        measurement_retention=read_retention(reader),
        templates=tuple(
            TemplateReference(it.text("templateName"), it.flag("clusterScope"))
            for it in reader.objects("templates")
        ),
    )
