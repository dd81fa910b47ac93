from datetime import timedelta

import pytest

from promotions.engine.conditions import ConditionStatus
from promotions.engine.health import (
    Health,
    HealthState,
    aggregate,
    assessed,
    merge,
    patience,
    settled,
    unknown_checker,
    waiting,
)
from promotions.engine.phases import PromotionPhase


def seconds_between_looks(state: HealthState, *, is_lost: bool = False) -> list[float]:
    waits: list[timedelta] = []
    for _ in range(7):
        wait = patience(Health(state), waited=waits[-1] if waits else None, is_lost=is_lost)
        assert wait is not None
        waits.append(wait)
    return [wait.total_seconds() for wait in waits]


def test_what_stays_unknown_or_progressing_is_looked_at_less_and_less() -> None:
    lost = seconds_between_looks(HealthState.UNKNOWN, is_lost=True)

    assert lost == [30, 60, 120, 240, 300, 300, 300]
    assert seconds_between_looks(HealthState.UNKNOWN) == [30, 60, 60, 60, 60, 60, 60]
    assert seconds_between_looks(HealthState.PROGRESSING) == [10, 20, 40, 60, 60, 60, 60]


def test_a_clock_that_jumps_makes_nobody_wait_longer_or_spin() -> None:
    for waited in (timedelta(days=-9), timedelta(days=9999)):
        wait = patience(Health(HealthState.UNKNOWN), waited=waited)

        assert wait is not None
        assert timedelta(seconds=30) <= wait <= timedelta(minutes=5)


@pytest.mark.parametrize("state", [HealthState.HEALTHY, HealthState.UNHEALTHY])
def test_what_is_settled_is_in_no_hurry(state: HealthState) -> None:
    assert patience(Health(state), waited=None) is None
    assert patience(None, waited=None) is None


@pytest.mark.parametrize("index", range(4))
def test_the_worse_state_wins_either_way(index: int) -> None:
    better, worse = list(HealthState)[index : index + 2]

    assert merge(better, worse) is worse
    assert merge(worse, better) is worse


def test_checks_add_up_to_the_worst_with_all_issues_and_outputs() -> None:
    health = aggregate(
        [
            Health(HealthState.PROGRESSING, ("slow",), {"a": 1}),
            Health(HealthState.HEALTHY),
            Health(HealthState.UNHEALTHY, ("down", "out"), {"b": 2}),
        ]
    )

    assert health == Health(HealthState.UNHEALTHY, ("slow", "down", "out"), [{"a": 1}, {"b": 2}])


def test_no_checks_are_healthy() -> None:
    assert aggregate([]) == Health(HealthState.HEALTHY)


def test_a_check_that_nobody_implements_is_unknown() -> None:
    assert unknown_checker("x").status is HealthState.UNKNOWN
    assert '"x"' in unknown_checker("x").issues[0]


@pytest.mark.parametrize(
    ("promoting", "last", "health", "reason"),
    [
        (True, PromotionPhase.SUCCEEDED, HealthState.UNKNOWN, "ActivePromotion"),
        (False, None, None, "NoFreight"),
        (False, PromotionPhase.FAILED, HealthState.UNKNOWN, "LastPromotionFailed"),
        (False, PromotionPhase.ABORTED, HealthState.UNKNOWN, "LastPromotionAborted"),
        (False, PromotionPhase.PENDING, HealthState.UNKNOWN, "LastPromotionPending"),
    ],
)
def test_without_a_last_success_no_check_is_run(
    *, promoting: bool, last: PromotionPhase | None, health: HealthState | None, reason: str
) -> None:
    assessment = settled(is_promoting=promoting, last_phase=last)

    assert assessment is not None
    assert (assessment.health and assessment.health.status) == health
    assert assessment.condition.reason == reason
    assert assessment.condition.status is ConditionStatus.UNKNOWN


def test_after_a_success_the_checks_decide() -> None:
    assert settled(is_promoting=False, last_phase=PromotionPhase.SUCCEEDED) is None


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (HealthState.HEALTHY, ConditionStatus.TRUE),
        (HealthState.UNHEALTHY, ConditionStatus.FALSE),
        (HealthState.PROGRESSING, ConditionStatus.UNKNOWN),
        (HealthState.UNKNOWN, ConditionStatus.UNKNOWN),
        (HealthState.NOT_APPLICABLE, ConditionStatus.UNKNOWN),
    ],
)
def test_the_condition_follows_the_health(state: HealthState, status: ConditionStatus) -> None:
    assessment = assessed(Health(state, ("why",)))

    assert assessment.condition.status is status
    assert assessment.condition.reason == state
    assert assessment.condition.message == "why"


def test_right_after_a_promotion_health_is_awaited() -> None:
    assert waiting().condition.reason == "WaitingForHealthCheck"
    assert waiting().health is None
