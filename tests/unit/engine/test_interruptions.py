from dataclasses import replace

import pytest

from promotions.engine.executor import Progress, abort, cancel, run_promotion
from promotions.engine.phases import PromotionPhase, StepRecord
from promotions.engine.runner import StepStatus
from tests.fakes.steps import scripted
from tests.unit.engine.execution import RUNNING, START, engine, plan, run, step


def test_cancelling_errors_the_step_under_way() -> None:
    one = scripted("one", RUNNING)
    waiting, _ = run([one], step("one"))

    result = run_promotion(
        engine(one),
        plan(step("one")),
        waiting.progress,
        save=lambda _: None,
        cancelled=lambda: True,
    )

    [record] = result.progress.records
    assert (result.phase, result.message) == (PromotionPhase.ERRORED, "execution cancelled")
    assert (record.status, record.message) == (StepStatus.ERRORED, "the step was cancelled")
    assert record.finished_at is not None


def test_cancelling_before_a_step_started_marks_nothing() -> None:
    assert cancel(Progress(), now=START).progress == Progress()


def test_aborting_marks_a_running_step() -> None:
    record = StepRecord("one", "one", StepStatus.RUNNING, "waiting", started_at=START)

    result = abort(Progress(records=(record,)), actor="alice", now=START)

    assert (result.phase, result.message) == (
        PromotionPhase.ABORTED,
        "Promotion terminated by alice",
    )
    assert result.delay is None
    assert result.progress.records == (
        replace(record, status=StepStatus.ABORTED, finished_at=START),
    )


@pytest.mark.parametrize("status", [StepStatus.ERRORED, StepStatus.FAILED])
def test_aborting_leaves_a_step_that_waits_for_a_retry_alone(status: StepStatus) -> None:
    progress = Progress(records=(StepRecord("one", "one", status, started_at=START),))

    assert abort(progress, actor="alice", now=START).progress == progress
