from datetime import timedelta

import pytest

from common.errors import ConflictError, InvalidError, UpstreamError
from common.jsontypes import JSONObject
from promotions.engine.executor import (
    AT_ONCE,
    Advance,
    Progress,
    advance,
    restarted,
)
from promotions.engine.phases import PromotionPhase, StepRecord
from promotions.engine.retry import RetryPolicy
from promotions.engine.runner import HealthCheck, StepError, StepResult, StepStatus
from tests.fakes.steps import scripted
from tests.unit.engine.execution import RUNNING, START, engine, plan, run, step


def statuses(result: Advance) -> list[StepStatus | None]:
    return [record.status for record in result.progress.records]


def test_all_steps_succeed() -> None:
    one, two = scripted("one", StepResult(output={"x": 1})), scripted("two")

    result, saved = run([one, two], step("one"), step("two"))

    assert result.phase is PromotionPhase.SUCCEEDED
    assert result.delay is None
    assert statuses(result) == [StepStatus.SUCCEEDED, StepStatus.SUCCEEDED]
    assert result.progress.current_step == 1
    assert two.contexts[0].state == {"one": {"x": 1}}
    assert result.progress.records[0].output == {"x": 1}
    assert [progress.current_step for progress in saved] == [0, 1, 1, 1]


def test_a_step_is_announced_as_running_before_it_runs() -> None:
    seen: list[Progress] = []

    advance(engine(scripted("one")), plan(step("one")), Progress(), announce=seen.append)

    [record] = seen[0].records
    assert record.status is StepStatus.RUNNING
    assert record.started_at == START + timedelta(seconds=1)


def test_a_step_is_told_what_it_may_know() -> None:
    one = scripted("one")

    run([one], step("one", config={"path": "x"}))

    [context] = one.contexts
    assert (context.workdir, context.alias, context.config) == ("/workdir", "one", {"path": "x"})
    assert (context.tenant_uid, context.promotion_uid) == ("tenant", "uid")
    assert (context.project, context.stage, context.promotion) == (
        "kargo-demo",
        "test",
        "test.1.f00",
    )
    assert context.actor == "alice"
    assert context.target_freight.name == "f00"


def test_no_steps_are_a_success() -> None:
    result, _ = run([])

    assert (result.phase, result.progress.current_step) == (PromotionPhase.SUCCEEDED, 0)


def test_an_unknown_kind_errors_the_step_and_later_ones_may_still_run() -> None:
    cleanup = scripted("cleanup")

    result, _ = run(
        [cleanup],
        step("gone"),
        step("cleanup", "skipped"),
        step("cleanup", "always", condition="${{ always() }}"),
    )

    assert result.phase is PromotionPhase.ERRORED
    assert result.message == 'no promotion step of kind "gone" is registered'
    assert statuses(result) == [StepStatus.ERRORED, StepStatus.SKIPPED, StepStatus.SUCCEEDED]
    gone, skipped, _ = result.progress.records
    assert gone.started_at is gone.finished_at is skipped.started_at is skipped.finished_at is None
    assert len(cleanup.contexts) == 1


def test_an_if_that_fails_errors_the_step_without_starting_it() -> None:
    result, _ = run([scripted("one")], step("one", condition="${{ nothing }}"))

    [record] = result.progress.records
    assert record.status is StepStatus.ERRORED
    assert record.message == (
        'error checking if step "one" should be skipped: spec.steps[0].if: unknown name nothing'
    )
    assert record.started_at is None


def test_a_tolerated_failure_does_not_stop_the_promotion() -> None:
    one = scripted("one", StepError("no", failed=True, terminal=True))

    result, _ = run([one, scripted("two")], step("one", continue_on_error=True), step("two"))

    assert result.phase is PromotionPhase.SUCCEEDED
    assert statuses(result) == [StepStatus.FAILED, StepStatus.SUCCEEDED]
    assert result.progress.records[0].continue_on_error


def test_config_that_cannot_be_evaluated_errors_the_step() -> None:
    one = scripted("one")

    result, _ = run([one], step("one", config={"a": "${{ nothing }}"}))

    [record] = result.progress.records
    assert record.status is StepStatus.ERRORED
    assert record.message == (
        "failed to build step context: spec.steps[0].config.a: unknown name nothing"
    )
    assert record.started_at is not None
    assert record.finished_at is None
    assert one.contexts == []


def test_config_against_the_schema_fails_the_step_for_good() -> None:
    one = scripted("one")
    one.schema = {"type": "object", "required": ["path"]}

    result, _ = run([one], step("one", retry=RetryPolicy(error_threshold=9)))

    assert result.phase is PromotionPhase.FAILED
    assert result.message == 'step "one": invalid one config: (root): path is required'
    assert one.contexts == []


def test_a_running_step_is_invoked_again_with_its_own_output_and_no_second_if() -> None:
    first = StepResult(StepStatus.RUNNING, "waiting", {"id": 7}, retry_after=timedelta(minutes=1))
    one = scripted("one", first, StepResult(StepStatus.RUNNING), StepResult())
    steps = (step("one", condition="${{ success() }}"),)

    waiting, _ = run([one], *steps)
    still, _ = run([one], *steps, progress=waiting.progress)
    done, _ = run([one], *steps, progress=still.progress)

    assert (waiting.phase, waiting.message) == (PromotionPhase.RUNNING, "waiting")
    assert waiting.delay == timedelta(minutes=1)
    assert not waiting.failed_attempt
    assert one.contexts[1].state == {"one": {"id": 7}}
    assert still.progress.records[0].output == {"id": 7}
    assert still.delay == timedelta(minutes=5)
    assert done.phase is PromotionPhase.SUCCEEDED
    assert done.progress.records[0].started_at == waiting.progress.records[0].started_at


def test_a_failed_attempt_is_retried_and_cannot_skip_itself() -> None:
    one = scripted("one", StepError("no"), StepResult())
    steps = (step("one", retry=RetryPolicy(error_threshold=2)),)

    waiting, _ = run([one], *steps)
    done, _ = run([one], *steps, progress=waiting.progress)

    assert waiting.failed_attempt
    assert waiting.phase is PromotionPhase.RUNNING
    assert waiting.delay == timedelta(seconds=1)
    assert waiting.progress.records[0].error_count == 1
    assert done.phase is PromotionPhase.SUCCEEDED


def test_a_failed_attempt_keeps_an_earlier_output_and_may_add_its_own() -> None:
    one = scripted(
        "one",
        StepResult(StepStatus.RUNNING, output={"pr": 1}),
        StepError("no"),
        StepError("no", output={"pr": 2}),
    )
    steps = (step("one", retry=RetryPolicy(error_threshold=5)),)

    result, _ = run([one], *steps)
    kept, _ = run([one], *steps, progress=result.progress)
    replaced, _ = run([one], *steps, progress=kept.progress)

    assert kept.progress.state == {"one": {"pr": 1}}
    assert replaced.progress.state == {"one": {"pr": 2}}


@pytest.mark.parametrize(
    ("error", "phase", "message"),
    [
        (
            RuntimeError("oops"),
            PromotionPhase.ERRORED,
            'an unrecoverable error occurred: error running step "one": step panicked: oops',
        ),
        (
            UpstreamError("refused", retryable=False),
            PromotionPhase.ERRORED,
            'an unrecoverable error occurred: error running step "one": refused',
        ),
        (
            InvalidError("wrong"),
            PromotionPhase.ERRORED,
            'an unrecoverable error occurred: error running step "one": wrong',
        ),
        (
            UpstreamError("slow", retryable=True),
            PromotionPhase.RUNNING,
            'error running step "one": slow; step will be retried',
        ),
        (
            ConflictError("moved"),
            PromotionPhase.RUNNING,
            'error running step "one": moved; step will be retried',
        ),
        (
            StepError("no", failed=True),
            PromotionPhase.RUNNING,
            'step "one": no; step will be retried',
        ),
    ],
)
def test_whatever_a_step_raises_becomes_its_outcome(
    error: Exception, phase: PromotionPhase, message: str
) -> None:
    result, _ = run([scripted("one", error)], step("one", retry=RetryPolicy(error_threshold=5)))

    assert (result.phase, result.message) == (phase, message)


@pytest.mark.parametrize(
    "line",
    [StepResult(output={"a": object()}), StepError("no", output={"a": object()})],  # type: ignore[dict-item]  # the mistake under test
)
def test_an_output_that_is_not_json_counts_as_a_panic(line: StepResult | StepError) -> None:
    result, _ = run([scripted("one", line)], step("one"))

    assert result.phase is PromotionPhase.ERRORED
    assert "step panicked: output.a is a object" in result.message


def test_an_output_is_propagated_to_the_task() -> None:
    one = scripted("one", StepResult(output={"x": 1}))
    one.propagates_output = True

    result, _ = run([one], step("one", "t::one"))

    assert result.progress.state == {"t::one": {"x": 1}, "t": {"x": 1}}


def test_a_step_cannot_change_the_state_by_accident() -> None:
    state: JSONObject = {"a": {"x": [1]}}
    one = scripted("one")

    run([one], step("one"), progress=Progress(state=state))

    assert one.contexts[0].state == state
    assert one.contexts[0].state["a"] is not state["a"]


def test_health_checks_of_successful_steps_are_collected() -> None:
    first, second = HealthCheck("x", {"n": 1}), HealthCheck("x", {"n": 2})
    one = scripted("one", StepResult(health_check=first), StepResult(health_check=second))

    result, _ = run([one], step("one", "a"), step("one", "b"))

    assert result.progress.health_checks == (first, second)


def test_a_timeout_ends_a_running_step() -> None:
    one = scripted("one", RUNNING)
    one.default_timeout = timedelta(milliseconds=1)

    result, _ = run([one], step("one"))

    assert (result.phase, result.message) == (
        PromotionPhase.ERRORED,
        'step "one" timed out after 1ms',
    )


def test_a_lost_work_directory_starts_over_but_keeps_the_outputs() -> None:
    one, two = scripted("one", StepResult(output={"x": 1})), scripted("two", RUNNING)
    waiting, _ = run([one, two], step("one"), step("two"))

    again = restarted(waiting.progress)

    assert again == Progress(state={"one": {"x": 1}, "two": {}})


def test_a_promotion_goes_on_in_the_middle() -> None:
    done = StepRecord("one", "one", StepStatus.SUCCEEDED)

    result, _ = run(
        [scripted("two")],
        step("one"),
        step("two"),
        progress=Progress(current_step=1, records=(done,)),
    )

    assert result.phase is PromotionPhase.SUCCEEDED


def test_a_kind_that_vanished_between_attempts_errors_the_step() -> None:
    record = StepRecord("one", "one", StepStatus.RUNNING, started_at=START)

    result, _ = run([], step("one"), progress=Progress(records=(record,)))

    assert result.phase is PromotionPhase.ERRORED
    assert "failed to build step context" in result.message


def test_the_next_step_is_due_at_once() -> None:
    one = scripted("one")

    result = advance(engine(one), plan(step("one", "a"), step("one", "b")), Progress())

    assert (result.phase, result.delay) == (PromotionPhase.RUNNING, AT_ONCE)
    assert result.progress.current_step == 1
