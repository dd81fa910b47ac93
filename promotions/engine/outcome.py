"""What one invocation of a step came to, and whether the step is thereby done.

Source: Kargo ``pkg/promotion`` orchestrator (result reconciliation and step completion).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from common.jsontypes import JSONObject
from promotions.engine.expressions.gotime.durations import format_duration
from promotions.engine.phases import StepRecord
from promotions.engine.retry import (
    RetryPolicy,
    backoff,
    error_threshold,
    poll_delay,
    time_limit,
)
from promotions.engine.runner import HealthCheck, StepResult, StepRunner, StepStatus

_GOOD = frozenset({StepStatus.SUCCEEDED, StepStatus.SKIPPED})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One invocation of a step, whether it returned or raised.

    Attributes:
        is_error: It did not do its work; ``message`` says why.
        terminal: Trying again cannot help.
    """

    status: StepStatus
    message: str = ""
    is_error: bool = False
    terminal: bool = False
    output: JSONObject | None = None
    health_check: HealthCheck | None = None
    retry_after: timedelta | None = None


class Verdict(StrEnum):
    """What to do after an invocation."""

    DONE = "done"
    POLL = "poll"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """A step's new record, and when to go on.

    Attributes:
        delay: ``None`` if the step is done.
        health_check: Only of a step that succeeded.
    """

    record: StepRecord
    verdict: Verdict
    delay: timedelta | None = None
    health_check: HealthCheck | None = None


def returned(alias: str, result: StepResult, *, output: JSONObject | None) -> Attempt:
    """Return the attempt that ended in a result.

    Runners are to raise when they fail; one that returns Errored or Failed is taken to have
    raised an ordinary error, and one that returns anything unheard of a terminal one.
    """
    match result.status:
        case StepStatus.SUCCEEDED | StepStatus.SKIPPED | StepStatus.RUNNING:
            return Attempt(
                result.status,
                result.message,
                output=output,
                health_check=result.health_check,
                retry_after=result.retry_after,
            )
        case StepStatus.ERRORED | StepStatus.FAILED:
            details = result.message or "no details provided"
            message = f'step "{alias}" {result.status.lower()}: {details}'
            return Attempt(result.status, message, is_error=True, output=output)
        case _:
            message = f'step "{alias}" returned an invalid status: {result.status}'
            return Attempt(StepStatus.ERRORED, message, is_error=True, terminal=True, output=output)


def raised(
    alias: str,
    text: str,
    *,
    failed: bool = False,
    terminal: bool = False,
    output: JSONObject | None = None,
) -> Attempt:
    """Return the attempt that ended in an error."""
    prefix = "" if failed else "error running "
    return Attempt(
        StepStatus.FAILED if failed else StepStatus.ERRORED,
        f'{prefix}step "{alias}": {text}',
        is_error=True,
        terminal=terminal,
        output=output,
    )


def conclude(
    record: StepRecord,
    attempt: Attempt,
    *,
    policy: RetryPolicy,
    runner: StepRunner,
    now: datetime,
) -> StepOutcome:
    """Return what an attempt does to a step that has started.

    Args:
        record: The step so far.
        attempt: What its latest invocation came to.
        policy: The step's own limits.
        runner: Where the default limits come from.
        now: When the invocation ended.
    """
    record = replace(record, status=attempt.status, message=attempt.message)
    if attempt.status in _GOOD:
        done = replace(record, error_count=0, finished_at=now)
        check = attempt.health_check if attempt.status is StepStatus.SUCCEEDED else None
        return StepOutcome(done, Verdict.DONE, health_check=check)
    if attempt.terminal:
        return _done(_unrecoverable(record), now)
    if attempt.is_error:
        return _after_error(record, policy=policy, runner=runner, now=now)
    return _still_running(replace(record, error_count=0), attempt, policy, runner, now)


def _unrecoverable(record: StepRecord) -> StepRecord:
    if record.status is StepStatus.FAILED:
        return record
    return replace(record, message=f"an unrecoverable error occurred: {record.message}")


def _after_error(
    record: StepRecord, *, policy: RetryPolicy, runner: StepRunner, now: datetime
) -> StepOutcome:
    record = replace(record, error_count=record.error_count + 1)
    threshold = error_threshold(policy, runner)
    if record.error_count >= threshold:
        message = f'step "{record.alias}" met error threshold of {threshold}: {record.message}'
        return _done(replace(record, message=message), now)
    limit = time_limit(policy, runner)
    if limit is not None and _is_late(record, limit, now):
        return _timed_out(record, limit, now)
    waiting = replace(record, message=f"{record.message}; step will be retried")
    return StepOutcome(waiting, Verdict.RETRY, backoff(record.error_count))


def _still_running(
    record: StepRecord,
    attempt: Attempt,
    policy: RetryPolicy,
    runner: StepRunner,
    now: datetime,
) -> StepOutcome:
    limit = time_limit(policy, runner)
    if limit is not None and _is_late(record, limit, now):
        return _timed_out(record, limit, now)
    delay = poll_delay(attempt.retry_after, started_at=record.started_at, limit=limit, now=now)
    return StepOutcome(record, Verdict.POLL, delay)


def _is_late(record: StepRecord, limit: timedelta, now: datetime) -> bool:
    return record.started_at is not None and now - record.started_at > limit


def _timed_out(record: StepRecord, limit: timedelta, now: datetime) -> StepOutcome:
    duration = format_duration(limit // timedelta(microseconds=1) * 1000)
    message = f'step "{record.alias}" timed out after {duration}'
    return _done(replace(record, status=StepStatus.ERRORED, message=message), now)


def _done(record: StepRecord, now: datetime) -> StepOutcome:
    return StepOutcome(replace(record, finished_at=now), Verdict.DONE)
