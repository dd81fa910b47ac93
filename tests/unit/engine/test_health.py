import pytest

from promotions.engine.conditions import ConditionStatus
from promotions.engine.health import (
    Health,
    HealthState,
    aggregate,
    assessed,
    merge,
    settled,
    unknown_checker,
    waiting,
)
from promotions.engine.phases import PromotionPhase


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
