"""Makes, stops and deletes analysis runs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from django.db import transaction

from common.errors import FieldProblem, InvalidError
from common.jsontypes import JSONObject
from common.redaction import mask_json, noted_secrets
from projects.encryption import encrypt
from projects.models import ChangeType, Project
from promotions import queue
from promotions.engine.analysis.kargo_runs import FREIGHT_COLLECTION_LABEL, STAGE_LABEL
from promotions.manifests.analysis_run import AnalysisRunManifest
from promotions.manifests.metadata import STAGE_KEY
from promotions.manifests.schema import as_json
from promotions.models import AnalysisRun, FreightCollection, Stage, WorkKind
from promotions.selectors.analysis_runs import SECRETS, SPEC
from promotions.services.saving import (
    Outcome,
    Saved,
    Write,
    delete,
    owner_of,
    record,
    save,
    tell,
)
from rbac.actors import Actor

_TERMINATE = "terminate"


@transaction.atomic
def save_analysis_run(
    project: Project, manifest: AnalysisRunManifest, *, actor: Actor, now: datetime
) -> Saved[AnalysisRun]:
    """Create a run, which begins at once; of one that is there only ``terminate`` may change.

    Raises:
        InvalidError: It is there and says something else.
    """
    write = Write(owner_of(project), actor, now)
    name, spec = manifest.metadata.name, as_json(manifest.spec)
    rows = AnalysisRun.objects.select_for_update(of=("self",)).select_related("project__tenant")
    stored = rows.filter(project=project, name=name).first()
    if stored is None:
        blank = AnalysisRun(project=project, name=name, **_subject(project, manifest))
        saved = save(None, blank, {"spec": spec, **_labels(manifest)}, write=write)
        _open(saved.resource, now=now)
        return saved
    wants_end = bool(spec.pop(_TERMINATE, False))
    if spec != {key: it for key, it in stored.spec.items() if key != _TERMINATE}:
        problem = FieldProblem("spec", "is immutable but for terminate; create another AnalysisRun")
        message = f'AnalysisRun "{name}" is invalid: {problem}'
        raise InvalidError(message, code="immutable", problems=(problem,))
    saved = save(stored, stored, _labels(manifest), write=write)
    if wants_end and terminate_analysis_run(stored, actor=actor, now=now):
        return Saved(stored, Outcome.UPDATED, saved.changed | {"spec"})
    return saved


def create_analysis_run(
    blank: AnalysisRun, spec: JSONObject, *, actor: Actor, now: datetime
) -> AnalysisRun:
    """Store a run that verifies a Stage, and have it begin.

    Secrets that were put into the specification are encrypted beside it.
    """
    write = Write(owner_of(blank.project), actor, now)
    shown = mask_json(spec)
    if shown != spec:
        kept = {
            SPEC: orjson.dumps(spec).decode(),
            SECRETS: orjson.dumps(sorted(noted_secrets())).decode(),
        }
        tenant_uid = blank.project.tenant.uid
        blank.encrypted = encrypt(kept, tenant_uid=tenant_uid, bound_to=str(blank.uid))
    columns: Mapping[str, Any] = {
        "spec": shown,
        "labels": blank.labels,
        "annotations": blank.annotations,
    }
    saved = save(None, blank, columns, write=write)
    _open(saved.resource, now=now)
    return saved.resource


@transaction.atomic
def terminate_analysis_run(run: AnalysisRun, *, actor: Actor, now: datetime) -> bool:
    """Have a run stop measuring; return whether there was anything to stop.

    A pass that is under way loses its lease: nothing it still measures is stored.
    """
    if run.is_completed or run.spec.get(_TERMINATE):
        return False
    queue.revoke(kind=WorkKind.ANALYSIS_RUN, uid=run.uid, at=now)
    write = Write(owner_of(run.project), actor, now)
    spec = {**run.spec, _TERMINATE: True}
    AnalysisRun.objects.filter(pk=run.pk).update(
        spec=spec, generation=run.generation + 1, updated_at=now
    )
    run.spec, run.generation, run.updated_at = spec, run.generation + 1, now
    tell(run, ChangeType.MODIFIED, write=write)
    record(run, _TERMINATE, write=write, after={"spec": {_TERMINATE: True}})
    return True


@transaction.atomic
def delete_analysis_run(run: AnalysisRun, *, actor: Actor, now: datetime) -> None:
    """Delete a run; a worker stops the jobs that it still has."""
    if run.jobs.filter(ended_at__isnull=True).exists():
        queue.revoke(kind=WorkKind.ANALYSIS_RUN, uid=run.uid, at=now)
    else:
        queue.close_work(kind=WorkKind.ANALYSIS_RUN, uid=run.uid)
    delete(run, write=Write(owner_of(run.project), actor, now))
    if run.stage is not None:
        queue.wake(kind=WorkKind.STAGE, uid=run.stage.uid, at=now)


def _open(run: AnalysisRun, *, now: datetime) -> None:
    queue.open_work(
        kind=WorkKind.ANALYSIS_RUN,
        uid=run.uid,
        tenant_uid=run.project.tenant.uid,
        shard=run.shard,
        due_at=now,
    )


def _labels(manifest: AnalysisRunManifest) -> dict[str, Any]:
    metadata = manifest.metadata
    return {"labels": dict(metadata.labels), "annotations": metadata.own_annotations()}


def _subject(project: Project, manifest: AnalysisRunManifest) -> dict[str, Any]:
    """Return the Stage and the Freight that a run is labelled with, as far as they are there."""
    labels, annotations = manifest.metadata.labels, manifest.metadata.annotations
    name = annotations.get(STAGE_KEY) or labels.get(STAGE_LABEL, "")
    stage = Stage.objects.filter(project=project, name=name).first() if name else None
    if stage is None:
        return {}
    held = FreightCollection.objects.filter(
        stage=stage, collection_id=labels.get(FREIGHT_COLLECTION_LABEL, "")
    )
    return {"stage": stage, "collection": held.order_by("-pk").first(), "shard": stage.shard}
