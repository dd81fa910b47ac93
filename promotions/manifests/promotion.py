"""The manifest of a Promotion: what was asked for, and how far it is."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from common.errors import FieldProblem
from promotions.engine.freight import FreightReference, collection_id
from promotions.engine.names import shorten_label
from promotions.manifests.freight_contents import freight_reference, reference_document
from promotions.manifests.metadata import (
    CREATE_ACTOR,
    REFRESH,
    SHARD_LABEL,
    STAGE_KEY,
    GeneratedMetadata,
    Manifest,
    manifest_to,
    metadata_to,
    present,
    timestamp,
)
from promotions.manifests.promotion_request import owner_reference
from promotions.manifests.schema import Json, Model, Origin, ResourceName
from promotions.models import Freight, Promotion, StepExecution

_OTHERS = "freight_of_other_origins"


class PromotionSpec(Model):
    """What to promote where; variables and steps come from the Stage, whatever is written here."""

    stage: ResourceName
    freight: ResourceName | None = None
    origin: Origin | None = None
    target: ResourceName | None = None
    vars: Json = None
    steps: Json = None


class PromotionManifest(Manifest):
    """A Promotion as somebody wrote it; its name is made up on creation."""

    metadata: GeneratedMetadata
    spec: PromotionSpec


def problems(manifest: PromotionManifest) -> Iterator[FieldProblem]:
    """Yield what is wrong beyond the schema."""
    spec = manifest.spec
    if (spec.freight is None) == (spec.origin is None):
        yield FieldProblem("spec", "must have exactly one of freight and origin")
    if spec.target is not None:
        yield FieldProblem("spec.target", "may be set only by a PromotionRequest")


def to_manifest(promotion: Promotion) -> dict[str, Any]:
    """Write a Promotion as Kargo's JSON; reads its project, stage, freight and executions."""
    stage = promotion.stage
    metadata = metadata_to(
        promotion,
        namespace=promotion.project.name,
        labels={SHARD_LABEL: promotion.shard, STAGE_KEY: shorten_label(stage.name)},
        annotations={
            STAGE_KEY: stage.name,
            CREATE_ACTOR: promotion.actor,
            REFRESH: promotion.refresh_token,
        },
    )
    metadata["ownerReferences"] = [_owner(promotion)]
    spec = {
        "stage": stage.name,
        "freight": promotion.freight.name,
        "steps": [],
        **promotion.spec,
    }
    return manifest_to("Promotion", metadata, spec=spec, status=status_of(promotion))


def _owner(promotion: Promotion) -> dict[str, Any]:
    request = promotion.request
    if request is not None:
        return owner_reference("PromotionRequest", request.name, str(request.uid))
    return owner_reference("Stage", promotion.stage.name, str(promotion.stage.uid))


def fetch_others(promotions: Sequence[Promotion]) -> None:
    """Fetch what writing many promotions of one project reads of Freight of other origins."""
    names = {name for promotion in promotions for name in _other_names(promotion)}
    found = _freight_named(promotions[0].project_id, names) if promotions else {}
    for promotion in promotions:
        setattr(promotion, _OTHERS, found)


def reference_to(promotion: Promotion) -> dict[str, Any]:
    """Write how a Stage's status refers to a Promotion."""
    return present(
        {
            "name": promotion.name,
            "freight": reference_document(freight_reference(promotion.freight)),
            "finishedAt": _time(promotion.finished_at),
            "status": status_of(promotion),
        }
    )


def status_of(promotion: Promotion) -> dict[str, Any]:
    """Write a Promotion's status; looks up Freight that it keeps of other origins."""
    executions = sorted(promotion.step_executions.all(), key=lambda row: row.index)
    return present(
        {
            "phase": promotion.phase,
            "message": promotion.message,
            "lastHandledRefresh": promotion.handled_refresh,
            "freight": reference_document(freight_reference(promotion.freight)),
            "freightCollection": _collection(promotion),
            "healthChecks": promotion.health_checks,
            "startedAt": _time(promotion.started_at),
            "finishedAt": _time(promotion.finished_at),
            "currentStep": promotion.current_step or None,
            "stepExecutionMetadata": [_execution(row) for row in executions],
            "state": promotion.state,
        }
    )


def collection_to(references: Mapping[str, FreightReference]) -> dict[str, Any]:
    """Write a collection of Freight by origin, without its verifications."""
    items = {origin: reference_document(it) for origin, it in references.items()}
    return {"id": collection_id(references), "items": items}


def _collection(promotion: Promotion) -> dict[str, Any] | None:
    names: dict[str, str] = promotion.freight_collection
    if not names:
        return None
    found: dict[str, Freight] | None = getattr(promotion, _OTHERS, None)
    if found is None:
        found = _freight_named(promotion.project_id, _other_names(promotion))
    known = {**found, promotion.freight.name: promotion.freight}
    return collection_to(
        {origin: freight_reference(known[name]) for origin, name in names.items() if name in known}
    )


def _other_names(promotion: Promotion) -> set[str]:
    return set(promotion.freight_collection.values()) - {promotion.freight.name}


def _freight_named(project_pk: int, names: set[str]) -> dict[str, Freight]:
    if not names:
        return {}
    rows = Freight.everything.filter(project_id=project_pk, name__in=names)
    rows = rows.select_related("warehouse").prefetch_related("artifacts").order_by("pk")
    return {row.name: row for row in rows}


def _execution(row: StepExecution) -> dict[str, Any]:
    return present(
        {
            "alias": row.alias,
            "startedAt": _time(row.started_at),
            "finishedAt": _time(row.finished_at),
            "errorCount": row.error_count or None,
            "status": row.status,
            "message": row.message,
            "continueOnError": row.continue_on_error or None,
        }
    )


def _time(at: datetime | None) -> str | None:
    return timestamp(at) if at is not None else None
