"""Lets Freight through Stages that promote nothing: what is available counts as verified.

Source: Kargo ``pkg/controller/stages`` control-flow Stages.
"""

from datetime import datetime, timedelta

from promotions.engine.conditions import Condition, ConditionStatus, set_condition
from promotions.engine.stage_summary import READY
from promotions.manifests.conditions import conditions_from
from promotions.models import Stage
from promotions.reconcilers.loop import Lease
from promotions.selectors import availability
from promotions.services import stage_status, standings


def reconcile_control_flow(stage: Stage, *, lease: Lease, now: datetime) -> timedelta | None:
    """Mark what is available verified; only events, or soaking that ends, bring it back."""
    with lease.transaction():
        available = availability.passing_through(stage, now=now)
        newly = standings.mark_verified(stage, available, at=now)
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
