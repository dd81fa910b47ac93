"""The manifest of a PromotionRequest: Freight for many targets, and how far each of them is."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from common.errors import FieldProblem
from promotions.engine.names import shorten_label
from promotions.engine.targets import RequestPhase
from promotions.manifests.metadata import (
    CREATE_ACTOR,
    KARGO_API,
    SHARD_LABEL,
    STAGE_KEY,
    GeneratedMetadata,
    Manifest,
    manifest_to,
    metadata_to,
    present,
    timestamp,
)
from promotions.manifests.schema import Model, ResourceName
from promotions.models import PromotionRequest, RequestTarget

_SUMMARISED = ("pending", "running", "succeeded", "failed", "errored", "aborted")
_READY = {
    RequestPhase.SUCCEEDED: "True",
    RequestPhase.FAILED: "False",
    RequestPhase.ERRORED: "False",
}


class TargetReference(Model):
    """A Target of the same project."""

    name: ResourceName


class PromotionRequestSpec(Model):
    """What to promote where; the list of targets may be empty, and may grow."""

    stage: ResourceName
    freight: ResourceName
    targets: list[TargetReference]


class PromotionRequestManifest(Manifest):
    """A PromotionRequest as somebody wrote it; its name is made up on creation."""

    metadata: GeneratedMetadata
    spec: PromotionRequestSpec


def problems(manifest: PromotionRequestManifest) -> Iterator[FieldProblem]:
    """Yield each target that was named before."""
    seen: set[str] = set()
    for index, target in enumerate(manifest.spec.targets):
        if target.name in seen:
            reason = f'"{target.name}" is named more than once'
            yield FieldProblem(f"spec.targets[{index}].name", reason)
        seen.add(target.name)


def to_manifest(request: PromotionRequest) -> dict[str, Any]:
    """Write a PromotionRequest as Kargo's JSON; reads its project, stage, freight and targets."""
    stage = request.stage
    metadata = metadata_to(
        request,
        namespace=request.project.name,
        labels={SHARD_LABEL: request.shard, STAGE_KEY: shorten_label(stage.name)},
        annotations={STAGE_KEY: stage.name, CREATE_ACTOR: request.actor},
    )
    metadata["ownerReferences"] = [owner_reference("Stage", stage.name, str(stage.uid))]
    targets = sorted(request.targets.all(), key=lambda row: row.name)
    spec = {
        "stage": stage.name,
        "freight": request.freight.name,
        "targets": [{"name": row.name} for row in targets],
    }
    status = _status(request, targets)
    return manifest_to("PromotionRequest", metadata, spec=spec, status=status)


def owner_reference(kind: str, name: str, uid: str) -> dict[str, Any]:
    """Write which object of Kargo's controls another."""
    return {
        "apiVersion": KARGO_API,
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def request_reference_to(request: PromotionRequest) -> dict[str, Any]:
    """Write how a Stage's status refers to a PromotionRequest; reads its freight."""
    return present(
        {
            "name": request.name,
            "freight": {"name": request.freight.name},
            "phase": request.phase,
            "finishedAt": timestamp(request.finished_at) if request.finished_at else None,
        }
    )


def _status(request: PromotionRequest, targets: Sequence[RequestTarget]) -> dict[str, Any]:
    begun = [row for row in targets if row.phase is not None]
    return present(
        {
            "phase": request.phase,
            "conditions": [_condition(request)] if request.message else [],
            "observedGeneration": request.generation if request.started_at else None,
            "startedAt": timestamp(request.started_at) if request.started_at else None,
            "finishedAt": timestamp(request.finished_at) if request.finished_at else None,
            "summary": _summary(begun),
            "targets": [_target(row) for row in begun],
        }
    )


def _summary(targets: Sequence[RequestTarget]) -> dict[str, int]:
    counts = Counter(row.phase.value.lower() for row in targets if row.phase is not None)
    return {phase: counts[phase] for phase in _SUMMARISED if counts[phase]}


def _target(row: RequestTarget) -> dict[str, Any]:
    return present(
        {
            "name": row.name,
            "promotion": row.promotion.name if row.promotion else "",
            "phase": row.phase.value if row.phase else "",
        }
    )


def _condition(request: PromotionRequest) -> dict[str, Any]:
    phase = RequestPhase(request.phase)
    since = request.finished_at or request.started_at or request.created_at
    return {
        "type": "Ready",
        "status": _READY.get(phase, "Unknown"),
        "reason": phase.value,
        "message": request.message,
        "observedGeneration": request.generation,
        "lastTransitionTime": timestamp(since),
    }
