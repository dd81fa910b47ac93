"""Creates, aborts, refreshes and deletes promotions."""

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from common.errors import InvalidError
from common.jsontypes import JSONObject
from projects.models import ChangeType
from projects.services.changes import record_change
from promotions import queue
from promotions.engine import executor
from promotions.engine.eligibility import Code, reason
from promotions.engine.health import HealthState
from promotions.engine.inflation import inflate
from promotions.engine.verification import Gate
from promotions.manifests.promotion_steps import steps_to, variables_to
from promotions.models import Freight, Promotion, PromotionRequest, Stage, Target, WorkKind
from promotions.selectors import availability, plans
from promotions.selectors.approvals import approval_missing, waiting_words
from promotions.selectors.eligibility import refusal
from promotions.selectors.freight import current_collection
from promotions.selectors.promotion_requests import is_moving
from promotions.selectors.promotions import is_alone
from promotions.selectors.stages import gate_of
from promotions.selectors.targets import is_target_aware, targets_of
from promotions.services import events, promotion_progress, saving, slots, stage_status
from promotions.services.promotion_names import new_promotion_name
from promotions.services.window_gate import refuse_closed
from rbac import audit
from rbac.actors import Actor

logger = logging.getLogger(__name__)

SHOWN_WITHIN = timedelta(milliseconds=100)
"""When the Stage is to look at a promotion that was let in without asking it."""
CREATE_ACTOR = "kargo.akuity.io/create-actor"
_PROGRESS = ("phase", "current_step", "state", "health_checks", "encrypted")


@transaction.atomic
def create_promotion(
    stage: Stage,
    freight: Freight,
    *,
    actor: Actor,
    now: datetime,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
) -> Promotion:
    """Queue a promotion of ``freight`` into ``stage``.

    The Stage's template decides variables and steps; tasks are inflated now, so that a later
    change of a task does not change a promotion that waits.

    Raises:
        ForbiddenError: The Stage's promotion windows are closed.
        InvalidError: The Stage has no steps, the Freight is not available to it, or a task or
            one of its variables is missing.
    """
    if is_target_aware(stage):
        raise InvalidError(
            f'Stage "{stage.name}" promotes to targets, by promotions that a PromotionRequest '
            "owns; create a PromotionRequest instead.",
            code="target_aware",
        )
    promotion = planned_promotion(stage, freight, actor=actor, now=now)
    refuse_closed(stage, now=now)
    promotion.labels = labels or {}
    promotion.annotations = {
        **(annotations or {}),
        **availability.hold_annotations(stage, freight, actor=actor, now=now),
        CREATE_ACTOR: actor.name,
    }
    promotion.save(force_insert=True)
    _record_creation(promotion)
    queue.open_work(
        kind=WorkKind.PROMOTION,
        uid=promotion.uid,
        tenant_uid=stage.project.tenant.uid,
        shard=stage.shard,
        due_at=None,
    )
    _admit(stage, promotion, now=now)
    events.tell_promotion_created(promotion, actor=actor, now=now)
    asked = {"stage": stage.name, "freight": freight.name}
    _audit(promotion, "promotion.create", actor=actor, now=now, after=asked)
    logger.info("promotion created", extra={"promotion": promotion.name, "actor": actor.name})
    return promotion


def planned_promotion(
    stage: Stage, freight: Freight, *, actor: Actor, now: datetime, target: str = ""
) -> Promotion:
    """Return the promotion that would be created, with a new name and not stored.

    Of a Stage that selects targets it is the one to ``target``, or to the first of them.

    Raises:
        InvalidError: As :func:`create_promotion` does, or the Stage selects no such target.
    """
    refused = refusal(stage, freight, now=now)
    if refused:
        raise InvalidError(refused, code="freight_not_available")
    chosen = _target_to_try(stage, target)
    return Promotion(
        project=stage.project,
        stage=stage,
        freight=freight,
        target_name=chosen.name if chosen is not None else "",
        target_facts=_target_facts(chosen) if chosen is not None else {},
        name=new_promotion_name(stage, freight, now=now),
        spec=planned_spec(stage, freight),
        shard=stage.shard,
        actor=actor.name,
        actor_uid=actor.user_uid,
        created_at=now,
        updated_at=now,
    )


@transaction.atomic
def create_target_promotion(
    request: PromotionRequest, target: Target, *, actor: Actor, now: datetime
) -> Promotion:
    """Have a request's Freight promoted to one of its targets, at once.

    Its parameters and labels are taken as they are now; who asked for the request asked for this.

    Raises:
        InvalidError: The Stage has no steps any more, or a task or one of its variables is missing.
    """
    stage, freight = request.stage, request.freight
    promotion = Promotion(
        project=request.project,
        stage=stage,
        freight=freight,
        request=request,
        target_name=target.name,
        target_facts=_target_facts(target),
        name=new_promotion_name(stage, freight, now=now, target=target.name),
        spec={**planned_spec(stage, freight), "target": target.name},
        shard=request.shard,
        actor=request.actor,
        annotations={CREATE_ACTOR: request.actor},
        created_at=now,
        updated_at=now,
    )
    promotion.save(force_insert=True)
    _record_creation(promotion)
    queue.open_work(
        kind=WorkKind.PROMOTION,
        uid=promotion.uid,
        tenant_uid=request.project.tenant.uid,
        shard=request.shard,
        due_at=now,
    )
    events.tell_promotion_created(promotion, actor=actor, now=now)
    asked: JSONObject = {"stage": stage.name, "freight": freight.name, "target": target.name}
    _audit(promotion, "promotion.create", actor=actor, now=now, after=asked)
    return promotion


@transaction.atomic
def abort_promotion(promotion: Promotion, *, actor: Actor, reason: str, now: datetime) -> None:
    """End a promotion that waits or runs; one that has ended stays as it is.

    A pass that is under way loses its lease: nothing it still does is stored.
    """
    # First: a pass that is under way locks the work before the promotion, and so must we.
    queue.revoke(kind=WorkKind.PROMOTION, uid=promotion.uid, at=now)
    promotion.refresh_from_db(fields=_PROGRESS)
    if promotion.is_terminal:
        return
    before: JSONObject = {"phase": promotion.phase}
    progress = promotion_progress.progress_of(promotion)
    result = executor.abort(progress, actor=actor.name, now=now)
    promotion_progress.store(promotion, result, now=now)
    after: JSONObject = {"phase": promotion.phase}
    act = "promotion.abort"
    _audit(promotion, act, actor=actor, now=now, reason=reason, before=before, after=after)


@transaction.atomic
def refresh_promotion(promotion: Promotion, *, actor: Actor, now: datetime) -> None:
    """Look at a promotion again at once; of one that has ended there is nothing to look at."""
    token = now.isoformat()
    tokens = {"refresh_token": token}
    if promotion.is_terminal:
        tokens["handled_refresh"] = token
    Promotion.objects.filter(pk=promotion.pk).update(**tokens)
    promotion_progress.touched(promotion)
    queue.wake(kind=WorkKind.PROMOTION, uid=promotion.uid, at=now)
    _audit(promotion, "promotion.refresh", actor=actor, now=now)


@transaction.atomic
def delete_promotion(promotion: Promotion, *, actor: Actor, reason: str, now: datetime) -> None:
    """Delete a promotion, having ended it if it waits or runs."""
    if promotion.is_terminal:
        queue.close_work(kind=WorkKind.PROMOTION, uid=promotion.uid)
    else:  # its work stays open, for a worker to remove the work directory
        abort_promotion(promotion, actor=actor, reason=reason, now=now)
    saving.delete(promotion, write=saving.Write(saving.owner_of(promotion.project), actor, now))
    promotion_progress.wake_owner(promotion, now=now)


def _admit(stage: Stage, promotion: Promotion, *, now: datetime) -> None:
    """Let the promotion in at once if nothing is before it; else its Stage decides."""
    missing = approval_missing(promotion, now=now)
    if missing is not None:
        promotion_progress.explain(promotion, waiting_words(missing), now=now)
    is_next = not is_moving(stage) and is_alone(promotion) and _is_open(stage)
    is_first = missing is None and is_next and slots.is_line_empty(stage)
    admitted = is_first and stage_status.admit(stage, promotion, now=now)
    at = now + SHOWN_WITHIN if admitted else now
    queue.wake(kind=WorkKind.STAGE, uid=stage.uid, at=at)


def _is_open(stage: Stage) -> bool:
    health = HealthState(stage.health["status"]) if stage.health else None
    return gate_of(current_collection(stage), health=health) is Gate.OPEN


def _target_to_try(stage: Stage, name: str) -> Target | None:
    """Return the target of that name, or the first; ``None`` if the Stage has none at all."""
    targets = targets_of(stage) if is_target_aware(stage) else []
    if not name:
        return next(iter(targets), None)
    found = next((it for it in targets if it.name == name), None)
    if found is None:
        raise InvalidError(f'Stage "{stage.name}" selects no target "{name}".', code="no_target")
    return found


def _target_facts(target: Target) -> dict[str, Any]:
    return {"params": target.spec.get("params", {}), "labels": target.labels}


def planned_spec(stage: Stage, freight: Freight) -> dict[str, Any]:
    """Return what a promotion of ``freight`` into ``stage`` would do, its tasks inflated.

    Raises:
        InvalidError: The Stage has no steps, or a task or one of its variables is missing.
    """
    steps, variables = plans.template_of(stage)
    if not steps:
        why = reason(Code.CONTROL_FLOW, stage=stage.name)
        raise InvalidError(f"{why.message}.", code="no_promotion_steps")
    inflated = inflate(
        steps, promotion_variables=variables, find_task=partial(plans.find_task, stage)
    )
    spec: dict[str, Any] = {"stage": stage.name, "freight": freight.name}
    if variables:
        spec["vars"] = variables_to(variables)
    spec["steps"] = steps_to(inflated)
    return spec


def _record_creation(promotion: Promotion) -> None:
    record_change(
        promotion,
        change_type=ChangeType.ADDED,
        tenant_uid=promotion.project.tenant.uid,
        project_uid=promotion.project.uid,
    )


def _audit(
    promotion: Promotion,
    action: str,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
    before: JSONObject | None = None,
    after: JSONObject | None = None,
) -> None:
    act = audit.Act(
        action=action,
        kind="Promotion",
        tenant_uid=promotion.project.tenant.uid,
        project_uid=promotion.project.uid,
        object_uid=promotion.uid,
        object_name=promotion.name,
        reason=reason,
        before=dict(before) if before else None,
        after=dict(after) if after else None,
    )
    audit.record(act, actor=actor, at=now)
