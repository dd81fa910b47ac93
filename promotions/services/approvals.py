"""Takes people's approval of promotions that may not start without it."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from common.errors import ConflictError, ForbiddenError, InvalidError
from promotions import queue
from promotions.engine import quorum
from promotions.engine.approvals import Action, matching
from promotions.engine.inputs import actor_name
from promotions.engine.quorum import ApprovalPolicy, Person
from promotions.models import Promotion, PromotionApproval, PromotionRequest, WorkKind
from promotions.selectors.approvals import Subject, answers_to, approval_policy_of
from promotions.selectors.prompts import identity_in
from promotions.services.promote_rights import require_promote
from promotions.services.promotion_progress import touched as touched_promotion
from promotions.services.promotion_requests import abort_promotion_request
from promotions.services.promotions import abort_promotion
from promotions.services.request_progress import touched as touched_request
from promotions.services.responses import MAX_MESSAGE
from rbac import audit
from rbac.actors import Actor

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What somebody says of a promotion: ``approve`` or ``reject``, and why."""

    action: Action
    message: str = ""


@transaction.atomic
def judge_promotion(
    subject: Subject, judgement: Judgement, *, actor: Actor, now: datetime
) -> PromotionApproval:
    """Approve or reject a promotion, or a promotion request, that waits for approval.

    With enough approvals it may start; one rejection ends it.

    Raises:
        ConflictError: It needs no approval, waits no more, or this person approved it already.
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
    # First the work, then the promotion: a pass of the Stage locks them in that order too.
    queue.wake(kind=WorkKind.STAGE, uid=subject.stage.uid, at=now)
    _lock_waiting(subject)
    _refuse_unasked(subject, policy, actor)
    _refuse_again(subject, policy, judgement, actor=actor, now=now)
    approval = _kept(subject, policy, judgement, actor=actor, now=now)
    _tell(subject)
    _audit(subject, judgement, actor=actor, now=now)
    logger.info("judged", extra={"promotion": subject.name, "action": judgement.action})
    if judgement.action is Action.REJECT:
        _abort(subject, judgement, actor=actor, now=now)
    return approval


def requester_of(subject: Subject) -> Person:
    """Return who asked for a promotion."""
    return Person(_uid(subject.actor_uid), subject.actor)


def author_of(subject: Subject) -> Person:
    """Return who put its Freight together; nobody if a Warehouse found it."""
    return Person(_uid(subject.freight.creator_uid), subject.freight.creator)


def _refuse_part(subject: Subject) -> None:
    if isinstance(subject, Promotion) and subject.request is not None:
        raise ConflictError(
            f'It is part of promotion request "{subject.request.name}"; approve that one.'
        )


def _refuse_unfit(judgement: Judgement) -> None:
    if judgement.action not in {Action.APPROVE, Action.REJECT}:
        raise InvalidError("A promotion is approved or rejected; nothing is submitted to it.")
    if len(judgement.message) > MAX_MESSAGE or "\0" in judgement.message:
        raise InvalidError(f"The message must be at most {MAX_MESSAGE} characters without NUL.")


def _lock_waiting(subject: Subject) -> None:
    rows = type(subject).objects.select_for_update(of=("self",)).filter(pk=subject.pk)
    phase = rows.values_list("phase", flat=True).first()
    if phase not in {"", "Pending"}:
        raise ConflictError(f"It does not wait for approval: it is {phase or 'gone'}.")


def _refuse_unasked(subject: Subject, policy: ApprovalPolicy, actor: Actor) -> None:
    if actor.user_uid is None:
        raise ForbiddenError("Only people approve; sign in, or use a token of yours.")
    if not policy.approvers:
        require_promote(actor, subject.stage)
    refusal = quorum.refusal_to_answer(
        policy,
        Person(_uid(actor.user_uid), actor.name),
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
    if judgement.action is Action.APPROVE and quorum.standing(policy, mine, now=now).given:
        raise ConflictError("You have approved it already.")


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


def _tell(subject: Subject) -> None:
    if isinstance(subject, Promotion):
        touched_promotion(subject)
    else:
        touched_request(subject)


def _audit(subject: Subject, judgement: Judgement, *, actor: Actor, now: datetime) -> None:
    act = audit.Act(
        action="promotion.judge",
        kind="Promotion" if isinstance(subject, Promotion) else "PromotionRequest",
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
