"""What a promotion that has not ended waits for."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from promotions.engine.eligibility import Bars, Code, Reason, ordered, reason
from promotions.engine.obstacles import availability_reasons, gate_reasons
from promotions.engine.phases import PromotionPhase
from promotions.engine.runner import StepStatus
from promotions.models import Promotion, StepExecution, Work, WorkKind
from promotions.selectors import availability
from promotions.selectors.approvals import approval_missing
from promotions.selectors.eligibility import promotions_in_words
from promotions.selectors.occupancy import occupancies
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


def waiting_for(promotion: Promotion, *, now: datetime) -> tuple[Reason, ...]:
    """Return what keeps a promotion from starting, or from going on; nothing once it has ended."""
    if promotion.is_terminal:
        return ()
    if promotion.phase == PromotionPhase.RUNNING:
        return ordered(_going_on(promotion, now=now))
    found = ordered(_starting(promotion, now=now))
    return found or (reason(Code.NOT_STARTED, shard=promotion.shard or "default"),)


def _starting(promotion: Promotion, *, now: datetime) -> Iterator[Reason]:
    stage = promotion.stage
    is_current = stage.current_promotion_id == promotion.pk
    for found in standstill_reasons([stage], now)[stage.pk]:
        if found.code is not Code.QUOTA_REACHED or not is_current:
            yield found
    yield from _unavailable(promotion, now=now)
    yield from _not_let_in(promotion, now=now)
    if is_current or promotion.request_id is not None:
        return
    occupancy = occupancies([stage])[stage.pk]
    current = stage.current_promotion
    running = current.name if current is not None and not current.is_terminal else ""
    yield from gate_reasons(occupancy.gate(stage), stage=stage.name, current=running)
    names = [name for name, _ in occupancy.queue if name != running]
    ahead = names.index(promotion.name) if promotion.name in names else 0
    if ahead:
        yield reason(Code.QUEUED, ahead=promotions_in_words(ahead), stage=stage.name)


def _not_let_in(promotion: Promotion, *, now: datetime) -> Iterable[Reason]:
    """Return what people and calendars have to say first; nothing once it was let in."""
    if promotion.stage.current_promotion_id == promotion.pk:
        return []
    found = (closed_reason(promotion.stage, now=now), approval_missing(promotion, now=now))
    return [it for it in found if it is not None]


def _unavailable(promotion: Promotion, *, now: datetime) -> Iterable[Reason]:
    """Return why the Freight may not go there any more, which will end the promotion."""
    stage, freight = promotion.stage, promotion.freight
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
    yield _step_reason(step, next_look=_next_look(promotion, now=now))


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
