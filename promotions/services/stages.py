"""Saves, deletes and refreshes Stages."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from common.errors import FieldProblem, InvalidError
from projects.models import ChangeType, Project
from projects.services.quotas import require_room
from promotions import queue
from promotions.manifests.metadata import ABORT, REFRESH, REVERIFY
from promotions.manifests.schema import as_json
from promotions.manifests.stage import (
    StageManifest,
    is_control_flow,
    request_from,
    request_to,
)
from promotions.manifests.stage_graph import circle_through
from promotions.manifests.stage_status import upstream_stages
from promotions.models import (
    AnalysisRun,
    Promotion,
    PromotionRequest,
    Stage,
    StageFreight,
    WorkKind,
)
from promotions.services import slots
from promotions.services.analysis_runs import delete_analysis_run
from promotions.services.promotion_requests import delete_held_request
from promotions.services.promotions import delete_promotion
from promotions.services.saving import (
    Outcome,
    Saved,
    Write,
    delete,
    open_or_wake,
    owner_of,
    record,
    save,
    tell,
)
from rbac.actors import Actor


@transaction.atomic
def save_stage(
    project: Project, manifest: StageManifest, *, actor: Actor, now: datetime
) -> Saved[Stage]:
    """Create or update a Stage, and have it looked at if it changed.

    Raises:
        InvalidError: It would wait for itself, directly or through other Stages.
    """
    before = stage_graph(project)
    saved = write_stage(project, manifest, actor=actor, now=now)
    closed = circle_closed(project, before=before, names=[saved.resource.name])
    if closed is not None:
        raise closed[1]
    return saved


def write_stage(
    project: Project, manifest: StageManifest, *, actor: Actor, now: datetime
) -> Saved[Stage]:
    """As :func:`save_stage`, but the caller refuses circles, when all Stages are written."""
    write = Write(owner_of(project), actor, now)
    name, shard = manifest.metadata.name, manifest.spec.shard or ""
    stored = Stage.objects.select_for_update().filter(project=project, name=name).first()
    spec = as_json(manifest.spec)
    columns: dict[str, Any] = {
        "spec": spec,
        "shard": shard,
        "is_control_flow": is_control_flow(spec),
        "labels": manifest.metadata.own_labels(),
        "annotations": manifest.metadata.own_annotations(),
        "reverify_request": _request(stored, REVERIFY, manifest, actor),
        "abort_request": _request(stored, ABORT, manifest, actor),
    }
    if token := manifest.metadata.annotations.get(REFRESH):
        columns["refresh_token"] = token
    saved = save(stored, Stage(project=project, name=name), columns, write=write)
    if saved.outcome is Outcome.CREATED:
        _require_room(project)
    open_or_wake(WorkKind.STAGE, saved, shard=shard, write=write)
    return saved


def _require_room(project: Project) -> None:
    """Refuse the Stage that was just created if it is one too many; nothing of it stays then."""
    rows = Stage.objects.filter(project__tenant=project.tenant)
    require_room(
        project.tenant.uid,
        "max_stages",
        used=lambda: rows.count() - 1,
        remedy="delete a Stage",
    )


def stage_graph(project: Project) -> dict[str, list[str]]:
    """Return every Stage of a project, and those it takes Freight from."""
    rows = Stage.objects.filter(project=project).values_list("name", "spec")
    return {name: upstream_stages(spec) for name, spec in rows}


def circle_closed(
    project: Project, *, before: Mapping[str, list[str]], names: Iterable[str]
) -> tuple[str, InvalidError] | None:
    """Return the first of the Stages ``names`` whose new sources closed a circle, and the error.

    A circle that was there ``before`` is let be: refusing it would block every other change.
    """
    graph = stage_graph(project)
    for name in names:
        for upstream in graph.get(name, []):
            is_new = upstream not in before.get(name, [])
            if is_new and (circle := circle_through(name, upstream, graph)):
                return name, _waits_for_ever(name, circle)
    return None


@transaction.atomic
def refresh_stage(stage: Stage, *, actor: Actor, now: datetime) -> None:
    """Look at a Stage, and at the promotion it runs, now."""
    write = Write(owner_of(stage.project), actor, now)
    token = now.isoformat()
    Stage.objects.filter(pk=stage.pk).update(refresh_token=token)
    stage.refresh_token = token
    tell(stage, ChangeType.MODIFIED, write=write)
    queue.wake(kind=WorkKind.STAGE, uid=stage.uid, at=now)
    if stage.current_promotion is not None:
        queue.wake(kind=WorkKind.PROMOTION, uid=stage.current_promotion.uid, at=now)
    record(stage, "refresh", write=write)


@transaction.atomic
def delete_stage(stage: Stage, *, actor: Actor, now: datetime) -> None:
    """Delete a Stage, its promotions and analysis runs.

    Freight forgets that it was verified or approved there.

    Source: Kargo ``pkg/controller/stages`` finalization, and the ownership of Promotions.
    """
    write = Write(owner_of(stage.project), actor, now)
    promotions = Promotion.objects.filter(stage=stage).select_related("project__tenant", "stage")
    requests = PromotionRequest.objects.filter(stage=stage).select_related("project__tenant")
    runs = AnalysisRun.objects.filter(stage=stage).select_related("project__tenant", "stage")
    queue.hold(WorkKind.PROMOTION, promotions.values_list("uid", flat=True))
    queue.hold(WorkKind.PROMOTION_REQUEST, requests.values_list("uid", flat=True))
    queue.hold(WorkKind.ANALYSIS_RUN, runs.values_list("uid", flat=True))
    queue.hold(WorkKind.STAGE, [stage.uid])
    for promotion in promotions.filter(request__isnull=True):
        delete_promotion(promotion, actor=actor, reason="the Stage was deleted", now=now)
    for run in runs:
        delete_analysis_run(run, actor=actor, now=now)
    for request in requests:
        delete_held_request(request, actor=actor, now=now)
    _forget_standings(stage, write)
    slots.leave_line(stage, now=now)
    queue.close_work(kind=WorkKind.STAGE, uid=stage.uid)
    delete(stage, write=write)


def _waits_for_ever(name: str, circle: list[str]) -> InvalidError:
    reason = f"the Stages would wait for each other for ever: {' -> '.join(circle)}"
    problem = FieldProblem("spec.requestedFreight", reason)
    message = f'Stage "{name}" is invalid: {problem}'
    return InvalidError(message, code="circle", problems=(problem,))


def _forget_standings(stage: Stage, write: Write) -> None:
    standings = StageFreight.objects.filter(stage=stage).exclude(
        verified_at__isnull=True, approved_at__isnull=True
    )
    for standing in standings.select_related("freight"):
        tell(standing.freight, ChangeType.MODIFIED, write=write)
    StageFreight.objects.filter(stage=stage).update(
        verified_at=None, longest_soak=None, approved_at=None
    )


def _request(
    stored: Stage | None, key: str, manifest: StageManifest, actor: Actor
) -> dict[str, Any] | None:
    """Return the request that an annotation makes, with who makes it; unchanged ones stay."""
    column = "reverify_request" if key == REVERIFY else "abort_request"
    current: dict[str, Any] | None = getattr(stored, column) if stored else None
    text = manifest.metadata.annotations.get(key, "")
    if not text or text == request_to(current):
        return current
    request = request_from(text)
    if request is None:
        return current
    who = request.get("actor", "") if actor.is_system else actor.name
    return {"id": request["id"], "actor": who, "controlPlane": actor.is_system}
