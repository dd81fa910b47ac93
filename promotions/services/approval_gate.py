"""Keeps promotions waiting until enough people approve them, and notes approvals that run out."""

import logging
from datetime import datetime

from promotions import queue
from promotions.engine.approvals import Action, Response
from promotions.engine.quorum import run_out
from promotions.models import Promotion, PromotionApproval, PromotionRequest, Stage, WorkKind
from promotions.selectors.approvals import (
    WAITING,
    Subject,
    answers_to,
    approval_missing,
    approval_standing,
    pending_approvals,
    waiting_words,
)
from promotions.services import events, promotion_progress, request_progress
from rbac import audit
from rbac.actors import controller

logger = logging.getLogger(__name__)


def is_approved(stage: Stage, subject: Subject, *, now: datetime) -> bool:
    """Return whether a promotion or promotion request may start; one that may not says why."""
    subject.stage, subject.project = stage, stage.project
    return _is_approved(subject, now=now)


def may_start(subject: Subject, *, now: datetime) -> bool:
    """Return whether what was let in may start now, which nobody can change until we commit.

    An approval may have run out or been taken back since its Stage let it in; then it waits again.
    Call it in a transaction.
    """
    lock(subject)
    return _is_approved(subject, now=now)


def resume(stage: Stage, *, now: datetime) -> None:
    """Wake what a Stage has let in and has not started, if it has the approvals that it needs.

    It may have lost some since, and need no more of them now: the policy was edited.
    """
    let_in: tuple[tuple[WorkKind, Subject | None], ...] = (
        (WorkKind.PROMOTION, stage.current_promotion),
        (WorkKind.PROMOTION_REQUEST, stage.current_request),
    )
    for kind, subject in let_in:
        if subject is None or subject.phase not in WAITING:
            continue
        if is_approved(stage, subject, now=now):
            queue.wake(kind=kind, uid=subject.uid, at=now)


def expire_approvals(stage: Stage, *, now: datetime) -> datetime | None:
    """Note which approvals of what waits for a Stage have run out, once each, and tell of them.

    Returns:
        When the next one runs out; ``None`` if none does.
    """
    waiting = pending_approvals(stage.project, stage=stage, now=now)
    for pending in waiting:
        if run_out(pending.policy, pending.answers, now=now):
            subject = pending.subject
            lock(subject)
            for approval in run_out(pending.policy, answers_to(subject), now=now):
                _expire(subject, approval, now=now)
    lapses = (it.standing.lapses_at for it in waiting)
    return min((at for at in lapses if at is not None), default=None)


def lock(subject: Subject) -> str:
    """Let nobody else judge, start or end it until we commit; return the phase it is in."""
    rows = type(subject).objects.select_for_update(of=("self",)).filter(pk=subject.pk)
    phase = rows.values_list("phase", flat=True).first()
    getattr(subject, "_prefetched_objects_cache", {}).pop("approvals", None)
    return "gone" if phase is None else str(phase)


def counted(subject: Subject, *, now: datetime) -> str:
    """Return how many approvals there are, of how many, in words."""
    found = approval_standing(subject, now=now)
    return f"{found.given} of {found.needed} approvals" if found is not None else "no longer needed"


def touched(subject: Subject) -> None:
    """Record that a promotion or a promotion request changed."""
    if isinstance(subject, Promotion):
        promotion_progress.touched(subject)
    else:
        request_progress.touched(subject)


def _is_approved(subject: Subject, *, now: datetime) -> bool:
    missing = approval_missing(subject, now=now)
    if missing is None:
        return True
    if isinstance(subject, Promotion):
        promotion_progress.explain(subject, waiting_words(missing), now=now)
    else:
        request_progress.explain_request(subject, waiting_words(missing), now=now)
    return False


def _expire(subject: Subject, approval: Response, *, now: datetime) -> None:
    PromotionApproval.objects.create(
        promotion=subject if isinstance(subject, Promotion) else None,
        request=subject if isinstance(subject, PromotionRequest) else None,
        user=approval.user,
        user_uid=approval.user_id,
        action=Action.EXPIRE.value,
        at=now,
    )
    message = f"The approval by {approval.user} has run out: {counted(subject, now=now)}"
    events.tell_approval(subject, events.Reason.APPROVAL_EXPIRED, message, now=now)
    touched(subject)
    _audit(subject, approval, now=now)
    logger.info("approval has run out", extra={"promotion": subject.name})


def _audit(subject: Subject, approval: Response, *, now: datetime) -> None:
    act = audit.Act(
        action="promotion.expire_approval",
        kind=type(subject).__name__,
        tenant_uid=subject.project.tenant.uid,
        project_uid=subject.project.uid,
        object_uid=subject.uid,
        object_name=subject.name,
        after={"user": approval.user},
    )
    audit.record(act, actor=controller("stage-controller", shard=subject.stage.shard), at=now)
