import pytest

from promotions.engine.phases import (
    TERMINAL,
    TRANSITIONS,
    PromotionPhase,
    StepRecord,
    final_phase,
    has_failures,
    in_queue_order,
)
from promotions.engine.runner import StepStatus


def step(status: StepStatus | None, message: str = "", *, tolerated: bool = False) -> StepRecord:
    return StepRecord("a", "copy", status, message, continue_on_error=tolerated)


def test_every_phase_has_its_transitions_and_finished_ones_have_none() -> None:
    assert set(TRANSITIONS) == set(PromotionPhase)
    assert {phase for phase, following in TRANSITIONS.items() if not following} == TERMINAL
    assert PromotionPhase.ABORTED.is_terminal
    assert not PromotionPhase.NEW.is_terminal


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], PromotionPhase.SUCCEEDED),
        ([StepStatus.SUCCEEDED, StepStatus.SUCCEEDED], PromotionPhase.SUCCEEDED),
        ([StepStatus.SUCCEEDED, StepStatus.SKIPPED], PromotionPhase.SUCCEEDED),
        ([StepStatus.SKIPPED, StepStatus.ABORTED], PromotionPhase.ABORTED),
        ([StepStatus.FAILED, StepStatus.ABORTED], PromotionPhase.FAILED),
        ([StepStatus.FAILED, StepStatus.ERRORED, StepStatus.SUCCEEDED], PromotionPhase.ERRORED),
        ([StepStatus.RUNNING], PromotionPhase.ERRORED),
        ([None], PromotionPhase.ERRORED),
    ],
)
def test_the_worst_step_decides_the_final_phase(
    statuses: list[StepStatus | None], expected: PromotionPhase
) -> None:
    assert final_phase([step(status) for status in statuses])[0] is expected


def test_the_message_is_that_of_the_first_step_at_the_worst_severity() -> None:
    steps = [
        step(StepStatus.SUCCEEDED, "fine"),
        step(StepStatus.FAILED, "first"),
        step(StepStatus.FAILED, "second"),
    ]

    assert final_phase(steps) == (PromotionPhase.FAILED, "first")


def test_a_tolerated_failure_does_not_count() -> None:
    steps = [step(StepStatus.SUCCEEDED), step(StepStatus.ERRORED, "boom", tolerated=True)]

    assert final_phase(steps) == (PromotionPhase.SUCCEEDED, "")
    assert not has_failures(steps)


def test_failed_and_errored_steps_are_failures_and_others_are_not() -> None:
    assert has_failures([step(StepStatus.FAILED)])
    assert has_failures([step(StepStatus.ERRORED)])
    assert not has_failures([step(StepStatus.ABORTED), step(StepStatus.RUNNING), step(None)])


def test_the_queue_has_running_then_waiting_oldest_first_then_finished_newest_first() -> None:
    promotions = {
        "s.1": PromotionPhase.SUCCEEDED,
        "s.2": PromotionPhase.ABORTED,
        "s.3": PromotionPhase.NEW,
        "s.4": PromotionPhase.PENDING,
        "s.5": PromotionPhase.RUNNING,
    }

    assert in_queue_order(promotions) == ["s.5", "s.3", "s.4", "s.2", "s.1"]
