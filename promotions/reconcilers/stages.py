"""Decides for one Stage: which promotion may run, how it is, what is verified, what comes next.

One pass, in Kargo's order: take note of promotions, presence of Freight, health, verification,
auto-promotion; then the summary. Health checks that reach outside run between the two
transactions. Source: Kargo ``pkg/controller/stages``.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from common.errors import ForbiddenError, PlatformError
from common.jsontypes import JSONObject, as_list, as_text
from promotions.engine import autopromotion, health as health_rules, verification
from promotions.engine.conditions import Condition, set_condition, without_condition
from promotions.engine.health import Health, HealthState
from promotions.engine.holds import durable_holds, effective_holds
from promotions.engine.phases import PromotionPhase
from promotions.engine.stage_summary import (
    PROMOTING,
    StagePass,
    promoting_condition,
    summarise,
)
from promotions.manifests.conditions import conditions_from
from promotions.models import Freight, FreightCollection, Promotion, Stage
from promotions.reconcilers.control_flow import reconcile_control_flow
from promotions.reconcilers.loop import Lease, LeaseLostError
from promotions.reconcilers.requests import is_asked_again
from promotions.selectors import availability, promotions as promotion_reads, stages as stage_reads
from promotions.selectors.freight import current_collection
from promotions.services import slots, stage_status, standings, verifications
from promotions.services.promotions import create_promotion
from rbac.actors import controller

logger = logging.getLogger(__name__)

RESYNC = timedelta(minutes=5)
AT_ONCE = timedelta(0)

HealthChecker = Callable[[JSONObject], Health]
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
            return _next_look(view, now=now)
        if is_asked_again(stage):
            logger.info("failed, but asked again", extra={"stage": stage.name})
            return AT_ONCE
        raise failure

    def _pass(self, view: _View, *, lease: Lease, now: datetime) -> PlatformError | None:
        """Make a pass; return what kept Freight from being promoted automatically, if anything.

        That much is kept: what was verified meanwhile must not wait for a missing task.
        """
        _read_spec(view)
        with lease.transaction():
            _sync_promotions(view, now=now)
        assessment = self._assess(view)
        with lease.transaction():
            _sync_freight(view, now=now)
            _verify(view, assessment, now=now)
            failure = _promote_automatically(view, now=now)
            _store(view, error=failure.message if failure else "", now=now)
        return failure

    def _assess(self, view: _View) -> health_rules.Assessment:
        last = view.stage.last_promotion
        settled = health_rules.settled(
            is_promoting=view.stage.current_promotion_id is not None,
            last_phase=PromotionPhase(last.phase) if last else None,
        )
        if settled is not None or last is None:
            return settled or health_rules.waiting()
        results = [self._check(check["uses"], check["config"]) for check in last.health_checks]
        return health_rules.assessed(health_rules.aggregate(results))

    def _check(self, kind: str, config: JSONObject) -> Health:
        checker = self.checkers.get(kind)
        return checker(config) if checker else health_rules.unknown_checker(kind)


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


def _next_look(view: _View, *, now: datetime) -> timedelta:
    """Return when to look again: at once if verification has just let a promotion in."""
    if view.stage.current_promotion_id is None and _next(view) is not None:
        return slots.next_look(view.stage, otherwise=RESYNC) or AT_ONCE
    soak = availability.soonest_soak(view.stage, now=now) if view.is_auto else None
    return min(RESYNC, soak) if soak is not None else RESYNC


def _sync_promotions(view: _View, *, now: datetime) -> None:
    """Take note of what has ended, and let the next promotion in if nothing bars it."""
    stage = view.stage
    current = stage.current_promotion
    if current is not None and (current.is_terminal or current.deleted_at is not None):
        _replay(view, now=now)
        stage_status.clear_current(stage, now=now)
        current = None
    _keep_holds(view, ended=[])
    view.collection = current_collection(stage)
    if current is None:
        current = _next(view)
        if current is None:
            slots.leave_line(stage, now=now)
        elif not stage_status.admit(stage, current, now=now):
            current = stage.current_promotion
    if current is None:
        view.conditions = without_condition(view.conditions, PROMOTING)
    else:
        active = promoting_condition(current.name)
        view.conditions = set_condition(view.conditions, active, now=now)


def _replay(view: _View, *, now: datetime) -> None:
    stage = view.stage
    last = stage.last_promotion.name if stage.last_promotion else ""
    ended = promotion_reads.finished_after(stage, last)
    _keep_holds(view, ended=ended)
    for promotion in ended:
        stage_status.conclude(stage, promotion, now=now)
        if promotion.phase == PromotionPhase.SUCCEEDED:
            view.health = None


def _keep_holds(view: _View, *, ended: list[Promotion]) -> None:
    before = stage_reads.holds_of(view.stage)
    after = durable_holds(
        before,
        [stage_reads.intent_of(promotion) for promotion in ended],
        origins=view.origins,
        is_enabled=view.is_auto,
    )
    if after != before:
        stage_status.replace_holds(view.stage, after.values())


def _next(view: _View) -> Promotion | None:
    waiting = promotion_reads.unfinished_in(view.stage)
    if not waiting:
        return None
    health = view.health.status if view.health else None
    gate = stage_reads.gate_of(view.collection, health=health)
    return waiting[0] if gate is verification.Gate.OPEN else None


def _sync_freight(view: _View, *, now: datetime) -> None:
    if view.collection is not None:
        held = [item.freight for item in view.collection.items.all()]
        standings.sync_presence(view.stage, held, now=now)


def _verify(view: _View, assessment: health_rules.Assessment, *, now: datetime) -> None:
    """Bring verification forward, and mark what is verified."""
    stage, collection = view.stage, view.collection
    view.health = assessment.health
    view.conditions = set_condition(view.conditions, assessment.condition, now=now)
    state = view.health.status if view.health else None
    history = stage_reads.verifications_of(collection)
    act = verification.next_act(
        verification.VerificationFacts(
            has_freight=collection is not None,
            latest=history[0] if history else None,
            health=state,
            is_promoting=stage.current_promotion_id is not None,
            is_configured=bool(stage.spec.get("verification")),
            abort_id=(stage.abort_request or {}).get("id", ""),
            reverify_id=(stage.reverify_request or {}).get("id", ""),
        )
    )
    if collection is not None:
        verifications.carry_out(act, collection, stage=stage, now=now)
        history = stage_reads.verifications_of(collection)
        latest = history[0].phase if history else None
        if verification.marks_verified(health=state, latest=latest):
            held = [item.freight for item in collection.items.all()]
            newly = standings.mark_verified(stage, held, at=now)
            stage_status.wake_downstream(stage, newly, now=now)
    condition = verification.verified_condition(history, has_freight=collection is not None)
    view.conditions = set_condition(view.conditions, condition, now=now)


def _promote_automatically(view: _View, *, now: datetime) -> PlatformError | None:
    """Promote what policy lets us; return the first failure, which stops no other origin."""
    stage = view.stage
    if not view.is_auto:
        return None
    held = effective_holds(
        stage_reads.holds_of(stage),
        stage_reads.newer_intents(stage),
        last_promotion=stage.last_promotion.name if stage.last_promotion else "",
        origins=view.origins,
        is_enabled=True,
    )
    found = availability.candidates_of(stage, now=now)
    items = view.collection.items.all() if view.collection else []
    facts = stage_reads.auto_promotion_facts(
        stage,
        is_enabled=True,
        held=frozenset(held),
        current={item.origin: item.freight for item in items},
        candidates=found,
    )
    decisions = autopromotion.decide_auto_promotion(
        availability.requests_of(stage),
        candidates={origin: freight.name for origin, freight in found.items()},
        facts=facts,
    )
    wanted = [found[decision.origin] for decision in decisions if decision.skip is None]
    failures = [_promote(stage, freight, now=now) for freight in wanted]
    return next((failure for failure in failures if failure is not None), None)


def _promote(stage: Stage, freight: Freight, *, now: datetime) -> PlatformError | None:
    actor = controller("stage-controller", shard=stage.shard)
    try:
        create_promotion(stage, freight, actor=actor, now=now)
    except ForbiddenError as error:
        logger.info("not promoted", extra={"stage": stage.name, "reason": error.message})
    except PlatformError as error:
        return error
    return None


def _store(view: _View, *, error: str, now: datetime) -> None:
    stage = view.stage
    last = stage.last_promotion
    summary = summarise(
        StagePass(
            conditions=view.conditions,
            error=error,
            last_phase=PromotionPhase(last.phase) if last else None,
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
