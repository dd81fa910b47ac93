"""What a promotion or promotion request that has not ended waits for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from promotions.engine.eligibility import Bars, Code, Reason, ordered, reason
from promotions.engine.obstacles import availability_reasons, gate_reasons
from promotions.engine.phases import PromotionPhase
from promotions.engine.runner import StepStatus
from promotions.engine.targets import decide_targets
from promotions.manifests.rollout import policy_from
from promotions.models import Promotion, PromotionRequest, StepExecution, Work, WorkKind
from promotions.selectors import availability
from promotions.selectors.approvals import Subject, approval_missing
from promotions.selectors.eligibility import moving_name, moving_words, promotions_in_words
from promotions.selectors.occupancy import occupancies
from promotions.selectors.promotion_requests import rows_of, states_of
from promotions.selectors.reachability import plane_reason, plane_reasons
from promotions.selectors.slots import most_promotions, running_promotions
from promotions.selectors.standstill import (
    shard_reasons,
    standstill_reasons,
    suspension_reasons,
)
from promotions.selectors.windows import closed_reason

_LIFTED_BY: Mapping[str, str] = {
    "argocd-update": "Argo CD, when the Applications are synced and healthy",
    "argocd-wait": "Argo CD, when the Applications are as the step wants them",
    "get-user-input": "somebody who answers the step's question",
    "gh-wait-for-issue-state": "whoever brings the issue to the state that is waited for",
    "gha-wait-for-workflow": "the end of the workflow",
    "git-merge-pr": "whoever makes the pull request mergeable",
    "git-wait-for-pr": "whoever merges or closes the pull request",
    "http": "the answer that the step waits for",
    "jira": "whoever brings the issue to the status that is waited for",
    "wait-for-approval": "those who may approve the step",
}
_OTHERWISE = "what the step waits for"
_RETRIED = {StepStatus.ERRORED, StepStatus.FAILED}


def waiting_for(subject: Subject, *, now: datetime) -> tuple[Reason, ...]:
    """Return what keeps a promotion or a request from starting or going on.

    Nothing, once it has ended.
    """
    if subject.is_terminal:
        return ()
    if subject.phase == PromotionPhase.RUNNING:
        if isinstance(subject, PromotionRequest):
            return ordered(_targets(subject, now=now))
        return ordered(_going_on(subject, now=now))
    found = ordered(_starting(subject, now=now))
    return found or (reason(Code.NOT_STARTED, shard=subject.shard or "default"),)


def _starting(subject: Subject, *, now: datetime) -> Iterator[Reason]:
    stage = subject.stage
    is_current = _is_let_in(subject)
    for found in standstill_reasons([stage], now)[stage.pk]:
        if found.code is not Code.QUOTA_REACHED or not is_current:
            yield found
    yield from plane_reasons([stage], now).get(stage.pk, ())
    yield from _unavailable(subject, now=now)
    yield from _not_let_in(subject, now=now)
    if is_current:
        return
    occupancy = occupancies([stage])[stage.pk]
    yield from gate_reasons(occupancy.gate(stage), stage=stage.name, current=moving_words(stage))
    names = [name for name, _ in occupancy.queue if name != moving_name(stage)]
    ahead = names.index(subject.name) if subject.name in names else 0
    if ahead:
        yield reason(Code.QUEUED, ahead=promotions_in_words(ahead), stage=stage.name)


def _is_let_in(subject: Subject) -> bool:
    """Return whether only its own start is left: by its Stage, or with the request that made it."""
    if isinstance(subject, PromotionRequest):
        return subject.stage.current_request_id == subject.pk
    return subject.request_id is not None or subject.stage.current_promotion_id == subject.pk


def _not_let_in(subject: Subject, *, now: datetime) -> Iterable[Reason]:
    """Return what people and calendars have to say first, until the moment it starts."""
    found = (closed_reason(subject.stage, now=now), approval_missing(subject, now=now))
    return [it for it in found if it is not None]


def _unavailable(subject: Subject, *, now: datetime) -> Iterable[Reason]:
    """Return why the Freight may not go there any more, which will end the promotion."""
    stage, freight = subject.stage, subject.freight
    if freight.deleted_at is not None:
        return [reason(Code.FREIGHT_DELETED)]
    requests = availability.requests_of(stage)
    names = {stage.name, *(name for it in requests for name in it.stages)}
    standing = availability.standings_in(stage.project, [freight], stages=names)[freight.pk]
    return availability_reasons(standing, stage=stage.name, requests=requests, upstream={}, now=now)


def _going_on(promotion: Promotion, *, now: datetime) -> Iterator[Reason]:
    yield from suspension_reasons(promotion.project.tenant)
    yield from shard_reasons(promotion.shard, now=now)
    rows = StepExecution.objects.filter(promotion=promotion, index=promotion.current_step)
    step = rows.first()
    if step is None or not step.status:
        yield reason(Code.NOT_STARTED, shard=promotion.shard or "default")
        return
    yield from plane_reason(promotion.project, shard=promotion.shard, kind=step.kind)
    yield _step_reason(step, next_look=_next_look(promotion, now=now))


def _targets(request: PromotionRequest, *, now: datetime) -> Iterator[Reason]:
    """Yield how far a request is, and what keeps further targets from beginning."""
    tenant = request.project.tenant
    yield from suspension_reasons(tenant)
    yield from shard_reasons(request.shard, now=now)
    states = states_of(rows_of(request))
    limit = most_promotions(tenant)
    decision = decide_targets(
        states,
        policy_from(request.policy),
        now=now,
        aborted_by=request.aborted_by,
        room=None if limit is None else max(limit - running_promotions(tenant), 0),
    )
    lifts_at = now + decision.wait if decision.wait else None
    yield reason(Code.TARGETS_RUN, progress=decision.message, lifts_at=lifts_at)
    closed = closed_reason(request.stage, now=now)
    if closed is not None and any(it.phase is None for it in states):
        yield replace(closed, bars=Bars.START)


def _step_reason(step: StepExecution, *, next_look: datetime | None) -> Reason:
    if step.status in _RETRIED:
        failures = f"{step.error_count} attempt{'' if step.error_count == 1 else 's'}"
        return reason(
            Code.STEP_RETRIES,
            step=step.alias,
            failures=failures,
            problem=step.message,
            lifts_at=next_look,
        )
    if not step.message:
        return reason(Code.STEP_RUNS, step=step.alias)
    return reason(
        Code.STEP_WAITS,
        step=step.alias,
        problem=step.message,
        waits_for=_LIFTED_BY.get(step.kind, _OTHERWISE),
        bars=Bars.START,
    )


def _next_look(promotion: Promotion, *, now: datetime) -> datetime | None:
    work = Work.objects.filter(kind=WorkKind.PROMOTION, uid=promotion.uid).first()
    due_at = work.due_at if work is not None else None
    return due_at if due_at is not None and due_at > now else None
