"""Promotes to a Stage what policy wants there: Freight that was good, or the newest that may."""

import logging
from datetime import datetime

from common.errors import ForbiddenError, PlatformError
from promotions.engine import autopromotion
from promotions.models import Freight, FreightCollection, Stage
from promotions.reconcilers import rollbacks
from promotions.selectors import availability, stages as stage_reads
from promotions.selectors.occupancy import holds_in_effect
from promotions.services.promote import promote
from rbac.actors import controller

logger = logging.getLogger(__name__)


def promote_by_policy(
    stage: Stage,
    collection: FreightCollection | None,
    *,
    origins: frozenset[str],
    is_auto: bool,
    now: datetime,
) -> PlatformError | None:
    """Ask for what policy wants; return the first failure, which stops no other origin.

    Args:
        stage: Where.
        collection: What it holds.
        origins: What it requests.
        is_auto: Whether it promotes by itself; going back after a failure is another policy.
        now: When.
    """
    held = holds_in_effect([stage], origins={stage.pk: origins})[stage.pk] if is_auto else {}
    outcome = rollbacks.roll_back(
        stage, collection, origins=origins, held=frozenset(held), is_auto=is_auto, now=now
    )
    if outcome is not None:
        return outcome.failure
    if not is_auto:
        return None
    wanted = _wanted(stage, collection, held=frozenset(held), now=now)
    failures = [_promote(stage, freight, now=now) for freight in wanted]
    return next((failure for failure in failures if failure is not None), None)


def _wanted(
    stage: Stage, collection: FreightCollection | None, *, held: frozenset[str], now: datetime
) -> list[Freight]:
    found = availability.candidates_of(stage, now=now)
    items = collection.items.all() if collection else []
    facts = stage_reads.auto_promotion_facts(
        stage,
        is_enabled=True,
        held=held,
        current={item.origin: item.freight for item in items},
        candidates=found,
    )
    decisions = autopromotion.decide_auto_promotion(
        availability.requests_of(stage),
        candidates={origin: freight.name for origin, freight in found.items()},
        facts=facts,
    )
    return [found[decision.origin] for decision in decisions if decision.skip is None]


def _promote(stage: Stage, freight: Freight, *, now: datetime) -> PlatformError | None:
    actor = controller("stage-controller", shard=stage.shard)
    try:
        promote(stage, freight, actor=actor, now=now)
    except ForbiddenError as error:
        logger.info("not promoted", extra={"stage": stage.name, "reason": error.message})
    except PlatformError as error:
        return error
    return None
