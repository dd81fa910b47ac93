"""Tells a project's page of events what happened to promotions and Freight.

Call these in the transaction of what happened. Source: Kargo ``pkg/event``.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from operator import itemgetter
from typing import Any

import orjson

from common.errors import PlatformError
from common.jsontypes import JSONValue, as_list, as_object, as_text
from projects.services.changes import kind_of
from promotions.engine.conditions import truncated
from promotions.engine.expressions.templates import render
from promotions.engine.inputs import Scope, environment, variables
from promotions.engine.phases import PromotionPhase
from promotions.engine.verification import VerificationPhase
from promotions.manifests.freight_contents import artifact_lists
from promotions.manifests.metadata import timestamp
from promotions.manifests.promotion_steps import steps_from
from promotions.models import (
    Event,
    Freight,
    Promotion,
    PromotionRequest,
    Stage,
    Verification,
)
from promotions.selectors import plans
from rbac.actors import Actor

_ARGOCD_UPDATE = "argocd-update"


class Reason(StrEnum):
    """What happened."""

    PROMOTION_CREATED = "PromotionCreated"
    PROMOTION_SUCCEEDED = "PromotionSucceeded"
    PROMOTION_FAILED = "PromotionFailed"
    PROMOTION_ERRORED = "PromotionErrored"
    PROMOTION_ABORTED = "PromotionAborted"
    PROMOTION_DISCARDED = "PromotionDiscarded"
    PROMOTION_APPROVED = "PromotionApproved"
    APPROVAL_WITHDRAWN = "PromotionApprovalWithdrawn"
    APPROVAL_EXPIRED = "PromotionApprovalExpired"
    REQUEST_CREATED = "PromotionRequestCreated"
    REQUEST_SUCCEEDED = "PromotionRequestSucceeded"
    REQUEST_FAILED = "PromotionRequestFailed"
    REQUEST_ERRORED = "PromotionRequestErrored"
    REQUEST_DISCARDED = "PromotionRequestDiscarded"
    REQUEST_APPROVED = "PromotionRequestApproved"
    REQUEST_APPROVAL_WITHDRAWN = "PromotionRequestApprovalWithdrawn"
    REQUEST_APPROVAL_EXPIRED = "PromotionRequestApprovalExpired"
    FREIGHT_CREATED = "FreightCreated"
    FREIGHT_APPROVED = "FreightApproved"
    VERIFICATION_SUCCEEDED = "FreightVerificationSucceeded"
    VERIFICATION_FAILED = "FreightVerificationFailed"
    VERIFICATION_ERRORED = "FreightVerificationErrored"
    VERIFICATION_ABORTED = "FreightVerificationAborted"
    VERIFICATION_INCONCLUSIVE = "FreightVerificationInconclusive"
    VERIFICATION_UNKNOWN = "FreightVerificationUnknown"


_ENDS: Mapping[PromotionPhase, Reason] = {
    PromotionPhase.SUCCEEDED: Reason.PROMOTION_SUCCEEDED,
    PromotionPhase.FAILED: Reason.PROMOTION_FAILED,
    PromotionPhase.ERRORED: Reason.PROMOTION_ERRORED,
    PromotionPhase.ABORTED: Reason.PROMOTION_ABORTED,
}
_OF_REQUESTS: Mapping[Reason, Reason] = {
    Reason.PROMOTION_APPROVED: Reason.REQUEST_APPROVED,
    Reason.APPROVAL_WITHDRAWN: Reason.REQUEST_APPROVAL_WITHDRAWN,
    Reason.APPROVAL_EXPIRED: Reason.REQUEST_APPROVAL_EXPIRED,
}
_VERDICTS: Mapping[str, Reason] = {
    VerificationPhase.SUCCESSFUL: Reason.VERIFICATION_SUCCEEDED,
    VerificationPhase.FAILED: Reason.VERIFICATION_FAILED,
    VerificationPhase.ERROR: Reason.VERIFICATION_ERRORED,
    VerificationPhase.ABORTED: Reason.VERIFICATION_ABORTED,
    VerificationPhase.INCONCLUSIVE: Reason.VERIFICATION_INCONCLUSIVE,
}


def tell_promotion_created(promotion: Promotion, *, actor: Actor, now: datetime) -> None:
    """Tell that somebody, or the platform itself, promotes."""
    stage, origin = promotion.stage.name, promotion.freight.warehouse.name
    if actor.is_system:
        message = (
            f'Automatically promoted Freight from origin "Warehouse/{origin}" for Stage "{stage}"'
        )
    else:
        message = f'Promotion created for Stage "{stage}" by "{actor.name}"'
    _tell_promotion(promotion, Reason.PROMOTION_CREATED, message, now=now)


def tell_promotion_ended(promotion: Promotion, *, now: datetime) -> None:
    """Tell how a promotion ended; it is in that phase already.

    Who aborted it is in its message only: its actor is who asked for it, here too.
    """
    phase = PromotionPhase(promotion.phase)
    message = f"Promotion {phase.value}"
    if phase is PromotionPhase.ABORTED and promotion.message:
        message = promotion.message
    elif promotion.message:
        message = f"{message}: {promotion.message}"
    facts = {}
    if phase is PromotionPhase.SUCCEEDED:
        is_pending = bool(promotion.stage.spec.get("verification"))
        facts["verification-pending"] = "true" if is_pending else "false"
    _tell_promotion(promotion, _ENDS[phase], message, now=now, **facts)


def tell_request_created(
    request: PromotionRequest, *, actor: Actor, targets: int, now: datetime
) -> None:
    """Tell that somebody, or the platform itself, promotes to many targets."""
    by = "Automatically" if actor.is_system else f'By "{actor.name}"'
    message = f'{by}: promotion request for {targets} targets of Stage "{request.stage.name}"'
    _tell_request(request, Reason.REQUEST_CREATED, message, now=now)


def tell_request_ended(request: PromotionRequest, *, now: datetime) -> None:
    """Tell how a promotion request ended; it is in that phase already."""
    message = f"Promotion request {request.phase}: {request.message}"
    _tell_request(request, Reason(f"PromotionRequest{request.phase}"), message, now=now)


def tell_request_discarded(request: PromotionRequest, *, now: datetime) -> None:
    """Tell that a promotion request was discarded, for which it says why."""
    message = f"Promotion request discarded: {request.message}"
    _tell_request(request, Reason.REQUEST_DISCARDED, message, now=now)


def tell_promotion_discarded(promotion: Promotion, *, now: datetime) -> None:
    """Tell that a promotion was discarded, for which it says why."""
    message = f"Promotion discarded: {promotion.message}"
    _tell_promotion(promotion, Reason.PROMOTION_DISCARDED, message, now=now)


def tell_approval(
    subject: Promotion | PromotionRequest, reason: Reason, message: str, *, now: datetime
) -> None:
    """Tell that what waits for approval has enough of it, or has lost some."""
    if isinstance(subject, PromotionRequest):
        _tell_request(subject, _OF_REQUESTS[reason], message, now=now)
    else:
        _tell_promotion(subject, reason, message, now=now)


def tell_freight_created(freight: Freight, *, actor: Actor, now: datetime) -> None:
    """Tell of new Freight."""
    by = "" if actor.is_system else f' by "{actor.name}"'
    facts = {"actor": actor.name, **freight_facts(freight), "stage-name": ""}
    _tell_freight(freight, Reason.FREIGHT_CREATED, f"Freight created{by}", facts, now=now)


def tell_freight_approved(freight: Freight, stage: Stage, *, actor: Actor, now: datetime) -> None:
    """Tell that a Stage may have Freight that is not verified upstream of it."""
    facts = {"actor": actor.name, **freight_facts(freight), "stage-name": stage.name}
    message = f'Freight approved for Stage "{stage.name}" by "{actor.name}"'
    _tell_freight(freight, Reason.FREIGHT_APPROVED, message, facts, now=now)


def tell_freight_verified(
    stage: Stage,
    freight: Iterable[Freight],
    verification: Verification,
    *,
    actor: str,
    promotion: str = "",
) -> None:
    """Tell how a verification ended, once for each piece of Freight.

    Args:
        stage: Where.
        freight: What was verified.
        verification: How; it need not be stored. Who asked for it goes before ``actor``.
        actor: Who verified, such as ``controller:stage-controller``.
        promotion: Name of the promotion that brought it about, if an analysis was made for one.
    """
    ended_at = verification.finished_at or verification.started_at
    reason = _VERDICTS.get(verification.phase, Reason.VERIFICATION_UNKNOWN)
    message = verification.message
    if reason is Reason.VERIFICATION_SUCCEEDED:
        message = "Freight verification succeeded"
    run = as_object(verification.analysis_run)
    for item in freight:
        facts = {
            "actor": verification.actor or actor,
            **freight_facts(item),
            "stage-name": stage.name,
            "analysis-run-name": as_text(run.get("name")),
            "verification-start-time": timestamp(verification.started_at),
            "verification-finish-time": timestamp(ended_at),
            "promotion-name": promotion,
        }
        _tell_freight(item, reason, message, facts, now=ended_at)


def freight_facts(freight: Freight) -> dict[str, str]:
    """Return what events say of Freight; reads its artifacts and Warehouse."""
    lists = artifact_lists(freight.artifacts.all())
    return {
        "freight-name": freight.name,
        "freight-alias": freight.alias,
        "freight-create-time": timestamp(freight.created_at),
        "freight-warehouse-name": freight.warehouse.name,
        **{f"freight-{name}": _json(items) for name, items in lists.items() if items},
    }


def _tell_promotion(
    promotion: Promotion, reason: Reason, message: str, *, now: datetime, **facts: str
) -> None:
    annotations = {
        **_facts(promotion, "promotion"),
        "applications": _applications(promotion),
        "rollback": promotion.annotations.get(plans.ROLLBACK_ANNOTATION, ""),
        **facts,
    }
    _tell(promotion, reason, message, _present(annotations), now=now)


def _tell_request(
    request: PromotionRequest, reason: Reason, message: str, *, now: datetime
) -> None:
    annotations = _facts(request, "promotion-request")
    _tell(request, reason, message, _present(annotations), now=now)


def _tell_freight(
    freight: Freight, reason: Reason, message: str, facts: Mapping[str, str], *, now: datetime
) -> None:
    annotations = {**_present(facts), "stage-name": facts["stage-name"]}
    _tell(freight, reason, message, annotations, now=now)


def _tell(
    subject: Promotion | PromotionRequest | Freight,
    reason: Reason,
    message: str,
    annotations: Mapping[str, str],
    *,
    now: datetime,
) -> None:
    Event.objects.create(
        project=subject.project,
        reason=reason.value,
        message=truncated(message),
        object_kind=kind_of(subject),
        object_name=subject.name,
        object_uid=subject.uid,
        annotations={"project": subject.project.name, **annotations},
        at=now,
    )


def _facts(subject: Promotion | PromotionRequest, kind: str) -> dict[str, str]:
    return {
        "actor": subject.actor,
        f"{kind}-name": subject.name,
        f"{kind}-create-time": timestamp(subject.created_at),
        "stage-name": subject.stage.name,
        **freight_facts(subject.freight),
    }


def _present(facts: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in facts.items() if value}


def _applications(promotion: Promotion) -> str:
    """Return the Argo CD Applications that the promotion updates, as JSON; empty without any.

    Each once, by namespace and name. Those whose names cannot be known before the promotion runs
    are left out.
    """
    if not any(step.get("uses") == _ARGOCD_UPDATE for step in promotion.spec["steps"]):
        return ""
    plan = plans.plan_for(promotion, workdir="", base_url="")
    found: list[dict[str, str]] = []
    for index, step in enumerate(steps_from(promotion.spec["steps"])):
        if step.uses != _ARGOCD_UPDATE:
            continue
        scope = Scope(plan.facts, render, index=index)
        try:
            env: dict[str, Any] = {**environment(scope, step), "vars": variables(scope, step)}
        except PlatformError:
            continue
        for app in map(as_object, as_list(as_object(step.config).get("apps"))):
            found += [it for it in _application(app, env) if it not in found]
    return _json(sorted(found, key=itemgetter("namespace", "name"))) if found else ""


def _application(app: Mapping[str, JSONValue], env: Mapping[str, object]) -> list[dict[str, str]]:
    try:
        name = as_text(render(app.get("name"), env))
        namespace = as_text(render(app.get("namespace"), env))
    except PlatformError:
        return []
    return [{"name": name, "namespace": namespace or "argocd"}] if name else []


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
