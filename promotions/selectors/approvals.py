"""What people said of promotions that need approval, and what is still missing."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import QuerySet

from common.jsontypes import as_list, as_object
from projects.models import Project
from projects.selectors import project_spec
from promotions.engine.approvals import Action, Response
from promotions.engine.eligibility import Reason
from promotions.engine.inputs import actor_name
from promotions.engine.phases import PromotionPhase
from promotions.engine.quorum import (
    ApprovalPolicy,
    Person,
    Standing,
    parse_approval_policy,
    policy_for,
    standing,
    why_not_approved,
)
from promotions.models import Freight, Promotion, PromotionRequest, Stage

Subject = Promotion | PromotionRequest
"""What needs approval."""

RESOURCES: Mapping[type[Subject], str] = {
    Promotion: "promotions",
    PromotionRequest: "promotionrequests",
}
"""As which resource each is read."""

MOST_PENDING = 200
"""How many promotions that wait for approval are listed at once."""
WAITING = ("", PromotionPhase.PENDING.value)
"""Phases of what has not started."""
_RowT = TypeVar("_RowT", Promotion, PromotionRequest)


@dataclass(frozen=True, slots=True)
class Pending:
    """A promotion that needs approval, and how it stands with its approvers."""

    subject: Subject
    policy: ApprovalPolicy
    standing: Standing
    answers: tuple[Response, ...]

    @property
    def is_waiting(self) -> bool:
        """Whether it has not started: until then people may approve, reject and withdraw."""
        return self.subject.phase in WAITING


def approval_policy_of(stage: Stage) -> ApprovalPolicy | None:
    """Return what promotions to a Stage need before they start; ``None`` if nothing."""
    return policy_for(_policies(stage.project), stage=stage.name, labels=stage.labels)


def answers_to(subject: Subject) -> tuple[Response, ...]:
    """Return what people said of a promotion or a promotion request, oldest first."""
    rows = sorted(subject.approvals.all(), key=lambda row: row.pk)
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
    if policy is None:
        return None
    return standing_under(policy, subject, answers_to(subject), now=now)


def standing_under(
    policy: ApprovalPolicy, subject: Subject, answers: Sequence[Response], *, now: datetime
) -> Standing:
    """Return what answers to a promotion come to under a policy."""
    people = {"requester": requester_of(subject), "author": author_of(subject)}
    return standing(policy, answers, now=now, **people)


def requester_of(subject: Subject) -> Person:
    """Return who asked for a promotion."""
    return Person(_uid(subject.actor_uid), actor_name(subject.actor))


def author_of(subject: Subject) -> Person:
    """Return who put its Freight together; nobody if a Warehouse found it."""
    return Person(_uid(subject.freight.creator_uid), actor_name(subject.freight.creator))


def approval_of(subject: Subject, *, now: datetime) -> Pending | None:
    """Return how one stands, whatever its phase; ``None`` if nobody has to approve it."""
    if isinstance(subject, Promotion) and subject.request_id is not None:
        return None
    return _pending(subject, _policies(subject.project), now=now)


def pending_approvals(
    project: Project,
    *,
    kinds: Container[type[Subject]] = (Promotion, PromotionRequest),
    stage: Stage | None = None,
    freight: Freight | None = None,
    after: str = "",
    now: datetime,
) -> list[Pending]:
    """Return what waits in a project and needs approval, by name; what has it, too.

    Args:
        project: Whose.
        kinds: Only promotions, or only requests.
        stage: Only what goes there, which comes oldest first.
        freight: Only what brings this.
        after: Only names after this one: :data:`MOST_PENDING` are returned at a time.
        now: When; approvals that have run out by then do not count.
    """
    policies = _policies(project)
    if not policies:
        return []
    stages = [stage] if stage is not None else Stage.objects.filter(project=project)
    bound = [it.pk for it in stages if policy_for(policies, stage=it.name, labels=it.labels)]
    only: dict[str, object] = {"stage__in": bound, "name__gt": after}
    if freight is not None:
        only["freight"] = freight
    subjects: list[Subject] = []
    if Promotion in kinds:
        subjects += _waiting(Promotion.objects.filter(request__isnull=True, **only))
    if PromotionRequest in kinds:
        subjects += _waiting(PromotionRequest.objects.filter(**only))
    found = [_pending(it, policies, now=now) for it in sorted(subjects, key=lambda it: it.name)]
    return [it for it in found if it is not None][:MOST_PENDING]


def approval_missing(subject: Subject, *, now: datetime) -> Reason | None:
    """Return what a promotion lacks before it may start; ``None`` if nothing.

    A promotion to a target lacks nothing: its request was approved.
    """
    if isinstance(subject, Promotion) and subject.request_id is not None:
        return None
    policy = approval_policy_of(subject.stage)
    if policy is None:
        return None
    found = standing_under(policy, subject, answers_to(subject), now=now)
    return why_not_approved(policy, found)


def waiting_words(missing: Reason) -> str:
    """Return what a promotion says that waits for approval."""
    return f"Waiting for approval: {missing.message} by {missing.lifted_by}"


def approval_reasons(stages: Sequence[Stage], now: datetime) -> dict[int, list[Reason]]:
    """Return what a new promotion to Stages of one project would wait for, by primary key."""
    policies = _policies(stages[0].project) if stages else []
    found = {it.pk: policy_for(policies, stage=it.name, labels=it.labels) for it in stages}
    needed = {
        pk: why_not_approved(policy, standing(policy, (), now=now))
        for pk, policy in found.items()
        if policy is not None
    }
    return {pk: [reason] for pk, reason in needed.items() if reason is not None}


def _pending(
    subject: Subject, policies: Sequence[ApprovalPolicy], *, now: datetime
) -> Pending | None:
    policy = policy_for(policies, stage=subject.stage.name, labels=subject.stage.labels)
    if policy is None:
        return None
    answers = answers_to(subject)
    found = standing_under(policy, subject, answers, now=now)
    return Pending(subject, policy, found, answers)


def _waiting(rows: "QuerySet[_RowT]") -> list[_RowT]:
    rows = rows.filter(phase__in=WAITING).prefetch_related("approvals")
    rows = rows.select_related("project__tenant", "stage", "freight__warehouse")
    return list(rows.order_by("name")[:MOST_PENDING])


def _uid(uid: object) -> str:
    return str(uid) if uid else ""


def _policies(project: Project) -> list[ApprovalPolicy]:
    found = as_list(project_spec(project).get("approvalPolicies"))
    return [parse_approval_policy(as_object(it)) for it in found]
