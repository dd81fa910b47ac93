"""What verification of a Stage's Freight has to do next, and what may go on meanwhile.

Source: Kargo Stage controller (syncPromotions, verifyStageFreight, markFreightVerified).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from promotions.engine.conditions import Condition, ConditionStatus
from promotions.engine.health import HealthState

VERIFIED = "Verified"


class VerificationPhase(StrEnum):
    """How a verification stands, in Kargo's words."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCESSFUL = "Successful"
    FAILED = "Failed"
    ERROR = "Error"
    ABORTED = "Aborted"
    INCONCLUSIVE = "Inconclusive"

    @property
    def is_terminal(self) -> bool:
        """Whether a verification in this phase never moves again."""
        return self not in {VerificationPhase.PENDING, VerificationPhase.RUNNING}


@dataclass(frozen=True, slots=True)
class Verification:
    """One verification of the Freight that a Stage holds; it has an end once it is terminal."""

    id: str
    phase: VerificationPhase
    message: str = ""
    finished_at: datetime | None = None


class Gate(StrEnum):
    """Whether the next promotion may start, and what it waits for."""

    OPEN = "open"
    VERIFYING = "verifying"
    VERIFICATION_DUE = "verification-due"


class NextAct(StrEnum):
    """What verification has to do now."""

    WAIT_FOR_PROMOTION = "wait-for-promotion"
    WAIT_FOR_HEALTH = "wait-for-health"
    ABORT = "abort"
    REFRESH = "refresh"
    SUCCEED = "succeed"
    START = "start"
    RESTART = "restart"
    DONE = "done"


QUIET = frozenset({NextAct.WAIT_FOR_PROMOTION, NextAct.WAIT_FOR_HEALTH, NextAct.DONE})
"""Acts that change nothing."""


@dataclass(frozen=True, slots=True)
class VerificationFacts:
    """What decides about verification.

    Attributes:
        has_freight: The Stage holds a Freight collection.
        latest: The newest verification of that collection.
        health: ``None`` until it has been assessed.
        is_configured: The Stage's spec has ``verification``.
        abort_id: Id in the abort request, if there is one.
        reverify_id: Id in the request to verify again, if there is one.
    """

    has_freight: bool
    latest: Verification | None = None
    health: HealthState | None = None
    is_promoting: bool = False
    is_configured: bool = False
    abort_id: str = ""
    reverify_id: str = ""


def promotion_gate(
    *, has_freight: bool, health: HealthState | None, latest: VerificationPhase | None
) -> Gate:
    """Return whether the Stage's next promotion may start.

    It waits while the Freight that is there is being verified or is about to be. A Stage that
    is anything but healthy lets it in, for it may bring the cure.
    """
    if not has_freight:
        return Gate.OPEN
    if latest is not None:
        return Gate.OPEN if latest.is_terminal else Gate.VERIFYING
    if health in {None, HealthState.HEALTHY}:
        return Gate.VERIFICATION_DUE
    return Gate.OPEN


def next_act(facts: VerificationFacts) -> NextAct:
    """Return what verification has to do; ``SUCCEED`` is implicit success without any analysis."""
    if not facts.has_freight or facts.is_promoting:
        return NextAct.WAIT_FOR_PROMOTION
    latest = facts.latest
    if latest is None:
        return _begin(facts, NextAct.START)
    if not latest.phase.is_terminal:
        return NextAct.ABORT if facts.abort_id == latest.id else NextAct.REFRESH
    if facts.reverify_id == latest.id:
        return _begin(facts, NextAct.RESTART)
    return NextAct.DONE


def marks_verified(*, health: HealthState | None, latest: VerificationPhase | None) -> bool:
    """Return whether the Stage's Freight is now to be recorded as verified there."""
    return health is HealthState.HEALTHY and latest is VerificationPhase.SUCCESSFUL


def verified_condition(history: Sequence[Verification], *, has_freight: bool) -> Condition:
    """Return the Verified condition from a collection's verifications, newest first.

    One success, however old, is enough.
    """
    if not has_freight:
        return _unknown("NoFreight", "the Stage has no Freight")
    if any(it.phase is VerificationPhase.SUCCESSFUL for it in history):
        return Condition(VERIFIED, ConditionStatus.TRUE, VERIFIED, "Freight has been verified")
    if not history:
        return waiting()
    newest = history[0]
    status = _STATUSES.get(newest.phase, ConditionStatus.UNKNOWN)
    message = newest.message or f"verification is {newest.phase}"
    return Condition(VERIFIED, status, f"Verification{newest.phase}", message)


def waiting() -> Condition:
    """Return the Verified condition of Freight that nobody has begun to verify."""
    return _unknown("WaitingForVerification", "Freight has not been verified yet")


_STATUSES = {
    VerificationPhase.FAILED: ConditionStatus.FALSE,
    VerificationPhase.ERROR: ConditionStatus.FALSE,
    VerificationPhase.ABORTED: ConditionStatus.FALSE,
}


def _begin(facts: VerificationFacts, act: NextAct) -> NextAct:
    if facts.health is not HealthState.HEALTHY:
        return NextAct.WAIT_FOR_HEALTH
    return act if facts.is_configured else NextAct.SUCCEED


def _unknown(reason: str, message: str) -> Condition:
    return Condition(VERIFIED, ConditionStatus.UNKNOWN, reason, message)
