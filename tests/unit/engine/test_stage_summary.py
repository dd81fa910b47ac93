from dataclasses import replace
from datetime import UTC, datetime

import pytest

from promotions.engine.conditions import Condition, ConditionStatus, find_condition
from promotions.engine.phases import PromotionPhase
from promotions.engine.stage_summary import (
    StagePass,
    freight_summary,
    promoting_condition,
    summarise,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RECONCILING = Condition("Reconciling", ConditionStatus.TRUE, "RetryAfterError", "boom")
HEALTHY = Condition("Healthy", ConditionStatus.TRUE, "Healthy")
VERIFIED = Condition("Verified", ConditionStatus.TRUE, "Verified", "Freight has been verified")
PROMOTING = promoting_condition("p", PromotionPhase.RUNNING)
GOOD = StagePass((HEALTHY, VERIFIED), "", PromotionPhase.SUCCEEDED, 4, 3)


def ready(stage: StagePass) -> Condition:
    condition = find_condition(summarise(stage, now=NOW).conditions, "Ready")
    assert condition is not None
    return condition


def test_a_healthy_and_verified_stage_is_ready_and_observed() -> None:
    summary = summarise(replace(GOOD, conditions=(*GOOD.conditions, RECONCILING)), now=NOW)

    assert summary.observed_generation == 4
    assert find_condition(summary.conditions, "Reconciling") is None
    assert ready(GOOD) == Condition(
        "Ready", ConditionStatus.TRUE, "Verified", "Freight has been verified", 4, NOW
    )


def test_every_condition_says_which_generation_it_is_about() -> None:
    summary = summarise(GOOD, now=NOW)

    assert {it.type: it.observed_generation for it in summary.conditions} == {
        "Healthy": 4,
        "Verified": 4,
        "Ready": 4,
    }


@pytest.mark.parametrize(
    ("stage", "reason"),
    [
        (
            replace(
                GOOD,
                conditions=(
                    PROMOTING,
                    HEALTHY,
                    VERIFIED,
                ),
            ),
            "ActivePromotion",
        ),
        (replace(GOOD, last_phase=PromotionPhase.FAILED), "LastPromotionFailed"),
        (replace(GOOD, conditions=(VERIFIED,)), "Unhealthy"),
        (
            replace(
                GOOD,
                conditions=(
                    Condition("Healthy", ConditionStatus.UNKNOWN, "Progressing"),
                    VERIFIED,
                ),
            ),
            "Progressing",
        ),
        (replace(GOOD, conditions=(HEALTHY,)), "PendingVerification"),
        (
            replace(
                GOOD,
                conditions=(
                    HEALTHY,
                    Condition("Verified", ConditionStatus.FALSE, "VerificationFailed"),
                ),
            ),
            "VerificationFailed",
        ),
    ],
)
def test_the_first_obstacle_is_why_a_stage_is_not_ready(stage: StagePass, reason: str) -> None:
    condition = ready(stage)

    assert (condition.status, condition.reason) == (ConditionStatus.FALSE, reason)
    assert summarise(stage, now=NOW).observed_generation == 3


@pytest.mark.parametrize("conditions", [(HEALTHY, RECONCILING), (PROMOTING, RECONCILING)])
def test_nothing_is_to_be_retried_after_a_pass_that_went_well(
    conditions: tuple[Condition, ...],
) -> None:
    stage = replace(GOOD, conditions=conditions)

    assert find_condition(summarise(stage, now=NOW).conditions, "Reconciling") is None


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (PromotionPhase.NEW, 'Promotion "p" is currently Pending'),
        (PromotionPhase.PENDING, 'Promotion "p" is currently Pending'),
        (PromotionPhase.RUNNING, 'Promotion "p" is currently Running'),
    ],
)
def test_promoting_names_the_promotion_and_its_phase(phase: PromotionPhase, words: str) -> None:
    condition = promoting_condition("p", phase)

    assert (condition.status, condition.reason) == (ConditionStatus.TRUE, "ActivePromotion")
    assert condition.message == words


def test_a_promotion_that_no_longer_promotes_or_never_ended_is_no_obstacle() -> None:
    over = replace(PROMOTING, status=ConditionStatus.FALSE)

    assert ready(replace(GOOD, conditions=(over, HEALTHY, VERIFIED))).status == "True"
    assert ready(replace(GOOD, last_phase=PromotionPhase.RUNNING)).status == "True"
    assert ready(replace(GOOD, last_phase=None)).status == "True"


def test_an_error_comes_first_and_is_going_to_be_retried() -> None:
    summary = summarise(replace(GOOD, error="boom"), now=NOW)

    retrying = find_condition(summary.conditions, "Reconciling")
    assert retrying is not None
    assert (retrying.reason, retrying.message) == ("RetryAfterError", "boom")
    assert ready(replace(GOOD, error="boom")).reason == "ReconcileError"
    assert summary.observed_generation == 3


def test_the_freight_summary_names_one_or_counts() -> None:
    assert freight_summary(1, []) == "0/1 Fulfilled"
    assert freight_summary(1, ["f"]) == "f"
    assert freight_summary(2, ["f"]) == "1/2 Fulfilled"
    assert freight_summary(2, ["f", "g"]) == "2/2 Fulfilled"
