"""Carries out one promotion request: promotes to its targets, wave by wave.

Observe: the Stage's consent, the targets and their promotions. Decide: the engine. Act: begin
those whose turn it is. No I/O: the promotions themselves are other work.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from promotions.engine.targets import Decision, RequestPhase, decide_targets
from promotions.manifests.rollout import policy_from
from promotions.models import PromotionRequest
from promotions.reconcilers.loop import Lease
from promotions.selectors.promotion_requests import request_by_uid, rows_of, states_of
from promotions.selectors.targets import is_target_aware
from promotions.selectors.windows import closed_reason
from promotions.services import approval_gate, request_progress, slots

AT_ONCE = timedelta(0)
RESYNC = timedelta(minutes=5)


def reconcile_promotion_request(uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
    """Reconcile the promotion request with this uid; ``None`` when only an event can move it."""
    with lease.transaction():
        request = request_by_uid(uid)
        if request is None or request.is_terminal:
            return None
        is_let_in = request.stage.current_request_id == request.pk
        is_waiting = request.phase == RequestPhase.PENDING
        if not is_let_in or (is_waiting and request.aborted_by):
            _give_up_waiting(request, now=now)
            return None
        if is_waiting:
            if not approval_gate.may_start(request, now=now):
                return RESYNC
            request_progress.start_request(request, now=now)
        return _advance(request, now=now)


def _give_up_waiting(request: PromotionRequest, *, now: datetime) -> None:
    """End a request that was aborted before it started; leave any other alone."""
    if request.aborted_by:
        decision = Decision(RequestPhase.FAILED, message=f"aborted by {request.aborted_by}")
        request_progress.store_request(request, decision, now=now)


def _advance(request: PromotionRequest, *, now: datetime) -> timedelta | None:
    rows = rows_of(request)
    room = slots.room_for_targets(request.project.tenant)
    decision = decide_targets(
        states_of(rows),
        policy_from(request.policy),
        now=now,
        aborted_by=request.aborted_by,
        room=room,
    )
    if decision.start:
        is_running = any(state.is_active for state in states_of(rows))
        decision = _permitted(decision, request, is_running=is_running, now=now)
    has_failed = request_progress.begin_targets(request, rows, decision, now=now)
    request_progress.store_request(request, decision, now=now)
    if has_failed:
        return AT_ONCE
    if room is not None and not decision.phase.is_terminal and room <= len(decision.start):
        return slots.UNASKED
    wait: timedelta | None = decision.wait
    return wait


def _permitted(
    decision: Decision, request: PromotionRequest, *, is_running: bool, now: datetime
) -> Decision:
    """Return the decision, without new targets if the Stage no longer lets them begin."""
    stage = request.stage
    if not is_target_aware(stage):
        phase = RequestPhase.RUNNING if is_running else RequestPhase.ERRORED
        message = f'Stage "{stage.name}" promotes to targets no longer'
        return replace(decision, phase=phase, start=(), message=message)
    closed = closed_reason(stage, now=now)
    if closed is None:
        return decision
    opens_in = max(closed.lifts_at - now, AT_ONCE) if closed.lifts_at else RESYNC
    message = f"{decision.message}; no target begins: {closed.message}"
    return replace(decision, start=(), message=message, wait=min(opens_in, RESYNC))
