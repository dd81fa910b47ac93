"""Does a Stage go back to Freight that was good, after a failure, and to which?

Source: Kargo's documentation of automatic rollback.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.jsontypes import JSONObject, as_list
from promotions.engine.phases import PromotionPhase
from promotions.engine.verification import VerificationPhase

STABLE_FREIGHT = "stableFreight"
"""Key of a Stage's ``status.metadata`` under which its good Freight is remembered, by origin."""
LONGEST_AGO = timedelta(minutes=20)
"""Failures longer ago than this are left to people."""


@dataclass(frozen=True, slots=True)
class RollbackPolicy:
    """After which outcomes a Stage goes back by itself."""

    on_promotion: frozenset[PromotionPhase] = frozenset()
    on_verification: frozenset[VerificationPhase] = frozenset({VerificationPhase.FAILED})


@dataclass(frozen=True, slots=True)
class Attempt:
    """The last promotion that the Stage took note of."""

    phase: PromotionPhase
    origin: str
    freight: str
    finished_at: datetime
    is_rollback: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """Freight that the Stage holds, and since when."""

    freight: str
    since: datetime


@dataclass(frozen=True, slots=True)
class RollbackFacts:
    """What decides about going back.

    Attributes:
        is_settled: Nothing waits or runs on the Stage.
        verdict: How the last verification of what the Stage holds ended, if it has.
        holding: What the Stage holds, by origin.
        stable: Names of the Freight that was verified last, by origin.
        held: Origins that a person keeps as they are.
        tried: Freight that was gone back to since, whatever became of that: somebody who ended
            it before it started does not want it again.
    """

    policy: RollbackPolicy | None
    is_settled: bool
    last: Attempt | None = None
    verdict: VerificationPhase | None = None
    verdict_at: datetime | None = None
    holding: Mapping[str, Held] = field(default_factory=dict)
    stable: Mapping[str, str] = field(default_factory=dict)
    held: frozenset[str] = frozenset()
    tried: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rollback:
    """To which Freight of an origin to go back, and why."""

    origin: str
    freight: str
    because: str


def rollback_policy(document: JSONObject | None) -> RollbackPolicy | None:
    """Return what an ``autoRollback`` says; without one nothing goes back by itself."""
    if document is None:
        return None
    verdicts = as_list(document.get("onVerification"))
    return RollbackPolicy(
        on_promotion=frozenset(
            PromotionPhase(str(it)) for it in as_list(document.get("onPromotion"))
        ),
        on_verification=frozenset(VerificationPhase(str(it)) for it in verdicts)
        or RollbackPolicy().on_verification,
    )


def decide_rollback(facts: RollbackFacts, *, now: datetime) -> Rollback | None:
    """Return where to go back to; ``None`` if there is nothing to do, or it is not for us.

    Never to what has just failed, so that nothing goes round and round.
    """
    if facts.policy is None or not facts.is_settled or facts.last is None:
        return None
    last = facts.last
    if last.phase in facts.policy.on_promotion and _is_recent(last.finished_at, now):
        return _from_promotion(facts, last)
    has_failed = facts.verdict in facts.policy.on_verification
    is_whole = last.phase is PromotionPhase.SUCCEEDED
    if is_whole and has_failed and _is_recent(facts.verdict_at, now):
        return _from_verification(facts, last)
    return None


def _from_promotion(facts: RollbackFacts, last: Attempt) -> Rollback | None:
    stable = facts.stable.get(last.origin, "")
    if stable in {"", last.freight, *facts.tried} or last.origin in facts.held:
        return None
    return Rollback(last.origin, stable, f"the promotion of {last.freight} {last.phase.lower()}")


def _from_verification(facts: RollbackFacts, last: Attempt) -> Rollback | None:
    """Return to what was good of the origin that left it last; then, if need be, of the next."""
    newest_first = sorted(facts.holding.items(), key=lambda it: (it[1].since, it[0]), reverse=True)
    for origin, holding in newest_first:
        stable = facts.stable.get(origin, "")
        is_again = last.is_rollback and last.freight == stable
        if stable in {"", holding.freight, *facts.tried} or is_again or origin in facts.held:
            continue
        why = f"verification of {holding.freight} ended as {facts.verdict}"
        return Rollback(origin, stable, why)
    return None


def _is_recent(at: datetime | None, now: datetime) -> bool:
    return at is not None and now - at <= LONGEST_AGO
