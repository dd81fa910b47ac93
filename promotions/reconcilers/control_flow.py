"""Lets Freight through Stages that promote nothing: what is available counts as verified.

Source: Kargo ``pkg/controller/stages`` control-flow Stages.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from promotions.engine.conditions import Condition, ConditionStatus, set_condition
from promotions.engine.stage_summary import READY
from promotions.engine.verification import VerificationPhase
from promotions.manifests.conditions import conditions_from
from promotions.models import Freight, Stage, Verification
from promotions.reconcilers.loop import Lease
from promotions.selectors import availability
from promotions.services import stage_status, standings
from promotions.services.events import tell_freight_verified
from rbac.actors import controller


def reconcile_control_flow(stage: Stage, *, lease: Lease, now: datetime) -> timedelta | None:
    """Mark what is available verified; only events, or soaking that ends, bring it back."""
    with lease.transaction():
        available = availability.passing_through(stage, now=now)
        newly = standings.mark_verified(stage, available, at=now)
        _tell_passed(stage, newly, now=now)
        stage_status.wake_downstream(stage, newly, now=now)
        ready = Condition(
            READY,
            ConditionStatus.TRUE,
            "Synced",
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


def _tell_passed(stage: Stage, freight: Iterable[Freight], *, now: datetime) -> None:
    passed = Verification(phase=VerificationPhase.SUCCESSFUL.value, started_at=now, finished_at=now)
    actor = controller("stage-controller", shard=stage.shard).name
    tell_freight_verified(stage, freight, passed, actor=actor)
