"""Creates, extends, aborts, retries and deletes promotion requests."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from common.errors import ConflictError, FieldProblem, InvalidError
from common.jsontypes import JSONObject
from projects.models import ChangeType
from promotions import queue
from promotions.engine.phases import PromotionPhase
from promotions.engine.targets import RequestPhase
from promotions.manifests.rollout import policy_from, rollout_of
from promotions.models import (
    Freight,
    Promotion,
    PromotionRequest,
    RequestTarget,
    Stage,
    Target,
    WorkKind,
)
from promotions.selectors import availability
from promotions.selectors.eligibility import refusal
from promotions.selectors.promotion_requests import rows_of
from promotions.selectors.targets import is_target_aware, targets_in, targets_of
from promotions.services import events, saving
from promotions.services.promotion_names import new_promotion_name
from promotions.services.promotions import (
    CREATE_ACTOR,
    abort_promotion,
    delete_promotion,
    planned_spec,
)
from promotions.services.request_progress import touched
from promotions.services.window_gate import refuse_closed
from rbac import audit
from rbac.actors import Actor

logger = logging.getLogger(__name__)

_NAMED = 5


@transaction.atomic
def create_promotion_request(
    stage: Stage,
    freight: Freight,
    *,
    actor: Actor,
    now: datetime,
    targets: Sequence[str] | None = None,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
) -> PromotionRequest:
    """Queue ``freight`` for the targets of ``stage``.

    Args:
        stage: A target-aware Stage.
        freight: What to promote.
        actor: Who asks.
        now: When.
        targets: Names of Targets; by default those that the Stage's selectors match now.
        labels: To put on it.
        annotations: To put on it.

    Raises:
        InvalidError: The Stage is not target-aware or has no steps, the Freight is not available
            to it, or a Target does not exist.
    """
    if not is_target_aware(stage):
        reason = f'Stage "{stage.name}" selects no targets; create a Promotion instead'
        raise _invalid(FieldProblem("spec.stage", reason))
    if refused := refusal(stage, freight, now=now):
        raise InvalidError(refused, code="freight_not_available")
    refuse_closed(stage, now=now)
    planned_spec(stage, freight)
    chosen = targets_of(stage) if targets is None else _named(stage, targets)
    policy = rollout_of(stage.annotations)
    request = PromotionRequest(
        project=stage.project,
        stage=stage,
        freight=freight,
        name=new_promotion_name(stage, freight, now=now),
        shard=stage.shard,
        policy=policy,
        actor=actor.name,
        actor_uid=actor.user_uid,
        labels=labels or {},
        annotations={
            **(annotations or {}),
            **availability.hold_annotations(stage, freight, actor=actor, now=now),
            CREATE_ACTOR: actor.name,
        },
        created_at=now,
        updated_at=now,
    )
    request.save(force_insert=True)
    _add(request, chosen)
    touched(request, ChangeType.ADDED)
    _open(request, now=now)
    events.tell_request_created(request, actor=actor, targets=len(chosen), now=now)
    asked = {"stage": stage.name, "freight": freight.name, "targets": [it.name for it in chosen]}
    _audit(request, "create", actor=actor, now=now, after=asked)
    logger.info("promotion request created", extra={"request": request.name})
    return request


@transaction.atomic
def add_targets(
    request: PromotionRequest, names: Sequence[str], *, actor: Actor, now: datetime
) -> bool:
    """Make ``names`` the targets of a request that is under way; return whether any is new.

    Raises:
        InvalidError: One that it has is missing from them, or one does not exist.
        ConflictError: There are new ones, and the request has ended.
    """
    known = [row.name for row in rows_of(request)]
    if missing := sorted(set(known) - set(names)):
        reason = f'targets can be added but not removed; "{missing[0]}" is missing'
        raise _invalid(FieldProblem("spec.targets", reason))
    added = sorted(set(names) - set(known))
    chosen = _named(request.stage, names)
    if not added:
        return False
    if request.is_terminal:
        raise ConflictError(
            f'The promotion request "{request.name}" has ended; promote the Freight again to '
            "reach more targets."
        )
    _add(request, [target for target in chosen if target.name in added])
    PromotionRequest.objects.filter(pk=request.pk).update(
        generation=request.generation + 1, updated_at=now
    )
    request.generation += 1
    touched(request)
    queue.wake(kind=WorkKind.PROMOTION_REQUEST, uid=request.uid, at=now)
    before: JSONObject = {"targets": list(known)}
    after: JSONObject = {"targets": sorted(names)}
    _audit(request, "update", actor=actor, now=now, before=before, after=after)
    return True


@transaction.atomic
def abort_promotion_request(
    request: PromotionRequest, *, actor: Actor, reason: str, now: datetime
) -> None:
    """Abort the promotions of a request, and begin no more; one that has ended stays as it is.

    A promotion that it begins in this very moment is aborted when it is to run.
    """
    rows = PromotionRequest.objects.filter(pk=request.pk, finished_at__isnull=True, aborted_by="")
    hold_passes([request])
    if not rows.exists():
        return
    for promotion in _held_promotions(request, now=now):
        abort_promotion(promotion, actor=actor, reason=reason, now=now)
    queue.wake(kind=WorkKind.PROMOTION_REQUEST, uid=request.uid, at=now)
    if not rows.update(aborted_by=actor.name, updated_at=now):
        return
    request.aborted_by = actor.name
    touched(request)
    _audit(request, "abort", actor=actor, now=now, reason=reason)


@transaction.atomic
def retry_promotion_request(
    request: PromotionRequest, *, actor: Actor, now: datetime
) -> PromotionRequest:
    """Queue the same Freight for those targets that a request did not succeed with.

    What has ended stays as it is; the retry is a request of its own.

    Raises:
        ConflictError: It has not ended, every target succeeded or is gone, or the Stage has moved
            on.
        InvalidError: The Freight is no longer available to the Stage.
    """
    if not request.is_terminal:
        raise ConflictError("The promotion request has not ended; wait, or abort it first.")
    newer = PromotionRequest.objects.filter(stage=request.stage, name__gt=request.name)
    if newer.exists():
        raise ConflictError(
            f'Stage "{request.stage.name}" has a newer promotion request; retry that one, or '
            "promote the Freight again."
        )
    left = [row.name for row in rows_of(request) if row.phase is not PromotionPhase.SUCCEEDED]
    if not left:
        raise ConflictError("Every target of the promotion request has succeeded.")
    living = set(targets_in(request.project).filter(name__in=left).values_list("name", flat=True))
    if not living:
        raise ConflictError(
            f"The targets that did not succeed no longer exist: {', '.join(left[:_NAMED])}; "
            "promote the Freight again to reach others."
        )
    _audit(request, "retry", actor=actor, now=now, after={"targets": sorted(living)})
    return create_promotion_request(
        request.stage, request.freight, actor=actor, now=now, targets=sorted(living)
    )


@transaction.atomic
def delete_promotion_request(request: PromotionRequest, *, actor: Actor, now: datetime) -> None:
    """Delete a request and its promotions, having ended those that wait or run."""
    hold_passes([request])
    delete_held_request(request, actor=actor, now=now)


def hold_passes(requests: Iterable[PromotionRequest]) -> None:
    """Let no pass over requests, or over promotions that they made, store anything until commit."""
    uids = {request.pk: request.uid for request in requests}
    promotions = Promotion.objects.filter(request__in=uids).values_list("uid", flat=True)
    queue.hold(WorkKind.PROMOTION, promotions)
    queue.hold(WorkKind.PROMOTION_REQUEST, uids.values())


def delete_held_request(request: PromotionRequest, *, actor: Actor, now: datetime) -> None:
    """As :func:`delete_promotion_request`, of a request that :func:`hold_passes` was called for."""
    reason = "the promotion request was deleted"
    for promotion in _held_promotions(request, now=now):
        delete_promotion(promotion, actor=actor, reason=reason, now=now)
    queue.close_work(kind=WorkKind.PROMOTION_REQUEST, uid=request.uid)
    if not request.is_terminal:
        request.refresh_from_db(fields=["phase"])
    if not request.is_terminal:
        request.advance(RequestPhase.FAILED, at=now, message="deleted", aborted_by=actor.name)
        events.tell_request_ended(request, now=now)
    saving.delete(request, write=saving.Write(saving.owner_of(request.project), actor, now))
    queue.wake(kind=WorkKind.STAGE, uid=request.stage.uid, at=now)


def _held_promotions(request: PromotionRequest, *, now: datetime) -> list[Promotion]:
    """Return what a request made, but for what runs since a moment ago: that ends itself, soon."""
    rows = Promotion.objects.filter(request=request)
    found = list(rows.select_related("project__tenant", "stage", "freight", "request"))
    busy = queue.hold(WorkKind.PROMOTION, [row.uid for row in found], busy_too=False)
    queue.wake_many(kind=WorkKind.PROMOTION, uids=list(busy), at=now)
    return [row for row in found if row.uid not in busy]


def _named(stage: Stage, names: Sequence[str]) -> list[Target]:
    found = {row.name: row for row in targets_in(stage.project).filter(name__in=list(names))}
    missing = [
        FieldProblem(f"spec.targets[{index}].name", f'targets.kargo.akuity.io "{name}" not found')
        for index, name in enumerate(names)
        if name not in found
    ]
    if missing:
        raise _invalid(*missing)
    return sorted(found.values(), key=lambda target: target.name)


def _add(request: PromotionRequest, targets: Iterable[Target]) -> None:
    label = policy_from(request.policy).wave_label
    RequestTarget.objects.bulk_create(
        RequestTarget(request=request, name=target.name, wave=str(target.labels.get(label, "")))
        for target in targets
    )


def _open(request: PromotionRequest, *, now: datetime) -> None:
    queue.open_work(
        kind=WorkKind.PROMOTION_REQUEST,
        uid=request.uid,
        tenant_uid=request.project.tenant.uid,
        shard=request.shard,
        due_at=None,
    )
    queue.wake(kind=WorkKind.STAGE, uid=request.stage.uid, at=now)


def _invalid(*problems: FieldProblem) -> InvalidError:
    lines = "; ".join(map(str, problems))
    return InvalidError(f"PromotionRequest is invalid: {lines}", problems=problems)


def _audit(
    request: PromotionRequest,
    verb: str,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
    before: JSONObject | None = None,
    after: JSONObject | None = None,
) -> None:
    act = audit.Act(
        action=f"promotion_request.{verb}",
        kind="PromotionRequest",
        tenant_uid=request.project.tenant.uid,
        project_uid=request.project.uid,
        object_uid=request.uid,
        object_name=request.name,
        reason=reason,
        before=dict(before) if before else None,
        after=dict(after) if after else None,
    )
    audit.record(act, actor=actor, at=now)
