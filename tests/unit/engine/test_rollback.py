"""To which Freight a Stage goes back after a failure, and when it does not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from promotions.engine.phases import PromotionPhase
from promotions.engine.rollback import (
    Attempt,
    Held,
    Rollback,
    RollbackFacts,
    RollbackPolicy,
    decide_rollback,
    rollback_policy,
)
from promotions.engine.verification import VerificationPhase

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
APP, DB = "Warehouse/app", "Warehouse/db"
POLICY = RollbackPolicy(on_promotion=frozenset({PromotionPhase.FAILED}))
FAILED = Attempt(PromotionPhase.FAILED, APP, "new", NOON)
PROMOTION_FAILED = RollbackFacts(POLICY, is_settled=True, last=FAILED, stable={APP: "good"})
VERIFICATION_FAILED = RollbackFacts(
    POLICY,
    is_settled=True,
    last=replace(FAILED, phase=PromotionPhase.SUCCEEDED),
    verdict=VerificationPhase.FAILED,
    verdict_at=NOON,
    holding={APP: Held("new", NOON)},
    stable={APP: "good"},
)
BOTH = pytest.mark.parametrize("facts", [PROMOTION_FAILED, VERIFICATION_FAILED])


def freight(facts: RollbackFacts, *, now: datetime = NOON) -> str:
    found = decide_rollback(facts, now=now)
    return found.freight if found else ""


def test_a_failed_promotion_goes_back() -> None:
    assert decide_rollback(PROMOTION_FAILED, now=NOON) == Rollback(
        APP, "good", "the promotion of new failed"
    )


def test_a_failed_verification_goes_back() -> None:
    assert decide_rollback(VERIFICATION_FAILED, now=NOON) == Rollback(
        APP, "good", "verification of new ended as Failed"
    )


@BOTH
def test_without_a_policy_nothing_goes_back(facts: RollbackFacts) -> None:
    assert freight(replace(facts, policy=None)) == ""


@BOTH
def test_a_rollback_that_somebody_ended_is_not_begun_again(facts: RollbackFacts) -> None:
    assert freight(replace(facts, tried=frozenset({"good"}))) == ""


@pytest.mark.parametrize(
    "phase", [PromotionPhase.ERRORED, PromotionPhase.ABORTED, PromotionPhase.SUCCEEDED]
)
def test_only_listed_ends_of_a_promotion_count(phase: PromotionPhase) -> None:
    assert freight(replace(PROMOTION_FAILED, last=replace(FAILED, phase=phase))) == ""


@pytest.mark.parametrize(
    "phase", [it for it in VerificationPhase if it is not VerificationPhase.FAILED]
)
def test_only_listed_ends_of_a_verification_count(phase: VerificationPhase) -> None:
    assert freight(replace(VERIFICATION_FAILED, verdict=phase)) == ""


@BOTH
def test_while_something_waits_or_runs_nothing_goes_back(facts: RollbackFacts) -> None:
    assert freight(replace(facts, is_settled=False)) == ""


@BOTH
def test_failures_of_long_ago_are_left_to_people(facts: RollbackFacts) -> None:
    assert freight(facts, now=NOON + timedelta(minutes=20)) == "good"
    assert freight(facts, now=NOON + timedelta(minutes=20, seconds=1)) == ""


@BOTH
def test_without_good_freight_there_is_nothing_to_go_back_to(facts: RollbackFacts) -> None:
    assert freight(replace(facts, stable={DB: "good"})) == ""


@BOTH
def test_a_held_origin_stays(facts: RollbackFacts) -> None:
    assert freight(replace(facts, held=frozenset({APP}))) == ""


def test_a_rollback_that_failed_is_not_tried_again() -> None:
    last = replace(FAILED, freight="good", is_rollback=True)

    assert freight(replace(PROMOTION_FAILED, last=last)) == ""


def test_freight_that_was_good_and_failed_now_is_not_promoted_again() -> None:
    assert freight(replace(PROMOTION_FAILED, last=replace(FAILED, freight="good"))) == ""


def test_good_freight_whose_verification_fails_now_stays() -> None:
    holding = {APP: Held("good", NOON)}

    assert freight(replace(VERIFICATION_FAILED, holding=holding)) == ""


def test_of_several_origins_the_one_that_changed_last_goes_back_first() -> None:
    holding = {APP: Held("new", NOON - timedelta(hours=1)), DB: Held("newer", NOON)}
    facts = replace(VERIFICATION_FAILED, holding=holding, stable={APP: "good", DB: "fine"})

    assert freight(facts) == "fine"


def test_then_the_next_if_that_was_not_enough() -> None:
    holding = {APP: Held("new", NOON - timedelta(hours=1)), DB: Held("fine", NOON)}
    last = Attempt(PromotionPhase.SUCCEEDED, DB, "fine", NOON, is_rollback=True)
    facts = replace(
        VERIFICATION_FAILED, last=last, holding=holding, stable={APP: "good", DB: "fine"}
    )

    assert freight(facts) == "good"


def test_a_failed_verification_counts_when_nothing_else_is_said() -> None:
    assert rollback_policy({}) == RollbackPolicy()
    assert rollback_policy({"onVerification": []}) == RollbackPolicy()
    assert rollback_policy(None) is None
    assert rollback_policy({"onPromotion": ["Errored"], "onVerification": ["Error"]}) == (
        RollbackPolicy(frozenset({PromotionPhase.ERRORED}), frozenset({VerificationPhase.ERROR}))
    )
