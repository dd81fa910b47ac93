from dataclasses import replace

import pytest

from promotions.engine.conditions import ConditionStatus
from promotions.engine.health import HealthState
from promotions.engine.verification import (
    Gate,
    NextAct,
    Verification,
    VerificationFacts,
    VerificationPhase,
    marks_verified,
    next_act,
    promotion_gate,
    verified_condition,
)

HEALTHY = VerificationFacts(has_freight=True, health=HealthState.HEALTHY)
RUNNING = Verification("v1", VerificationPhase.RUNNING)
FAILED = Verification("v1", VerificationPhase.FAILED)


@pytest.mark.parametrize(
    ("health", "latest", "expected"),
    [
        (None, None, Gate.VERIFICATION_DUE),
        (HealthState.HEALTHY, None, Gate.VERIFICATION_DUE),
        (HealthState.UNHEALTHY, None, Gate.OPEN),
        (HealthState.UNKNOWN, None, Gate.OPEN),
        (HealthState.PROGRESSING, None, Gate.OPEN),
        (HealthState.NOT_APPLICABLE, None, Gate.OPEN),
        (HealthState.HEALTHY, VerificationPhase.PENDING, Gate.VERIFYING),
        (HealthState.UNHEALTHY, VerificationPhase.RUNNING, Gate.VERIFYING),
        (HealthState.HEALTHY, VerificationPhase.FAILED, Gate.OPEN),
        (HealthState.HEALTHY, VerificationPhase.SUCCESSFUL, Gate.OPEN),
        (None, VerificationPhase.ABORTED, Gate.OPEN),
    ],
)
def test_the_next_promotion_waits_for_verification_but_not_for_health(
    health: HealthState | None, latest: VerificationPhase | None, expected: Gate
) -> None:
    assert promotion_gate(has_freight=True, health=health, latest=latest) is expected


def test_an_empty_stage_lets_the_first_promotion_in() -> None:
    assert promotion_gate(has_freight=False, health=None, latest=None) is Gate.OPEN


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (replace(HEALTHY, has_freight=False), NextAct.WAIT_FOR_PROMOTION),
        (replace(HEALTHY, is_promoting=True, latest=RUNNING), NextAct.WAIT_FOR_PROMOTION),
        (replace(HEALTHY, health=None), NextAct.WAIT_FOR_HEALTH),
        (replace(HEALTHY, health=HealthState.UNHEALTHY), NextAct.WAIT_FOR_HEALTH),
        (HEALTHY, NextAct.SUCCEED),
        (replace(HEALTHY, is_configured=True), NextAct.START),
        (replace(HEALTHY, latest=RUNNING), NextAct.REFRESH),
        (replace(HEALTHY, latest=RUNNING, abort_id="v1"), NextAct.ABORT),
        (replace(HEALTHY, latest=RUNNING, abort_id="v0"), NextAct.REFRESH),
        (replace(HEALTHY, latest=FAILED), NextAct.DONE),
        (replace(HEALTHY, latest=FAILED, reverify_id="v0"), NextAct.DONE),
        (replace(HEALTHY, latest=FAILED, reverify_id="v1"), NextAct.SUCCEED),
        (
            replace(HEALTHY, latest=FAILED, reverify_id="v1", is_configured=True),
            NextAct.RESTART,
        ),
    ],
)
def test_verification_goes_on_from_where_it_is(facts: VerificationFacts, expected: NextAct) -> None:
    assert next_act(facts) is expected


def test_freight_is_marked_only_when_healthy_and_verified() -> None:
    assert marks_verified(health=HealthState.HEALTHY, latest=VerificationPhase.SUCCESSFUL)
    assert not marks_verified(health=HealthState.UNKNOWN, latest=VerificationPhase.SUCCESSFUL)
    assert not marks_verified(health=HealthState.HEALTHY, latest=None)


def test_one_success_however_old_is_enough_for_the_condition() -> None:
    history = [FAILED, Verification("v0", VerificationPhase.SUCCESSFUL)]

    condition = verified_condition(history, has_freight=True)

    assert (condition.status, condition.reason) == (ConditionStatus.TRUE, "Verified")


@pytest.mark.parametrize(
    ("phase", "status", "reason"),
    [
        (VerificationPhase.PENDING, ConditionStatus.UNKNOWN, "VerificationPending"),
        (VerificationPhase.RUNNING, ConditionStatus.UNKNOWN, "VerificationRunning"),
        (VerificationPhase.FAILED, ConditionStatus.FALSE, "VerificationFailed"),
        (VerificationPhase.ERROR, ConditionStatus.FALSE, "VerificationError"),
        (VerificationPhase.ABORTED, ConditionStatus.FALSE, "VerificationAborted"),
        (VerificationPhase.INCONCLUSIVE, ConditionStatus.UNKNOWN, "VerificationInconclusive"),
    ],
)
def test_otherwise_the_newest_decides(
    phase: VerificationPhase, status: ConditionStatus, reason: str
) -> None:
    condition = verified_condition([Verification("v", phase)], has_freight=True)

    assert (condition.status, condition.reason) == (status, reason)


def test_nothing_to_verify_and_nothing_verified_yet_are_told_apart() -> None:
    assert verified_condition([], has_freight=False).reason == "NoFreight"
    assert verified_condition([], has_freight=True).reason == "WaitingForVerification"
