"""The manifest of a Stage: what it takes, how it is promoted and verified, how it is."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from common.errors import FieldProblem
from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.manifests.metadata import (
    ABORT,
    ARGOCD_CONTEXT,
    REFRESH,
    REVERIFY,
    SHARD_LABEL,
    Manifest,
    manifest_to,
    metadata_to,
)
from promotions.manifests.rollout import rollout_problems
from promotions.manifests.schema import Duration, Model, Origin, Strings, Text, Variable
from promotions.manifests.selectors import LabelSelector, selector_problems
from promotions.manifests.stage_status import argocd_context, status_to
from promotions.manifests.steps import Step, template_problems
from promotions.models import Stage


class AutoPromotionOptions(Model):
    """Which of several pieces of Freight auto-promotion takes."""

    selection_policy: Literal["NewestFreight", "MatchUpstream"] | None = None


class FreightSources(Model):
    """The ways that Freight may come: from its Warehouse, or verified in other stages."""

    direct: bool | None = None
    stages: list[str] | None = None
    required_soak_time: Duration | None = None
    availability_strategy: Literal["All", "OneOf", ""] | None = None
    auto_promotion_options: AutoPromotionOptions | None = None


class FreightRequest(Model):
    """One origin that the Stage asks Freight from."""

    origin: Origin
    sources: FreightSources


class TemplateSpec(Model):
    """The variables and steps of the Stage's promotions."""

    vars: list[Variable] | None = None
    steps: Annotated[list[Step], Field(min_length=1)] | None = None


class PromotionTemplate(Model):
    """How the Stage is promoted."""

    spec: TemplateSpec


class TemplateReference(Model):
    """An analysis template to verify by."""

    name: Text
    kind: Literal["AnalysisTemplate", "ClusterAnalysisTemplate"] | None = None


class RunMetadata(Model):
    """Labels and annotations of the analysis runs."""

    labels: Strings | None = None
    annotations: Strings | None = None


class RunArgument(Model):
    """One argument of the analysis runs; its value may hold expressions."""

    name: str
    value: str


class StageVerification(Model):
    """How the Stage is verified."""

    analysis_templates: list[TemplateReference] | None = None
    analysis_run_metadata: RunMetadata | None = None
    args: list[RunArgument] | None = None


class Targets(Model):
    """Selects targets; that it is there at all makes the Stage target-aware."""

    selectors: list[LabelSelector]


class StageSpec(Model):
    """Everything a Stage is told."""

    moved: ClassVar[Mapping[str, str]] = {
        "subscriptions": "since Kargo 1.0 it is requestedFreight",
        "promotionMechanisms": "since Kargo 1.0 it is promotionTemplate, a list of steps",
    }
    shard: str | None = None
    vars: list[Variable] | None = None
    requested_freight: Annotated[list[FreightRequest], Field(min_length=1)]
    promotion_template: PromotionTemplate | None = None
    verification: StageVerification | None = None
    targets: Targets | None = None


class StageManifest(Manifest):
    """A Stage as somebody wrote it."""

    spec: StageSpec


def problems(manifest: StageManifest) -> Iterator[FieldProblem]:
    """Yield what is wrong beyond the schema."""
    spec = manifest.spec
    yield from _request_problems(spec.requested_freight)
    if spec.promotion_template is not None:
        steps = spec.promotion_template.spec.steps or []
        yield from template_problems(steps, path="spec.promotionTemplate.spec.steps")
    yield from rollout_problems(manifest.metadata.annotations)
    for index, selector in enumerate(spec.targets.selectors if spec.targets else []):
        yield from selector_problems(selector, path=f"spec.targets.selectors[{index}]")


def is_control_flow(spec: JSONObject) -> bool:
    """Return whether a Stage of this spec has no steps, so that Freight only passes through."""
    template = as_object(as_object(spec.get("promotionTemplate")).get("spec"))
    return not as_list(template.get("steps"))


def request_from(text: str) -> dict[str, Any] | None:
    """Read a request annotation: JSON with an ``id``, or the plain id; ``None`` without one.

    Source: Kargo ``api/v1alpha1`` VerificationRequest.
    """
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, Mapping):
        return {"id": text} if text else None
    if not as_text(content.get("id")):
        return None
    kept = {"id": content["id"], "actor": as_text(content.get("actor"))}
    return {**kept, "controlPlane": content.get("controlPlane") is True}


def request_to(request: JSONObject | None) -> str:
    """Write a request annotation; empty if there is none."""
    if not request:
        return ""
    kept = {key: value for key, value in request.items() if value not in ("", None, False)}
    return json.dumps(kept, separators=(",", ":"))


def to_manifest(stage: Stage) -> dict[str, Any]:
    """Write a Stage as Kargo's JSON; ``stage_status.with_status`` fetches for many."""
    metadata = metadata_to(
        stage,
        namespace=stage.project.name,
        labels={SHARD_LABEL: stage.shard},
        annotations={
            REFRESH: stage.refresh_token,
            REVERIFY: request_to(stage.reverify_request),
            ABORT: request_to(stage.abort_request),
            ARGOCD_CONTEXT: argocd_context(stage),
        },
    )
    return manifest_to("Stage", metadata, spec=stage.spec, status=status_to(stage) or None)


def _request_problems(requests: Sequence[FreightRequest]) -> Iterator[FieldProblem]:
    counts: dict[str, int] = {}
    for index, request in enumerate(requests):
        origin = f"{request.origin.kind}/{request.origin.name}"
        counts[origin] = counts.get(origin, 0) + 1
        if counts[origin] == 2:  # noqa: PLR2004 - the second one makes it a duplicate
            reason = f'"{origin}" is requested more than once'
            yield FieldProblem(f"spec.requestedFreight[{index}].origin", reason)
        yield from _selection_problems(request.sources, f"spec.requestedFreight[{index}].sources")


def _selection_problems(sources: FreightSources, path: str) -> Iterator[FieldProblem]:
    options = sources.auto_promotion_options
    if options is None or options.selection_policy != "MatchUpstream":
        return
    if sources.direct:
        yield FieldProblem(f"{path}.direct", "must be false with MatchUpstream")
    if len(sources.stages or []) != 1:
        yield FieldProblem(f"{path}.stages", "must have exactly one stage with MatchUpstream")
