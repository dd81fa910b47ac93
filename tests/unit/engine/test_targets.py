"""Which targets are promoted to next: waves, parallelism, failure budget and pause."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from promotions.engine.phases import TERMINAL, PromotionPhase
from promotions.engine.targets import (
    Decision,
    FailureBudget,
    OnBudgetSpent,
    RequestPhase,
    RolloutPolicy,
    TargetState,
    decide_targets,
    in_waves,
)

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
SUCCEEDED, FAILED = PromotionPhase.SUCCEEDED, PromotionPhase.FAILED
RUNNING, ERRORED = PromotionPhase.RUNNING, PromotionPhase.ERRORED


def target(name: str, phase: PromotionPhase | None = None, *, wave: str = "") -> TargetState:
    finished_at = NOON if phase in TERMINAL else None
    return TargetState(name, wave, phase, finished_at)


def decide(*targets: TargetState, now: datetime = NOON, **policy: object) -> Decision:
    return decide_targets(targets, RolloutPolicy(**policy), now=now)  # type: ignore[arg-type] # what each test is about


def test_no_targets_at_all_are_a_success() -> None:
    assert decide().phase is RequestPhase.SUCCEEDED


def test_no_more_begin_than_may_run_at_once() -> None:
    decision = decide(target("a", RUNNING), target("c"), target("b"), max_parallel=2)

    assert decision.start == ("b",)
    assert "1 waiting for a place among those that run at once" in decision.message


def test_the_tenants_quota_bounds_what_begins() -> None:
    decision = decide_targets([target("a"), target("b")], RolloutPolicy(), now=NOON, room=1)

    assert decision.start == ("a",)
    assert "the tenant's quota" in decision.message


def test_waves_are_numbers_first_then_names_then_those_without_label() -> None:
    targets = [target(it, wave=it) for it in ("", "canary", "10", "2")]

    assert [it.name for it in in_waves(targets, RolloutPolicy())] == ["2", "10", "canary", ""]


def test_the_policy_names_the_waves_that_come_first() -> None:
    targets = [target(it, wave=it) for it in ("1", "canary", "eu")]
    policy = RolloutPolicy(waves=("eu", "canary"))

    assert [it.name for it in in_waves(targets, policy)] == ["eu", "canary", "1"]


def test_a_wave_waits_for_the_one_before() -> None:
    decision = decide(target("a", RUNNING, wave="1"), target("b", wave="2"))

    assert decision.start == ()


def test_the_next_wave_begins_when_the_pause_is_over() -> None:
    targets = [target("a", SUCCEEDED, wave="1"), target("b", wave="2")]
    pause = timedelta(minutes=10)

    early = decide(*targets, pause=pause, now=NOON + timedelta(minutes=4))
    later = decide(*targets, pause=pause, now=NOON + pause)

    assert (early.start, early.wait) == ((), timedelta(minutes=6))
    assert "begins in 6m" in early.message
    assert later.start == ("b",)


def test_a_spent_budget_lets_what_runs_end_and_begins_nothing() -> None:
    targets = [target("a", FAILED), target("b", RUNNING), target("c")]

    decision = decide(*targets)

    assert (decision.phase, decision.start) == (RequestPhase.RUNNING, ())
    assert "1 of 3 targets failed, more than the budget of 0; 1 not begun" in decision.message


def test_a_spent_budget_fails_the_request_when_nothing_runs() -> None:
    assert decide(target("a", FAILED), target("b")).phase is RequestPhase.FAILED


def test_one_errored_target_makes_a_spent_request_errored() -> None:
    assert decide(target("a", FAILED), target("b", ERRORED)).phase is RequestPhase.ERRORED


def test_a_spent_budget_may_let_the_rest_go_on() -> None:
    decision = decide(target("a", FAILED), target("b"), on_spent=OnBudgetSpent.CONTINUE)

    assert decision.start == ("b",)


def test_failures_within_the_budget_are_a_success_that_says_so() -> None:
    decision = decide(target("a", FAILED), target("b", SUCCEEDED), budget=FailureBudget(1))

    assert decision.phase is RequestPhase.SUCCEEDED
    assert "1 failed within the budget of 1" in decision.message


@pytest.mark.parametrize(
    ("budget", "total", "allowed"),
    [("0", 5, 0), ("2", 5, 2), ("10%", 9, 0), ("10%", 20, 2), ("100%", 3, 3)],
)
def test_a_budget_is_a_number_or_a_part_of_all(budget: str, total: int, allowed: int) -> None:
    is_percent = budget.endswith("%")

    assert FailureBudget(int(budget.rstrip("%")), is_percent).allowed(total) == allowed


def test_an_aborted_request_ends_when_its_last_promotion_has() -> None:
    policy = RolloutPolicy()
    running = [target("a", RUNNING), target("b")]
    ended = [target("a", PromotionPhase.ABORTED), target("b")]

    before = decide_targets(running, policy, now=NOON, aborted_by="alice")
    after = decide_targets(ended, policy, now=NOON, aborted_by="alice")

    assert (before.phase, before.start) == (RequestPhase.RUNNING, ())
    assert (after.phase, after.message) == (RequestPhase.FAILED, "aborted by alice")


POLICIES = st.builds(
    RolloutPolicy,
    max_parallel=st.integers(1, 4),
    budget=st.builds(FailureBudget, st.integers(0, 100), is_percent=st.booleans()),
    on_spent=st.sampled_from(OnBudgetSpent),
    pause=st.sampled_from([timedelta(0), timedelta(minutes=1)]),
)
OUTCOMES = st.lists(
    st.tuples(st.sampled_from(["", "1", "2", "x"]), st.sampled_from(sorted(TERMINAL))), max_size=12
)


@settings(max_examples=150, deadline=None)
@given(policy=POLICIES, outcomes=OUTCOMES, order=st.randoms(use_true_random=False))
def test_every_rollout_keeps_its_promises_and_ends(
    policy: RolloutPolicy, outcomes: list[tuple[str, PromotionPhase]], order: object
) -> None:
    ends = {f"t{index:02}": phase for index, (_, phase) in enumerate(outcomes)}
    targets = {
        name: target(name, wave=wave) for name, (wave, _) in zip(ends, outcomes, strict=True)
    }
    rank = {
        it.name: wave.number for wave in in_waves(targets.values(), policy) for it in wave.targets
    }
    allowed, now = policy.budget.allowed(len(targets)), NOON
    decision = decide_targets(list(targets.values()), policy, now=now)
    for _ in range(10 * len(targets) + 10):
        if decision.phase.is_terminal:
            break
        failed = sum(it.has_failed for it in targets.values())
        if decision.start:
            assert failed <= allowed or policy.on_spent is OnBudgetSpent.CONTINUE
        for name in decision.start:
            assert targets[name].phase is None
            before = [it for it in targets.values() if rank[it.name] < rank[name]]
            assert all(it.has_ended for it in before)
            assert all(it.finished_at and it.finished_at + policy.pause <= now for it in before)
            targets[name] = replace(targets[name], phase=RUNNING)
        active = [it for it in targets.values() if it.is_active]
        assert len(active) <= policy.max_parallel
        assert active or decision.wait
        now += decision.wait or timedelta(seconds=1)
        if active:
            one = order.choice(active)  # type: ignore[attr-defined] # a Random
            targets[one.name] = replace(one, phase=ends[one.name], finished_at=now)
        decision = decide_targets(list(targets.values()), policy, now=now)
    else:
        raise AssertionError("the rollout does not end")
    failed = sum(it.has_failed for it in targets.values())
    assert (decision.phase is RequestPhase.SUCCEEDED) == (failed <= allowed)
    if decision.phase is RequestPhase.SUCCEEDED:
        assert all(it.has_ended for it in targets.values())
