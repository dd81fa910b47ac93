"""Takes people's approval of promotions that may not start without it, and takes it back."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from common.errors import ConflictError, ForbiddenError, InvalidError
from promotions import queue
from promotions.engine import quorum
from promotions.engine.approvals import Action, matching
from promotions.engine.inputs import actor_name
from promotions.engine.phases import PromotionPhase
from promotions.engine.quorum import ApprovalPolicy, Person
from promotions.models import Promotion, PromotionApproval, PromotionRequest, WorkKind
from promotions.selectors.approvals import (
    Subject,
    answers_to,
    approval_policy_of,
    author_of,
    requester_of,
    standing_under,
)
from promotions.selectors.prompts import identity_in
from promotions.services import approval_gate, events
from promotions.services.promote_rights import require_promote
from promotions.services.promotion_requests import abort_promotion_request
from promotions.services.promotions import abort_promotion
from promotions.services.responses import MAX_MESSAGE
from rbac import audit
from rbac.actors import Actor

logger = logging.getLogger(__name__)

JUDGEMENTS = (Action.APPROVE, Action.REJECT, Action.WITHDRAW)
"""What people say of a promotion that waits for approval."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What somebody says of a promotion, one of :data:`JUDGEMENTS`, and why."""

    action: Action
    message: str = ""


@transaction.atomic
def judge_promotion(
    subject: Subject, judgement: Judgement, *, actor: Actor, now: datetime
) -> PromotionApproval:
    """Approve or reject a promotion, or a promotion request, that waits; or take approval back.

    With enough approvals it may start; one rejection ends it. Until it starts, whoever approved
    it may withdraw that, and approve it again.

    Raises:
        ConflictError: It needs no approval, waits no more, this person approved it already, or has
            nothing to withdraw.
        ForbiddenError: This person may not: no right, not asked, or asked for it themselves.
        InvalidError: The message is too long.
    """
    _refuse_part(subject)
    policy = approval_policy_of(subject.stage)
    if policy is None:
        raise ConflictError(
            f'Promotions to Stage "{subject.stage.name}" need no approval: no entry of the '
            "ProjectConfig's approvalPolicies is for it."
        )
    _refuse_unfit(judgement)
    _hold_work(subject, judgement, now=now)
    _lock_waiting(subject)
    if judgement.action is not Action.WITHDRAW:
        _refuse_unasked(subject, policy, actor)
    _refuse_again(subject, policy, judgement, actor=actor, now=now)
    was_met = standing_under(policy, subject, answers_to(subject), now=now).is_met
    approval = _kept(subject, policy, judgement, actor=actor, now=now)
    _tell(subject, policy, judgement, was_met=was_met, actor=actor, now=now)
    _audit(subject, judgement, actor=actor, now=now)
    logger.info("judged", extra={"promotion": subject.name, "action": judgement.action})
    if judgement.action is Action.REJECT:
        _abort(subject, judgement, actor=actor, now=now)
    queue.wake(kind=WorkKind.STAGE, uid=subject.stage.uid, at=now)
    return approval


def refusal_to_judge(subject: Subject, policy: ApprovalPolicy, actor: Actor) -> str:
    """Return why somebody may not approve or reject; empty if they may."""
    try:
        _refuse_unasked(subject, policy, actor)
    except ForbiddenError as error:
        return error.message
    return ""


def _refuse_part(subject: Subject) -> None:
    if isinstance(subject, Promotion) and subject.request is not None:
        raise ConflictError(
            f'It is part of promotion request "{subject.request.name}"; approve that one.'
        )


def _refuse_unfit(judgement: Judgement) -> None:
    if judgement.action not in JUDGEMENTS:
        raise InvalidError("A promotion is approved or rejected, or its approval is withdrawn.")
    if len(judgement.message) > MAX_MESSAGE or "\0" in judgement.message:
        raise InvalidError(f"The message must be at most {MAX_MESSAGE} characters without NUL.")


def _hold_work(subject: Subject, judgement: Judgement, *, now: datetime) -> None:
    """Wake it, and lock its work before itself, as its own passes and those who end it do."""
    if isinstance(subject, PromotionRequest):
        queue.wake(kind=WorkKind.PROMOTION_REQUEST, uid=subject.uid, at=now)
    elif judgement.action is Action.REJECT:
        queue.revoke(kind=WorkKind.PROMOTION, uid=subject.uid, at=now)
    else:
        queue.wake(kind=WorkKind.PROMOTION, uid=subject.uid, at=now)


def _lock_waiting(subject: Subject) -> None:
    phase = approval_gate.lock(subject)
    if phase not in {"", PromotionPhase.PENDING}:
        raise ConflictError(f"It does not wait for approval: it is {phase}.")


def _refuse_unasked(subject: Subject, policy: ApprovalPolicy, actor: Actor) -> None:
    if actor.user_uid is None:
        raise ForbiddenError("Only people approve; sign in, or use a token of yours.")
    if not policy.approvers:
        require_promote(actor, subject.stage)
    refusal = quorum.refusal_to_answer(
        policy,
        Person(_uid(actor.user_uid), actor_name(actor.name)),
        identity_in(subject.project, actor),
        requester=requester_of(subject),
        author=author_of(subject),
    )
    if refusal:
        raise ForbiddenError(f"{refusal}.", code="not_an_approver")


def _refuse_again(
    subject: Subject, policy: ApprovalPolicy, judgement: Judgement, *, actor: Actor, now: datetime
) -> None:
    mine = [it for it in answers_to(subject) if it.user_id == str(actor.user_uid)]
    if judgement.action is Action.APPROVE and standing_under(policy, subject, mine, now=now).given:
        raise ConflictError("You have approved it already.")
    if judgement.action is Action.WITHDRAW and not quorum.has_approved(mine, str(actor.user_uid)):
        raise ConflictError("There is no approval of yours to withdraw.")


def _kept(
    subject: Subject, policy: ApprovalPolicy, judgement: Judgement, *, actor: Actor, now: datetime
) -> PromotionApproval:
    matched = matching(policy.approvers, identity_in(subject.project, actor))
    return PromotionApproval.objects.create(
        promotion=subject if isinstance(subject, Promotion) else None,
        request=subject if isinstance(subject, PromotionRequest) else None,
        user=actor_name(actor.name),
        user_uid=_uid(actor.user_uid),
        action=judgement.action.value,
        message=judgement.message,
        matched=[list(rule.key) for rule in matched],
        at=now,
    )


def _abort(subject: Subject, judgement: Judgement, *, actor: Actor, now: datetime) -> None:
    reason = f"rejected: {judgement.message}" if judgement.message else "rejected"
    if isinstance(subject, Promotion):
        abort_promotion(subject, actor=actor, reason=reason, now=now)
    else:
        abort_promotion_request(subject, actor=actor, reason=reason, now=now)


def _tell(
    subject: Subject,
    policy: ApprovalPolicy,
    judgement: Judgement,
    *,
    was_met: bool,
    actor: Actor,
    now: datetime,
) -> None:
    approval_gate.touched(subject)
    counted = approval_gate.counted(subject, now=now)
    is_met = standing_under(policy, subject, answers_to(subject), now=now).is_met
    if is_met and not was_met:
        message = f"Promotion approved: {counted}, the last by {actor.name}"
        events.tell_approval(subject, events.Reason.PROMOTION_APPROVED, message, now=now)
    if judgement.action is Action.WITHDRAW:
        message = f"{actor.name} has withdrawn their approval: {counted}"
        events.tell_approval(subject, events.Reason.APPROVAL_WITHDRAWN, message, now=now)


def _audit(subject: Subject, judgement: Judgement, *, actor: Actor, now: datetime) -> None:
    act = audit.Act(
        action="promotion.judge",
        kind=type(subject).__name__,
        tenant_uid=subject.project.tenant.uid,
        project_uid=subject.project.uid,
        object_uid=subject.uid,
        object_name=subject.name,
        reason=judgement.message,
        after={"action": judgement.action.value},
    )
    audit.record(act, actor=actor, at=now)


def _uid(uid: object) -> str:
    return str(uid) if uid else ""
