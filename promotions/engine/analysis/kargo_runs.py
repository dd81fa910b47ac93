"""Makes the analysis run that verifies a Stage's Freight: its name, labels and specification.

Source: Kargo ``pkg/rollouts`` AnalysisRunBuilder, and the Stage controller that uses it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from promotions.engine.analysis import kargo_merging
from promotions.engine.analysis.arguments import Argument
from promotions.engine.analysis.kargo_merging import told_while
from promotions.engine.analysis.runs import RunSpec
from promotions.engine.analysis.templates import TemplateSpec
from promotions.engine.names import LONGEST_NAME, shorten_label

STAGE_LABEL = "kargo.akuity.io/stage"
FREIGHT_COLLECTION_LABEL = "kargo.akuity.io/freight-collection"
CONTROLLER_LABEL = "argo-rollouts.argoproj.io/controller-instance-id"
PROMOTION_ANNOTATION = "kargo.akuity.io/promotion"

LONGEST_SUFFIX = 7
_ULID_LENGTH = 26
LONGEST_PREFIX = LONGEST_NAME - LONGEST_SUFFIX - _ULID_LENGTH - len("..")


@dataclass(frozen=True, slots=True)
class Metadata:
    """Labels and annotations of a run."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


def run_name(stage: str, ulid: str, freight: str) -> str:
    """Return ``<stage>.<ulid>.<freight>``, lower-cased; an empty part is left out.

    The Stage's name is cut to 218 characters, the Freight's to seven, so that all fit into 253.
    """
    parts = (stage[:LONGEST_PREFIX], ulid, freight[:LONGEST_SUFFIX])
    return ".".join(filter(None, parts)).lower()


def run_metadata(
    configured: Metadata,
    *,
    stage: str,
    freight_collection: str,
    promotion: str = "",
    controller: str = "",
) -> Metadata:
    """Return a run's labels and annotations: what is configured, then what Kargo sets."""
    labels = {
        STAGE_LABEL: shorten_label(stage),
        FREIGHT_COLLECTION_LABEL: freight_collection,
        **({CONTROLLER_LABEL: controller} if controller else {}),
    }
    annotations = {PROMOTION_ANNOTATION: promotion} if promotion else {}
    return Metadata({**configured.labels, **labels}, {**configured.annotations, **annotations})


def build_spec(templates: Sequence[TemplateSpec], values: Mapping[str, str | None]) -> RunSpec:
    """Return what the run is to do.

    Args:
        templates: In the order in which the Stage lists them.
        values: Values for arguments, as ``verification_arguments`` gives them: ``None`` is as
            good as none, and those that no template declares are dropped.

    Raises:
        InvalidError: The templates do not fit together, or an argument is left without a value.
    """
    with told_while("flatten templates"):
        template = kargo_merging.flatten(templates)
    with told_while("build arguments"):
        arguments = build_arguments(template.arguments, values)
    return RunSpec(
        metrics=template.metrics,
        arguments=arguments,
        dry_run=template.dry_run,
        measurement_retention=template.measurement_retention,
    )


def build_arguments(
    declared: Sequence[Argument], values: Mapping[str, str | None]
) -> tuple[Argument, ...]:
    """Return the declared arguments with their values.

    Raises:
        InvalidError: One is left with neither a value nor a source.
    """
    supplied = [Argument(name, value) for name, value in values.items()]
    with told_while("merge arguments"):
        return kargo_merging.merge_arguments(supplied, declared)
