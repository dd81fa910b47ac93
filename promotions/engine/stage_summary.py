"""Is a Stage ready, and what does it hold, in one line each?

Source: Kargo Stage controller (summarizeConditions, buildFreightSummary).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from promotions.engine.conditions import (
    Condition,
    ConditionStatus,
    find_condition,
    set_condition,
    without_condition,
)
from promotions.engine.health import HEALTHY
from promotions.engine.phases import PromotionPhase
from promotions.engine.verification import VERIFIED

READY = "Ready"
RECONCILING = "Reconciling"
PROMOTING = "Promoting"


@dataclass(frozen=True, slots=True)
class StageSummary:
    """A Stage's conditions after a pass.

    Attributes:
        observed_generation: As it was, unless the Stage is ready.
    """

    conditions: tuple[Condition, ...]
    observed_generation: int


@dataclass(frozen=True, slots=True)
class StagePass:
    """What a reconcile pass has come to so far.

    Attributes:
        error: What stopped the pass; empty if nothing did.
        last_phase: How the last promotion ended; ``None`` if there was none.
        generation: Of the Stage's spec.
    """

    conditions: tuple[Condition, ...]
    error: str
    last_phase: PromotionPhase | None
    generation: int
    observed_generation: int


def promoting_condition(promotion: str, phase: PromotionPhase) -> Condition:
    """Return the condition of a Stage with a promotion under way."""
    message = f'Promotion "{promotion}" is currently {phase or PromotionPhase.PENDING}'
    return Condition(PROMOTING, ConditionStatus.TRUE, "ActivePromotion", message)


def summarise(stage: StagePass, *, now: datetime) -> StageSummary:
    """Return a Stage's conditions, as of this generation, with Ready and Reconciling anew.

    Reconciling stays only while an error is to be retried: without one, the pass is over.
    """
    conditions = tuple(replace(it, observed_generation=stage.generation) for it in stage.conditions)
    ready = _ready(stage)
    observed = stage.observed_generation
    if stage.error:
        retry = Condition(
            RECONCILING,
            ConditionStatus.TRUE,
            "RetryAfterError",
            stage.error,
            observed_generation=stage.generation,
        )
        conditions = set_condition(conditions, retry, now=now)
    else:
        conditions = without_condition(conditions, RECONCILING)
    if ready.status is ConditionStatus.TRUE:
        observed = stage.generation
    return StageSummary(set_condition(conditions, ready, now=now), observed)


def freight_summary(origins: int, held: Sequence[str]) -> str:
    """Return what a Stage holds in a few words.

    Args:
        origins: How many it requests Freight from.
        held: Names of the Freight that it holds.

    Source: Kargo ``pkg/controller/stages`` buildFreightSummary.
    """
    if origins == 1 and len(held) == 1:
        return held[0]
    return f"{len(held)}/{origins} Fulfilled"


def _ready(stage: StagePass) -> Condition:
    reason, message = _obstacle(stage)
    verified = find_condition(stage.conditions, VERIFIED)
    if reason or verified is None:
        return Condition(READY, ConditionStatus.FALSE, reason, message, stage.generation)
    return Condition(
        READY, ConditionStatus.TRUE, verified.reason, verified.message, stage.generation
    )


def _obstacle(stage: StagePass) -> tuple[str, str]:
    """Return reason and message of the first thing that keeps a Stage from being ready."""
    if stage.error:
        return "ReconcileError", stage.error
    promoting = find_condition(stage.conditions, PROMOTING)
    if promoting is not None and promoting.status is ConditionStatus.TRUE:
        return promoting.reason, promoting.message
    last = stage.last_phase
    if last is not None and last.is_terminal and last is not PromotionPhase.SUCCEEDED:
        return f"LastPromotion{last}", f"the last promotion ended as {last}"
    return _missing(stage.conditions)


def _missing(conditions: Iterable[Condition]) -> tuple[str, str]:
    kept = tuple(conditions)
    for kind, otherwise in ((HEALTHY, "Unhealthy"), (VERIFIED, "PendingVerification")):
        condition = find_condition(kept, kind)
        if condition is None:
            return otherwise, f"the Stage is not {kind.lower()} yet"
        if condition.status is not ConditionStatus.TRUE:
            return condition.reason, condition.message
    return "", ""
