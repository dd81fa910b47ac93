"""Lets Freight through Stages that promote nothing: what is available counts as verified.

Source: Kargo ``pkg/controller/stages`` control-flow Stages.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from common.errors import PlatformError
from promotions.engine.conditions import Condition, ConditionStatus, set_condition
from promotions.engine.stage_summary import READY, RECONCILING
from promotions.engine.verification import VerificationPhase
from promotions.manifests.conditions import conditions_from
from promotions.models import Freight, Stage, Verification
from promotions.reconcilers.loop import Lease
from promotions.selectors import availability
from promotions.services import stage_status, standings
from promotions.services.events import tell_freight_verified
from rbac.actors import controller

_KEPT = {READY, RECONCILING}


def reconcile_control_flow(stage: Stage, *, lease: Lease, now: datetime) -> timedelta | None:
    """Mark what is available verified; only events, or soaking that ends, bring it back.

    Raises:
        PlatformError: What is available could not be told; the Stage says why, until it can.
    """
    try:
        available = availability.passing_through(stage, now=now)
    except PlatformError as error:
        with lease.transaction():
            _store_failure(stage, error.message, now=now)
        raise
    with lease.transaction():
        stage_status.forget_promoting(stage, now=now)
        newly = standings.mark_verified(stage, available, at=now)
        _tell_passed(stage, newly, now=now)
        stage_status.wake_downstream(stage, newly, now=now)
        ready = Condition(
            READY,
            ConditionStatus.TRUE,
            READY,
            "Freight passes through as it becomes available",
            observed_generation=stage.generation,
        )
        kept = tuple(it for it in conditions_from(stage.conditions) if it.type == READY)
        stage_status.store_status(
            stage,
            conditions=set_condition(kept, ready, now=now),
            health=None,
            observed_generation=stage.generation,
            auto_promotion_enabled=False,
            handled_refresh=stage.refresh_token,
            now=now,
        )
    return availability.soonest_soak(stage, now=now)


def _store_failure(stage: Stage, message: str, *, now: datetime) -> None:
    generation = stage.generation
    conditions = tuple(it for it in conditions_from(stage.conditions) if it.type in _KEPT)
    for kind, status, reason in (
        (READY, ConditionStatus.FALSE, "FreightRetrievalFailed"),
        (RECONCILING, ConditionStatus.TRUE, "RetryAfterFreightRetrievalFailed"),
    ):
        told = Condition(kind, status, reason, message, observed_generation=generation)
        conditions = set_condition(conditions, told, now=now)
    stage_status.store_status(
        stage,
        conditions=conditions,
        health=None,
        observed_generation=stage.observed_generation,
        auto_promotion_enabled=False,
        handled_refresh=stage.refresh_token,
        now=now,
    )


def _tell_passed(stage: Stage, freight: Iterable[Freight], *, now: datetime) -> None:
    passed = Verification(phase=VerificationPhase.SUCCESSFUL.value, started_at=now, finished_at=now)
    actor = controller("stage-controller", shard=stage.shard).name
    tell_freight_verified(stage, freight, passed, actor=actor)
