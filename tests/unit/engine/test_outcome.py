from datetime import UTC, datetime, timedelta

import pytest

from promotions.engine.outcome import Attempt, StepOutcome, Verdict, conclude, raised, returned
from promotions.engine.phases import StepRecord
from promotions.engine.retry import RetryPolicy
from promotions.engine.runner import HealthCheck, StepResult, StepStatus
from tests.fakes.steps import ScriptedStep

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
RECORD = StepRecord("a", "scripted", started_at=NOW - timedelta(minutes=2), error_count=1)
CHECK = HealthCheck("argocd-update", {})


def after(attempt: Attempt, *, threshold: int = 0, timeout: timedelta | None = None) -> StepOutcome:
    policy = RetryPolicy(timeout, threshold)
    return conclude(RECORD, attempt, policy=policy, runner=ScriptedStep(), now=NOW)


@pytest.mark.parametrize("status", [StepStatus.SUCCEEDED, StepStatus.SKIPPED])
def test_success_and_skipping_finish_the_step(status: StepStatus) -> None:
    outcome = after(Attempt(status, "nothing to do"))

    assert outcome.verdict is Verdict.DONE
    assert outcome.record.status is status
    assert outcome.record.message == "nothing to do"
    assert outcome.record.finished_at == NOW
    assert outcome.record.error_count == 0


def test_only_a_success_leaves_a_health_check() -> None:
    done = returned("a", StepResult(health_check=CHECK), output=None)
    skipped = returned("a", StepResult(StepStatus.SKIPPED, health_check=CHECK), output=None)

    assert after(done).health_check == CHECK
    assert after(skipped).health_check is None


def test_a_terminal_failure_keeps_its_text() -> None:
    outcome = after(raised("a", "no such branch", failed=True, terminal=True), threshold=5)

    assert outcome.verdict is Verdict.DONE
    assert outcome.record.status is StepStatus.FAILED
    assert outcome.record.message == 'step "a": no such branch'
    assert outcome.record.finished_at == NOW


def test_any_other_terminal_error_says_that_it_cannot_be_recovered() -> None:
    outcome = after(raised("a", "boom", terminal=True), threshold=5)

    assert outcome.record.status is StepStatus.ERRORED
    assert outcome.record.message == (
        'an unrecoverable error occurred: error running step "a": boom'
    )


@pytest.mark.parametrize(
    ("failed", "status", "prefix"),
    [(True, StepStatus.FAILED, ""), (False, StepStatus.ERRORED, "error running ")],
)
def test_the_threshold_ends_the_step_as_it_reported(
    *, failed: bool, status: StepStatus, prefix: str
) -> None:
    outcome = after(raised("a", "no", failed=failed), threshold=2)

    assert outcome.verdict is Verdict.DONE
    assert outcome.record.status is status
    assert outcome.record.message == (f'step "a" met error threshold of 2: {prefix}step "a": no')
    assert outcome.record.error_count == 2


def test_below_the_threshold_the_step_is_retried_with_backoff() -> None:
    outcome = after(raised("a", "no"), threshold=3)

    assert outcome.verdict is Verdict.RETRY
    assert outcome.delay == timedelta(seconds=2)
    assert outcome.record.message == 'error running step "a": no; step will be retried'
    assert outcome.record.status is StepStatus.ERRORED
    assert outcome.record.finished_at is None


def test_time_runs_out_after_an_error() -> None:
    outcome = after(raised("a", "no"), threshold=3, timeout=timedelta(minutes=1))

    assert outcome.verdict is Verdict.DONE
    assert outcome.record.status is StepStatus.ERRORED
    assert outcome.record.message == 'step "a" timed out after 1m0s'


def test_an_error_within_its_time_is_retried() -> None:
    assert after(raised("a", "no"), threshold=3, timeout=timedelta(hours=1)).verdict is (
        Verdict.RETRY
    )


def test_time_runs_out_while_running() -> None:
    running = Attempt(StepStatus.RUNNING, "waiting")

    assert after(running, timeout=timedelta(minutes=1)).record.message == (
        'step "a" timed out after 1m0s'
    )
    assert after(running, timeout=timedelta(minutes=2)).verdict is Verdict.POLL


def test_running_waits_and_forgets_earlier_errors() -> None:
    outcome = after(Attempt(StepStatus.RUNNING, "waiting", retry_after=timedelta(seconds=20)))

    assert outcome.verdict is Verdict.POLL
    assert outcome.delay == timedelta(seconds=20)
    assert outcome.record.error_count == 0
    assert outcome.record.message == "waiting"


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (StepResult(StepStatus.ERRORED), 'step "a" errored: no details provided'),
        (StepResult(StepStatus.ERRORED, "bad"), 'step "a" errored: bad'),
        (StepResult(StepStatus.FAILED, "bad"), 'step "a" failed: bad'),
    ],
)
def test_a_returned_failure_counts_as_an_error(result: StepResult, message: str) -> None:
    attempt = returned("a", result, output={"x": 1})

    assert attempt.is_error
    assert not attempt.terminal
    assert attempt.message == message
    assert attempt.output == {"x": 1}


def test_an_invalid_status_ends_the_step() -> None:
    outcome = after(returned("a", StepResult(StepStatus.ABORTED), output=None), threshold=5)

    assert outcome.verdict is Verdict.DONE
    assert outcome.record.status is StepStatus.ERRORED
    assert "returned an invalid status: Aborted" in outcome.record.message
