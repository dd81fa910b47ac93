"""How healthy a Stage is, from its promotions and their health checks.

Source: Kargo ``pkg/health`` and the Stage controller's assessHealth.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.conditions import Condition, ConditionStatus
from promotions.engine.phases import PromotionPhase

HEALTHY = "Healthy"


class HealthState(StrEnum):
    """How something is, from best to worst."""

    HEALTHY = "Healthy"
    NOT_APPLICABLE = "NotApplicable"
    PROGRESSING = "Progressing"
    UNKNOWN = "Unknown"
    UNHEALTHY = "Unhealthy"


@dataclass(frozen=True, slots=True)
class Health:
    """How a Stage is, or what one check says about it.

    Attributes:
        issues: What is wrong, for a person.
        output: What a check found, or the list of what all checks found.
    """

    status: HealthState
    issues: tuple[str, ...] = ()
    output: JSONValue = None


@dataclass(frozen=True, slots=True)
class HealthQuestion:
    """What a check is to find out, and for which Stage.

    Attributes:
        config: As the step registered it.
        shard: The Stage's; empty is the default one.
    """

    config: JSONObject
    tenant_uid: str = ""
    project_uid: str = ""
    shard: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """A Stage's health and its Healthy condition."""

    health: Health | None
    condition: Condition


LONGEST_PATIENCE = timedelta(minutes=5)
LONGEST_IF_ANSWERING = timedelta(minutes=1)

_PATIENCE = {
    HealthState.PROGRESSING: timedelta(seconds=10),
    HealthState.UNKNOWN: timedelta(seconds=30),
}
"""How long what is about to change may stay as it is before somebody looks again at first."""

_SEVERITY = {state: rank for rank, state in enumerate(HealthState)}

_STATUSES = {
    HealthState.HEALTHY: ConditionStatus.TRUE,
    HealthState.UNHEALTHY: ConditionStatus.FALSE,
}


def merge(first: HealthState, second: HealthState) -> HealthState:
    """Return the worse of two states."""
    return max(first, second, key=lambda state: _SEVERITY[state])


def aggregate(results: Iterable[Health]) -> Health:
    """Return the health that several checks add up to; healthy if there are none."""
    status = HealthState.HEALTHY
    issues: list[str] = []
    outputs: list[JSONValue] = []
    for result in results:
        status = merge(status, result.status)
        issues.extend(result.issues)
        if result.output is not None:
            outputs.append(result.output)
    return Health(status, tuple(issues), outputs or None)


def unknown_checker(kind: str) -> Health:
    """Return what a check of a kind that nobody implements says."""
    return Health(HealthState.UNKNOWN, (f'no health checker is registered for "{kind}"',))


def settled(*, is_promoting: bool, last_phase: PromotionPhase | None) -> Assessment | None:
    """Return the health of a Stage whose checks are not to be run; ``None`` if they are.

    Args:
        is_promoting: A promotion is under way.
        last_phase: How the last promotion ended; ``None`` if there was none.
    """
    if is_promoting:
        return _unknown("ActivePromotion", "a promotion is under way")
    if last_phase is None:
        condition = _condition(ConditionStatus.UNKNOWN, "NoFreight", "the Stage has no Freight")
        return Assessment(None, condition)
    if last_phase is not PromotionPhase.SUCCEEDED:
        return _unknown(f"LastPromotion{last_phase}", f"the last promotion {_ended(last_phase)}")
    return None


def assessed(health: Health) -> Assessment:
    """Return the assessment of a Stage whose checks have been run."""
    status = _STATUSES.get(health.status, ConditionStatus.UNKNOWN)
    message = "; ".join(health.issues) or f"the Stage is {health.status}"
    return Assessment(health, _condition(status, health.status, message))


def patience(
    health: Health | None, *, waited: timedelta | None, is_lost: bool = False
) -> timedelta | None:
    """Return when to run the checks again if nothing tells of a change; ``None`` is in no hurry.

    Twice as long each time, a minute at most; five where nobody could answer, so that a thousand
    Stages whose Argo CD is gone do not keep the workers busy.

    Args:
        health: What the checks have just come to.
        waited: Since the look before, if they came to the same then; ``None`` if they did not.
        is_lost: Whom they ask is known not to answer; whoever finds that it does again tells.
    """
    first = _PATIENCE.get(health.status) if health else None
    if first is None or waited is None:
        return first
    return min(max(first, 2 * waited), LONGEST_PATIENCE if is_lost else LONGEST_IF_ANSWERING)


def waiting() -> Assessment:
    """Return the assessment of a Stage right after a promotion has succeeded."""
    condition = _condition(
        ConditionStatus.UNKNOWN, "WaitingForHealthCheck", "the health checks have not run yet"
    )
    return Assessment(None, condition)


def _unknown(reason: str, issue: str) -> Assessment:
    health = Health(HealthState.UNKNOWN, (issue,))
    return Assessment(health, _condition(ConditionStatus.UNKNOWN, reason, issue))


def _ended(phase: PromotionPhase) -> str:
    return f"ended as {phase}" if phase.is_terminal else f"is {phase or 'new'}"


def _condition(status: ConditionStatus, reason: str, message: str) -> Condition:
    return Condition(HEALTHY, status, str(reason), message)
