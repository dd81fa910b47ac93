"""Remembers the Freight of a Stage that was good, and goes back to it after a failure."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from common.errors import ForbiddenError, PlatformError
from promotions.engine.rollback import Rollback, decide_rollback
from promotions.models import FreightCollection, Stage
from promotions.selectors import plans
from promotions.selectors.availability import HOLD
from promotions.selectors.freight import freight_by_name
from promotions.selectors.rollbacks import rollback_facts, rollback_policy_of
from promotions.services import stage_status
from promotions.services.promote import promote
from rbac.actors import controller

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A rollback was due; ``failure`` is why it could not be asked for, if so."""

    failure: PlatformError | None = None


def remember(stage: Stage, collection: FreightCollection, *, now: datetime) -> None:
    """Remember verified Freight as what to go back to, if the Stage's policy goes back at all."""
    if rollback_policy_of(stage) is not None:
        held = {item.origin: item.freight.name for item in collection.items.all()}
        stage_status.remember_stable(stage, held, now=now)


def roll_back(
    stage: Stage,
    collection: FreightCollection | None,
    *,
    origins: frozenset[str],
    held: frozenset[str],
    is_auto: bool,
    now: datetime,
) -> Outcome | None:
    """Promote the Freight that was good last, if policy wants that; ``None`` if not.

    Of ``held`` origins nobody wants another Freight. Auto-promotion, if the Stage ``is_auto``, is
    held for the origin that goes back: what failed would be promoted again otherwise.
    """
    policy = rollback_policy_of(stage)
    if policy is None:
        return None
    facts = rollback_facts(stage, collection, policy=policy, held=held)
    decided = decide_rollback(facts, now=now)
    if decided is None or decided.origin not in origins:
        return None
    return _promoted(stage, decided, is_auto=is_auto, now=now)


def _promoted(stage: Stage, decided: Rollback, *, is_auto: bool, now: datetime) -> Outcome | None:
    freight = freight_by_name(stage.project, [decided.freight]).get(decided.freight)
    if freight is None:
        return None
    annotations = {plans.ROLLBACK_ANNOTATION: "true"}
    if is_auto:
        annotations[HOLD] = decided.origin
    actor = replace(controller("stage-controller", shard=stage.shard), reason=decided.because)
    try:
        promote(stage, freight, actor=actor, now=now, annotations=annotations)
    except ForbiddenError as error:
        logger.info("not rolled back", extra={"stage": stage.name, "reason": error.message})
        return None
    except PlatformError as error:
        return Outcome(error)
    logger.info("rolled back", extra={"stage": stage.name, "reason": decided.because})
    return Outcome()
