"""What people said of promotions that need approval, and what is still missing."""

from collections.abc import Sequence
from datetime import datetime

from common.jsontypes import as_object
from projects.models import Project, ProjectConfig
from promotions.engine.approvals import Action, Response
from promotions.engine.eligibility import Bars, Code, Reason, reason
from promotions.engine.quorum import (
    ApprovalPolicy,
    Standing,
    approvers_in_words,
    parse_approval_policy,
    policy_for,
    standing,
    why_not_approved,
)
from promotions.models import Promotion, PromotionApproval, PromotionRequest, Stage

Subject = Promotion | PromotionRequest
"""What needs approval."""


def approval_policy_of(stage: Stage) -> ApprovalPolicy | None:
    """Return what promotions to a Stage need before they start; ``None`` if nothing."""
    return policy_for(_policies(stage.project), stage=stage.name, labels=stage.labels)


def answers_to(subject: Subject) -> tuple[Response, ...]:
    """Return what people said of a promotion or a promotion request, oldest first."""
    field = "promotion" if isinstance(subject, Promotion) else "request"
    rows = PromotionApproval.objects.filter(**{field: subject}).order_by("at", "pk")
    return tuple(
        Response(
            user=row.user,
            user_id=str(row.user_uid),
            action=Action(row.action),
            at=row.at,
            message=row.message,
            matched=frozenset((claim, value, role) for claim, value, role in row.matched),
        )
        for row in rows
    )


def approval_standing(subject: Subject, *, now: datetime) -> Standing | None:
    """Return how a promotion stands with its approvers; ``None`` if it needs none."""
    policy = approval_policy_of(subject.stage)
    return None if policy is None else standing(policy, answers_to(subject), now=now)


def approval_missing(subject: Subject, *, now: datetime) -> Reason | None:
    """Return what a promotion lacks before it may start; ``None`` if nothing."""
    policy = approval_policy_of(subject.stage)
    if policy is None:
        return None
    return why_not_approved(policy, standing(policy, answers_to(subject), now=now))


def waiting_words(missing: Reason) -> str:
    """Return what a promotion says that waits for approval."""
    return f"Waiting for approval: {missing.message} by {missing.lifted_by}"


def approval_reasons(stages: Sequence[Stage], _now: datetime) -> dict[int, list[Reason]]:
    """Return what a new promotion to Stages of one project would wait for, by primary key."""
    policies = _policies(stages[0].project) if stages else []
    found = {it.pk: policy_for(policies, stage=it.name, labels=it.labels) for it in stages}
    return {pk: [_needed(policy)] for pk, policy in found.items() if policy is not None}


def _needed(policy: ApprovalPolicy) -> Reason:
    return reason(
        Code.APPROVALS_MISSING,
        bars=Bars.START,
        given=0,
        needed=policy.min_approvals,
        approvers=approvers_in_words(policy),
    )


def _policies(project: Project) -> list[ApprovalPolicy]:
    config = ProjectConfig.objects.filter(project=project).first()
    found = config.spec.get("approvalPolicies") or [] if config is not None else []
    return [parse_approval_policy(as_object(it)) for it in found]
