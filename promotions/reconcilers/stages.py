"""Decides for one Stage: which promotion may run, how it is, what is verified, what comes next.

One pass, in Kargo's order: take note of promotions, presence of Freight, health, verification,
auto-promotion; then the summary. Health checks that reach outside run between the two
transactions. Source: Kargo ``pkg/controller/stages``.
"""

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from common.errors import PlatformError
from common.jsontypes import JSONObject, as_list, as_text
from promotions.engine import health as health_rules, verification
from promotions.engine.conditions import Condition, set_condition, without_condition
from promotions.engine.health import Health, HealthQuestion, HealthState
from promotions.engine.holds import PromotionIntent, durable_holds
from promotions.engine.phases import PromotionPhase
from promotions.engine.stage_summary import (
    PROMOTING,
    StagePass,
    promoting_condition,
    summarise,
)
from promotions.engine.windows.schedule import (
    WindowStatus,
    status_to as window_status_to,
    why_closed,
)
from promotions.manifests.conditions import conditions_from
from promotions.models import FreightCollection, Promotion, PromotionRequest, Stage
from promotions.reconcilers import rollbacks, stage_requests
from promotions.reconcilers.auto_promotions import promote_by_policy
from promotions.reconcilers.control_flow import reconcile_control_flow
from promotions.reconcilers.loop import Lease, LeaseLostError
from promotions.reconcilers.requests import is_asked_again
from promotions.selectors import (
    availability,
    promotions as promotion_reads,
    stages as stage_reads,
    windows as window_reads,
)
from promotions.selectors.control_planes import is_answering
from promotions.selectors.freight import current_collection
from promotions.selectors.promotion_requests import is_moving, last_move
from promotions.services import (
    approval_gate,
    request_progress,
    slots,
    stage_status,
    standings,
    verifications,
    window_gate,
)

logger = logging.getLogger(__name__)

RESYNC = timedelta(minutes=5)
AT_ONCE = timedelta(0)

HealthChecker = Callable[[HealthQuestion], Health]
"""Runs one health check of a kind on its input."""


@dataclass(slots=True)
class _View:
    """What a pass knows of its Stage so far."""

    stage: Stage
    conditions: tuple[Condition, ...]
    is_auto: bool = False
    origins: frozenset[str] = frozenset()
    collection: FreightCollection | None = None
    health: Health | None = None
    is_health_as_before: bool = False
    windows: WindowStatus | None = None
    approval_lapses_at: datetime | None = None
    has_waiting: bool = False


@dataclass(frozen=True, slots=True)
class StageReconciler:
    """Reconciles Stages, with a checker for each kind of health check.

    Attributes:
        checkers: By kind (``argocd-update``); a kind without one leaves health unknown.
    """

    checkers: Mapping[str, HealthChecker] = field(default_factory=dict)

    def __call__(self, uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
        """Reconcile the Stage with this uid and return when to look again."""
        stage = stage_reads.stage_by_uid(uid)
        if stage is None:
            return None
        if stage.is_control_flow:
            return reconcile_control_flow(stage, lease=lease, now=now)
        view = _view(stage)
        try:
            failure = self._pass(view, lease=lease, now=now)
        except LeaseLostError:
            raise
        except PlatformError as error:
            with lease.transaction():
                _store(view, error=error.message, now=now)
            failure = error
        if failure is None:
            return _next_look(view, lease=lease, now=now)
        if is_asked_again(stage):
            logger.info("failed, but asked again", extra={"stage": stage.name})
            return AT_ONCE
        raise failure

    def _pass(self, view: _View, *, lease: Lease, now: datetime) -> PlatformError | None:
        """Make a pass; return what kept Freight from being promoted automatically, if anything.

        That much is kept: what was verified meanwhile must not wait for a missing task.
        """
        _read_spec(view)
        view.windows = window_reads.window_status_of(view.stage, now=now)
        with lease.transaction():
            _sync_promotions(view, now=now)
        assessment = self._assess(view)
        with lease.transaction():
            _sync_freight(view, now=now)
            _verify(view, assessment, now=now)
            failure = _promote_by_policy(view, now=now)
            _store(view, error=failure.message if failure else "", now=now)
        return failure

    def _assess(self, view: _View) -> health_rules.Assessment:
        last = last_move(view.stage)
        settled = health_rules.settled(
            is_promoting=is_moving(view.stage), last_phase=last.phase if last else None
        )
        if settled is not None or last is None:
            return settled or health_rules.waiting()
        results = [
            self._check(check["uses"], _question(view.stage, check["config"]))
            for check in last.health_checks
        ]
        return health_rules.assessed(health_rules.aggregate(results))

    def _check(self, kind: str, question: HealthQuestion) -> Health:
        checker = self.checkers.get(kind)
        return checker(question) if checker else health_rules.unknown_checker(kind)


def _question(stage: Stage, config: JSONObject) -> HealthQuestion:
    project = stage.project
    return HealthQuestion(config, str(project.tenant.uid), str(project.uid), stage.shard)


def _view(stage: Stage) -> _View:
    view = _View(stage, conditions_from(stage.conditions))
    if stage.health:
        issues = tuple(map(as_text, as_list(stage.health.get("issues"))))
        state = HealthState(stage.health["status"])
        view.health = Health(state, issues, stage.health.get("output"))
    return view


def _read_spec(view: _View) -> None:
    requests = availability.requests_of(view.stage)
    view.origins = frozenset(str(request.origin) for request in requests)
    view.is_auto = availability.auto_promotion_enabled(view.stage)


def _next_look(view: _View, *, lease: Lease, now: datetime) -> timedelta:
    """Return when to look again: at once if verification has just let a promotion in."""
    # What came later than our first look has made the Stage due by itself.
    is_free = view.has_waiting and not is_moving(view.stage)
    if is_free and (_next(view, now=now) or _next_request(view, now=now)) is not None:
        return slots.next_look(view.stage, otherwise=RESYNC) or AT_ONCE
    soak = availability.soonest_soak(view.stage, now=now) if view.is_auto else None
    window = window_reads.next_look(view.windows, now=now)
    lapse = view.approval_lapses_at - now if view.approval_lapses_at else None
    waits = (RESYNC, soak, _next_health_check(view, lease, now=now), window, lapse)
    return min(wait for wait in waits if wait is not None)


def _next_health_check(view: _View, lease: Lease, *, now: datetime) -> timedelta | None:
    """Return when to check health again, sooner than ever; ``None`` if that is not wanted."""
    last = last_move(view.stage)
    if is_moving(view.stage) or last is None or not last.health_checks:
        return None
    if last.phase != PromotionPhase.SUCCEEDED:
        return None  # then they are not run
    before = lease.claimed_before if view.is_health_as_before else None
    wait = health_rules.patience(
        view.health,
        waited=now - before if before else None,
        is_lost=_status(view.health) is HealthState.UNKNOWN and _is_plane_lost(view.stage),
    )
    if wait is None:
        return None
    return wait * random.uniform(0.8, 1.0)  # noqa: S311 - spreads load, keeps no secret


def _is_plane_lost(stage: Stage) -> bool:
    project = stage.project
    return not is_answering(
        tenant_uid=project.tenant.uid, shard=stage.shard, project_uid=project.uid
    )


def _sync_promotions(view: _View, *, now: datetime) -> None:
    """Take note of what has ended, and let the next promotion in if nothing bars it."""
    stage = view.stage
    current = stage.current_promotion
    if current is not None and (current.is_terminal or current.deleted_at is not None):
        _replay(view, now=now)
        stage_status.clear_current(stage, now=now)
        current = None
    _take_note_of_requests(view, now=now)
    if (closed := why_closed(view.windows)) is not None:
        window_gate.discard_caught(stage, closed, now=now)
    view.approval_lapses_at = approval_gate.expire_approvals(stage, now=now)
    _keep_holds(view, ended=[])
    view.collection = current_collection(stage)
    if not is_moving(stage):
        current = _next(view, now=now)
        if current is None:
            slots.leave_line(stage, now=now)
        elif not stage_status.admit(stage, current, now=now):
            current = stage.current_promotion
        _let_request_in(view, now=now)
    else:
        approval_gate.resume(stage, now=now)
    if stage.current_request is not None:
        active = stage_requests.requesting_condition(stage.current_request)
        view.conditions = set_condition(view.conditions, active, now=now)
    elif current is None:
        view.conditions = without_condition(view.conditions, PROMOTING)
    else:
        active = promoting_condition(current.name, PromotionPhase(current.phase))
        view.conditions = set_condition(view.conditions, active, now=now)


def _take_note_of_requests(view: _View, *, now: datetime) -> None:
    ended = stage_requests.take_note(view.stage, now=now)
    if not ended:
        return
    _keep_holds(view, ended=stage_requests.intents_of(ended))
    if any(request.phase == PromotionPhase.SUCCEEDED for request in ended):
        view.health = None


def _let_request_in(view: _View, *, now: datetime) -> None:
    """Let the next promotion request in, if no promotion is there to go first."""
    request = _next_request(view, now=now)
    if request is not None and not is_moving(view.stage):
        request_progress.admit_request(view.stage, request, now=now)


def _next_request(view: _View, *, now: datetime) -> PromotionRequest | None:
    request = stage_requests.next_request(view.stage)
    view.has_waiting |= request is not None
    if request is None or not _is_open(view):
        return None
    return request if approval_gate.is_approved(view.stage, request, now=now) else None


def _replay(view: _View, *, now: datetime) -> None:
    stage = view.stage
    last = stage.last_promotion.name if stage.last_promotion else ""
    ended = promotion_reads.finished_after(stage, last)
    _keep_holds(view, ended=[stage_reads.intent_of(promotion) for promotion in ended])
    for promotion in ended:
        stage_status.conclude(stage, promotion, now=now)
        if promotion.phase == PromotionPhase.SUCCEEDED:
            view.health = None


def _keep_holds(view: _View, *, ended: list[PromotionIntent]) -> None:
    before = stage_reads.holds_of(view.stage)
    after = durable_holds(
        before,
        ended,
        origins=view.origins,
        is_enabled=view.is_auto,
    )
    if after != before:
        stage_status.replace_holds(view.stage, after.values())


def _next(view: _View, *, now: datetime) -> Promotion | None:
    waiting = promotion_reads.unfinished_in(view.stage)
    view.has_waiting |= bool(waiting)
    if not waiting or not _is_open(view):
        return None
    return waiting[0] if approval_gate.is_approved(view.stage, waiting[0], now=now) else None


def _is_open(view: _View) -> bool:
    gate = stage_reads.gate_of(view.collection, health=_status(view.health))
    return gate is verification.Gate.OPEN


def _sync_freight(view: _View, *, now: datetime) -> None:
    if view.collection is not None:
        held = [item.freight for item in view.collection.items.all()]
        returned = standings.sync_presence(view.stage, held, now=now)
        stage_status.wake_downstream(view.stage, returned, now=now)


def _verify(view: _View, assessment: health_rules.Assessment, *, now: datetime) -> None:
    """Bring verification forward, and mark what is verified."""
    stage, collection = view.stage, view.collection
    before, view.health = view.health, assessment.health
    view.is_health_as_before = _status(before) == _status(view.health)
    view.conditions = set_condition(view.conditions, assessment.condition, now=now)
    state = _status(view.health)
    history = stage_reads.verifications_of(collection)
    act = verification.next_act(
        verification.VerificationFacts(
            has_freight=collection is not None,
            latest=history[0] if history else None,
            health=state,
            is_promoting=is_moving(stage),
            is_configured=bool(stage.spec.get("verification")),
            abort_id=(stage.abort_request or {}).get("id", ""),
            reverify_id=(stage.reverify_request or {}).get("id", ""),
        )
    )
    if collection is not None:
        if act not in verification.QUIET:
            verifications.carry_out(act, collection, stage=stage, now=now)
            history = stage_reads.verifications_of(collection)
        latest = history[0] if history else None
        phase = latest.phase if latest else None
        if latest is not None and verification.marks_verified(health=state, latest=phase):
            held = [item.freight for item in collection.items.all()]
            newly = standings.mark_verified(stage, held, at=latest.finished_at or now)
            stage_status.wake_downstream(stage, newly, now=now)
            rollbacks.remember(stage, collection, now=now)
    condition = verification.verified_condition(history, has_freight=collection is not None)
    view.conditions = set_condition(view.conditions, condition, now=now)


def _status(health: Health | None) -> HealthState | None:
    return health.status if health else None


def _promote_by_policy(view: _View, *, now: datetime) -> PlatformError | None:
    if why_closed(view.windows) is not None:
        return None
    return promote_by_policy(
        view.stage, view.collection, origins=view.origins, is_auto=view.is_auto, now=now
    )


def _store(view: _View, *, error: str, now: datetime) -> None:
    stage = view.stage
    last = last_move(stage)
    stage_status.store_window_status(stage, window_status_to(view.windows), now=now)
    summary = summarise(
        StagePass(
            conditions=view.conditions,
            error=error,
            last_phase=last.phase if last else None,
            generation=stage.generation,
            observed_generation=stage.observed_generation,
        ),
        now=now,
    )
    stage_status.store_status(
        stage,
        conditions=summary.conditions,
        health=view.health,
        observed_generation=summary.observed_generation,
        auto_promotion_enabled=view.is_auto,
        handled_refresh=stage.refresh_token,
        now=now,
    )
